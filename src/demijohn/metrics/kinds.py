"""`Counter`, `Gauge`, `Histogram`: what an application counts and measures with; names and rules are those of Prometheus.

Any thread, and signal handlers. In a run of several workers their numbers are in memory that they share, and scraped as one.
"""

import re
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import inf, isnan
from typing import ClassVar, Final, Self

from .families import Definition, Kind, Labels, Mode
from .store import STORE, Series, Store

_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_OURS: Final = "demijohn_"

DEFAULT_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""For durations in seconds, as elsewhere."""


class _Metric:
    """A metric, or one of its series: `labels` tells."""

    _kind: ClassVar[Kind]
    _reserved: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Sequence[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        *,
        store: Store = STORE,
    ) -> None:
        """Define a metric. The same definition again is the same metric.

        Args:
            name: letters, digits, `_` and `:`.
            documentation: what it counts, for people.
            labelnames: what its series are told apart by. Each combination of values takes memory for good: no ids, no URLs.
            namespace: put before the name, with `_`.
            subsystem: put between the two.
            unit: put behind, if the name does not end with it.
            store: for tests.

        Raises:
            ValueError: a name can't be one, or there is another metric of that name.
        """
        full = "_".join(part for part in (namespace, subsystem, name) if part)
        if self._kind == "counter":
            full = full.removesuffix("_total")
        if unit and not full.endswith(f"_{unit}"):
            full = f"{full}_{unit}"
        if not _NAME.fullmatch(full):
            raise ValueError(f"{full!r} can't be a metric's name: letters, digits, '_' and ':', no digit first")
        if full.startswith(_OURS):
            raise ValueError(f"{full!r} can't be a metric's name here: {_OURS}* are the server's own")
        for label in labelnames:
            if not _LABEL.fullmatch(label) or label in self._reserved:
                raise ValueError(f"{label!r} can't be a label's name of {full!r}")
        if len(set(labelnames)) != len(labelnames):
            raise ValueError(f"{full!r} has two labels of the same name")
        self._begin(self._define(full, documentation, tuple(labelnames)), store)

    def _define(self, name: str, documentation: str, labelnames: Labels) -> Definition:
        return Definition(self._kind, name, documentation, labelnames)

    def _begin(self, definition: Definition, store: Store) -> None:
        self._definition = definition
        self._store = store
        self._all = store.define(definition)
        self._children: dict[Labels, Self] = {}
        self._series: Series | None = None if definition.labelnames else store.add(definition, ())

    def labels(self, *values: object, **named: object) -> Self:
        """Return the series with these values of the labels, in the order of their names or by name. Worth keeping.

        Raises:
            ValueError: there are other labels than that.
        """
        if named:
            names = self._definition.labelnames
            if values or named.keys() != set(names):
                raise ValueError(f"{self._definition.name!r} has the labels {names}, not {tuple(named)}")
            values = tuple([named[name] for name in names])
        labels = tuple([str(value) for value in values])
        child = self._children.get(labels)
        return self._make_child(labels) if child is None else child

    def _make_child(self, labels: Labels) -> Self:
        names = self._definition.labelnames
        if self._series is not None:
            raise ValueError(f"{self._definition.name!r} has no labels, or has them already")
        if len(labels) != len(names):
            raise ValueError(f"{self._definition.name!r} has {len(names)} labels, not {len(labels)}: {names}")
        child = type(self).__new__(type(self))
        child._definition = self._definition
        child._store = self._store
        child._series = self._store.add(self._definition, labels)
        child._children = {}
        return self._children.setdefault(labels, child)

    def _own(self) -> Series:
        if self._series is None:
            raise ValueError(
                f"{self._definition.name!r} has labels; say which series: .labels({', '.join(self._definition.labelnames)})"
            )
        return self._series


class Counter(_Metric):
    """Goes up. It is scraped as `<name>_total`."""

    _kind = "counter"

    def inc(self, amount: float = 1) -> None:
        """Count.

        Raises:
            ValueError: `amount` is negative.
        """
        if not amount >= 0:
            raise ValueError(f"A counter only goes up, and {amount} is not 0 or more")
        series = self._series or self._own()
        with self._store.lock:
            series.numbers[0] += amount

    @contextmanager
    def count_exceptions(
        self, kinds: type[BaseException] | tuple[type[BaseException], ...] = Exception
    ) -> Iterator[None]:
        """Count the exceptions that leave a block or, as a decorator, a function."""
        try:
            yield
        except kinds:
            self.inc()
            raise


class Gauge(_Metric):
    """Goes up and down. Of several workers it is the sum, or what `mode` says; those that are gone do not count."""

    _kind = "gauge"

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Sequence[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        *,
        mode: Mode = "sum",
        store: Store = STORE,
    ) -> None:
        """Define a gauge, as any metric is defined.

        `mode` is what it is of several workers: their `sum`, `max`, `min`, or the value that was set last (`mostrecent`).

        Raises:
            ValueError: there is no such mode, or as of any metric.
        """
        if mode not in ("sum", "max", "min", "mostrecent"):
            raise ValueError(f"mode is {mode!r}; it must be 'sum', 'max', 'min' or 'mostrecent'")
        self._mode = mode
        super().__init__(name, documentation, labelnames, namespace, subsystem, unit, store=store)

    def _define(self, name: str, documentation: str, labelnames: Labels) -> Definition:
        return Definition(self._kind, name, documentation, labelnames, self._mode)

    def inc(self, amount: float = 1) -> None:
        """Go up."""
        series = self._series or self._own()
        with self._store.lock:
            series.numbers[0] += amount
            series.numbers[1] = time.time()

    def dec(self, amount: float = 1) -> None:
        """Go down."""
        self.inc(-amount)

    def set(self, value: float) -> None:
        """Be `value`."""
        series = self._series or self._own()
        with self._store.lock:
            series.numbers[0] = value
            series.numbers[1] = time.time()

    def set_to_current_time(self) -> None:
        """Be now, in seconds since the epoch."""
        self.set(time.time())

    @contextmanager
    def track_inprogress(self) -> Iterator[None]:
        """Be one higher during a block or, as a decorator, a function."""
        self.inc()
        try:
            yield
        finally:
            self.dec()


class Histogram(_Metric):
    """Counts observations by size."""

    _kind = "histogram"
    _reserved = ("le",)

    def __init__(
        self,
        name: str,
        documentation: str,
        labelnames: Sequence[str] = (),
        namespace: str = "",
        subsystem: str = "",
        unit: str = "",
        *,
        buckets: Sequence[float] = DEFAULT_BUCKETS,
        store: Store = STORE,
    ) -> None:
        """Define a histogram, as any metric is defined.

        `buckets` are their upper bounds, the smallest first; one without a bound is added.

        Raises:
            ValueError: the bounds do not go up, or as of any metric.
        """
        bounds = tuple([float(bound) for bound in buckets])
        if not bounds or bounds[-1] != inf:
            bounds = (*bounds, inf)
        if any(not a < b for a, b in pairwise(bounds)):
            raise ValueError(f"The buckets of {name!r} must go up: {bounds}")
        self._bounds = bounds
        super().__init__(name, documentation, labelnames, namespace, subsystem, unit, store=store)

    def _define(self, name: str, documentation: str, labelnames: Labels) -> Definition:
        return Definition(self._kind, name, documentation, labelnames, "sum", self._bounds)

    def observe(self, amount: float) -> None:
        """Count one of the size `amount`.

        Raises:
            ValueError: it is not a number (NaN), which would spoil the sum for good.
        """
        if isnan(amount):
            raise ValueError(f"An observation of {self._definition.name!r} is not a number")
        series = self._series or self._own()
        bucket = bisect_left(self._definition.buckets, amount)
        with self._store.lock:
            numbers = series.numbers
            numbers[bucket] += 1
            numbers[-1] += amount

    @contextmanager
    def time(self) -> Iterator[None]:
        """Observe the seconds that a block or, as a decorator, a function takes."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.observe(time.perf_counter() - began)
