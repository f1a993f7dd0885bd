"""`Link`: one connection, from accept to close: socket, protocol, outbox, deadline, and who owns it.

A link is owned by the *reactor* (then only the leader touches it) or by a *handler* (then only the thread that runs its
job does). The leader gives it away in `_submit`; it comes back through `complete` (the leader ran the job itself), `hand_in`
(another thread did and nothing is left to do) or `on_returned` (another thread did and the leader has to go on).

    on_event -> recv -> H1Connection.receive_data -> _advance -> next_event -> _submit -> runner ... complete -> _advance

Methods under LEADER are called by the leader while the reactor owns the link, those under ANY THREAD say what they may touch.
"""

import logging
import socket
import struct
import threading

from ..seam import EMPTY_BODY, BodySource, Peer, RequestHead
from ..wire.h1 import END_OF_BODY, NEED_DATA, Data
from ..wire.reject import ProtocolReject
from .bodybuffer import BodyBuffer
from .deadlines import NEVER
from .engine import Engine
from .exchange import H1Exchange, State
from .line import Line
from .lingering import Lingering
from .phase import Phase
from .reactor import READ, WRITE

logger = logging.getLogger("demijohn.error")

_RECEIVE_BYTES = 64 << 10
_MAX_ROUNDS = 16
"""Requests of one client answered in a row before others get their turn."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Link(Line):
    """One connection, with the polling thread's side of it."""

    __slots__ = (
        "_body",
        "_events",
        "_hand_in_lock",
        "_is_paused",
        "deadline",
        "exchange",
        "is_handled",
        "phase",
        "slot",
    )

    def __init__(self, engine: Engine, sock: socket.socket, peer: Peer) -> None:
        super().__init__(engine, sock, peer)
        self.phase = Phase.HEAD
        # The request that is being answered; set from its dispatch until its answer is out.
        self.exchange: H1Exchange | None = None
        # True while a handler owns the link. Set by the leader, cleared by whoever takes it back.
        self.is_handled = False
        # Moved by the owner; in the wheel's hands: `slot`.
        self.deadline = engine.reactor.now + engine.options.head_timeout
        self.slot = -1.0
        # A body that is arriving; leader only.
        self._body: BodyBuffer | None = None
        # What the selector watches for: 0, READ or WRITE; changed by the leader only.
        self._events = 0
        # The leader stopped watching because bytes came while a handler owned the link. Guarded by the lock.
        self._is_paused = False
        self._hand_in_lock = threading.Lock()

    # ------------------------------------------------------------------ LEADER: life

    def open(self) -> None:
        """Begin: watch the socket."""
        self.engine.connections.add(self)
        self.engine.stats.connections_open += 1
        self._watch(READ)
        self.engine.reactor.wheel.add(self, self.engine.reactor.now)

    def close(self) -> None:
        """End: free the socket and all that waits. Closing twice does nothing."""
        if self.phase is not Phase.CLOSED:
            self._release()
            self.sock.close()
            if self.engine.on_connection_closed is not None:
                self.engine.on_connection_closed()

    def _release(self) -> None:
        """Let go of everything but the socket."""
        self.phase = Phase.CLOSED
        engine = self.engine
        if self._events:
            engine.reactor.forget(self.sock)
            self._events = 0
        engine.reactor.wheel.remove(self)
        self.outbox.discard()
        if self._body is not None:
            self._body.discard()
        if self.exchange is not None:
            self.exchange.discard()
        engine.connections.discard(self)
        engine.stats.connections_open -= 1

    def reset(self) -> None:
        """Close so that the client sees an error, not an end: for answers that were cut."""
        if self.phase is not Phase.CLOSED:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.close()

    def fail(self) -> None:
        """See `Watched.fail`."""
        if not self.is_handled:
            self.reset()

    def drain(self) -> None:
        """The server is stopping: a link between two requests goes at once, others after their answer."""
        if self.is_handled or self.h1.has_buffered or self.phase not in (Phase.IDLE, Phase.HEAD):
            return
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except OSError:
            self.close()
        # Otherwise a request has arrived that we have not read yet: it will be answered, with `Connection: close`.

    # ------------------------------------------------------------------ LEADER: callbacks

    def on_event(self, mask: int) -> bool:
        """The socket is ready."""
        if self.phase is Phase.CLOSED:
            return True  # closed by an earlier callback of the same round
        if self.is_handled and not self._take_from_handler():
            return True
        if mask & WRITE and self.phase is Phase.SENDING:
            return self._on_writable()
        try:
            data = self.sock.recv(_RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            self.close()
            return True
        if data:
            self.h1.receive_data(data)
        else:
            self.is_read_closed = True
            self.h1.receive_eof()
        return self._advance()

    def on_deadline(self, mask: int) -> bool:
        """The deadline has passed: say so where the client may listen, and close."""
        if self.is_handled or self.phase is Phase.CLOSED:
            return True
        if self.phase in (Phase.HEAD, Phase.BODY) and (self.h1.has_buffered or self.phase is Phase.BODY):
            waited_for = "head" if self.phase is Phase.HEAD else "body"
            self._reject(ProtocolReject(408, f"The request's {waited_for} took too long", "RFC 9110 §15.5.9"))
        elif self.phase is Phase.SENDING:
            return self._abandon()
        else:
            self.close()
        return True

    def on_returned(self, mask: int) -> bool:
        """Another thread ran the job and left the rest to the leader."""
        self._is_paused = False
        self.complete()
        return self._go_on()

    def on_requeued(self, mask: int) -> bool:
        """Go on with pipelined requests after others had their turn."""
        return self._advance() if not self.is_handled and self.phase is Phase.IDLE else True

    # ------------------------------------------------------------------ LEADER: requests

    def _advance(self) -> bool:
        """Take what the protocol has until it wants more bytes or a request is under way elsewhere."""
        h1 = self.h1
        for _ in range(_MAX_ROUNDS):
            try:
                event = h1.next_event()
            except ProtocolReject as reject:
                self._reject(reject)
                return True
            if type(event) is RequestHead:
                if h1.has_body:
                    self._begin_body()
                    continue
                body: BodySource = EMPTY_BODY
            elif type(event) is Data:
                if not self._take_body(event.data):
                    return True
                continue
            elif event is END_OF_BODY:
                body = self._end_body()
            elif event is NEED_DATA:
                self._wait_for_data()
                return True
            else:
                self._leave()
                return True
            if h1.head is None:
                raise RuntimeError("the protocol ended a request that it never began")
            self.exchange = H1Exchange(self, h1.head, body)
            self.engine.stats.requests += 1
            if not self._submit():
                return False
            if self.is_handled or self.phase is not Phase.IDLE or not h1.has_buffered:
                return True
        self.engine.reactor.call_soon(self.on_requeued)
        return True

    def _submit(self) -> bool:
        """Give the link to a handler. False: this thread is not the leader any more."""
        self.is_handled = True
        self.deadline = NEVER
        return self.engine.runner.submit(self)

    def _begin_body(self) -> None:
        self.phase = Phase.BODY
        self._body = BodyBuffer(self.engine.options.body_memory_bytes)
        self._set_deadline(self.engine.options.body_timeout)
        if interim := self.h1.render_continue():
            # Sent before a thread is occupied: the reactor reads the body first, so that a slow client holds nobody.
            self.send(interim)

    def _take_body(self, data: bytes) -> bool:
        """Keep a piece of the body; False if that failed and the link is being closed."""
        if self._body is None:
            raise RuntimeError("the protocol gave body bytes outside a body")
        try:
            self._body.append(data)
        except OSError as error:
            logger.error("Cannot keep a request's body of %s: %s", self.peer.remote, error)  # noqa: TRY400 - the cause is the disk
            self._reject(ProtocolReject(507, "The server cannot store the request", "RFC 4918 §11.5"))
            return False
        self._set_deadline(self.engine.options.body_timeout)
        return True

    def _end_body(self) -> BodySource:
        if self._body is None:
            raise RuntimeError("the protocol ended a body that it never began")
        body = self._body.finish()
        self._body = None
        return body

    def _wait_for_data(self) -> None:
        """Everything that has arrived is understood; the deadline depends on what is missing."""
        if self.phase is Phase.IDLE and self.h1.has_buffered:
            # Counted from the head's first byte, and not moved by its later ones.
            self.phase = Phase.HEAD
            self._set_deadline(self.engine.options.head_timeout)
        if not self._events:
            self._watch(READ)

    def _reject(self, reject: ProtocolReject) -> None:
        """Answer what is not a request, or not one we take, and close."""
        self.engine.stats.rejects += 1
        remote = self.peer.remote[0] if self.peer.remote is not None else "a Unix socket"
        logger.info("Refused a request of %s: %d %s (%s)", remote, reject.status, reject.reason, reject.rfc)
        self.send(self.h1.render_reject(reject, date=self.engine.clock.http_date(), server=self.engine.server_field))
        self._leave()

    # ------------------------------------------------------------------ LEADER: answers

    def complete(self) -> None:
        """Take the link back after its job ran: send what waits, end the cycle, or close."""
        self.is_handled = False
        exchange = self.exchange
        if exchange is None or self.is_broken or exchange.state == State.ABORTED:
            self.reset()
        elif self.outbox.size:
            self.phase = Phase.SENDING
            self._set_deadline(self.engine.options.write_timeout)
            self._watch(WRITE)
        elif exchange.state == State.PULLED:
            self.phase = Phase.SENDING
            self._watch(WRITE)  # writable at once: goes on in the next round
        else:
            self._end_cycle(exchange)

    def _go_on(self) -> bool:
        """After `complete`, outside `_advance`: read the next pipelined request, or what came meanwhile."""
        if self.phase is not Phase.IDLE:
            return True
        if self._events != READ:
            self._watch(READ)
        return self._advance() if self.h1.has_buffered else True

    def _end_cycle(self, exchange: H1Exchange) -> None:
        """The answer is out: get ready for the next request, or close."""
        if self.engine.options.access_log:
            exchange.log()
        exchange.discard()
        self.exchange = None
        if self.h1.must_close or self.engine.is_draining:
            self._leave()
            return
        self.h1.start_next_cycle()
        self.phase = Phase.IDLE
        self._set_deadline(self.engine.options.keep_alive)

    def _on_writable(self) -> bool:
        try:
            self.outbox.flush(self.sock)
        except (OSError, EOFError) as error:
            return self._abandon(error)
        exchange = self.exchange
        if (
            exchange is not None
            and exchange.state == State.PULLED
            and self.outbox.size <= self.engine.options.outbox_bytes // 2
        ):
            return self._submit_again()
        if self.outbox:
            self._set_deadline(self.engine.options.write_timeout)
            return True
        if exchange is None:
            self._leave()
            return True
        self._end_cycle(exchange)
        return self._go_on()

    def _submit_again(self) -> bool:
        """Let a handler's thread go on with a parked stream."""
        self._watch(READ)  # the socket is writable: watching for that would call back at once
        if not self._submit():
            return False
        return True if self.is_handled else self._go_on()

    def _abandon(self, error: Exception | None = None) -> bool:
        """The client will not get the rest of the answer."""
        if isinstance(error, EOFError):
            logger.error("An answer was cut: %s", error)
        self.is_broken = True
        if self.exchange is not None and self.exchange.state == State.PULLED:
            # Its iterable is the application's: closed on a handler's thread, like everything of its.
            return self._submit_again()
        self.reset()
        return True

    # ------------------------------------------------------------------ LEADER: closing

    def _leave(self) -> None:
        """Close, when all is sent, and without a reset that would destroy the answer on its way."""
        if self.outbox and not self.is_broken:
            self.phase = Phase.SENDING
            self._set_deadline(self.engine.options.write_timeout)
            self._watch(WRITE)
        elif self.is_broken or self.is_read_closed or self.engine.options.linger_timeout == 0:
            self.close()
        else:
            self._release()
            Lingering(self.engine, self.sock).open()

    # ------------------------------------------------------------------ LEADER: bookkeeping

    def _watch(self, events: int) -> None:
        if self._events != events:
            self.engine.reactor.watch(self.sock, events, self.on_event, self._events)
            self._events = events

    def _set_deadline(self, seconds: float) -> None:
        self.deadline = deadline = self.engine.reactor.now + seconds
        # PERF: a slot up to a second too late is good enough, and spares a new one for each request.
        if deadline < self.slot - 1 or self.slot < 0:
            self.engine.reactor.wheel.add(self, self.engine.reactor.now)

    def _take_from_handler(self) -> bool:
        """An event came for a link that a handler owns. False: it still does, and the socket is watched no more for now."""
        with self._hand_in_lock:
            if not self.is_handled:
                return True  # handed in just now
            self._is_paused = True
        # Bytes of the next request, or the end: the end is worth knowing while the handler runs.
        try:
            self.is_read_closed = not self.sock.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self.is_read_closed = True
        self.engine.reactor.forget(self.sock)
        self._events = 0
        return False

    # ------------------------------------------------------------------ ANY THREAD: the one that runs the job

    def run(self) -> None:
        """Run the exchange, or go on with its stream."""
        exchange = self.exchange
        if exchange is not None:
            exchange.run()

    def hand_in(self) -> bool:
        """Take the link back on a thread that is not the leader; see `Job.hand_in`."""
        exchange = self.exchange
        engine = self.engine
        h1 = self.h1
        if (
            exchange is None
            or self.is_broken
            or exchange.state != State.DONE
            or self.outbox.size
            or h1.must_close
            or h1.has_buffered
            or engine.is_draining
        ):
            return False
        deadline = engine.clock.monotonic() + engine.options.keep_alive
        if not 0 <= self.slot <= deadline + 1:
            return False  # the wheel would look too late, and it is the leader's
        exchange.log()
        exchange.discard()
        with self._hand_in_lock:
            if self._is_paused or self._events != READ:
                return False
            self.exchange = None
            h1.start_next_cycle()
            self.phase = Phase.IDLE
            self.deadline = deadline
            self.is_handled = False
            return True
