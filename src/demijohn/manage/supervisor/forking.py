"""`fork`: a child that takes no signal of its parent's, and says nothing twice. What it is to be is its caller's."""

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import NoReturn


def fork(live: Callable[[Iterable[int]], NoReturn]) -> int:
    """Fork; return the child's process id.

    Args:
        live: what the child does. Told the signal mask to restore: until then signals are blocked, because one to the child
            must not be taken by the handlers, and written to the pipe, that it still shares with its parent.

    Raises:
        OSError: that is not possible.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    flush_streams()
    try:
        with warnings.catch_warnings():
            # Threads that are not there in the child: ours are started anew or not needed; the application's are named by
            # the fork audit.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            live(mask)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return pid


def flush_streams() -> None:
    """Let out what was printed: a child that is forked, or a process that ends without unwinding, must not keep it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            # Closed, gone, or None: there is nobody to tell.
            continue
