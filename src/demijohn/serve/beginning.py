"""`Beginning`: a fresh connection for as long as something comes before HTTP: how it is entered, watched and closed.

What comes is the subclasses': a TLS handshake (opening.py), a PROXY line (proxied.py). Then a `Link` or another beginning takes
the socket over. The leader only.
"""

import socket
from abc import ABC, abstractmethod

from ..seam import Peer
from .engine import Engine
from .poller import READ
from .reactor import Watched
from .stats import CONNECTIONS_OPEN


class Beginning(Watched, ABC):
    """See the file's description."""

    __slots__ = ("_engine", "_events", "_peer", "_sock", "deadline", "slot")

    def __init__(self, engine: Engine, sock: socket.socket, peer: Peer, seconds: float) -> None:
        """Prepare; it may last so long."""
        self._engine = engine
        self._sock = sock
        self._peer = peer
        self._events = 0  # what the selector watches for
        self.deadline = engine.reactor.now + seconds
        self.slot = -1.0

    def open(self) -> None:
        """Begin: watch the socket."""
        self._watch(READ)  # first: it may fail
        engine = self._engine
        engine.connections.add(self)
        engine.stats.cells[CONNECTIONS_OPEN] += 1
        if engine.clients is not None:
            engine.clients.enter(self, self._peer.remote)
        engine.reactor.wheel.add(self, engine.reactor.now)

    @property
    def is_open(self) -> bool:
        """It was neither closed nor handed on, by an earlier callback of the same round perhaps."""
        return self in self._engine.connections

    @abstractmethod
    def on_event(self, mask: int) -> bool:
        """The socket is ready."""

    @abstractmethod
    def drain(self) -> None:
        """See `Connection.drain`."""

    def fail(self) -> None:
        """See `Watched.fail`."""
        self._close()

    def reset(self) -> None:
        """See `Connection.reset`."""
        self._close()

    def _watch(self, events: int) -> None:
        if events and not self._events:
            self._engine.reactor.watch(self._sock, events, self.on_event)
        elif self._events and not events:
            self._engine.reactor.forget(self._sock)
        self._events = events

    def _close_if_silent(self) -> None:
        """Close if nothing has come."""
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except OSError:
            self._close()

    def _close(self) -> None:
        if self.is_open:
            self._watch(0)
            self._sock.close()
            self._let_go()
            self._engine.tell_closed()

    def _let_go(self) -> None:
        """The socket is somebody else's now, or closed."""
        engine = self._engine
        engine.reactor.wheel.remove(self)
        engine.connections.discard(self)
        engine.stats.cells[CONNECTIONS_OPEN] -= 1
        if engine.clients is not None:
            engine.clients.leave(self)
