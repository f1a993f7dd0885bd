"""`Snapshot`: how the files of a `FileSet` were when they were looked at last, and what has changed since.

This alone decides what a change is; whoever reports to it only says where to look. Touching a file is a change, as is giving it
another name; reading it or changing its permissions is not. For one thread.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from .fileset import FileSet, Kind, Tree

Signature = tuple[int, int, int]
"""Time of modification in nanoseconds, size, inode."""

_FINE_NS: Final = 50_000_000
_COARSE_NS: Final = 2_500_000_000
"""How old a time must be, by a clock of fine and of coarse steps, so that a later write is certain to have another one."""

COLD_PER_LOOK: Final = 20_000
"""How many files that no module was made from are looked at in one `glance`: a bound on its cost in projects without end."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not as it was."""

    path: str
    kind: Kind


class Snapshot:
    """Has looked once when it has been made."""

    def __init__(self, files: FileSet, clock: Callable[[], int] = time.time_ns) -> None:
        self._files = files
        self._clock = clock
        self._signatures: dict[str, tuple[Kind, Signature | None]] = {}
        self._young: dict[str, bytes | None] = {}  # digests of files whose time may not tell the next change
        self._directories: dict[str, tuple[tuple[Tree, ...], int]] = {}
        self._parents: set[str] = set()
        self._cold_at = 0
        self.have(files)

    @property
    def count(self) -> int:
        """How many files there are."""
        return sum(signature is not None for _, signature in self._signatures.values())

    @property
    def directories(self) -> set[str]:
        """Where something may change: those of trees, those in which single files are, and where others would be made."""
        absent = [tree.base for tree in self._files.trees if tree.base not in self._directories]
        return self._parents | self._directories.keys() | {_nearest(base) for base in absent}

    def knows(self, path: str) -> bool:
        """Tell whether a file was there at the last look, or is waited for."""
        return path in self._signatures

    def have(self, files: FileSet) -> None:
        """Look at these files from now on. Those that were not looked at before are taken as they are."""
        self._files = files
        self._parents = {_nearest(os.path.dirname(path)) for path in files.singles}
        gone = set(self._signatures)
        for path, kind in files.singles.items():
            self._know(path, kind)
            gone.discard(path)
        self._directories = {}
        for base in dict.fromkeys(tree.base for tree in files.trees):
            for path, kind in self._scan(base, files.trees_at(base)):
                self._know(path, kind)
                gone.discard(path)
        for path in gone:
            self._forget(path)

    def look(self) -> list[Change]:
        """Look at everything, and return what has changed."""
        found = self._look_at_directories()
        found += self._compare(list(self._signatures))
        return found

    def glance(self) -> list[Change]:
        """Look at all directories and modules, and at some of the rest; over several calls, at everything."""
        found = self._look_at_directories()
        hot = self._files.modules
        cold = [path for path in self._signatures if path not in hot]
        if len(cold) <= COLD_PER_LOOK:
            return found + self._compare(list(self._signatures))
        some = cold[self._cold_at : self._cold_at + COLD_PER_LOOK]
        self._cold_at = self._cold_at + COLD_PER_LOOK if self._cold_at + COLD_PER_LOOK < len(cold) else 0
        return found + self._compare([path for path in self._signatures if path in hot] + some)

    def look_at(self, paths: Iterable[str]) -> list[Change]:
        """Look at these paths, files or directories, and return what has changed there."""
        found: list[Change] = []
        files: list[str] = []
        for path in paths:
            if path in self._signatures:
                files.append(path)
            elif path in self._directories or os.path.isdir(path):
                found += self._look_below(path)
            else:
                kind = self._files.kind_of(path, self._files.trees_at(os.path.dirname(path)))
                if kind is not None and self._know(path, kind):
                    found.append(Change(path, kind))
        return found + self._compare(files)

    # ------------------------------------------------------------------ directories

    def _look_at_directories(self) -> list[Change]:
        found: list[Change] = []
        for directory, (trees, before) in list(self._directories.items()):
            try:
                now = os.stat(directory).st_mtime_ns
            except OSError:
                del self._directories[directory]  # its files tell for themselves that they are gone
                continue
            if now != before or self._is_young(now):
                found += self._take_in(directory, trees)
        for base in dict.fromkeys(tree.base for tree in self._files.trees):
            if base not in self._directories:  # it was not there so far
                found += self._take_in(base, self._files.trees_at(base))
        return found

    def _look_below(self, directory: str) -> list[Change]:
        """A directory has come, changed, or gone, and with it perhaps all that is below."""
        below = directory + os.sep
        found = self._compare([path for path in self._signatures if path.startswith(below)])
        trees = self._files.trees_at(directory)
        if trees:
            found += self._take_in(directory, trees)
        return found

    def _take_in(self, directory: str, trees: tuple[Tree, ...]) -> list[Change]:
        """Return the files that are new in a directory and below."""
        known = self._directories.keys() - {directory}
        self._directories.pop(directory, None)
        return [Change(path, kind) for path, kind in self._scan(directory, trees, known) if self._know(path, kind)]

    def _scan(
        self,
        base: str,
        trees: tuple[Tree, ...],
        known: AbstractSet[str] = frozenset(),
    ) -> list[tuple[str, Kind]]:
        """Return the files of a directory and those below it, but for the directories in `known`, and remember all of these."""
        found: list[tuple[str, Kind]] = []
        waiting = [(base, trees)]
        while waiting:
            directory, trees = waiting.pop()
            if not trees or (directory in self._directories and not known):
                continue  # seen already, below another base
            try:
                with os.scandir(directory) as entries:
                    time_ns = os.stat(directory).st_mtime_ns
                    self._directories[directory] = (trees, time_ns)
                    for entry in entries:
                        path = entry.path
                        if entry.is_dir(follow_symlinks=False):
                            if path not in known:
                                waiting.append((path, self._files.trees_at(path, trees)))
                        elif (kind := self._files.kind_of(path, trees)) is not None:
                            found.append((path, kind))
            except OSError:
                self._directories.pop(directory, None)  # gone meanwhile, or not for us to read
        return found

    # ------------------------------------------------------------------ files

    def _compare(self, paths: list[str]) -> list[Change]:
        """Return which of these known files have changed."""
        found: list[Change] = []
        signatures = self._signatures
        young = self._young
        stat = os.stat
        for path in paths:
            if path not in signatures:
                continue  # told twice, and gone
            kind, before = signatures[path]
            try:
                status = stat(path)
            except OSError:
                now = None
            else:
                now = (status.st_mtime_ns, status.st_size, status.st_ino)
            if now == before and path not in young:
                continue
            known = young.get(path)
            if now == before and digest_of(path) == known:
                if now is None or not self._is_young(now[0]):
                    del young[path]
                continue
            self._record(path, kind, now)
            found.append(Change(path, kind))
        return found

    def _know(self, path: str, kind: Kind) -> bool:
        """Know a file that is there, or may be; tell whether it was not there before."""
        before = self._signatures.get(path)
        if before is not None and before[1] is not None:
            self._signatures[path] = (kind, before[1])
            return False
        signature = _signature(path)
        self._record(path, kind, signature)
        return signature is not None

    def _record(self, path: str, kind: Kind, signature: Signature | None) -> None:
        self._young.pop(path, None)
        if signature is None and path not in self._files.singles:
            self._forget(path)
            return
        self._signatures[path] = (kind, signature)
        if signature is not None and self._is_young(signature[0]):
            self._young[path] = digest_of(path)

    def _forget(self, path: str) -> None:
        self._signatures.pop(path, None)
        self._young.pop(path, None)

    def _is_young(self, time_ns: int) -> bool:
        slack = _FINE_NS if time_ns % 1_000_000_000 else _COARSE_NS
        return self._clock() - time_ns < slack


def _nearest(directory: str) -> str:
    """Return a directory, or the last one above it that is there."""
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return directory


def digest_of(path: str) -> bytes | None:
    """Return what the content of a file is known by; `None` if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "blake2b").digest()
    except OSError:
        return None


def _signature(path: str) -> Signature | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)
