"""The one "not given" marker, for parameters whose `None` means something."""

from enum import Enum
from typing import Final, Literal


class Sentinel(Enum):
    """Type of `MISSING`; an enum, so that type checkers narrow on `is MISSING`."""

    MISSING = "MISSING"

    def __repr__(self) -> str:
        return "<missing>"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Sentinel.MISSING


Missing = Literal[Sentinel.MISSING]
"""For annotations: `default: T | Missing = MISSING`."""
