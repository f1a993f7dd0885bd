"""`StreamBody`: a request's body that the handler reads while it arrives, for routes that ask for it.

Reads the connection on the handler's thread, which owns it; nobody else reads it meanwhile. What the handler leaves unread is
the leader's business again: drained up to a bound, or the end of the connection.
"""

import logging
import select
from collections.abc import Iterator
from typing import NoReturn

from ..seam import BodyError, BodyTimeout, BodyTooLarge, ClientDisconnected
from ..wire.h1 import END_OF_BODY, NEED_DATA, Data
from ..wire.reject import ProtocolReject
from .bodybuffer import RECEIVE_BYTES
from .deadlines import NEVER
from .line import Line
from .rate import seconds_left
from .stats import RECEIVED_BYTES

logger = logging.getLogger("demijohn.error")

_SLICE = 1.0
"""The longest single wait in seconds: an exception that is raised in this thread from outside comes between two."""

_DELIVERY = 0.005
"""Seconds that it takes to send one when the handler's time is over."""


class StreamBody:
    """See `BodySource`. `read(n)` waits for n bytes or the end, as a file does; `read1(n)` for any."""

    __slots__ = ("_error", "_is_closed", "_is_done", "_left", "_line", "_pending", "until")

    until: float
    """When the handler is to be interrupted: nobody can do so while it waits here. The exchange sets it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._pending = b""  # received and not read
        self._left = line.engine.options.body_timeout  # seconds that the client may still keep us waiting, see rate.py
        self._is_done = False
        self._is_closed = False
        self._error: BodyError | None = None
        self.until = NEVER

    @property
    def remaining(self) -> int | None:
        """See `BodySource.remaining`."""
        if self._is_done:
            return len(self._pending)
        length = self._line.h1.content_length
        return None if length is None else length - self._line.h1.body_received + len(self._pending)

    def read(self, size: int = -1, /) -> bytes:
        """See `BodySource.read`."""
        parts, count = [], 0
        while size < 0 or count < size:
            piece = self.read1(size - count if size >= 0 else -1)
            if not piece:
                break
            parts.append(piece)
            count += len(piece)
        return b"".join(parts)

    def read1(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes as soon as there are any; `b""` at the end."""
        if size == 0:
            return b""
        data = self._pending or self._receive()
        if 0 <= size < len(data):
            data, self._pending = data[:size], data[size:]
        else:
            self._pending = b""
        return data

    def readline(self, size: int = -1, /) -> bytes:
        """See `BodySource.readline`."""
        parts, count = [], 0
        while size < 0 or count < size:
            piece = self._pending or self._receive()
            end = piece.find(b"\n") + 1 or len(piece)
            if size >= 0:
                end = min(end, size - count)
            self._pending = piece[end:]
            parts.append(piece[:end])
            count += end
            if not piece or piece.endswith(b"\n", 0, end):
                break
        return b"".join(parts)

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """See `BodySource.readlines`."""
        lines, count = [], 0
        for line in self:
            lines.append(line)
            count += len(line)
            if 0 < hint <= count:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def close(self) -> None:
        """See `BodySource.close`. Nothing can be read any more: the connection is somebody else's."""
        self._is_closed = True
        self._pending = b""

    # ------------------------------------------------------------------ inside

    def _receive(self) -> bytes:
        """Return what comes next; `b""` at the end."""
        if self._error is not None:
            raise self._error
        if self._is_done:
            return b""
        if self._is_closed:
            raise BodyError("The body cannot be read any more: the request is over.")
        line = self._line
        try:
            while True:
                event = line.h1.next_event()
                if type(event) is Data:
                    return event.data
                if event is END_OF_BODY:
                    self._is_done = True
                    return b""
                if event is not NEED_DATA:
                    self._fail(BodyError("The body cannot be read: the connection is being closed."))
                self._receive_some()
        except ProtocolReject as reject:
            if line.is_read_closed and reject.status == 400:
                self._fail(ClientDisconnected("The client went away before it had sent the whole body."))
            logger.info(
                "Refused a request's body of %s: %d %s (%s)", line.peer.name, reject.status, reject.reason, reject.rfc
            )
            self._fail(
                BodyTooLarge(reject.reason) if reject.status == 413 else BodyError(f"{reject.reason} ({reject.rfc})")
            )

    def _receive_some(self) -> None:
        """Wait until something has come, or the client has ended."""
        line = self._line
        h1 = line.h1
        if interim := h1.render_continue():
            line.send(interim)
        while not (line.is_broken or line.engine.is_stopped):
            try:
                data = line.sock.recv(RECEIVE_BYTES)
            except (BlockingIOError, InterruptedError):
                self._wait()
                continue
            except OSError:
                break
            if data:
                options, stats = line.engine.options, line.engine.stats
                with stats.lock:
                    stats.cells[RECEIVED_BYTES] += len(data)
                self._left = seconds_left(self._left, len(data), options.min_receive_rate, options.body_timeout)
                h1.receive_data(data)
            else:
                line.is_read_closed = True
                h1.receive_eof()
            return
        line.is_broken = True
        self._fail(ClientDisconnected("The client went away before it had sent the whole body."))

    def _wait(self) -> None:
        """Wait for the client, who may have to take something before it goes on."""
        line = self._line
        now = line.engine.clock.monotonic
        if self._left <= 0:
            self._fail(BodyTimeout("The client took too long to send the body."))
        began = now()
        seconds = min(self._left, _SLICE)
        if self.until > began:
            seconds = min(seconds, self.until - began + _DELIVERY)
        poll = select.poll()
        poll.register(line.sock, select.POLLIN | (select.POLLOUT if line.outbox.size else 0))
        if poll.poll(seconds * 1000) and line.outbox.size:
            line.flush()
        self._left -= now() - began

    def _fail(self, error: BodyError) -> NoReturn:
        self._error = error
        self._line.h1.must_close = True  # nobody knows where the next request would begin
        raise error
