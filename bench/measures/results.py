"""All figures of one run, and why those that are missing are: the medians, and who is the best of several. No text here."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

Figures = dict[str, float]


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds."""

    median: float
    least: float
    most: float


@dataclass
class Results:
    """By contestant and workload, names and keys."""

    runs: dict[tuple[str, str], list[Figures]] = field(default_factory=dict)
    """A set of figures for each round."""
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    """What could not be measured, and why. What had been measured before stays."""

    def add(self, contestant: str, workload: str, figures: Figures) -> None:
        """Note one round's."""
        self.runs.setdefault((contestant, workload), []).append(figures)

    def contestants(self, workload: str) -> list[str]:
        """Who has figures for it, in the order they came."""
        return [name for name, key in self.runs if key == workload]

    def spread(self, contestant: str, workload: str, figure: str) -> Spread | None:
        """`None` if nobody measured it."""
        values = [run[figure] for run in self.runs.get((contestant, workload), []) if figure in run]
        if not values:
            return None
        return Spread(statistics.median(values), min(values), max(values))

    def median(self, contestant: str, workload: str, figure: str) -> float | None:
        """Of all rounds. `None` if nobody measured it."""
        found = self.spread(contestant, workload, figure)
        return None if found is None else found.median

    def errors(self, contestant: str, workload: str) -> int:
        """Of all rounds together."""
        return int(sum(run.get("errors", 0) for run in self.runs.get((contestant, workload), [])))

    def best(self, contestants: Iterable[str], workload: str, figure: str) -> tuple[str, float] | None:
        """Whose median is the largest, and it. `None` if nobody of these has one."""
        found = [(name, value) for name in contestants if (value := self.median(name, workload, figure)) is not None]
        return max(found, key=lambda pair: pair[1], default=None)
