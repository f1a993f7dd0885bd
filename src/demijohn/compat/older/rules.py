"""The pieces of a rule."""

import re
from collections.abc import Iterator
from typing import Final

_VARIABLE: Final = re.compile(
    r"<(?:(?P<converter>[a-zA-Z_][a-zA-Z0-9_]*)(?:\((?P<args>[^)]*)\))?:)?(?P<name>[a-zA-Z_]\w*)>"
)


def parse_rule(rule: str) -> Iterator[tuple[str | None, str | None, str]]:
    """Yield (converter, arguments, variable) of a rule's pieces; the first two are `None` for text.

    Raises:
        ValueError: a variable is malformed.
    """
    end = 0
    for match in _VARIABLE.finditer(rule):
        yield from _text(rule[end : match.start()], rule)
        yield match["converter"] or "default", match["args"], match["name"]
        end = match.end()
    yield from _text(rule[end:], rule)


def _text(text: str, rule: str) -> Iterator[tuple[None, None, str]]:
    if "<" in text or ">" in text:
        raise ValueError(f"malformed url rule: {rule!r}")
    if text:
        yield None, None, text
