"""What a view may return, and the response each of it becomes. Called on the thread of the request, in its context."""

from collections.abc import Iterator
from typing import Any, NoReturn

from ..http.errors import HTTPException
from ..http.headers import Headers
from ..message.response import Response as MessageResponse

# PERF: tuples that are made once, where `A | B` in a call would be made anew for each.
_TEXTS = (str, bytes, bytearray)
_HEADERS = (Headers, dict, tuple, list)

_ALLOWED = (
    "It may return a string, bytes, a dict, a list, an iterator, a Response, a WSGI callable,"
    " or a tuple with one of these first"
)


def make_response(app: Any, rv: Any, request: Any) -> Any:
    """Return the response for a view's return value, as an instance of `app.response_class`.

    Any: that value may be nearly anything, and the classes are the application's.

    Raises:
        TypeError: it is none of what a view may return; names the endpoint.
    """
    status: Any = None  # Any: a code, a status line, or an HTTPStatus
    headers: Any = None  # Any: mapping, pairs or Headers
    if isinstance(rv, tuple):
        if len(rv) == 3:
            rv, status, headers = rv
        elif len(rv) == 2:
            if isinstance(rv[1], _HEADERS):
                rv, headers = rv
            else:
                rv, status = rv
        else:
            _refuse(
                request,
                f"a tuple of {len(rv)}; a tuple must have the form (body, status), (body, headers) or"
                " (body, status, headers)",
            )
    if rv is None:
        _refuse(request, "None (did it end without `return`?)")
    response_class = app.response_class
    if not isinstance(rv, response_class):
        if isinstance(rv, _TEXTS):
            # The class gets status and headers itself, because it may have defaults for what they leave out.
            return response_class(rv, status=status, headers=headers)
        if isinstance(rv, HTTPException) and rv.response is None and type(rv).__call__ is HTTPException.__call__:
            # PERF: not by way of WSGI, for 404s may be many. One that carries a response is copied below: it may be shared.
            environ = request.environ if rv._reads_environ else None
            rv = response_class.force_type(rv.get_response(environ), environ)
        elif isinstance(rv, (dict, list)):
            rv = app.json.response(rv)
        elif isinstance(rv, Iterator):
            return response_class(rv, status=status, headers=headers)
        elif isinstance(rv, MessageResponse) or callable(rv):
            rv = _coerce(response_class, rv, request)
        else:
            _refuse(request, f"something else: it was a {type(rv).__name__}")
    if headers:
        rv.headers.update(headers)
    if isinstance(status, _TEXTS):
        rv.status = status if isinstance(status, str) else status.decode("latin-1")
    elif status is not None:
        rv.status_code = status
    return rv


def _coerce(response_class: Any, rv: Any, request: Any) -> Any:
    """Turn another kind of response into `response_class`; call a WSGI application for its."""
    try:
        return response_class.force_type(rv, request.environ)
    except TypeError as error:
        raise TypeError(f"{error}\n{_text(request, f'something else: it was a {type(rv).__name__}')}") from error


def _text(request: Any, what: str) -> str:
    return f"The view of {request.endpoint!r} gave nothing that can be answered: it returned {what}. {_ALLOWED}."


def _refuse(request: Any, what: str) -> NoReturn:
    raise TypeError(_text(request, what))
