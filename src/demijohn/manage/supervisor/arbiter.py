"""`Arbiter`: carries out what the policy decides. Forks, signals and reaps workers; decides nothing and serves nobody.

    run -> _wait (signals, status pipes, deadlines) -> _collect events -> table.record -> policy.decide -> _carry_out

One thread: the one that calls `run`. Only `stop` may be called from another.
"""

import gc
import logging
import os
import selectors
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Final

from ..._base.clock import Clock, SystemClock
from .events import (
    Action,
    Event,
    Exit,
    Log,
    SendSignal,
    SignalReceived,
    SignalSent,
    Spawn,
    SpawnFailed,
    StopListening,
    Tick,
    WorkerExited,
    WorkerReady,
    WorkerSpawned,
)
from .policy import SupervisorPolicy
from .signals import SignalPipe
from .table import WorkerTable
from .worker import READY, Boot, Inheritance, run_worker

logger = logging.getLogger("demijohn.supervisor")

HANDLED: Final = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGCHLD,
)

_LONGEST_WAIT: Final = 1.0
"""Off the main thread there is no SIGCHLD; a death that no pipe told of is noticed after this many seconds."""

_REAP_RETRY: Final = 0.02
"""A worker's pipe ends a little before the worker can be reaped."""

_MOST_CAUSE: Final = 64 << 10
"""Bytes kept of what a worker says about a failed boot."""


@dataclass(slots=True)
class _Child:
    """The arbiter's end of one worker."""

    status: int
    """Read end of its status pipe; -1 once it has ended."""
    said: bytearray = field(default_factory=bytearray)
    is_ready: bool = False


