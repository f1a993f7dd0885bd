"""`Parent`: owns the listening sockets, starts the program on them, and starts it anew when its files change. Main thread.

    STARTING --ready--> SERVING --code changed--> ENDING --ended--> STARTING
    STARTING, SERVING --ended--> BROKEN --something changed--> STARTING
    STARTING --code changed--> ENDING

While nobody serves, whoever connects waits in the backlog of the sockets; in BROKEN, the parent itself answers why.
"""

import enum
import logging
import os
import selectors
import signal
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..._base.clock import Clock, SystemClock
from ...serve import Listener
from ..supervisor.signals import SignalPipe, Terminal
from ..watching.fileset import Kind
from ..watching.snapshot import Change
from ..watching.watch import Watch
from .brokenpage import BrokenPage
from .channel import Channel, Connection, Message
from .commandline import Command
from .failure import Failure
from .freshness import Freshness, files_below, forget_compiled, is_younger
from .handshake import Handshake, handed
from .pending import QUIET_SECONDS, Pending, shown
from .process import KILL_SECONDS, ChildProcess
from .terminal import TerminalState

logger = logging.getLogger("demijohn.reloader")

KEYBOARD_SECONDS: Final = 0.5
"""Ctrl+C is sent to the child by the terminal, too; one that has not begun to stop after so long is told."""

_SIGNALS: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGCHLD,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


class Phase(enum.Enum):
    """See the head of the file."""

    STARTING = 1
    SERVING = 2
    ENDING = 3
    BROKEN = 4
    LEAVING = 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """Times of a parent, in seconds."""

    drain: float = 5.0
    """How long a child may take to finish the requests in flight; after 3 s more it is killed."""
    leave: float = 30.0
    """The same when all of it ends."""
    quiet: float = QUIET_SECONDS
    """See there."""


