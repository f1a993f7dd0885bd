"""`Family`: a metric with all its series as they are scraped; how regions of several processes become one list of them.

Pure: reads regions, writes only the one that `retire` is given. Not here: the metrics that an application makes (kinds.py), text
(exposition.py).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from .region import Numbers, Region

Kind = Literal["counter", "gauge", "histogram"]
Mode = Literal["sum", "max", "min", "mostrecent"]
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """What a metric is."""

    kind: Kind
    name: str
    """As it was given: a counter's is without `_total`."""
    documentation: str
    labelnames: Labels = ()
    mode: Mode = "sum"
    """How a gauge of several workers becomes one."""
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets; the last one is infinity."""

    @property
    def width(self) -> int:
        """How many numbers a series has: a value; a value and when it was set; counts by bucket and their sum."""
        return {"counter": 1, "gauge": 2, "histogram": len(self.buckets) + 1}[self.kind]

    def dump(self) -> str:
        """Return it as the key of a record without numbers."""
        return json.dumps(
            [self.kind, self.name, self.documentation, self.labelnames, self.mode, self.buckets], separators=(",", ":")
        )

    @classmethod
    def load(cls, key: str) -> "Definition":
        """Return what was dumped."""
        kind, name, documentation, labelnames, mode, buckets = json.loads(key)
        return cls(kind, name, documentation, tuple(labelnames), mode, tuple(buckets))


@dataclass(slots=True)
class Family:
    """A metric as it is scraped. The numbers of a series: see `Definition.width`."""

    definition: Definition
    series: dict[Labels, list[float]] = field(default_factory=dict)


def series_key(ordinal: int, labels: Labels) -> str:
    """Return the key of the record of a series; `ordinal` says which definition of its region it belongs to."""
    return json.dumps([ordinal, *labels], separators=(",", ":"))


def read_region(region: Region) -> Iterator[tuple[Definition, Labels | None, Numbers]]:
    """Yield what is in a region: definitions, with `None`, and series, always behind their definition."""
    definitions: list[Definition] = []
    for key, numbers in region.records():
        if len(numbers):
            ordinal, *labels = json.loads(key)
            yield definitions[ordinal], tuple(labels), numbers
        else:
            definitions.append(Definition.load(key))
            yield definitions[-1], None, numbers


def collect(retired: Region | None, live: Iterable[Region]) -> list[Family]:
    """Return the metrics of workers that are gone and of those that are there, as one.

    If two have metrics of the same name that are not the same metric, as old and new code may during a reload, those count that
    come last.
    """
    families: dict[Definition, Family] = {}
    newest: dict[str, Definition] = {}
    for region in live if retired is None else (retired, *live):
        for definition, labels, numbers in read_region(region):
            family = families.get(definition)
            if family is None:
                family = families[definition] = Family(definition)
            newest[definition.name] = definition
            if labels is not None:
                known = family.series.get(labels)
                values = list(numbers)
                family.series[labels] = values if known is None else _MERGE[_how(definition)](known, values)
    return [families[definition] for definition in newest.values()]


class Retirement:
    """Adds what workers that are gone have counted to one region. Gauges go with their worker."""

    def __init__(self, region: Region) -> None:
        """Add to `region`, which is empty."""
        self._region = region
        self._ordinals: dict[Definition, int] = {}
        self._series: dict[tuple[int, Labels], Numbers] = {}

    def add(self, region: Region) -> bool:
        """Add what is in a region; False if there was no room for some of it."""
        is_whole = True
        for definition, labels, numbers in read_region(region):
            if definition.kind != "gauge":
                is_whole &= self._add(definition, labels, numbers)
        return is_whole

    def _add(self, definition: Definition, labels: Labels | None, numbers: Numbers) -> bool:
        ordinal = self._ordinals.get(definition)
        if ordinal is None:
            if self._region.append(definition.dump(), 0) is None:
                return False
            ordinal = self._ordinals[definition] = len(self._ordinals)
        if labels is None:
            return True
        sums = self._series.get((ordinal, labels))
        if sums is None:
            sums = self._region.append(series_key(ordinal, labels), len(numbers))
            if sums is None:
                return False
            self._series[ordinal, labels] = sums
        for number, value in enumerate(numbers):
            sums[number] += value
        return True


def _how(definition: Definition) -> Mode:
    return definition.mode if definition.kind == "gauge" else "sum"


def _sum(one: list[float], other: list[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


_MERGE: Final[dict[Mode, Callable[[list[float], list[float]], list[float]]]] = {
    "sum": _sum,
    "max": max,
    "min": min,
    "mostrecent": lambda one, other: max(one, other, key=lambda gauge: gauge[1]),
}
