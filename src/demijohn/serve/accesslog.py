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

Tell = Callable[[Answered], object]
"""Told of an answer; returns True if nothing is left to do for the log."""


class AccessLog:
    """One per server. `write` is for the thread that owns the connection."""

    __slots__ = ("_has_lines", "_render", "_skip", "_tell", "_writer")

    def __init__(
        self,
        render: Render,
        skip: Sequence[str] | Skip = (),
        writer: LogWriter | None = None,
        tell: Tell | None = None,
        *,
        has_lines: bool = True,
    ) -> None:
        """Make one that writes to `writer`, or to the logger.

        `skip` and `tell`: see `ServerOptions.access_log_skip` and `on_answered`. Without `has_lines`, only `tell` is told.
        """
        self._render = render
        self._skip = skip if callable(skip) else _skip_paths(skip)
        self._writer = writer
        self._tell = tell
        self._has_lines = has_lines

    def wants(self, head: RequestHead | None, status: str) -> bool:
        """Tell whether there is something to do for an answer. PERF: asked before an `Answered` is made."""
        return self._tell is not None or self._has_line(head, status)

    def _has_line(self, head: RequestHead | None, status: str) -> bool:
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
        if self._tell is not None and (
            self._told(self._tell, answered)
            or not self._has_lines
            or not self._has_line(answered.head, answered.status)
        ):
            return
        line = self._render(answered)
        if self._writer is None:
            access_logger.info("%s", line, extra={"status": int(answered.status)})
        else:
            self._writer.write(line)

    def _told(self, tell: Tell, answered: Answered) -> bool:
        try:
            return tell(answered) is True
        except Exception:
            # Somebody else's function, as `access_log_skip` is.
            logger.exception("on_answered failed")
            return False

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
