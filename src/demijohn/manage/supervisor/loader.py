"""The loader (zygote) of a generation: loads the application once, and forks a worker of it whenever the arbiter asks for one.

Workers are not its children: it forks a process that forks the worker and ends, so that the kernel gives the worker to the
arbiter, the nearest subreaper, which waits for it by its number as for those that it forks itself. It serves nobody, and has one
thread. Linux only: elsewhere nobody can be a subreaper.
"""

import ctypes
import faulthandler
import gc
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, NoReturn

from .channel import Channel, Message
from .forking import fork
from .plan import Loaded
from .signals import SignalPipe
from .stopwatch import leave_process
from .worker import STACKS_SIGNAL, Inheritance, report_failure, run_child, run_worker

_PR_SET_CHILD_SUBREAPER: Final = 36


def adopt_orphans() -> bool:
    """Become the parent of all descendants whose parents end; False where that is not possible."""
    if sys.platform != "linux":
        return False
    return ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0  # type: ignore[no-any-return]  # an int


def run_loader(load: Callable[[], Loaded], inherited: Inheritance) -> NoReturn:
    """Load, say so, fork workers until told to stop, and leave. Exit codes as of `run_worker`."""
    run_child(inherited, lambda signals: _load_and_fork(load, inherited, signals))


def _load_and_fork(load: Callable[[], Loaded], inherited: Inheritance, signals: SignalPipe) -> int:
    channel = Channel(inherited.sock)
    link = inherited.make_link(channel, None)
    faulthandler.register(STACKS_SIGNAL, file=channel.fileno(), all_threads=True)
    try:
        loaded = load()
    except BaseException as error:  # noqa: BLE001 - SystemExit while loading is a failed boot, too
        return report_failure(link, error)
    gc.collect()
    # What exists now is never collected in the workers: collecting would write to, and so copy, every shared page.
    gc.freeze()
    link.tell_files()
    link.tell({"ready": True})
    _fork_when_asked(loaded, inherited, channel, signals)
    loaded.unload()
    return 0


def _fork_when_asked(loaded: Loaded, inherited: Inheritance, channel: Channel, signals: SignalPipe) -> None:
    """Return when told to stop, or when the arbiter is gone.

    SIGTERM and SIGINT do nothing: a terminal and systemd send them to everybody, but the loader goes after its last worker.
    """
    fds: list[int] = []
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        selector.register(signals, selectors.EVENT_READ)
        while not channel.is_ended:
            selector.select()
            for message in channel.receive_with_fds(fds):
                if "stop" in message:
                    return
                if "fork" in message:
                    with socket.socket(fileno=fds.pop(0)) as sock:
                        _fork(loaded, message, replace(inherited, sock=sock, row=message["row"]), channel, signals)
            if signal.SIGQUIT in signals.take():
                leave_process(0)


def _fork(loaded: Loaded, message: Message, inherited: Inheritance, channel: Channel, signals: SignalPipe) -> None:
    read, write = os.pipe()

    def live(mask: Iterable[int]) -> NoReturn:
        _fork_once_more(loaded, replace(inherited, signals=signals, let_go=channel.close, mask=mask), read, write)

    try:
        between = fork(live)
    except OSError as error:
        os.close(read)
        channel.send({"forked": message["fork"], "error": str(error)})
        return
    finally:
        os.close(write)
    with open(read, "rb") as pipe:
        said = pipe.read()
    # Only when it has ended is the worker the arbiter's child.
    os.waitpid(between, 0)
    if said.isdigit():
        channel.send({"forked": message["fork"], "pid": int(said)})
    else:
        channel.send({"forked": message["fork"], "error": said.decode("utf-8", "replace") or "its parent was killed"})


def _fork_once_more(loaded: Loaded, inherited: Inheritance, read: int, write: int) -> NoReturn:
    try:
        pid = os.fork()
        if pid == 0:
            os.close(read)
            os.close(write)
            run_worker(lambda: replace(loaded, unload=_not_mine), inherited)
        os.write(write, str(pid).encode())
    except OSError as error:
        os.write(write, str(error).encode())
    finally:
        os._exit(0)


def _not_mine() -> None:
    """The application is unloaded where it was loaded."""
