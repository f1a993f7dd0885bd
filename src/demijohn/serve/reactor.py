"""`Reactor`: the loop. It polls, and calls back whoever is ready; it knows no HTTP.

Exactly one thread at a time, the *leader*, may call `turn`, `watch`, `forget` and touch the wheel; which thread that is may
change (see runner/late.py). `give_back` and `wake` are for any thread, `wake` for signal handlers too.

A callback takes the event mask and returns True, or False if its thread is no longer the leader when it returns; then
that thread must not touch the reactor again.
"""

import contextlib
import logging
import socket
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from .._base.clock import Clock
from .deadlines import NEVER, DeadlineWheel
from .poller import READ, Callback, best_poller

logger = logging.getLogger("demijohn.error")

_LATE_BATCH = 32
"""Deadlines told between two polls. Slow clients that came together go together, and others are not to wait for that."""

HOLD_SECONDS: Final = 0.001
"""An answer waits no longer for others, but for the handler that runs just then."""

DIRECT_TIMES: Final = 20
"""After a handler that took longer nothing is held for so many times as long: few answers wait for such a one."""

_STALL = 1.0
"""Seconds without a poll that are worth telling. The wheel is no more exact than this."""


class Watched(Protocol):
    """A connection, as the reactor sees it."""

    __slots__ = ()

    deadline: float
    slot: float

    def on_deadline(self, mask: int) -> bool:
        """Act on the deadline that has passed."""

    def on_returned(self, mask: int) -> bool:
        """Go on after another thread gave the connection back."""

    def fail(self) -> None:
        """Close at once: a callback raised."""


class Holding(Protocol):
    """A connection whose answer waits for those of others."""

    __slots__ = ()

    def send_held(self) -> None:
        """Send it. The leader only."""


