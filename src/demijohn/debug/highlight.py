"""`highlight`: the colours of Python source: which characters of a line are a keyword, a string, a number, a comment. Any thread.

By Python's own tokenizer over the whole file, so that text over many lines is known as such; what it cannot read has no colours.
"""

import io
import keyword
import token
import tokenize
from collections.abc import Iterator, Sequence
from typing import Final

MAX_LINES: Final = 5000
"""Of longer files nothing is coloured: it would keep the page waiting."""

Span = tuple[int, int, str]
"""First character, one behind the last, and the kind: `keyword`, `string`, `number`, `comment`."""

_KINDS: Final = {
    token.STRING: "string",
    token.NUMBER: "number",
    tokenize.COMMENT: "comment",
    # f-strings are several tokens since Python 3.12
    getattr(token, "FSTRING_START", -1): "string",
    getattr(token, "FSTRING_MIDDLE", -1): "string",
    getattr(token, "FSTRING_END", -1): "string",
}


def highlight(lines: Sequence[str], wanted: range) -> dict[int, list[Span]]:
    """Return what is to be coloured in some lines (counted from 1) of a file, in order."""
    found: dict[int, list[Span]] = {}
    if len(lines) > MAX_LINES:
        return found
    for number, start, end, kind in _tokens(lines, wanted.stop):
        if number in wanted:
            found.setdefault(number, []).append((start, end, kind))
    return found


def _tokens(lines: Sequence[str], stop: int) -> Iterator[tuple[int, int, int, str]]:
    """Give the parts of lines that have a colour: number of the line, first character, one behind the last, kind."""
    text = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    try:
        for kind, string, (row, column), (end_row, end_column), _ in tokenize.generate_tokens(
            io.StringIO(text).readline
        ):
            if row >= stop:
                return
            name = _KINDS.get(kind)
            if kind == token.NAME and keyword.iskeyword(string):
                name = "keyword"
            if name is None:
                continue
            for number in range(row, end_row + 1):
                first = column if number == row else 0
                last = end_column if number == end_row else len(lines[number - 1].rstrip("\r\n"))
                if last > first:
                    yield number, first, last, name
    except (tokenize.TokenError, SyntaxError):
        return  # the file is broken from here on, or it changes at this very moment


def cut(text: str, spans: Sequence[Span], start: int, end: int) -> Iterator[tuple[str, str]]:
    """Give a part of a line as pieces, each with its kind; an empty one for what has no colour."""
    at = start
    for span_start, span_end, kind in spans:
        first, last = max(span_start, at), min(span_end, end)
        if last <= first:
            continue
        if first > at:
            yield "", text[at:first]
        yield kind, text[first:last]
        at = last
    if at < end:
        yield "", text[at:end]
