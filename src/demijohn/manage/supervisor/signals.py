"""`SignalPipe`: signals as bytes in a pipe, so that they are handled by an ordinary loop and never in the middle of something.

The handlers do nothing; the interpreter's C-level handler writes the signal's number into the pipe (`set_wakeup_fd`).
Install and restore on the main thread; `send` and `take` on any.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Iterable
from types import FrameType, TracebackType
from typing import Self


class SignalPipe:
    """Collects some signals while it is installed. A context manager; outside the main thread it installs nothing."""

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._numbers = frozenset(numbers)
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._before: list[tuple[signal.Signals, signal._HANDLER]] = []
        self._wakeup_before = -1

    def fileno(self) -> int:
        """Return the end that becomes readable when a signal has arrived."""
        return self._read

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            # A full pipe is no loss: what does not fit repeats what is unread.
            self._wakeup_before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
            self._before = [(number, signal.signal(number, _do_nothing)) for number in sorted(self._numbers)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._before:
            for number, handler in self._before:
                # A handler that was not set from Python cannot be put back; the default is the nearest.
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)
            signal.set_wakeup_fd(self._wakeup_before)
            self._before = []
        self.close()

    def close(self) -> None:
        """Close both ends."""
        os.close(self._read)
        os.close(self._write)

    def discard(self) -> None:
        """In a forked child: take the parent's handlers and the parent's pipe away. Signals must be blocked meanwhile."""
        if self._before:
            signal.set_wakeup_fd(-1)
            for number in self._numbers:
                signal.signal(number, signal.SIG_DFL)
            self._before = []
        self.close()

    def send(self, number: signal.Signals) -> None:
        """Put a signal into the pipe without sending it to anybody."""
        with contextlib.suppress(BlockingIOError):  # full: there is plenty to wake up for
            os.write(self._write, bytes([number]))

    def take(self) -> list[signal.Signals]:
        """Return the signals that arrived since the last call, in order. Never waits."""
        taken: list[signal.Signals] = []
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._read, 4096):
                taken += [signal.Signals(number) for number in data if number in self._numbers]
        return taken


class Terminal:
    """The terminal that this process was started from, if there is one. Make it before handlers are installed."""

    def __init__(self) -> None:
        self.is_there = _has_terminal()
        """It sends signals to this process."""
        # Whoever started us with nohup wants us to outlive it.
        self._is_to_be_survived = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

    @property
    def is_gone(self) -> bool:
        """It was there, and is not any more: SIGHUP means that what ran on it is to end."""
        return self.is_there and not self._is_to_be_survived and not _has_terminal()


def _has_terminal() -> bool:
    with contextlib.suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        return True
    return False


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """Exists so that the interpreter neither dies of the signal nor ignores it."""
