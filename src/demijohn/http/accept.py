"""`Accept` and its kinds: what a client would like, with qualities (RFC 9110 §12.4.2, §12.5), and choosing what to send."""

import re
from collections.abc import Iterable, Iterator
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import Any, Final, SupportsIndex, TypeVar, overload

from .immutable import ImmutableList
from .options import parse_list_header, parse_options_header, render_options_header

A = TypeVar("A", bound="Accept")

# What nearly all elements look like: a name, and perhaps a quality.
_plain_item = re.compile(r"[ \t]*+([^;, \t]++)[ \t]*+(?:;[ \t]*+q=([01](?:\.[0-9]++)?)[ \t]*+)?").fullmatch
_quality = re.compile(r"-?[0-9]++(?:\.[0-9]++)?").fullmatch
_language_parts = re.compile(r"[-_]").split


class Accept(ImmutableList[tuple[str, float]]):
    """A list of (value, quality), the most specific first, then by quality; equal ones keep their order.

    `accept[value]` is the quality of a value, 0 if nothing matches; `accept[0]` is the first pair. Matching ignores
    case, and `*` matches everything. Subclasses match in the way of their field.
    """

    def __init__(self, values: "Accept | Iterable[tuple[str, float]] | None" = ()) -> None:
        if values is None:
            super().__init__()
        elif isinstance(values, Accept) and type(values) is type(self):
            super().__init__(values)
        else:
            specificity = self._specificity
            super().__init__(sorted(values, key=lambda pair: (specificity(pair[0]), pair[1]), reverse=True))

    def _specificity(self, value: str) -> tuple[bool, ...]:
        """Return how specific a value of the client is; greater is more so."""
        return (value != "*",)

    def _value_matches(self, value: str, item: str) -> bool:
        """Say whether `value`, one of the server's, is what the client's `item` asks for."""
        return item == "*" or item.lower() == value.lower()

    def _best_single_match(self, match: str) -> tuple[str, float] | None:
        """Return the pair that decides about a value: the most specific one that matches."""
        for pair in self:
            if self._value_matches(match, pair[0]):
                return pair
        return None

    @overload
    def __getitem__(self, key: str) -> float: ...
    @overload
    def __getitem__(self, key: SupportsIndex) -> tuple[str, float]: ...
    @overload
    def __getitem__(self, key: slice) -> list[tuple[str, float]]: ...
    def __getitem__(self, key: str | SupportsIndex | slice) -> float | tuple[str, float] | list[tuple[str, float]]:
        return self.quality(key) if isinstance(key, str) else super().__getitem__(key)

    def quality(self, key: str) -> float:
        """Return the quality of a value; 0 if nothing matches it."""
        pair = self._best_single_match(key)
        return 0 if pair is None else pair[1]

    def __contains__(self, value: object) -> bool:
        """Say whether anything matches a value, be its quality 0."""
        return self._best_single_match(value) is not None  # type: ignore[arg-type]  # a str, as in the field

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{', '.join([f'({value!r}, {quality})' for value, quality in self])}])"

    def index(self, key: str | tuple[str, float]) -> int:  # type: ignore[override]  # by value; no bounds
        """Return the position of the first match of a value, or of a pair.

        Raises:
            ValueError: there is none.
        """
        if not isinstance(key, str):
            return super().index(key)
        for at, (item, _) in enumerate(self):
            if self._value_matches(key, item):
                return at
        raise ValueError(key)

    def find(self, key: str | tuple[str, float]) -> int:
        """Return the position of the first match of a value, or of a pair; -1 if there is none."""
        try:
            return self.index(key)
        except ValueError:
            return -1

    def values(self) -> Iterator[str]:
        """Iterate over the values."""
        for value, _ in self:
            yield value

    def to_header(self) -> str:
        """Render the field value."""
        return ",".join([value if quality == 1 else f"{value};q={_render_quality(quality)}" for value, quality in self])

    def __str__(self) -> str:
        return self.to_header()

    def best_match(self, matches: Iterable[str], default: str | None = None) -> str | None:
        """Return which of the server's values the client likes best, the default if it likes none.

        Of equal qualities the more specifically asked for wins, then the first of the server's.
        """
        best = default
        best_quality: float = 0
        best_specificity: tuple[bool, ...] = ()
        for value in matches:
            pair = self._best_single_match(value)
            if pair is None or pair[1] <= 0 or pair[1] < best_quality:
                continue
            specificity = self._specificity(pair[0])
            if pair[1] > best_quality or specificity > best_specificity:
                best, best_quality, best_specificity = value, pair[1], specificity
        return best

    @property
    def best(self) -> str | None:
        """The first value; `None` if there is none."""
        return list.__getitem__(self, 0)[0] if self else None


def _render_quality(quality: float) -> str:
    text = str(quality)
    # No exponent is allowed (RFC 9110 §12.4.2); less than a billionth is nothing.
    return text if "e" not in text else f"{quality:.9f}"


def _mime_parts(value: str) -> list[str]:
    """Split a media type at slashes and semicolons. Not by one pattern: white space before them would take quadratic time."""
    if ";" not in value:
        return value.split("/")
    return [part.strip(" \t") for part in value.replace("/", ";").split(";")]


_Mime = tuple[str, str, list[str]]


