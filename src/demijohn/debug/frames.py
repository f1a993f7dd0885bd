"""`RaisedException`, `Frame`: an exception with its traceback, causes and group, as it is shown. `collect` makes them.

Here: what is there to see, and which frames are whose. Not here: HTML, text, JSON (render.py, plain.py), consoles.
Made by the thread that caught the exception. They hold live frames: whoever keeps them keeps those (memory.py).
"""

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from types import FrameType, TracebackType
from typing import Any, Final, Literal

from .source import Position, SourceLine, position_of, read_lines, window

Kind = Literal["own", "library", "template", "syntax"]
"""Whose code: the application's own, a library's, a template's; or the place of a syntax error, which no code runs at."""

FIRST_FRAMES: Final = 30
LAST_FRAMES: Final = 70
"""Of one exception, so many frames are shown from both ends: a recursion has thousands."""

MAX_EXCEPTIONS: Final = 40
"""Exceptions of one page: causes, and members of groups."""

MAX_LOCALS: Final = 200

_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@dataclass(eq=False)
class Frame:
    """One frame of a traceback."""

    filename: str
    position: Position
    name: str
    """Of the function, with its class."""
    module: str
    kind: Kind
    lines: list[str]
    """Of the whole file; empty if there is none to be had."""
    variables: Mapping[str, Any]  # Any: whatever the code has
    """Local variables, as they are now."""
    live: FrameType | None
    """The frame itself; `None` of a syntax error."""
    id: str = ""
    """Of its console; empty if there is none."""

    @property
    def line(self) -> int:
        """Its line."""
        return self.position.line

    @property
    def source_line(self) -> str:
        """The line of source, without indentation."""
        return self.lines[self.line - 1].strip() if 0 < self.line <= len(self.lines) else ""

    @cached_property
    def window(self) -> list[SourceLine]:
        """The lines around it."""
        return window(self.lines, self.position, is_python=self.kind == "own")  # PERF: libraries are folded

    @property
    def is_file(self) -> bool:
        """Tell whether an editor can open it."""
        return os.path.isabs(self.filename) and os.path.isfile(self.filename)

    @property
    def package(self) -> str:
        """The top level package or module it is in."""
        return self.module.partition(".")[0]


@dataclass(eq=False)
class RaisedException:
    """One exception of a page."""

    exception: BaseException
    type_name: str
    """With its module, but for built-in ones."""
    message: str
    notes: list[str]
    frames: list[Frame]
    left_out: int = 0
    """So many frames behind the first ones are not there."""
    cause: "RaisedException | None" = None
    """The exception it is from (`raise ... from`), or that was being handled when it was raised."""
    is_direct: bool = False
    """`cause` was said by `raise ... from`."""
    members: list["RaisedException"] = field(default_factory=list)
    """Of an exception group."""
    members_left_out: int = 0
    hidden: frozenset[int] = frozenset()
    """Which entries of the traceback are hidden, for who prints it as text."""

    def walk(self) -> Iterator["RaisedException"]:
        """Return this one, its members, and what it is from, with theirs."""
        current: RaisedException | None = self
        while current is not None:
            yield current
            for member in current.members:
                yield from member.walk()
            current = current.cause

    @property
    def all_frames(self) -> list[Frame]:
        """The frames of all of them."""
        return [frame for raised in self.walk() for frame in raised.frames]


def collect(exception: BaseException, *, skip: int = 0, shows_hidden: bool = False) -> RaisedException:
    """Return what there is to see of an exception. Without the first `skip` frames."""
    return _Collector(shows_hidden=shows_hidden).collect(exception, skip)


class _Collector:
    def __init__(self, *, shows_hidden: bool) -> None:
        self._shows_hidden = shows_hidden
        self._seen: set[int] = set()  # an exception may be its own cause, by a longer way

    def collect(self, exception: BaseException, skip: int = 0) -> RaisedException:
        first = previous = self._one(exception, skip)
        while True:
            cause, is_direct = _cause_of(previous.exception)
            if cause is None or id(cause) in self._seen or len(self._seen) >= MAX_EXCEPTIONS:
                return first
            previous.cause, previous.is_direct = self._one(cause), is_direct
            previous = previous.cause

    def _one(self, exception: BaseException, skip: int = 0) -> RaisedException:
        self._seen.add(id(exception))
        entries = list(_walk(exception.__traceback__))
        hidden = frozenset() if self._shows_hidden else _hidden(entries)
        hidden |= frozenset(range(min(skip, len(entries) - 1)))
        shown = [entry for index, entry in enumerate(entries) if index not in hidden]
        left_out = max(0, len(shown) - FIRST_FRAMES - LAST_FRAMES)
        if left_out:
            shown = shown[:FIRST_FRAMES] + shown[-LAST_FRAMES:]
        raised = RaisedException(
            exception,
            _type_name(type(exception)),
            _text_of(exception),
            _notes_of(exception),
            _frames(shown),
            left_out,
            hidden=hidden,
        )
        if isinstance(exception, SyntaxError) and (place := _syntax_place(exception)) is not None:
            raised.frames.append(place)
        if isinstance(exception, BaseExceptionGroup):
            for member in exception.exceptions:
                if len(self._seen) >= MAX_EXCEPTIONS or id(member) in self._seen:
                    raised.members_left_out += 1
                else:
                    raised.members.append(self.collect(member))
        return raised


