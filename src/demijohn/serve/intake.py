"""`Intake`: a connection while requests arrive on it: heads, bodies, and what is not a request.

The half of `Link` that turns received bytes into exchanges and gives them to handlers. LEADER, all of it, while the reactor owns
the link; the other half, what becomes of answers, is link.py.
"""

import logging
import socket
from abc import abstractmethod

from ..seam import EMPTY_BODY, BodySource, BufferedBody, Peer, RequestHead
from ..wire.h1 import END_OF_BODY, NEED_DATA, Data
from ..wire.reject import ProtocolReject
from .answered import Answered
from .bodybuffer import BodyBuffer, UnreadBody
from .engine import Engine
from .exchange import H1Exchange
from .forwarding import ForwardingPeer
from .loggedexchange import request_id_of
from .phase import BODY, CLOSED, FEEDING, HEAD, IDLE, SENDING
from .poller import READ, WRITE
from .rate import seconds_left
from .stats import ANSWERS, REJECTS, REQUESTS
from .streambody import StreamBody
from .watchedline import WatchedLine

logger = logging.getLogger("demijohn.error")

_READING = (IDLE, BODY)
"""What a link may be in after an answer, with more to read."""

_MAX_ROUNDS = 16
"""Requests of one client answered in a row before others get their turn."""


