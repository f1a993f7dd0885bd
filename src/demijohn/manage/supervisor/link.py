"""`WorkerLink`: a worker's end of its channel to the arbiter: what it tells, what it is asked, and its heartbeat.

`on_readable` and `pulse` are the stop watch's, which has a thread of its own, so that a worker answers while all its other
threads are inside handlers. `tell` and `replace_me` are for any thread.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping

from ..._base.clock import Clock, SystemClock
from ...serve.logwriter import reopen_logs
from ..board import Slot
from .channel import Channel, ChannelClosed, Message

logger = logging.getLogger("demijohn.supervisor")

FilesOf = Callable[[BaseException | None], Mapping[str, str]]
"""Returns the files that the application is made of and that were not told before, with signatures; of an error, those that it is
from, too. Any thread, one at a time."""

Answer = Callable[[Message], object]
"""Answers a question: told the whole message, returns what JSON can say. Called on the stop watch's thread; must not wait."""


def _answer_reopen_logs(question: Message) -> object:
    reopen_logs()
    return True


class WorkerLink:
    """One per worker."""

    def __init__(
        self, channel: Channel, slot: Slot | None, clock: Clock | None = None, files: FilesOf | None = None
    ) -> None:
        """Take over the channel. `slot` is the worker's place on the board; `files` tells what the application is made of."""
        self._channel = channel
        self._clock = clock or SystemClock()
        self._files = files
        self.slot = slot
        self._is_open = threading.Event()
        self.is_parent_gone = False
        self.queued: Callable[[], tuple[int, float]] = lambda: (0, 0.0)
        """Returns what waits for a thread, as `Server.queued` does. To be set while booting."""
        self.questions: dict[str, Answer] = {"reopen-logs": _answer_reopen_logs}
        """What the arbiter may ask, by name. Add to it while booting."""

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._channel.fileno()

    def tell(self, message: Message) -> None:
        """Tell the arbiter something; if it is gone, nobody."""
        with contextlib.suppress(ChannelClosed):  # its end is noticed where the channel is read
            self._channel.send(message)

    def replace_me(self, reason: str) -> None:
        """Ask for another worker in the place of this one, which serves until then."""
        self.tell({"replace_me": reason})

    def pulse(self) -> None:
        """Show that the interpreter runs, and tell what was loaded since the last time."""
        if self.slot is not None:
            self.slot.beat(self._clock.monotonic(), self.queued())
        self.tell_files()

    def tell_files(self, error: BaseException | None = None) -> None:
        """Tell what the application is made of as far as that is new, and where an error is from; if somebody wants to know."""
        if self._files is not None:
            files = self._files(error)
            if files:
                self.tell({"files": files})

    def wait_open(self) -> None:
        """Wait until this worker is to take traffic, or to stop."""
        self._is_open.wait()

    def release(self) -> None:
        """Let `wait_open` return."""
        self._is_open.set()

    def on_readable(self) -> None:
        """Obey and answer."""
        for message in self._channel.receive():
            if "go" in message:
                self._is_open.set()
            elif "ask" in message:
                self._answer(message)
        if self._channel.is_ended:
            self.is_parent_gone = True

    def _answer(self, question: Message) -> None:
        answer = self.questions.get(str(question["ask"]))
        if answer is None:
            self.tell({"answer": question.get("id"), "error": f"This worker cannot tell {question['ask']!r}."})
            return
        try:
            result = answer(question)
        except Exception as error:
            logger.exception("The supervisor's question %r could not be answered.", question["ask"])
            self.tell({"answer": question.get("id"), "error": f"{type(error).__name__}: {error}"})
        else:
            self.tell({"answer": question.get("id"), "result": result})
