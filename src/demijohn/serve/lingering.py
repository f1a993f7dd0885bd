"""`Lingering`: a connection whose answer is out and that we close, but still read for a while.

Closing a socket with unread bytes sends a reset, and a reset can destroy the answer before the client has read it (RFC 9112
§9.6). So we end our side, throw away what still comes, and close when the client has ended its side, sent too much, or
taken too long. Used by the leader only.
"""

import socket

from .engine import Engine
from .poller import READ, WRITE

_MAX_BYTES = 1 << 20
"""What the client may still send."""


class Lingering:
    """Takes a socket over from a link."""

    __slots__ = ("_awaits_write", "_engine", "_received", "_sock", "deadline", "slot")

    def __init__(self, engine: Engine, sock: socket.socket) -> None:
        self._engine = engine
        self._sock = sock
        self._received = 0
        self._awaits_write = False  # a socket that is ended on both sides is reported as writable, too
        self.slot = -1.0
        self.deadline = engine.reactor.now + engine.options.linger_timeout

    def open(self) -> None:
        """End our side and wait for the client's end. The socket must not be watched."""
        engine = self._engine
        events = READ
        self._awaits_write = False
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            # TLS: the client must take some of the answer before it can be told that this was the end.
            events = WRITE
            self._awaits_write = True
            self.deadline = engine.reactor.now + engine.options.write_timeout
        except OSError:
            self._sock.close()  # the client has gone
            self._engine.tell_closed()
            return
        engine.connections.add(self)
        engine.reactor.watch(self._sock, events, self.on_event)
        engine.reactor.wheel.add(self, engine.reactor.now)

    def close(self) -> None:
        """Close for good. Closing twice does nothing: the end and the deadline may come in the same round."""
        engine = self._engine
        if self not in engine.connections:
            return
        engine.reactor.forget(self._sock)
        engine.reactor.wheel.remove(self)
        self._sock.close()
        engine.connections.discard(self)
        self._engine.tell_closed()

    @property
    def idleness(self) -> tuple[int, float] | None:
        """See `Link.idleness`: it is the first to go, for it has had its answer."""
        return -1, self.deadline

    def evict(self) -> bool:
        """Make room; False if that would send a reset behind the answer."""
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except OSError:
            self.close()
            return True
        return False

    def on_event(self, mask: int) -> bool:
        """The client sent something, or its end."""
        if self not in self._engine.connections:
            return True  # closed by an earlier callback of the same round
        if mask & WRITE and self._awaits_write:
            self._engine.reactor.forget(self._sock)
            self._engine.connections.discard(self)
            self._engine.reactor.wheel.remove(self)
            self.deadline = self._engine.reactor.now + self._engine.options.linger_timeout
            self.open()
            return True
        try:
            data = self._sock.recv(64 << 10)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            data = b""
        self._received += len(data)
        if not data or self._received > _MAX_BYTES:
            self.close()
        return True

    def on_deadline(self, mask: int) -> bool:
        """The client keeps its side open."""
        self.close()
        return True

    def on_returned(self, mask: int) -> bool:
        """Never given away."""
        return True

    def drain(self) -> None:
        """On its way out already."""

    def fail(self) -> None:
        """See `Watched.fail`."""
        self.close()

    def reset(self) -> None:
        """See `Connection.reset`."""
        self.close()
