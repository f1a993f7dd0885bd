"""The fork audit: what an application has opened while it was loaded, and what forked workers would share or miss.

A socket would be written to by all workers at once; a thread is not there after the fork; a lock that is held then is held for
ever, and one that is free is each worker's own; an event loop shares its selector. Each is named with the file and line that made
it. What only C code knows of is named without a line (sockets), or not seen (locks, threads that have never run Python).

For the process that loads the application, while it does.
"""

import asyncio
import contextlib
import os
import socket
import stat
import sysconfig
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from sys import _getframe
from types import FrameType, TracebackType
from typing import Any, Final, Self

from .findlocks import find_locks

_ADVICE: Final = "Make it in a function registered with app.on_worker_start(), which runs in each worker."

_LIBRARIES: Final = tuple({sysconfig.get_path("stdlib") + os.sep, sysconfig.get_path("platstdlib") + os.sep})
_SITE_PACKAGES: Final = tuple({sysconfig.get_path("purelib") + os.sep, sysconfig.get_path("platlib") + os.sep})
_MOST_NAMED: Final = 10
_OURS: Final = os.path.dirname(os.path.dirname(__file__)) + os.sep


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that workers cannot use as it is."""

    what: str
    """As the beginning of a sentence: `A thread, "poller",`."""
    consequence: str
    """As the end of one: `is not there in the workers`."""
    place: str = ""
    """`file:line` that made it; empty if nobody knows."""

    def __str__(self) -> str:
        where = f" made at {self.place}" if self.place else ""
        return f"Fork audit: {self.what}{where}, {self.consequence}. {_ADVICE}"


class ForkAudit:
    """Notes what is made while it is entered (as a context manager), on any thread."""

    def __init__(self) -> None:
        self._sockets: list[tuple[weakref.ref[socket.socket], str]] = []
        self._loops: list[tuple[weakref.ref[asyncio.AbstractEventLoop], str]] = []
        self._threads: dict[threading.Thread, str] = {}
        self._threads_before: set[threading.Thread] = set()
        self._fds_before: set[tuple[int, int]] = set()
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        self._threads_before = set(threading.enumerate())
        self._fds_before = _socket_fds()
        self._note(socket.socket, "__init__", self._on_socket)
        self._note(asyncio.BaseEventLoop, "__init__", self._on_loop)
        self._note(threading.Thread, "start", self._on_thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while self._undo:
            self._undo.pop()()

    def _note(self, owner: type, name: str, on_call: Callable[[Any, FrameType], None]) -> None:
        """Call `on_call` when a method has been called."""
        method = getattr(owner, name)

        def noted(self: Any, *args: Any, **kwargs: Any) -> None:  # Any: whatever the method takes
            method(self, *args, **kwargs)
            on_call(self, _getframe(1))

        setattr(owner, name, noted)
        self._undo.append(lambda: setattr(owner, name, method))

    def _on_socket(self, sock: socket.socket, frame: FrameType) -> None:
        if not _has_caller(frame, "_make_self_pipe"):  # that is an event loop's own, which is noted as such
            self._sockets.append((weakref.ref(sock), place_of(frame)))

    def _on_loop(self, loop: asyncio.AbstractEventLoop, frame: FrameType) -> None:
        self._loops.append((weakref.ref(loop), place_of(frame)))

    def _on_thread(self, thread: threading.Thread, frame: FrameType) -> None:
        self._threads[thread] = place_of(frame)

    def findings(self) -> list[Finding]:
        """Return what is there now, of all that was made."""
        return [*self._open_sockets(), *self._living_threads(), *self._open_loops(), *_held_locks()]

    @staticmethod
    def free_locks() -> str:
        """Return a sentence about the locks of the application's own code that nobody holds; empty if there are none.

        They work in each worker, but keep out no other worker.
        """
        found = [f"{lock.name} ({lock.place})" for lock in find_locks(_is_of_others) if not lock.is_held]
        if not found:
            return ""
        names = ", ".join(found[:_MOST_NAMED])
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        return f"Fork audit: Of these locks each worker has its own; they keep out no other worker: {names}{more}."

    def _open_sockets(self) -> Iterator[Finding]:
        consequence = "is shared by all workers, which will read each other's answers"
        known = set()
        for reference, place in self._sockets:
            sock = reference()
            if sock is not None and sock.fileno() >= 0:
                known.add(sock.fileno())
                yield Finding(f"A socket{_peer_of(sock)}", consequence, place)
        for to_loop, _ in self._loops:
            loop = to_loop()
            if loop is not None and not loop.is_closed():
                known |= _pipe_of(loop)
        for fd, _ in sorted(_socket_fds() - self._fds_before):
            if fd not in known:
                yield Finding(f"A socket, descriptor {fd}, of a library that is not Python's", consequence)

    def _living_threads(self) -> Iterator[Finding]:
        for thread in threading.enumerate():
            if thread not in self._threads_before and thread is not threading.current_thread():
                place = self._threads.get(thread, "")
                yield Finding(f'A thread, "{thread.name}",', "is not there in the workers", place)

    def _open_loops(self) -> Iterator[Finding]:
        for reference, place in self._loops:
            loop = reference()
            if loop is not None and not loop.is_closed():
                yield Finding("An event loop", "is shared by all workers, which will wake each other", place)


def _held_locks() -> Iterator[Finding]:
    for lock in find_locks(_is_of_libraries):
        if lock.is_held:
            yield Finding(f"A lock, {lock.name},", "is held now, and so for ever in the workers", lock.place)


def place_of(frame: FrameType | None) -> str:
    """Return `file:line` of the nearest caller that is neither Python's library nor this package; of the nearest if all are."""
    nearest = frame
    while frame is not None:
        if not _is_of_libraries(frame.f_code.co_filename):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return "" if nearest is None else f"{nearest.f_code.co_filename}:{nearest.f_lineno}"


def _is_of_libraries(path: str) -> bool:
    """Tell Python's own library and this package from all other code."""
    if path.startswith(_SITE_PACKAGES):
        return path.startswith(_OURS)
    return path.startswith(("<frozen", _OURS, *_LIBRARIES))


def _is_of_others(path: str) -> bool:
    """Tell all installed packages, too, from the application's own code."""
    return path.startswith(_SITE_PACKAGES) or _is_of_libraries(path)


def _has_caller(frame: FrameType | None, name: str) -> bool:
    while frame is not None:
        if frame.f_code.co_name == name:
            return True
        frame = frame.f_back
    return False


def _peer_of(sock: socket.socket) -> str:
    try:
        return f" to {sock.getpeername()}"
    except OSError:
        return ""  # not connected


def _socket_fds() -> set[tuple[int, int]]:
    """Return the descriptors that are sockets, each with what tells the socket from another; none where they cannot be listed."""
    found = set()
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):  # that of the directory itself
                status = os.fstat(int(name))
                if stat.S_ISSOCK(status.st_mode):
                    found.add((int(name), status.st_ino))
    return found


def _pipe_of(loop: asyncio.AbstractEventLoop) -> set[int]:
    """Return the two descriptors by which an event loop is woken."""
    ends = (getattr(loop, name, None) for name in ("_ssock", "_csock"))
    return {end.fileno() for end in ends if isinstance(end, socket.socket)}
