"""Byte ranges: `Range`, `Content-Range` and `If-Range` (RFC 9110 §14, §13.1.5). Stops are exclusive, as in slices."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, overload

from .dates import http_date, parse_date
from .etag import quote_etag, unquote_etag


class IfRange:
    """The validator of an `If-Range` field: a tag without quotes, or a date; neither if the field is missing.

    `is_weak` tells a weak tag, which never matches (RFC 9110 §13.1.5).
    """

    __slots__ = ("date", "etag", "is_weak")

    def __init__(self, etag: str | None = None, date: datetime | None = None, is_weak: bool = False) -> None:
        self.etag = etag
        self.date = date
        self.is_weak = is_weak

    def to_header(self) -> str:
        """Render the field value; empty if there is no validator."""
        if self.date is not None:
            return http_date(self.date)
        return "" if self.etag is None else quote_etag(self.etag, self.is_weak)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IfRange):
            return NotImplemented
        return (self.etag, self.date, self.is_weak) == (other.etag, other.date, other.is_weak)

    def __hash__(self) -> int:
        return hash((self.etag, self.date, self.is_weak))

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"


def parse_if_range_header(value: str | None) -> IfRange:
    """Parse a date, or else a tag, with or without quotes."""
    if not value:
        return IfRange()
    date = None if value[0] in '"Ww' and value.endswith('"') else parse_date(value)
    if date is not None:
        return IfRange(date=date)
    etag, weak = unquote_etag(value)
    if etag is not None and '"' in etag:
        # No tag can contain a quote: keep the rest for a look at it, and let it match nothing.
        return IfRange(etag.replace('"', ""), is_weak=True)
    return IfRange(etag, is_weak=bool(weak))


def render_if_range_header(value: IfRange) -> str:
    """Render an `If-Range` field value."""
    return value.to_header()


class Range:
    """The ranges a client asks for: (start, stop) with exclusive stop; (start, None) to the end, (-n, None) the last n.

    Raises:
        ValueError: a range that is empty or has no start, or a stop where the start is negative.
    """

    __slots__ = ("ranges", "units")

    def __init__(self, units: str, ranges: Sequence[tuple[int, int | None]]) -> None:
        for start, stop in ranges:
            # A caller without type checks may give None for the start.
            if start is None or (stop is not None and not 0 <= start < stop):  # type: ignore[redundant-expr]
                raise ValueError(f"{(start, stop)} is not a valid range.")
        self.units = units
        self.ranges = ranges

    def range_for_length(self, length: int | None) -> tuple[int, int] | None:
        """Return (start, stop) within a representation of `length` bytes, if one range of bytes was asked for; else `None`.

        `None` also if the length is not known or the range has no byte of it.
        """
        if self.units != "bytes" or length is None or len(self.ranges) != 1:
            return None
        start, stop = self.ranges[0]
        if start < 0:
            # RFC 9110 §14.1.2: a suffix longer than the representation is all of it.
            start = max(0, start + length)
        stop = length if stop is None else min(stop, length)
        return (start, stop) if start < stop else None

    def make_content_range(self, length: int | None) -> "ContentRange | None":
        """Return the `ContentRange` that answers this for a representation of `length` bytes; `None` as above."""
        part = self.range_for_length(length)
        return None if part is None else ContentRange(self.units, part[0], part[1], length)

    def to_header(self) -> str:
        """Render the field value."""
        return f"{self.units}={','.join([_render_range(start, stop) for start, stop in self.ranges])}"

    def to_content_range_header(self, length: int | None) -> str | None:
        """Render the `Content-Range` that answers this for a representation of `length` bytes; `None` as above."""
        part = self.range_for_length(length)
        return None if part is None else f"{self.units} {part[0]}-{part[1] - 1}/{length}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Range):
            return NotImplemented
        return (self.units, list(self.ranges)) == (other.units, list(other.ranges))

    def __hash__(self) -> int:
        return hash((self.units, tuple(self.ranges)))

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"


def _render_range(start: int, stop: int | None) -> str:
    if stop is not None:
        return f"{start}-{stop - 1}"
    return str(start) if start < 0 else f"{start}-"


def parse_range_header(value: str | None, make_inclusive: bool = True) -> Range | None:
    """Parse `bytes=0-99,200-`; `None` if it is missing, malformed, unsatisfiable in itself or out of order.

    Out of order means that ranges overlap or go back: such a request is an attack or an accident (RFC 9110 §14.2).
    `make_inclusive` has no effect; Werkzeug has it.
    """
    if not value:
        return None
    units, found, text = value.partition("=")
    if not found:
        return None
    ranges: list[tuple[int, int | None]] = []
    # Where the next range may start; `None` behind one that reaches to the end.
    least: int | None = 0
    for item in text.split(","):
        one = _parse_range(item.strip())
        if one is None or least is None or 0 <= one[0] < least:
            return None
        ranges.append(one)
        least = one[1]
    return Range(units.strip().lower(), ranges)


def select_ranges(value: str, length: int, most: int) -> list[tuple[int, int]] | None:
    """Return the parts, (start, exclusive stop), that a Range field asks for of a representation of `length` bytes.

    An empty list if there is nothing to be had: 416. `None` if the field is to be ignored: another unit than bytes, or more than
    `most` ranges. Parts come in the order they were asked for; those that overlap are one, in the place of the first: all
    together they are never longer than the whole, however often a byte was asked for (CVE-2011-3192).
    RFC 9110 §14.2, §15.3.7.2.
    """
    units, found, text = value.partition("=")
    if found and units.strip().lower() != "bytes":
        return None
    if text.count(",") >= most:
        return None
    parts: list[tuple[int, int]] = []
    for item in text.split(","):
        name = item.strip()
        # RFC 9110 §5.6.1.2: elements of a list may be empty.
        if not name and "," in text:
            continue
        one = _parse_range(name)
        if one is None:
            return []
        part = Range("bytes", [one]).range_for_length(length)
        if part is not None:
            parts.append(part)
    return _coalesce(parts) if len(parts) > 1 else parts


def _coalesce(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    # (start, stop, position of the first that was asked for)
    merged: list[tuple[int, int, int]] = []
    for start, stop, at in sorted((start, stop, at) for at, (start, stop) in enumerate(parts)):
        if merged and start < merged[-1][1]:
            first_start, first_stop, first_at = merged[-1]
            merged[-1] = first_start, max(first_stop, stop), min(first_at, at)
        else:
            merged.append((start, stop, at))
    merged.sort(key=lambda part: part[2])
    return [(start, stop) for start, stop, _ in merged]


def _parse_range(item: str) -> tuple[int, int | None] | None:
    first, found, last = item.partition("-")
    if not found:
        return None
    if not first:
        # `-0` asks for nothing.
        count = _number(last)
        return (-count, None) if count else None
    start = _number(first.strip())
    if start is None:
        return None
    last = last.strip()
    if not last:
        return start, None
    stop = _number(last)
    return None if stop is None or stop < start else (start, stop + 1)


def _number(text: str) -> int | None:
    """Parse ASCII digits, and no more of them than Python takes."""
    if not (text.isascii() and text.isdigit()):
        return None
    try:
        return int(text)
    except ValueError:
        return None


def render_range_header(value: Range) -> str:
    """Render a `Range` field value."""
    return value.to_header()


def is_byte_range_valid(start: int | None, stop: int | None, length: int | None) -> bool:
    """Say whether (start, exclusive stop) is a part of something `length` bytes long; `None`s are what is not known."""
    if (start is None) != (stop is None):
        return False
    if start is None or stop is None:
        return length is None or length >= 0
    return 0 <= start < stop and (length is None or start < length)


class _Part:
    """A property of a `ContentRange` that tells of its changes."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.slot = f"_{name}"

    @overload
    def __get__(self, owner: None, cls: type) -> "_Part": ...
    @overload
    def __get__(self, owner: "ContentRange", cls: type) -> Any: ...  # Any: narrowed by the class below
    def __get__(self, owner: "ContentRange | None", cls: type) -> Any:
        return self if owner is None else getattr(owner, self.slot)

    def __set__(self, owner: "ContentRange", value: object) -> None:
        setattr(owner, self.slot, value)
        owner._changed()


