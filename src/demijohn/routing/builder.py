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


def query_pairs(query: Mapping[str, Any] | Iterable[Pair]) -> list[Pair]:
    """Return the pairs of a mapping (a value that is a list, tuple or set is several), of a multidict, or of pairs; no None."""
    if not isinstance(query, Mapping):
        pairs = list(query)
    elif hasattr(query, "getlist"):
        pairs = [(key, value) for key in query for value in query.getlist(key)]
    else:
        pairs = []
        for key, value in query.items():
            if isinstance(value, list | tuple | set):
                pairs.extend((key, item) for item in value)
            else:
                pairs.append((key, value))
    return [pair for pair in pairs if pair[1] is not None]


def render_query(query: Mapping[str, Any] | Iterable[Pair], sort: bool = False, sort_key: SortKey | None = None) -> str:
    """Render pairs as the text behind the question mark, UTF-8, a space as `+`; with `sort`, in the order of `sort_key`."""
    pairs = query_pairs(query)
    if sort:
        pairs.sort(key=sort_key)
    return encode_query(pairs)


def quote_path(text: str) -> str:
    """Percent-encode what may not stand in a path."""
    return text if text.isalnum() and text.isascii() else quote_text(text, PATH_SAFE)


Slot = str | tuple[str, Callable[[Any], str]]


class UrlBuilder:
    """Domain and path of one rule as constants and slots: a text, or a variable and its `to_url`."""

    __slots__ = ("domain", "known", "path", "query")

    def __init__(
        self,
        domain: list[tuple[bool, str]],
        path: list[tuple[bool, str]],
        converters: Mapping[str, BaseConverter],
        defaults: Mapping[str, Any],
        query: Callable[[Mapping[str, Any]], str],
    ) -> None:
        self.domain = _slots(domain, converters, defaults)
        self.path = _slots(path, converters, defaults)
        self.known = frozenset(converters) | frozenset(defaults)
        self.query = query

    def build(self, values: Mapping[str, Any], append_unknown: bool) -> tuple[str, str]:
        """Return (domain, path); values that are no variables go into the query if `append_unknown`.

        Raises:
            ValidationError: a converter refuses a value.
            KeyError: a variable has no value.
        """
        # PERF: a list comprehension and one join; constants were joined when the rule was bound.
        path = "".join([slot if isinstance(slot, str) else slot[1](values[slot[0]]) for slot in self.path])
        domain = "".join([slot if isinstance(slot, str) else slot[1](values[slot[0]]) for slot in self.domain])
        if append_unknown and not self.known.issuperset(values):
            known = self.known
            query = self.query({name: value for name, value in values.items() if name not in known})
            if query:
                path = f"{path}?{query}"
        return domain, path


def _slots(
    trace: list[tuple[bool, str]], converters: Mapping[str, BaseConverter], defaults: Mapping[str, Any]
) -> tuple[Slot, ...]:
    slots: list[Slot] = []
    for is_variable, text in trace:
        slot: Slot
        if not is_variable:
            slot = quote_path(text)
        elif text in defaults:
            # The variable has one value only, so it is a constant.
            slot = converters[text].to_url(defaults[text])
        else:
            slot = (text, converters[text].to_url)
        if isinstance(slot, str) and slots and isinstance(slots[-1], str):
            slots[-1] += slot
        else:
            slots.append(slot)
    return tuple(slots)
