"""Segments with several texts in them, such as `<year>-<month>-<slug>.html`, cut in linear time.

SECURITY: a regex of n texts that may be anything backtracks, in time of the n-th power of the segment's length; a thousand
dashes keep it busy for seconds. The cut here is the same one that the regex makes. Nothing but that; see `matcher`.
"""

import re
from typing import Final, Self

_WIDE: Final = re.compile(r"\(\?P<v\d+>\[\^/\](?:\+|\{(\d+),\})\)")


class Cut(tuple[str, ...]):
    """The texts of the variables; takes the place of a `re.Match`."""

    __slots__ = ()

    def groups(self) -> tuple[str, ...]:
        """Return the texts."""
        return self


class Chain:
    """A literal in front, then variables of any text of a least length, each with the literal behind it."""

    __slots__ = ("links", "prefix")

    def __init__(self, prefix: str, links: list[tuple[int, str]]) -> None:
        self.prefix = prefix
        self.links = links

    @classmethod
    def of(cls, pieces: list[tuple[bool, str]]) -> Self | None:
        """Return the chain of a part, given as (is it a regex?, content); None if a regex says all there is to say."""
        prefix = ""
        links: list[tuple[int, str]] = []
        for is_regex, content in pieces:
            if is_regex:
                wide = _WIDE.fullmatch(content)
                if wide is None:
                    return None
                links.append((int(wide[1] or 1), ""))
            elif links:
                links[-1] = (links[-1][0], links[-1][1] + content)
            else:
                prefix += content
        return cls(prefix, links) if len(links) > 1 else None

    def match(self, segment: str) -> Cut | None:
        """Return the texts, each as long as those before it leave it, as greedy groups are; None if it does not match."""
        begin = len(self.prefix)
        end = len(segment) - len(self.links[-1][1])
        if end < begin or not segment.startswith(self.prefix) or not segment.endswith(self.links[-1][1]):
            return None
        texts: list[str] = []
        # From the right: a literal at its last possible place leaves most to what is before it, which is what greed wants.
        for index in range(len(self.links) - 1, 0, -1):
            literal = self.links[index - 1][1]
            latest = end - self.links[index][0]
            at = segment.rfind(literal, begin, latest) if latest >= begin else -1
            if at < 0:
                return None
            texts.append(segment[at + len(literal) : end])
            end = at
        if end - begin < self.links[0][0]:
            return None
        texts.append(segment[begin:end])
        return Cut(reversed(texts))
