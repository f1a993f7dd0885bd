"""`Settling`: changes that are told once they have come to rest. Pure: no clock and no thread of its own."""

from collections.abc import Iterable


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
            self._moved_at = now
            self._paths |= changed
        if not self._paths or now < min(self._moved_at + self._seconds, self._began_at + self._longest):
            return []
        told, self._paths = sorted(self._paths), set()
        return told
