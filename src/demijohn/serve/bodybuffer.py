"""`BodyBuffer`: collects a request's body while it arrives, in memory first, then in a temporary file."""

import contextlib
import tempfile
from typing import BinaryIO

from ..seam import BufferedBody

_MOST_PIECES = 64
"""Pieces kept as they came, which costs nothing for those of a usual size. SECURITY: of many tiny ones, each would take forty
times its size."""

RECEIVE_BYTES = 64 << 10
_RECEIVE_MANY = 256 << 10
_QUICK_BYTES = 32 << 10
"""What is asked of the socket at once: the first, but the second after a piece as long as the third. SECURITY: so much memory
comes in pages of its own, and each small piece that it is cut down to would keep one."""


class BodyBuffer:
    """Filled by the polling thread; what `finish` returns belongs to the handler."""

    __slots__ = ("_chunks", "_directory", "_file", "_memory_bytes", "_rest", "began", "counted", "size", "wanted")

    wanted: int
    """Bytes to ask the socket for next."""

    size: int
    """Bytes received so far."""

    counted: int
    """Of these, how many the deadline was moved for; -1 before there is one. For whoever fills it."""

    began: float
    """When its request's head was there, by the clock of whoever fills it."""

    def __init__(self, memory_bytes: int, directory: str | None = None) -> None:
        self._memory_bytes = memory_bytes
        self._directory = directory
        self._chunks: list[bytes] = []
        self._rest = bytearray()  # what came behind them
        self._file: BinaryIO | None = None
        self.size = 0
        self.wanted = RECEIVE_BYTES
        self.counted = -1
        self.began = 0.0

    def append(self, data: bytes) -> None:
        """Keep one more piece.

        Raises:
            OSError: there is no room in the directory for temporary files.
        """
        size = len(data)
        self.size += size
        self.wanted = _RECEIVE_MANY if size >= _QUICK_BYTES else RECEIVE_BYTES
        if self._file is None:
            if len(self._chunks) < _MOST_PIECES:
                self._chunks.append(data)
            else:
                self._rest += data
            if self.size <= self._memory_bytes:
                return
            self._file = tempfile.TemporaryFile(prefix="demijohn-body-", dir=self._directory)  # noqa: SIM115 - closed with the body
            data = b"".join((*self._chunks, self._rest))
            self._forget()
        self._file.write(data)

    def finish(self) -> BufferedBody:
        """Return the whole body, at its beginning.

        Raises:
            OSError: see `append`; what is left has been written now.
        """
        if self._file is None:
            return BufferedBody(b"".join((*self._chunks, self._rest)))
        self._file.seek(0)
        return BufferedBody(self._file, self.size)

    def discard(self) -> None:
        """Give up what was collected."""
        self._forget()
        if self._file is not None:
            with contextlib.suppress(OSError):  # no room for what is buffered: nobody wants it any more
                self._file.close()

    def _forget(self) -> None:
        self._chunks.clear()
        self._rest = bytearray()


class UnreadBody(BodyBuffer):
    """What is received only to be forgotten."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(0)

    def append(self, data: bytes) -> None:
        """Count it."""
        self.size += len(data)
