"""Paths of WSGI environs, and lines and chunks of streams."""

import re
from collections.abc import Iterable, Iterator
from typing import IO, Any
from urllib.parse import urlsplit

from demijohn.http.urls import iri_to_uri, uri_to_iri
from demijohn.message.wsgi import get_current_url

Environ = dict[str, Any]  # Any: PEP 3333


def _text(value: str, charset: str = "utf-8", errors: str = "replace") -> str:
    return value.encode("latin1").decode(charset, errors)


def get_query_string(environ: Environ) -> str:
    """Return the query, as it can stand in a URL."""
    return iri_to_uri("?" + _text(environ.get("QUERY_STRING", "")))[1:]


def get_script_name(environ: Environ, charset: str = "utf-8", errors: str = "replace") -> str:
    """Return where the application is mounted."""
    return _text(environ.get("SCRIPT_NAME", ""), charset, errors)


def pop_path_info(environ: Environ, charset: str = "utf-8", errors: str = "replace") -> str | None:
    """Move the first segment of the path to the script name, and return it; `None` if there is none."""
    path = environ.get("PATH_INFO")
    if not path:
        return None
    script_name = environ.get("SCRIPT_NAME", "")
    rest = path.lstrip("/")
    script_name += "/" * (len(path) - len(rest))
    segment, slash, tail = rest.partition("/")
    environ["PATH_INFO"] = slash + tail
    environ["SCRIPT_NAME"] = script_name + segment
    return _text(segment, charset, errors)


def peek_path_info(environ: Environ, charset: str = "utf-8", errors: str = "replace") -> str | None:
    """Return the first segment of the path; `None` if there is none."""
    segment = environ.get("PATH_INFO", "").lstrip("/").partition("/")[0]
    return _text(segment, charset, errors) if segment else None


def extract_path_info(
    environ_or_baseurl: Environ | str,
    path_or_url: str,
    charset: str = "utf-8",
    errors: str = "replace",
    collapse_http_schemes: bool = True,
) -> str | None:
    """Return the path of a URL below an application, `None` if it is not below it."""
    base = environ_or_baseurl
    if isinstance(base, dict):
        base = get_current_url(base, root_only=True)
    given, wanted = urlsplit(uri_to_iri(base)), urlsplit(uri_to_iri(_joined(base, path_or_url)))
    schemes = [given.scheme, wanted.scheme]
    if collapse_http_schemes and not set(schemes) <= {"http", "https"}:
        return None
    if not collapse_http_schemes and schemes[0] != schemes[1]:
        return None
    if _host_of(given) != _host_of(wanted):
        return None
    root = given.path.rstrip("/")
    if wanted.path != root and not wanted.path.startswith(root + "/"):
        return None
    return "/" + wanted.path[len(root) :].lstrip("/")


def _joined(base: str, path_or_url: str) -> str:
    from urllib.parse import urljoin

    return urljoin(base, path_or_url)


def _host_of(parts: Any) -> tuple[str, int | None]:  # Any: a SplitResult
    port = parts.port
    return parts.hostname or "", None if port == {"http": 80, "https": 443}.get(parts.scheme) else port


def _blocks(stream: IO[bytes] | Iterable[bytes], limit: int | None, size: int) -> Iterator[bytes]:
    read = getattr(stream, "read", None)
    if read is None:
        yield from (block for block in stream if block)
        return
    left = limit
    while left is None or left > 0:
        block = read(size if left is None else min(size, left))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


def make_chunk_iter(
    stream: IO[bytes] | Iterable[bytes],
    separator: str | bytes,
    limit: int | None = None,
    buffer_size: int = 10240,
    cap_at_buffer: bool = False,
) -> Iterator[bytes]:
    """Yield what is between separators, which are left out; with `cap_at_buffer` in pieces of at most `buffer_size`."""
    mark = separator.encode() if isinstance(separator, str) else separator
    buffer = b""
    for block in _blocks(stream, limit, buffer_size):
        *whole, buffer = (buffer + block).split(mark)
        yield from whole
        while cap_at_buffer and len(buffer) >= buffer_size:
            yield buffer[:buffer_size]
            buffer = buffer[buffer_size:]
    if buffer:
        yield buffer


def make_line_iter(
    stream: IO[bytes] | Iterable[bytes],
    limit: int | None = None,
    buffer_size: int = 10240,
    cap_at_buffer: bool = False,
) -> Iterator[bytes]:
    r"""Yield lines with their ends, of which there are three: `\n`, `\r\n`, `\r`."""
    buffer = b""
    for block in _blocks(stream, limit, buffer_size):
        lines = re.findall(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", buffer + block)
        # A CR at the end may be half of CRLF, and the last line may go on.
        buffer = lines.pop() if not lines[-1].endswith(b"\n") else b""
        yield from lines
        while cap_at_buffer and len(buffer) >= buffer_size:
            yield buffer[:buffer_size]
            buffer = buffer[buffer_size:]
    if buffer:
        yield buffer
