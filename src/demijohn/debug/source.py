"""`SourceWindow`: the lines around a place in a file or template, with the columns that are meant. Any thread.

Here: finding source and columns. Not here: which places there are (frames.py), and HTML (render.py).
"""

import linecache
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import CodeType
from typing import Any, Final

from .highlight import Span, cut, highlight

BEFORE: Final = 7
AFTER: Final = 5
MAX_LINE: Final = 1000
"""Characters of a line that are shown."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of source."""

    number: int
    text: str
    is_current: bool
    start: int | None = None
    """First character that is meant, on a current line; `None`: nothing is known."""
    end: int | None = None
    """Behind the last character that is meant."""

    spans: tuple[Span, ...] = ()
    """What has a colour."""

    @property
    def pieces(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]:
        """The same as `parts`, each cut into pieces of `(kind, text)` by their colours."""
        length = len(self.text)
        start, end = (length, length) if self.start is None or self.end is None else (self.start, self.end)
        bounds = ((0, start), (start, end), (end, length))
        first, meant, rest = (list(cut(self.text, self.spans, *each)) for each in bounds)
        return first, meant, rest

    @property
    def parts(self) -> tuple[str, str, str]:
        """The text before what is meant, what is meant, and the rest."""
        if self.start is None or self.end is None:
            return self.text, "", ""
        return self.text[: self.start], self.text[self.start : self.end], self.text[self.end :]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in source. Lines count from 1, columns (characters) from 0."""

    line: int
    end_line: int | None = None
    column: int | None = None
    end_column: int | None = None


def read_lines(filename: str, module_globals: dict[str, Any] | None = None) -> list[str]:
    """Return the lines of a source file as it is now; none if it cannot be read."""
    try:
        linecache.checkcache(filename)
        return linecache.getlines(filename, module_globals)
    except Exception:  # noqa: BLE001 - a loader of somebody's; without source the page is still worth something
        return []


def position_of(code: CodeType, instruction: int, line: int, lines: Sequence[str]) -> Position:
    """Return where an instruction of a function is from."""
    found = next(islice(code.co_positions(), max(0, instruction) // 2, None), None)
    if found is None or found[0] != line:
        return Position(line)
    _, end_line, column, end_column = found
    if end_line is None or column is None or end_column is None or not 0 < line <= end_line <= len(lines):
        return Position(line)
    start, end = _characters(lines[line - 1], column), _characters(lines[end_line - 1], end_column)
    # The whole line says nothing that its number does not say.
    whole = end_line == line and not lines[line - 1][:start].strip() and not lines[line - 1][end:].strip()
    return Position(line, end_line) if whole else Position(line, end_line, start, end)


def _characters(line: str, count: int) -> int:
    """Turn a number of bytes of UTF-8 into one of characters."""
    return len(line.encode("utf-8", "surrogatepass")[:count].decode("utf-8", "replace"))


def window(lines: Sequence[str], position: Position, *, is_python: bool = False) -> list[SourceLine]:
    """Return the lines around a position, coloured if they are Python's; none if the file has fewer by now, and is another."""
    if not 0 < position.line <= len(lines):
        return []
    last = position.end_line or position.line
    # A call over a hundred lines is not shown whole.
    last = min(last, position.line + 2 * AFTER)
    first_shown, last_shown = max(1, position.line - BEFORE), min(len(lines), last + AFTER)
    while first_shown < position.line and not lines[first_shown - 1].strip():
        first_shown += 1
    while last_shown > last and not lines[last_shown - 1].strip():
        last_shown -= 1
    shown = range(first_shown, last_shown + 1)
    colours = highlight(lines, shown) if is_python else {}
    return [
        replace(
            _line(number, lines[number - 1], position, is_current=position.line <= number <= last),
            spans=tuple(colours.get(number, ())),
        )
        for number in shown
    ]


def _line(number: int, raw: str, position: Position, *, is_current: bool) -> SourceLine:
    text = raw.rstrip("\r\n")[:MAX_LINE]
    if not is_current or position.column is None or position.end_column is None:
        return SourceLine(number, text, is_current)
    indent = len(text) - len(text.lstrip())
    start = position.column if number == position.line else indent
    end = position.end_column if number == (position.end_line or position.line) else len(text)
    return SourceLine(number, text, is_current, start, max(start, end))
