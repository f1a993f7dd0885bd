"""Parts with several texts in them, such as `<year>-<month>-<slug>.html` or `<path:a>/at/<path:b>`, cut in linear time.

SECURITY: a regex of n texts that may be anything backtracks, in time of the n-th power of the path's length; a thousand dashes
keep it busy for seconds. The cut here is the same one that the regex makes. Nothing but that; see `matcher`.

How: the texts are tried in the regex's own order, the shortest first for a `path`, the longest first for the others. That an end
led nowhere is kept: what is behind it does not depend on how it was come by, so no end is tried twice.
"""

import re
from typing import Final, Self

_VARIABLE: Final = re.compile(r"\(\?P<v\d+>(.*)\)", re.DOTALL)
_WIDE: Final = re.compile(r"\[\^/\](?:(\+)|\{(\d+)(?:(,)(\d*))?\})")
_CHOICE: Final = re.compile(r"\(\?:(.*)\)", re.DOTALL)
_UUID: Final = "[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}"
_PATH: Final = "[^/].*?"
_NUMBERS: Final = {
    r"\d+": (False, 1),
    r"-?\d+": (True, 1),
    r"\d+\.\d+": (False, 2),
    r"-?\d+\.\d+": (True, 2),
}
"""Whether there may be a minus sign, and how many runs of digits there are, with a point between."""

_ENDLESS: Final = 1 << 62
_FOUND: Final = -1


class Cut(tuple[str, ...]):
    """The texts of the variables; takes the place of a `re.Match`."""

    __slots__ = ()

    def groups(self) -> tuple[str, ...]:
        """Return the texts."""
        return self


class _Kind:
    """A kind of characters that a run is made of."""

    def reach(self, text: str, begin: int, stop: int) -> int:
        """Return where a run that begins here has to end, if that is before `stop`; else -1."""
        return text.find("/", begin, stop)

    def before(self, text: str, end: int) -> int:
        """Return the last place where no run may begin that is to reach `end`."""
        return text.rfind("/", 0, end)


class _ButNewlines(_Kind):
    """What a dot stands for. The first character of a `path` may be any but a slash."""

    def reach(self, text: str, begin: int, stop: int) -> int:
        return text.find("\n", begin + 1, stop + 1)

    def before(self, text: str, end: int) -> int:
        return text.rfind("\n", 0, end) - 1


class _Digits(_Kind):
    def reach(self, text: str, begin: int, stop: int) -> int:
        for at in range(begin, stop):
            if not text[at].isdecimal():
                return at
        return -1

    def before(self, text: str, end: int) -> int:
        while end and text[end - 1].isdecimal():
            end -= 1
        return end - 1


class _Minus(_Kind):
    def reach(self, text: str, begin: int, stop: int) -> int:
        return begin + text.startswith("-", begin)


_BUT_SLASHES: Final = _Kind()
_BUT_NEWLINES: Final = _ButNewlines()
_DIGITS: Final = _Digits()
_MINUS: Final = _Minus()


class _Link:
    """A run of characters of one kind, and the literal behind it. `least` and `most` are numbers of characters."""

    __slots__ = ("fixed", "is_path", "kind", "least", "literal", "most")

    def __init__(
        self,
        kind: _Kind,
        least: int = 1,
        most: int = _ENDLESS,
        *,
        fixed: re.Pattern[str] | None = None,
    ) -> None:
        self.kind = kind
        self.least = least
        self.most = most
        self.is_path = kind is _BUT_NEWLINES  # the shortest first, and no slash in front
        self.fixed = fixed  # no run: there is one way to match at most
        self.literal = ""


def _links_of(regex: str) -> list[_Link] | None:
    """Return the links of one variable; None if its regex is none that this file knows."""
    if regex == _PATH:
        return [_Link(_BUT_NEWLINES)]
    wide = _WIDE.fullmatch(regex)
    if wide is not None:
        plus, least, comma, most = wide.groups()
        if plus:
            return [_Link(_BUT_SLASHES)]
        return [_Link(_BUT_SLASHES, int(least), int(most) if most else _ENDLESS if comma else int(least))]
    if regex in _NUMBERS:
        is_signed, runs = _NUMBERS[regex]
        links = [_Link(_MINUS, 0, 1)] if is_signed else []
        links += [_Link(_DIGITS) for _ in range(runs)]
        if runs == 2:
            links[-2].literal = "."
        return links
    choice = _CHOICE.fullmatch(regex)
    items = re.sub(r"\\(.)", r"\1", choice[1].replace("|", "\0"), flags=re.DOTALL).split("\0") if choice else []
    is_of_texts = choice is not None and "|".join(map(re.escape, items)) == choice[1]
    if is_of_texts and any(one != other and one.startswith(other) for one in items for other in items):
        return None
    return [_Link(_BUT_SLASHES, fixed=re.compile(regex))] if is_of_texts or regex == _UUID else None


