"""`Exclusion`: patterns of files that are not looked at. One meaning, whatever looks: whole subtrees are cut. Pure.

A pattern is that of `fnmatch`, so `*` stands for slashes, too. It excludes the path that it describes and all that is below it.
One that begins with a slash describes whole paths; any other may begin behind any slash: `build`, `tests/*.json`, `*.tmp`.
"""

import fnmatch
import os
import re
from collections.abc import Iterable
from typing import Final

_NOTHING: Final = re.compile(r"(?!)")


class Exclusion:
    """Some patterns."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._match = (re.compile("|".join(map(_expression, self.patterns))) if self.patterns else _NOTHING).match
        self._cut: dict[str, bool] = {}

    def cuts(self, directory: str) -> bool:
        """Tell whether a directory is excluded, by itself or below one that is. An absolute path."""
        found = self._cut.get(directory)
        if found is None:
            parent = os.path.dirname(directory)
            found = (parent != directory and self.cuts(parent)) or self._match(directory) is not None
            self._cut[directory] = found
        return found

    def excludes(self, path: str) -> bool:
        """Tell whether a file is excluded. An absolute path."""
        if not self.patterns:
            return False
        return self._match(path) is not None or self.cuts(os.path.dirname(path))


def _expression(pattern: str) -> str:
    """Return the regular expression of a pattern; `build/*` cuts `build` itself, so that nobody looks into it in vain."""
    stripped = pattern.rstrip("/")
    for ending in ("/**", "/*"):
        stripped = stripped.removesuffix(ending)
    start = "" if pattern.startswith("/") else "(?:.*/)?"
    words = dict.fromkeys([pattern.rstrip("/"), *([stripped] if stripped.strip("*/") else [])])
    return "|".join(start + fnmatch.translate(word) for word in words)
