"""`LoggedExchange`: what an exchange says of itself in logs: its request's id, its line in the access log, its errors.

The lowest part of `H1Exchange`; for the thread that owns the connection.
"""

import logging
from collections.abc import Callable

from ..seam import Exchange, RequestHead, is_request_id, new_request_id
from ..seam.exchange import HeaderList
from .answered import Answered
from .line import Line
from .options import ServerOptions
from .state import DONE, NEW, State

logger = logging.getLogger("demijohn.error")


class LoggedExchange(Exchange):
    """A request and its answer, as far as logs are concerned. PERF: no `__init__`; the subclass sets every field."""

    __slots__ = ("_began", "_called", "_fields", "_is_logged", "_line", "_number", "_status", "body_bytes", "state")

    _line: Line

    _number: int
    """Which request of its connection it is, from 1."""

    _began: float
    """When the poll returned that gave the request's last byte."""

    _called: float
    """When the handler was called; kept for the log only."""

    _status: str
    """Of the answer's head, once that was given."""

    _fields: HeaderList
    """As `_status`."""

    _is_logged: bool

    body_bytes: int
    """Body bytes handed to the connection so far."""

    state: State
    """How far the answer is."""

    def log(self) -> None:
        """Write the access log's line, once."""
        line = self._line
        log = line.engine.access_log
        if log is None or self._is_logged:
            return
        self._is_logged = True
        status = self._status[:3] or ("499" if self.disconnected else "444")
        if log.wants(self.head, status):
            clock = line.engine.clock
            log.write(
                Answered(
                    line,
                    self.peer,
                    self.head,
                    status,
                    clock.time(),
                    exchange=self,
                    fields=self._fields,
                    body_bytes=self.body_bytes,
                    bytes_in=line.h1.body_received,
                    seconds=clock.monotonic() - self._began,
                    queue_seconds=self._called - self._began,
                    number=self._number,
                    is_cut=self.state is not DONE or line.is_broken or line.h1.underrun or line.outbox.size > 0,
                )
            )

    def _choose_request_id(self) -> str:
        return request_id_of(self.head, self._line.engine.options)

    def _with_request_id(self, headers: HeaderList) -> HeaderList:
        """Add the request's id to an answer's fields, unless the application did."""
        field = self._line.engine.options.request_id_header
        lower = field.lower()
        if any(name.lower() == lower for name, _ in headers):
            return headers
        return [*headers, (field, self.request_id)]

    def _log_error(self, what: str, error: BaseException | None = None) -> None:
        """Write to the error log, with what identifies the request."""
        remote = self.peer.remote
        logger.error(
            "%s %s: %s [%s]",
            self.head.method,
            self.head.target,
            what,
            self.request_id,
            exc_info=error,
            extra={
                "request_id": self.request_id,
                "method": self.head.method,
                "target": self.head.target,
                "remote": "unix" if remote is None else remote[0],
                # What is logged before there is an answer will have this one.
                "status": int(self._status[:3] or "500") if self._status or self.state is NEW else None,
            },
        )

    def _call_logged(self, function: Callable[[], object], what: str) -> None:
        """Call a function of the application's; what it raises is logged, and does not end a worker's thread."""
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - SystemExit and the like
            self._log_error(what, error)
            if isinstance(error, KeyboardInterrupt):
                self._line.engine.interrupt()


def request_id_of(head: RequestHead | None, options: ServerOptions) -> str:
    """Return a request's id: its client's, if that is to be trusted and is one, else a new one. `None`: it has no good head."""
    if options.trust_request_id and head is not None:
        given = head.get(options.request_id_header.lower().encode("ascii"))
        if given is not None and is_request_id(given):
            return given
    return new_request_id()
