"""`Hints`: somebody who hears from the system where files may have changed. What a change is, `Snapshot` decides."""

import contextlib
import os
import threading
from collections.abc import Iterable
from typing import Final, Protocol


class Hints(Protocol):
    """The protocol of both libraries' files. For the thread that made it, but for what says otherwise."""

    name: str

    def watch(self, directories: set[str]) -> None:
        """Listen to these directories from now on, and to no others.

        Raises:
            OSError: the system cannot watch so much.
        """

    def fileno(self) -> int:
        """Return the descriptor that is readable when there are hints."""

    def take(self) -> set[str]:
        """Return the paths that something has happened to since the last call. Never waits.

        Raises:
            OSError: the system has stopped telling.
        """

    def close(self) -> None:
        """Listen no more."""


class Inbox:
    """Paths on their way from the library's threads to ours, and a pipe to wake it up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: set[str] = set()  # under the lock
        self._failure: OSError | None = None  # under the lock
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def fileno(self) -> int:
        """Return the descriptor that is readable when something has come."""
        return self._read

    def put(self, paths: Iterable[str], failure: OSError | None = None) -> None:
        """Leave paths, or that there will be no more. Any thread."""
        with self._lock:
            is_first = not self._paths and self._failure is None
            self._paths.update(paths)
            self._failure = self._failure or failure
            if is_first:
                self._wake()

    def take(self) -> set[str]:
        """Return what has come since the last call.

        Raises:
            OSError: the failure that was left.
        """
        with self._lock:
            with contextlib.suppress(BlockingIOError):
                while os.read(self._read, 512):
                    continue
            paths, self._paths = self._paths, set()
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return paths

    def close(self) -> None:
        """Close the pipe; nobody may `put` any more."""
        os.close(self._read)
        os.close(self._write)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it is readable
            os.write(self._write, b"1")


STOP_SECONDS: Final = 5.0
"""How long a library's thread may take to end."""
