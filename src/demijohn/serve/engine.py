"""`Engine`: what all connections of one server process share. Built by the server, handed to every link.

It is a plain record: the reactor polls, the runner runs handlers, links do the rest.
"""

import logging
import re
from collections.abc import Callable
from typing import Protocol

from .._base.clock import Clock
from ..seam import Handler, RequestHead
from .accesslog import AccessLog
from .clients import ClientCount
from .deadlines import NEVER
from .forwarding import Forwarding
from .logformat import compile_format
from .logwriter import LogWriter
from .options import ServerOptions
from .reactor import Reactor, Watched
from .refusals import Refusals
from .stats import Stats
from .trust import TrustedPeers
from .watchdog import Watchdog

logger = logging.getLogger("demijohn.error")

STOP_SECONDS = 1.0
"""How long a runner waits for its threads, all of them together, when the server has stopped."""

_DIGIT = re.compile("[0-9]").search


class Job(Watched, Protocol):
    """A connection with something to run on a handler's thread."""

    queued_at: float
    """Since when it waits for a thread; the queue's (runner/queue.py)."""

    held: bytes | bool | None
    """What `Reactor.hold` is told of: a whole answer; False: there may be one; `None`: answers are sent at once. The owner's."""

    @property
    def can_be_refused(self) -> bool:
        """It is a request that nobody has begun to answer. Whoever owns the job."""

    def refuse(self, retry_after: int) -> None:
        """Answer 503 instead of `run`; never raises. Whoever owns the job; then it is taken back as after `run`."""

    @property
    def label(self) -> str:
        """What the request asks for; requests with equal labels are expected to take about equally long."""

    def run(self) -> None:
        """Run the handler, or go on with its stream. Never raises. Any thread, one at a time."""

    def complete(self) -> None:
        """Take the connection back after `run`. The leader only."""

    def send_held(self) -> None:
        """Send the answer that was held, then `complete`. The leader only."""

    def uncork(self) -> None:
        """Have the system send what it keeps back of answers before this one, which takes long. Any thread."""

    def abandon(self) -> None:
        """The thread that ran it died: nothing more will come of it. Instead of `complete`, on any thread."""

    def hand_in(self) -> bool:
        """Take the connection back after `run`, on a thread that is not the leader.

        True if nothing is left to do for the leader; False if it must be given back through the reactor.
        """


class Connection(Watched, Protocol):
    """An open connection."""

    def drain(self) -> None:
        """The server has stopped accepting: if between two requests, have only `Engine.idle_timeout` for the next. The leader."""

    def reset(self) -> None:
        """Close at once. The leader."""


class Waiting(Protocol):
    """What waits for a thread (runner/queue.py). Any thread may ask."""

    def __len__(self) -> int:
        """Return how many there are."""

    def oldest_age(self, now: float) -> float:
        """Return the seconds that the next has waited; 0 if there is none."""


class Runner(Protocol):
    """Decides on which thread a job runs."""

    @property
    def queue(self) -> Waiting:
        """The jobs that wait."""

    def submit(self, job: Job) -> bool:
        """Run `job`, now or later. Called by the leader; False if it is not the leader any more when this returns."""

    def serve(self) -> None:
        """Drive the reactor until `is_stopped`; the calling thread stays in it."""

    def wake(self) -> None:
        """Make `serve` look at `is_stopped`. Any thread, and signal handlers."""

    def stop(self) -> None:
        """End the runner's threads, after `serve` has returned."""

    def running(self) -> dict[int, Job]:
        """Return which thread, by its identifier, runs which job just now. Any thread."""


