"""`ProxiedOpening`: a fresh connection of a trusted peer that begins with a PROXY protocol line; then the client is its peer.

Before TLS and before HTTP: who accepts says what comes next. Just the line's bytes are taken from the socket, which the next
reads on from where the line ends. The leader only.
"""

import logging
import socket
from collections.abc import Callable
from dataclasses import replace

from ..seam import Peer
from ..wire.proxyline import V2_MAX_LENGTH, ProxyInfo, ProxyLine
from ..wire.reject import ProtocolReject
from .beginning import Beginning
from .engine import Connection, Engine
from .stats import REJECTS

logger = logging.getLogger("demijohn.error")

_PEEK_BYTES = 16 + V2_MAX_LENGTH


class ProxiedOpening(Beginning):
    """A connection before its line."""

    __slots__ = ("_line", "_open_next")

    def __init__(
        self,
        engine: Engine,
        sock: socket.socket,
        peer: Peer,
        open_next: Callable[[socket.socket, Peer, bytes], Connection | None],
    ) -> None:
        """Prepare. `open_next(sock, peer, received)` is called with the client's peer once the line is read.

        `received` is what was taken from the socket before it was clear that there is no line, at most its beginning. It returns
        what goes on with the socket, or `None` if it has closed it.
        """
        super().__init__(engine, sock, peer, engine.options.head_timeout)
        self._open_next = open_next
        self._line = ProxyLine(is_required=engine.options.proxy_protocol == "required")

    def on_event(self, mask: int) -> bool:
        """The proxy sent something, or its end."""
        if not self.is_open:
            return True  # closed by an earlier callback of the same round
        line = self._line
        try:
            data = self._sock.recv(_PEEK_BYTES, socket.MSG_PEEK)
            if not data:
                self._end()
                return True
            info = line.receive_data(data)
            rest = line.take_buffered() if line.is_done else b""
            if info is not None or not line.is_done:
                self._sock.recv(len(data) - len(rest))  # no byte behind the line
        except (BlockingIOError, InterruptedError):
            return True
        except ProtocolReject as reject:
            self._refuse(f"{reject.reason} ({reject.rfc})")
            return True
        except OSError:
            self._close()
            return True
        if info is not None:
            self._hand_over(client_of(info, self._peer), b"")
        elif line.is_done:
            # No line. What earlier events brought was taken, what this one did was not.
            self._hand_over(self._peer, rest[: len(rest) - len(data)])
        return True

    def on_deadline(self, mask: int) -> bool:
        """The proxy took too long."""
        if self.is_open:
            self._refuse("its PROXY protocol line took too long")
        return True

    def on_returned(self, mask: int) -> bool:
        """Never given away."""
        return True

    def drain(self) -> None:
        """See `Connection.drain`; if something has come, it may be the line of a request that is to be answered."""
        if not self._engine.grant_grace(self):
            self._close_if_silent()

    def _hand_over(self, peer: Peer, received: bytes) -> None:
        engine = self._engine
        self._watch(0)
        connection = None
        try:
            connection = self._open_next(self._sock, peer, received)
        finally:
            # Not before: the server that drains must not think that this was the last connection.
            self._let_go()
            if connection is None:
                engine.tell_closed()
        if connection is not None and engine.is_closing and connection in engine.connections:
            connection.drain()

    def _end(self) -> None:
        """The proxy has ended its side. One that said nothing only looked whether somebody listens."""
        if self._line.take_buffered():
            self._refuse("it ended inside its PROXY protocol line")
        else:
            self._close()

    def _refuse(self, why: str) -> None:
        self._engine.stats.cells[REJECTS] += 1
        logger.warning("Closed a connection of %s, of trusted_peers: %s", self._peer.name, why)
        self._close()


def client_of(info: ProxyInfo, peer: Peer) -> Peer:
    """Return the peer that a line speaks of; the proxy's own if it speaks of nobody."""
    if info.source is None or info.destination is None:
        return peer
    return replace(
        peer,
        remote=None if isinstance(info.source, str) else info.source,
        local=info.destination,
        scheme="https" if info.is_ssl else peer.scheme,
    )
