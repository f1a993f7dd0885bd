"""Packed siblings of files: `app.js.br`, `app.js.zst`, `app.js.gz` beside `app.js`, sent to clients that take their coding.

Here: what a client takes, and which siblings there are. Any thread. SECURITY: only for folders in which nobody but the
application's author makes files: whoever can put `page.html.gz` beside a `page.html` decides what readers of that page see.
"""

import os
import stat
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from demijohn.http.accept import Accept, parse_accept_header

SUFFIXES: Final = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""By content coding (RFC 9110 §8.4.1, RFC 7932, RFC 8878); in the order in which they are sent to who takes several."""

_STALE_SECONDS: Final = 2.0
"""A sibling that is older than its file by more was not made of it; tools that check files out take a moment for each."""


@lru_cache(maxsize=256)
def accepted_codings(accept_encoding: str) -> tuple[str, ...]:
    """Return those of `SUFFIXES` to be tried for a client, best first, by its Accept-Encoding (RFC 9110 §12.5.3).

    None that it likes less than a file as it is. PERF: clients send a handful of values; an attacker only evicts.
    """
    accept = parse_accept_header(accept_encoding, Accept)
    # Unless the client says so, a file as it is is fine, and less than any coding it names.
    plain = next((quality for value, quality in accept if value.lower() == "identity"), 0.0)
    wanted = [(max(accept.quality(coding), _by_old_name(accept, coding)), coding) for coding in SUFFIXES]
    # `sorted` is stable: of equal ones the first of ours.
    wanted = sorted((pair for pair in wanted if pair[0] > 0 and pair[0] >= plain), key=lambda pair: -pair[0])
    return tuple(coding for _, coding in wanted)


def _by_old_name(accept: Accept, coding: str) -> float:
    # RFC 9110 §8.4.1.3.
    return accept.quality("x-gzip") if coding == "gzip" and "gzip" not in list(accept.values()) else 0.0


class Siblings:
    """Knows which files have packed siblings; looks again after a while.

    Args:
        freshness: seconds for which the answer of the file system is believed.
        most: files remembered; beyond, all are forgotten.
        clock: gives seconds that never go back.
    """

    __slots__ = ("_clock", "_known", "freshness", "most")

    def __init__(self, freshness: float = 1.0, most: int = 1024, clock: Callable[[], float] = time.monotonic) -> None:
        if freshness < 0 or most < 1:
            raise ValueError(f"freshness must not be negative and most be positive: {freshness}, {most}.")
        self.freshness = freshness
        self.most = most
        self._clock = clock
        # Path of a file: (when to look again, its siblings by coding, with their times). Threads may race on an entry: they
        # find the same.
        self._known: dict[str, tuple[float, tuple[tuple[str, float], ...]]] = {}

    def find(self, path: str, modified: float) -> tuple[str, ...]:
        """Return the codings that the file, of that time, has siblings of. No stat for a file that was asked for just now."""
        now = self._clock()
        known = self._known.get(path)
        if known is None or now >= known[0]:
            known = now + self.freshness, _look(path)
            if len(self._known) >= self.most:
                self._known.clear()
            self._known[path] = known
        found = known[1]
        return tuple(coding for coding, made in found if made >= modified - _STALE_SECONDS) if found else ()


def _look(path: str) -> tuple[tuple[str, float], ...]:
    found = []
    for coding, suffix in SUFFIXES.items():
        try:
            status = os.stat(path + suffix)
        except OSError:
            # It is not there, or not to be read; the file itself is.
            continue
        if stat.S_ISREG(status.st_mode):
            found.append((coding, status.st_mtime))
    return tuple(found)
