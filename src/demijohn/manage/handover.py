"""The handover of listening sockets from a supervisor to the one that takes its place (SIGUSR2): both ends of it.

`start_successor` runs the same command again, which inherits the sockets, and a pipe to say when it serves. `take_handover` finds
them there; the variable is for that process alone, and removed once it was read.
"""

import json
import os
import socket
import stat
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from .._base.record import record
from ..serve import Listener

if TYPE_CHECKING:
    import subprocess

VARIABLE: Final = "DEMIJOHN_HANDOVER"


@record
class HandedListener:
    """A socket that was handed over."""

    fd: int
    unlink: str | None
    """The file of a Unix socket that goes with it."""
    is_redirect: bool


class Handed(Protocol):
    """Who hands sockets over: a supervisor, or a reloader."""

    @property
    def listeners(self) -> tuple[HandedListener, ...]:
        """Those of the application, and those that redirect."""

    @property
    def ops(self) -> tuple[HandedListener, ...]:
        """Those of the endpoints for operators."""


@record
class Handover:
    """What a supervisor gives to its successor."""

    pid: int
    """Of the one that leaves."""
    ready_fd: int
    """Where the new one says that it serves."""
    listeners: tuple[HandedListener, ...]
    ops: tuple[HandedListener, ...] = ()
    """Those of the endpoints for operators."""

    def tell_ready(self) -> None:
        """Say that this process serves: the other one stops then."""
        try:
            os.write(self.ready_fd, b"ready\n")
        except BrokenPipeError:
            return  # it has left already
        finally:
            os.close(self.ready_fd)


def start_successor(
    listeners: Sequence[Listener],
    ready_fd: int,
    directory: str,
    environ: Mapping[str, str],
    ops: Sequence[Listener] = (),
) -> "subprocess.Popen[bytes]":
    """Run this process's command once more, with its sockets.

    Args:
        listeners: to hand over; those that each worker binds for itself are not.
        ready_fd: write end of a pipe, for `Handover.tell_ready`.
        directory: where this process was started.
        environ: more variables for it.
        ops: listeners of the endpoints for operators.

    Raises:
        OSError: it cannot be started.
    """
    import subprocess

    shared = [listener for listener in listeners if listener.is_shared]
    facts = {
        "pid": os.getpid(),
        "ready_fd": ready_fd,
        "listeners": [[one.sock.fileno(), one.path, one.redirect_port is not None] for one in shared],
        "ops": [[one.sock.fileno(), one.path, False] for one in ops],
    }
    return subprocess.Popen(  # noqa: S603 - what we were started with ourselves
        [sys.executable, *sys.orig_argv[1:]],
        cwd=directory,
        env={**os.environ, **environ, VARIABLE: json.dumps(facts)},
        pass_fds=[ready_fd, *(one.sock.fileno() for one in (*shared, *ops))],
    )


def take_handover() -> Handover | None:
    """Return what the supervisor that started this process hands over; `None` if it was started in another way.

    Raises:
        ValueError: the variable makes no sense.
    """
    text = os.environ.pop(VARIABLE, None)
    if text is None:
        return None
    try:
        facts = json.loads(text)
        if facts["pid"] != os.getppid():
            return None  # our parent's, not ours
        listeners, ops = (
            tuple(HandedListener(int(fd), path, bool(redirect)) for fd, path, redirect in handed)
            for handed in (facts["listeners"], facts.get("ops", []))  # an older version of us has none
        )
        handover = Handover(facts["pid"], int(facts["ready_fd"]), listeners, ops)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{VARIABLE} is {text!r}, which makes no sense: it is set by a supervisor only.") from error
    for one in (*listeners, *ops):
        if not stat.S_ISSOCK(os.fstat(one.fd).st_mode):
            raise ValueError(f"{VARIABLE} says that descriptor {one.fd} is a socket, and it is not.")
    os.set_inheritable(handover.ready_fd, False)
    return handover


def listeners_of(handover: Handed) -> tuple[list[Listener], list[Listener]]:
    """Return the listeners for the application, and those that redirect."""
    application: list[Listener] = []
    redirecting: list[Listener] = []
    for one in handover.listeners:
        (redirecting if one.is_redirect else application).append(_take(one))
    return application, redirecting


def ops_listeners_of(handover: Handed) -> list[Listener]:
    """Return the listeners of the endpoints for operators."""
    return [_take(one) for one in handover.ops]


def _take(handed: HandedListener) -> Listener:
    os.set_inheritable(handed.fd, False)
    return Listener(socket.socket(fileno=handed.fd), unlink=handed.unlink)
