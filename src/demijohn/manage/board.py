"""`Board`: what all processes of a run know of each other, in memory that outlives any of them, even one that is killed.

Made by the supervisor before any fork. It writes the head and the facts of each slot; the worker of a slot writes its pulse, its
counts and its metrics; anybody reads. No locks: each cell is 64 bits and has one writer. Where several cells belong together,
readers look again if the supervisor has changed them meanwhile.

    head | retired counts | retired metrics | slot 0: pulse and facts, counts, metrics | slot 1 ...

Not here: what is served from it (`ops/`), who forks (`supervisor/`).
"""

import logging
import mmap
import os
import time
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Final, Self, TypeVar, overload

from .._base.clock import Clock, SystemClock
from ..metrics.families import Family, Retirement, collect
from ..metrics.region import Region
from ..metrics.store import STORE
from ..serve.stats import CELLS, ENDED, LEVELS, Stats

logger = logging.getLogger("demijohn.supervisor")

_Read = TypeVar("_Read")

_CELL: Final = 8
_HEAD_CELLS: Final = 16
_FACT_CELLS: Final = 16
_NANO: Final = 1_000_000_000

_ATTEMPTS: Final = 1000
"""Looks at what is being changed, before a reader gives up."""

_PATIENCE: Final = 0.001
"""Seconds between two of them."""


class BoardError(RuntimeError):
    """The board can't be used for what was asked; the message says why."""


class WorkerState(IntEnum):
    """How far the process of a slot is."""

    NONE = 0
    BOOTING = 1
    READY = 2
    """Booted, and waits to be let at the clients."""
    SERVING = 3
    STOPPING = 4


class RunState(IntEnum):
    """What the supervisor is about."""

    BOOTING = 0
    SERVING = 1
    STOPPING = 2


class _Cell:
    """An attribute in shared memory."""

    def __init__(self, number: int) -> None:
        self._number = number

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: "Head | Slot", kind: type) -> int: ...
    def __get__(self, owner: "Head | Slot | None", kind: type) -> "int | Self":
        return self if owner is None else owner.cells[self._number]

    def __set__(self, owner: "Head | Slot", value: int) -> None:
        owner.cells[self._number] = value


class Head:
    """Facts about the run; the supervisor writes them. Times are nanoseconds, of the monotonic clock if not said otherwise."""

    __slots__ = ("cells",)

    version = _Cell(0)
    """Odd while cells that belong together are being changed."""
    pid = _Cell(1)
    beat_at = _Cell(2)
    """When the supervisor last came round."""
    started_at = _Cell(3)
    """Nanoseconds since the epoch."""
    state = _Cell(4)
    """A `RunState`."""
    wanted = _Cell(5)
    """How many workers there should be."""
    generation = _Cell(6)
    """The one that serves."""
    restarts = _Cell(7)
    """Workers that ended without having been told to."""
    reloads = _Cell(8)
    reload_failures = _Cell(9)
    recycled = _Cell(10)
    """Workers that were replaced for their age, their size and the like."""
    begun_at = _Cell(11)
    """When the supervisor started."""

    def __init__(self, cells: memoryview) -> None:
        self.cells = cells


class Slot:
    """The place of one worker. Times are nanoseconds of the monotonic clock."""

    __slots__ = ("cells", "metrics", "others", "region", "stats")

    pid = _Cell(0)
    generation = _Cell(1)
    state = _Cell(2)
    """A `WorkerState`."""
    forked_at = _Cell(3)
    beats = _Cell(4)
    beat_at = _Cell(5)
    """When `beats` went up."""
    queued = _Cell(6)
    """Requests that wait for a thread, as of the last beat."""
    queued_since = _Cell(7)
    """Since when the first of them does; 0: there is none."""

    def __init__(
        self, cells: memoryview, counts: memoryview, metrics: memoryview, others: Callable[[], list[Stats]]
    ) -> None:
        self.cells = cells
        self.stats = Stats(counts)
        """For the worker's `Server`."""
        self.others = others
        """Returns the counts of the other workers that serve now; for the worker's `Server`."""
        self.metrics = metrics
        """For the worker's `demijohn.metrics`."""
        self.region = Region(metrics)

    def beat(self, now: float, queued: tuple[int, float] = (0, 0.0)) -> None:
        """Show that the interpreter of this worker runs at `now`, and what its `Server.queued` says. Its thread that watches."""
        self.queued, self.queued_since = queued[0], int(queued[1] * _NANO)
        self.beat_at = int(now * _NANO)
        self.beats += 1

    @property
    def requests(self) -> int:
        """How many requests this worker has taken."""
        return self.stats.requests


