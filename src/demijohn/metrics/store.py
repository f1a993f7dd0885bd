"""`Store`: where the metrics of this process have their numbers, and what happens to them when it is forked.

    before anything: memory of its own  ->  attach: memory that the supervisor shares with all workers
    a fork: memory of its own again, counters at zero, gauges as they were

Any thread. One lock, held for an addition; it is reentrant, for a signal handler or a destructor may count, too.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import Final

from .families import Definition, Family, Labels, collect, series_key
from .region import Numbers, Region

logger = logging.getLogger("demijohn.metrics")

_OWN_BYTES: Final = 1 << 20


class Series:
    """One series: its numbers, wherever they are at the time."""

    __slots__ = ("numbers",)

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers


class Store:
    """One per process: `STORE`."""

    def __init__(self, size: int = _OWN_BYTES) -> None:
        self.lock = threading.RLock()
        self._size = size
        self._region = Region.private(size)
        self._collect: Callable[[], list[Family]] | None = None
        self._ordinals: dict[Definition, int] = {}
        self._series: dict[Definition, dict[Labels, Series]] = {}
        self._is_full = False

    def define(self, definition: Definition) -> dict[Labels, Series]:
        """Return the series of a metric by their labels' values; it may have been defined before.

        Raises:
            ValueError: another metric has that name.
        """
        with self.lock:
            for known in self._series:
                if known.name == definition.name and known != definition:
                    raise ValueError(f"There is a metric {known.name!r} already, and it is another one: {known}")
            if definition not in self._series:
                self._series[definition] = {}
                self._write_definition(definition)
            return self._series[definition]

    def add(self, definition: Definition, labels: Labels) -> Series:
        """Return a series, made if it is not there."""
        with self.lock:
            series = self._series[definition].get(labels)
            if series is None:
                series = Series(self._numbers_for(definition, labels))
                self._series[definition][labels] = series
            return series

    def attach(self, memory: memoryview, collect: Callable[[], list[Family]]) -> None:
        """Have the numbers in memory that is shared, from zero on but for gauges; `collect` returns those of all processes."""
        with self.lock:
            self._move(Region(memory))
            self._collect = collect

    def collect(self) -> list[Family]:
        """Return all metrics: of all workers if there are several, else of this process."""
        if self._collect is not None:
            return self._collect()
        return collect(None, [self._region])

    def after_fork(self) -> None:
        """In a child: its parent goes on with the memory they share; somebody else may hold the lock for ever."""
        self.lock = threading.RLock()
        self._collect = None
        self._move(Region.private(self._size))

    def _move(self, region: Region) -> None:
        self._region = region
        self._ordinals = {}
        self._is_full = False
        for definition, known in self._series.items():
            self._write_definition(definition)
            for labels, series in known.items():
                before = series.numbers
                series.numbers = self._numbers_for(definition, labels)
                if definition.kind == "gauge":
                    series.numbers[:] = before

    def _write_definition(self, definition: Definition) -> None:
        if self._region.append(definition.dump(), 0) is None:
            self._complain(definition, ())
        else:
            self._ordinals[definition] = len(self._ordinals)

    def _numbers_for(self, definition: Definition, labels: Labels) -> Numbers:
        ordinal = self._ordinals.get(definition)
        numbers = None if ordinal is None else self._region.append(series_key(ordinal, labels), definition.width)
        if numbers is None:
            self._complain(definition, labels)
            # Counted where nobody looks: the application is not to fail for that.
            numbers = memoryview(bytearray(8 * definition.width)).cast("d")
        return numbers

    def _complain(self, definition: Definition, labels: Labels) -> None:
        if not self._is_full:
            self._is_full = True
            logger.error(
                "No room for another series, %s%r; this one and further new ones are not shown, the others go on. "
                "Does a label have too many values? Otherwise give metrics more memory (metrics_bytes).",
                definition.name,
                labels,
            )


STORE: Final = Store()

os.register_at_fork(after_in_child=STORE.after_fork)
