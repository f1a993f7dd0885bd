"""`H1Exchange`: one request of an HTTP/1.1 connection and its answer; what a handler holds.

Used on the thread that runs the handler, but for what `Exchange` says of itself. It writes through its line (the link), which the
handler owns all that time.
"""

import os
from collections.abc import Callable, Iterable

from ..seam import NOTHING_YET, ClientDisconnected, FileSegment
from ..seam.exchange import HeaderList
from .answering import Answering, as_bytes
from .state import ABORTED, DONE, NEW, PULLED, PUSHED

_GATHER_BYTES = 64 << 10
"""A body up to this size, or part of a file, is copied behind its head to go out in one segment; a larger one is sent from
where it is."""

_BODILESS = ("204", "205", "304")


class H1Exchange(Answering):
    """See `Exchange`."""

    __slots__ = ()

    def respond(self, status: str, headers: HeaderList, body: bytes) -> None:
        """See `Exchange.respond`."""
        if self.time_limit is not None:
            self._begin_answer()
        if self.state is not NEW:
            self._refuse_second()
        if type(body) is not bytes:
            body = as_bytes(body)
        line = self._line
        engine = line.engine
        h1 = line.h1
        if engine.options.request_id_header:
            headers = self._with_request_id(headers)
        date = engine.clock.http_date()
        close = engine.is_last_answer
        if len(body) <= _GATHER_BYTES:
            line.send(h1.render_response(status, headers, body, date=date, server=engine.server_field, close=close))
        else:
            line.outbox.append(
                h1.render_head(status, headers, len(body), date=date, server=engine.server_field, close=close)
            )
            line.outbox.append(h1.render_data(body))
            h1.render_end()
            line.flush()
        self._status = status
        self._fields = headers
        self.state = DONE
        if h1.response_has_body:
            self.body_bytes = len(body)
        if h1.overrun or h1.underrun:
            self._report_length()

    def stream(self, status: str, headers: HeaderList, chunks: Iterable[bytes]) -> None:
        """See `Exchange.stream`."""
        if self.state is not NEW:
            self._close(chunks)
            self._refuse_second()
        # Taken over first: from here on `chunks` is closed whatever happens.
        self._chunks = chunks
        line = self._line
        attach = getattr(chunks, "attach_waker", None)
        self.is_woken = False
        self._end_early = None if attach is None else attach(self.wake)
        first = b""
        if not (line.h1.is_head_method or status.startswith(_BODILESS)):
            # Before the head: until a byte is sent, an error can still become a clean 500.
            self._iterator = iter(chunks)
            self.is_woken = False
            first = next(self._iterator, first)
            if first is NOTHING_YET:
                first = b""
            elif type(first) is not bytes:
                first = as_bytes(first)
            if self.state is ABORTED:
                return
        head = self._render_head(status, headers, None)
        self.state = PULLED
        line.outbox.append(head)  # goes out with the first chunk
        if line.h1.response_has_body:
            self._push(first)
            self._pull()
        else:
            self._finish_stream()

    def send_file(self, status: str, headers: HeaderList, segment: FileSegment) -> None:
        """See `Exchange.send_file`."""
        count = segment.count
        if count <= _GATHER_BYTES:
            data = _read_small(segment)
            if data is not None:
                try:
                    self.respond(status, headers, data)
                finally:
                    segment.file.close()
                return
        line = self._line
        try:
            head = self._render_head(status, headers, count)
        except BaseException:
            segment.file.close()
            raise
        line.outbox.append(head)
        self.body_bytes = admitted = line.h1.admit_file(count)
        if admitted != count:
            segment = FileSegment(segment.file, segment.offset, admitted)
        line.outbox.append_file(segment)
        self._end()
        line.flush()

    def start(self, status: str, headers: HeaderList) -> None:
        """See `Exchange.start`."""
        head = self._render_head(status, headers, None)
        self.state = PUSHED
        self._line.send(head)

    def write(self, data: bytes) -> None:
        """See `Exchange.write`."""
        if self.state is not PUSHED:
            raise RuntimeError("write() is for an answer that was begun with start() and not finished.")
        self._push(data)
        if not self._line.wait_until_sent():
            raise ClientDisconnected("The client went away, or did not take the answer in time.")

    def finish(self) -> None:
        """See `Exchange.finish`."""
        if self.state is not PUSHED:
            raise RuntimeError("finish() is for an answer that was begun with start() and not finished.")
        self._end()

    def inform(self, status: str, headers: HeaderList) -> None:
        """See `Exchange.inform`."""
        if self.state is not NEW:
            raise RuntimeError("An interim answer must come before the final one (RFC 9110 §15.2).")
        if self.head.version >= (1, 1):
            self._line.send(self._line.h1.render_informational(status, headers))

    def abort(self) -> None:
        """See `Exchange.abort`."""
        self.state = ABORTED  # `run` closes the iterable: this may be called from inside of it

    def after(self, function: Callable[[], object]) -> None:
        """See `Exchange.after`."""
        self._after = (*self._after, function)

    @property
    def has_started(self) -> bool:
        """See `Exchange.has_started`."""
        return self.state is not NEW

    # ------------------------------------------------------------------ inside

    def _render_head(self, status: str, headers: HeaderList, length: int | None) -> bytes:
        if self.time_limit is not None:
            self._begin_answer()
        if self.state is not NEW:
            self._refuse_second()
        line = self._line
        engine = line.engine
        if engine.options.request_id_header:
            headers = self._with_request_id(headers)
        head = line.h1.render_head(
            status,
            headers,
            length,
            date=engine.clock.http_date(),
            server=engine.server_field,
            close=engine.is_last_answer,
        )
        self._status = status
        self._fields = headers
        return head

    def _refuse_second(self) -> None:
        raise RuntimeError("This request has its answer already.")


def _read_small(segment: FileSegment) -> bytes | None:
    """Return what a small segment stands for; `None` if its file has become shorter. Closes the file if that fails.

    PERF: behind its head in one segment it costs a copy, but one call of the system less, and the client is woken once.
    """
    file = segment.file
    try:
        data = os.pread(file.fileno(), segment.count, segment.offset)
    except BaseException:
        file.close()
        raise
    return data if len(data) == segment.count else None
