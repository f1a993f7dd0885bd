"""`AppFiles`: the files of the application that this process has loaded, told as they come, each with how it is recognised.

In the process that loads the application. Nothing here looks for changes, and nothing is imported to find files.
"""

import os
import sys
import time
from collections.abc import Iterator
from typing import Final

from .origin import is_foreign, project_modules

ABSENT: Final = ""
"""The signature of a file that is not there."""

UNSURE: Final = "?"
"""The signature of a file that may have changed since it was read: it equals no other."""

_OUR_OWN: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep


def sign(path: str) -> str:
    """Return what changes when a file does: its time, size and number, as text. Never raises."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ABSENT
    return f"{found.st_mtime_ns}.{found.st_size}.{found.st_ino}"


class AppFiles:
    """What the application of this process is made of. Called, with or without an error, it tells what is new."""

    def __init__(self, began: int | None = None) -> None:
        """Prepare, before the application is loaded.

        `began` is when loading began, in nanoseconds since the epoch: now, by default.
        """
        self._began = time.time_ns() if began is None else began
        self._told: set[str] = set()
        self._count = -1

    def __call__(self, error: BaseException | None = None) -> dict[str, str]:
        """Return files that were not told before, with their signatures; of an error, those that it came from, too."""
        count = len(sys.modules)
        if count == self._count and error is None:
            return {}  # PERF: this is asked every second
        self._count = count
        files = project_modules()
        if error is not None:
            files |= {path for path in map(os.path.abspath, files_of_error(error)) if not is_foreign(path)}
        files = {path for path in files if not path.startswith(_OUR_OWN)} - self._told
        self._told |= files
        return {path: self._sign(path) for path in files}

    def _sign(self, path: str) -> str:
        signature = sign(path)
        written = signature.partition(".")[0]
        # Later than now is no time that says anything.
        if written.isdigit() and self._began <= int(written) <= time.time_ns():
            return UNSURE
        return signature


def files_of_error(error: BaseException) -> Iterator[str]:
    """Return the files that an error and those behind it came from, also those that could not be loaded; some more than once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, SyntaxError) and one.filename and not one.filename.startswith("<"):
            yield one.filename
        traceback = one.__traceback__
        while traceback is not None:
            path = traceback.tb_frame.f_code.co_filename
            if not path.startswith("<"):
                yield path
            traceback = traceback.tb_next
        waiting += [one.__cause__, one.__context__]
