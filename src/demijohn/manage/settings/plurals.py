"""Kinds of settings that hold several values: lists and mappings. Any thread."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from .kinds import Kind

# Any throughout: see Kind.


def list_of(kind: Kind, separator: str = ",") -> Kind:
    """Return the kind of lists, as tuples. As text, `separator` stands between; an option may also be repeated."""

    def parse(raw: Any) -> tuple[Any, ...]:
        if isinstance(raw, Mapping | bytes):
            raise TypeError
        items: list[Any] = []
        for one in [raw] if isinstance(raw, str | os.PathLike) else raw:
            items += one.split(separator) if isinstance(one, str) else [one]
        stripped = [item.strip() if isinstance(item, str) else item for item in items]
        return tuple(kind.parse(item) for item in stripped if item != "")

    def render(values: Sequence[Any]) -> str:
        return separator.join(kind.render(value) for value in values)

    name = {",": "commas", os.pathsep: f"{os.pathsep!r}"}[separator]
    return Kind(f"a list, as text with {name} between, of: {kind.allowed}", parse, render, kind.metavar, "list")


def or_function(kind: Kind) -> Kind:
    """Return a kind that may be a function, too, which only Python can say."""

    def parse(raw: Any) -> Any:
        return raw if callable(raw) else kind.parse(raw)

    def render(value: Any) -> str:
        if not callable(value):
            return kind.render(value)
        return f"{getattr(value, '__module__', '?')}:{getattr(value, '__qualname__', repr(value))}"

    return Kind(f"{kind.allowed}; or in Python, a function", parse, render, kind.metavar, kind.shape)


def map_of(
    parse_key: Callable[[Any], str],
    parse_value: Callable[[Any], Any],
    render_value: Callable[[Any], str],
    allowed: str,
    metavar: str,
) -> Kind:
    """Return the kind of mappings. As text, `KEY=VALUE` with spaces between, quoted as for a shell."""

    def pairs(raw: Any) -> list[tuple[Any, Any]]:
        if isinstance(raw, Mapping):
            return list(raw.items())
        # An option that is repeated has each word whole; a variable has all of them in one text.
        import shlex

        words = shlex.split(raw) if isinstance(raw, str) else [_text(word) for word in raw]
        found = [word.partition("=") for word in words]
        if not all(equals for _, equals, _ in found):
            raise ValueError
        return [(key, value) for key, _, value in found]

    def parse(raw: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in pairs(raw):
            if (key := parse_key(key)) in values:
                raise ValueError(f"{key!r} is in it twice")
            values[key] = parse_value(value)
        return values

    def render(values: Mapping[str, Any]) -> str:
        import shlex

        return shlex.join(f"{key}={render_value(value)}" for key, value in values.items())

    return Kind(allowed, parse, render, metavar, "map")


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip() or not raw.isprintable():
        raise TypeError
    return raw.strip()


def _field_name(raw: Any) -> str:
    name = _text(raw)
    if "=" in name:
        raise ValueError
    return name


TEXT_MAP: Final = map_of(
    _field_name, _text, str, "names with values, as text NAME=VALUE with spaces between", "NAME=VALUE"
)