class Arbiter:
    """Runs `boot` in `processes` forked workers and keeps it so. Used once."""

    def __init__(
        self,
        boot: Boot,
        processes: int,
        policy: SupervisorPolicy | None = None,
        *,
        drain_timeout: float = 30.0,
        stop_listening: Callable[[], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare; nothing is forked yet. Bind the listeners before, so that all workers share them.

        Args:
            boot: called in each worker; makes its server.
            processes: how many workers.
            policy: see `SupervisorPolicy`. Its graceful_timeout should not be shorter than `drain_timeout`.
            drain_timeout: how long the server's graceful stop takes at most, in seconds.
            stop_listening: closes the listeners in this process; called when stopping begins, maybe more than once.
            clock: for tests.
        """
        self._boot = boot
        self._policy = policy or SupervisorPolicy(graceful_timeout=drain_timeout + 5.0)
        self._drain_timeout = drain_timeout
        self._stop_listening = stop_listening
        self._clock = clock or SystemClock()
        self._table = WorkerTable.empty(processes)
        self._children: dict[int, _Child] = {}
        self._signals = SignalPipe(HANDLED)
        self._selector = selectors.DefaultSelector()
        self._lifeline_read, self._lifeline_write = os.pipe()

    @property
    def table(self) -> WorkerTable:
        """What is known of the workers; a frozen value."""
        return self._table

    def stop(self) -> None:
        """Do as if SIGTERM had arrived; a second time, leave quickly. Any thread."""
        self._signals.send(signal.SIGTERM)

    def run(self, on_start: Callable[[], None] | None = None) -> int:
        """Supervise until a stop is asked for and the last worker has left, or none can boot; return the exit code.

        `on_start` is called before the first fork, when signals are taken care of.

        On the main thread, SIGTERM, SIGINT, SIGQUIT, SIGTTIN and SIGTTOU are obeyed meanwhile.
        """
        gc.collect()
        # What exists now is never collected in the workers: collecting would write to, and so copy, every shared page.
        gc.freeze()
        try:
            with self._signals:
                self._selector.register(self._signals, selectors.EVENT_READ)
                if on_start is not None:
                    on_start()
                return self._loop()
        finally:
            gc.unfreeze()
            # If this is an error's way out, the end of the lifeline tells the workers.
            self._selector.close()
            os.close(self._lifeline_write)
            os.close(self._lifeline_read)

    def _loop(self) -> int:
        exit_code = self._step(Tick())
        while exit_code is None:
            self._wait()
            # One at a time: acting on an event must not meet a worker that a later event has reaped already.
            for event in chain(self._collect(), (Tick(),)):
                exit_code = self._step(event)
                if exit_code is not None:
                    break
        return exit_code

    def _step(self, event: Event) -> int | None:
        """Record an event and do what the policy says; return the exit code if it says to leave."""
        now = self._clock.monotonic()
        self._table = self._table.record(event, now)
        for action in self._policy.decide(self._table, event, now):
            if isinstance(action, Exit):
                return action.code
            self._carry_out(action)
        return None

    def _carry_out(self, action: Action) -> None:
        match action:
            case Spawn(slot):
                self._note(self._spawn(slot))
            case SendSignal(pid, number):
                # Not reaped yet, so the number is the worker's and nobody else's.
                os.kill(pid, number)
                self._note(SignalSent(pid, number))
            case StopListening():
                if self._stop_listening is not None:
                    self._stop_listening()
            case Log(level, message):
                logger.log(level, "%s", message)
            case Exit():
                raise AssertionError("an exit is carried out by leaving the loop")

    def _note(self, outcome: Event) -> None:
        """Record how an action came out."""
        self._table = self._table.record(outcome, self._clock.monotonic())

    # ------------------------------------------------------------------ waiting

    def _wait(self) -> None:
        timeout = _LONGEST_WAIT
        due = self._policy.wake_time(self._table)
        if due is not None:
            timeout = min(timeout, max(0.0, due - self._clock.monotonic()))
        if any(child.status < 0 and not child.is_ready for child in self._children.values()):
            timeout = min(timeout, _REAP_RETRY)
        self._selector.select(timeout)

    def _collect(self) -> Iterator[Event]:
        """Find out what happened, without waiting."""
        for number in self._signals.take():
            if number != signal.SIGCHLD:
                yield SignalReceived(number)
        for pid, child in list(self._children.items()):
            yield from self._read_status(pid, child)
            # SECURITY: by number, never "any child": a stranger's exit code must not pass for a worker's.
            reaped, status = os.waitpid(pid, os.WNOHANG)
            if reaped:
                yield from self._read_status(pid, child)
                del self._children[pid]
                self._forget_pipe(child)
                cause = "" if child.is_ready else child.said.decode("utf-8", "replace")
                yield WorkerExited(pid, os.waitstatus_to_exitcode(status), cause)
        if os.getpid() == 1:
            self._reap_strangers()

    def _read_status(self, pid: int, child: _Child) -> Iterator[Event]:
        """Take in what a worker says about its boot."""
        while child.status >= 0:
            try:
                data = os.read(child.status, 4096)
            except BlockingIOError:
                return
            if not data:
                self._forget_pipe(child)
            elif len(child.said) < _MOST_CAUSE:
                child.said += data
            if child.said == READY and not child.is_ready:
                child.is_ready = True
                yield WorkerReady(pid)

    def _forget_pipe(self, child: _Child) -> None:
        if child.status >= 0:
            self._selector.unregister(child.status)
            os.close(child.status)
            child.status = -1

    def _reap_strangers(self) -> None:
        """As process 1 we inherit orphans; take them off the process table, and the workers not."""
        while True:
            try:
                waiting = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if waiting is None or waiting.si_pid in self._children:
                # A worker in front is reaped in the next round, and shows what stands behind it.
                return
            os.waitpid(waiting.si_pid, os.WNOHANG)

    # ------------------------------------------------------------------ forking

    def _spawn(self, slot: int) -> WorkerSpawned | SpawnFailed:
        status_read, status_write = os.pipe()
        # A signal to the child must not be taken by the handlers, and written to the pipe, that it still shares with us.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        inherited = Inheritance(
            signals=self._signals,
            status=status_write,
            lifeline=self._lifeline_read,
            let_go=partial(self._let_go, status_read),
            mask=mask,
        )
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        try:
            pid = os.fork()
            if pid == 0:
                run_worker(self._boot, inherited, self._drain_timeout)
        except OSError as error:
            os.close(status_read)
            logger.error("Cannot fork a worker: %s", error)  # noqa: TRY400 - the traceback would only show this line
            return SpawnFailed(slot, str(error))
        finally:
            os.close(status_write)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.set_blocking(status_read, False)
        self._children[pid] = _Child(status_read)
        self._selector.register(status_read, selectors.EVENT_READ)
        return WorkerSpawned(slot, pid)

    def _let_go(self, status_read: int) -> None:
        """In a child: close what belongs to the arbiter."""
        self._selector.close()
        for fd in (status_read, self._lifeline_write, *(child.status for child in self._children.values())):
            if fd >= 0:
                os.close(fd)
