"""`Memory`: the frames of pages that were shown, so that code can run in them; bounded in number and in age. Any thread.

Frames hold whatever their variables hold. So only the last few tracebacks are kept, and none for long.
"""

import contextlib
import itertools
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from .._base.clock import Clock, SystemClock
from .console import Console
from .frames import Frame
from .tbtools import DebugFrameSummary, DebugTraceback

MAX_TRACEBACKS: Final = 20
MAX_AGE: Final = 60 * 60.0
"""Seconds."""


class _ConsoleFrame:
    """The place of a console that is no frame's: `/console`."""

    def __init__(self, namespace: dict[str, Any]) -> None:  # Any: what the console begins with
        self.console = Console(namespace)
        self.id = 0

    def eval(self, code: str) -> str:
        """Run code; see `Console.eval`."""
        return self.console.eval(code)


@dataclass(slots=True)
class RememberedFrame:
    """A frame that code can run in, with the contexts of the request it is from."""

    place: DebugFrameSummary | _ConsoleFrame
    contexts: Sequence[Any] = ()  # Any: of the application's framework; context managers

    def eval(self, code: str) -> str:
        """Run code with the request's contexts as the current ones; return HTML.

        Raises:
            ConsoleBusyError: code is running here already.
        """
        with contextlib.ExitStack() as stack:
            for context in self.contexts:
                stack.enter_context(context)
            return self.place.eval(code)

    @property
    def console(self) -> Console:
        """The console of this frame."""
        return self.place.console

    @property
    def frame(self) -> Frame | None:
        """What is known of the frame; `None` of one that is no frame's."""
        return self.place.frame if isinstance(self.place, DebugFrameSummary) else None


class Memory:
    """The frames of one process. One that is forked begins with nothing."""

    def __init__(
        self, *, clock: Clock | None = None, max_tracebacks: int = MAX_TRACEBACKS, max_age: float = MAX_AGE
    ) -> None:
        self._clock = clock or SystemClock()
        self._max_tracebacks = max_tracebacks
        self._max_age = max_age
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        # The rest: under the lock. By the number of a traceback: when it is too old, and its frames by their ids.
        self._kept: OrderedDict[int, tuple[float, dict[str, RememberedFrame]]] = OrderedDict()
        self._consoles: dict[str, RememberedFrame] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def remember(self, traceback: DebugTraceback, contexts: Sequence[Any]) -> None:
        """Keep the frames of a traceback, and give each its id."""
        number = next(self._numbers)
        frames = {}
        for index, place in enumerate(traceback.all_frames):
            place.frame.id = f"{os.getpid()}-{number}-{index}"
            frames[place.frame.id] = RememberedFrame(place, tuple(contexts))
        with self._lock:
            self._kept[number] = (self._clock.monotonic() + self._max_age, frames)
            while len(self._kept) > self._max_tracebacks:
                self._kept.popitem(last=False)

    def console(self, namespace: dict[str, Any]) -> str:
        """Return the id of the console that is no frame's, which begins with `namespace` if there is none yet."""
        id = f"{os.getpid()}-0"
        with self._lock:
            if id not in self._consoles:
                self._consoles[id] = RememberedFrame(_ConsoleFrame(namespace))
        return id

    def find(self, id: str) -> RememberedFrame | None:
        """Return a frame of this process, if it is remembered."""
        self.forget_old()
        number = id.split("-")[1] if id.count("-") == 2 else ""
        with self._lock:
            if not number.isdecimal():
                return self._consoles.get(id)
            kept = self._kept.get(int(number))
            return None if kept is None else kept[1].get(id)

    def forget_old(self) -> None:
        """Forget what is too old. PERF: two comparisons if there is nothing."""
        if not self._kept:
            return
        now = self._clock.monotonic()
        with self._lock:
            while self._kept and next(iter(self._kept.values()))[0] < now:
                self._kept.popitem(last=False)


def pid_of(id: str) -> int | None:
    """Return the number of the process that a frame's id is of."""
    number = id.partition("-")[0]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 12 else None
