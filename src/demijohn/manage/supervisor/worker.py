"""A worker's life from the fork to its exit. Runs in the child, on its main thread; never returns to the arbiter's stack."""

import atexit
import contextlib
import os
import signal
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

from .policy import EXIT_BOOT_FAILED
from .signals import SignalPipe
from .stopwatch import WATCHED, Serving, StopWatch, leave_process

READY: Final = b"ready\n"
"""What a worker says on its status pipe when it accepts connections. Anything else it says is why it does not."""

Boot = Callable[[], Serving]
"""Makes the server, in the worker. An exception is a failed boot."""


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a worker gets from the arbiter across the fork."""

    signals: SignalPipe
    """The arbiter's; to be discarded."""
    status: int
    """Write end of the pipe on which this worker tells how its boot went."""
    lifeline: int
    """Read end of a pipe that ends with the arbiter."""
    let_go: Callable[[], None]
    """Closes the arbiter's descriptors, which would keep pipes open that should end."""
    mask: Iterable[int]
    """The signal mask to restore; until then signals are blocked."""


def run_worker(boot: Boot, inherited: Inheritance, drain_timeout: float) -> NoReturn:
    """Boot, say so, serve until told to stop, and leave. Exit codes: 0 stopped, 1 failed while serving, 3 failed to boot."""
    code = 1
    try:
        inherited.signals.discard()
        inherited.let_go()
        # What was registered before the fork is the arbiter's to run, once, not every worker's. `random` has
        # re-seeded itself: the standard library registers that with os.register_at_fork.
        atexit._clear()
        with SignalPipe(WATCHED) as signals:
            signal.pthread_sigmask(signal.SIG_SETMASK, inherited.mask)
            code = _boot_and_serve(boot, inherited, signals, drain_timeout)
        atexit._run_exitfuncs()
    except BaseException:  # noqa: BLE001 - the stack below belongs to the arbiter; nothing may unwind into it
        traceback.print_exc()
    finally:
        leave_process(code)


def _boot_and_serve(boot: Boot, inherited: Inheritance, signals: SignalPipe, drain_timeout: float) -> int:
    try:
        server = boot()
    except BaseException:  # noqa: BLE001 - SystemExit in an application's start is a failed boot, too
        traceback.print_exc()
        _tell(inherited.status, traceback.format_exc().encode("utf-8", "replace"))
        return EXIT_BOOT_FAILED
    with StopWatch(server, signals, drain_timeout=drain_timeout, lifeline=inherited.lifeline):
        _tell(inherited.status, READY)
        server.serve_forever()
    return 0


def _tell(status: int, what: bytes) -> None:
    """Write to the status pipe, and close it."""
    with contextlib.suppress(BrokenPipeError):  # the arbiter is gone; the lifeline will tell
        while what:
            what = what[os.write(status, what) :]
    os.close(status)
