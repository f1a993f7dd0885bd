"""`ControlServer`: the side of the control socket that is asked. It never waits for a client.

It has a selector of its own, whose descriptor is readable when there is something to do: so it fits into any other selector's
loop (`fileno`, `turn`). Slow, silent and hostile clients cost a bounded buffer and are dropped. One thread: whoever calls `turn`.
"""

import contextlib
import logging
import selectors
import socket
from collections.abc import Callable
from typing import Any, Final

from ..._base.clock import Clock, SystemClock
from .peer import Credentials, credentials_of, may_command
from .place import ControlListener
from .protocol import MOST_ANSWER_BYTES, MOST_LINE_BYTES, Code, ControlError, Message, decode, encode

logger = logging.getLogger("demijohn.manage")

MOST_CLIENTS: Final = 32

IDLE_SECONDS: Final = 300.0
"""How long a client may be silent between two questions."""

LINE_SECONDS: Final = 10.0
"""How long a question may take to arrive."""

SEND_SECONDS: Final = 30.0
"""How long a client may take to take an answer."""

MOST_WAITING: Final = 16
"""Questions that a client may send before it has an answer. All are answered in one go, so they must not be many."""

_RETRY_SECONDS: Final = 1.0
"""After a client could not be accepted."""

_NEVER: Final = float("inf")

Identify = Callable[[socket.socket], Credentials]


class Reply:
    """The answer to one question, given once: by `give` or `fail`, now or later. The control server's thread."""

    def __init__(self, client: "_Client") -> None:
        self._client: _Client | None = client

    def give(self, result: Any) -> None:  # Any: what JSON has
        """Answer."""
        self._send({"result": result})

    def fail(self, message: str, code: Code = Code.FAILED) -> None:
        """Say why there is no answer."""
        self._send({"error": message, "code": str(code)})

    @property
    def is_given(self) -> bool:
        """It was."""
        return self._client is None

    def _send(self, message: Message) -> None:
        client, self._client = self._client, None
        if client is None:
            raise RuntimeError("This question has its answer already.")
        client.answer(message)


Dispatch = Callable[[Message, Reply], None]
"""Answers a question, or sees to it that it is answered. `ControlError`: the answer is that."""


class ControlServer:
    """See the file's description."""

    def __init__(
        self,
        listener: ControlListener,
        dispatch: Dispatch,
        clock: Clock | None = None,
        identify: Identify = credentials_of,
    ) -> None:
        """Begin to listen.

        Args:
            listener: taken over.
            dispatch: answers questions.
            clock: for tests.
            identify: for tests.
        """
        self._listener = listener
        self.dispatch = dispatch
        self._now = (clock or SystemClock()).monotonic
        self._identify = identify
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener.sock, selectors.EVENT_READ)
        self._clients: set[_Client] = set()
        self._accepts_at = _NEVER  # when it does again, if it does not now

    @property
    def path(self) -> str:
        """Where the socket is."""
        return self._listener.path

    def fileno(self) -> int:
        """Return a descriptor that is readable when `turn` has something to do."""
        return self._selector.fileno()

    def turn(self, timeout: float | None = 0.0) -> None:
        """Do what there is to do; wait at most `timeout` seconds for something, or until a client's time is over."""
        if timeout is None or timeout > 0:
            due = min((client.deadline for client in self._clients), default=_NEVER)
            due = min(due, self._accepts_at)
            if due != _NEVER:
                timeout = max(0.0, due - self._now()) if timeout is None else min(timeout, max(0.0, due - self._now()))
        for key, mask in self._selector.select(timeout):
            if key.data is not None:
                key.data(mask)
            elif key.fileobj is self._listener.sock:
                self._accept()
        now = self._now()
        if self._accepts_at <= now:
            self._accepts_at = _NEVER
            self._selector.register(self._listener.sock, selectors.EVENT_READ)
        for client in [one for one in self._clients if one.deadline <= now]:
            client.close()

    def close(self) -> None:
        """Close everything, and remove the socket."""
        for client in list(self._clients):
            client.close()
        self._selector.close()
        self._listener.close()

    def let_go(self) -> None:
        """In a child after a fork: close what is the parent's, and leave the file alone."""
        for client in self._clients:
            client.sock.close()
        self._selector.close()
        self._listener.sock.close()

    def watch(self, file: socket.socket, callback: Callable[[int], None]) -> None:
        """Have `turn` call back when `file` is readable."""
        self._selector.register(file, selectors.EVENT_READ, callback)

    # ------------------------------------------------------------------ clients

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                # No descriptors left, say. Whoever waits is accepted later; until then the selector would not rest.
                logger.warning("A client of the control socket cannot be accepted: %s", error)
                self._selector.unregister(self._listener.sock)
                self._accepts_at = self._now() + _RETRY_SECONDS
                return
            sock.setblocking(False)
            try:
                peer = self._identify(sock)
            except OSError:
                sock.close()  # gone already
                continue
            if not may_command(peer):
                logger.warning("User %d (process %d) may not use the control socket.", peer.uid, peer.pid)
                _refuse(sock, f"This server belongs to somebody else than user {peer.uid}.", Code.FORBIDDEN)
            elif len(self._clients) >= MOST_CLIENTS:
                _refuse(sock, f"{MOST_CLIENTS} clients are connected already.", Code.BUSY)
            else:
                self._clients.add(_Client(self, sock))


