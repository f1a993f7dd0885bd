"""Where threads are, as seen from another thread: the frames of one request, out of those of the thread that runs it.

Nothing here stops a thread, and frames go on while they are looked at: whoever asks must see to it afterwards that the thread is
still at the same request. Any thread.

An async view runs elsewhere: its thread waits for a coroutine. A frame that waits for one says so by the name of a local
variable: `coroutine` (as in app/asyncs.py), or asyncio's own. What the coroutine is at stands behind that frame then.
"""

import linecache
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import dropwhile
from types import CodeType, FrameType
from typing import Any, Final

from .._base.record import record

_HERE: Final = os.path.dirname(__file__) + os.sep

Threads = Mapping[int, FrameType]
"""Thread identifiers and the innermost frame of each: of `sys._current_frames()`."""


@record
class Place:
    """A line of code that something is at."""

    file: str
    line: int
    function: str

    @property
    def source(self) -> str:
        """The line's text, or nothing. Reads the file."""
        return linecache.getline(self.file, self.line).strip()

    def as_json(self) -> dict[str, Any]:  # Any: what JSON has
        """Return it as JSON has it, without the text."""
        return {"file": self.file, "line": self.line, "function": self.function}


@cache
def _foreign() -> tuple[tuple[str, ...], ...]:
    """Return where files are that are not the application's. An application may be installed, too: then the second counts."""
    import sysconfig  # PERF: it takes its time, and is of use to who looks at a server only

    ours = os.path.dirname(os.path.dirname(__file__)) + os.sep
    library = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib"))
    installed = tuple(sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib"))
    return (ours, "<", *library, *installed), (ours, "<", *library)


def frames_within(
    innermost: FrameType | None, runs: Collection[CodeType], drivers: Collection[CodeType], threads: Threads
) -> list[FrameType]:
    """Return the frames inside of the call of one of `runs`, outermost first; none if the thread is in no such call.

    A compiled call of that kind has no frame. What the server's own frames under one of `drivers` have called counts then.
    """
    found: list[FrameType] = []
    for frame in _outwards(innermost):
        is_driver = frame.f_code in drivers
        if is_driver or frame.f_code in runs:
            found.reverse()
            if is_driver:
                found = list(dropwhile(_is_servers, found))
            return _with_coroutine(found, threads)
        found.append(frame)
    return []


def _is_servers(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_HERE)


def stack_of(innermost: FrameType | None) -> list[FrameType]:
    """Return all frames of a thread, outermost first."""
    return list(_outwards(innermost))[::-1]


def places_of(frames: Iterable[FrameType]) -> list[Place]:
    """Return where frames are, in the same order."""
    return [Place(one.f_code.co_filename, one.f_lineno, one.f_code.co_qualname) for one in frames]


def application_place(places: list[Place]) -> Place | None:
    """Return the innermost place that is in the application's own code; if none is, the innermost of all."""
    for foreign in _foreign():
        for place in reversed(places):
            if not place.file.startswith(foreign):
                return place
    return places[-1] if places else None


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _with_coroutine(frames: list[FrameType], threads: Threads) -> list[FrameType]:
    """Put the frames of a coroutine behind the frame that waits for it."""
    for index in range(len(frames) - 1, -1, -1):
        names = frames[index].f_code.co_varnames
        for name, coroutine_of in _WAITERS.items():
            if name in names:
                inside = _frames_of(coroutine_of(frames[index].f_locals.get(name)), threads)
                if inside:
                    return frames[: index + 1] + inside
    return frames


def _of_task(task: Any) -> Any:  # Any: any object of an application
    get_coro = getattr(task, "get_coro", None)
    return None if get_coro is None else get_coro()


_WAITERS: Final[dict[str, Callable[[Any], Any]]] = {"coroutine": lambda coroutine: coroutine, "future": _of_task}
"""Local variables that a frame waits for, and how to get at the coroutine. `future`: of `run_until_complete`."""


def _frames_of(awaited: Any, threads: Threads) -> list[FrameType]:  # Any: coroutines, and whatever they await
    """Return the frames of a coroutine and of what it waits for, outermost first."""
    found: list[FrameType] = []
    while awaited is not None:
        for kind in ("cr", "ag", "gi"):
            frame = getattr(awaited, f"{kind}_frame", None)
            if isinstance(frame, FrameType):
                break
        else:
            break
        if getattr(awaited, f"{kind}_running"):
            return found + _running_within(frame, threads)
        found.append(frame)
        awaited = getattr(awaited, "gi_yieldfrom" if kind == "gi" else f"{kind}_await")
    return found


def _running_within(outermost: FrameType, threads: Threads) -> list[FrameType]:
    """Return a frame that runs on some thread, and those that it has called."""
    for innermost in threads.values():
        found: list[FrameType] = []
        for frame in _outwards(innermost):
            found.append(frame)
            if frame is outermost:
                return found[::-1]
    return [outermost]
