"""`WatchedExchange`: what the watchdog does for an exchange: its handler's time limit, and the departure of its client.

Above `LoggedExchange`, below `Answering`. For the thread that owns the connection, but for `answer_for_handler`.
"""

from collections.abc import Callable
from typing import Final

from ..seam import HandlerTimeout
from ..seam.exchange import HeaderList
from .loggedexchange import LoggedExchange
from .state import DONE, NEW
from .streambody import StreamBody
from .timelimit import HandlerLimit
from .watchdog import ClientWatch, has_hung_up

TIMEOUT_STATUS: Final = "504 Gateway Timeout"
TIMEOUT_BODY: Final = (
    b"<!doctype html>\n<html lang=en>\n<title>504 Gateway Timeout</title>\n<h1>Gateway Timeout</h1>\n"
    b"<p>The application did not answer this request in time.</p>\n"
)
HTML: Final[HeaderList] = [("Content-Type", "text/html; charset=utf-8")]


class WatchedExchange(LoggedExchange):
    """See the file's description. PERF: no `__init__`; the subclass sets every field."""

    __slots__ = ("_client_watch",)

    time_limit: HandlerLimit | None

    _client_watch: ClientWatch | None
    """There if the handler wants to be told when the client leaves."""

    @property
    def disconnected(self) -> bool:
        """See `Exchange.disconnected`."""
        line = self._line
        return line.is_read_closed or line.is_broken or has_hung_up(line.sock)

    def limit_time(self, seconds: float, error: type[BaseException] = HandlerTimeout) -> None:
        """See `Exchange.limit_time`. Nothing is left to limit once the answer has begun."""
        if self.state is not NEW:
            return
        if self.time_limit is not None:
            self.time_limit.end()
        engine = self._line.engine
        limit = HandlerLimit(self, seconds, engine.clock.monotonic(), error, engine.options.stuck_after)
        limit.on_stuck = engine.on_stuck
        self.time_limit = limit
        if isinstance(self.body, StreamBody):
            self.body.until = limit.deadline
        engine.watchdog.limit(limit)

    def on_disconnect(self, function: Callable[[], object]) -> None:
        """See `Exchange.on_disconnect`."""
        watch = self._client_watch
        if watch is None:
            h1 = self._line.h1
            watch = self._line.engine.watchdog.watch(self._line.sock, lambda: h1.has_answered)
            self._client_watch = watch
        watch.add(function)

    def describe(self) -> str:
        """Say which request this is, for a log."""
        return f"{self.head.method} {self.head.target}"

    def answer_for_handler(self) -> None:
        """Answer 504 while the handler still runs; it can't answer any more. The watchdog's thread; see `HandlerLimit`."""
        line = self._line
        engine = line.engine
        if isinstance(self.body, StreamBody):
            self.body.close()  # a handler that caught its interruption reads on: not while we write
        fields = self._with_request_id(HTML) if engine.options.request_id_header else HTML
        rendered = line.h1.render_response(
            TIMEOUT_STATUS, fields, TIMEOUT_BODY, date=engine.clock.http_date(), server=engine.server_field, close=True
        )
        self._status = TIMEOUT_STATUS
        self._fields = fields
        self.body_bytes = len(TIMEOUT_BODY) if line.h1.response_has_body else 0
        self.state = DONE
        line.send(rendered)

    # ------------------------------------------------------------------ inside

    def _begin_answer(self) -> None:
        """The handler answers: its time limit is over, if it is not too late.

        Raises:
            ClientDisconnected: the server has answered in its place.
        """
        limit = self.time_limit
        if limit is not None:
            limit.begin_answer()
            self.time_limit = None
            if limit.was_interrupted and isinstance(self.body, StreamBody):
                # SECURITY: perhaps in the middle of taking bytes for the body: nobody knows for sure where it ends now.
                self._line.h1.must_close = True

    def _end_watch(self) -> None:
        """The exchange is over: watch the client no more, or act on its departure if it did not stay to the end."""
        watch, self._client_watch = self._client_watch, None
        if watch is not None:
            is_out = self.state is DONE and not self._line.outbox.size
            watch.end(is_gone=not is_out and self.disconnected)
