"""How a child's processes and their parent talk: `Channel`, `Connection` at the parent's end, `connect` at the child's.

The child inherits one end of a socket pair. Any of its processes, also one that was forked later, makes a connection of its own
by sending one end of a pair through it. Messages are lines of JSON, in both directions.
"""

import array
import contextlib
import json
import os
import socket
from collections.abc import Mapping
from typing import Any, Final

Message = Mapping[str, Any]
"""Any: each kind has facts of its own."""

_AT_ONCE: Final = 1 << 16

MOST_BYTES: Final = 64 << 20
"""Of one message: a page about an error is long, but not that long."""


class Channel:
    """Where the connections of one child's processes arrive. The parent's; never waits."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ours.setblocking(False)

    @property
    def child_fd(self) -> int:
        """What the child inherits."""
        return self._theirs.fileno()

    def fileno(self) -> int:
        """Return the descriptor that is readable when somebody connects."""
        return self._ours.fileno()

    def accept(self) -> list["Connection"]:
        """Return the new connections."""
        found: list[Connection] = []
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                _, ancillary, _, _ = self._ours.recvmsg(16, socket.CMSG_SPACE(array.array("i").itemsize))
                for level, kind, data in ancillary:
                    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                        fds = array.array("i")
                        fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
                        found += [Connection(socket.socket(fileno=fd)) for fd in fds]
        return found

    def close(self) -> None:
        """Close both ends."""
        self._ours.close()
        self._theirs.close()


class Connection:
    """With one process of a child. The parent's; never waits."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.set_inheritable(False)
        self._sock = sock
        self._unread = b""
        self.is_open = True
        """The other end may still say something."""

    def fileno(self) -> int:
        """Return the descriptor that is readable when something was said, or it is over."""
        return self._sock.fileno()

    def receive(self) -> list[Message]:
        """Return the messages that have come."""
        parts = [self._unread]
        try:
            while data := self._sock.recv(_AT_ONCE):
                parts.append(data)
            self.is_open = False
        except BlockingIOError:
            pass
        except ConnectionError:
            self.is_open = False
        *lines, self._unread = b"".join(parts).split(b"\n")
        if len(self._unread) > MOST_BYTES:
            self.is_open = False
        messages: list[Message] = []
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                self.is_open = False  # not one of ours, or killed in the middle of it
                break
            messages.append(message)
        return messages

    def send(self, message: Message) -> None:
        """Say something; to who does not listen, nothing more."""
        data = _line(message)
        try:
            if self._sock.send(data) < len(data):
                self.is_open = False
        except OSError:
            self.is_open = False

    def close(self) -> None:
        """Hang up."""
        self._sock.close()


def connect(channel_fd: int) -> int | None:
    """Return the descriptor of a connection to the parent; `None` if that is gone. In any process of the child."""
    ours, theirs = socket.socketpair()
    try:
        with theirs, socket.socket(fileno=os.dup(channel_fd)) as channel:
            socket.send_fds(channel, [b"+"], [theirs.fileno()])
    except OSError:
        ours.close()
        return None
    return ours.detach()  # for as long as the process lives: nobody is to miss that it is closed


def say(fd: int, message: Message) -> None:
    """Say something to the parent, and wait until it is on its way. If there is nobody, that is noticed elsewhere."""
    data = memoryview(_line(message))
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(fd, data) :]


def _line(message: Message) -> bytes:
    return json.dumps(message).encode() + b"\n"
