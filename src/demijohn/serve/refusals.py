"""`Refusals`: how often each limit turned somebody away, and a line in the log about it, not one for each.

Any thread. Who is refused costs the server little; a line in the log for each would cost more than that.
"""

import logging
import threading
from collections import Counter

from .._base.clock import Clock
from .stats import REFUSED, Stats

logger = logging.getLogger("demijohn.error")

_SECONDS = 10.0
"""A limit is mentioned at most once in so many seconds."""


class Refusals:
    """Counts by the name of the setting that sets the limit; `stats.REFUSED` has them all."""

    def __init__(self, clock: Clock, stats: Stats) -> None:
        self._now = clock.monotonic
        self._cells = stats.cells
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._mentioned: dict[str, tuple[float, int]] = {}  # when a limit was mentioned last, and its count then

    def note(self, limit: str, what: str) -> None:
        """Count one. `what` says what happened and is logged, with how often it did since it was logged last."""
        with self._lock:
            count = self._counts[limit] = self._counts[limit] + 1
            self._cells[REFUSED[limit]] += 1
            at, before = self._mentioned.get(limit, (-_SECONDS, 0))
            now = self._now()
            if now - at < _SECONDS:
                return
            self._mentioned[limit] = now, count
        times = "" if count - before == 1 else f" ({count - before} times since this was said last)"
        logger.warning("%s; the limit is %s%s", what, limit, times)

    def snapshot(self) -> dict[str, int]:
        """Return the counts so far."""
        with self._lock:
            return dict(self._counts)
