"""`Pending`: what has changed and is to be loaded anew, and when: once it has come to rest. The parent's thread."""

import logging
import os
from collections.abc import Iterable, Iterator
from typing import Final

from ..._base.clock import Clock

logger = logging.getLogger("demijohn.reloader")

QUIET_SECONDS: Final = 0.03
"""A change is acted on once nothing more has changed for so long: what is saved together is loaded together."""

LONGEST_QUIET_SECONDS: Final = 0.3
"""It is acted on after so long in any case."""

RESTLESS: Final = 5
"""So many starts in a row during which files have changed: then it is said, and the next ones come slower."""

MOST_RESTLESS_SECONDS: Final = 10.0


class Pending:
    """Paths, in the order they were noticed, each once."""

    def __init__(self, clock: Clock, quiet: float = QUIET_SECONDS) -> None:
        self._clock = clock
        self._quiet = quiet
        self._paths: dict[str, None] = {}
        self._restless = 0
        self.due: float | None = None
        """When to act, by the clock's `monotonic`; `None` if there is nothing to do."""
        self.noticed_at = clock.monotonic()
        """When the first of what was taken last was noticed."""

    @property
    def names(self) -> str:
        """The paths, for messages."""
        return shown(self._paths)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def add(self, paths: Iterable[str]) -> None:
        """These have changed; or something else, for which there is no path, asks for a new start."""
        now = self._clock.monotonic()
        if self.due is None:
            self.noticed_at = now
        self._paths |= dict.fromkeys(paths)
        if self._restless < RESTLESS:
            self.due = min(now + self._quiet, self.noticed_at + LONGEST_QUIET_SECONDS)
        else:
            self.due = now + min(2.0 ** (self._restless - RESTLESS), MOST_RESTLESS_SECONDS)

    def take(self) -> list[str]:
        """Return the paths: they are loaded now."""
        paths = list(self._paths)
        self._paths = {}
        self.due = None
        return paths

    def drop_due(self) -> None:
        """It is being acted on; the paths stay until they are taken."""
        self.due = None

    def grow_restless(self) -> bool:
        """A start is in vain, for files have changed during it. Tell whether the next one may come at once."""
        self._restless += 1
        if self._restless == RESTLESS:
            logger.warning(
                "%s changed during each of the last %d starts; the next ones come slower. If the application writes that itself,"
                " leave it out with exclude_patterns.",
                self.names,
                RESTLESS,
            )
        return self._restless < RESTLESS

    def come_to_rest(self) -> None:
        """A start was not in vain."""
        self._restless = 0


def shown(paths: Iterable[str]) -> str:
    """Return paths as somebody would call them who is in the working directory, not too many."""
    names = sorted(_shown(path) for path in paths)
    more = len(names) - 3
    return ", ".join(names if more <= 1 else [*names[:3], f"{more} more"])


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
