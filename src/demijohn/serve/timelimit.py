"""`HandlerLimit`: how long one run of a handler may take, and what happens to it when it takes longer.

First the handler is interrupted: an exception is raised in its very thread. If the thread does not answer soon after, as one that
waits in C code can't, the server answers 504 in its place. If it is still there much later, it is reported as stuck.

Two threads meet here: the handler's own (`begin_answer`, `end`) and the watchdog's (`enforce`). No exception may arrive when the
handler is done, for the thread has gone on to another request then.
"""

import contextlib
import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from ..seam import ClientDisconnected, TimeLimit
from .deadlines import NEVER
from .tlssocket import TlsSocket

logger = logging.getLogger("demijohn.error")

_GRACE = 0.05
"""Seconds an interrupted handler has to begin its answer before the server gives one."""

_AGAIN = 1.0
"""Seconds until a handler that swallowed the interruption, or could not notice it yet, is interrupted again."""


class Limited(Protocol):
    """What a limit needs of its exchange."""

    def describe(self) -> str:
        """Say which request it is, for a log."""

    def answer_for_handler(self) -> None:
        """Answer 504 while the handler still runs. The watchdog's thread, which has the right to answer."""


class HandlerLimit(TimeLimit):
    """A limit that the watchdog enforces. `enforce` is the watchdog's, all else the handler's thread's."""

    __slots__ = (
        "_answer", "_exchange", "_guard", "_is_answered", "_is_reported", "_limit", "_stuck_at", "_thread",
        "next_at", "on_end", "on_stuck", "was_interrupted",
    )  # fmt: skip

    def __init__(
        self, exchange: Limited, seconds: float, now: float, error: type[BaseException], stuck_after: float
    ) -> None:
        """Limit the calling thread to `seconds` from `now`; after `stuck_after` seconds more it counts as stuck."""
        self.deadline = now + seconds
        self.error = error
        self.next_at = self.deadline
        # Called with this when it is over; and when the thread is found to be stuck.
        self.on_end: Callable[[HandlerLimit], object] | None = None
        self.on_stuck: Callable[[], object] | None = None
        self._exchange = exchange
        self._limit = seconds
        self._stuck_at = self.deadline + stuck_after
        self._thread = threading.get_ident()
        self.is_over = False
        self._is_answered = False  # by the server
        self._is_reported = False
        # The exception was sent, and so it may have come anywhere in the handler's code, and in ours that it called.
        self.was_interrupted = False
        # Held while an exception is sent: who has it knows that none is on its way that was not sent before.
        self._guard = threading.Lock()
        self._answer: deque[bool] = deque((True,))  # who pops it gives the answer

    # ------------------------------------------------------------------ the handler's thread

    def begin_answer(self) -> None:
        """The handler's answer begins: the limit is over.

        Raises:
            ClientDisconnected: too late, the server has answered.
            BaseException: `error`, if it was under way.
        """
        self.is_over = True
        try:
            self._answer.pop()
        except IndexError:
            # Taken by the server; or by an earlier call of this, which `error` broke off.
            self.end()
            if self._is_answered:
                raise ClientDisconnected("The server has answered already: the handler's time was over.") from None
        self.end()

    def end(self) -> None:
        """The handler is done: from here on nothing is raised. Calling it again does nothing.

        Raises:
            BaseException: `error`, if it was just being delivered; call again then.
        """
        self.is_over = True
        if self.on_end is not None:
            self.on_end(self)
        with self._guard:
            pass  # whatever was being sent has been sent
        if self.was_interrupted:
            _take_back()

    # ------------------------------------------------------------------ the watchdog's thread

    def enforce(self, now: float) -> None:
        """Do what is due at `now`, and set `next_at`."""
        with self._guard:
            if self.is_over:
                self.next_at = NEVER
                return
            stack = sys._current_frames().get(self._thread)
            is_first = not self.was_interrupted
            self.was_interrupted = True
            _raise_in(self._thread, self.error)
        if is_first:
            logger.error(
                "%s has run for %g s, its time limit, and is interrupted. It was here:\n%s",
                self._exchange.describe(),
                self._limit,
                "".join(traceback.format_stack(stack)),
            )
            self.next_at = now + _GRACE
            return
        self.next_at = now + _AGAIN
        if not _is_at_the_socket(stack) and self._takes_answer():
            self._exchange.answer_for_handler()
        if now >= self._stuck_at and not self._is_reported:
            self._is_reported = True
            logger.critical(
                "%s has ignored the end of its time limit for %g s: its thread is stuck, in code that is not Python's or that"
                " catches every exception, and is lost to this process. It is here:\n%s",
                self._exchange.describe(),
                now - self.deadline,
                "".join(traceback.format_stack(stack)),
            )
            if self.on_stuck is not None:
                self.on_stuck()

    def _takes_answer(self) -> bool:
        with self._guard:
            try:
                self._answer.pop()
            except IndexError:
                return False  # taken before; or the handler has begun its answer just now
            self._is_answered = True
            return True


def _is_at_the_socket(frame: FrameType | None) -> bool:
    """Tell whether a thread is reading or writing a TLS connection, which OpenSSL does not allow another one meanwhile.

    One that is not will not begin to: the interruption that was just sent comes first.
    """
    while frame is not None:
        if frame.f_globals.get("__name__") == TlsSocket.__module__:
            return True
        frame = frame.f_back
    return False


class _TakenBack(BaseException):
    """Put in the place of an interruption that came too late."""


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Raise an exception in a thread when it next runs Python code, instead of one that it has not met yet."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


def _take_back() -> None:
    """Make sure that no exception is under way to the calling thread.

    Not by setting none: CPython 3.11 would go on looking for it at every function call, in all threads (its flag is only cleared
    by a delivery), and run in circles under a profiler.
    """
    me = threading.get_ident()
    with contextlib.suppress(_TakenBack):
        while True:
            _raise_in(me, _TakenBack)
