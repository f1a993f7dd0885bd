"""`ChangeFeed`: which files of the application have changed, told to whoever wants to know in this process.

Filled by the reloader (manage/reloader), read by browser refresh (debug/refresh). Any thread may call.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

ChangeKind = Literal["code", "template", "static"]
"""`code` needs new processes, `template` a new look at the page, `static` perhaps only at one of its parts."""

_REMEMBERED: Final = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One change; `number` counts from 1 within a feed."""

    number: int
    kind: ChangeKind
    paths: tuple[str, ...]


class ChangeFeed:
    """The changes since the application was started.

    Args:
        generation: names this start of the application, the same in all its processes: whoever knows another has missed that the
            application was started anew.
    """

    def __init__(self, generation: str) -> None:
        self.generation = generation
        self._lock = threading.Lock()
        self._count = 0
        self._changes: deque[Change] = deque(maxlen=_REMEMBERED)
        self._callbacks: list[Callable[[Change], object]] = []

    @property
    def count(self) -> int:
        """The number of the last change; 0 if there was none."""
        return self._count

    def publish(self, paths: Sequence[str], kind: ChangeKind) -> None:
        """Tell everybody of a change, on the calling thread. A subscriber must be quick, and raise nothing."""
        with self._lock:
            self._count += 1
            change = Change(self._count, kind, tuple(paths))
            self._changes.append(change)
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            callback(change)

    def subscribe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Have `callback(change)` called for each change from now on; returns what ends that, which may be called twice."""
        with self._lock:
            self._callbacks.append(callback)

        def unsubscribe() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return unsubscribe

    def since(self, number: int) -> list[Change] | None:
        """Return the changes after the one of that number; `None` if some of them are forgotten, or it is yet to come."""
        with self._lock:
            if not self._count - len(self._changes) <= number <= self._count:
                return None
            return [change for change in self._changes if change.number > number]