class ContentRange:
    """What part of a representation an answer has; `None` for what is not known. Calls `on_update(self)` after a change.

    False, and rendered as nothing, without `units`: the field is not there.

    Raises:
        ValueError: the range is not within the length; also by `set`.
    """

    __slots__ = ("_length", "_start", "_stop", "_units", "on_update")

    units = _Part()
    """The unit, nearly always `bytes`; `None` if there is no range."""
    start = _Part()
    """The first position, or `None`."""
    stop = _Part()
    """The position behind the last, or `None`."""
    length = _Part()
    """The length of the whole, or `None`."""

    def __init__(
        self,
        units: str | None,
        start: int | None,
        stop: int | None,
        length: int | None = None,
        on_update: Callable[["ContentRange"], None] | None = None,
    ) -> None:
        self.on_update: Callable[[ContentRange], None] | None = None
        self.set(start, stop, length, units)
        self.on_update = on_update

    def _changed(self) -> None:
        if self.on_update is not None:
            self.on_update(self)

    def set(self, start: int | None, stop: int | None, length: int | None = None, units: str | None = "bytes") -> None:
        """Set all parts; calls `on_update` once."""
        if not is_byte_range_valid(start, stop, length):
            raise ValueError(f"{(start, stop)} is not a valid range of {length}.")
        self._units, self._start, self._stop, self._length = units, start, stop, length
        self._changed()

    def unset(self) -> None:
        """Remove the range: the field is not there."""
        self.set(None, None, units=None)

    def to_header(self) -> str:
        """Render the field value; empty if there is no range."""
        if self._units is None:
            return ""
        part = "*" if self._start is None or self._stop is None else f"{self._start}-{self._stop - 1}"
        return f"{self._units} {part}/{'*' if self._length is None else self._length}"

    def __bool__(self) -> bool:
        return self._units is not None

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"


def parse_content_range_header(
    value: str | None, on_update: Callable[[ContentRange], None] | None = None
) -> ContentRange | None:
    """Parse `bytes 0-99/1000`, with `*` for what is not known; `None` if it is missing or malformed."""
    units, _, rest = (value or "").strip().partition(" ")
    part, found, total = rest.partition("/")
    if not found:
        return None
    part, total = part.strip(), total.strip()
    length = _number(total)
    if length is None and total != "*":
        return None
    start: int | None = None
    stop: int | None = None
    if part != "*":
        first, found, last = part.partition("-")
        start, stop = _number(first.strip()), _number(last.strip())
        if start is None or stop is None:
            return None
        stop += 1
    return ContentRange(units, start, stop, length, on_update) if is_byte_range_valid(start, stop, length) else None


def render_content_range_header(value: ContentRange) -> str:
    """Render a `Content-Range` field value."""
    return value.to_header()
