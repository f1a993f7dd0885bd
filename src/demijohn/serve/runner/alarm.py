"""`Alarm`: what a thread sleeps on that others wake."""

import contextlib
import threading


class Alarm:
    """Rung, it ends one wait: the one that is under way, or else the next. Ringing it twice before that is ringing it once."""

    __slots__ = ("_silence",)

    def __init__(self) -> None:
        # Free when somebody has rung. No SimpleQueue: one of CPython 3.11 whose wait a signal interrupts may wait for ever.
        self._silence = threading.Lock()
        self._silence.acquire()

    def ring(self) -> None:
        """Wake who waits. Any thread, and signal handlers."""
        with contextlib.suppress(RuntimeError):  # it rings already
            self._silence.release()

    def wait(self, seconds: float = -1) -> None:
        """Wait until it is rung, or for so many seconds; below 0: for as long as it takes. One thread at a time."""
        self._silence.acquire(timeout=seconds)
