"""A worker's life from the fork to its exit. Runs in the child, on its main thread; never returns to its parent's stack."""

import atexit
import faulthandler
import signal
import socket
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

from ..board import Board, Slot
from ..exitcodes import EXIT_BOOT_FAILED, EXIT_NOT_FOUND
from .channel import Channel
from .link import FilesOf, WorkerLink
from .plan import BootError, Loaded, NoApplicationError
from .signals import SignalPipe
from .stopwatch import WATCHED, StopWatch, leave_process

STACKS_SIGNAL: Final = signal.SIGUSR2
"""Makes a worker write the stacks of all its threads to its channel, from C, whatever its interpreter does."""

_OBEYED: Final = (*WATCHED, signal.SIGHUP)
"""A hang-up is the supervisor's to act on; it must not end a worker. (Ignored, it would be for the worker's children, too.)"""


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a worker gets across the fork."""

    signals: SignalPipe
    """Of the process it was forked from; to be discarded."""
    sock: socket.socket
    """Its end of the channel to the arbiter."""
    let_go: Callable[[], None]
    """Closes descriptors of the process it was forked from, which would keep channels open that should end."""
    mask: Iterable[int]
    """The signal mask to restore; until then signals are blocked."""
    board: Board
    row: int
    """Of the board: this worker's; a loader has none."""
    drain_timeout: float
    files: Callable[[], FilesOf] | None = None
    """See `Plan`."""

    def make_link(self, channel: Channel, slot: Slot | None) -> WorkerLink:
        """Return the process's end, before it loads anything."""
        return WorkerLink(channel, slot, files=None if self.files is None else self.files())


def run_worker(load: Callable[[], Loaded], inherited: Inheritance) -> NoReturn:
    """Load, boot, say so, serve when let until told to stop, and leave.

    Exit codes: 0 stopped, 1 failed while serving, 2 no application, 3 failed to boot.
    """
    run_child(inherited, lambda signals: _load_and_serve(load, inherited, signals))


def run_child(inherited: Inheritance, live: Callable[[SignalPipe], int]) -> NoReturn:
    """Give back what is the parent's, call `live`, and leave with the code that it returns."""
    code = 1
    try:
        inherited.signals.discard()
        inherited.let_go()
        # What was registered before the fork is the parent's to run, once, not every child's. `random` has
        # re-seeded itself: the standard library registers that with os.register_at_fork.
        atexit._clear()
        with SignalPipe(_OBEYED) as signals:
            signal.pthread_sigmask(signal.SIG_SETMASK, inherited.mask)
            code = live(signals)
        atexit._run_exitfuncs()
    except BaseException:  # noqa: BLE001 - the stack below belongs to the parent; nothing may unwind into it
        traceback.print_exc()
    finally:
        leave_process(code)


def _load_and_serve(load: Callable[[], Loaded], inherited: Inheritance, signals: SignalPipe) -> int:
    channel = Channel(inherited.sock)
    link = inherited.make_link(channel, inherited.board.occupy(inherited.row))
    # Where a worker is that crashes, or is asked with the signal, is for the arbiter's log.
    faulthandler.enable(file=channel.fileno(), all_threads=True)
    faulthandler.register(STACKS_SIGNAL, file=channel.fileno(), all_threads=True)
    loaded = None
    try:
        loaded = load()
        server = loaded.boot(link)
    except BaseException as error:  # noqa: BLE001 - SystemExit in an application's start is a failed boot, too
        if loaded is not None:
            loaded.unload()
        return report_failure(link, error)
    link.pulse()
    with StopWatch(server, signals, drain_timeout=inherited.drain_timeout, link=link):
        link.tell({"ready": True})
        link.wait_open()
        server.serve_forever()
    loaded.unload()
    return 0


def report_failure(link: WorkerLink, error: BaseException) -> int:
    """Tell the arbiter why this process could not boot; return the exit code."""
    link.tell_files(error)
    if isinstance(error, BootError):
        link.tell({"failed": str(error)})
        return EXIT_NOT_FOUND if isinstance(error, NoApplicationError) else EXIT_BOOT_FAILED
    link.tell({"failed": "".join(traceback.format_exception(error))})
    return EXIT_BOOT_FAILED
