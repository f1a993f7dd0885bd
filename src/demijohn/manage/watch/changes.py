"""`FileWatch`: what has changed of some files, told once it has come to rest. No clock, no loop and no thread of its own."""

from collections.abc import Callable, Mapping

from .files import sign


class FileWatch:
    """Compares what files are with what they were when they were last told of. Times in seconds, of any clock."""

    def __init__(self, settle: float = 0.5, longest: float = 10.0, sign: Callable[[str], str] = sign) -> None:
        """Prepare.

        Args:
            settle: changes are told when nothing has changed for so long.
            longest: after so long, they are told although it goes on.
            sign: how files are recognised.
        """
        self._settle = settle
        self._longest = longest
        self._sign = sign
        self._base: dict[str, str] = {}
        """As they were when they were last told of."""
        self._seen: dict[str, str] = {}
        """As they were at the last look."""
        self._changed_at: float | None = None
        """When the first change was seen that is not told yet."""
        self._moved_at = 0.0

    def expect(self, files: Mapping[str, str]) -> None:
        """Look at these files from now on, and no others. Their signatures count for those that were not looked at before."""
        self._base = {path: self._base.get(path, signature) for path, signature in files.items()}
        self._seen = {path: self._seen.get(path, signature) for path, signature in files.items()}

    @property
    def is_unsettled(self) -> bool:
        """Something has changed that is not told yet."""
        return self._changed_at is not None

    def look(self, now: float) -> list[str]:
        """Return the paths of what has changed and come to rest."""
        for path, before in self._seen.items():
            signature = self._sign(path)
            if signature != before:
                self._seen[path] = signature
                self._moved_at = now
        changed = sorted(path for path, signature in self._seen.items() if signature != self._base[path])
        if not changed:
            self._changed_at = None
            return []
        if self._changed_at is None:
            self._changed_at = now
        if now < min(self._moved_at + self._settle, self._changed_at + self._longest):
            return []
        self._changed_at = None
        self._base.update((path, self._seen[path]) for path in changed)
        return changed
