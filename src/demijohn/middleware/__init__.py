"""WSGI middleware with Werkzeug's names."""

from .dispatcher import DispatcherMiddleware

__all__ = ["DispatcherMiddleware"]
