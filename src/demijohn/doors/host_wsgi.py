"""The hosting door: a foreign WSGI application (PEP 3333) served on an `Exchange`.

Call flow: handler -> `WSGICall.serve` -> application(environ, start_response) -> one of `exchange.respond` (lists),
`send_file` (an untouched file wrapper), `start/write/finish` (the `write` callable was used), `stream` (all else).
Lengths, framing, HEAD and bad field values are the wire's. One call belongs to the thread that runs it; a streamed body is
pulled by threads of the runner, one at a time. Each call has a `contextvars.Context` of its own, in which all of it runs, pulls
included: what an application leaves in context variables is there at its next chunk, and is not there at the next request.
"""

from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from itertools import chain
from types import TracebackType
from typing import Any

from demijohn.message.environ import EXCHANGE_KEY, REQUEST_ID_KEY, environ_from_head
from demijohn.message.segment import find_segment
from demijohn.message.wsgi import FileWrapper, WSGIApplication
from demijohn.seam import Exchange, FileSegment, Handler

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
Headers = list[tuple[str, str]]

_HOP_BY_HOP = frozenset({"te", "trailer", "trailers", "upgrade"})
"""SECURITY: of RFC 9110 §7.6.1, those that would make the client misread the connection.

COMPAT: `Connection`, `Keep-Alive`, `Proxy-Connection` and `Transfer-Encoding: chunked`, forbidden by PEP 3333 too, are set by
too many applications to refuse them; the wire honours `close` and drops the rest.
"""


def wsgi_handler(application: WSGIApplication) -> Handler:
    """Return the handler that serves a WSGI application."""

    def handle(exchange: Exchange) -> None:
        WSGICall(application, exchange).serve()

    return handle


def serve_wsgi(application: WSGIApplication, exchange: Exchange, root_path: str, variables: dict[str, Any]) -> None:
    """Serve one request of a WSGI application that lives below `root_path`; `variables` are added to its environ."""
    WSGICall(application, exchange).serve(root_path, variables)