def _walk(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _cause_of(exception: BaseException) -> tuple[BaseException | None, bool]:
    if exception.__cause__ is not None:
        return exception.__cause__, True
    return (None if exception.__suppress_context__ else exception.__context__), False


def _type_name(kind: type[BaseException]) -> str:
    return (
        kind.__qualname__ if kind.__module__ in {"builtins", "__main__"} else f"{kind.__module__}.{kind.__qualname__}"
    )


def _text_of(exception: BaseException) -> str:
    try:
        if isinstance(exception, SyntaxError) and exception.msg is not None:
            return str(exception.msg)
        return str(exception)
    except Exception as error:  # noqa: BLE001 - shown instead
        return f"<its __str__ raised {type(error).__name__}>"


def _notes_of(exception: BaseException) -> list[str]:
    notes = getattr(exception, "__notes__", None)
    return [str(note) for note in notes] if isinstance(notes, list | tuple) else []


def _hidden(entries: list[TracebackType]) -> frozenset[int]:
    """Return which frames ask not to be shown, by their variable `__traceback_hide__`; none if all do.

    True hides the frame; "before" and "after" hide those in front of it or behind it, "before_and_this" and "after_and_this" it,
    too; "reset" and "reset_and_this" show those in front of it again.
    """
    hidden: set[int] = set()
    hides_rest = False
    for index, entry in enumerate(entries):
        word = entry.tb_frame.f_locals.get("__traceback_hide__", False)
        if hides_rest:
            hidden.add(index)
        if word in {"before", "before_and_this"}:
            hidden.update(range(index))
        elif word in {"reset", "reset_and_this"}:
            hidden.clear()
            hides_rest = False
        elif word in {"after", "after_and_this"}:
            hides_rest = True
        elif word:
            hidden.add(index)
        if isinstance(word, str) and word.endswith("_and_this"):
            hidden.add(index)
    return frozenset() if len(hidden) == len(entries) else frozenset(hidden)


# ---------------------------------------------------------------------- frames


def _frames(entries: list[TracebackType]) -> list[Frame]:
    frames = []
    template_source: list[str] = []
    for entry in entries:
        frame = entry.tb_frame
        if frame.f_globals.get("__name__") == "demijohn.app.rendering" and isinstance(
            frame.f_locals.get("source"), str
        ):
            # Of a template without a file, there is no other place to have it from.
            template_source = frame.f_locals["source"].splitlines()
        made = _frame(entry)
        if made.kind == "template" and not made.lines:
            made.lines = template_source
        frames.append(made)
    return frames


def _frame(entry: TracebackType) -> Frame:
    live = entry.tb_frame
    code = live.f_code
    filename = _absolute(code.co_filename)
    lines = read_lines(filename, live.f_globals)
    is_template = "__jinja_exception__" in live.f_globals or "__jinja_template__" in live.f_globals
    line = entry.tb_lineno or code.co_firstlineno
    return Frame(
        filename,
        Position(line) if is_template else position_of(code, entry.tb_lasti, line, lines),
        code.co_name if is_template else code.co_qualname,
        "" if is_template else str(live.f_globals.get("__name__", "")),
        "template" if is_template else "library" if is_library(filename) else "own",
        lines,
        live.f_locals,
        live,
    )


def _syntax_place(error: SyntaxError) -> Frame | None:
    """Return the place that a syntax error is about."""
    if error.lineno is None:
        return None
    filename = _absolute(error.filename or "<string>")
    lines = read_lines(filename)
    if not lines and error.text:
        lines = [""] * (error.lineno - 1) + error.text.splitlines()[:1]
    column = None if error.offset is None or error.offset < 1 else error.offset - 1
    end_line = error.end_lineno or error.lineno
    end = error.end_offset - 1 if error.end_offset and error.end_offset > 0 else None
    if column is not None and (end is None or (end_line == error.lineno and end <= column)):
        end = column + 1
    position = Position(error.lineno, end_line, column, end) if column is not None else Position(error.lineno)
    return Frame(filename, position, "", "", "syntax", lines, {}, None)


def _absolute(filename: str) -> str:
    if filename.startswith("<") or os.path.isabs(filename):
        return filename
    absolute = os.path.abspath(filename)
    return absolute if os.path.exists(absolute) else filename


@lru_cache(maxsize=1024)
def is_library(filename: str) -> bool:
    """Tell whether a file is a library's: the standard library's, an installed package's, or this package's."""
    if filename.startswith("<frozen"):
        return True
    real = os.path.realpath(filename)
    return any(real.startswith(place) for place in _library_places()) or any(
        part in {"site-packages", "dist-packages"} for part in real.split(os.sep)
    )


@lru_cache(maxsize=1)
def _library_places() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    places = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")} | {_PACKAGE}
    return tuple(os.path.realpath(place) + os.sep for place in places if place not in {"", sys.prefix})


def variables_of(frame: Frame) -> list[tuple[str, Any]]:
    """Return the variables of a frame that are worth showing, without those that Python or Jinja2 put there."""
    names = [name for name in frame.variables if not (name.startswith("__") and name.endswith("__"))]
    return [(name, frame.variables[name]) for name in islice(names, MAX_LOCALS) if name in frame.variables]