class Engine:
    """Shared by all links; fields are set before the first connection and then only read, but for those of a stop."""

    __slots__ = (
        "access_log",
        "clients",
        "clock",
        "connections",
        "forwarding",
        "handler",
        "idle_timeout",
        "interrupt",
        "is_closing",
        "is_draining",
        "is_last_answer",
        "is_stopped",
        "label_of",
        "on_connection_closed",
        "on_stuck",
        "options",
        "reactor",
        "refusals",
        "runner",
        "server_field",
        "stats",
        "streams",
        "trusted_peers",
        "watchdog",
    )

    runner: Runner

    interrupt: Callable[[], None]
    """Ask for a quick stop because of a KeyboardInterrupt that a handler met. Any thread."""

    on_connection_closed: Callable[[], None] | None
    """Called by the leader after a connection was closed, while the server is closing or somebody waits for a place."""

    on_stuck: Callable[[], object] | None
    """Called by the watchdog's thread when a handler has ignored the end of its time limit for long: its thread is lost."""

    idle_timeout: float
    """How long a connection is kept between two requests; 0 is not at all. Set by the server."""

    is_draining: bool
    """A stop was asked for: nobody should send new requests here. Set by the leader."""

    is_closing: bool
    """Nothing is accepted any more, which may be later than `is_draining`. Set by the leader."""

    is_last_answer: bool
    """Answers end their connection: there is no keep-alive, the server drains, or all places are taken. Set by the leader."""

    is_stopped: bool
    """Leave the loop. Set by the server."""

    def __init__(self, handler: Handler, options: ServerOptions, clock: Clock, stats: Stats | None = None) -> None:
        self.handler = handler
        # See `Handler`: what requests that take about equally long have in common.
        self.label_of: Callable[[RequestHead], str] = getattr(handler, "label", path_shape)
        # See `Handler`: whether it reads a request's body itself; `None`: never.
        self.streams: Callable[[RequestHead], bool] | None = getattr(handler, "streams", None)
        if options.stream_bodies:
            self.streams = _always
        self.options = options
        self.access_log = open_access_log(options) if options.access_log or options.on_answered else None
        self.trusted_peers = TrustedPeers(options.trusted_peers)
        self.forwarding = None if options.forwarded == "none" else Forwarding(options.forwarded, self.trusted_peers)
        self.clock = clock
        self.reactor = Reactor(clock)
        self.reactor.on_stall = self._postpone
        self.stats = stats or Stats()
        self.refusals = Refusals(clock, self.stats)
        self.on_connection_closed = None
        self.on_stuck = None
        self.watchdog = Watchdog(clock)
        self.idle_timeout = options.keep_alive
        self.is_draining = self.is_closing = False
        self.is_last_answer = options.keep_alive == 0
        self.is_stopped = False
        self.connections: set[Connection] = set()
        most = options.max_connections_per_client
        self.clients = None if most is None else ClientCount(most, self.trusted_peers, self.refusals)
        self.server_field = options.server_name.encode("latin-1")

    def tell_closed(self) -> None:
        """Tell whoever waits for that, that a connection was closed. The leader."""
        if self.on_connection_closed is not None:
            self.on_connection_closed()

    def grant_grace(self, connection: Connection) -> bool:
        """Give a connection that sent nothing what is given when the server is closing; False if that is no time at all."""
        if not self.idle_timeout:
            return False
        connection.deadline = min(connection.deadline, self.reactor.now + self.idle_timeout)
        self.reactor.wheel.add(connection, self.reactor.now)
        return True

    def route_of(self, head: RequestHead) -> str:
        """Return the label of a request, or nothing if the application fails to make it. Any thread."""
        try:
            return self.label_of(head)
        except Exception:
            # The application's: it only costs an estimate. Whoever asks holds what must not get lost.
            logger.exception("The label of %s %s could not be made", head.method, head.target)
            return ""

    def _postpone(self, seconds: float) -> None:
        """Give clients the time back in which nobody looked at what they sent or took. The leader only."""
        for connection in self.connections:
            deadline = connection.deadline
            if deadline != NEVER:  # of a handler's thread, which may set one just now, and counts for itself
                connection.deadline = deadline + seconds


def _always(head: RequestHead) -> bool:
    return True


def path_shape(head: RequestHead) -> str:
    """Return the path with the segments that look like identifiers replaced by `*`: `/users/17` and `/users/18` are alike."""
    segments = head.path.split("/")
    return "/".join("*" if len(segment) > 20 or _DIGIT(segment) else segment for segment in segments)


def open_access_log(options: ServerOptions) -> AccessLog:
    """Open what the options say.

    Raises:
        OSError: the file cannot be opened.
    """
    target = options.access_log_file if options.access_log else None
    writer = None if target is None else LogWriter(target, dash_fd=1, queue_bytes=options.log_queue_bytes)
    render = compile_format(options.access_line, options.access_log_fields)
    return AccessLog(render, options.access_log_skip, writer, options.on_answered, has_lines=options.access_log)
