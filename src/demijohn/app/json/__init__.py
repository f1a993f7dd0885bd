"""`demijohn.json`: JSON by the current application's provider; outside of an application, by the default provider's rules."""

import json as _json
from typing import IO, Any

from ..slot import NO_APP_CONTEXT, _cv_app
from .provider import _default

__all__ = ["dump", "dumps", "jsonify", "load", "loads"]


def dumps(obj: Any, **kwargs: Any) -> str:
    """Return `obj` as JSON."""
    ctx = _cv_app.get(None)
    if ctx is not None:
        text: str = ctx.app.json.dumps(obj, **kwargs)
        return text
    kwargs.setdefault("default", _default)
    return _json.dumps(obj, **kwargs)


def dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Write `obj` as JSON to a text file."""
    ctx = _cv_app.get(None)
    if ctx is not None:
        ctx.app.json.dump(obj, fp, **kwargs)
    else:
        kwargs.setdefault("default", _default)
        _json.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """Return what JSON text means; bytes are UTF-8.

    Raises:
        ValueError: it is not JSON.
    """
    ctx = _cv_app.get(None)
    return _json.loads(s, **kwargs) if ctx is None else ctx.app.json.loads(s, **kwargs)


def load(fp: IO[str] | IO[bytes], **kwargs: Any) -> Any:
    """Return what a file of JSON means."""
    ctx = _cv_app.get(None)
    return _json.load(fp, **kwargs) if ctx is None else ctx.app.json.load(fp, **kwargs)


def jsonify(*args: Any, **kwargs: Any) -> Any:
    """Return a JSON response by the current application: of one value, several (a list), or keyword arguments (an object).

    Raises:
        TypeError: positional and keyword arguments at once.
        RuntimeError: there is no application context.
    """
    ctx = _cv_app.get(None)
    if ctx is None:
        raise RuntimeError(str(NO_APP_CONTEXT))
    return ctx.app.json.response(*args, **kwargs)
