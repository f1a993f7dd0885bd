"""`AccessLog`: a line for each answer, to a file by a writer's thread or to the logger `demijohn.access`.

Here: which answers have one, and where it goes. What it says is logformat.py's.
"""

import logging
from collections.abc import Callable, Sequence

from ..seam import RequestHead
from .answered import Answered
from .logformat import Render
from .logwriter import LogWriter

access_logger = logging.getLogger("demijohn.access")
logger = logging.getLogger("demijohn.error")

Skip = Callable[[RequestHead, int], bool]
"""Told the request and the answer's status code; True for no line."""


class AccessLog:
    """One per server. `write` is for the thread that owns the connection."""

    __slots__ = ("_render", "_skip", "_writer")

    def __init__(self, render: Render, skip: Sequence[str] | Skip = (), writer: LogWriter | None = None) -> None:
        """Make one that writes to `writer`, or to the logger. `skip`: see `ServerOptions.access_log_skip`."""
        self._render = render
        self._skip = skip if callable(skip) else _skip_paths(skip)
        self._writer = writer

    def wants(self, head: RequestHead | None, status: str) -> bool:
        """Tell whether an answer has a line. PERF: asked before an `Answered` is made."""
        if self._writer is None and not access_logger.isEnabledFor(logging.INFO):
            return False
        if self._skip is None or head is None:
            return True
        try:
            return not self._skip(head, int(status[:3]))
        except Exception:
            # The application's own function: rather a line too many than none, and than a connection that breaks.
            logger.exception("access_log_skip failed for %s %s", head.method, head.target)
            return True

    def write(self, answered: Answered) -> None:
        """Write the line. Never waits for a file, and raises nothing that a log could."""
        line = self._render(answered)
        if self._writer is None:
            access_logger.info("%s", line)
        else:
            self._writer.write(line)

    def close(self) -> None:
        """Write what waits, and close the file."""
        if self._writer is not None:
            self._writer.close()


def _skip_paths(paths: Sequence[str]) -> Skip | None:
    """Return the predicate of paths; those that end with `/` stand for all below. Failures (500 and above) are not skipped."""
    if not paths:
        return None
    whole = frozenset(path for path in paths if not path.endswith("/"))
    prefixes = tuple(path for path in paths if path.endswith("/"))

    def skip(head: RequestHead, status: int) -> bool:
        if status >= 500:
            return False
        path = head.path
        return path in whole or path.startswith(prefixes)

    return skip
