"""`Server`: one process's HTTP server: listeners, engine, runner, and an orderly stop.

    Server(handler, [Listener.tcp("127.0.0.1", 0)], ServerOptions()).serve_forever()

`serve_forever` keeps its thread until somebody calls `shutdown`. The server makes no signal handlers and forks nothing: that is
the business of whoever owns the process.
"""

import logging
from collections.abc import Callable, Collection, Sequence

from .._base.clock import Clock, SystemClock
from ..seam import Handler
from .acceptor import Acceptor
from .admission import Admission
from .deadlines import NEVER
from .engine import Engine
from .errorlog import open_error_log
from .gauges import Gauges, read_gauges
from .handshakes import Handshakes
from .inspect import MOST_REQUESTS, ServerSeen, look
from .listener import Listener
from .options import ServerOptions
from .runner import make_runner
from .spread import Spread
from .stats import Stats

logger = logging.getLogger("demijohn.error")


class Server:
    """Serves a handler on listeners until it is shut down. Used once."""

    def __init__(
        self,
        handler: Handler,
        listeners: Sequence[Listener],
        options: ServerOptions | None = None,
        clock: Clock | None = None,
        on_drain: Callable[[], None] | None = None,
        on_stuck: Callable[[], object] | None = None,
        stats: Stats | None = None,
        others: Callable[[], Sequence[Stats]] | None = None,
    ) -> None:
        """Prepare; nothing is accepted yet. The listeners stay the caller's: `shutdown` does not close them.

        Args:
            handler: called for each request, on the thread that the runner chooses.
            listeners: at least one.
            options: see `ServerOptions`.
            clock: for tests.
            on_drain: called on the polling thread once accepting has stopped; it is to close the listeners, so that new clients
                are refused instead of waiting in the backlog for nobody. Those that waited until now have been accepted.
            on_stuck: called on a thread of the server's when a handler is stuck beyond its time limit, which costs the process a
                thread: a good moment to have it replaced. The default does nothing.
            stats: where to count; by default, in memory of its own.
            others: returns the counts of the other processes that accept from these listeners now; they share the connections
                evenly. Called by the polling thread, a few times in a second at most.
        """
        if not listeners:
            raise ValueError("A server needs at least one listener")
        self._listeners = list(listeners)
        self._engine = engine = Engine(handler, options or ServerOptions(), clock or SystemClock(), stats)
        self._runner = engine.runner = make_runner(engine)
        engine.interrupt = self._interrupt
        engine.on_stuck = on_stuck
        self._handshakes = Handshakes(engine.options.tls_handshake_threads)
        self._admission = Admission(engine)
        self._acceptors = [
            Acceptor(engine, listener, self._handshakes, self._admission, self._spread_of(listener, others))
            for listener in listeners
        ]
        self._was_interrupted = False
        self._on_drain = on_drain
        self._is_accepting = False  # set by the leader
        self._is_stop_requested = False
        # In the wheel while the server drains: a connection like any other, with the deadline of what it does then.
        self.deadline = NEVER
        self.slot = -1.0

    def _spread_of(self, listener: Listener, others: Callable[[], Sequence[Stats]] | None) -> Spread | None:
        """Return how a listener's connections are shared; `None` if they are not."""
        if not self._engine.options.is_multiprocess or not listener.is_shared:
            return None
        return Spread(self._engine.stats, others or list)

    @property
    def addresses(self) -> list[tuple[str, int] | str]:
        """Where it listens: `(host, port)` with the real port, or the path of a Unix socket."""
        return [listener.address for listener in self._listeners]

    @property
    def options(self) -> ServerOptions:
        """The options it was made with."""
        return self._engine.options

    @property
    def stats(self) -> Stats:
        """Live counters; read them from any thread."""
        return self._engine.stats

    @property
    def is_ready(self) -> bool:
        """It accepts, and no stop was asked for: what a balancer wants to know. Any thread."""
        return self._is_accepting and not self._is_stop_requested

    def queued(self) -> tuple[int, float]:
        """Return how many requests wait for a thread, and the monotonic time since when the first does; 0 if there is none.

        Who has sent something while the only thread that reads is inside a handler may wait, too, since that began. Any thread.
        (`gauges` tells of the queue alone, and looks at every connection.)
        """
        queue = self._runner.queue
        times = [since for since in (queue.oldest(), self._engine.reactor.unread_since()) if since]
        return len(queue), min(times, default=0.0)

    def gauges(self) -> Gauges:
        """Look how it stands now: connections by what they wait for, the queue, unsent bytes. Any thread."""
        return read_gauges(self._engine)

    def inspect(self, most: int = MOST_REQUESTS, stacks_of: Collection[str] | None = ()) -> ServerSeen:
        """Return all requests in flight; see `inspect.look`. Any thread, while it serves."""
        return look(self._engine, most=most, stacks_of=stacks_of)

    def serve_forever(self) -> None:
        """Serve until `shutdown`, then return when the requests in flight are answered, or `drain_timeout` is over.

        Raises:
            KeyboardInterrupt: one was raised in a handler; the server has stopped.
            OSError: `error_log_file` cannot be opened.
        """
        engine = self._engine
        engine.reactor.call_soon(self._begin)
        error_log = None
        try:
            error_log = open_error_log(engine.options)
            self._runner.serve()
        except KeyboardInterrupt:
            self._was_interrupted = True
        finally:
            # Also for what a signal handler raises on this thread: nothing may go on behind its back.
            self.shutdown_now()
            self._runner.stop()
            self._handshakes.stop()
            self._end()
            if error_log is not None:
                error_log.leave()
        if self._was_interrupted:
            raise KeyboardInterrupt

    def shutdown(self, *, is_patient: bool = True) -> None:
        """Stop in good order. Any thread and signal handlers; returns at once, and `serve_forever` when all is done.

        From now on it is not ready and each answer says `Connection: close`; after `drain_delay` nothing more is accepted, what
        is in flight is finished, and connections without a request are kept for `drain_idle_grace`. Not patient: without these
        two times, for somebody waits. May be called again.
        """
        self._is_stop_requested = True
        self._engine.reactor.call_soon(self._drain if is_patient else self._drain_in_haste)
        self._engine.reactor.wake()

    def shutdown_now(self) -> None:
        """Make `serve_forever` return without waiting for anybody. Any thread and signal handlers."""
        self._is_stop_requested = True
        self._engine.is_stopped = True
        self._engine.reactor.wake()
        self._runner.wake()

    # ------------------------------------------------------------------ the leader

    def _begin(self, mask: int) -> bool:
        if not self._engine.is_draining:  # `shutdown` may have come before `serve_forever`
            self._admission.open()
            for acceptor in self._acceptors:
                acceptor.start()
            self._is_accepting = True
        return True

    def _drain(self, mask: int) -> bool:
        """Go on for `drain_delay`. Whoever is answered meanwhile is told to connect anew, so that few are left at its end."""
        engine = self._engine
        if not engine.is_draining:
            engine.is_draining = engine.is_last_answer = True
            if engine.options.drain_delay:
                self._set_deadline(engine.options.drain_delay)
            else:
                self._close_doors(engine.options.drain_idle_grace)
        return True

    def _drain_in_haste(self, mask: int) -> bool:
        engine = self._engine
        engine.is_draining = engine.is_last_answer = True
        if engine.is_closing:
            engine.idle_timeout = 0
            self._drain_connections()
        else:
            self._close_doors(0)
        return True

    def _close_doors(self, grace: float) -> None:
        """Accept no more, and finish."""
        engine = self._engine
        engine.is_closing = True
        engine.idle_timeout = grace
        engine.on_connection_closed = None  # nobody waits for a place any more
        for acceptor in self._acceptors:
            if self._on_drain is None:
                acceptor.stop()  # the listener stays open: whoever waits there waits for the next server
            else:
                acceptor.finish()
        if self._on_drain is not None:
            self._on_drain()
        engine.on_connection_closed = self._on_connection_closed
        self._set_deadline(engine.options.drain_timeout)
        self._drain_connections()

    def _drain_connections(self) -> None:
        for connection in list(self._engine.connections):
            connection.drain()
        self._on_connection_closed()

    def _set_deadline(self, seconds: float) -> None:
        reactor = self._engine.reactor
        self.deadline = reactor.now + seconds
        reactor.wheel.add(self, reactor.now)

    def _on_connection_closed(self) -> None:
        if not self._engine.connections:
            self.shutdown_now()

    def on_deadline(self, mask: int) -> bool:
        """The delay is over, or the drain took too long."""
        if not self._engine.is_closing:
            self._close_doors(self._engine.options.drain_idle_grace)
            return True
        logger.warning(
            "%d connections were still busy after drain_timeout (%g s); they are cut",
            len(self._engine.connections),
            self._engine.options.drain_timeout,
        )
        self.shutdown_now()
        return True

    def on_returned(self, mask: int) -> bool:
        """Never given away."""
        return True

    def fail(self) -> None:
        """See `Watched.fail`."""
        self.shutdown_now()

    # ------------------------------------------------------------------ the end

    def _interrupt(self) -> None:
        self._was_interrupted = True
        self.shutdown_now()

    def _end(self) -> None:
        """Free what is left; the loop has ended, nobody polls."""
        engine = self._engine
        for acceptor in self._acceptors:
            acceptor.stop()
        self._admission.close()
        engine.reactor.send_held()
        for connection in list(engine.connections):
            # A thread may still be in this one's handler; its socket goes all the same.
            connection.reset()
        engine.watchdog.stop()
        engine.reactor.close()
        if engine.access_log is not None:
            engine.access_log.close()
