"""`RecordingExchange`: an exchange without a server behind it, to test handlers and doors without sockets.

Call flow: make one, call the handler with it, look at `status`, `headers`, `body` and `calls`. It holds handlers to the rules
of `Exchange`: exactly one answer, chunks of bytes, fields that a wire could carry.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import BinaryIO

from demijohn.seam import (
    EMPTY_BODY,
    BodySource,
    BufferedBody,
    ClientDisconnected,
    Exchange,
    FileSegment,
    Handler,
    HandlerTimeout,
    Peer,
    RequestHead,
    TimeLimit,
)
from demijohn.seam.exchange import HeaderList

_STATUS = re.compile(r"[1-9][0-9]{2}( [\t\x20-\x7e\x80-\xff]*)?")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

_PEER = Peer(remote=("127.0.0.1", 50000), local=("127.0.0.1", 80))


class _RecordedLimit(TimeLimit):
    """A time limit that nobody enforces."""

    __slots__ = ()

    def __init__(self, seconds: float, error: type[BaseException]) -> None:
        self.deadline = time.monotonic() + seconds
        self.error = error
        self.is_over = False

    def end(self) -> None:
        """See `TimeLimit.end`."""
        self.is_over = True


class RecordingExchange(Exchange):
    """Records the answer a handler gives.

    Args:
        method: the request's method.
        target: the request's target, in origin form.
        headers: its fields; `Host: localhost` is added where they have none.
        body: its body; a `BodySource` of your own can raise what a connection raises.
        peer: the two ends of the connection.
        version: the version the client spoke.
        gone_after: the client goes away when it has taken that many bytes of the answer.
    """

    __slots__ = (
        "_after",
        "_chunks",
        "_gone_after",
        "_is_aborted",
        "_is_finished",
        "_on_disconnect",
        "calls",
        "headers",
        "informed",
        "pieces",
        "sent_segment",
        "status",
    )

    def __init__(
        self,
        method: str = "GET",
        target: str = "/",
        headers: Iterable[tuple[str, str]] | Mapping[str, str] = (),
        body: bytes | BodySource = b"",
        *,
        peer: Peer = _PEER,
        version: tuple[int, int] = (1, 1),
        gone_after: int | None = None,
    ) -> None:
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        if not any(name.lower() == b"host" for name, _ in fields):
            fields.insert(0, (b"Host", b"localhost"))
        if isinstance(body, bytes):
            if body:
                fields.append((b"Content-Length", str(len(body)).encode()))
            body = BufferedBody(body) if body else EMPTY_BODY
        self.head = RequestHead(method, target, version, fields)
        self.body = body
        self.peer = peer
        self.status: str | None = None
        """The answer's status, `None` before there is one."""
        self.headers: list[tuple[str, str]] = []
        """The answer's fields, in order."""
        self.pieces: list[bytes] = []
        """The answer's body in the pieces it was given in; none of an answer to HEAD, 204 or 304."""
        self.informed: list[tuple[str, list[tuple[str, str]]]] = []
        """Interim answers, each with its fields."""
        self.calls: list[str] = []
        """Names of the methods that were called, in order."""
        self.sent_segment: FileSegment | None = None
        """What `send_file` was given."""
        self._chunks: Iterable[bytes] | None = None
        self._after: list[Callable[[], object]] = []
        self._on_disconnect: list[Callable[[], object]] = []
        self.time_limit = None
        self._gone_after = gone_after
        self._is_finished = False
        self._is_aborted = False

    # ---- for the test ------------------------------------------------------------------------------------------------

    def run(self, handler: Handler) -> "RecordingExchange":
        """Call `handler` as a server does, and return self.

        Raises:
            RuntimeError: it returned without an answer, or without finishing one. What it raises itself escapes, too,
                after the body it handed over was closed.
        """
        try:
            handler(self)
        finally:
            self._close_chunks()
            while self._after:
                self._after.pop(0)()
        if not self._is_finished:
            raise RuntimeError("The handler returned without a finished answer.")
        return self

    @property
    def body_sent(self) -> bytes:
        """The answer's body in one piece."""
        return b"".join(self.pieces)

    def header(self, name: str) -> str | None:
        """Return the value of the answer's first field `name`; `None` if there is none."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), None)

    @property
    def is_aborted(self) -> bool:
        """The handler gave the connection up."""
        return self._is_aborted

    # ---- for the handler ---------------------------------------------------------------------------------------------

    def respond(self, status: str, headers: HeaderList, body: bytes) -> None:
        """See `Exchange.respond`."""
        self.calls.append("respond")
        self._take_head(status, headers)
        if self.header("content-length") is None and status[:3] not in {"204", "304"}:
            self.headers.append(("Content-Length", str(len(body))))
        self._take(body)
        self._is_finished = True

    def stream(self, status: str, headers: HeaderList, chunks: Iterable[bytes]) -> None:
        """See `Exchange.stream`. Pulls all chunks before it returns."""
        self.calls.append("stream")
        self._chunks = chunks
        self._take_head(status, headers)
        if self._has_body:
            for chunk in chunks:
                self._take(chunk)
                if self.disconnected:
                    break
        self._close_chunks()
        self._is_finished = True

    def send_file(self, status: str, headers: HeaderList, segment: FileSegment) -> None:
        """See `Exchange.send_file`."""
        self.calls.append("send_file")
        try:
            self._take_head(status, headers)
            self.sent_segment = segment
            if self.header("content-length") is None:
                self.headers.append(("Content-Length", str(segment.count)))
            self._take(_read_segment(segment))
        finally:
            segment.file.close()
        self._is_finished = True

    def start(self, status: str, headers: HeaderList) -> None:
        """See `Exchange.start`."""
        self.calls.append("start")
        self._take_head(status, headers)

    def write(self, data: bytes) -> None:
        """See `Exchange.write`."""
        self.calls.append("write")
        if self.status is None or self._is_finished or "start" not in self.calls:
            raise RuntimeError("write() is for an answer that was begun with start() and not finished.")
        if self.disconnected:
            raise ClientDisconnected("The client went away.")
        self._take(data)

    def finish(self) -> None:
        """See `Exchange.finish`."""
        self.calls.append("finish")
        if "start" not in self.calls or self._is_finished:
            raise RuntimeError("finish() is for an answer that was begun with start() and not finished.")
        self._is_finished = True

    def inform(self, status: str, headers: HeaderList) -> None:
        """See `Exchange.inform`."""
        self.calls.append("inform")
        if self.status is not None:
            raise RuntimeError("An interim answer must come before the final one (RFC 9110 §15.2).")
        _check_head(status, headers)
        if not status.startswith("1"):
            raise ValueError(f"{status!r} is no interim status.")
        if self.head.version >= (1, 1):
            self.informed.append((status, list(headers)))

    def abort(self) -> None:
        """See `Exchange.abort`."""
        self.calls.append("abort")
        self._is_aborted = True
        self._is_finished = True
        self._close_chunks()

    def after(self, function: Callable[[], object]) -> None:
        """See `Exchange.after`. Called at the end of `run`; what it raises escapes."""
        self.calls.append("after")
        self._after.append(function)

    def limit_time(self, seconds: float, error: type[BaseException] = HandlerTimeout) -> None:
        """See `Exchange.limit_time`. Nothing is enforced; `time_limit` tells what was asked for."""
        self.calls.append("limit_time")
        self.time_limit = _RecordedLimit(seconds, error)

    def on_disconnect(self, function: Callable[[], object]) -> None:
        """See `Exchange.on_disconnect`. Called by `disconnect`."""
        self.calls.append("on_disconnect")
        self._on_disconnect.append(function)

    def disconnect(self) -> None:
        """For the test: the client goes away now. Calls what waits for that; what it raises escapes."""
        self._gone_after = 0
        while self._on_disconnect:
            self._on_disconnect.pop(0)()

    @property
    def has_started(self) -> bool:
        """See `Exchange.has_started`."""
        return self.status is not None

    @property
    def disconnected(self) -> bool:
        """See `Exchange.disconnected`."""
        return self._gone_after is not None and sum(map(len, self.pieces)) >= self._gone_after

    # ---- inside ------------------------------------------------------------------------------------------------------

    @property
    def _has_body(self) -> bool:
        return self.head.method != "HEAD" and self.status is not None and self.status[:3] not in {"204", "304"}

    def _take_head(self, status: str, headers: HeaderList) -> None:
        if self.status is not None:
            raise RuntimeError("This request has its answer already.")
        _check_head(status, headers)
        if status.startswith("1"):
            raise ValueError(f"{status!r} is no final status.")
        self.status = status
        self.headers = list(headers)

    def _take(self, data: bytes) -> None:
        if not isinstance(data, bytes):
            raise TypeError(f"a body is made of bytes, not of {type(data).__name__!r}")
        if data and self._has_body:
            self.pieces.append(data)

    def _close_chunks(self) -> None:
        chunks, self._chunks = self._chunks, None
        close = getattr(chunks, "close", None)
        if close is not None:
            close()


def _check_head(status: str, headers: HeaderList) -> None:
    if _STATUS.fullmatch(status) is None:
        raise ValueError(f"invalid status {status!r}: a code and a reason, as '200 OK'")
    for name, value in headers:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"invalid header field name {name!r}")
        if _VALUE.fullmatch(value) is None:
            raise ValueError(f"invalid value of header field {name!r}")


def _read_segment(segment: FileSegment) -> bytes:
    """Read a segment the way `os.sendfile` does: from the file's descriptor, wherever its position is."""
    file: BinaryIO | BytesIO = segment.file
    file.seek(segment.offset)
    return file.read(segment.count)
