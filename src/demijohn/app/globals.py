"""The names that stand for what the current context holds: `request`, `session`, `g`, `current_app`, and the contexts themselves.

Proxies may be used from any thread; each sees its own context. Typed as `Any` here, where the application's class is not known
yet; `demijohn` exports them with their types.
"""

from contextvars import ContextVar, Token
from typing import Any, Final

from ..local import LocalProxy
from .context import AppContext
from .slot import NO_APP_CONTEXT, NO_REQUEST_CONTEXT, _cv_app

_MISSING: Any = object()

__all__ = ["_cv_app", "_cv_request", "app_ctx", "current_app", "g", "request", "request_ctx", "session"]


class _RequestContextView:
    """COMPAT: `_cv_request`, a second context variable in Flask, is the same context here, seen only if it has a request."""

    name = "demijohn.request_ctx"

    def get(self, default: Any = _MISSING) -> Any:
        """Return the context of the current request, or `default`.

        Raises:
            LookupError: there is none, and no default was given.
        """
        ctx: AppContext | None = _cv_app.get(None)
        if ctx is not None and ctx.has_request:
            return ctx
        if default is _MISSING:
            raise LookupError(self)
        return default

    def set(self, value: AppContext) -> Token[Any]:
        """Make a context the current one, without matching its request."""
        return _cv_app.set(value)

    def reset(self, token: Token[Any]) -> None:
        """Undo `set`."""
        _cv_app.reset(token)


_cv_request: Final = _RequestContextView()


def _request_context() -> AppContext:
    ctx: AppContext | None = _cv_app.get(None)
    if ctx is None or not ctx.has_request:
        raise RuntimeError(NO_REQUEST_CONTEXT)
    return ctx


def _proxy(name: str | None, unbound_message: str) -> Any:  # Any: a proxy passes for what it stands for
    variable: ContextVar[Any] = _cv_app
    return LocalProxy(variable, name, unbound_message=unbound_message)


app_ctx: Final[Any] = _proxy(None, NO_APP_CONTEXT)
"""The current context."""

current_app: Final[Any] = _proxy("app", NO_APP_CONTEXT)
"""The application at work."""

g: Final[Any] = _proxy("g", NO_APP_CONTEXT)
"""The namespace of the current context."""

request_ctx: Final[Any] = LocalProxy(_request_context)
"""The current context, if it has a request."""

request: Final[Any] = _proxy("request", NO_REQUEST_CONTEXT)
"""The request being handled."""

session: Final[Any] = _proxy("session", NO_REQUEST_CONTEXT)
"""The session of the request being handled."""
