"""`AppServer`: an application on a bound address, served by this process or by supervised workers. What `make_server` returns.

Binding and choosing options happens before (devserver.py); accepting, parsing and answering in `demijohn.serve`.
"""

import logging
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from ..doors.choose import handler_for
from ..serve import Listener, Server, ServerOptions
from .appspec import AppSpec
from .binding import close_all
from .control.alone import ControlThread
from .control.place import ControlListener
from .exitcodes import EXIT_BOOT_FAILED
from .hooks import HookedServer, lifecycle_of
from .lonesignals import lone_signals
from .messages import writing_aside
from .notify import Notifier
from .passthrough import PassedError
from .supervisor.patience import Supervision
from .supervisor.signals import SignalPipe
from .supervisor.stopwatch import WATCHED, StopWatch

if TYPE_CHECKING:
    from .generations import Renewed
    from .handlerhooks import HandlerHooks
    from .onchange import Watched
    from .ops.process import Ops

logger = logging.getLogger("demijohn.manage")

WSGIApplication = Callable[
    ..., Any
]  # Any: what a foreign application's start_response and chunks are is its own business


class AppServer:
    """Listens from the moment it is made, answers while `serve_forever` runs.

    Everything but `serve_forever` may be called from any thread.
    """

    def __init__(
        self,
        application: WSGIApplication | AppSpec,
        listeners: Sequence[Listener],
        options: ServerOptions,
        processes: int,
        supervision: Supervision | None = None,
        renew: "Callable[[], Renewed] | None" = None,
        ops: "Ops | None" = None,
        *,
        is_supervised: bool = False,
        hooks: "HandlerHooks | None" = None,
        passes_errors: bool = False,
    ) -> None:
        """Prepare.

        Args:
            application: what answers; or with several processes, where they find it.
            listeners: bound, and this object's from now on.
            options: of each process.
            processes: how many.
            supervision: of several.
            renew: reads the settings anew, for a reload; see `Generations`.
            ops: endpoints for operators.
            is_supervised: one process is a worker of a supervisor, too; so it is with an `AppSpec`, and with `ops`.
            hooks: what a class of request handlers overrides.
            passes_errors: an exception of the application ends serving, and leaves it; not with workers.
        """
        self.app = application
        self.exit_code = 0
        """What the process should exit with once `serve_forever` has returned."""
        self.notifier: Notifier | None = None
        """Is told how it goes while serving until signalled; set before that."""
        self.on_up: Callable[[], None] = lambda: None
        """Called when it serves, with as many processes as are wanted; set before that."""
        self.on_stop: Callable[[], None] = lambda: None
        """Called when it begins to stop; in processes that were forked from this one, too."""
        self.on_failure: Callable[[BaseException | str], None] = lambda _cause: None
        """Called with what keeps it from serving: an exception of the application's start, or what workers have said."""
        self.is_successor = False
        """Another supervisor serves until then, and tells operators how it goes; set before that."""
        self.control: ControlListener | None = None
        """Where to be asked and told things while serving until signalled; set before that, and closed at its end."""
        self.watched: Watched | None = None
        """Files that make the supervisor reload when they change; set before that."""
        self._is_spec = isinstance(application, AppSpec)
        if not self._is_spec:
            handler_for(application)  # raises if it is none
        self._lifecycle = lifecycle_of(None if self._is_spec else application)
        self._supervision = supervision or Supervision()
        self._renew = renew
        self._ops = ops
        self._is_supervised = is_supervised or processes > 1 or ops is not None or self._is_spec
        self._passes_errors = passes_errors
        if passes_errors and self._is_supervised:
            logger.warning("passthrough_errors has no effect with worker processes: each sees to its own errors.")
        self._listeners = list(listeners)
        self._hooks = hooks
        self._options = options if hooks is None else hooks.amend(options)
        if hooks is not None:
            hooks.server = self
        self._processes = processes
        self._addresses = [listener.address for listener in listeners]
        self._urls = [listener.url for listener in listeners if listener.redirect_port is None]
        self._redirect_urls = [listener.url for listener in listeners if listener.redirect_port is not None]
        self._lock = threading.Lock()
        # The next three: under the lock.
        self._stop: Callable[[], None] | None = None  # while serving
        self._serving_thread: int | None = None
        self._is_stop_requested = False
        self._is_idle = threading.Event()
        self._is_idle.set()

    @property
    def server_address(self) -> tuple[str, int] | str:
        """Of the first listener: `(host, port)` with the real port, or the path of a Unix socket."""
        return self._addresses[0]

    @property
    def addresses(self) -> list[tuple[str, int] | str]:
        """Of every listener: see `server_address`."""
        return list(self._addresses)

    @property
    def host(self) -> str:
        """The address of the first listener, without the port."""
        address = self._addresses[0]
        return address if isinstance(address, str) else address[0]

    @property
    def port(self) -> int:
        """The real port of the first listener, also if 0 was asked for; 0 on a Unix socket."""
        address = self._addresses[0]
        return 0 if isinstance(address, str) else address[1]

    server_port = port
    server_name = host

    @property
    def url(self) -> str:
        """What a person would open: of the first listener."""
        return self._urls[0]

    @property
    def urls(self) -> list[str]:
        """What a person would open: of every listener that the application is behind."""
        return list(self._urls)

    @property
    def redirect_urls(self) -> list[str]:
        """Where clients are only told to use HTTPS."""
        return list(self._redirect_urls)

    @property
    def ops_urls(self) -> list[str]:
        """Where operators are told how it goes."""
        return [] if self._ops is None else [listener.url for listener in self._ops.listeners]

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        """What TLS connections are made from at the moment; `None` if TLS is not spoken."""
        return next((one.certificates.context for one in self._listeners if one.certificates is not None), None)

    @property
    def multithread(self) -> bool:
        """Handlers may run at the same time in one process."""
        return self._options.runner != "inline" and self._options.threads > 1

    @property
    def multiprocess(self) -> bool:
        """Several processes serve."""
        return self._processes > 1

    @property
    def mode(self) -> str:
        """How requests are run, in plain words."""
        how = {"inline": "multiplexed", "late": "late promotion", "pool": "a pool"}[self._options.runner]
        if self._processes == 1 and self._is_supervised and not self.multithread:
            return f"1 worker process with one thread, {how}"
        worker = "worker process" if self._is_supervised else "process"
        processes = f"1 {worker}" if self._processes == 1 else f"{self._processes} processes"
        if self.multithread:
            return f"{processes} x {self._options.threads} threads, {how}"
        return f"one thread, {how}" if self._processes == 1 else f"{processes} with one thread each, {how}"

    def fileno(self) -> int:
        """Return the descriptor of the first listening socket."""
        return self._listeners[0].sock.fileno()

    def reload_certificates(self) -> bool:
        """Read changed certificates now instead of within seconds; False if one is broken, see the log; the old one stays in use.

        Connections that are open keep theirs. In this process: workers look after the files by themselves.
        """
        kinds = {one.certificates for one in self._listeners if one.certificates is not None}
        # Each of them: one that is broken does not keep the others from being read.
        return False not in [certificates.reload() for certificates in kinds]

    def log(self, type: str, message: str, *args: object) -> None:
        """Write to the log; `type` is the name of a level, `"info"` say."""
        logger.log(logging.getLevelNamesMapping().get(type.upper(), logging.INFO), message, *args)

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `shutdown`, or until SIGINT stops a server that was made without signal handling.

        With several processes, signals are obeyed while this runs on the main thread. `poll_interval` is there for
        compatibility; nothing is polled.
        """
        if self._is_supervised:
            self._supervise()
        else:
            self._serve(with_signals=False)

    def serve_until_signalled(self, on_start: Callable[[], None]) -> None:
        """Serve until SIGTERM, SIGINT or SIGQUIT (on the main thread; off it, signals are left alone) or `shutdown`.

        `on_start` is called when signals are taken care of: who waits for what it says may send one. If the application's own
        start fails, that is logged, and `exit_code` is 3.
        """
        try:
            if self._is_supervised:
                self._lifecycle.startup()
            else:
                self._start_up()
        except Exception as error:
            logger.critical("The application's start failed; nothing is served.", exc_info=True)
            self.on_failure(error)
            self.exit_code = EXIT_BOOT_FAILED
            return
        if self._is_supervised:
            self._supervise(on_start)
        elif threading.current_thread() is threading.main_thread():
            self._serve(with_signals=True, on_start=on_start)
        else:
            self._serve(with_signals=False, on_start=on_start)

    def shutdown(self) -> None:
        """Stop accepting, let the requests in flight finish, and wait until `serve_forever` is about to return.

        Called before `serve_forever`, or from its thread, it does not wait. Not for handlers: it would wait for their own end.
        A server of one process may serve again; of several, the listener is closed.
        """
        with self._lock:
            self._is_stop_requested = True
            if self._stop is not None:
                self._stop()
            if self._serving_thread == threading.get_ident():
                return
        self._is_idle.wait()

    def server_close(self) -> None:
        """Close the listening sockets. For a server that does not serve (any more)."""
        close_all(self._listeners)
        if self.control is not None:
            self.control.close()
        if self._ops is not None:
            close_all(self._ops.listeners)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.server_close()

    # ------------------------------------------------------------------ serving

    def _serve(self, *, with_signals: bool, on_start: Callable[[], None] | None = None) -> None:
        self._begin()
        try:
            # With signals the process is about to end. A server that is stopped by `shutdown` may serve again.
            self._start_up()
            passed = PassedError()
            plain = self._make_server(passed if self._passes_errors else None, closes=with_signals)
            server = HookedServer(plain, self._wind_up)
            self._let_stop_by(partial(server.shutdown, is_patient=False))  # somebody waits for it
            if with_signals:
                more = lone_signals(self.reload_certificates)
                with (
                    SignalPipe((*WATCHED, *more)) as signals,
                    StopWatch(
                        server,
                        signals,
                        drain_timeout=self._options.stop_seconds,
                        pulse=None if self.notifier is None else self.notifier.pulse,
                        is_alone=True,
                        more=more,
                    ),
                    self._controlled(plain),
                ):
                    self._run(server, on_start)
            else:
                self._run(server, on_start)
            passed.leave()
        except KeyboardInterrupt:
            logger.info("Stopped by the keyboard.")
        finally:
            self._end()

    def _controlled(self, server: Server) -> AbstractContextManager[object]:
        """Answer questions about the server of this process, while entered."""
        return nullcontext() if self.control is None else ControlThread(self.control, server, self._urls)

    def _start_up(self) -> None:
        """Let the application do what it does before its first request in a process that serves by itself."""
        self._lifecycle.startup()
        try:
            self._lifecycle.worker_start()
        except BaseException:
            self._lifecycle.shutdown()
            raise

    def _wind_up(self) -> None:
        self._lifecycle.worker_stop()
        self._lifecycle.shutdown()

    def _run(self, server: HookedServer, on_start: Callable[[], None] | None) -> None:
        with writing_aside(self._options.log_queue_bytes):
            if on_start is not None:
                on_start()
                self.on_up()
                if self.notifier is not None:
                    self.notifier.ready("Serving with one process")
            server.serve_forever()

    def _supervise(self, on_start: Callable[[], None] | None = None) -> None:
        # PERF: a process that serves by itself has none of this in memory.
        from .board import Board
        from .escort import Escort
        from .generations import Generations
        from .supervisor.arbiter import Arbiter
        from .supervisor.reports import failure_of

        self._begin()
        generations = Generations(
            self._hooked(), self._listeners, self._options, self._processes, self._supervision, self._renew
        )
        escort = Escort(
            self._listeners,
            self._stop_listening,
            ops=self._ops,
            notifier=self.notifier,
            watched=self.watched,
        )
        try:
            self._lifecycle.startup()
            self._lifecycle.before_fork()
            arbiter = Arbiter(
                generations.plan(),
                renew=generations.renewed_plan,
                stop_listening=self._stop_listening,
                start_successor=None if on_start is None else escort.start_successor,
                board=Board(self._processes, metrics_bytes=self._supervision.metrics_bytes),
                companions=escort.companions,
            )
            escort.join(arbiter, self.on_up, is_successor=self.is_successor)
            self._let_stop_by(arbiter.stop)
            if self.control is not None:
                escort.answer(arbiter, self.control, self._urls)
            self.exit_code = arbiter.run(on_start)
            if self.exit_code != 0:
                self.on_failure(failure_of(arbiter.table.current))
            if arbiter.table.is_replaced:
                escort.disown()
        finally:
            escort.close()
            self._lifecycle.shutdown()
            self._end()

    def _make_server(self, passed: PassedError | None, *, closes: bool) -> Server:
        """Make the server of this process; with `closes`, new clients are refused from the moment it drains."""
        on_drain = self._drain if closes else None
        # Only now: what the application did when it started may have put middleware around it.
        application = self._hooked()
        handler = handler_for(application if passed is None else passed.watch(application))
        server = Server(handler, self._listeners, self._options, on_drain=on_drain)
        if passed is not None:
            passed.stop = partial(server.shutdown, is_patient=False)
        return server

    def _hooked(self) -> Any:  # Any: an application, or an AppSpec
        """Return what is served, with what a class of request handlers overrides."""
        return self.app if self._hooks is None else self._hooks.wrap(self.app)

    def _drain(self) -> None:
        self._stop_listening()
        if self.notifier is not None:
            self.notifier.stopping()

    def _stop_listening(self) -> None:
        self.on_stop()
        for listener in self._listeners:
            listener.close()

    def _begin(self) -> None:
        with self._lock:
            if self._serving_thread is not None:
                raise RuntimeError("This server is serving already.")
            self._serving_thread = threading.get_ident()
            self._is_idle.clear()

    def _let_stop_by(self, stop: Callable[[], None]) -> None:
        with self._lock:
            self._stop = stop
            if self._is_stop_requested:
                stop()

    def _end(self) -> None:
        with self._lock:
            self._stop = None
            self._serving_thread = None
            self._is_stop_requested = False
            self._is_idle.set()
