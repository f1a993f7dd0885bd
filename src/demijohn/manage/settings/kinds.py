"""`Kind`: what a value of a setting may be: from text or a Python or TOML value to the value, and back to text.

Each kind reads what it writes: `kind.parse(kind.render(value)) == value`. Lists and mappings are made of these in plurals.py.
Any thread.
"""

import math
import os
import re
from collections.abc import Callable
from typing import Any, Final, Literal

from ..._base.record import record

AUTO: Final = "auto"
"""The value of a setting that is worked out when the server starts."""

NONE: Final = "none"
"""How `None` is written."""

_TRUE: Final = frozenset({"true", "1", "yes", "on", "y", "t"})
_FALSE: Final = frozenset({"false", "0", "no", "off", "n", "f"})

_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_PART: Final = r"[0-9]+(?:\.[0-9]+)?(?:ms|s|min|m|h|d)"
_DURATION: Final = re.compile(rf"(?:{_PART})+", re.ASCII)
_DURATION_PART: Final = re.compile(r"([0-9.]+)([a-z]+)", re.ASCII)

_BYTES: Final = {
    "": 1,
    "b": 1,
    **dict.fromkeys(("k", "kib"), 1 << 10),
    **dict.fromkeys(("m", "mib"), 1 << 20),
    **dict.fromkeys(("g", "gib"), 1 << 30),
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
}
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([a-z]*)", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?", re.ASCII)
_INTEGER: Final = re.compile(r"-?[0-9](?:_?[0-9]){0,17}", re.ASCII)

Shape = Literal["one", "flag", "list", "map"]


@record
class Kind:
    """How values of a setting are read and written. Any throughout: what a value is, is the kind's own business."""

    allowed: str
    """What a value may be, as it ends the sentence "it must be ..."."""

    parse: Callable[[Any], Any]
    """From text, or from what TOML or Python says, to the value. Raises ValueError or TypeError if it is none."""

    render: Callable[[Any], str] = str
    """From the value to text that `parse` takes."""

    metavar: str = "TEXT"
    """Stands for the value in a command's help."""

    shape: Shape = "one"
    """`flag`: options without a value turn it on and off. `list`, `map`: options may be repeated."""

    words: int = 1
    """How many words an option takes."""


# ------------------------------------------------------------------ plain values


def _parse_text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw.isprintable():
        raise TypeError
    return raw


def _parse_path(raw: Any) -> str:
    return _parse_text(os.fspath(raw))


def _parse_flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = raw.strip().lower() if isinstance(raw, str) else str(raw) if isinstance(raw, int) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError


def _integer(raw: Any) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and _INTEGER.fullmatch(raw.strip()):
        return int(raw)
    raise ValueError


TEXT: Final = Kind("text of printable characters", _parse_text)

PATH: Final = Kind("a path", _parse_path, metavar="PATH")

FLAG: Final = Kind("true or false", _parse_flag, lambda value: "true" if value else "false", "BOOL", "flag")


def integer(least: int, most: int | None = None) -> Kind:
    """Return the kind of whole numbers from `least` to `most`."""

    def parse(raw: Any) -> int:
        value = _integer(raw)
        if value < least or (most is not None and value > most):
            raise ValueError
        return value

    upper = "" if most is None else f", at most {most}"
    return Kind(f"a whole number, at least {least}{upper}", parse, metavar="N")


def choice(*words: str) -> Kind:
    """Return the kind of a few words."""

    def parse(raw: Any) -> str:
        if raw not in words:
            raise ValueError
        return str(raw)

    return Kind(_alternatives(words), parse, metavar="|".join(words))


def _alternatives(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


# ------------------------------------------------------------------ quantities


def _parse_number(raw: Any) -> float:
    if isinstance(raw, str) and _NUMBER.fullmatch(raw.strip()):
        raw = float(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw) or raw < 0:
        raise ValueError
    return float(raw)


def _render_number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _parse_duration(raw: Any) -> float:
    if isinstance(raw, str):
        text = raw.strip().lower().replace(" ", "")
        if _DURATION.fullmatch(text):
            return math.fsum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text))
    return _parse_number(raw)


def _render_duration(value: float) -> str:
    for unit in ("d", "h", "m"):
        if value and value % _SECONDS[unit] == 0:
            return f"{_render_number(value / _SECONDS[unit])}{unit}"
    return f"{_render_number(value)}s" if "e" not in repr(value) else repr(value)


def _parse_size(raw: Any) -> int:
    if isinstance(raw, str):
        match = _SIZE.fullmatch(raw.strip().lower().replace("_", ""))
        if match is None or match[2] not in _BYTES:
            raise ValueError
        size = float(match[1]) * _BYTES[match[2]] if "." in match[1] else int(match[1]) * _BYTES[match[2]]
        if size != int(size):
            raise ValueError
        return int(size)
    value = _integer(raw)
    if value < 0:
        raise ValueError
    return value


def _render_size(value: int) -> str:
    for unit in ("GiB", "MiB", "KiB"):
        if value and value % _BYTES[unit.lower()] == 0:
            return f"{value // _BYTES[unit.lower()]}{unit}"
    return str(value)


def _parse_mode(raw: Any) -> int:
    value = int(raw, 8) if isinstance(raw, str) and re.fullmatch("(?:0o)?[0-7]{1,4}", raw) else _integer(raw)
    if not 0 <= value <= 0o777:
        raise ValueError
    return value


NUMBER: Final = Kind("a number, not negative", _parse_number, _render_number, "N")

DURATION: Final = Kind(
    "a time in seconds such as 30 or 0.5, or with a unit: 500ms, 30s, 2m, 1h30m",
    _parse_duration,
    _render_duration,
    "TIME",
)

SIZE: Final = Kind(
    "a number of bytes, or with a unit: 64KiB or 64K, 10M, 1G (1024 each), 10MB (1000 each)",
    _parse_size,
    _render_size,
    "SIZE",
)

MODE: Final = Kind("permissions such as 660, as text", _parse_mode, lambda value: f"{value:o}", "MODE")


# ------------------------------------------------------------------ words beside values


def or_none(kind: Kind) -> Kind:
    """Return a kind that may be `None`, too, written as `none`."""
    return _with_word(kind, NONE, None)


def or_empty(kind: Kind) -> Kind:
    """Return a kind of text that may be empty, written as `none` where an empty text says nothing."""
    return _with_word(kind, NONE, "")


def or_auto(kind: Kind) -> Kind:
    """Return a kind that may be the word `auto`, too."""
    return _with_word(kind, AUTO, AUTO)


def _with_word(kind: Kind, word: str, meaning: str | None) -> Kind:
    def parse(raw: Any) -> Any:
        if raw is meaning or (isinstance(raw, str) and raw.strip().lower() in {word, meaning}):
            return meaning
        return kind.parse(raw)

    def render(value: Any) -> str:
        return word if value == meaning else kind.render(value)

    return Kind(f"{kind.allowed}; or {word}", parse, render, kind.metavar, kind.shape, kind.words)
