"""`StopWatch`: turns signals, and the parent's death, into an orderly stop of a server that runs in this process.

A thread of its own waits for them, so that a stop is noticed while every other thread is inside a handler.
"""

import logging
import os
import selectors
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Final, NoReturn, Protocol, Self

from ..._base.clock import Clock, SystemClock
from ...serve.logwriter import reopen_logs
from .forking import flush_streams
from .signals import SignalPipe

logger = logging.getLogger("demijohn.supervisor")

WATCHED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1)

EXIT_FORCED: Final = 1
"""Exit code of a process that did not come to an end by itself in time."""


class Serving(Protocol):
    """What can be served and stopped: `demijohn.serve.Server`, or what stands in for it."""

    def serve_forever(self) -> None:
        """Serve; return when stopped."""

    def shutdown(self, *, is_patient: bool = True) -> None:
        """Stop accepting, finish what is in flight; not patient: wait for nothing else. Any thread; returns at once."""

    def shutdown_now(self) -> None:
        """Stop without finishing anything. Any thread; returns at once."""


class Supervised(Protocol):
    """A worker's link to its supervisor: `WorkerLink`. All of it is used by the watching thread alone."""

    is_parent_gone: bool

    def fileno(self) -> int:
        """Return the descriptor to wait for."""

    def on_readable(self) -> None:
        """Take in what has come."""

    def pulse(self) -> None:
        """Show that this process gets on; about once a second."""

    def release(self) -> None:
        """It is to stop: whoever waits to be let serve need wait no longer."""


PULSE_SECONDS: Final = 1.0


class StopWatch:
    """Watches while it is entered (as a context manager, around `serve_forever`).

    SIGTERM, SIGINT: stop gracefully, and after SIGINT, behind which somebody sits at a keyboard, without waiting for clients that
    might still send something. SIGQUIT: stop now. SIGUSR1: open log files anew. With `is_alone`, a second SIGTERM or SIGINT stops
    now as well; a supervised worker gets Ctrl+C twice, from the terminal and from its supervisor, and must not mistake that for
    impatience.
    """

    def __init__(
        self,
        server: Serving,
        signals: SignalPipe,
        *,
        drain_timeout: float,
        link: Supervised | None = None,
        pulse: Callable[[], None] | None = None,
        is_alone: bool = False,
        more: Mapping[signal.Signals, Callable[[], None]] | None = None,
        quick_timeout: float = 3.0,
        clock: Clock | None = None,
    ) -> None:
        """Prepare to watch.

        Args:
            server: what to stop.
            signals: an installed pipe of the signals in `WATCHED`.
            drain_timeout: how long the server's own graceful stop takes at most.
            link: of a worker to its supervisor; its end tells that the supervisor is gone.
            pulse: called about once a second by a process that has no link.
            is_alone: nobody supervises this process.
            more: what to do on other signals that the pipe collects; without, nothing. Must not wait.
            quick_timeout: how long a stop may overrun before the process is ended from here.
            clock: for tests.
        """
        self._server = server
        self._signals = signals
        self._link = link
        self._pulse = pulse if link is None else link.pulse
        self._is_alone = is_alone
        self._more = more or {}
        self._drain_timeout = drain_timeout
        self._quick_timeout = quick_timeout
        self._clock = clock or SystemClock()
        self._stop_level = 0  # 0 serving, 1 finishing, 2 leaving; the watching thread's
        self._deadline: float | None = None  # when the process is ended by force; the watching thread's
        self._done_read, self._done_write = os.pipe()
        self._thread = threading.Thread(target=self._watch, name="demijohn-stopwatch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._done_write)
        self._thread.join()
        os.close(self._done_read)

    def _watch(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._done_read, selectors.EVENT_READ)
            selector.register(self._signals, selectors.EVENT_READ)
            link = self._link
            if link is not None:
                selector.register(link, selectors.EVENT_READ)
            pulse_at = self._clock.monotonic()
            while True:
                now = self._clock.monotonic()
                times = [] if self._deadline is None else [self._deadline]
                if self._pulse is not None:
                    if now >= pulse_at:
                        self._pulse()
                        pulse_at = now + PULSE_SECONDS
                    times.append(pulse_at)
                timeout = max(0.0, min(times) - now) if times else None
                ready = {key.fileobj for key, _ in selector.select(timeout)}
                if self._done_read in ready:
                    return
                if link is not None and link in ready:
                    link.on_readable()
                    if link.is_parent_gone:
                        selector.unregister(link)
                        link = None
                        logger.warning("The supervisor is gone; process %d stops.", os.getpid())
                        self._raise_level(1, is_patient=True)
                for number in self._signals.take():
                    self._on_signal(number)
                if self._deadline is not None and self._clock.monotonic() >= self._deadline:
                    # Not leave_process: whatever is stuck may hold the lock of a log handler or of a stream.
                    os.write(2, f"Process {os.getpid()} did not stop in time and is ended.\n".encode())
                    os._exit(EXIT_FORCED)

    def _on_signal(self, number: signal.Signals) -> None:
        if number == signal.SIGUSR1:
            reopen_logs()
        elif number not in WATCHED:
            if number in self._more:
                self._more[number]()
        elif number == signal.SIGQUIT or (self._is_alone and self._stop_level >= 1):
            self._raise_level(2)
        else:
            self._raise_level(1, is_patient=number != signal.SIGINT)

    def _raise_level(self, level: int, *, is_patient: bool = False) -> None:
        if level <= self._stop_level:
            return
        self._stop_level = level
        if level == 1:
            if self._is_alone:
                logger.info("Stopping once the requests in flight are answered; again to stop at once.")
            self._deadline = self._clock.monotonic() + self._drain_timeout + self._quick_timeout
            self._server.shutdown(is_patient=is_patient)
        else:
            self._deadline = self._clock.monotonic() + self._quick_timeout
            self._server.shutdown_now()
        if self._link is not None:
            self._link.release()


def leave_process(code: int) -> NoReturn:
    """End this process in good order but without unwinding the stack; what was printed and logged gets out first."""
    logging.shutdown()
    flush_streams()
    os._exit(code)
