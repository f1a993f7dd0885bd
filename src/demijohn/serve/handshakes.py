"""`Handshakes`: a few threads that do what TLS handshakes compute, so that the polling thread never does.

A signature takes a good part of a millisecond, in which OpenSSL releases the interpreter's lock. A step here is short and never
waits for a client: clients are waited for by the reactor (opening.py). No application code runs on these threads.
"""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from .engine import STOP_SECONDS

logger = logging.getLogger("demijohn.error")


class Handshakes:
    """`submit` is for the leader, `stop` for whoever ends the server. Threads are started when they are needed."""

    __slots__ = ("_count", "_is_stopped", "_steps", "_threads")

    def __init__(self, count: int) -> None:
        self._count = count
        self._steps: SimpleQueue[Callable[[], None] | None] = SimpleQueue()  # None: end
        self._threads: list[threading.Thread] = []
        self._is_stopped = False

    def submit(self, step: Callable[[], None]) -> None:
        """Run `step`, which raises nothing, soon; steps begin in the order they came."""
        self._steps.put(step)
        if len(self._threads) < self._count:
            self._start()

    def stop(self) -> None:
        """Let the threads end, and wait for that; steps that have not begun are dropped."""
        self._is_stopped = True
        for _ in self._threads:
            self._steps.put(None)
        for thread in list(self._threads):
            thread.join(timeout=STOP_SECONDS)

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name=f"demijohn-tls-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        try:
            while (step := self._steps.get()) is not None and not self._is_stopped:
                step()
        except BaseException:
            # Raised into this thread from outside: steps raise nothing.
            logger.critical("A thread for TLS handshakes died; another takes its place", exc_info=True)
            self._threads.remove(threading.current_thread())
            if not self._is_stopped:
                self._start()
