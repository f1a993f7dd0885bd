"""`WatchedLine`: a line as the leader watches it: its events, its deadline, and who owns it now.

The bookkeeping of `Link`. LEADER, all of it, but for what the fields say of themselves.
"""

import socket
import threading
from abc import ABC, abstractmethod

from ..seam import Peer
from .engine import Engine
from .line import Line
from .reactor import Watched


class WatchedLine(Line, Watched, ABC):
    """A line that is owned by the reactor or, while `is_handled`, by a handler."""

    __slots__ = ("_events", "_hand_in_lock", "_is_paused", "deadline", "is_handled", "opened_at", "queued_at", "slot")

    def __init__(self, engine: Engine, sock: socket.socket, peer: Peer) -> None:
        super().__init__(engine, sock, peer)
        # True while a handler owns the link. Set by the leader, cleared by whoever takes it back.
        self.is_handled = False
        self.opened_at = engine.reactor.now
        # Moved by the owner; in the wheel's hands: `slot`.
        self.deadline = engine.reactor.now + engine.options.head_timeout
        self.slot = -1.0
        # See `Job.queued_at`.
        self.queued_at = 0.0
        # What the selector watches for: 0, READ, WRITE or both; changed by the leader only.
        self._events = 0
        # The leader stopped watching because bytes came while a handler owned the link. Guarded by the lock.
        self._is_paused = False
        self._hand_in_lock = threading.Lock()

    @abstractmethod
    def on_event(self, mask: int) -> bool:
        """The socket is ready."""

    @abstractmethod
    def on_woken(self, mask: int) -> bool:
        """There may be more of a stream that had nothing yet."""

    def _watch(self, events: int) -> None:
        if self._events != events:
            self.engine.reactor.watch(self.sock, events, self.on_event, self._events)
            self._events = events

    def _watch_nothing(self) -> None:
        if self._events:
            self.engine.reactor.forget(self.sock)
            self._events = 0

    def _set_deadline(self, seconds: float) -> None:
        self.deadline = deadline = self.engine.reactor.now + seconds
        # PERF: a slot up to a second too late is good enough, and spares a new one for each request.
        if deadline < self.slot - 1 or self.slot < 0:
            self.engine.reactor.wheel.add(self, self.engine.reactor.now)

    def _has_time_left(self) -> bool:
        """The deadline was moved after the wheel found that it had passed, by what came in the same round."""
        reactor = self.engine.reactor
        if self.deadline <= reactor.now:
            return False
        if self.slot < 0:
            reactor.wheel.add(self, reactor.now)
        return True

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
        # In this order: a thread that is struck in between must not leave a link that is taken to be watched and is not.
        self._events = 0
        self.engine.reactor.forget(self.sock)
        return False
