"""`DeadlineWheel`: which connections have waited too long. Owned by the polling thread.

A connection's deadline moves with every request, so moving one must cost nothing: a connection stands in the slot of
one second, and when that second comes and the deadline has moved on, it is put into the slot of its new deadline.
It stands in one slot at most, and in none once it is removed: a closed connection is not kept until its second comes.
"""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

NEVER = float("inf")


class HasDeadline(Protocol):
    """What the wheel holds. `deadline` may be changed by the owner at any time; `slot` belongs to the wheel."""

    deadline: float
    slot: float


T = TypeVar("T", bound=HasDeadline)

_FAR = 30.0
"""A connection without a deadline is looked at again after this long: that costs nothing, and loses nothing."""


class DeadlineWheel(Generic[T]):
    """Slots of one second. `expired` is late by up to one second, never early."""

    __slots__ = ("_slots", "_soon", "next_time")

    next_time: float
    """When `expired` should be called again; `NEVER` if nothing is watched. Read-only."""

    def __init__(self) -> None:
        self._slots: dict[int, set[T]] = {}
        self._soon: dict[T, float] = {}
        self.next_time = NEVER  # the earliest slot there is, or of what is soon

    def add(self, item: T, now: float) -> None:
        """Watch `item`. To be called again when its deadline became earlier than `item.slot - 1`; otherwise not."""
        if item.slot >= 0:
            self.remove(item)
        second = int(min(item.deadline, now + _FAR)) + 1
        item.slot = second
        slot = self._slots.get(second)
        if slot is None:
            self._slots[second] = {item}
            self.next_time = min(self.next_time, second)
        else:
            slot.add(item)
        if item.deadline < second - 1:
            self.add(item, now)  # moved by its owner's thread, which did not see the new slot

    def add_soon(self, item: T, time: float) -> None:
        """Watch `item`, which is not watched, to the millisecond. For the few that cannot wait for a second to end."""
        self._soon[item] = time
        self.next_time = min(self.next_time, time)

    def remove(self, item: T) -> None:
        """Forget `item`, which may be forgotten already."""
        if self._soon:
            self._soon.pop(item, None)
        slot = self._slots.get(int(item.slot))
        if slot is not None:
            slot.discard(item)
        item.slot = -1.0

    def expired(self, now: float) -> Iterator[T]:
        """Yield each watched item whose deadline has passed; it is no longer watched after that."""
        for item, time in list(self._soon.items()):
            if time <= now:
                del self._soon[item]
                yield item
        while (second := min(self._slots, default=NEVER)) <= now:
            items = self._slots.pop(int(second))
            for item in items:
                item.slot = -1.0
                if item.deadline <= now:
                    yield item
                else:
                    self.add(item, now)
        self.next_time = min((second, *self._soon.values()))