class WSGICall:
    """One call of a WSGI application and the answer it gives."""

    __slots__ = ("_application", "_context", "_exchange", "_has_written", "_headers", "_status")

    def __init__(self, application: WSGIApplication, exchange: Exchange) -> None:
        self._application = application
        self._exchange = exchange
        self._context = copy_context()
        self._status: str | None = None  # None until start_response was called
        self._headers: Headers = []
        self._has_written = False  # the write callable began the answer

    def serve(self, root_path: str = "", variables: dict[str, Any] | None = None) -> None:
        """Call the application and pass on its answer. What it raises escapes, after its body was closed."""
        streamed = self._context.run(self._call, root_path, variables)
        if streamed is not None:
            # Outside of the context: each pull enters it again.
            self._exchange.stream(*streamed)

    def _call(self, root_path: str, variables: dict[str, Any] | None) -> "tuple[str, Headers, _Chunks] | None":
        """Answer, or return what is to be streamed."""
        exchange = self._exchange
        environ = environ_from_head(exchange.head, exchange.body, exchange.peer, root_path=root_path)
        if variables:
            environ.update(variables)
        environ["wsgi.file_wrapper"] = FileWrapper
        environ["wsgi.early_hints"] = self._early_hints
        environ["demijohn.after_response"] = exchange.after
        environ[REQUEST_ID_KEY] = exchange.request_id
        environ[EXCHANGE_KEY] = exchange
        body = self._application(environ, self._start_response)
        if type(body) is list or type(body) is tuple:
            # PERF: what frameworks return for most answers; nothing to close, and one write.
            data = body[0] if len(body) == 1 else _join(body)
            if type(data) is not bytes:
                data = _as_bytes(data)
            if self._has_written:
                self._finish_written((data,))
            else:
                self._respond(data)
        elif self._has_written:
            try:
                self._finish_written(body)
            finally:
                _close(body)
        else:
            return self._pass_on(body)
        return None

    def _pass_on(self, body: Iterable[bytes]) -> "tuple[str, Headers, _Chunks] | None":
        """Answer with a body that is not a list, or return it to be streamed."""
        handed_over = False
        try:
            segment = self._find_segment(body)
            if segment is not None:
                handed_over = True
                self._exchange.send_file(*self._take_head(), segment)
                return None
            try:
                chunks = iter(body)
            except TypeError:
                raise TypeError(f"The WSGI application returned {_kind(body)}, not an iterable of bytes.") from None
            # Not before the first byte is there is the head sent: until then an error can still become a clean 500, and
            # a generator can call start_response. PEP 3333 has it so.
            first = next(filter(None, map(_as_bytes, chunks)), b"")
            if self._has_written:
                self._finish_written(chain((first,), chunks))
            elif first:
                status, headers = self._take_head()
                handed_over = True
                return status, headers, _Chunks(first, chunks, body, self._context)
            else:
                self._respond(b"")
        finally:
            if not handed_over:
                _close(body)
        return None

    def _respond(self, data: bytes) -> None:
        status, headers = self._take_head()
        if data or self._exchange.head.method != "HEAD":
            self._exchange.respond(status, headers, data)
        else:
            # Applications leave the body away for HEAD; `respond` would claim a Content-Length of 0.
            self._exchange.stream(status, headers, ())

    def _find_segment(self, body: Iterable[bytes]) -> FileSegment | None:
        """Return the part of a plain file that `body` is an untouched wrapper of, if it is one."""
        if self._status is None:
            return None
        length = next((value for name, value in self._headers if name.lower() == "content-length"), None)
        return find_segment(body, length)

    def _finish_written(self, body: Iterable[bytes]) -> None:
        """Push what the application returned behind what it wrote."""
        write = self._exchange.write
        for chunk in body:
            data = _as_bytes(chunk)
            if data:
                write(data)
        self._exchange.finish()

    def _take_head(self) -> tuple[str, Headers]:
        if self._status is None:
            raise RuntimeError("The WSGI application answered without calling start_response(status, headers) first.")
        return self._status, self._headers

    def _start_response(
        self, status: str, headers: Headers, exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """`start_response` of PEP 3333."""
        if exc_info is not None:
            try:
                if self._exchange.has_started:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # breaks the circle of frame and traceback
        elif self._status is not None:
            raise RuntimeError("start_response() was called again, without exc_info; an answer has one status.")
        _check_head(status, headers)
        self._status = status
        self._headers = [(name, value) for name, value in headers]
        return self._write

    def _write(self, data: bytes, /) -> None:
        """The `write` callable of PEP 3333: pushes at once, and waits while the client is slow."""
        data = _as_bytes(data)
        if not self._has_written:
            status, headers = self._take_head()
            self._exchange.start(status, headers)
            self._has_written = True
        if data:
            self._exchange.write(data)

    def _early_hints(self, headers: Iterable[tuple[str, str]]) -> None:
        """`wsgi.early_hints`: send a 103 with these fields (RFC 8297), before the answer."""
        self._exchange.inform("103 Early Hints", list(headers))


class _Chunks:
    """A streamed body: the chunk that was pulled already, then the rest, checked. Closes the application's iterable."""

    __slots__ = ("_body", "_first", "_next", "_run")

    def __init__(self, first: bytes, rest: Iterator[bytes], body: Iterable[bytes], context: Context) -> None:
        self._first = first
        self._next = rest.__next__
        self._run = context.run
        self._body: Iterable[bytes] | None = body

    def __iter__(self) -> "_Chunks":
        return self

    def __next__(self) -> bytes:
        first = self._first
        if first:
            self._first = b""
            return first
        chunk = self._run(self._next)
        return chunk if type(chunk) is bytes else _as_bytes(chunk)

    def close(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            self._run(_close, body)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _join(body: list[bytes] | tuple[bytes, ...]) -> bytes:
    try:
        return b"".join(body)
    except TypeError:
        return b"".join(map(_as_bytes, body))


def _as_bytes(chunk: Any) -> bytes:  # Any: checking it is the purpose
    """Return a chunk as bytes.

    Raises:
        TypeError: it is none.
    """
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, bytearray | memoryview):
        return bytes(chunk)
    if isinstance(chunk, str):
        raise TypeError("The WSGI application's body contains str; encode it, for example text.encode('utf-8').")
    raise TypeError(f"The WSGI application's body contains {_kind(chunk)}; it must contain bytes only.")


def _kind(value: object) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__!r}"


def _check_head(status: Any, headers: Any) -> None:  # Any: checking them is the purpose
    """Check types; the wire checks the characters when it renders them.

    Raises:
        TypeError: not what PEP 3333 asks for.
        ValueError: a field that only the server may set.
    """
    if not isinstance(status, str):
        raise TypeError(f"start_response() was given {_kind(status)} as status; give it a str such as '200 OK'.")
    # COMPAT: PEP 3333 wants a list of tuples, other servers take these too, and nothing hangs on it.
    if not isinstance(headers, list | tuple):
        raise TypeError(f"start_response() was given {_kind(headers)} as headers; give it a list of (name, value).")
    for pair in headers:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"start_response() was given the header {pair!r}; give it a tuple (name, value).")
        name, value = pair
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"start_response() was given the header {pair!r}; name and value must be str.")
        if name.lower() in _HOP_BY_HOP:
            raise ValueError(f"The header {name!r} is the server's to set (PEP 3333, hop-by-hop headers).")