def _split_mime(value: str) -> _Mime | None:
    """Split into type, subtype and sorted parameters, all in lower case; `None` without a slash."""
    if "/" not in value:
        return None
    kind, subtype, *parameters = _mime_parts(value.lower())
    if parameters:
        parameters.sort()
    return kind, subtype, parameters


class MIMEAccept(Accept):
    """Media types (RFC 9110 §12.5.1): `text/*` and `*/*` match; parameters must be equal, in any order.

    A value of the server without a slash, or `*/x`, raises `ValueError` where it is looked up.
    """

    def _specificity(self, value: str) -> tuple[bool, ...]:
        return tuple([part != "*" for part in _mime_parts(value)])

    def _value_matches(self, value: str, item: str) -> bool:
        return self._matches(self._split_own(value), _split_mime(item))

    def _best_single_match(self, match: str) -> tuple[str, float] | None:
        if not self:
            return None
        # PERF: the value is taken apart once for all of the client's.
        wanted = self._split_own(match)
        for pair in self:
            if self._matches(wanted, _split_mime(pair[0])):
                return pair
        return None

    @staticmethod
    def _split_own(value: str) -> _Mime:
        split = _split_mime(value)
        if split is None or (split[0] == "*" and split[1] != "*"):
            raise ValueError(f"invalid mimetype {value!r}")
        return split

    @staticmethod
    def _matches(value: _Mime, item: _Mime | None) -> bool:
        if item is None:
            return False
        kind, subtype, parameters = item
        if kind == "*":
            return subtype == "*"
        if value[0] == "*":
            return True
        return kind == value[0] and (
            subtype == "*" or value[1] == "*" or (subtype == value[1] and parameters == value[2])
        )

    @property
    def accept_html(self) -> bool:
        """HTML or XHTML is accepted."""
        return self._best_single_match("text/html") is not None or self.accept_xhtml

    @property
    def accept_xhtml(self) -> bool:
        """XHTML or XML is accepted."""
        return (
            self._best_single_match("application/xhtml+xml") is not None
            or self._best_single_match("application/xml") is not None
        )

    @property
    def accept_json(self) -> bool:
        """JSON is accepted."""
        return self._best_single_match("application/json") is not None


class LanguageAccept(Accept):
    """Languages (RFC 9110 §12.5.4): whole tags match, `-` and `_` are the same; `best_match` then tries primary tags."""

    def _value_matches(self, value: str, item: str) -> bool:
        return item == "*" or item.lower().replace("_", "-") == value.lower().replace("_", "-")

    def best_match(self, matches: Iterable[str], default: str | None = None) -> str | None:
        """Return which of the server's tags the client likes best, the default if it likes none.

        Where no tag matches whole: a primary tag of the server that is the primary part of one of the client's
        (`en` for `en-GB`); then a tag of the server whose primary part the client asks for (`en-GB` for `en`).
        """
        offered = list(matches)
        result = super().best_match(offered)
        if result is not None:
            return result
        result = Accept([(_primary(item), quality) for item, quality in self]).best_match(offered)
        if result is not None:
            return result
        by_primary: dict[str, str] = {}
        for value in offered:
            by_primary.setdefault(_primary(value), value)
        result = super().best_match(by_primary)
        return default if result is None else by_primary[result]


def _primary(tag: str) -> str:
    return _language_parts(tag, 1)[0]


class CharsetAccept(Accept):
    """Charsets (RFC 9110 §12.5.2): all names of one charset match each other."""

    def _value_matches(self, value: str, item: str) -> bool:
        return item == "*" or _charset(value) == _charset(item)


def _charset(name: str) -> str:
    # SECURITY: codecs.lookup would try to import a module for each unknown name a client sends.
    if not name.isascii():
        return name.lower()
    normal = normalize_encoding(name).lower() or name  # of punctuation alone, nothing is left
    return aliases.get(normal, normal)


_LIKE_ALL: Final = 1  # COMPAT: an int, where no quality was given


@overload
def parse_accept_header(value: str | None) -> Accept: ...
@overload
def parse_accept_header(value: str | None, cls: type[A] | None) -> A: ...
def parse_accept_header(value: str | None, cls: type[Any] | None = None) -> Any:  # Any: see overloads
    """Parse a field value of Accept's kind into an `Accept` or `cls`; elements without a valid quality are left out.

    Options other than `q` stay with the value: `text/html; level=1`.
    """
    make: type[Any] = Accept if cls is None else cls  # Any: as above
    if not value:
        return make()
    result: list[tuple[str, float]] = []
    # PERF: without quotes every comma parts elements, and most of them are plain.
    for item in value.split(",") if '"' not in value else parse_list_header(value):
        match = _plain_item(item)
        if match is not None:
            name, quality = match.groups()
            number = _LIKE_ALL if quality is None else float(quality)
            if number <= 1:
                result.append((name, number))
        elif item and (pair := _parse_item(item.strip(" \t"))):
            result.append(pair)
    return make(result)


def _parse_item(item: str) -> tuple[str, float] | None:
    """Parse an element with options; `None` if it is blank or its quality is not valid."""
    if not item:
        return None
    name, options = parse_options_header(item)
    text = options.pop("q", None)
    number: float = _LIKE_ALL
    if text is not None:
        text = text.strip()
        if not _quality(text) or not 0 <= (number := float(text)) <= 1:
            return None
    return (render_options_header(name, options) if options else name), number


def render_accept_header(value: Accept) -> str:
    """Render an `Accept`."""
    return value.to_header()
