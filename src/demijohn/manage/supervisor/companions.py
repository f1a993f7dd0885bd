"""`Companions`: processes beside the workers that the arbiter keeps alive; each runs a function of somebody else's.

A companion ends when its lifeline does. It takes no signals: a terminal and systemd send them to everybody, but it is to stay to
the end. For the arbiter's thread only.
"""

import atexit
import contextlib
import logging
import os
import signal
import socket
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn

from ..._base.clock import Clock
from ..board import Board
from .forking import fork
from .reports import describe_status
from .signals import SignalPipe
from .stopwatch import WATCHED, leave_process

logger = logging.getLogger("demijohn.supervisor")

_AGAIN: Final = 1.0
"""Seconds between two starts of one."""

_PATIENCE: Final = 3.0
"""Seconds that all have to end in, before they are killed."""


def _nothing() -> None:
    pass


def _not_interested(lifeline: socket.socket) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Companion:
    """What is to be run beside the workers."""

    name: str
    """For the log."""
    run: Callable[[Board, socket.socket], None]
    """What it does, in its process, until the socket that it is given ends."""
    release: Callable[[], None] = _nothing
    """Closes what only it needs, in all other processes that are forked."""
    on_start: Callable[[socket.socket], None] = _not_interested
    """Told the supervisor's end of that socket, which stays ours, each time its process has been started."""


@dataclass(slots=True, eq=False)
class _Process:
    """One of them, and its process."""

    companion: Companion
    pid: int = 0
    lifeline: socket.socket | None = None
    start_at: float = float("-inf")


class Companions:
    """All of one arbiter."""

    def __init__(
        self, companions: Sequence[Companion], board: Board, signals: SignalPipe, clock: Clock, pids: set[int]
    ) -> None:
        """Prepare; `look` starts them. The others are the arbiter's; `pids` are those of children that it does not reap."""
        self._all = [_Process(companion) for companion in companions]
        self._self: _Process | None = None
        """In a companion: itself."""
        self._board = board
        self._pids = pids
        self._signals = signals
        self._clock = clock
        self.let_go: Callable[[], None] = lambda: None
        """Called in each child: closes what is the arbiter's."""
        self.is_held = False
        """None is started yet."""

    def look(self) -> None:
        """Start those that are not there."""
        if self.is_held:
            return
        now = self._clock.monotonic()
        for one in self._all:
            if one.pid and (status := _reap(one.pid, os.WNOHANG)) is not None:
                how = describe_status(os.waitstatus_to_exitcode(status))
                logger.error("The %s process %d %s; another takes its place.", one.companion.name, one.pid, how)
                self._forget(one)
            if not one.pid and now >= one.start_at:
                one.start_at = now + _AGAIN
                self._start(one)

    def close(self) -> None:
        """Close what is not this process's, in one that was forked by the arbiter."""
        for one in self._all:
            self._drop(one)
            if one is not self._self:
                one.companion.release()

    def stop(self) -> None:
        """Let them end, and wait for that; they are not started any more."""
        self.is_held = True
        until = self._clock.monotonic() + _PATIENCE
        for one in self._all:
            if one.lifeline is not None:
                with contextlib.suppress(OSError):  # it is gone
                    one.lifeline.shutdown(socket.SHUT_WR)
        for one in self._all:
            if one.pid and one.lifeline is not None:
                one.lifeline.settimeout(max(0.01, until - self._clock.monotonic()))
                try:
                    while one.lifeline.recv(4096):  # what it said last
                        pass
                except OSError:
                    os.kill(one.pid, signal.SIGKILL)
                _reap(one.pid, 0)
            self._forget(one)

    def _forget(self, one: _Process) -> None:
        self._pids.discard(one.pid)
        one.pid = 0
        self._drop(one)

    @staticmethod
    def _drop(one: _Process) -> None:
        if one.lifeline is not None:
            one.lifeline.close()
            one.lifeline = None

    def _start(self, one: _Process) -> None:
        one.lifeline, theirs = socket.socketpair()
        with theirs:
            try:
                one.pid = fork(partial(self._live, one, theirs))
            except OSError as error:
                logger.error("Cannot fork the %s process: %s", one.companion.name, error)  # noqa: TRY400 - the traceback would only show this line
                self._drop(one)
            else:
                self._pids.add(one.pid)
                one.companion.on_start(one.lifeline)

    def _live(self, one: _Process, lifeline: socket.socket, mask: Iterable[int]) -> NoReturn:
        """Be a companion."""
        code = 1
        try:
            self._self = one
            self._signals.discard()
            self.let_go()
            self.close()
            atexit._clear()
            for number in (*WATCHED, signal.SIGHUP, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU):
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            one.companion.run(self._board, lifeline)
            code = 0
        except BaseException:  # noqa: BLE001 - the stack below belongs to the arbiter; nothing may unwind into it
            traceback.print_exc()
        finally:
            leave_process(code)


def _reap(pid: int, options: int) -> int | None:
    """Return how a process ended; `None` if it lives. Process 1 may have taken it for a stranger, and reaped it."""
    try:
        reaped, status = os.waitpid(pid, options)
    except ChildProcessError:
        return 0
    return status if reaped else None
