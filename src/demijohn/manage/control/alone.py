"""Control of a process that serves alone, without a supervisor: the same questions, answered by a small thread of its own.

So it answers while every other thread is inside a handler.
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Final, Self

from ...serve import Server
from ..lonesignals import HOW
from .answers import answers_of, set_log_level
from .commands import Answers, Commands
from .place import ControlListener
from .protocol import ControlError, Message
from .rows import facts, worker_row
from .server import ControlServer, Reply

_NOT_ALONE: Final = f"This server runs in one process, without a supervisor; for that, {HOW}."


class LoneTarget:
    """This process. See `Target`."""

    def __init__(self, server: Server, urls: list[str]) -> None:
        """Prepare. `urls`: what a person would open."""
        self._server = server
        self._urls = urls
        self._answers = answers_of(server)
        self._began = time.monotonic()
        self._started_at = time.time()

    def status(self) -> Message:
        """See `Target`."""
        return {
            **facts(self._urls),
            "is_supervised": False,
            "state": "serving" if self._server.is_ready else "stopping",
            "started_at": self._started_at,
            "uptime": time.monotonic() - self._began,
            "wanted": 1,
            "generation": 1,
        }

    def workers(self) -> list[Message]:
        """See `Target`."""
        queued, since = self._server.queued()
        now = time.monotonic()
        return [
            worker_row(
                os.getpid(),
                self._server.stats,
                state="serving",
                age=now - self._began,
                queued=queued,
                oldest_queued=max(0.0, now - since) if since else 0.0,
            )
        ]

    def reload(self, reply: Reply) -> None:
        """See `Target`."""
        raise ControlError(_NOT_ALONE)

    def scale(self, wanted: int) -> Message:
        """See `Target`."""
        raise ControlError(_NOT_ALONE)

    def stop(self, *, is_quick: bool) -> Message:
        """See `Target`. By the signal for it, so that all is as it is then."""
        os.kill(os.getpid(), signal.SIGQUIT if is_quick else signal.SIGTERM)
        return {"is_stopping": True}

    def ask(self, pids: list[int], question: Message, done: Callable[[Answers], None]) -> None:
        """See `Target`."""
        try:
            answer: Message = {"result": self._answers[question["ask"]](question)}
        except ControlError as error:
            answer = {"error": str(error)}
        done(dict.fromkeys(pids, answer))

    def set_log_level(self, name: str, level: int) -> str:
        """See `Target`. It makes none."""
        return set_log_level(name, level)

    def raw_stacks(self, pid: int, done: Callable[[str], None]) -> bool:
        """See `Target`. Never needed: who asks is this process."""
        return False


class ControlThread:
    """Answers on a thread, while it is entered as a context manager."""

    def __init__(self, listener: ControlListener, server: Server, urls: list[str]) -> None:
        """Prepare; the listener is taken over."""
        self._control = ControlServer(listener, Commands(LoneTarget(server, urls)))
        theirs, self._wake = socket.socketpair()
        self._theirs = theirs
        self._control.watch(theirs, self._stop)
        self._is_stopped = False
        self._thread = threading.Thread(target=self._work, name="demijohn-control", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._wake.close()
        self._thread.join()
        self._control.close()
        self._theirs.close()

    def _work(self) -> None:
        while not self._is_stopped:
            self._control.turn(None)

    def _stop(self, mask: int) -> None:
        self._is_stopped = True
