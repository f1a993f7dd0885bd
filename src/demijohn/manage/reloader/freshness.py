"""`Freshness`: what a child can have loaded: files as they were when it was started, by their content. The parent's thread."""

import contextlib
import importlib.util
import os
from collections.abc import Iterable, Iterator

from ..watching.snapshot import digest_of


class Freshness:
    """Of the child that was started last."""

    def __init__(self) -> None:
        self._digests: dict[str, bytes | None] = {}

    def begin(self, modules: Iterable[str], changed: Iterable[str]) -> None:
        """A child is about to be started: remember what its modules are. `changed`: those that may be others than before."""
        again = set(changed)
        self._digests = {
            path: digest_of(path) if path in again or path not in self._digests else self._digests[path]
            for path in modules
        }

    def differs(self, path: str) -> bool:
        """Tell whether a file that has changed meanwhile is another than it was; of what was no module, that is supposed."""
        return path not in self._digests or digest_of(path) != self._digests[path]


def is_younger(path: str, time_ns: int) -> bool:
    """Tell whether a file has been written, or put in its place, at or after a time."""
    try:
        status = os.stat(path)
    except OSError:
        return True
    # The clock of a file system runs in steps, and up to one behind.
    return max(status.st_mtime_ns, status.st_ctime_ns) >= time_ns - 10_000_000


def files_below(directories: Iterable[str]) -> Iterator[str]:
    """Give the paths of all files below directories."""
    for directory in directories:
        for place, _, names in os.walk(directory):
            for name in names:
                yield os.path.join(place, name)


def forget_compiled(paths: Iterable[str]) -> None:
    """Remove what Python has compiled of these files.

    It knows a file by its size and by the second it was written in, and would load what was there before of one that has changed
    twice in a second.
    """
    for path in paths:
        if path.endswith(".py"):
            with contextlib.suppress(OSError, NotImplementedError):
                os.unlink(importlib.util.cache_from_source(path))
