"""`Request`: one request as an application sees it. Made by a door for each request, or of a WSGI environ by anybody.

Call flow: native door -> `Request.from_exchange(exchange)`; WSGI -> `Request(environ)`; scripts -> `Request.from_values(...)`.
Only JSON, the ways of making one and the WSGI decorator live here; the other request_* files have the rest.
A request belongs to the thread that handles it.
"""

import functools
import json
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from demijohn.http.error_base import HTTPException
from demijohn.http.errors import BadRequest, UnsupportedMediaType
from demijohn.seam import Exchange

from .environ import EXCHANGE_KEY, REQUEST_ID_KEY, environ_from_head
from .older import OlderRequestNames
from .request_form import RequestForm
from .wsgi import WSGIApplication

_UNSET: Any = object()  # Any: stands in for a JSON value

# Any: a builder is known by what it does; its class is of the room above.
environ_builder: Callable[..., Any] | None = None
"""Makes what `Request.from_values` needs, with `get_request(cls)` and `close()`; set by `demijohn.testing`."""


class Request(OlderRequestNames, RequestForm):
    """An incoming request: head, body and peer as attributes that are computed when they are first touched.

    Subclass it to add attributes. A subclass with an `__init__` of its own gets an environ, whatever the request came by.
    """

    json_module: Any = json  # Any: a module or an object
    """What `get_json` parses with: anything with `loads`."""

    _cached_json: tuple[Any, Any] = (_UNSET, _UNSET)  # for silent=False and silent=True; Any: JSON values

    @classmethod
    def from_exchange(cls, exchange: Exchange, root_path: str = "") -> Self:
        """Make the request of an exchange, for an application under `root_path`, which the request's path begins with.

        What a trusted proxy has cut off (`Peer.root_path`) goes before it.
        """
        if cls.__init__ is not _plain_init:
            environ = environ_from_head(exchange.head, exchange.body, exchange.peer, root_path=root_path)
            environ[REQUEST_ID_KEY] = exchange.request_id
            environ[EXCHANGE_KEY] = exchange
            return cls(environ)
        # PERF: one frame for each request on the native door; whatever can be computed later is.
        request = cls.__new__(cls)
        head = exchange.head
        request._exchange = exchange
        request._head = head
        # PERF: attributes of the instance are found sooner than those of the class, and these are read several times.
        request._made_from_environ = False
        request._after_response = None
        request.method = head.method.upper()
        target = head.target
        prefix = exchange.peer.root_path
        if prefix or root_path:
            request.root_path = root_path
            if prefix:
                _ = request.path  # below `root_path` alone: kept
                request.root_path = prefix + root_path
        elif "%" not in target and "//" not in target and target[:1] == "/":
            # What `path` would come to; routing asks for it in any case.
            request.path = target.partition("?")[0] if "?" in target else target
        return request

    @classmethod
    def from_values(cls, *args: Any, **kwargs: Any) -> Self:  # Any: what the builder takes
        """Make a request of the arguments of `demijohn.testing.EnvironBuilder`, for scripts.

        Raises:
            RuntimeError: `demijohn.testing` was not imported; this package may not import it itself.
        """
        if environ_builder is None:
            raise RuntimeError("Request.from_values needs the environ builder: import demijohn.testing first.")
        builder = environ_builder(*args, **kwargs)
        try:
            request: Self = builder.get_request(cls)
        finally:
            builder.close()
        return request

    @classmethod
    def application(cls, f: Callable[..., Any]) -> WSGIApplication:  # Any: whatever is a WSGI application
        """Decorate a function of a request that returns a response, to become a WSGI application.

        HTTP errors it raises are answered; the request is closed at the end. Methods are fine too.
        """

        @functools.wraps(f)
        def application(*args: Any) -> Iterable[bytes]:  # Any: a method's self may come before the two of WSGI
            environ, start_response = args[-2:]
            with cls(environ) as request:
                try:
                    response = f(*args[:-2], request)
                except HTTPException as error:
                    response = error.get_response(environ)
                app_iter: Iterable[bytes] = response(environ, start_response)
                return app_iter

        return application

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def json(self) -> Any:  # Any: a JSON value
        """The body as JSON; the same as `get_json()`."""
        return self.get_json()

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # Any: a JSON value
        """Parse the body as JSON.

        `force` ignores the Content-Type. With `silent` a wrong type or bad JSON gives `None`; otherwise the result, or the
        error, of `on_json_loading_failed`. With `cache` the body and the value are kept for the next call.

        Raises:
            demijohn.http.errors.UnsupportedMediaType: the Content-Type is not JSON's (415).
            demijohn.http.errors.BadRequest: it is not JSON (400).
        """
        if cache and self._cached_json[silent] is not _UNSET:
            return self._cached_json[silent]
        if not (force or self.is_json):
            return None if silent else self.on_json_loading_failed(None)
        data = self.get_data(cache=cache)
        try:
            value = self.json_module.loads(data)
        except (ValueError, RecursionError) as error:
            if silent:
                value = None
                kept = (self._cached_json[0], None)
            else:
                # SECURITY: nesting deep enough to exhaust the stack is the client's fault, not the server's.
                value = self.on_json_loading_failed(error if isinstance(error, ValueError) else ValueError(str(error)))
                kept = (value, self._cached_json[1])
        else:
            kept = (value, value)
        if cache:
            self._cached_json = kept
        return value

    def on_json_loading_failed(self, e: ValueError | None) -> Any:  # Any: a subclass may return a JSON value
        """Answer for a body that is not JSON: `e` is what the parser said, `None` if the Content-Type was wrong.

        Raises what `get_json` documents. A value returned by a subclass becomes the result of `get_json`.
        """
        if e is None:
            raise UnsupportedMediaType(
                "The body was not read as JSON, because the Content-Type of the request is not 'application/json'."
            )
        raise BadRequest(f"Failed to decode JSON object: {e}")


_plain_init = Request.__init__