class Reactor:
    """One poller (epoll, kqueue or select, as the platform has it) and the queue of what is ready."""

    __slots__ = (
        "_again",
        "_is_polling",
        "_late",
        "_poller",
        "_ready",
        "_wake_read",
        "_wake_write",
        "busy",
        "clock",
        "direct_until",
        "held",
        "held_since",
        "now",
        "on_stall",
        "polled_at",
        "wheel",
    )

    now: float
    """Monotonic time when the last poll returned: exact enough for deadlines, and free."""

    polled_at: float
    """The same, but never moved on by the runner: what a round found ready has waited since then, if not longer."""

    busy: float
    """Seconds that the last round took: what was there when it began has waited so long by now."""

    held: deque[Holding]
    """Whose answers wait for those of others that were ready in the same round. Sent together, they wake clients on the same
    machine once for all; each time takes longer than a short view, and spoils the caches. Only compiled twins hold (src/c)."""

    held_since: float
    """Since when the first of them waits."""

    direct_until: float
    """Until then nothing is held: a handler took long, and another one might."""

    on_stall: Callable[[float], None] | None
    """Called when nobody polled for so many seconds, before what came meanwhile is seen. Set once."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.now = self.polled_at = clock.monotonic()
        self.busy = 0.0
        self.held = deque()
        self.held_since = self.direct_until = 0.0
        self.on_stall = None
        self.wheel: DeadlineWheel[Watched] = DeadlineWheel()
        self._poller = best_poller()
        self._ready: deque[tuple[Callback, int]] = deque()
        # Appended to by any thread, emptied by the leader.
        self._again: deque[Callback] = deque()
        # Those whose deadline has passed, and were not told yet.
        self._late: deque[Watched] = deque()
        self._is_polling = False
        # Sockets and not a pipe: an object that was closed can be written to without hitting a descriptor reused since.
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._poller.register(self._wake_read, READ, self._on_wake)

    def turn(self) -> bool:
        """Poll if nothing is ready, then run the callbacks of what is. False: the calling thread is no longer the leader."""
        if self.held:
            self.send_held()
        ready = self._ready
        if not ready:
            self._poll()
        while ready:
            callback, mask = ready.popleft()
            try:
                if not callback(mask):
                    return False
            except BaseException as error:
                _give_up(callback, error)
                if not isinstance(error, Exception):
                    raise  # the thread is being ended; its successor goes on
        return True

    def hold(self, connection: Holding, now: float) -> None:
        """Have an answer wait for others. The leader."""
        if not self.held:
            self.held_since = now
        self.held.append(connection)

    def settle(self, began: float, ended: float) -> None:
        """A handler ran from `began` to `ended`: send what is held, if it has waited long enough. The leader."""
        if ended - began > HOLD_SECONDS:
            self.note_long(began, ended)
        if self.held and ended - self.held_since > HOLD_SECONDS:
            self.send_held()

    def note_long(self, began: float, ended: float) -> None:
        """Hold nothing for a while: a handler took long, which others would have to wait for. Any thread."""
        self.direct_until = max(self.direct_until, ended + (ended - began) * DIRECT_TIMES)

    def send_held(self) -> None:
        """Send all that is held. The leader, or whoever ends the server."""
        held = self.held
        while held:
            send = held.popleft().send_held
            try:
                send()
            except BaseException as error:
                _give_up(send, error)
                if not isinstance(error, Exception):
                    raise

    def unread_since(self) -> float:
        """Return when the last poll ended, if nobody polls now: what came since waits to be read. Else 0. Any thread."""
        return 0.0 if self._is_polling else self.polled_at

    def watch(self, sock: socket.socket, events: int, callback: Callback, watched_events: int = 0) -> None:
        """Call back when `sock` is ready for `events`; `watched_events` is what it is watched for now, 0 for nothing."""
        if watched_events:
            self._poller.modify(sock, events, callback)
        else:
            self._poller.register(sock, events, callback)

    def forget(self, sock: socket.socket) -> None:
        """Stop watching a socket that is watched."""
        self._poller.unregister(sock)

    def drop(self, sock: socket.socket) -> None:
        """Stop watching a socket that may be watched: an exception from outside struck while that was changed."""
        with contextlib.suppress(KeyError, ValueError):
            self._poller.unregister(sock)

    def call_soon(self, callback: Callback) -> None:
        """Call back on the leader's next turn, after others that are ready now had theirs. Any thread."""
        self._again.append(callback)
        if self._is_polling:
            self.wake()

    def give_back(self, connection: Watched) -> None:
        """Hand a connection to the leader. Any thread."""
        self.call_soon(connection.on_returned)

    def wake(self) -> None:
        """Make a poll that waits return. Any thread, and signal handlers; nothing happens after `close`."""
        with contextlib.suppress(OSError):  # full: it will wake; closed: nobody sleeps
            self._wake_write.send(b"\0")

    def close(self) -> None:
        """Free the descriptors; nobody may use the reactor after that."""
        self._poller.close()
        self._wake_read.close()
        self._wake_write.close()

    def _poll(self) -> None:
        before = self.clock.monotonic()
        self.busy = busy = before - self.polled_at
        if busy > _STALL and self.on_stall is not None:
            self.on_stall(busy)
        self._is_polling = True
        # Looked at after the flag is set: whoever appends later sees the flag and wakes us.
        next_time = self.wheel.next_time
        timeout: float | None
        if self._again or self._late:
            timeout = 0.0
        elif next_time == NEVER:
            timeout = None
        else:
            timeout = max(0.0, next_time - before)
        found = self._poller.poll(timeout)
        self._is_polling = False
        self.now = self.polled_at = now = self.clock.monotonic()
        ready = self._ready
        ready += found
        again = self._again
        while again:
            ready.append((again.popleft(), 0))
        if self.wheel.next_time <= now:
            self._late.extend(self.wheel.expired(now))
        if late := self._late:
            for _ in range(min(_LATE_BATCH, len(late))):
                ready.append((late.popleft().on_deadline, 0))

    def _on_wake(self, mask: int) -> bool:
        self._wake_read.recv(4096)
        return True


def _give_up(callback: Callable[..., object], error: BaseException) -> None:
    """`callback` has raised. A fault of ours, not of an application: those are caught around the handler. One connection pays."""
    logger.error("Internal error in %r; the connection is closed", callback, exc_info=error)
    owner = getattr(callback, "__self__", None)
    if hasattr(owner, "fail"):
        try:
            owner.fail()  # type: ignore[union-attr]  # hasattr looked
        except Exception:
            logger.exception("Closing it failed, too")  # the other connections are served all the same
