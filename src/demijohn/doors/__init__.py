"""Adapters between a calling convention (native exchange, WSGI) and an application, in both directions."""

from .choose import handler_for
from .host_wsgi import wsgi_handler
from .native import NativeApplication, native_handler

__all__ = ["NativeApplication", "handler_for", "native_handler", "wsgi_handler"]
