"""Flask's helper functions: short ways to what the current application does, and the environment variables of debug mode."""

import os
from typing import Any, NoReturn

from ..http.errors import abort as _http_abort
from ..message.redirect import redirect as _message_redirect
from .globals import current_context
from .slot import current

_OFF = frozenset({"0", "false", "no"})


def get_debug_flag() -> bool:
    """Tell whether the environment asks for debug mode: `DEMIJOHN_DEBUG`, else `FLASK_DEBUG`."""
    value = os.environ.get("DEMIJOHN_DEBUG") or os.environ.get("FLASK_DEBUG")
    return bool(value) and str(value).lower() not in _OFF


def get_load_dotenv(default: bool = True) -> bool:
    """Tell whether `.env` files are loaded: not if `DEMIJOHN_SKIP_DOTENV` (or `FLASK_SKIP_DOTENV`) is set."""
    value = os.environ.get("DEMIJOHN_SKIP_DOTENV") or os.environ.get("FLASK_SKIP_DOTENV")
    return value.lower() in _OFF if value else default


def make_response(*args: Any) -> Any:  # Any: what a view may return, and the application's response class
    """Return the response that returning `args` from a view would give; without arguments an empty one.

    Raises:
        TypeError: a view could not return that.
    """
    app = current_context().app
    if not args:
        return app.response_class()
    return app.make_response(args[0] if len(args) == 1 else args)


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """Return the URL of an endpoint; `.name` is an endpoint of the current blueprint. See `Demijohn.url_for`.

    Raises:
        demijohn.routing.BuildError: no rule of the endpoint takes these values.
        RuntimeError: there is no application context, or no request and no SERVER_NAME.
    """
    ctx = current(None) or current_context()  # which says what is wrong
    url: str
    if _anchor is None and _method is None and _scheme is None and _external is None:
        # PERF: keywords that are passed on together with others cost a third of a short URL.
        url = ctx.app.url_for(endpoint, **values)
        return url
    url = ctx.app.url_for(endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values)
    return url


def redirect(location: str, code: int = 302, Response: Any = None) -> Any:  # noqa: N803 - COMPAT: the parameter's name
    """Return a redirect, by the current application if there is one and no `Response` class is given."""
    ctx = current(None)
    if ctx is not None and Response is None:
        return ctx.app.redirect(location, code=code)
    return _message_redirect(location, code) if Response is None else _message_redirect(location, code, Response)


def abort(code: Any, *args: Any, **kwargs: Any) -> NoReturn:  # Any: a code, a response, or an application's own
    """Raise the HTTP error of a code, or one that answers with a response; by the current application if there is one.

    Raises:
        demijohn.http.errors.HTTPException: always.
        LookupError: no error has this code.
    """
    ctx = current(None)
    if ctx is not None:
        ctx.app.aborter(code, *args, **kwargs)
    _http_abort(code, *args, **kwargs)
