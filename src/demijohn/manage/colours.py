"""Colours of what a person reads on a terminal, and when there are none. Pure; any thread."""

from collections.abc import Mapping
from typing import Final, TextIO

_CODES: Final = {
    "bold": "1",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
    "bold red": "1;31",
    "bold magenta": "1;35",
}


def wants_colours(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether to write colours: only to a terminal.

    `NO_COLOR` and `FORCE_COLOR` (https://no-color.org, https://force-color.org), if they are not empty, decide otherwise, in
    this order.
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    try:
        return stream.isatty() and environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):
        return False  # something in the place of a stream, or a closed one


def paint(text: str, style: str) -> str:
    """Return text in a style: a colour, `bold`, or `bold` and a colour.

    Raises:
        KeyError: there is no such style.
    """
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def style_of(status: int) -> str | None:
    """Return the style of an answer in the access log, as Werkzeug has it; `None` for success."""
    if 200 <= status < 300:
        return None
    if status == 304:
        return "cyan"
    if 300 <= status < 400:
        return "green"
    if status == 404:
        return "yellow"
    if 400 <= status < 500:
        return "bold red"
    return "bold magenta" if status >= 500 else "bold"


def paint_request(line: str, status: int) -> str:
    """Return a line of the access log with its request, which is what stands between its first two double quotes, in colour."""
    style = style_of(status)
    before, quote, rest = line.partition('"')
    request, end, after = rest.partition('"')
    if style is None or not end:
        return line
    return f"{before}{quote}{paint(request, style)}{end}{after}"
