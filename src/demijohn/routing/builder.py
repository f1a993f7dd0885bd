"""From values to a URL: what a bound rule is turned into for building, and the query string behind it.

A `UrlBuilder` is immutable; any thread may use it. Which rule of an endpoint is built is decided by `adapter`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from demijohn.http.urls import encode_query, quote_text

from .converters import PATH_SAFE, BaseConverter

# Any: values of an application's URLs are of any type.
Pair = tuple[str, Any]
SortKey = Callable[[Pair], Any]

_SEVERAL = (list, tuple, set)


def query_pairs(query: Mapping[str, Any] | Iterable[Pair]) -> list[Pair]:
    """Return the pairs of a mapping (a value that is a list, tuple or set is several), of a multidict, or of pairs; no None."""
    if not isinstance(query, Mapping):
        return [pair for pair in query if pair[1] is not None]
    pairs: list[Pair] = []
    getlist = getattr(query, "getlist", None)
    for key in query:
        value = query[key] if getlist is None else getlist(key)
        if isinstance(value, _SEVERAL):
            pairs.extend((key, item) for item in value if item is not None)
        elif value is not None:
            pairs.append((key, value))
    return pairs


def render_query(query: Mapping[str, Any] | Iterable[Pair], sort: bool = False, sort_key: SortKey | None = None) -> str:
    """Render pairs as the text behind the question mark, UTF-8, a space as `+`; with `sort`, in the order of `sort_key`."""
    # PERF: mostly a few single values in a dict, of which no list is made first.
    is_plain = type(query) is dict and not sort
    pairs: Iterable[Pair] = query.items() if is_plain else query_pairs(query)  # type: ignore[union-attr]  # a dict
    fields = []
    for name, value in sorted(pairs, key=sort_key) if sort else pairs:
        if is_plain and (value is None or isinstance(value, _SEVERAL)):
            return render_query(query_pairs(query))
        text = f"{name}{value!s}"
        # PERF: most names and values are words and numbers.
        if text.isalnum() and text.isascii():
            fields.append(f"{name}={value!s}")
        else:
            fields.append(encode_query(((name, value),)))
    return "&".join(fields)


def quote_path(text: str) -> str:
    """Percent-encode what may not stand in a path."""
    return text if text.isalnum() and text.isascii() else quote_text(text, PATH_SAFE)


class _Template:
    """A text with holes: pieces, and for each hole its index, its variable and the variable's `to_url`."""

    __slots__ = ("fixed", "holes", "pieces")

    def __init__(
        self, trace: list[tuple[bool, str]], converters: Mapping[str, BaseConverter], defaults: Mapping[str, Any]
    ) -> None:
        self.pieces: list[str] = []
        self.holes: list[tuple[int, str, Callable[[Any], str]]] = []
        is_open = False  # may the last piece be added to?
        for is_variable, text in trace:
            if is_variable and text not in defaults:
                self.holes.append((len(self.pieces), text, converters[text].to_url))
                self.pieces.append("")
                is_open = False
                continue
            # A variable with a default has one value only, so it is a constant.
            constant = converters[text].to_url(defaults[text]) if is_variable else quote_path(text)
            if is_open:
                self.pieces[-1] += constant
            else:
                self.pieces.append(constant)
            is_open = True
        self.fixed = None if self.holes else "".join(self.pieces)

    def fill(self, values: Mapping[str, Any]) -> str:
        """Return the text for these values."""
        pieces = self.pieces.copy()
        for index, name, to_url in self.holes:
            pieces[index] = to_url(values[name])
        return "".join(pieces)


class UrlBuilder:
    """Domain and path of one rule."""

    __slots__ = ("_domain", "_known", "_path", "_query")

    def __init__(
        self,
        domain: list[tuple[bool, str]],
        path: list[tuple[bool, str]],
        converters: Mapping[str, BaseConverter],
        defaults: Mapping[str, Any],
        query: Callable[[Mapping[str, Any]], str],
    ) -> None:
        self._domain = _Template(domain, converters, defaults)
        self._path = _Template(path, converters, defaults)
        self._known = frozenset(converters) | frozenset(defaults)
        self._query = query

    def build(self, values: Mapping[str, Any], append_unknown: bool) -> tuple[str, str]:
        """Return (domain, path); values that are no variables go into the query if `append_unknown`.

        Raises:
            ValidationError: a converter refuses a value.
            KeyError: a variable has no value.
        """
        # PERF: what has no variables was put together when the rule was bound.
        domain = self._domain.fixed
        if domain is None:
            domain = self._domain.fill(values)
        path = self._path.fixed
        if path is None:
            # PERF: `_path.fill(values)`, a call less.
            pieces = self._path.pieces.copy()
            for index, name, to_url in self._path.holes:
                pieces[index] = to_url(values[name])
            path = "".join(pieces)
        known = self._known
        if append_unknown and not known.issuperset(values):
            unknown = {name: value for name, value in values.items() if name not in known} if known else values
            query = self._query(unknown)
            if query:
                path = f"{path}?{query}"
        return domain, path
