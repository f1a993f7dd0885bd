"""`Watchdog`: a thread that looks after handlers: whether they overstay their time limit, and whether their client is there.

Started when the first handler asks for either, so that a server which needs neither has no such thread. It never runs a handler
and never waits for one. `limit`, `watch` and `stop` may be called from any thread.
"""

import contextlib
import logging
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context

from .._base.clock import Clock
from .deadlines import NEVER
from .timelimit import HandlerLimit

logger = logging.getLogger("demijohn.error")

_HUNG_UP = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR
"""POLLRDHUP: the client has ended its side, whatever lies unread before that. Linux has it; elsewhere POLLHUP must do."""

_AGAIN = 0.1
"""Seconds before the thread looks at limits again after it died of that."""


def has_hung_up(sock: socket.socket) -> bool:
    """Tell whether the other side has ended the connection, or its own half of it. Reads nothing. Any thread."""
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, _HUNG_UP)
    return bool(poll.poll(0))


class ClientWatch:
    """What is to be done when one client goes away before its answer is out."""

    __slots__ = ("_calls", "_has_fired", "_token", "_watchdog", "fd", "is_answered")

    def __init__(self, watchdog: "Watchdog", sock: socket.socket, is_answered: Callable[[], bool]) -> None:
        self.fd = sock.fileno()
        self.is_answered = is_answered
        self._watchdog = watchdog
        self._calls: deque[tuple[Context, Callable[[], object]]] = deque()
        self._token: deque[bool] = deque((True,))  # whoever pops it decides how this ends
        self._has_fired = False

    def add(self, function: Callable[[], object]) -> None:
        """Call `function`, too, with the context variables of now. The handler's thread."""
        self._calls.append((copy_context(), function))
        if self._has_fired:
            self._start()

    def end(self, *, is_gone: bool) -> None:
        """The exchange is over; with `is_gone`, because the client is. The owner of the link, before the socket is closed."""
        self._watchdog.forget(self)
        if is_gone:
            self.fire()
        else:
            self._token.clear()

    def fire(self) -> None:
        """The client has gone: do what is to be done, on a thread made for that. Once; any thread."""
        with contextlib.suppress(IndexError):
            self._token.pop()
            self._has_fired = True
            self._start()

    def _start(self) -> None:
        try:
            threading.Thread(target=self._call, name="demijohn-disconnect", daemon=True).start()
        except RuntimeError as error:
            # The caller has others to look after: it is one of the threads that the server lives by.
            logger.error("Nobody could be told that a client has gone: %s", error)  # noqa: TRY400 - not a fault of the code

    def _call(self) -> None:
        # Each is popped by one thread, also if one more was added while others were being called.
        while self._calls:
            try:
                context, function = self._calls.popleft()
            except IndexError:
                return
            try:
                context.run(function)
            except BaseException:
                # Whatever it is: there is nobody above to tell.
                logger.exception("A function that was to be called when the client goes away failed")


