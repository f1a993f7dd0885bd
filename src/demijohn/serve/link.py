"""`Link`: one connection, from accept to close: socket, protocol, outbox, deadline, and who owns it.

A link is owned by the *reactor* (then only the leader touches it) or by a *handler* (then only the thread that runs its
job does). The leader gives it away in `_submit`; it comes back through `complete` (the leader ran the job itself), `hand_in`
(another thread did and nothing is left to do) or `on_returned` (another thread did and the leader has to go on).

    on_event -> recv -> H1Connection.receive_data -> _advance -> next_event -> _submit -> runner ... complete -> _advance

Methods under LEADER are called by the leader while the reactor owns the link, those under ANY THREAD say what they may touch.
"""

import socket
import struct

from ..wire.reject import ProtocolReject
from .answering import Answering
from .bodybuffer import RECEIVE_BYTES
from .deadlines import NEVER
from .intake import Intake
from .lingering import Lingering
from .phase import BODY, CLOSED, FEEDING, HEAD, IDLE, SENDING
from .poller import READ, WRITE
from .state import ABORTED, DONE, NEW, PULLED
from .stats import CONNECTIONS_OPEN

_YOUNG = 2.0
"""Seconds that any client gets for its request's head, however many others want its place."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Link(Intake):
    """One connection, with the polling thread's side of it."""

    __slots__ = ()

    # ------------------------------------------------------------------ LEADER: life

    def open(self) -> None:
        """Begin: watch the socket."""
        self._watch(READ)  # first: it may fail
        self.engine.connections.add(self)
        self.engine.stats.cells[CONNECTIONS_OPEN] += 1
        if self.engine.clients is not None:
            self.engine.clients.enter(self, self.peer.remote)
        self.engine.reactor.wheel.add(self, self.engine.reactor.now)

    def close(self) -> None:
        """End: free the socket and all that waits. Closing twice does nothing."""
        if self.phase is not CLOSED:
            self._release()
            self.sock.close()
            self.engine.tell_closed()

    def _release(self) -> None:
        """Let go of everything but the socket."""
        self.phase = CLOSED
        engine = self.engine
        if self._events:
            engine.reactor.forget(self.sock)
            self._events = 0
        engine.reactor.wheel.remove(self)
        exchange = self.exchange
        if exchange is not None:
            exchange.log()  # first: it says whether something was left to send
        self.outbox.discard()
        if self._body is not None:
            self._body.discard()
        if exchange is not None:
            if not exchange.is_running:  # as a thread may be that did not end in time when the server stopped
                exchange.cut()
            exchange.discard()
        engine.connections.discard(self)
        stats = engine.stats
        stats.cells[CONNECTIONS_OPEN] -= 1
        if self.received_bytes or self.sent_bytes != self.counted_bytes:
            # Of what was no request, or an answer given after it was counted.
            with stats.lock:
                self.count_bytes()
        if engine.clients is not None:
            engine.clients.leave(self)

    def reset(self) -> None:
        """Close so that the client sees an error, not an end: for answers that were cut."""
        if self.phase is not CLOSED:
            self.uncork()  # what was answered before is whole
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.close()

    def fail(self) -> None:
        """See `Watched.fail`."""
        if not self.is_handled:
            self._events = 0
            self.engine.reactor.drop(self.sock)
            self.reset()

    def drain(self) -> None:
        """See `Connection.drain`; in the middle of a request it goes on, and its answer is the last."""
        if self.phase is FEEDING and not self.is_handled and self.exchange is not None:
            self.exchange.end_early()
            return
        with self._hand_in_lock:  # whoever hands in after this sees that the server drains
            if self.is_handled or self.h1.has_buffered or self.phase not in (IDLE, HEAD):
                return
        self.phase = IDLE  # also before the first request: the time for a head begins with its first byte
        if not self.engine.grant_grace(self):
            # If a request has arrived that we have not read yet, it will be answered, with `Connection: close`.
            self._close_if_silent()

    def _close_if_silent(self) -> bool:
        """Close between two requests, if none has arrived meanwhile; tell whether it was closed."""
        with self._hand_in_lock:
            if self.is_handled or self.h1.has_buffered or self.phase not in (IDLE, HEAD):
                return False
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except OSError:
            self.close()
            return True
        return False

    @property
    def idleness(self) -> tuple[int, float] | None:
        """How far in front it stands, the smallest first, when somebody must leave to make room; `None`: it is needed."""
        if self.is_handled:
            return None
        if self.phase is IDLE:
            return 0, self.deadline
        if self.phase is HEAD and self.deadline < self.engine.reactor.now + self.engine.options.head_timeout - _YOUNG:
            return 1, self.deadline
        return None

    def evict(self) -> bool:
        """Make room; False if a request has come meanwhile."""
        if self.phase is HEAD and self.h1.has_buffered and not self.is_handled:
            self.close()
            return True
        return self._close_if_silent()

    # ------------------------------------------------------------------ LEADER: callbacks

    def on_event(self, mask: int) -> bool:
        """The socket is ready."""
        if self.phase is CLOSED:
            return True  # closed by an earlier callback of the same round
        if self.is_handled and not self._take_from_handler():
            return True
        if self.phase is FEEDING:
            return self._on_feeding_client()
        if mask & WRITE:
            if self.phase is SENDING:
                return self._on_writable()
            self._send_rest()
        if self._is_requeued:
            return True
        body = self._body
        try:
            data = self.sock.recv(RECEIVE_BYTES if body is None else body.wanted)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            self.close()
            return True
        if data:
            self.received_bytes += len(data)
            self.h1.receive_data(data)
        else:
            self.is_read_closed = True
            self.h1.receive_eof()
        return self._advance()

    def on_deadline(self, mask: int) -> bool:
        """The deadline has passed: say so where the client may listen, and close."""
        if self.is_handled or self.phase is CLOSED or self._has_time_left():
            return True
        if self.phase in (HEAD, BODY) and (self.h1.has_buffered or self.phase is BODY):
            waited_for = "head" if self.phase is HEAD else "body"
            self._reject(ProtocolReject(408, f"The request's {waited_for} took too long", "RFC 9110 §15.5.9"))
        elif self.phase is SENDING:
            self._wait_for_client(self.deadline - self.engine.reactor.now)
            return True if self.deadline > self.engine.reactor.now else self._abandon()
        else:
            self._leave()  # no reset: a request that crosses our end on its way was not looked at, and may be sent again
        return True

    def on_returned(self, mask: int) -> bool:
        """Another thread ran the job and left the rest to the leader."""
        self._is_paused = False
        self.complete()
        return self._go_on()

    def on_woken(self, mask: int) -> bool:
        """There may be more of a stream that had nothing yet."""
        exchange = self.exchange
        if self.phase is FEEDING and not self.is_handled and exchange is not None and exchange.is_woken:
            return self._submit_again()
        return True  # a handler's thread has it, or has seen it already

    # ------------------------------------------------------------------ LEADER: answers

    def _submit(self) -> bool:
        """Give the link to a handler. False: this thread is not the leader any more."""
        self.is_handled = True
        if self.phase is SENDING:
            self.patience = self.deadline - self.engine.reactor.now
        self.deadline = NEVER
        return self.engine.runner.submit(self)

    def complete(self) -> None:
        """Take the link back after its job ran: send what waits, end the cycle, or close."""
        self.is_handled = False
        exchange = self.exchange
        if exchange is None or self.is_broken or exchange.state is ABORTED:
            self.reset()
        elif exchange.state is PULLED and exchange.is_feeding:
            self._wait_for_feed(exchange)
        elif self.outbox.size or exchange.state is PULLED:
            # A stream that has had its turn and whose bytes are all out goes on once the socket is writable, too.
            self.phase = SENDING
            self._wait_for_client(self.patience)
            self._watch(WRITE)
        else:
            self._end_cycle(exchange)

    def send_held(self) -> None:
        """See `Job.send_held`; nothing has been read since the request."""
        self.is_handled = self._is_paused = False  # first: from here on a failure closes it
        data, self.held = self.held, None
        if self.phase is not CLOSED:
            if isinstance(data, bytes):
                self.send(data)
            self.complete()
            self._go_on()

    def _wait_for_feed(self, exchange: Answering) -> None:
        """Everything is out, and the application has nothing yet: however long that takes, it holds no thread."""
        self.phase = FEEDING
        self.patience = self.engine.options.write_timeout
        if self.engine.is_draining:
            exchange.end_early()
        if exchange.is_woken:
            self.engine.reactor.call_soon(self.on_woken)
        # The client's end is to be noticed. If the next request comes early, that is read once: nothing is to pile up.
        if self.h1.has_buffered or (self.is_read_closed and not exchange.is_endless):
            self._watch_nothing()
        else:
            self._watch(READ)

    def _on_feeding_client(self) -> bool:
        """The client of a stream that has nothing yet has sent something, or ended its side."""
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return self._abandon()
        self._watch_nothing()
        if data:
            self.received_bytes += len(data)
            self.h1.receive_data(data)
            return True
        self.is_read_closed = True
        self.h1.receive_eof()
        return self._abandon() if self.exchange is not None and self.exchange.is_endless else True

    def _wait_for_client(self, left: float) -> None:
        """Set the deadline for a client that had `left` seconds to take what waits, and may have taken something."""
        self.measure(left)
        self._set_deadline(self.patience)

    def _go_on(self) -> bool:
        """After `complete`, outside `_advance`: read the next pipelined request, or what came meanwhile."""
        if self.phase is not IDLE and self.phase is not BODY:
            return True
        if self._events != READ:
            self._watch(READ)
        return self._advance() if self.h1.has_buffered else True

    def _end_cycle(self, exchange: Answering) -> None:
        """The answer is out: get ready for the next request, or close."""
        if self.engine.access_log is not None:
            exchange.log()
        exchange.discard()
        self.exchange = None
        h1 = self.h1
        if h1.has_body and not (h1.is_body_complete or h1.must_close):
            self._drain_body()
        else:
            self._begin_cycle()

    def _begin_cycle(self) -> None:
        h1, engine = self.h1, self.engine
        if h1.must_close or not engine.idle_timeout:
            self._leave()
            return
        h1.start_next_cycle()
        self.phase = IDLE
        # PERF: `_set_deadline`, whose call costs more than what it does here.
        self.deadline = deadline = engine.reactor.now + engine.idle_timeout
        if deadline < self.slot - 1 or self.slot < 0:
            engine.reactor.wheel.add(self, engine.reactor.now)

    def _on_writable(self) -> bool:
        self.flush()
        if self.is_broken:
            return self._abandon()
        exchange = self.exchange
        if exchange is not None and exchange.wants_thread(self.outbox.size):
            return self._submit_again()
        if self.outbox:
            self._wait_for_client(self.deadline - self.engine.reactor.now)
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

    def _abandon(self) -> bool:
        """The client will not get the rest of the answer."""
        self.is_broken = True
        if self.exchange is not None and self.exchange.wants_thread(0):
            # What is left to do is the application's: done on a handler's thread, like everything of its.
            return self._submit_again()
        self.reset()
        return True

    # ------------------------------------------------------------------ LEADER: closing

    def _leave(self) -> None:
        """Close, when all is sent, and without a reset that would destroy the answer on its way."""
        if self.outbox and not self.is_broken:
            self.phase = SENDING
            self._wait_for_client(self.engine.options.write_timeout)
            self._watch(WRITE)
        elif self.is_broken or self.is_read_closed or self.engine.options.linger_timeout == 0 or self._is_last_word():
            self.close()
        else:
            self._release()
            Lingering(self.engine, self.sock).open()

    def _is_last_word(self) -> bool:
        """Tell whether the client has said that its request is the last one, and indeed sent nothing behind it.

        Then nothing is to come that a plain close would answer with a reset. Not asked over TLS, which has an end of its own.
        """
        h1 = self.h1
        if h1.keep_alive or h1.has_buffered or (h1.has_body and not h1.is_body_complete):
            return False
        if type(self.sock) is not socket.socket:
            return False
        try:
            return not self.sock.recv(1, socket.MSG_PEEK)
        except OSError:  # nothing has come, or the client has gone
            return True

    # ------------------------------------------------------------------ ANY THREAD: the one that runs the job

    def run(self) -> None:
        """Run the exchange, or go on with its stream."""
        exchange = self.exchange
        if exchange is not None:
            exchange.context.run(exchange.run)

    @property
    def can_be_refused(self) -> bool:
        """See `Job.can_be_refused`."""
        return self.exchange is not None and self.exchange.state is NEW

    def refuse(self, retry_after: int) -> None:
        """See `Job.refuse`."""
        if self.exchange is not None:
            self.exchange.refuse(retry_after)

    def hand_in(self) -> bool:
        """Take the link back on a thread that is not the leader; see `Job.hand_in`."""
        exchange = self.exchange
        engine = self.engine
        h1 = self.h1
        if (
            exchange is None
            or self.is_broken
            or exchange.state is not DONE
            or self.outbox.size
            or h1.must_close
            or h1.has_buffered
            or (h1.has_body and not h1.is_body_complete)
        ):
            return False
        deadline = engine.clock.monotonic() + engine.options.keep_alive
        exchange.log()
        exchange.discard()
        with self._hand_in_lock:
            if self._is_paused or self._events != READ or engine.is_draining:
                return False
            self.deadline = deadline
            if not 0 <= self.slot <= deadline + 1:
                self.deadline = NEVER
                return False  # the wheel would look too late, and it is the leader's
            self.exchange = None
            h1.start_next_cycle()
            self.phase = IDLE
            self.is_handled = False
            return True