class _Client:
    """One connection."""

    def __init__(self, server: ControlServer, sock: socket.socket) -> None:
        self._server = server
        self.sock = sock
        self._unread = bytearray()
        self._unsent = memoryview(b"")
        self._events = 0
        self._is_waiting = False  # for an answer
        self._is_asking = False  # its questions are being taken
        self._has_ended = False
        self._is_closed = False
        self.deadline = server._now() + IDLE_SECONDS
        """When it is dropped."""
        self._watch(selectors.EVENT_READ)

    def answer(self, message: Message) -> None:
        """Send the answer that it waits for."""
        if not self._is_waiting:
            return  # closed meanwhile
        self._is_waiting = False
        data = encode(message)
        if len(data) > MOST_ANSWER_BYTES:
            data = encode({"error": f"The answer has {len(data)} bytes, which are too many.", "code": Code.FAILED})
        self._unsent = memoryview(data)
        self.deadline = self._server._now() + SEND_SECONDS
        self._send()
        if not self._is_asking:
            self._go_on()

    def close(self) -> None:
        """Drop it."""
        self._is_closed = True
        self._is_waiting = False
        self._watch(0)
        self._server._clients.discard(self)
        self.sock.close()

    def _watch(self, events: int) -> None:
        selector = self._server._selector
        if events == self._events:
            return
        if not self._events:
            selector.register(self.sock, events, self._on_event)
        elif events:
            selector.modify(self.sock, events, self._on_event)
        else:
            selector.unregister(self.sock)
        self._events = events

    def _on_event(self, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            self._send()
            self._go_on()
        elif mask & selectors.EVENT_READ:
            self._receive()

    def _receive(self) -> None:
        try:
            data = self.sock.recv(65536)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        if not data:
            # It may have said all it had to say, and wait for the answer.
            self._has_ended = True
            self._watch(0)
        elif not self._unread and not self._is_waiting:
            self.deadline = self._server._now() + LINE_SECONDS
        self._unread += data
        if len(self._unread) > MOST_LINE_BYTES or self._unread.count(b"\n") > MOST_WAITING:
            self.close()
        else:
            self._go_on()

    def _go_on(self) -> None:
        """Take questions that are there, each when the one before is answered and the answer is out."""
        self._is_asking = True
        while not (self._is_closed or self._is_waiting or self._unsent):
            line, newline, rest = self._unread.partition(b"\n")
            if not newline:
                if self._has_ended:
                    self.close()
                break
            self._unread = rest
            self._ask(line)
        self._is_asking = False

    def _ask(self, line: bytearray) -> None:
        self._is_waiting = True
        self.deadline = _NEVER
        reply = Reply(self)
        try:
            self._server.dispatch(decode(line), reply)
        except ControlError as error:
            reply.fail(str(error), error.code)
        except Exception as error:
            logger.exception("A question through the control socket could not be answered")
            if not reply.is_given:
                reply.fail(f"{type(error).__name__}: {error}")

    def _send(self) -> None:
        while self._unsent:
            try:
                sent = self.sock.send(self._unsent)
            except (BlockingIOError, InterruptedError):
                self._watch(selectors.EVENT_WRITE)
                return
            except OSError:
                self.close()
                return
            self._unsent = self._unsent[sent:]
        self.deadline = self._server._now() + (LINE_SECONDS if self._unread else IDLE_SECONDS)
        self._watch(0 if self._has_ended else selectors.EVENT_READ)


def _refuse(sock: socket.socket, message: str, code: Code) -> None:
    with sock, contextlib.suppress(OSError):
        sock.send(encode({"error": message, "code": str(code)}))
