"""The names that stand for what the current context holds: `request`, `session`, `g`, `current_app`, and the contexts themselves.

Proxies may be used from any thread; each sees its own context. Typed as `Any` here, where the application's class is not known
yet; `demijohn` exports them with their types.
"""

from contextvars import Token
from typing import Any, Final

from ..local import LocalProxy
from ..local.proxy import Unbound
from ..local.storage import StackStorage
from .context import AppContext
from .plan import plan_for
from .slot import NO_APP_CONTEXT, NO_REQUEST_CONTEXT, _cv_app, current

_MISSING: Any = object()

__all__ = [
    "_app_ctx_stack",
    "_cv_app",
    "_cv_request",
    "_request_ctx_stack",
    "app_ctx",
    "current_app",
    "current_context",
    "current_request_context",
    "g",
    "request",
    "request_ctx",
    "session",
]


def current_context() -> AppContext:
    """Return the current context.

    Raises:
        RuntimeError: there is none.
    """
    ctx: AppContext | None = current(None)
    if ctx is None:
        raise RuntimeError(str(NO_APP_CONTEXT))
    return ctx


def current_request_context() -> AppContext:
    """Return the context that the current request belongs to.

    Raises:
        RuntimeError: there is none.
    """
    ctx: AppContext | None = current(None)
    if ctx is None or not ctx.has_request:
        raise RuntimeError(str(NO_REQUEST_CONTEXT))
    return ctx._outer or ctx


class _RequestContextView:
    """COMPAT: `_cv_request`, a second context variable in Flask, is the same context here, seen only if it has a request."""

    name = "demijohn.request_ctx"

    def get(self, default: Any = _MISSING) -> Any:
        """Return the context of the current request, or `default`.

        Raises:
            LookupError: there is none, and no default was given.
        """
        ctx: AppContext | None = current(None)
        if ctx is not None and ctx.has_request:
            return ctx
        if default is _MISSING:
            raise LookupError(self)
        return default

    def set(self, value: AppContext) -> Token[Any]:
        """Make a context the current one, without matching its request."""
        if value.has_request and not hasattr(value, "plan"):
            value.plan = plan_for(value.app, value.request.endpoint)
        return _cv_app.set(value)

    def reset(self, token: Token[Any]) -> None:
        """Undo `set`."""
        _cv_app.reset(token)


_cv_request: Final = _RequestContextView()


def _app_context() -> AppContext | None:
    """Return the current context, `None` if there is none; in a request made in a context of its application, that one.

    COMPAT: as in Flask 3.1. Flask-SQLAlchemy has a session for each: what a test adds in `with app.app_context():`, its
    client's requests find.
    """
    ctx: AppContext | None = current(None)
    return ctx and (ctx._host or ctx)


def _bound_app_context() -> AppContext:
    ctx = _app_context()
    if ctx is None:
        raise Unbound
    return ctx


class _RequestSource:
    """What the proxies ask when there is no request; `get` says so in the proxies' own words, on which their `repr` relies."""

    __slots__ = ("_name",)

    def __init__(self, name: str | None) -> None:
        self._name = name

    def __proxy_source__(self, name: str | None) -> "_RequestSource":
        return _RequestSource(name)

    def get(self) -> Any:  # Any: whatever the proxy stands for
        """Return the context of the request, or what it has of that name.

        Raises:
            Unbound: there is no request.
        """
        ctx = current(None)
        if ctx is None or not ctx.has_request:
            raise Unbound
        return ctx if self._name is None else getattr(ctx, self._name)


class _RequestProxy(LocalProxy[Any]):
    """The request. PERF: one frame for each attribute, as for a proxy of a ContextVar."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        ctx = current(None)
        if ctx is None or not ctx.has_request or name == "_get_current_object":
            return LocalProxy.__getattribute__(self, name)
        return getattr(ctx.request, name)


class _SessionProxy(LocalProxy[Any]):
    """The session; see `_RequestProxy`. Items are what it is asked for most."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        ctx = current(None)
        if ctx is None or not ctx.has_request or name == "_get_current_object":
            return LocalProxy.__getattribute__(self, name)
        return getattr(ctx.session, name)

    def __getitem__(self, key: Any) -> Any:
        ctx = current(None)
        if ctx is None or not ctx.has_request:
            return LocalProxy.__getitem__(self, key)
        return ctx.session[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        ctx = current(None)
        if ctx is None or not ctx.has_request:
            LocalProxy.__setitem__(self, key, value)
        else:
            ctx.session[key] = value

    def __contains__(self, item: object) -> bool:
        ctx = current(None)
        if ctx is None or not ctx.has_request:
            return LocalProxy.__contains__(self, item)
        return item in ctx.session


app_ctx: Final[Any] = LocalProxy(_bound_app_context, unbound_message=NO_APP_CONTEXT)
"""The current context; that of the application where a request is made inside of one."""

current_app: Final[Any] = LocalProxy(_cv_app, "app", unbound_message=NO_APP_CONTEXT)
"""The application at work."""

g: Final[Any] = LocalProxy(_cv_app, "g", unbound_message=NO_APP_CONTEXT)
"""The namespace of the current context."""

request_ctx: Final[Any] = LocalProxy(_RequestSource(None), unbound_message=NO_REQUEST_CONTEXT)
"""The current context, if it has a request."""

request: Final[Any] = _RequestProxy(_RequestSource(None), "request", unbound_message=NO_REQUEST_CONTEXT)
"""The request being handled."""

session: Final[Any] = _SessionProxy(_RequestSource(None), "session", unbound_message=NO_REQUEST_CONTEXT)
"""The session of the request being handled."""


class _ContextStack:
    """COMPAT: the stacks of Flask before 2.2, as views of the one context: what `top` shows is what the proxies show."""

    __slots__ = ("_needs_request",)

    def __init__(self, needs_request: bool) -> None:
        self._needs_request = needs_request

    @property
    def top(self) -> AppContext | None:
        """The current context, `None` if there is none."""
        if not self._needs_request:
            return _app_context()
        ctx: AppContext | None = current(None)
        return None if ctx is None or not ctx.has_request else ctx

    @property
    def _local(self) -> StackStorage:
        # Tutorials print `_app_ctx_stack._local.__storage__` to show what is on the stack of which thread.
        return StackStorage(self._contexts)

    def _contexts(self) -> list[AppContext]:
        """Return the contexts that are pushed one in another, the outermost first."""
        found: list[AppContext] = []
        pushes: dict[AppContext, int] = {}  # how many pushes of a context were met
        ctx: AppContext | None = current(None)
        while ctx is not None:
            if ctx.has_request or not self._needs_request:
                found.append(ctx)
            met = pushes[ctx] = pushes.get(ctx, 0) + 1
            tokens = () if ctx._token is None else (ctx._token, *ctx._later_tokens)
            # A context that was popped elsewhere meanwhile does not know any more what was around it.
            around: Any = tokens[-met].old_value if met <= len(tokens) else Token.MISSING
            ctx = None if around is Token.MISSING else around
        return found[::-1]

    def push(self, ctx: AppContext) -> None:
        """Push a context."""
        ctx.push()

    def pop(self) -> AppContext | None:
        """Pop the current context and return it, `None` if there is none."""
        ctx: AppContext | None = current(None)
        if ctx is None or (self._needs_request and not ctx.has_request):
            return None
        ctx.pop(None)
        return ctx


_app_ctx_stack: Final = _ContextStack(needs_request=False)
_request_ctx_stack: Final = _ContextStack(needs_request=True)
