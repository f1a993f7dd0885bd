"""`Stats`: counts of one server process since it started, in cells that another process may read.

Not here: who else reads them (`manage/board.py`), and what is counted elsewhere.
"""

import threading
from typing import Final, Self, overload

# PERF: writers use these numbers, as `stats.cells[REQUESTS] += 1`, which is no Python call.
CONNECTIONS_ACCEPTED: Final = 0
CONNECTIONS_OPEN: Final = 1
EVICTIONS: Final = 2
REQUESTS: Final = 3
REJECTS: Final = 4
QUEUED: Final = 5
PROMOTIONS: Final = 6
HAND_OVERS: Final = 7
TLS_HANDSHAKES: Final = 8
TLS_FAILURES: Final = 9
THREADS_REPLACED: Final = 10
ENDED: Final = 11
ANSWERS: Final = 12
"""The first of six: requests that had no answer, then answers by the first digit of their status, 1 to 5."""
ANSWER_CELLS: Final = {str(digit): ANSWERS + digit for digit in range(1, 6)}
"""By that digit. PERF: a look into a dict is quicker than making a number of it."""
RECEIVED_BYTES: Final = 18
SENT_BYTES: Final = 19
REFUSED: Final = {
    "max_connections": 20,
    "max_connections_per_client": 21,
    "max_queue_age": 22,
    "max_queued_requests": 23,
    "open files": 24,
}
"""By the limit that turned somebody away; see `Refusals`."""

CELLS: Final = 32
"""How many cells there are, with some to spare."""

LEVELS: Final = frozenset({CONNECTIONS_OPEN})
"""Cells that go up and down; all others only go up."""


class _Count:
    """An attribute that reads a cell."""

    def __init__(self, cell: int) -> None:
        self._cell = cell

    @overload
    def __get__(self, stats: None, owner: type) -> Self: ...
    @overload
    def __get__(self, stats: "Stats", owner: type) -> int: ...
    def __get__(self, stats: "Stats | None", owner: type) -> "int | Self":
        return self if stats is None else stats.cells[self._cell]


class Stats:
    """Any thread may read the attributes.

    Each cell is written by the polling thread only, so that it needs no lock; but for those of answers and bytes, which are
    handled by any thread: they are written under `lock`.
    """

    __slots__ = ("cells", "lock")

    connections_accepted = _Count(CONNECTIONS_ACCEPTED)
    connections_open = _Count(CONNECTIONS_OPEN)
    evictions = _Count(EVICTIONS)
    """Connections closed to make room for new ones: idle ones, and heads that did not come whole."""
    requests = _Count(REQUESTS)
    """Requests given to a handler, or to the queue before it."""
    rejects = _Count(REJECTS)
    """Requests refused by the server itself: malformed, too large, too slow."""
    queued = _Count(QUEUED)
    """`late`: requests that found every thread busy and had to wait."""
    promotions = _Count(PROMOTIONS)
    """Times a thread took over polling from one that stayed too long in a handler. Written by the watcher."""
    hand_overs = _Count(HAND_OVERS)
    """Requests that were given to another thread because their handler is known to block."""
    tls_handshakes = _Count(TLS_HANDSHAKES)
    """TLS handshakes that led to a connection."""
    tls_failures = _Count(TLS_FAILURES)
    """Connections to a TLS port that came to nothing: no TLS, no agreement, no certificate, too slow."""
    threads_replaced = _Count(THREADS_REPLACED)
    """Threads that died and were started anew."""
    ended = _Count(ENDED)
    """Of `requests`, those that are over: answered, or given up."""
    received_bytes = _Count(RECEIVED_BYTES)
    """What clients sent, without TLS and its like around it."""
    sent_bytes = _Count(SENT_BYTES)
    """What clients were sent; counted when an answer, or a connection, is over."""

    def __init__(self, cells: memoryview | None = None) -> None:
        """Count in `cells`: `CELLS` signed integers of 64 bits. By default, in cells of its own."""
        self.cells = memoryview(bytearray(8 * CELLS)).cast("q") if cells is None else cells
        self.lock = threading.Lock()

    @property
    def in_flight(self) -> int:
        """Requests that are in a handler or before it, or whose answer is not out yet."""
        return self.requests - self.ended

    @property
    def answers(self) -> dict[str, int]:
        """Answers by status: `"2xx"` and so on; under `""` requests that had none. Rejects have theirs here, too."""
        return {f"{digit}xx" if digit else "": self.cells[ANSWERS + digit] for digit in range(6)}

    def snapshot(self) -> dict[str, int]:
        """Return the counters as a dict."""
        return {name: getattr(self, name) for name, value in vars(Stats).items() if isinstance(value, _Count)}
