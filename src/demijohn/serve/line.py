"""`Line`: a connection as the thread sees it that runs a handler: what it may read from and write to.

`Link` adds the polling thread's side. Whoever owns the link may call these methods; nobody else.
"""

import contextlib
import logging
import select
import socket

from .._base.logtext import one_line
from ..seam import Peer
from ..wire.h1 import H1Connection
from .engine import Engine
from .outbox import Outbox
from .rate import count_untaken, seconds_left
from .stats import RECEIVED_BYTES, SENT_BYTES

logger = logging.getLogger("demijohn.error")

_SLICE = 1.0
"""The longest single wait in seconds: a server that stops closes the socket, which nobody who waits for it would notice."""


class Line:
    """Socket, protocol and outbox of one connection."""

    __slots__ = (
        "_taken", "corked_since", "counted_bytes", "engine", "h1", "held", "is_broken", "is_read_closed", "outbox",
        "patience", "peer", "received_bytes", "request_count", "sent_bytes", "sock",
    )  # fmt: skip

    def __init__(self, engine: Engine, sock: socket.socket, peer: Peer) -> None:
        self.engine = engine
        self.sock = sock
        self.peer = peer
        self.h1 = H1Connection(engine.options.limits)
        self.h1.is_secure = peer.scheme == "https"
        self.outbox = Outbox()
        self.held: bytes | bool | None = None  # see `Job.held`
        # Since when the system keeps answers back for the next one, which compiled twins have it do; `None`: it does not.
        self.corked_since: float | None = None
        self.request_count = 0  # given to a handler so far
        # Seconds that the client may still keep the current answer waiting; see rate.py. The owner's, like the next three.
        self.patience = engine.options.write_timeout
        # Bytes that came since the server's counts were told; see `count_bytes`.
        self.received_bytes = 0
        # Bytes that the socket took, how many of them the server's counts have, and how many the client was known to have
        # when that was looked at last.
        self.sent_bytes = 0
        self.counted_bytes = 0
        self._taken = 0
        # A send failed: no byte will arrive any more. Set by the owner, read by any thread.
        self.is_broken = False
        # The client has ended its side. Set by the leader, read by any thread.
        self.is_read_closed = False

    @property
    def label(self) -> str:
        """See `Job.label`."""
        head = self.h1.head
        return "" if head is None else self.engine.route_of(head)

    def abandon(self) -> None:
        """See `Job.abandon`."""
        self.is_broken = True

    def uncork(self) -> None:
        """See `Job.uncork`."""
        if self.corked_since is not None:
            self.corked_since = None
            with contextlib.suppress(OSError):  # closed since, or no TCP: then nothing is kept back
                # It is set already; to set it once more sends what is there.
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def count_bytes(self) -> None:
        """Add to the server's counts what they have not got yet. Under the lock of `Stats`; by the owner."""
        cells = self.engine.stats.cells
        cells[RECEIVED_BYTES] += self.received_bytes
        cells[SENT_BYTES] += self.sent_bytes - self.counted_bytes
        self.received_bytes = 0
        self.counted_bytes = self.sent_bytes

    def send(self, data: bytes) -> None:
        """Send what the socket takes now and keep the rest."""
        if self.is_broken:
            return
        if self.outbox.size:
            self.outbox.append(data)
            return
        try:
            sent = self.sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.is_broken = True
            return
        self.sent_bytes += sent
        if sent < len(data):
            self.outbox.append(memoryview(data)[sent:])

    def flush(self) -> None:
        """Send what the socket takes now."""
        if not self.is_broken:
            try:
                self.sent_bytes += self.outbox.flush(self.sock)
            except OSError:
                self.is_broken = True
            except EOFError as error:
                logger.error("An answer was cut: %s", one_line(str(error)))  # noqa: TRY400 - the file is at fault, not the code
                self.is_broken = True

    def wait_until_sent(self) -> bool:
        """Keep the calling thread while something waits for the client; False if the client is gone or takes too little."""
        now = self.engine.clock.monotonic
        while self.outbox.size and not self.is_broken:
            began = now()
            poll = select.poll()
            poll.register(self.sock, select.POLLOUT)
            if poll.poll(min(max(0.0, self.patience), _SLICE) * 1000):
                self.flush()
            self.measure(self.patience - (now() - began))
            if self.patience <= 0:
                self.is_broken = True
        return not self.is_broken

    def measure(self, left: float) -> None:
        """Set `patience` for a client that had `left` seconds, by what it took since this was called last."""
        options = self.engine.options
        taken = self.sent_bytes - count_untaken(self.sock)
        # Never less than before: how the system counts is its own business.
        count = max(0, taken - self._taken)
        self._taken += count
        self.patience = seconds_left(left, count, options.min_send_rate, options.write_timeout)
