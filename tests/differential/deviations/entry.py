"""What an entry of the table is, and for which arguments it may hold."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Holds = Callable[[list[Any], Any, Any], bool]
"""Says of the arguments of a probe, the originals' outcome and ours, whether a deviation explains that they differ."""


@dataclass(frozen=True)
class Deviation:
    """One difference that is meant."""

    probe: str
    holds: Holds | None  # None: for its example only
    reason: str
    example: list[Any]

    def explains(self, probe: str, arguments: list[Any], theirs: Any, ours: Any) -> bool:
        """Whether this is why both sides differ here."""
        if probe != self.probe:
            return False
        return arguments == self.example if self.holds is None else self.holds(arguments, theirs, ours)


def has_step(*names: str) -> Holds:
    """Holds where an object is called with one of these steps."""
    return lambda arguments, theirs, ours: any(step[0] in names for step in arguments[1])


def has(*fragments: str) -> Holds:
    """Holds where all of these are in the arguments, as Python writes them."""
    return lambda arguments, theirs, ours: all(fragment in repr(arguments) for fragment in fragments)


def made_by(kind: str, holds: Holds) -> Holds:
    """Holds for objects of one kind only."""
    return lambda arguments, theirs, ours: arguments[0][0] == kind and holds(arguments, theirs, ours)


def has_repeats(names: list[str], steps: list[list[Any]]) -> bool:
    return len({name.lower() for name in names}) < len(names) or any(
        step[0] in (".update", "setitem") for step in steps
    )


def sets_several(steps: list[list[Any]]) -> bool:
    return any(step[0] in (".setlist", ".setlistdefault", ".update", "ior") and "\\n" in repr(step) for step in steps)