class Board:
    """See the file's description. Rows are numbers of slots."""

    def __init__(self, workers: int, *, metrics_bytes: int = 1 << 20, clock: Clock | None = None) -> None:
        """Make the memory; the system gives it when it is written to.

        Args:
            workers: how many there will be at most at first; there is room for four times as many and some more, for old
                and new ones during a reload.
            metrics_bytes: for the application's metrics, in each worker.
            clock: for tests.
        """
        self.rows = 4 * workers + 64
        self._clock = clock or SystemClock()
        page = mmap.PAGESIZE
        metrics_bytes = max(1, -(-metrics_bytes // page)) * page
        self._first = page + 4 * metrics_bytes  # of metrics of all generations
        self._size = page + metrics_bytes
        self._memory = memoryview(mmap.mmap(-1, self._first + self.rows * self._size))
        self._free = list(range(self.rows - 1, -1, -1))
        self.head = Head(self._cells(0, _HEAD_CELLS))
        self.head.pid = os.getpid()
        self.head.started_at = time.time_ns()
        self.head.begun_at = self.head.beat_at = int(self._clock.monotonic() * _NANO)
        self.retired = Stats(self._cells(_HEAD_CELLS * _CELL, CELLS))
        """The counts of workers that are gone; but for those that go up and down."""
        self._retired_metrics = Region(self._memory[page : self._first])
        self._retirement = Retirement(self._retired_metrics)
        self._is_full = False
        self._slots = [self._slot(row) for row in range(self.rows)]

    def _cells(self, at: int, count: int) -> memoryview:
        return self._memory[at : at + count * _CELL].cast("q")

    def _slot(self, row: int) -> Slot:
        at = self._first + row * self._size
        return Slot(
            self._cells(at, _FACT_CELLS),
            self._cells(at + _FACT_CELLS * _CELL, CELLS),
            self._memory[at + mmap.PAGESIZE : at + self._size],
            partial(self._others, row),
        )

    def _others(self, row: int) -> list[Stats]:
        return [
            slot.stats for number, slot in enumerate(self._slots) if slot.state == WorkerState.SERVING and number != row
        ]

    def slot(self, row: int) -> Slot:
        """Return the place of one worker."""
        return self._slots[row]

    # ------------------------------------------------------------------ the supervisor

    def beat(self) -> None:
        """Show that the supervisor comes round."""
        self.head.beat_at = int(self._clock.monotonic() * _NANO)

    def take(self, generation: int = 0) -> int:
        """Return a row for a worker that is going to be forked, all at zero.

        Raises:
            BoardError: there are more workers than rows.
        """
        if not self._free:
            raise BoardError("There is no room for one more worker; wait until some have stopped")
        row = self._free.pop()
        slot = self._slots[row]
        slot.generation = generation
        slot.forked_at = slot.beat_at = int(self._clock.monotonic() * _NANO)
        slot.state = WorkerState.BOOTING
        return row

    def give_back(self, row: int) -> None:
        """Free the row of a worker that is gone. What it has counted is counted as retired from now on."""
        slot = self._slots[row]
        self.head.version += 1
        counts, sums = slot.stats.cells, self.retired.cells
        for number in range(CELLS):
            if number not in LEVELS:
                sums[number] += counts[number]
            counts[number] = 0
        # A request that died with its worker is not in flight any more.
        self.retired.cells[ENDED] = self.retired.requests
        for number in range(_FACT_CELLS):
            slot.cells[number] = 0
        is_whole = self._retirement.add(slot.region)
        slot.region.clear()
        self.head.version += 1
        self._free.append(row)
        if not is_whole and not self._is_full:
            self._is_full = True
            logger.error(
                "No room for all series of workers that are gone: their counts are lost, and totals go back. "
                "Does a label have too many values? Otherwise give metrics more memory (metrics_bytes)."
            )

    # ------------------------------------------------------------------ a worker

    def occupy(self, row: int) -> Slot:
        """Have this process's metrics in its slot from now on, and return that. In the worker, before it loads anything."""
        slot = self._slots[row]
        STORE.attach(slot.metrics, self.families)
        return slot

    # ------------------------------------------------------------------ readers

    def families(self) -> list[Family]:
        """Return the application's metrics over all workers, those that are gone included.

        Raises:
            BoardError: as `read` does.
        """
        return self.read(Board._families)

    def _families(self) -> list[Family]:
        slots = sorted(self.slots(), key=lambda slot: slot.generation)
        return collect(self._retired_metrics, [slot.region for slot in slots])

    def slots(self) -> list[Slot]:
        """Return the slots that belong to a worker now."""
        return [slot for slot in self._slots if slot.state]

    def read(self, read: Callable[[Self], _Read]) -> _Read:
        """Return what `read` says of the board; it is called again if the supervisor moved counts about meanwhile.

        Raises:
            BoardError: the supervisor has died while it did that.
        """
        for _ in range(_ATTEMPTS):
            before = self.head.version
            if before % 2 == 0:
                result = read(self)
                if self.head.version == before:
                    return result
            time.sleep(_PATIENCE)
        raise BoardError("What the workers count is being changed all the time")
