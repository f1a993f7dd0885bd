"""Head of an answer as octets: what an application may say in it, and how it is written. RFC 9112 §4, §5, §6; PEP 3333.

Pure functions. SECURITY: no status, name or value reaches the wire unchecked, so an application that copies input of a client
into a field cannot be made to split its answer. Framing and the connection are the server's: what an application says about
them is dropped (or honoured, for `Connection: close`), never passed on.
"""

import re
from collections.abc import Sequence
from typing import Final, TypeVar

from .framing import split_list

HeaderList = Sequence[tuple[str, str]]
_T = TypeVar("_T")

_STATUS: Final = re.compile(r"[1-5][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*+)?+")
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*+")

_PLAIN: Final = 0
_LENGTH: Final = 1
_CONNECTION: Final = 2
_DATE: Final = 3
_SERVER: Final = 4
_CODING: Final = 5
_DROPPED: Final = 6
_FORBIDDEN: Final = 7

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
}

_CACHED: Final = 1024
"""Entries of each cache below; one that is full is emptied: who makes them up by the thousand must not cost others theirs."""

_LONGEST: Final = 128
"""Characters of what is kept in the caches; longer names and statuses are checked each time."""

# PERF: an application uses few names and statuses. Pure functions of the key, so threads may race on them without harm.
_names: Final[dict[str, int]] = {}
KNOWN_STATUSES: Final[dict[str, tuple[str, int]]] = {}

WITHOUT_CONTENT: Final = frozenset({204, 205, 304})
"""Final statuses whose answer has no content on the wire, whatever the method."""


class Fields:
    """The field lines of one answer, checked, with what they say about framing taken out.

    `lines` are parts of text to be joined. Of several `Date` or `Server` fields the first stands (RFC 9110 §5.3).

    Raises:
        ValueError: an invalid name or value, or a field that is not an application's to set.
    """

    __slots__ = ("content_length", "has_date", "has_server", "lines", "says_close")

    def __init__(self, headers: HeaderList) -> None:
        self.content_length: int | None = None
        self.has_date = False
        self.has_server = False
        self.says_close = False
        lines: list[str] = []
        for name, value in headers:
            kind = _names.get(name)
            if kind is None:
                kind = check_name(name)
            # PERF: two C calls decide for nearly all values; the rest (tabs, obs-text, faults) pays for the expression.
            if not (value.isascii() and value.isprintable()) and _VALUE.fullmatch(value) is None:
                raise ValueError(f"invalid value of header field {name!r}: control character, or not latin-1")
            if kind == _PLAIN or self._take_special(kind, value):
                # SECURITY: not formatted: a str of a class of its own, an Enum, may print as what was not checked.
                lines += (name, ": ", value, "\r\n")
        self.lines = lines

    def _take_special(self, kind: int, value: str) -> bool:
        """Note a field that has to do with framing; return whether it is also sent as it is."""
        if kind == _DATE:
            is_first = not self.has_date
            self.has_date = True
            return is_first
        if kind == _SERVER:
            is_first = not self.has_server
            self.has_server = True
            return is_first
        if kind == _LENGTH:
            length = parse_length(value)
            if self.content_length is not None and self.content_length != length:
                raise ValueError("two Content-Length fields that differ")
            self.content_length = length
        elif kind == _CONNECTION:
            self.says_close = self.says_close or b"close" in split_list(value.encode("latin-1"))
        elif kind == _CODING:
            # SECURITY: the server frames; `chunked` is dropped as it is what it would do, any other coding would be a lie.
            if value.strip(" \t").lower() not in {"chunked", "identity"}:
                raise ValueError("Transfer-Encoding is the server's to set")
        elif kind == _FORBIDDEN:
            raise ValueError("hop-by-hop header fields are the server's to set (PEP 3333)")
        return False


def check_name(name: str) -> int:
    """Check a field name and return its kind.

    Raises:
        ValueError: not a token (RFC 9110 §5.1).
    """
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"invalid header field name {name!r}")
    kind = _KINDS.get(name.lower(), _PLAIN)
    _remember(_names, name, kind)
    return kind


def status_line(status: str) -> tuple[str, int]:
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
        known = ("".join(("HTTP/1.1 ", text, "\r\n")), int(status[:3]))  # noqa: FLY002 - not formatted, see `Fields`
        _remember(KNOWN_STATUSES, status, known)
    return known


def _remember(cache: dict[str, _T], key: str, value: _T) -> None:
    """Keep what was found out about a name or a status."""
    if len(key) <= _LONGEST:
        if len(cache) >= _CACHED:
            cache.clear()
        cache[key] = value


def parse_length(value: str) -> int:
    """Parse an application's Content-Length.

    Raises:
        ValueError: not decimal digits, or too many.
    """
    value = value.strip(" \t")
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise ValueError("invalid Content-Length")
    return int(value)
