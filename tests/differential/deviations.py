"""Every known difference to the originals that is meant, with its reason.

A deviation names its probe and says for which arguments and outcomes it holds. Its example must differ today, and must be found
by it: an entry that has become stale fails test_deviations.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Deviation:
    """One difference that is meant."""

    probe: str
    holds: Callable[[list[Any], Any, Any], bool]  # of the arguments, the originals' outcome and ours
    reason: str
    example: list[Any]


DEVIATIONS: list[Deviation] = []


def find_deviation(probe: str, arguments: list[Any], theirs: Any, ours: Any) -> Deviation | None:
    """The entry that explains this difference."""
    for deviation in DEVIATIONS:
        if deviation.probe == probe and deviation.holds(arguments, theirs, ours):
            return deviation
    return None
