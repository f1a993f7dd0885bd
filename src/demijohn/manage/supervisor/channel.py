"""`Channel`: one JSON object a line, each way, between the arbiter and a process that was forked for it.

Lines that are no JSON object are text that the other side could not say better: stacks written by a signal handler in C.
An end belongs to one thread for reading; `send` is for any.
"""

import contextlib
import json
import socket
import struct
import threading
from array import array
from typing import Any, Final, Self

Message = dict[str, Any]  # Any: what JSON has

_MOST_UNREAD: Final = 16 << 20
"""Bytes of one line. Whoever sends more is broken."""

_MOST_FDS: Final = 16
"""Descriptors that are taken in one go."""

_FDS: Final = [socket.SOL_SOCKET, socket.SCM_RIGHTS]

_SEND_MS: Final = 2000
"""How many milliseconds the other side may keep us waiting in one go. It reads all the time, or stands still."""


class ChannelClosed(Exception):
    """The other side is gone, or takes nothing any more."""


class Channel:
    """One end of it. Ends with `close`."""

    def __init__(self, sock: socket.socket) -> None:
        """Take over a connected stream socket."""
        # By the kernel: what writes stacks is no Python, and knows of no timeout.
        sock.setblocking(True)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_MS // 1000, _SEND_MS % 1000 * 1000)
        )
        self._sock = sock
        self._unread = bytearray()
        self._lock = threading.Lock()  # a message is sent whole
        self.is_ended = False
        """The other side has closed its end; nothing more will come."""
        self.texts: list[str] = []
        """Lines that came and were no messages."""

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """Return an end, and the socket of the other one."""
        ours, theirs = socket.socketpair()
        return cls(ours), theirs

    def fileno(self) -> int:
        """Return the descriptor, readable when there is something to `receive`."""
        return self._sock.fileno()

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            ChannelClosed: the other side is gone, or has taken nothing for seconds.
        """
        data = json.dumps(message, separators=(",", ":"), default=repr).encode() + b"\n"
        try:
            with self._lock:
                self._sock.sendall(data)
        except OSError as error:
            raise ChannelClosed(str(error)) from None

    def send_with_fd(self, message: Message, fd: int) -> None:
        """Send a message and a descriptor, see `send`."""
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            with self._lock:
                sent = socket.send_fds(self._sock, [data], [fd])
                self._sock.sendall(data[sent:])
        except OSError as error:
            raise ChannelClosed(str(error)) from None

    def receive(self) -> list[Message]:
        """Return the messages that have come. Never waits; sets `is_ended` at the end."""
        return self._receive(None)

    def receive_with_fds(self, fds: list[int]) -> list[Message]:
        """Do as `receive`, and append the descriptors that have come."""
        return self._receive(fds)

    def _receive(self, fds: list[int] | None) -> list[Message]:
        messages: list[Message] = []
        while not self.is_ended:
            try:
                if fds is None:
                    data = self._sock.recv(65536, socket.MSG_DONTWAIT)
                else:
                    # Not socket.recv_fds: before Python 3.13 it does not pass its flags on, and waits.
                    room = socket.CMSG_SPACE(_MOST_FDS * array("i").itemsize)
                    data, more, _, _ = self._sock.recvmsg(65536, room, socket.MSG_DONTWAIT)
                    fds += [fd for *kind, data_of in more if kind == _FDS for fd in _descriptors(data_of)]
            except BlockingIOError:
                break
            except OSError:
                data = b""  # reset: it was killed with something unread
            if not data or len(self._unread) > _MOST_UNREAD:
                self.is_ended = True
                if self._unread:
                    self.texts.append(self._unread.decode("utf-8", "replace"))
                    self._unread.clear()
                break
            self._unread += data
            *lines, rest = self._unread.split(b"\n")
            self._unread = bytearray(rest)
            for line in lines:
                self._take(line, messages)
        return messages

    def _take(self, line: bytearray, messages: list[Message]) -> None:
        message = None
        if line.startswith(b"{"):
            try:
                message = json.loads(line)
            except ValueError:
                message = None  # a stack was written into the middle of it
        if isinstance(message, dict):
            messages.append(message)
        else:
            self.texts.append(line.decode("utf-8", "replace"))

    def take_text(self) -> str:
        """Return the lines that were no messages, and forget them."""
        text = "\n".join(self.texts)
        self.texts.clear()
        return text

    def hang_up(self) -> None:
        """Have the other side see the end, whoever else has this one open."""
        with contextlib.suppress(OSError):  # it is gone
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end."""
        self._sock.close()


def _descriptors(data: bytes) -> list[int]:
    fds = array("i")
    fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return fds.tolist()