class Intake(WatchedLine):
    """See the file's description."""

    __slots__ = ("_body", "_forwarding", "_is_requeued", "_requests_left", "exchange", "phase")

    def __init__(self, engine: Engine, sock: socket.socket, peer: Peer) -> None:
        super().__init__(engine, sock, peer)
        self.phase = HEAD
        # What to believe of who sends; `None`: each request's peer is the connection's.
        self._forwarding = None if engine.forwarding is None else engine.forwarding.for_peer(peer)
        # The request that is being answered; set from its dispatch until its answer is out.
        self.exchange: H1Exchange | None = None
        # A body that is arriving; leader only.
        self._body: BodyBuffer | None = None
        # `on_requeued` will be called: there is enough to do, nothing more is read. Leader only.
        self._is_requeued = False
        # Requests that may still come; below 0: any number. Leader only.
        self._requests_left = engine.options.max_requests_per_connection or -1

    @abstractmethod
    def _submit(self) -> bool:
        """Give the link to a handler. False: this thread is not the leader any more."""

    @abstractmethod
    def _begin_cycle(self) -> None:
        """Get ready for the next request, once this one was read and answered, or close."""

    @abstractmethod
    def _leave(self) -> None:
        """Close, when all is sent, and without a reset that would destroy the answer on its way."""

    def on_requeued(self, mask: int) -> bool:
        """Go on with pipelined requests after others had their turn."""
        self._is_requeued = False
        return True if self.is_handled or self.phase in (SENDING, FEEDING, CLOSED) else self._advance()

    def _advance(self) -> bool:
        """Take what the protocol has until it wants more bytes or a request is under way elsewhere."""
        h1 = self.h1
        engine = self.engine
        for _ in range(_MAX_ROUNDS):
            try:
                event = h1.next_event()
                if self._forwarding is not None and type(event) is RequestHead:
                    event = self._take_forwarded(self._forwarding, event)
            except ProtocolReject as reject:
                self._reject(reject)
                return True
            if self.corked_since is not None and type(event) is not RequestHead:
                self.uncork()
            if type(event) is RequestHead:
                body: BodySource = EMPTY_BODY
                if h1.has_body:
                    content = StreamBody(self) if self._is_streamed(event) else self._begin_body()
                    if content is None:
                        continue
                    body = content
            elif type(event) is Data:
                if not self._take_body(event.data):
                    return True
                continue
            elif event is END_OF_BODY:
                if type(self._body) is UnreadBody:
                    self._body = None
                    self._begin_cycle()
                    if self.phase is not IDLE:
                        return True
                    continue
                try:
                    body = self._end_body()
                except OSError as error:
                    self._reject_for_space(error)
                    return True
            elif event is NEED_DATA:
                self._wait_for_data()
                return True
            else:
                self._leave()
                return True
            if h1.head is None:
                raise RuntimeError("the protocol ended a request that it never began")
            self.exchange = H1Exchange(self, h1.head, body)
            engine.stats.cells[REQUESTS] += 1
            self.patience = engine.options.write_timeout
            self._requests_left -= 1
            if not self._requests_left:
                h1.must_close = True
            if not self._submit():
                return False
            if self.is_handled or self.phase not in _READING or not h1.has_buffered:
                return True
        self.uncork()
        if not self._is_requeued:
            self._is_requeued = True
            engine.reactor.call_soon(self.on_requeued)
        return True

    def _take_forwarded(self, forwarding: ForwardingPeer, head: RequestHead) -> RequestHead:
        """Find out whom a request is for; from now on its peer and its head are what they were for the outermost proxy."""
        self.peer = forwarding.peer  # that of the request before may be another client's
        head, self.peer = forwarding.apply(head)
        self.h1.head = head
        return head

    def _is_streamed(self, head: RequestHead) -> bool:
        """Tell whether the handler wants to read the body itself."""
        streams = self.engine.streams
        try:
            return streams is not None and streams(head)
        except Exception:
            # The application's: then the body is read for it.
            logger.exception("Nobody knows whether the body of %s %s is streamed", head.method, head.target)
            return False

    def _drain_body(self) -> None:
        """Read and forget what a handler left of its streamed body, to get to the next request."""
        self.phase = BODY
        self._body = UnreadBody()
        self._count_body(self._body)

    def _begin_body(self) -> BodySource | None:
        """Return a request's content, if it has come whole behind the head; else begin to collect it."""
        options = self.engine.options
        data = self.h1.take_content(options.body_memory_bytes)
        if data is not None:
            return BufferedBody(data)
        self.phase = BODY
        self._body = BodyBuffer(options.body_memory_bytes, options.body_dir)
        self._body.began = self.engine.reactor.now
        if interim := self.h1.render_continue():
            # Sent before a thread is occupied: the reactor reads the body first, so that a slow client holds nobody.
            self.send(interim)
            if self.outbox.size:
                self._watch(READ | WRITE)
        return None

    def _send_rest(self) -> None:
        """Go on sending what a client that takes no answers is told while its request arrives."""
        self.flush()
        if not self.outbox.size or self.is_broken:
            self._watch(READ)

    def _take_body(self, data: bytes) -> bool:
        """Keep a piece of the body; False if that failed and the link is being closed."""
        if self._body is None:
            raise RuntimeError("the protocol gave body bytes outside a body")
        try:
            self._body.append(data)
        except OSError as error:
            self._reject_for_space(error)
            return False
        return True

    def _end_body(self) -> BodySource:
        if self._body is None:
            raise RuntimeError("the protocol ended a body that it never began")
        body = self._body.finish()
        self._body = None
        return body

    def _reject_for_space(self, error: OSError) -> None:
        logger.error("Cannot keep a request's body of %s: %s", self.peer.name, error)
        self._reject(ProtocolReject(507, "The server cannot store the request", "RFC 4918 §11.5"))

    def _wait_for_data(self) -> None:
        """Everything that has arrived is understood; the deadline depends on what is missing."""
        if self.phase is IDLE and self.h1.has_buffered:
            # Counted from the head's first byte, and not moved by its later ones.
            self.phase = HEAD
            self._set_deadline(self.engine.options.head_timeout)
        elif self.phase is BODY and self._body is not None:
            self._count_body(self._body)
        if not self._events:
            self._watch(READ)

    def _count_body(self, body: BodyBuffer) -> None:
        """Move the deadline of a body by what has come of it since that was done last."""
        stats = self.engine.stats
        with stats.lock:  # a long body is to be seen coming
            self.count_bytes()
        options = self.engine.options
        left = self.deadline - self.engine.reactor.now if body.counted >= 0 else options.body_timeout
        count = body.size - max(0, body.counted)
        body.counted = body.size
        self._set_deadline(seconds_left(left, count, options.min_receive_rate, options.body_timeout))

    def _reject(self, reject: ProtocolReject) -> None:
        """Answer what is not a request, or not one we take, and close."""
        engine = self.engine
        engine.stats.cells[REJECTS] += 1
        if self._forwarding is not None and self.h1.head is None:
            self.peer = self._forwarding.peer  # nobody knows whose it would have been
        options, head = engine.options, self.h1.head
        request_id = request_id_of(head, options)
        logger.info(
            "Refused a request of %s: %d %s (%s) [%s]",
            self.peer.name,
            reject.status,
            reject.reason,
            reject.rfc,
            request_id,
            extra={"request_id": request_id, "remote": self.peer.name, "status": reject.status},
        )
        fields = [(options.request_id_header, request_id)] if options.request_id_header else []
        answer = self.h1.render_reject(reject, date=engine.clock.http_date(), server=engine.server_field, fields=fields)
        self.send(answer)
        if answer:
            with engine.stats.lock:
                engine.stats.cells[ANSWERS + reject.status // 100] += 1
        if answer and engine.access_log is not None and engine.access_log.wants(head, str(reject.status)):
            engine.access_log.write(
                Answered(
                    self,
                    self.peer,
                    head,
                    str(reject.status),
                    engine.clock.time(),
                    refusal_id=request_id,
                    body_bytes=len(answer.partition(b"\r\n\r\n")[2]),
                    bytes_in=self.h1.body_received,
                    seconds=engine.clock.monotonic() - engine.reactor.now,
                )
            )
        self._leave()