class Watchdog:
    """See the file's description."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.monotonic
        self._lock = threading.Lock()
        # Of handlers that run now, so there are never many. PERF: changed and copied without a lock, each in one C call.
        self._limits: set[HandlerLimit] = set()
        # Under the lock, the next five. The poll object is used by several threads: it is built anew for each wait.
        self._watches: dict[int, ClientWatch] = {}
        self._thread: threading.Thread | None = None
        self._wake: socket.socket | None = None
        self._is_stopped = False
        self._looks_at = NEVER  # when the thread looks at the limits next

    def limit(self, limit: HandlerLimit) -> None:
        """Enforce a time limit until it is taken back by `HandlerLimit.end`."""
        limit.on_end = self._limits.discard
        self._limits.add(limit)
        if limit.next_at < self._looks_at:
            # PERF: seldom, since the thread keeps the time it was once woken for, even if that handler is long done.
            try:
                self._nudge(limit.next_at)
            except BaseException:
                self._limits.discard(limit)  # there is no thread to enforce it
                raise

    def watch(self, sock: socket.socket, is_answered: Callable[[], bool]) -> ClientWatch:
        """Watch for the end of a connection. The handler's thread, while it owns the link.

        Once `is_answered()`, a client that leaves has probably got what it came for: `ClientWatch.end` is to tell.
        """
        watch = ClientWatch(self, sock, is_answered)
        with self._lock:
            self._watches[watch.fd] = watch
        try:
            self._nudge(NEVER)
        except BaseException:
            self.forget(watch)  # there is no thread to watch, and none would end it
            raise
        return watch

    def forget(self, watch: ClientWatch) -> None:
        """Watch no more. Before its socket is closed, since the number is used again."""
        with self._lock:
            if self._watches.get(watch.fd) is watch:
                del self._watches[watch.fd]
        # The thread may be polling the descriptor still: it looks whether the watch is current before it acts.

    def stop(self) -> None:
        """End the thread."""
        with self._lock:
            self._is_stopped = True
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            self._nudge(NEVER)
            thread.join()

    # ------------------------------------------------------------------ the thread

    def _nudge(self, at: float) -> None:
        """Let the thread look at what there is to watch; start it if there is none."""
        with self._lock:
            if self._thread is None and not self._is_stopped:
                self._start()  # first: what it is to look at counts only if it can
                self._looks_at = min(self._looks_at, at)
                return
            self._looks_at = min(self._looks_at, at)
            if self._wake is not None:
                with contextlib.suppress(OSError):  # full: it will wake
                    self._wake.send(b"\0")

    def _start(self) -> None:
        """Start the thread. Under the lock.

        Raises:
            OSError: there are no descriptors.
            RuntimeError: there are no more threads.
        """
        theirs, ours = socket.socketpair()
        theirs.setblocking(False)
        ours.setblocking(False)
        thread = threading.Thread(target=self._work, args=(theirs,), name="demijohn-watchdog", daemon=True)
        try:
            thread.start()
        except BaseException:
            theirs.close()
            ours.close()
            raise
        self._thread, self._wake = thread, ours

    def _work(self, wake: socket.socket) -> None:
        try:
            self._watch_all(wake)
        except BaseException:
            # No handler is run here, so this is a fault of ours, or there is no memory. Limits must be enforced all the same.
            logger.critical("The thread of the watchdog died; another takes its place", exc_info=True)
        with self._lock:
            if self._wake is not None:
                self._wake.close()
            self._wake = self._thread = None
            self._looks_at = NEVER
            if not self._is_stopped:
                self._start()
                self._looks_at = self._now() + _AGAIN

    def _watch_all(self, wake: socket.socket) -> None:
        with wake:
            while not self._is_stopped:
                self._look_at_limits()
                with self._lock:
                    watches = dict(self._watches)
                    seconds = self._looks_at - self._now()
                poll = select.poll()
                poll.register(wake, select.POLLIN)
                for fd in watches:
                    poll.register(fd, _HUNG_UP)
                for fd, _ in poll.poll(None if seconds == NEVER else max(0, seconds * 1000)):
                    if fd == wake.fileno():
                        wake.recv(4096)
                    else:
                        self._on_hang_up(watches[fd])

    def _look_at_limits(self) -> None:
        now = self._now()
        with self._lock:
            if self._looks_at > now:
                return
            self._looks_at = NEVER
        # In this order: a limit that comes meanwhile finds NEVER, and wakes the thread, or is seen here.
        next_at = NEVER
        for limit in list(self._limits):
            if limit.next_at <= now:
                try:
                    limit.enforce(now)
                except Exception:
                    # A fault of ours; other limits are enforced all the same.
                    logger.exception("Enforcing a time limit failed")
                    limit.next_at = NEVER
            next_at = min(next_at, limit.next_at)
        with self._lock:
            self._looks_at = min(self._looks_at, next_at)

    def _on_hang_up(self, watch: ClientWatch) -> None:
        with self._lock:
            if self._watches.get(watch.fd) is not watch:
                return  # ended meanwhile; the number may be another connection's
            del self._watches[watch.fd]
        if not watch.is_answered():
            watch.fire()
