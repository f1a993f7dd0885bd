"""`Poller`: which sockets are watched for what, and who is called back. The leader's, like the reactor that owns it.

Linux has `EpollPoller`, which asks epoll itself: `selectors` makes an object for each registration and runs some twenty lines of
Python for each socket that is ready. Everywhere else `SelectorPoller` has the best that `selectors` knows.
"""

import contextlib
import math
import select
import selectors
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Final

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE

Callback = Callable[[int], bool]

_BATCH: Final = 1024
"""Sockets told of by one poll; epoll goes round among those that are ready, so nobody is left out."""


class Poller(ABC):
    """Waits for sockets. One call at a time, from any thread."""

    __slots__ = ()

    @abstractmethod
    def register(self, sock: socket.socket, events: int, callback: Callback) -> None:
        """Call back when `sock`, which is not watched, is ready for `events`: `READ`, `WRITE` or both.

        Raises:
            OSError: the system cannot watch one more.
            ValueError: the socket is closed.
        """

    @abstractmethod
    def modify(self, sock: socket.socket, events: int, callback: Callback) -> None:
        """The same for a socket that is watched for something else."""

    @abstractmethod
    def unregister(self, sock: socket.socket) -> None:
        """Watch a socket no more. It may have been closed meanwhile.

        Raises:
            KeyError: it is not watched.
            ValueError: the same, of one that is closed.
        """

    @abstractmethod
    def poll(self, timeout: float | None) -> Iterable[tuple[Callback, int]]:
        """Wait for so many seconds at most, `None` for ever; return whom to call back, with what their socket is ready for.

        A socket that broke, or was closed from elsewhere, is ready for both.
        """

    @abstractmethod
    def close(self) -> None:
        """Free the descriptors."""


class EpollPoller(Poller):
    """See the file's description."""

    __slots__ = ("_epoll", "_watched")

    def __init__(self) -> None:
        self._epoll: Any = select.epoll()  # Any: there on Linux only, and so in its type information
        # By number, with the socket: one that was closed does not know its number any more.
        self._watched: dict[int, tuple[Callback, socket.socket]] = {}

    def register(self, sock: socket.socket, events: int, callback: Callback) -> None:
        """See `Poller.register`."""
        number = sock.fileno()
        # Whatever was under this number is closed: the system has given it anew.
        self._watched[number] = callback, sock
        try:
            self._epoll.register(number, _EPOLL_EVENTS[events])
        except BaseException:
            del self._watched[number]
            raise

    def modify(self, sock: socket.socket, events: int, callback: Callback) -> None:
        """See `Poller.modify`."""
        number = sock.fileno()
        self._epoll.modify(number, _EPOLL_EVENTS[events])
        self._watched[number] = callback, sock

    def unregister(self, sock: socket.socket) -> None:
        """See `Poller.unregister`."""
        number = sock.fileno()
        if number < 0:
            number = next((number for number, (_, one) in self._watched.items() if one is sock), number)
        del self._watched[number]
        with contextlib.suppress(OSError):  # under this number there is nothing any more, or another file
            self._epoll.unregister(number)

    def poll(self, timeout: float | None) -> Iterable[tuple[Callback, int]]:
        """See `Poller.poll`."""
        # epoll counts milliseconds; rounded up, or it would be asked again and again in the last one.
        found = self._epoll.poll(-1 if timeout is None else math.ceil(timeout * 1e3) * 1e-3, _BATCH)
        ready = []
        watched = self._watched.get
        for number, mask in found:
            one = watched(number)
            if one is not None:
                # PERF: nearly always there is something to read, which both count alike.
                ready.append((one[0], mask if mask == READ else _readiness(mask)))
            else:
                # A thread was ended from outside in the middle of `unregister`. It would be told of without end.
                with contextlib.suppress(OSError):
                    self._epoll.unregister(number)
        return ready

    def close(self) -> None:
        """See `Poller.close`."""
        self._watched.clear()
        self._epoll.close()


class SelectorPoller(Poller):
    """See the file's description."""

    __slots__ = ("_selector",)

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, sock: socket.socket, events: int, callback: Callback) -> None:
        """See `Poller.register`."""
        self._selector.register(sock, events, callback)

    def modify(self, sock: socket.socket, events: int, callback: Callback) -> None:
        """See `Poller.modify`."""
        self._selector.modify(sock, events, callback)

    def unregister(self, sock: socket.socket) -> None:
        """See `Poller.unregister`."""
        self._selector.unregister(sock)

    def poll(self, timeout: float | None) -> Iterable[tuple[Callback, int]]:
        """See `Poller.poll`."""
        return [(key.data, mask) for key, mask in self._selector.select(timeout)]

    def close(self) -> None:
        """See `Poller.close`."""
        self._selector.close()


_EPOLL_EVENTS: Final = (
    {
        READ: select.EPOLLIN,
        WRITE: select.EPOLLOUT,
        READ | WRITE: select.EPOLLIN | select.EPOLLOUT,
    }
    if hasattr(select, "epoll")
    else {}
)


def _readiness(mask: int) -> int:
    """Return what an answer of epoll's amounts to."""
    # Whatever is neither (an error, an end) lets both be tried, and that then meets it.
    return (READ if mask & ~select.EPOLLOUT else 0) | (WRITE if mask & ~select.EPOLLIN else 0)


def best_poller() -> Poller:
    """Return the poller for this system."""
    return EpollPoller() if hasattr(select, "epoll") else SelectorPoller()
