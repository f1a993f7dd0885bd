"""WSGI middleware with Werkzeug's names."""

from .dispatcher import DispatcherMiddleware
from .http_proxy import ProxyMiddleware
from .lint import LintMiddleware
from .profiler import ProfilerMiddleware
from .proxy_fix import ProxyFix
from .shared_data import SharedDataMiddleware

__all__ = [
    "DispatcherMiddleware",
    "LintMiddleware",
    "ProfilerMiddleware",
    "ProxyFix",
    "ProxyMiddleware",
    "SharedDataMiddleware",
]
