"""`Acceptor`: takes connections from one listener and makes links of them. Used by the leader only."""

import contextlib
import errno
import logging
import socket
from typing import Any

from ..seam import Peer
from .admission import Admission
from .deadlines import NEVER
from .engine import Connection, Engine
from .handshakes import Handshakes
from .link import Link
from .listener import Listener
from .opening import Opening
from .poller import READ
from .proxied import ProxiedOpening
from .redirecting import RedirectLink
from .spread import BATCH, PAUSE, Spread
from .stats import CONNECTIONS_ACCEPTED

logger = logging.getLogger("demijohn.error")

_LONG_ROUND = 0.01
"""Seconds after which a process takes more than one of those that wait for several: they have waited through the round, and no
idle process took them meanwhile."""

_PAUSE = 1.0
"""Seconds without accepting when there is no place, no descriptor or no memory; less if a connection is closed meanwhile."""

_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_MOST_FAILURES = 16
"""Errors in a row that are taken for single connections that came to nothing."""


class Acceptor:
    """One listener in one process."""

    __slots__ = (
        "_admission",
        "_engine",
        "_failures",
        "_handshakes",
        "_inherits_no_delay",
        "_is_in_want",
        "_is_multithread",
        "_is_watching",
        "_listener",
        "_local",
        "_most",
        "_spread",
        "deadline",
        "slot",
    )

    def __init__(
        self,
        engine: Engine,
        listener: Listener,
        handshakes: Handshakes,
        admission: Admission,
        spread: Spread | None = None,
    ) -> None:
        """Prepare; `spread` is there if other processes accept from this very listener."""
        self._engine = engine
        self._listener = listener
        self._handshakes = handshakes
        self._admission = admission
        # The last attempt found no descriptor or no memory.
        self._is_in_want = False
        self._spread = spread
        # Linux and the BSDs give a connection what is set on its listener.
        self._inherits_no_delay = False
        if listener.sock.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):
                listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._is_multithread = engine.options.runner != "inline"
        self._most = 1 if self._is_multithread else BATCH
        self._is_watching = False
        self._failures = 0  # in a row
        self.deadline = NEVER
        self.slot = -1.0
        address = listener.address
        # A wildcard address says nothing about where a client arrived; then each connection is asked.
        self._local = None if isinstance(address, tuple) and address[0] in ("0.0.0.0", "::") else address

    def start(self) -> None:
        """Accept from now on."""
        if not self._is_watching:
            self._engine.reactor.watch(self._listener.sock, READ, self.on_event)
            self._is_watching = True

    def stop(self) -> None:
        """Accept no more; the listener stays open."""
        self.deadline = NEVER
        self._engine.reactor.wheel.remove(self)
        if self._is_watching:
            self._engine.reactor.forget(self._listener.sock)
            self._is_watching = False

    def finish(self) -> None:
        """Accept no more because the listener will be closed: whoever waits in the backlog then is reset, so take all first."""
        if not self._listener.is_shared:
            # Others may listen at its address: who would come after the last `accept` is to be theirs.
            self._listener.turn_away()
        try:
            while self._accept(BATCH):
                pass
        except OSError as error:
            logger.error("Cannot accept the connections that wait: %s", error)  # noqa: TRY400 - not a fault of the code
        self.stop()

    def on_event(self, mask: int) -> bool:
        """Take the connections that wait, or one's share of them."""
        reactor = self._engine.reactor
        if self._spread is None:
            most = self._most
            taken = self._accept(most)
            if self._is_multithread:
                # PERF: to ask until nobody waits is a call more for each that comes alone, and an exception. Not where a poll
                # may be long in coming: whoever is not let in then waits for handlers that he might have been before.
                self._most = min(BATCH, 2 * taken) if taken == most else max(1, taken)
        elif most := self._spread.share(reactor.now, have_waited=reactor.busy >= _LONG_ROUND):
            self._accept(most)
        else:
            self._give_way()
        return True

    def _give_way(self) -> None:
        """Leave those that wait to another process: for a moment, or until there are fewer here, too."""
        engine = self._engine
        self.stop()
        engine.reactor.wheel.add_soon(self, engine.reactor.now + PAUSE)
        if engine.on_connection_closed is None:  # otherwise somebody has a better reason to be told
            engine.on_connection_closed = self._on_fewer

    def _on_fewer(self) -> None:
        """A connection was closed while others were left to another process."""
        if self._spread is not None and self._spread.has_room:
            self._engine.on_connection_closed = None
            self._resume()

    def _accept(self, most: int) -> int:
        """Take so many connections, and return how many there were."""
        engine = self._engine
        taken = 0
        for number in range(most):
            if len(engine.connections) >= engine.options.max_connections:
                # Of the first it is known that somebody waits: the listener is ready.
                if number:
                    break
                if not self._admission.make_room():
                    self._admission.complain()
                    self._wait()
                    break
            try:
                sock, address = self._listener.sock.accept()
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                if error.errno in _OUT_OF_RESOURCES:
                    if not number:  # otherwise those that just came may be idle soon
                        self._on_want(error)
                    break
                self._failures += 1
                if self._failures < _MOST_FAILURES:
                    continue  # accept(2): also what happened to a connection that waited, which is gone by that
                logger.error("Cannot accept connections for %g s: %s", _PAUSE, error)  # noqa: TRY400 - not a fault of the code
                self._pause()
                break
            self._is_in_want = False
            self._failures = 0
            taken += 1
            engine.stats.cells[CONNECTIONS_ACCEPTED] += 1
            self._open(sock, address)
        return taken

    def on_deadline(self, mask: int) -> bool:
        """The pause is over."""
        if self._engine.on_connection_closed == self._on_fewer:
            self._engine.on_connection_closed = None
        if not self._engine.is_closing:
            self.start()
        return True

    def on_returned(self, mask: int) -> bool:
        """Never given away."""
        return True

    def fail(self) -> None:
        """`accept` failed in a way we do not know: try again later rather than spin."""
        self._pause()

    def _on_want(self, error: OSError) -> None:
        """There are no descriptors, or there is no memory. Idle connections have some of both."""
        if self._admission.make_room():
            return  # called again at once: somebody waits
        if self._is_in_want:
            # Since the last pause nobody has left. Clients are told, rather than left to wait for nobody knows what.
            self._admission.shed(self._listener.sock)
        else:
            logger.error("Cannot accept connections: %s", error)
        self._is_in_want = True
        self._wait()

    def _wait(self) -> None:
        """Go on when a connection is closed, or after a pause."""
        self._pause()
        self._admission.when_closed(self._resume)

    def _resume(self) -> None:
        self.stop()  # the pause
        self.start()

    def _pause(self) -> None:
        self.stop()
        self.deadline = self._engine.reactor.now + _PAUSE
        self._engine.reactor.wheel.add(self, self._engine.reactor.now)

    def _open(self, sock: socket.socket, address: object) -> None:
        sock.setblocking(False)
        remote: tuple[str, int] | None = None
        if isinstance(address, tuple):
            remote = _plain_address(address)
            if not self._inherits_no_delay and not self._set_no_delay(sock):
                sock.close()
                return
        local = self._local
        if local is None:
            local = _plain_address(sock.getsockname())
        peer = Peer(remote, local, "http", self._is_multithread, self._engine.options.is_multiprocess)
        engine = self._engine
        if engine.options.proxy_protocol != "off" and engine.trusted_peers.has(remote and remote[0]):
            try:
                ProxiedOpening(engine, sock, peer, self._begin).open()
            except OSError:
                sock.close()
                raise
        else:
            self._begin(sock, peer)

    def _set_no_delay(self, sock: socket.socket) -> bool:
        """Answers go out whole; waiting for more to send (RFC 896) only delays their last segment. False: the client has gone."""
        try:
            self._inherits_no_delay = bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            if not self._inherits_no_delay:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            return False
        return True

    def _begin(self, sock: socket.socket, peer: Peer, received: bytes = b"") -> Connection | None:
        """Open what the listener is for; `received` has been taken from the socket before. `None`: closed instead."""
        listener = self._listener
        clients = self._engine.clients
        if clients is not None and not clients.admits(peer.remote):
            # Without a word: it costs nothing, over TLS nothing could be said yet, and browsers try again.
            sock.close()
            return None
        try:
            if listener.certificates is not None:
                opening = Opening(self._engine, sock, peer, listener.certificates, self._handshakes)
                opening.open()
                if received:
                    opening.refuse(received[:1])  # taken for the beginning of a PROXY line, so it is none of TLS
                return opening
            if listener.redirect_port is not None:
                link: Link = RedirectLink(self._engine, sock, peer, listener.redirect_port)
            else:
                link = Link(self._engine, sock, peer)
            if received:
                link.h1.receive_data(received)
            link.open()
        except OSError:
            sock.close()
            raise
        return link


def _plain_address(name: tuple[Any, ...]) -> tuple[str, int]:  # Any: two kinds of tuples
    """Return host and port; an IPv4 address as such, also on a dual-stack socket, which gives `::ffff:192.0.2.1`."""
    host = name[0]
    if len(name) == 4 and host.startswith("::ffff:") and ":" not in host[7:]:
        host = host[7:]
    return host, name[1]
