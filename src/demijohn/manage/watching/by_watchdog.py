"""`WatchdogHints`: changes as the library watchdog tells them. The only file that imports it, and only when it is asked for.

A watch of the library costs two threads and one of the system's instances, so directories are watched with all that is below
them where all of that counts.
"""

import contextlib
import errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .hints import STOP_SECONDS, Inbox

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver

_DESCRIPTORS: Final = "/proc/self/fdinfo"
"""What Linux tells of the descriptors of this process."""

_UNIMPORTANT: Final = frozenset({"opened", "closed_no_write"})

MOST_WATCHES: Final = 40
"""More of them, and directories that do not count are watched along."""


class WatchdogHints:
    """See `Hints`."""

    name = "watchdog"

    def __init__(self) -> None:
        """Prepare.

        Raises:
            ImportError: the library is missing.
        """
        import watchdog.observers

        self._new_observer = watchdog.observers.Observer
        self._inbox = Inbox()
        self._observer: BaseObserver | None = None

    def fileno(self) -> int:
        """See `Hints`."""
        return self._inbox.fileno()

    def take(self) -> set[str]:
        """See `Hints`."""
        return self._inbox.take()

    def watch(self, directories: set[str]) -> None:
        """See `Hints`."""
        self._end()
        observer = self._new_observer()
        handler = _handler(self._inbox)
        observer.start()
        self._observer = observer
        for directory, is_deep in cover(directories):
            try:
                observer.schedule(handler, directory, recursive=is_deep)
            except FileNotFoundError:
                continue  # gone in this very moment
        watched = _watched()
        if watched is not None and watched < sum(map(os.path.isdir, directories)):
            # The library goes on without what it cannot watch below a directory.
            raise OSError(errno.ENOSPC, "not all directories could be watched")

    def close(self) -> None:
        """See `Hints`."""
        self._end()
        self._inbox.close()

    def _end(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(STOP_SECONDS)
            self._observer = None


def _handler(inbox: Inbox) -> "FileSystemEventHandler":
    from watchdog import events

    class Handler(events.FileSystemEventHandler):
        def dispatch(self, event: "FileSystemEvent") -> None:
            if event.event_type not in _UNIMPORTANT:
                inbox.put(os.fsdecode(path) for path in (event.src_path, event.dest_path) if path)

    return Handler()


def event_handler(hear: Callable[[str], object]) -> "FileSystemEventHandler":
    """Return a handler for an observer of somebody else's, which calls `hear(path)` when a file changes."""
    from watchdog import events

    class Handler(events.FileSystemEventHandler):
        def on_any_event(self, event: "FileSystemEvent") -> None:
            if event.event_type not in _UNIMPORTANT:
                hear(os.fsdecode(event.src_path))

    return Handler()


def _watched() -> int | None:
    """Return how many directories the system watches for this process; `None` if it does not tell."""
    if not os.path.isdir(_DESCRIPTORS):
        return None
    count = 0
    for name in os.listdir(_DESCRIPTORS):
        with contextlib.suppress(OSError), open(os.path.join(_DESCRIPTORS, name), encoding="ascii") as facts:
            count += sum(line.startswith("inotify ") for line in facts)
    return count


def cover(directories: set[str]) -> list[tuple[str, bool]]:
    """Return directories to watch, each with whether it is with all that is below it."""
    whole: dict[str, bool] = {}

    def is_whole(directory: str) -> bool:
        """Tell whether all directories below count; those that never do, and are small, do no harm."""
        if directory not in whole:
            try:
                with os.scandir(directory) as entries:
                    below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            except OSError:
                below = []
            big = [path for path in below if os.path.basename(path) != "__pycache__"]
            whole[directory] = all(path in directories and is_whole(path) for path in big)
        return whole[directory]

    found: list[tuple[str, bool]] = []
    covered: set[str] = set()
    for directory in sorted(directories):
        if os.path.dirname(directory) in covered:
            covered.add(directory)
        elif is_whole(directory):
            found.append((directory, True))
            covered.add(directory)
        else:
            found.append((directory, False))
    if len(found) <= MOST_WATCHES:
        return found
    tops = [path for path in directories if not any(parent in directories for parent in _parents(path))]
    return [(path, True) for path in sorted(tops)]


def _parents(path: str) -> list[str]:
    found = []
    while (parent := os.path.dirname(path)) != path:
        found.append(parent)
        path = parent
    return found
