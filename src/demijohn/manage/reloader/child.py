"""`Child`: what the parent has given to this program, and what it tells its parent.

A process of the child that was forked later may ask for the feed of changes, too, and has a connection of its own then.
"""

import fcntl
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..._base.changefeed import ChangeFeed
from ..watching.origin import project_modules, project_roots
from .channel import connect, say
from .failure import Failure
from .handshake import Handshake


class Child:
    """Of the process that a parent has started, and those forked from it. Any thread."""

    def __init__(self, handshake: Handshake) -> None:
        self.handshake = handshake
        self._main = os.getpid()
        for fd in handshake.descriptors:
            os.set_inheritable(fd, False)
        self._lock = threading.Lock()
        self._connections: dict[int, int | None] = {}  # descriptors, by process id; under the lock
        self._feeds: dict[int, ChangeFeed] = {}  # by process id; under the lock
        lifeline = connect(handshake.channel)
        if lifeline is not None:
            _end_with(lifeline)

    @property
    def is_first(self) -> bool:
        """No other has served before: what is told at the start is news."""
        return self.handshake.is_first

    @property
    def feed(self) -> ChangeFeed:
        """The changes of files, for this process."""
        with self._lock:
            feed = self._feeds.get(os.getpid())
            if feed is not None:
                return feed
            feed = ChangeFeed(f"{self.handshake.parent}.{self.handshake.number}")
            self._feeds = {os.getpid(): feed}
        fd = connect(self.handshake.channel)
        if fd is not None:
            say(fd, {"listens": True})
            thread = threading.Thread(target=_listen, args=(fd, feed), name="demijohn-changes", daemon=True)
            thread.start()
        return feed

    def ready(self, templates: Iterable[str] = (), statics: Iterable[str] = ()) -> None:
        """Say that it serves, and what it is made of."""
        self._say(
            {
                "ready": True,
                "time_ns": time.time_ns(),
                "roots": project_roots(sys.path),
                "modules": sorted(project_modules()),
                "templates": [os.path.abspath(path) for path in templates],
                "statics": [os.path.abspath(path) for path in statics],
            }
        )

    def failed(self, error: BaseException) -> None:
        """Say what ends this program. The last word counts."""
        self._fail(Failure.of(error))

    def failed_for(self, title: str, text: str) -> None:
        """Say why this program cannot go on, where there is no exception."""
        self._fail(Failure.of_text(title, text))

    def stopping(self) -> None:
        """Say that it has begun to stop, and need not be told. Processes that were forked from the child's first say nothing."""
        if os.getpid() == self._main:
            self._say({"stopping": True})

    def _fail(self, failure: Failure) -> None:
        self._say({"failure": failure.message, "roots": project_roots(sys.path)})

    def _say(self, message: Mapping[str, Any]) -> None:  # Any: see channel.Message
        fd = self._connection()
        if fd is not None:
            say(fd, message)

    def _connection(self) -> int | None:
        with self._lock:
            pid = os.getpid()
            if pid not in self._connections:
                self._connections = {pid: connect(self.handshake.channel)}
            return self._connections[pid]


def _listen(fd: int, feed: ChangeFeed) -> None:
    """Put what the parent tells into the feed, until it is gone."""
    with open(fd, "rb") as lines:
        for line in lines:
            message = json.loads(line)
            feed.publish(message["paths"], message["changed"])


def _end_with(fd: int) -> None:
    """See to it that this process does not outlive its parent: it is sent SIGTERM when the other end of a connection is closed.

    By the system itself where it can (Linux): a thread would be in the way of those that fork. That comes also when something is
    said there, in either direction: nothing is.
    """
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGTERM)
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([fd], [], [], 0)[0]:  # it was closed before
            os.kill(os.getpid(), signal.SIGTERM)
        return
    threading.Thread(target=_wait_for_end, args=(fd,), name="demijohn-parent", daemon=True).start()


def _wait_for_end(fd: int) -> None:
    if os.read(fd, 1) == b"":
        os.kill(os.getpid(), signal.SIGTERM)
