"""Head of an answer as octets: what an application may say in it, and how it is written. RFC 9112 §4, §5, §6; PEP 3333.

Pure functions. SECURITY: no status, name or value reaches the wire unchecked, so an application that copies input of a client
into a field cannot be made to split its answer. Framing and the connection are the server's: what an application says about
them is dropped (or honoured, for `Connection: close`), never passed on.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeVar

from .framing import split_list

HeaderList = Sequence[tuple[str, str]]
_K = TypeVar("_K")
_T = TypeVar("_T")

_STATUS: Final = re.compile(r"[1-5][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*+)?+")
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*+")

_PLAIN: Final = 0
_STEADY: Final = 1
_LENGTH: Final = 2
_CONNECTION: Final = 3
_DATE: Final = 4
_SERVER: Final = 5
_CODING: Final = 6
_DROPPED: Final = 7
_FORBIDDEN: Final = 8

_KINDS: Final = {
    "content-length": _LENGTH,
    "connection": _CONNECTION,
    "date": _DATE,
    "server": _SERVER,
    "transfer-encoding": _CODING,
    # COMPAT: applications and proxying views set these although PEP 3333 forbids it; they mean this connection's, not theirs.
    "keep-alive": _DROPPED,
    "proxy-connection": _DROPPED,
    "te": _FORBIDDEN,
    "trailer": _FORBIDDEN,
    # Those that have the same few values in all answers of an application.
    **dict.fromkeys(
        (
            "accept-ranges",
            "access-control-allow-credentials",
            "access-control-allow-headers",
            "access-control-allow-methods",
            "access-control-expose-headers",
            "access-control-max-age",
            "allow",
            "cache-control",
            "content-encoding",
            "content-language",
            "content-security-policy",
            "content-type",
            "cross-origin-embedder-policy",
            "cross-origin-opener-policy",
            "permissions-policy",
            "pragma",
            "referrer-policy",
            "strict-transport-security",
            "vary",
            "x-content-type-options",
            "x-frame-options",
            "x-xss-protection",
        ),
        _STEADY,
    ),
}

_DIGITS: Final = 19
"""A Content-Length has fewer: 64 bits hold it everywhere."""

HAS_DATE: Final = 1
HAS_SERVER: Final = 2
SAYS_CLOSE: Final = 4

_CACHED: Final = 1024
"""Entries of each cache below; one that is full is emptied: who makes them up by the thousand must not cost others theirs."""

_LONGEST: Final = 128
"""Characters of what is kept in the caches; longer names, statuses and lines are checked each time."""

# PERF: an application uses few names and statuses. Pure functions of the key, so threads may race on them without harm.
_names: Final[dict[str, int]] = {}
_steady_lines: Final[dict[tuple[str, str], bytes]] = {}
KNOWN_STATUSES: Final[dict[str, tuple[bytes, int]]] = {}

WITHOUT_CONTENT: Final = frozenset({204, 205, 304})
"""Final statuses whose answer has no content on the wire, whatever the method."""


def field_lines(first: bytes, headers: HeaderList) -> tuple[list[bytes], int | None, int]:
    """Check the fields of one answer; return `first` and their lines, the application's Content-Length, and what is said besides.

    The last is a sum of `HAS_DATE`, `HAS_SERVER` and `SAYS_CLOSE`. What has to do with framing has no line. Of several `Date` or
    `Server` fields the first stands (RFC 9110 §5.3).

    Raises:
        ValueError: an invalid name or value, or a field that is not an application's to set.
    """
    lines = [first]
    length: int | None = None
    said = 0
    for name, value in headers:
        line = _steady_lines.get((name, value))
        if line is not None:
            lines.append(line)
            continue
        kind = _names.get(name)
        if kind is None:
            kind = check_name(name)
        if kind == _LENGTH:
            # PERF: `parse_length` is for what it strips or refuses.
            own = int(value) if value.isascii() and value.isdigit() and len(value) < _DIGITS else parse_length(value)
            if length is not None and length != own:
                raise ValueError("two Content-Length fields that differ")
            length = own
            continue
        # PERF: two C calls decide for nearly all values; the rest (tabs, obs-text, faults) pays for the expression.
        if not (value.isascii() and value.isprintable()) and _VALUE.fullmatch(value) is None:
            raise ValueError(f"invalid value of header field {name!r}: control character, or not latin-1")
        if kind > _LENGTH:
            said, is_sent = _take_special(kind, value, said)
            if not is_sent:
                continue
        # SECURITY: not formatted: a str of a class of its own, an Enum, may print as what was not checked.
        line = "".join((name, ": ", value, "\r\n")).encode("latin-1")  # noqa: FLY002 - see above
        lines.append(line)
        if kind == _STEADY and type(name) is str and type(value) is str:
            _remember(_steady_lines, (name, value), line, len(line))
    return lines, length, said


def _take_special(kind: int, value: str, said: int) -> tuple[int, bool]:
    """Add to what is said by fields that have to do with the connection; tell whether this one is also sent as it is."""
    if kind == _DATE:
        return said | HAS_DATE, not said & HAS_DATE
    if kind == _SERVER:
        return said | HAS_SERVER, not said & HAS_SERVER
    if kind == _CONNECTION:
        if b"close" in split_list(value.encode("latin-1")):
            said |= SAYS_CLOSE
    elif kind == _CODING:
        # SECURITY: the server frames; `chunked` is dropped as it is what it would do, any other coding would be a lie.
        if value.strip(" \t").lower() not in {"chunked", "identity"}:
            raise ValueError("Transfer-Encoding is the server's to set")
    elif kind == _FORBIDDEN:
        raise ValueError("hop-by-hop header fields are the server's to set (PEP 3333)")
    return said, False


@lru_cache(4096)
def length_line(length: int) -> bytes:
    """Return the field line that says how long the content is."""
    return b"Content-Length: %d\r\n" % length


@lru_cache(8)
def last_lines(server: bytes, date: bytes) -> bytes:
    """Return what ends a head: `Server` and `Date`, as far as they are not empty, and the empty line."""
    return b"".join((server and b"Server: %b\r\n" % server, date and b"Date: %b\r\n" % date, b"\r\n"))


def check_name(name: str) -> int:
    """Check a field name and return its kind.

    Raises:
        ValueError: not a token (RFC 9110 §5.1).
    """
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"invalid header field name {name!r}")
    kind = _KINDS.get(name.lower(), _PLAIN)
    _remember(_names, name, kind, len(name))
    return kind


def status_line(status: str) -> tuple[bytes, int]:
    """Return the status line for a status such as `200 OK`, with its CRLF, and the code.

    Raises:
        ValueError: not a code and a reason, out of range, or a control character in it.
    """
    known = KNOWN_STATUSES.get(status)
    if known is None:
        if _STATUS.fullmatch(status) is None:
            raise ValueError(
                f"invalid status {status!r}: a code from 100 to 599 and a reason, as '200 OK' (RFC 9110 §15)"
            )
        # RFC 9112 §4: the space behind the code stands even if there is no reason.
        text = status if len(status) > 3 else status + " "
        line = "".join(("HTTP/1.1 ", text, "\r\n")).encode("latin-1")  # noqa: FLY002 - not formatted, see `field_lines`
        known = (line, int(status[:3]))
        _remember(KNOWN_STATUSES, status, known, len(status))
    return known


def _remember(cache: dict[_K, _T], key: _K, value: _T, size: int) -> None:
    """Keep what was found out, of something of `size` characters."""
    if size <= _LONGEST:
        if len(cache) >= _CACHED:
            cache.clear()
        cache[key] = value


def parse_length(value: str) -> int:
    """Parse an application's Content-Length.

    Raises:
        ValueError: not decimal digits, or too many.
    """
    value = value.strip(" \t")
    if not (value.isascii() and value.isdigit() and len(value) < _DIGITS):
        raise ValueError("invalid Content-Length")
    return int(value)
