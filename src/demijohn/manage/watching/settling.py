"""`Settling`: changes that are told once they have come to rest. Pure: no clock and no thread of its own."""

from collections.abc import Iterable
from typing import Final

RESTLESS: Final = 5
"""So many times in a row something has changed soon after it was told; from then on changes are told later and later."""

_SOON_SECONDS: Final = 60.0
_MOST_RESTLESS_SECONDS: Final = 60.0


class Settling:
    """Some changes. Times in seconds, of any clock."""

    def __init__(self, seconds: float = 0.5, longest: float = 10.0) -> None:
        """Prepare.

        Args:
            seconds: changes are told when nothing has changed for so long.
            longest: after so long, they are told although it goes on.
        """
        self._seconds = seconds
        self._longest = longest
        self._paths: set[str] = set()
        self._began_at = 0.0
        self._moved_at = 0.0
        self._told_at = float("-inf")
        self.restless = 0
        """How many times in a row something has changed soon after it was told."""

    @property
    def is_under_way(self) -> bool:
        """Something has changed that is not told yet."""
        return bool(self._paths)

    def take(self, changed: Iterable[str], now: float) -> list[str]:
        """Return the paths of all that has changed and come to rest; `changed` is what has changed since the last call."""
        changed = set(changed)
        if changed:
            if not self._paths:
                self._began_at = now
                self.restless = self.restless + 1 if now < self._told_at + _SOON_SECONDS else 0
            self._moved_at = now
            self._paths |= changed
        if not self._paths or now < max(
            min(self._moved_at + self._seconds, self._began_at + self._longest), self._began_at + self._penance
        ):
            return []
        self._told_at = now
        told, self._paths = sorted(self._paths), set()
        return told

    @property
    def _penance(self) -> float:
        """How long whoever is restless waits in any case: what is told may itself be the reason of the next change."""
        return 0.0 if self.restless < RESTLESS else min(2.0 ** (self.restless - RESTLESS), _MOST_RESTLESS_SECONDS)
