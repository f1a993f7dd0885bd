"""`Admission`: whether another connection may come in, and what makes room for it. One per server; the leader only.

When all places are taken, those who do nothing leave first: connections that had their last answer, then idle ones, the idlest
first, then heads that have not come whole for a while. Keeping a connection open is a favour and not load; a client that comes
back to a closed one opens another. Until there is room, answers end their connection, and accepting goes on at once when one is
closed.
"""

import contextlib
import heapq
import os
import socket
from collections.abc import Callable

from .engine import Engine
from .lingering import Lingering
from .link import Link
from .stats import EVICTIONS

_BATCH = 64
"""Connections closed in one go: looking at all of them for each new one would cost more than it is worth."""

_LOOK_AGAIN = 1.0
"""Seconds after a look that found nobody to close."""

_SHED = 64
"""Clients turned away in one go while there are no descriptors."""


class Admission:
    """See the file's description."""

    __slots__ = ("_engine", "_look_at", "_spare", "_waiting")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # When it is worth the time again to look whom to close.
        self._look_at = 0.0
        # Acceptors that were told to wait.
        self._waiting: list[Callable[[], None]] = []
        # A descriptor kept to have one when there are none.
        self._spare: int | None = None

    def open(self) -> None:
        """Get ready; before the first connection."""
        if self._spare is None:
            with contextlib.suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Free what is held; nobody is admitted any more."""
        self._waiting.clear()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def complain(self) -> None:
        """Say that all places are taken."""
        count = len(self._engine.connections)
        self._engine.refusals.note("max_connections", f"{count} connections are open and busy, new clients wait")

    def make_room(self) -> bool:
        """Close connections that do nothing; False if there are none, or were none a moment ago."""
        engine = self._engine
        now = engine.reactor.now
        if now < self._look_at:
            return False
        found = heapq.nsmallest(
            _BATCH,
            (
                (rank, id(one), one)
                for one in engine.connections
                if isinstance(one, Link | Lingering) and (rank := one.idleness)
            ),
        )
        evicted = sum(one.evict() for _, _, one in found)
        engine.stats.cells[EVICTIONS] += evicted
        if not evicted:
            self._look_at = now + _LOOK_AGAIN
        return evicted > 0

    def when_closed(self, resume: Callable[[], None]) -> None:
        """Have `resume` called once, when a connection was closed; until then no client is encouraged to stay."""
        engine = self._engine
        if not engine.is_closing:
            if resume not in self._waiting:
                self._waiting.append(resume)
            engine.is_last_answer = True
            engine.on_connection_closed = self._on_connection_closed

    def _on_connection_closed(self) -> None:
        engine = self._engine
        engine.on_connection_closed = None
        engine.is_last_answer = engine.is_draining or engine.options.keep_alive == 0
        waiting, self._waiting = self._waiting, []
        for resume in waiting:
            resume()

    def shed(self, listener: socket.socket) -> None:
        """Turn clients away who wait for a descriptor in vain: closed is better than never answered.

        The spare descriptor is given up for each, and taken back from it.
        """
        for count in range(_SHED):
            if self._spare is None:
                break
            os.close(self._spare)
            self._spare = None
            try:
                listener.accept()[0].close()
            except OSError:  # nobody waits any more, or the descriptor was taken meanwhile
                self.open()
                break
            self.open()
            self._engine.refusals.note("open files", f"Turned {count + 1} clients away: no descriptors")
