"""`Answering`: the server's side of an exchange: running the handler, pulling its stream, what follows, and what goes wrong.

Lives on the thread that runs the handler, and between two pulls of a stream on nobody's. What the handler calls is `H1Exchange`
(exchange.py), which this is the base of.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context

from ..seam import EMPTY_BODY, NOTHING_YET, BodyError, BodySource, ClientDisconnected, HandlerTimeout, RequestHead
from ..seam.exchange import HeaderList
from .state import ABORTED, DONE, NEW, PULLED
from .stats import ANSWER_CELLS, ANSWERS, ENDED, RECEIVED_BYTES, SENT_BYTES
from .watchedexchange import HTML, TIMEOUT_BODY, TIMEOUT_STATUS, WatchedExchange
from .watchedline import WatchedLine

_TURN_BYTES = 1 << 20
"""What a stream may give in one go; then others have their turn, however fast the client takes it."""

_ERROR_BODY = (
    b"<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"
    b"<p>The server could not answer this request because of an error in the application; its log says which.</p>\n"
    b"<p>If you ask about it, quote <code>%b</code>.</p>\n"
)

_REFUSAL_BODY = (
    b"503 Service Unavailable\n\nThe server is too busy; nothing was done with this request. Try again later.\n"
)
TEXT: HeaderList = [("Content-Type", "text/plain; charset=utf-8")]
_REFUSAL_HEADERS = [*TEXT, ("Cache-Control", "no-store")]


class Answering(WatchedExchange):
    """See the file's description. Read by the link: `state`, `is_running`, `body_bytes`."""

    __slots__ = (
        "_after", "_chunks", "_end_early", "_is_counted", "_iterator", "context", "is_feeding", "is_running", "is_woken",
    )  # fmt: skip

    _line: WatchedLine

    context: Context
    """Everything of the application's runs in here, whatever thread pulls its stream: what it leaves in context variables is
    there at its next chunk, and is not there at the next request."""

    is_running: bool
    """A thread is in `run`. With `state` PULLED between two runs: the stream is parked, `run` goes on with it."""

    is_feeding: bool
    """The stream has nothing yet: `run` goes on with it once it `is_woken`. There with `state` PULLED."""

    is_woken: bool
    """There may be more since `next()` was called last. Set by any thread. There from the beginning of a stream."""

    _end_early: Callable[[], None] | None
    """What is called when the server stops. There from the beginning of a stream."""

    def __init__(self, line: WatchedLine, head: RequestHead, body: BodySource) -> None:
        self.head = head
        self.body = body
        self.peer = line.peer
        self.body_bytes = 0
        self._line = line
        self.context = copy_context()
        self.state = NEW
        self.is_running = False
        self._status = ""
        self._fields = ()
        self._is_logged = self._is_counted = False
        line.request_count = self._number = line.request_count + 1
        self._began = self._called = line.engine.reactor.now
        self._chunks: Iterable[bytes] | None = None
        self._iterator: Iterator[bytes] | None = None
        self._after: tuple[Callable[[], object], ...] = ()
        self.time_limit = None
        self._client_watch = None

    def run(self) -> None:
        """Call the handler, or go on pulling its stream. Inside `context`; never raises; on the handler's thread."""
        self.is_running = True
        try:
            if self.state is PULLED:
                self._pull()
            elif self.state is NEW:
                engine = self._line.engine
                if engine.access_log is not None:
                    self._called = engine.clock.monotonic()
                if engine.options.request_timeout:
                    self.limit_time(engine.options.request_timeout)
                try:
                    engine.handler(self)
                finally:
                    if self.time_limit is not None:
                        self.time_limit.end()
                if self.state < PULLED:
                    self._complain()
        except BaseException as error:  # noqa: BLE001 - SystemExit and the like must not end a worker's thread either
            self._end_badly(error)
        if self._chunks is not None or self._after:
            self._settle()
        self.is_running = False

    def _after_handler(self, error: BaseException | None) -> None:
        """Do what `run` does after the handler, which raised `error`, or nothing. For the compiled `run`."""
        try:
            try:
                if error is not None:
                    raise error
            finally:
                error = None  # its traceback has this frame
                if self.time_limit is not None:
                    self.time_limit.end()
            if self.state < PULLED:
                self._complain()
        except BaseException as raised:  # noqa: BLE001 - as above
            self._end_badly(raised)
        self._settle()
        self.is_running = False

    def _settle(self) -> None:
        """Close what the answer has open, and do what follows it, unless more of it is to come."""
        if self._chunks is not None and self.state is not PULLED:
            self.close_chunks()
        if (
            self._after
            and self.state is not PULLED
            and (self.state is ABORTED or self._line.is_broken or not self._line.outbox.size)
        ):
            self.run_after()

    def refuse(self, retry_after: int) -> None:
        """Answer 503 in place of the handler, which was not called and will not be; `retry_after` is in seconds."""
        self.respond("503 Service Unavailable", [*_REFUSAL_HEADERS, ("Retry-After", str(retry_after))], _REFUSAL_BODY)

    def wants_thread(self, unsent: int) -> bool:
        """Tell whether `run` should be called again, now that so many bytes of the answer are still to be sent."""
        return not unsent and (self.state is PULLED or bool(self._after))

    def run_after(self) -> None:
        """Call what was given to `after`, once. Inside its context."""
        functions, self._after = self._after, ()
        if functions:
            # What they take is no part of the answer's time.
            self.log()
        for function in functions:
            self._call_logged(function, "error after the answer")

    def discard(self) -> None:
        """Count the answer, free the request's body; the client is watched no more."""
        if not self._is_counted:
            self._is_counted = True
            line = self._line
            stats = line.engine.stats
            with stats.lock:
                cells = stats.cells
                cells[ENDED] += 1
                cells[ANSWER_CELLS.get(self._status[:1], ANSWERS)] += 1
                # PERF: `count_bytes`, without a call.
                cells[RECEIVED_BYTES] += line.received_bytes
                cells[SENT_BYTES] += line.sent_bytes - line.counted_bytes
            line.received_bytes = 0
            line.counted_bytes = line.sent_bytes
        if self.body is not EMPTY_BODY:
            self.body.close()
        if self._client_watch is not None:
            self._end_watch()

    def wake(self) -> None:
        """Have the stream go on that had nothing yet. Any thread, at any time."""
        if not self.is_woken:
            self.is_woken = True  # first: whoever is about to wait sees it, or is told
            self._line.engine.reactor.call_soon(self._line.on_woken)

    @property
    def is_endless(self) -> bool:
        """Nobody needs the rest of the stream when either side leaves. Once it has begun."""
        return self._end_early is not None

    def end_early(self) -> None:
        """The server stops: end a stream of which nobody needs the rest. Once it has begun; any thread."""
        if self._end_early is not None:
            self._end_early()

    def cut(self) -> None:
        """Do what `run` would have done at the answer's end, and will not, for the server cuts it. The owner."""
        if self._chunks is not None or self._after:
            self.context.run(self._cut)

    def _cut(self) -> None:
        self.close_chunks()
        self.run_after()

    def close_chunks(self) -> None:
        """Close a stream's iterable, once. Inside its context."""
        chunks, self._chunks, self._iterator = self._chunks, None, None
        self._close(chunks)

    @abstractmethod
    def respond(self, status: str, headers: HeaderList, body: bytes) -> None:
        """See `Exchange.respond`."""

    # ------------------------------------------------------------------ inside

    def _complain(self) -> None:
        if self.state is NEW:
            raise RuntimeError(
                "The handler returned without an answer; it must call respond, stream, send_file or start."
            )
        raise RuntimeError("The handler returned without calling finish on the answer that it started.")

    def _report_length(self) -> None:
        fate = "longer; the rest was cut" if self._line.h1.overrun else "shorter; the connection is closed"
        self._log_error(f"the answer's body and its Content-Length differ: it is {fate}")

    def _push(self, data: bytes) -> None:
        """Frame body bytes and give them to the connection."""
        if type(data) is not bytes:
            data = as_bytes(data)
        line = self._line
        framed = line.h1.render_data(data)
        if framed:
            self.body_bytes += len(data)
            line.send(framed)

    def _end(self) -> None:
        """Everything was given: end the framing."""
        line = self._line
        rest = line.h1.render_end()
        if rest:
            line.send(rest)
        if line.h1.overrun or line.h1.underrun:
            self._report_length()
        self.state = DONE

    def _pull(self) -> None:
        """Pull chunks until the client is behind, or there are no more. Errors of the iterable cut the answer.

        Nothing is pulled while something waits: the next chunk may be long in coming, and nobody but this thread may send
        meanwhile. PEP 3333 asks that what was given is never held back for what follows; what the system takes is buffer enough.
        """
        line = self._line
        outbox = line.outbox
        iterator = self._iterator
        turn_end = self.body_bytes + _TURN_BYTES
        self.is_feeding = False
        if iterator is None:
            raise RuntimeError("there is no stream to pull")
        while not line.h1.overrun:
            if outbox.size:
                line.flush()
            if line.is_broken:
                self._give_up()
                return
            if outbox.size or self.body_bytes >= turn_end:
                return  # parked: the reactor calls again when the client has taken it
            self.is_woken = False
            try:
                chunk = next(iterator)
            except StopIteration:
                break
            if self.state is not PULLED:
                return  # aborted by its own iterable
            if chunk is NOTHING_YET:
                self.is_feeding = True
                return  # parked: the reactor calls again when there is more
            self._push(chunk)
        self._finish_stream()

    def _finish_stream(self) -> None:
        self.close_chunks()
        self._end()
        if self._line.outbox.size:
            self._line.flush()

    def _close(self, chunks: object) -> None:
        close = getattr(chunks, "close", None)
        if close is not None:
            self._call_logged(close, "closing the answer's iterable failed")

    def _end_badly(self, error: BaseException) -> None:
        """The handler or its iterable raised this."""
        if isinstance(error, ClientDisconnected):
            self._give_up()
        else:
            self._fail(error)

    def _give_up(self) -> None:
        """Nobody is there to read the rest."""
        if self.state is not DONE:
            self.state = ABORTED

    def _fail(self, error: BaseException) -> None:
        """The handler or its iterable raised: 500 before the head, a visible cut after it, a close after the end."""
        engine = self._line.engine
        if self.time_limit is not None:
            self.time_limit.end()  # again: the error may be what it broke off with
        if isinstance(error, BodyError) and self.state is NEW and not self._line.h1.has_started:
            # The client's fault, not the application's.
            self._line.h1.must_close = True
            self._answer_failure(error.status, f"{error.status}\n\n{error}\n".encode(), TEXT)
            return
        self._log_error("no answer in time" if isinstance(error, HandlerTimeout) else "error in the application", error)
        if self.state is DONE:
            self._line.h1.must_close = True  # what is on its way arrives whole
        elif self.state is not NEW or self._line.h1.has_started:
            self.state = ABORTED
        elif isinstance(error, HandlerTimeout):
            self._answer_failure(TIMEOUT_STATUS, TIMEOUT_BODY)
        else:
            self._answer_failure("500 Internal Server Error", _ERROR_BODY % self.request_id.encode("ascii"))
        if isinstance(error, KeyboardInterrupt):
            engine.interrupt()

    def _answer_failure(self, status: str, body: bytes, headers: HeaderList = HTML) -> None:
        try:
            self.respond(status, headers, body)
        except ClientDisconnected:
            self._give_up()  # the server has answered, since the handler's time was over


def as_bytes(data: object) -> bytes:
    """Return what is like bytes as bytes.

    Raises:
        TypeError: it is not.
    """
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    raise TypeError(f"an answer's body is made of bytes, not of {type(data).__name__}")
