"""Numbers as people read them, and text that is safe on a terminal. Any thread."""

import re
from typing import Any, Final

_UNITS: Final = (("d", 86_400), ("h", 3600), ("m", 60))
_CONTROL: Final = re.compile(r"[^\x20-\x7e\xa0-\uffff]")


def duration(seconds: float | None) -> str:
    """Return `12ms`, `3.4s`, `5m10s`, `2h05m`, `3d04h`; `-` for what is not known."""
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        return f"{max(0.0, seconds) * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    left = round(seconds)
    for (unit, size), smaller in zip(_UNITS, ("h", "m", "s"), strict=True):
        if left >= size:
            step = {"h": 3600, "m": 60, "s": 1}[smaller]
            return f"{left // size}{unit}{left % size // step:02d}{smaller}"
    return f"{left}s"


def size(count: int | None) -> str:
    """Return `512B`, `3.4K`, `120M`, `1.2G`; `-` for what is not known."""
    if count is None:
        return "-"
    value = float(count)
    for unit in "BKMG":
        if value < 999.5 or unit == "G":
            break
        value /= 1024
    return f"{value:.0f}{unit}" if value >= 9.95 or unit == "B" else f"{value:.1f}{unit}"


def plain(text: Any) -> str:  # Any: of JSON
    """Return text without what a terminal would obey: it may be of a client's making."""
    return _CONTROL.sub("?", str(text))


def table(rows: list[list[str]], right: set[int]) -> list[str]:
    """Return lines of a table whose first row is its head; columns in `right` are flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def place(where: dict[str, Any] | None) -> str:  # Any: of JSON
    """Return where in the code something is: `shop.py:12 in order`; `-` if that is not known."""
    if not where:
        return "-"
    return plain(f"{str(where['file']).rpartition('/')[2]}:{where['line']} in {where['function']}")


def stack(lines: list[dict[str, Any]], indent: str = "") -> list[str]:  # Any: of JSON
    """Return the lines of a stack as Python writes them, outermost first."""
    found = []
    for one in lines:
        found.append(f'{indent}File "{plain(one["file"])}", line {one["line"]}, in {plain(one["function"])}')
        if one.get("source"):
            found.append(f"{indent}  {plain(one['source'])}")
    return found
