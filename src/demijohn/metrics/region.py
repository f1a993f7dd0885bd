"""`Region`: named rows of numbers in memory, which may be shared, and outlives the process that writes.

    used bytes | record | record | ...          record: its bytes, bytes of its key | key, padded | numbers

One process writes, under a lock of its own; any process reads. A record is never moved or taken away, and counts only once it is
there whole. A number is eight bytes in their place, which the machine writes at once. Not here: what keys mean (families.py).
"""

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    Numbers = memoryview[float]
else:  # not yet subscriptable in Python 3.11
    Numbers = memoryview

_SIZES: Final = struct.Struct("=II")
_WORD: Final = 8
_START: Final = 8


class Region:
    """See the file's description. `memory` is at zero, or was a region before."""

    __slots__ = ("_memory", "_numbers", "_used")

    def __init__(self, memory: memoryview) -> None:
        """Use `memory`, bytes whose count is a multiple of eight."""
        self._memory = memory
        self._used = memory[:_START].cast("q")
        self._numbers = memory.cast("d")

    @classmethod
    def private(cls, size: int) -> "Region":
        """Return a region that nobody else sees."""
        return cls(memoryview(bytearray(size)))

    def clear(self) -> None:
        """Forget all records."""
        self._used[0] = 0

    def append(self, key: str, count: int) -> Numbers | None:
        """Add a record of `count` numbers, all zero, and return those; `None` if there is no room for it."""
        text = key.encode()
        at = self._used[0] or _START
        numbers = at + _SIZES.size + -(-len(text) // _WORD) * _WORD
        end = numbers + count * _WORD
        if end > len(self._memory):
            return None
        _SIZES.pack_into(self._memory, at, end - at, len(text))
        self._memory[at + _SIZES.size : at + _SIZES.size + len(text)] = text
        self._memory[numbers:end] = bytes(count * _WORD)
        # Last: whoever reads meanwhile, or after this process was killed in here, sees all of it or nothing.
        self._used[0] = end
        return self._numbers[numbers // _WORD : end // _WORD]

    def records(self) -> Iterator[tuple[str, Numbers]]:
        """Yield keys and numbers, in the order they were added."""
        at, used = _START, self._used[0]
        while at < used:
            size, length = _SIZES.unpack_from(self._memory, at)
            begin = at + _SIZES.size
            numbers = begin + -(-length // _WORD) * _WORD
            yield (
                str(self._memory[begin : begin + length], "utf-8"),
                self._numbers[numbers // _WORD : (at + size) // _WORD],
            )
            at += size
