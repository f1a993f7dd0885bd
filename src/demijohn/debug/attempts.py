"""`Attempts`: how many more PINs may be tried, counted over all threads and over all processes that are forked from its maker."""

import contextlib
import os
import weakref
from typing import Final

MAX_ATTEMPTS: Final = 10


class Attempts:
    """A pipe with one byte for each attempt that is left.

    Taking one is a `read`, which is atomic among threads and processes and needs no lock that a fork could copy while it is
    held. Make it before the fork. Any thread.
    """

    def __init__(self, count: int = MAX_ATTEMPTS) -> None:
        self._count = count
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)
            weakref.finalize(self, os.close, end)
        self.restore()

    def take(self) -> bool:
        """Use one up; False if none is left. Before a PIN is compared, so that parallel attempts are not one too many."""
        try:
            return os.read(self._read, 1) != b""
        except BlockingIOError:
            return False

    def restore(self) -> None:
        """Begin anew: the right PIN was given."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 65_536)
        os.write(self._write, bytes(self._count))
