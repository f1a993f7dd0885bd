"""`AppFiles`: the files of the application that this process has loaded, told as they come; `sign`: how a file is recognised.

In the process that loads the application. Nothing here looks for changes (changes.py), and nothing is imported to find files.
"""

import fnmatch
import hashlib
import os
import site
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import Final

ABSENT: Final = ""
"""The signature of a file that is not there."""

UNSURE: Final = "?"
"""The signature of a file that may have changed since it was read: it equals no other."""

_SKIPPED: Final = frozenset({"__pycache__", "node_modules"})
"""Directories below `extra_files` that are left out, beside hidden ones."""

_OUR_OWN: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def sign(path: str) -> str:
    """Return what changes when a file does: its time, size and number; of a directory, the names in it. Never raises."""
    try:
        found = os.stat(path)
        if not os.path.isdir(path):
            return f"{found.st_mtime_ns}.{found.st_size}.{found.st_ino}"
        names = sorted(name for name in os.listdir(path) if _is_looked_at(name))
    except (OSError, ValueError):
        return ABSENT
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


class AppFiles:
    """What the application of this process is made of. Called, with or without an error, it tells what is new."""

    def __init__(
        self, extra_files: Iterable[str] = (), exclude_patterns: Sequence[str] = (), began: int | None = None
    ) -> None:
        """Prepare, before the application is loaded.

        Args:
            extra_files: further files, and directories with all that is below them.
            exclude_patterns: what is left out: patterns as of a shell, for whole paths.
            began: when loading began, in nanoseconds since the epoch; now, by default.
        """
        self._extra_files = [os.path.abspath(path) for path in extra_files]
        self._exclude_patterns = exclude_patterns
        self._began = time.time_ns() if began is None else began
        self._told: set[str] = set()
        self._count = -1

    def __call__(self, error: BaseException | None = None) -> dict[str, str]:
        """Return files that were not told before, with their signatures; of an error, those that it came from, too."""
        count = len(sys.modules)
        if count == self._count and error is None:
            return {}  # PERF: this is asked every second
        self._count = count
        files = project_files(self._extra_files, self._exclude_patterns, error) - self._told
        self._told |= files
        return {path: self._sign(path) for path in files}

    def _sign(self, path: str) -> str:
        signature = sign(path)
        written = signature.partition(".")[0]
        # Later than now is no time that says anything.
        if written.isdigit() and self._began <= int(written) <= time.time_ns():
            return UNSURE
        return signature


def project_files(
    extra_files: Iterable[str] = (), exclude_patterns: Sequence[str] = (), error: BaseException | None = None
) -> set[str]:
    """Return the paths of the project's files that are loaded in this process; what is installed is none of them.

    For the arguments see `AppFiles`; with `error`, the files that it came from are among them, also those that were not loaded.
    """
    found = {*_loaded_files()}
    if error is not None:
        found |= {*_files_of_error(error)}
    files = {os.path.abspath(path) for path in found if os.path.isabs(path) or os.path.exists(path)}
    files = {path for path in files if not _is_installed(path)}
    for path in extra_files:
        files |= {os.path.abspath(path), *_below(path)}
    return {path for path in files if not any(fnmatch.fnmatch(path, pattern) for pattern in exclude_patterns)}


def _loaded_files() -> Iterator[str]:
    modules: list[object] = [*sys.modules.copy().values()]
    for module in modules:
        # What stands in for a module may do anything when it is asked for an attribute.
        path = vars(module).get("__file__") if isinstance(module, ModuleType) else None
        if isinstance(path, str):
            yield path


def _files_of_error(error: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, SyntaxError) and one.filename:
            yield one.filename
        traceback = one.__traceback__
        while traceback is not None:
            path = traceback.tb_frame.f_code.co_filename
            if not path.startswith("<"):
                yield path
            traceback = traceback.tb_next
        waiting += [one.__cause__, one.__context__]


def _below(path: str) -> Iterator[str]:
    """Return what is in a directory, and in those in it."""
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if _is_looked_at(name)]
        yield from (os.path.abspath(os.path.join(folder, name)) for name in (*folders, *names) if _is_looked_at(name))


def _is_looked_at(name: str) -> bool:
    return not name.startswith(".") and name not in _SKIPPED


@cache
def _installed_roots() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    roots = {sysconfig.get_path(name) for name in names} | {*site.getsitepackages(), site.getusersitepackages()}
    roots |= {os.path.realpath(root) for root in roots}
    return tuple(f"{root}{os.sep}" for root in (*roots, _OUR_OWN))


def _is_installed(path: str) -> bool:
    roots = _installed_roots()
    return path.startswith(roots) or os.path.realpath(path).startswith(roots)
