"""`Outbox`: bytes and parts of files that a connection has yet to take, in order.

Used by whichever thread owns the connection at the time. Nothing here waits.
"""

import errno
import os
import socket
from collections import deque

from ..seam import FileSegment
from .tlssocket import TlsSocket

_GATHER = 64
"""Buffers given to one `sendmsg`; well under IOV_MAX everywhere."""

_FILE_CHUNK = 1 << 20
"""At most this much of a file in one call."""

_MORE = getattr(socket, "MSG_MORE", 0)
"""Linux: what is sent waits for what follows at once, so a head leaves with the first bytes of its file."""

_NO_SENDFILE = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""What `sendfile` says of a file on a file system that has no part in it; such a file is read."""

_COPY_BYTES = 64 << 10

_TURN_BYTES = 4 << 20
"""About this much in one flush, so that one fast client does not keep the thread."""


class Outbox:
    """A queue of buffers and file segments in front of a non-blocking socket."""

    __slots__ = ("_queue", "size")

    size: int
    """Bytes that wait, those of files included."""

    def __init__(self) -> None:
        self._queue: deque[memoryview | FileSegment] = deque()
        self.size = 0

    def __bool__(self) -> bool:
        return self.size > 0

    def append(self, data: bytes | memoryview) -> None:
        """Queue bytes; they are not copied."""
        if data:
            self._queue.append(memoryview(data))
            self.size += len(data)

    def append_file(self, segment: FileSegment) -> None:
        """Queue a part of a file; it is closed when sent or discarded."""
        if segment.count > 0:
            self._queue.append(segment)
            self.size += segment.count
        else:
            segment.file.close()

    def flush(self, sock: socket.socket) -> int:
        """Send what the socket takes now, within limits, and return how many bytes that was.

        Raises:
            OSError: the connection is broken.
            EOFError: a file is shorter than its segment said; the answer cannot be completed.
        """
        sent = 0
        try:
            while self._queue and sent < _TURN_BYTES:
                first = self._queue[0]
                if type(first) is FileSegment:
                    count = self._send_file(sock, first)
                    sent += count
                    self.size -= count
                    if count < first.count and count < _FILE_CHUNK and not isinstance(sock, TlsSocket):
                        # PERF: it took less than it was offered, so it is full; asking again would only say so.
                        break
                else:
                    count = self._send_buffers(sock)
                    sent += count
                    self.size -= count
        except (BlockingIOError, InterruptedError):
            pass
        return sent

    def discard(self) -> None:
        """Give up everything that waits; close files."""
        for item in self._queue:
            if isinstance(item, FileSegment):
                item.file.close()
        self._queue.clear()
        self.size = 0

    def _send_buffers(self, sock: socket.socket) -> int:
        queue = self._queue
        buffers: list[memoryview] = []
        flags = 0
        for item in queue:
            if isinstance(item, FileSegment):
                flags = _MORE
                break
            if len(buffers) == _GATHER:
                break
            buffers.append(item)
        sent = left = sock.sendmsg(buffers, (), flags)
        for buffer in buffers:
            if left < len(buffer):
                if left:
                    queue[0] = buffer[left:]
                break
            left -= len(buffer)
            queue.popleft()
        return sent

    def _send_file(self, sock: socket.socket, segment: FileSegment) -> int:
        want = min(segment.count, _FILE_CHUNK)
        if isinstance(sock, TlsSocket):
            sent = sock.send_segment(segment.file, segment.offset, want)
        else:
            try:
                sent = os.sendfile(sock.fileno(), segment.file.fileno(), segment.offset, want)
            except OSError as error:
                if error.errno not in _NO_SENDFILE:
                    raise
                data = os.pread(segment.file.fileno(), min(want, _COPY_BYTES), segment.offset)
                sent = sock.send(data) if data else 0
        if sent == 0:
            raise EOFError(f"{segment.file.name} ended {segment.count} bytes before the announced length")
        if sent == segment.count:
            self._queue.popleft()
            segment.file.close()
        else:
            self._queue[0] = FileSegment(segment.file, segment.offset + sent, segment.count - sent)
        return sent