class Parent:
    """Runs once."""

    def __init__(
        self,
        command: Command,
        watch: Watch,
        listeners: Sequence[Listener] = (),
        *,
        ops: Sequence[Listener] = (),
        bounds: Bounds | None = None,
        adhoc: tuple[str, str] | None = None,
        access_log: bool = False,
        refreshed_at: Collection[str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare.

        Args:
            command: starts the program.
            watch: its files.
            listeners: what it serves, and stays open all the time.
            ops: its listeners for operators, too.
            bounds: of what takes time.
            adhoc: certificate and key of `ssl_context="adhoc"`.
            access_log: log what is answered while the program is broken.
            refreshed_at: see `BrokenPage`.
            clock: for tests.
        """
        self._command = command
        self._watch = watch
        self._listeners = list(listeners)
        self._ops = list(ops)
        self._bounds = bounds or Bounds()
        self._adhoc = adhoc
        self._clock = clock or SystemClock()
        self._page = BrokenPage(listeners, access_log=access_log, refreshed_at=refreshed_at)
        self._fresh = Freshness()
        self._terminal = TerminalState()
        self._selector = selectors.DefaultSelector()
        self._watched_fd: int | None = None
        self._phase = Phase.STARTING
        self._child: ChildProcess | None = None
        self._count = 0
        self._has_served = False
        self._pending = Pending(self._clock, self._bounds.quiet)
        self._reason: list[str] = []  # what the running start is for
        self._kill_at: float | None = None
        self._remind_at: float | None = None  # when a child that is to leave is told once more

    def run(self) -> int:
        """Go on until SIGINT, SIGTERM or SIGQUIT; return the exit code."""
        self._tty = Terminal()
        with SignalPipe(_SIGNALS) as signals, self._selector:
            self._selector.register(signals, selectors.EVENT_READ, lambda: self._on_signals(signals))
            self._start()
            self._wait_for_hints()
            while not (self._phase is Phase.LEAVING and self._child is None):
                for key, _ in self._selector.select(self._timeout()):
                    if key.fd in self._selector.get_map():  # an earlier one may have closed it
                        key.data()
                self._on_time()
            self._terminal.restore()
        return 0

    # ------------------------------------------------------------------ what happens

    def _timeout(self) -> float | None:
        due = None if self._phase is Phase.LEAVING else self._watch.due
        times = [due, self._pending.due, self._kill_at, self._remind_at]
        if times == [None] * len(times):
            return None
        return max(0.0, min(time for time in times if time is not None) - self._clock.monotonic())

    def _on_time(self) -> None:
        now = self._clock.monotonic()
        if now >= self._watch.due:
            self._on_hint()
        child = self._child
        if child is not None:
            if self._remind_at is not None and now >= self._remind_at:
                self._remind_at = None
                if not child.is_stopping:
                    child.send(signal.SIGTERM)
            if self._kill_at is not None and now >= self._kill_at:
                self._kill_at = None
                logger.warning("Process %d did not end in time and is killed.", child.pid)
                child.send(signal.SIGKILL)
        if self._pending.due is not None and now >= self._pending.due:
            self._pending.drop_due()
            self._act()

    def _on_signals(self, signals: SignalPipe) -> None:
        for number in signals.take():
            if number == signal.SIGCHLD:
                self._on_child_signal()
            elif number == signal.SIGHUP and not self._tty.is_gone:
                logger.info("SIGHUP: starting anew.")
                self._pending.add([])
            elif number == signal.SIGUSR1:
                self._signal_child(number)  # log files
            elif number == signal.SIGUSR2:
                logger.warning("SIGUSR2: there is nobody to hand the sockets to while the reloader is on.")
            else:
                self._leave(number)

    def _on_hint(self) -> None:
        if self._phase is not Phase.LEAVING:
            changes = self._watch.take()
            self._wait_for_hints()
            self._take(changes)

    def _look(self) -> list[Change]:
        changes = self._watch.look()
        self._wait_for_hints()
        return changes

    def _take(self, changes: Iterable[Change]) -> None:
        """Sort changes by what they ask for."""
        by_kind: dict[Kind, list[str]] = {}
        for change in changes:
            by_kind.setdefault(change.kind, []).append(change.path)
        code = by_kind.pop(Kind.CODE, [])
        if self._phase is Phase.STARTING:
            code = [path for path in code if self._fresh.differs(path)]
        for kind, paths in by_kind.items():
            if self._phase is Phase.BROKEN:
                code += paths  # the program may read them when it starts
            elif self._child is not None:
                self._child.tell({"changed": kind.value, "paths": sorted(paths)})
        if code:
            self._pending.add(code)

    def _act(self) -> None:
        """Have what has changed loaded."""
        if self._phase is Phase.BROKEN:
            self._page.take_away()
            self._start()
        elif self._phase is Phase.STARTING and self._child is not None:
            if not all(is_younger(path, self._child.ready_ns) for path in self._pending):
                self._pending.grow_restless()
            self._end_child()
        elif self._phase is Phase.SERVING:
            self._end_child()

    # ------------------------------------------------------------------ the child

    def _start(self) -> None:
        """Start a child with the files as they are now."""
        code = [change.path for change in self._look() if change.kind is Kind.CODE]
        if code:
            self._pending.add(code)
        self._reason = self._pending.take()
        forget_compiled(self._reason)
        self._fresh.begin(self._watch.files.modules, self._reason)
        self._phase = Phase.STARTING
        channel = Channel()
        handshake = Handshake(
            os.getpid(),
            channel.child_fd,
            self._count,
            not self._has_served,
            self._watch.name,
            self._watch.count,
            handed(self._listeners),
            handed(self._ops),
            self._adhoc,
        )
        self._count += 1
        try:
            self._child = ChildProcess(self._command, channel, handshake, os.environ)
        except OSError as error:
            channel.close()
            self._show(Failure.of_text(f"The application cannot be started: {error}", " ".join(self._command.words)))
            return
        self._selector.register(channel, selectors.EVENT_READ, self._on_connect)

    def _end_child(self) -> None:
        """Have the child finish what it does; its end is heard of later."""
        child = self._child
        if child is None:
            return
        self._phase = Phase.ENDING
        child.tell({"changed": Kind.CODE.value, "paths": sorted(self._pending)})
        child.send(signal.SIGTERM)
        self._kill_at = self._clock.monotonic() + self._bounds.drain + KILL_SECONDS

    def _on_connect(self) -> None:
        child = self._child
        if child is None:
            return
        for connection in child.channel.accept():
            child.connections.append(connection)
            self._selector.register(connection, selectors.EVENT_READ, self._listener_to(connection))

    def _listener_to(self, connection: Connection) -> Callable[[], None]:
        def hear() -> None:
            if self._child is not None:
                for message in self._child.hear(connection):
                    self._on_message(self._child, message)
            if not connection.is_open:
                self._selector.unregister(connection)

        return hear

    def _on_message(self, child: ChildProcess, message: Message) -> None:
        if "failure" in message:
            files = child.failure.files if child.failure is not None else ()
            self._widen(child, message.get("roots", ()), files)
        elif "ready" in message and not child.is_ready:
            child.is_ready = True
            child.ready_ns = message["time_ns"]
            self._widen(child, message["roots"], message["modules"], message["templates"], message["statics"])
            if self._phase is Phase.STARTING and self._pending.due is None:
                self._on_ready()
            # Also if it is to end again, for an edit that was noticed before this was heard.
            self._has_served = True

    def _widen(
        self,
        child: ChildProcess,
        roots: Iterable[str],
        modules: Iterable[str],
        templates: Iterable[str] = (),
        statics: Iterable[str] = (),
    ) -> None:
        """Watch what the child is made of, too; what has changed since it was started must be loaded anew."""
        known = self._watch.files
        news = set(modules) - known.modules
        self._take(self._look())
        unseen = [path for path in news if not self._watch.knows(path)]
        # Of pages nobody has told us, some may have been shown already: workers serve before the last of them is ready.
        young = {
            kind: [
                path
                for path in files_below(folders)
                if not self._watch.knows(path) and is_younger(path, child.started_ns)
            ]
            for kind, folders in ((Kind.TEMPLATE, templates), (Kind.STATIC, statics))
        }
        self._watch.have(known.widened(roots, modules, templates, statics))
        self._wait_for_hints()
        for kind, paths in young.items():
            if paths:
                child.tell({"changed": kind.value, "paths": sorted(paths)})
        changed = [path for path in unseen if is_younger(path, child.started_ns)]
        if changed:
            self._pending.add(changed)

    def _on_ready(self) -> None:
        self._phase = Phase.SERVING
        self._pending.come_to_rest()
        if self._has_served:
            took = (self._clock.monotonic() - self._pending.noticed_at) * 1000
            why = f" because {shown(self._reason)} changed" if self._reason else ""
            logger.info(" * Reloaded%s (%d ms)", why, took)

    def _on_child_signal(self) -> None:
        child = self._child
        code = None if child is None else child.exit_code()
        if child is None or code is None:
            return
        # What it has said last is behind its end.
        self._on_connect()
        for connection in child.connections:
            for message in child.hear(connection):
                self._on_message(child, message)
        for fd in (child.channel.fileno(), *(connection.fileno() for connection in child.connections)):
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
        child.close()
        self._child = self._kill_at = self._remind_at = None
        self._terminal.restore()
        if self._phase is Phase.ENDING:
            self._start()
        elif self._phase is not Phase.LEAVING:
            self._break(child.failure or Failure.of_exit(code))

    def _break(self, failure: Failure) -> None:
        """The child has ended by itself."""
        self._take(self._look())
        if list(self._pending) and self._pending.grow_restless():
            self._start()  # it was made of what is not there any more
        else:
            self._show(failure)

    def _show(self, failure: Failure) -> None:
        self._phase = Phase.BROKEN
        urls = ", ".join(one.url for one in self._listeners if one.redirect_port is None)
        where = f" {urls} shows why." if urls else ""
        logger.error(" * %s.%s It is started again when a file changes.", failure.title.rstrip("."), where)
        self._page.show(failure)

    def _signal_child(self, number: signal.Signals) -> None:
        if self._child is not None:
            self._child.send(number)

    # ------------------------------------------------------------------ the end

    def _leave(self, number: signal.Signals) -> None:
        """End the child and then this process; told once more, at once."""
        now = self._clock.monotonic()
        child = self._child
        if self._phase is Phase.BROKEN:
            self._page.take_away()
        if child is not None:
            if self._phase is Phase.LEAVING or number == signal.SIGQUIT:
                child.send(signal.SIGQUIT)
                self._kill_at = now + KILL_SECONDS
            else:
                self._kill_at = now + self._bounds.leave + KILL_SECONDS
                if number == signal.SIGINT:
                    self._remind_at = now + KEYBOARD_SECONDS
                else:
                    child.send(signal.SIGTERM)
        self._phase = Phase.LEAVING

    # ------------------------------------------------------------------ small things

    def _wait_for_hints(self) -> None:
        """Wait for what the watch waits for, which may have another way of watching by now: behind each call of it."""
        fd = self._watch.fileno()
        if fd != self._watched_fd:
            if self._watched_fd is not None:
                self._selector.unregister(self._watched_fd)
            if fd is not None:
                self._selector.register(fd, selectors.EVENT_READ, self._on_hint)
            self._watched_fd = fd
