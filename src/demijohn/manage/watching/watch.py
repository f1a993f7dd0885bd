"""`Watch`: the files of a program, and which of them change: a `Snapshot`, and who tells it where to look.

It never waits: its owner does, for the descriptor and until the time that it names. For one thread.
"""

import errno
import importlib.util
import logging
from collections.abc import Callable
from typing import Final, Self

from ..._base.clock import Clock, SystemClock
from .by_watchdog import WatchdogHints
from .by_watchfiles import WatchfilesHints
from .fileset import FileSet
from .hints import Hints
from .snapshot import Change, Snapshot

logger = logging.getLogger("demijohn.reloader")

_LIBRARIES: Final[dict[str, Callable[[], Hints]]] = {"watchfiles": WatchfilesHints, "watchdog": WatchdogHints}

SAFETY_SECONDS: Final = 5.0
"""How often modules are looked at although the system tells of changes: it does not tell of those on some shared folders, nor
behind symbolic links."""

_ADVICE: Final = {
    errno.ENOSPC: ("max_user_watches", "524288"),
    errno.EMFILE: ("max_user_instances", "512"),
}


def library_for(reloader_type: str) -> str:
    """Return which way of watching `reloader_type` means on this machine: `watchfiles`, `watchdog` or `stat`.

    Raises:
        ValueError: there is no such way.
        ImportError: it needs a library that is missing.
    """
    if reloader_type == "auto":
        return next((name for name in _LIBRARIES if importlib.util.find_spec(name) is not None), "stat")
    if reloader_type != "stat" and reloader_type not in _LIBRARIES:
        raise ValueError(f"reloader_type is {reloader_type!r}; it must be auto, stat, watchdog or watchfiles.")
    if reloader_type != "stat" and importlib.util.find_spec(reloader_type) is None:
        extra = "demijohn[reload]" if reloader_type == "watchfiles" else reloader_type
        raise ImportError(f"reloader_type {reloader_type!r} needs a library that is missing: pip install {extra}")
    return reloader_type


class Watch:
    """Watches from the moment it is made until it is closed. A context manager."""

    def __init__(
        self, files: FileSet, reloader_type: str = "auto", interval: float = 1.0, clock: Clock | None = None
    ) -> None:
        """Begin to watch.

        Args:
            files: which.
            reloader_type: `stat` looks at all files every `interval`, the others are told by the system; see `library_for`.
            interval: in seconds.
            clock: for tests.

        Raises:
            ValueError: see `library_for`.
            ImportError: see `library_for`.
        """
        self.name = library_for(reloader_type)
        """Which way of watching it is, at the moment."""
        self.files = files
        self._interval = interval
        self._clock = clock or SystemClock()
        self._hints: Hints | None = _LIBRARIES[self.name]() if self.name in _LIBRARIES else None
        self._heard_from: set[str] = set()
        self._snapshot = Snapshot(files)
        self._due = self._clock.monotonic()
        self._listen()
        self._snapshot.look()  # what has come before anybody listened
        self._put_off()

    @property
    def count(self) -> int:
        """How many files are watched."""
        return self._snapshot.count

    @property
    def due(self) -> float:
        """Until when to wait for the descriptor at most before `take` is called, by the clock's `monotonic`."""
        return self._due

    def knows(self, path: str) -> bool:
        """Tell whether changes of a file would be noticed; an absolute path."""
        return self._snapshot.knows(path)

    def fileno(self) -> int | None:
        """Return the descriptor that is readable when something may have changed; `None` if there is none."""
        return None if self._hints is None else self._hints.fileno()

    def have(self, files: FileSet) -> None:
        """Watch these files from now on; those that were not watched before are taken as they are."""
        if files != self.files:
            self.files = files
            self._snapshot.have(files)
            self._listen()

    def take(self) -> list[Change]:
        """Return what has changed since the last call, as far as it is known by now."""
        is_due = self._clock.monotonic() >= self._due
        hints = self._hints
        if hints is None:
            return self.look(is_thorough=False) if is_due else []
        try:
            found = self._snapshot.look_at(hints.take())
        except OSError as error:
            self._do_without(hints, error)
            return self.look()
        if is_due:
            found += self._snapshot.look_at(self.files.modules)
            self._put_off()
        if not self._snapshot.directories <= self._heard_from:
            self._listen()
            found += self._snapshot.look()  # what came into new directories before anybody listened
        return found

    def look(self, *, is_thorough: bool = True) -> list[Change]:
        """Look at everything by itself, and return what has changed since the last call."""
        found = self._snapshot.look() if is_thorough else self._snapshot.glance()
        self._put_off()
        return found

    def close(self) -> None:
        """Watch no more."""
        if self._hints is not None:
            self._hints.close()
            self._hints = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _put_off(self) -> None:
        self._due = self._clock.monotonic() + (self._interval if self._hints is None else SAFETY_SECONDS)

    def _listen(self) -> None:
        """Have the system tell of all directories that count now."""
        hints = self._hints
        if hints is None:
            return
        directories = self._snapshot.directories
        try:
            if directories != self._heard_from:
                hints.watch(directories)
                self._heard_from = directories
        except OSError as error:
            self._do_without(hints, error)

    def _do_without(self, hints: Hints, error: OSError) -> None:
        advice = _ADVICE.get(error.errno or 0)
        if advice is None:
            reason = f"{hints.name} cannot watch them: {error.strerror or error}."
        else:
            name, value = advice
            reason = (
                f"the system's limit fs.inotify.{name} is reached. Raise it with `sysctl fs.inotify.{name}={value}`,"
                " or leave directories out with exclude_patterns."
            )
        logger.warning("Files are looked at every %g s instead of being watched: %s", self._interval, reason)
        hints.close()
        self._hints = None
        self.name = "stat"
        self._put_off()
