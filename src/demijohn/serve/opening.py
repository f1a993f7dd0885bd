"""`Opening`: a fresh connection for as long as something comes before HTTP: here the TLS handshake. Then it becomes a `Link`.

    open -> on_event: a first byte -> [thread of Handshakes: _step] -> on_returned -> on_event ... -> Link.open

Owned by the leader but for `_step`, which has the socket for itself: it is not watched meanwhile. Whoever stalls holds no
thread, and is dropped after `tls_handshake_timeout`.
"""

import logging
import socket
import ssl
from dataclasses import replace

from ..seam import Peer
from ..wire.h1 import H1Connection
from ..wire.reject import ProtocolReject
from .beginning import Beginning
from .certificates import Certificates, GivenContext
from .engine import Engine
from .handshakes import Handshakes
from .lingering import Lingering
from .link import Link
from .poller import READ, WRITE
from .stats import TLS_FAILURES, TLS_HANDSHAKES
from .tlsfacts import tls_facts
from .tlssocket import TlsSocket

logger = logging.getLogger("demijohn.error")

_HANDSHAKE_RECORD = b"\x16"
"""How a TLS connection begins (RFC 8446 §5.1)."""


class Opening(Beginning):
    """A connection to a TLS listener, before its first request."""

    __slots__ = ("_certificates", "_error", "_handshakes", "_is_done", "_is_stepping", "_is_unwanted")

    def __init__(
        self,
        engine: Engine,
        sock: socket.socket,
        peer: Peer,
        certificates: Certificates | GivenContext,
        handshakes: Handshakes,
    ) -> None:
        # The socket is a TlsSocket from the first step on.
        super().__init__(engine, sock, peer, engine.options.tls_handshake_timeout)
        self._certificates = certificates
        self._handshakes = handshakes
        # Set by the step, read by the leader after it.
        self._is_done = False
        self._error: OSError | None = None
        # Set and cleared by the leader.
        self._is_stepping = False
        self._is_unwanted = False  # to be closed as soon as the step has ended

    # ------------------------------------------------------------------ LEADER

    def on_event(self, mask: int) -> bool:
        """The client sent something, or takes something."""
        if self._is_stepping or not self.is_open:
            return True  # handed on or closed by an earlier callback of the same round
        if not isinstance(self._sock, TlsSocket):
            try:
                first = self._sock.recv(1, socket.MSG_PEEK)
            except (BlockingIOError, InterruptedError):
                return True
            except OSError:
                first = b""
            if not first:
                self._close()
                return True
            if first != _HANDSHAKE_RECORD:
                self.refuse(first)
                return True
        self._watch(0)
        self._is_stepping = True
        self._handshakes.submit(self._step)
        return True

    def on_returned(self, mask: int) -> bool:
        """The step has ended."""
        if not self.is_open:
            return True
        self._is_stepping = False
        if self._is_unwanted:
            self._close()
        elif self._is_done:
            self._hand_over()
        elif isinstance(self._error, ssl.SSLWantReadError):
            self._watch(READ)
        elif isinstance(self._error, ssl.SSLWantWriteError):
            self._watch(WRITE)
        else:
            self._complain(_reason(self._error))
            self._leave()
        return True

    def on_deadline(self, mask: int) -> bool:
        """The client took too long."""
        if self.is_open:
            if isinstance(self._sock, TlsSocket):
                self._complain("it took too long")
            self._close_soon()
        return True

    def drain(self) -> None:
        """See `Connection.drain`; a handshake under way is finished."""
        if not self._is_stepping and not isinstance(self._sock, TlsSocket) and not self._engine.grant_grace(self):
            self._close_if_silent()

    def fail(self) -> None:
        """See `Watched.fail`."""
        self._close_soon()

    # ------------------------------------------------------------------ LEADER: inside

    def _hand_over(self) -> None:
        """The handshake is done: what comes now is HTTP."""
        engine = self._engine
        engine.stats.cells[TLS_HANDSHAKES] += 1
        link = Link(engine, self._sock, self._peer)
        link.open()
        self._let_go()
        if engine.is_closing:
            link.drain()

    def refuse(self, first: bytes) -> None:
        """Whoever speaks, it is not TLS. A client that speaks HTTP understands a plain answer."""
        engine = self._engine
        if not first.isalpha():
            self._complain("the client does not speak TLS")
            self._close()
            return
        reject = ProtocolReject(400, "This port speaks HTTPS, and the request came without TLS", "RFC 9110 §4.2.2")
        self._complain("it sent plain HTTP, and was told so")
        answer = H1Connection(engine.options.limits).render_reject(
            reject, date=engine.clock.http_date(), server=engine.server_field
        )
        try:
            self._sock.send(answer)
        except OSError:
            self._close()
        else:
            self._leave()

    def _complain(self, why: str) -> None:
        self._engine.stats.cells[TLS_FAILURES] += 1
        logger.info("No TLS with %s: %s", self._peer.name, why)

    def _close_soon(self) -> None:
        if self._is_stepping:
            self._is_unwanted = True
        else:
            self._close()

    def _leave(self) -> None:
        """Close, so that the client can read what we sent last: an alert, an answer."""
        self._watch(0)
        if self._engine.options.linger_timeout:
            # First: the server that drains must not think that this was the last connection.
            Lingering(self._engine, self._sock).open()
            self._let_go()
            self._engine.tell_closed()
        else:
            self._close()

    # ------------------------------------------------------------------ A THREAD OF HANDSHAKES

    def _step(self) -> None:
        """Go on with the handshake as far as it goes with what has arrived."""
        if self._is_unwanted:
            # It waited for its turn for too long.
            self._engine.reactor.give_back(self)
            return
        self._error = None
        try:
            sock = self._sock
            if not isinstance(sock, TlsSocket):
                sock = self._sock = self._certificates.wrap(sock)
            sock.do_handshake()
            self._peer = replace(self._peer, scheme="https", tls=tls_facts(sock))
            self._is_done = True
        except OSError as error:
            self._error = error
        except ValueError as error:
            # Of ssl: the peer went before, or sent what cannot be put into words.
            self._error = OSError(str(error))
        finally:
            self._engine.reactor.give_back(self)


def _reason(error: OSError | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the client's certificate is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLEOFError | ConnectionError):
        return "the client went away"
    if isinstance(error, ssl.SSLError):
        return (error.reason or "a protocol error").replace("_", " ").lower()
    return str(error) if error is not None else "an internal error"
