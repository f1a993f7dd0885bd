"""`Spread`: how many connections a process takes of those that wait for several. The leader only.

Whoever wakes first would take most of a burst, and with kept connections that is for long: one process has work for two, the
other none. So one that has more open connections than another leaves what comes to it, for a moment: if the other is busy or
stuck, and takes nothing, the connections are taken all the same.

How many others have is read from memory that they share (`Stats.cells`); nobody is asked, and nobody waits for a lock.
"""

from collections.abc import Callable, Sequence

from .stats import CONNECTIONS_ACCEPTED, CONNECTIONS_OPEN, Stats

BATCH = 64
"""Connections taken in one go."""

_MARGIN = 4
_PART = 8
"""How many more connections than the process with the fewest one may have; or this part of the other's, if that is more."""

PAUSE = 0.001
"""Seconds for which connections are left to others before one looks again."""

_PATIENCE = 0.015
"""After so many seconds in which the others took nothing they are taken for busy. An idle one needs a tenth of a millisecond, and
on a machine that has more to do than processors, the time until it is its turn."""

_ALONE = 1.0
"""Seconds for which others that went on taking nothing are not waited for."""

_LOOK_EVERY = 0.25
"""Seconds between two looks which processes there are."""


class Spread:
    """One per listener that processes share."""

    __slots__ = ("_cells", "_find", "_look_at", "_others", "_since", "_taken")

    def __init__(self, stats: Stats, find: Callable[[], Sequence[Stats]]) -> None:
        """Prepare; `find` returns the counts of the other processes that accept now."""
        self._cells = stats.cells
        self._find = find
        self._others: list[memoryview] = []
        self._look_at = 0.0
        # How many connections the others had taken when that was looked at, and since when they are given time to take more.
        self._taken = -1
        self._since = 0.0

    def share(self, now: float, *, have_waited: bool) -> int:
        """Return how many connections to take; 0: leave them to others, and look again after `PAUSE`.

        `have_waited`: they did so through a long round, and no idle process took them.
        """
        if now >= self._look_at:
            self._look_at = now + _LOOK_EVERY
            self._others = [stats.cells for stats in self._find()]
        others = self._others
        if not others:
            return BATCH if have_waited else 1
        room, behind = self._room()
        if room > 0:
            return min(BATCH, room) if have_waited else min(BATCH, max(1, behind // 2))
        taken = sum([cells[CONNECTIONS_ACCEPTED] for cells in others])
        if taken != self._taken or now - self._since >= _PATIENCE + _ALONE:
            self._taken, self._since = taken, now
        if now - self._since < _PATIENCE:
            return 0
        return BATCH if have_waited else 1

    @property
    def has_room(self) -> bool:
        """It may take a connection now, whoever else is there."""
        return not self._others or self._room()[0] > 0

    def _room(self) -> tuple[int, int]:
        """Return how many more connections it may have, and how many fewer it has than the process with the fewest."""
        least = min([cells[CONNECTIONS_OPEN] for cells in self._others])
        behind = least - self._cells[CONNECTIONS_OPEN]
        return behind + max(_MARGIN, least // _PART), behind
