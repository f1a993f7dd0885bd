"""The functions that Flask's proxies were made of before 2.2."""

from typing import Any

from demijohn.app.globals import _cv_request
from demijohn.app.slot import NO_APP_CONTEXT, NO_REQUEST_CONTEXT, _cv_app


def lookup_req_object(name: str) -> Any:  # Any: whatever the context has
    """Return an attribute of the request's context.

    Raises:
        RuntimeError: there is none.
    """
    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(str(NO_REQUEST_CONTEXT))
    return getattr(ctx, name)


def lookup_app_object(name: str) -> Any:  # Any: as above
    """Return an attribute of the application's context.

    Raises:
        RuntimeError: there is none.
    """
    ctx = _cv_app.get(None)
    if ctx is None:
        raise RuntimeError(str(NO_APP_CONTEXT))
    return getattr(ctx, name)


def find_app() -> Any:  # Any: the application's class
    """Return the application at work.

    Raises:
        RuntimeError: there is none.
    """
    return lookup_app_object("app")
