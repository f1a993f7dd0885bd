"""`State`: how far an answer is. For whoever owns the exchange."""

from enum import IntEnum


class State(IntEnum):
    """How far the answer is."""

    NEW = 0
    PUSHED = 1  # begun with `start`
    PULLED = 2  # begun with `stream`, chunks left
    DONE = 3
    ABORTED = 4