class Chain:
    """A literal in front, then links, several of which may make up one variable."""

    __slots__ = ("ends_with_slash", "groups", "links", "prefix")

    def __init__(self, prefix: str, links: list[_Link], groups: list[tuple[int, int]], ends_with_slash: bool) -> None:
        self.prefix = prefix
        self.links = links
        self.groups = groups  # for each variable its first link and the one behind its last
        self.ends_with_slash = ends_with_slash

    @classmethod
    def of(cls, pieces: list[tuple[bool, str]], *, ends_with_slash: bool = False) -> Self | None:
        """Return the chain of a part, given as (is it a regex?, content); None if a regex says all there is to say.

        With `ends_with_slash` there may be one more slash, of which the last text tells; then there is none before it.
        """
        prefix = ""
        links: list[_Link] = []
        groups: list[tuple[int, int]] = []
        for is_regex, content in pieces:
            if is_regex:
                variable = _VARIABLE.fullmatch(content)
                more = None if variable is None else _links_of(variable[1])
                if more is None:
                    return None
                groups.append((len(links), len(links) + len(more)))
                links += more
            elif links:
                links[-1].literal += content
            else:
                prefix += content
        return cls(prefix, links, groups, ends_with_slash) if len(groups) > 1 else None

    def match(self, text: str) -> Cut | None:
        """Return the texts as the regex's groups would have them; None if it does not match."""
        slash = ""
        if self.ends_with_slash:
            if text.endswith("/"):
                text, slash = text[:-1], "/"
            if text.endswith("/"):
                return None
        if not (text.startswith(self.prefix) and text.endswith(self.links[-1].literal)):
            return None
        search = _Search(self.links, text)
        if search.run(0, len(self.prefix)) != _FOUND:
            return None
        begins, ends = search.begins, search.ends
        texts = [text[begins[first] : ends[behind - 1]] for first, behind in self.groups]
        return Cut([*texts, slash] if self.ends_with_slash else texts)


class _Search:
    """One text that is being cut."""

    __slots__ = ("_end", "_last_before", "_links", "_reached", "_text", "_tried", "begins", "ends")

    def __init__(self, links: list[_Link], text: str) -> None:
        self._links = links
        self._text = text
        self.begins = [0] * len(links)
        self.ends = [0] * len(links)
        self._end = len(text) - len(links[-1].literal)
        self._last_before = _FOUND if links[-1].fixed else links[-1].kind.before(text, self._end)
        self._reached = [(0, 0)] * len(links)  # the run that was looked at last: from, to
        # What led nowhere: where a run has to end, and from where on all ends were tried; of runs of limited length, where
        # they begin.
        self._tried: list[dict[int, int]] = [{} for _ in links]

    def run(self, index: int, begin: int) -> int:
        """Match the links from `index` on; return `_FOUND`, or the next place where the link might begin with more success."""
        link = self._links[index]
        text = self._text
        self.begins[index] = begin
        if link.fixed is not None:
            return self._run_fixed(index, begin)
        if link.is_path and text[begin : begin + 1] in {"", "/"}:
            return begin + 1
        if index == len(self._links) - 1:
            self.ends[index] = end = self._end
            if begin > self._last_before and begin + link.least <= end <= begin + link.most:
                return _FOUND
            return max(begin + 1, self._last_before + 1, end - link.most)
        reached = self._reach(index, begin)
        is_limited = link.most != _ENDLESS
        tried = self._tried[index]
        key = begin if is_limited else reached
        low = first = begin + link.least
        high = min(reached, begin + link.most, tried.get(key, _ENDLESS) - 1)
        literal = link.literal
        size = len(literal)
        if index == len(self._links) - 2:
            low = max(low, self._last_before + 1 - size)
        while low <= high:
            end = text.find(literal, low, high + size) if link.is_path else text.rfind(literal, low, high + size)
            if end < 0:
                break
            self.ends[index] = end
            following = self.run(index + 1, end + size)
            if following == _FOUND:
                return _FOUND
            if link.is_path:
                low = following - size
            else:
                high = end - 1
        tried[key] = min(first, tried.get(key, first))
        return begin + 1 if is_limited else max(begin + 1, reached)

    def _run_fixed(self, index: int, begin: int) -> int:
        link = self._links[index]
        found = link.fixed.match(self._text, begin)  # type: ignore[union-attr]  # only called if there is one
        if found is None:
            return begin + 1
        self.ends[index] = end = found.end()
        if index == len(self._links) - 1:
            return _FOUND if end == self._end else begin + 1
        if not self._text.startswith(link.literal, end):
            return begin + 1
        following = self.run(index + 1, end + len(link.literal))
        return _FOUND if following == _FOUND else begin + 1

    def _reach(self, index: int, begin: int) -> int:
        """Return where a run from `begin` has to end; looked for once for all places in one run."""
        since, reached = self._reached[index]
        if not since <= begin < reached:
            is_before = begin < since
            end = self._links[index].kind.reach(self._text, begin, since if is_before else len(self._text))
            if end >= 0:
                reached = end
            elif not is_before:
                reached = len(self._text)
            self._reached[index] = begin, reached
        return reached
