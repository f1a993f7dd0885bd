"""The native door: an `Exchange` becomes a `Request`, the application's `Response` becomes the answer. No environ in between.

Here: taking answers of every shape to the exchange, and closing what was opened. Not here: anything about HTTP's meaning.
`handle` runs on whatever thread the server's runner chose; it keeps no state between requests.
"""

from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from itertools import repeat
from typing import Any, Protocol

from demijohn.message.request import Request
from demijohn.message.response import Prepared, Response
from demijohn.seam import Exchange, FileSegment, Handler, RequestHead


class NativeApplication(Protocol):
    """What the native door asks of an application."""

    @property
    def request_class(self) -> type[Request]:
        """The class that requests are made of."""

    def respond(self, request: Request, /) -> Response:
        """Answer a request. What it raises is not the application's to answer: the server logs it and sends a 500."""

    def endpoint_for(self, head: RequestHead, root_path: str = "", /) -> str:
        """Return the endpoint that a request would be routed to, or an empty string. Any thread; must be quick."""

    def streams_body(self, head: RequestHead, root_path: str = "", /) -> bool:
        """Tell whether what a request would be routed to reads its body while it arrives. Any thread; must be quick."""

    @property
    def current_context(self) -> Callable[[object], Any]:  # Any: of the application's own type
        """Returns the context that is current in this thread, or what it is given. PERF: the `get` of a `ContextVar`."""

    def pop_left_over(self, context: object, /) -> None:
        """Make `context` the current one again: something that was pushed while a request was answered was not popped."""


class NativeHandler:
    """Serves one application. Called by the server for each exchange."""

    __slots__ = ("_application", "_current")

    def __init__(self, application: NativeApplication) -> None:
        self._application = application
        self._current = application.current_context

    def label(self, head: RequestHead, root_path: str = "") -> str:
        """Return the endpoint that `head` leads to: requests of one endpoint take about equally long. See `seam.Handler`."""
        endpoint_for = self._application.endpoint_for
        return endpoint_for(head, root_path) if root_path else endpoint_for(head)

    def streams(self, head: RequestHead, root_path: str = "") -> bool:
        """Tell whether the view that `head` leads to reads the body while it arrives. See `seam.Handler`."""
        return self._application.streams_body(head, root_path)

    def __call__(
        self,
        exchange: Exchange,
        root_path: str = "",
        mounts: object = None,
        answered: tuple[Request, Response, object] | None = None,
    ) -> None:
        """Answer one request; of an application that is mounted, below `root_path`, by `mounts`, which the request is given.

        `answered` is for the compiled twin of this (src/c/native.c): the request, its response, and what was current before it.
        """
        application = self._application
        current = self._current
        if answered is None:
            before = current(None)
            request = application.request_class.from_exchange(exchange, root_path)
            if mounts is not None:
                request._mounts = mounts
            try:
                response = application.respond(request)
            finally:
                if request._after_response is not None:
                    # Also after an exception: it is answered, too.
                    exchange.after(request._after_response)
        else:
            request, response, before = answered
        try:
            method = request.method
            status, fields, body = response.prepare_block(method) or _prepare(response, request)
        except BaseException:
            response.close()
            raise
        if type(body) is bytes:
            try:
                if body or method != "HEAD":
                    exchange.respond(status, fields, body)
                else:
                    # Not `respond`: that would claim a Content-Length of 0 for what GET answers with a stream.
                    exchange.stream(status, fields, ())
            finally:
                response.close()
                if current(None) is not before:
                    application.pop_left_over(before)
        elif isinstance(body, FileSegment):
            exchange.send_file(status, fields, body)  # closing the file closes the response
        else:
            exchange.stream(status, fields, _ContextChunks(body))  # type: ignore[arg-type]  # bytes went the first way


def _prepare(response: Response, request: Request) -> Prepared:
    return response.prepare_rest(request.method, lambda: request.base_url, lambda: request.environ)


class _ContextChunks:
    """A streamed body whose every step runs in one `contextvars.Context`: what it sets belongs to it and to no thread."""

    __slots__ = ("_body", "_run", "attach_waker")

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body
        self.attach_waker = getattr(body, "attach_waker", None)
        self._run = copy_context().run

    def __iter__(self) -> Iterator[bytes]:
        # PERF: no Python frame for each chunk.
        run = self._run
        return map(run, repeat(next), repeat(run(iter, self._body)))

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            self._run(close)


def native_handler(application: NativeApplication) -> Handler:
    """Return the handler that serves `application` without WSGI in between."""
    return NativeHandler(application)
