"""Fields that were parsed by functions."""

from collections.abc import Callable, Iterable
from typing import Any

from demijohn.http.auth import WWWAuthenticate
from demijohn.http.headers import Headers


def parse_www_authenticate_header(value: str | None, on_update: Callable[[Any], None] | None = None) -> WWWAuthenticate:
    """Parse `WWW-Authenticate`; an empty one if there is none. `on_update` is taken and not called: set the field again."""
    return WWWAuthenticate.from_header(value) or WWWAuthenticate("basic")


def parse_multipart_headers(iterable: Iterable[str | bytes]) -> Headers:
    """Parse the header lines of a part; a line that begins with a space goes on with the one before.

    Raises:
        ValueError: a line has no end, or no colon.
    """
    result: list[tuple[str, str]] = []
    for raw in iterable:
        line = raw.decode() if isinstance(raw, bytes) else raw
        text = line.rstrip("\r\n")
        if text == line:
            raise ValueError("unexpected end of line in multipart header")
        if not text:
            break
        if text[0] in " \t" and result:
            name, value = result[-1]
            result[-1] = (name, f"{value}\n {text[1:]}".replace("\n ", " "))
        else:
            name, colon, value = text.partition(":")
            if colon:
                result.append((name.strip(), value.strip()))
    return Headers(result)


def wsgi_to_bytes(data: str | bytes) -> bytes:
    """Return the bytes of a text of a WSGI environ."""
    return data if isinstance(data, bytes) else data.encode("latin1")


def bytes_to_wsgi(data: str | bytes) -> str:
    """Return bytes as a text of a WSGI environ."""
    return data if isinstance(data, str) else data.decode("latin1")
