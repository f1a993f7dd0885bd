"""Syntax of a request head: request line and field lines as octets, RFC 9112 §2.2, §3, §5. No meaning, no framing.

Two readers of one grammar. `REQUEST_LINE` and `FIELD_LINES` take a head that arrived whole and is plain, in two calls of the
regular expression engine. `HeadScanner` takes the same head line by line, in pieces of any size, and alone decides what is
wrong with a bad one: whatever the expressions refuse goes through it. So a rejection does not depend on how bytes were split.

SECURITY: every repetition is possessive (`*+`, `++`) or ends at a byte outside its class, so no input makes an
expression look at a byte more than a few times.
"""

import re
from typing import Final

from demijohn.wire.limits import H1Limits
from demijohn.wire.reject import ProtocolReject

from .aliases import settle_underscores

Buffer = bytes | bytearray
Field = tuple[bytes, bytes]

TOKEN_BYTES: Final = rb"!#$%&'*+\-.^_`|~0-9A-Za-z"
"""RFC 9110 §5.6.2 `tchar`, as the inside of a character class."""

VALUE_BYTES: Final = rb"\t\x20-\x7e\x80-\xff"
"""RFC 9110 §5.5 field content: HTAB, SP, VCHAR, obs-text, as the inside of a character class."""

# PERF: only the forms that nearly all requests have: an origin-form target and HTTP/1. The rest goes through HeadScanner.
REQUEST_LINE: Final = re.compile(rb"([" + TOKEN_BYTES + rb"]++) (/[!\"$-~]*+) HTTP/1\.([0-9])\r\n")

# The second alternative takes the whole rest behind a line that is not plain; its groups are empty, which tells.
# A name with an underscore is not plain: see aliases.py.
FIELD_LINES: Final = re.compile(
    rb"([" + TOKEN_BYTES.replace(b"_", b"") + rb"]++):[ \t]*+([" + VALUE_BYTES + rb"]*+)(?<![ \t])\r\n|[\x00-\xff]+"
)

FIELD_LINE: Final = re.compile(rb"([" + TOKEN_BYTES + rb"]++):([" + VALUE_BYTES + rb"]*+)")
TOKEN: Final = re.compile(rb"[" + TOKEN_BYTES + rb"]++")
_TARGET: Final = re.compile(rb"[!-~]++")
_VERSION: Final = re.compile(rb"HTTP/([0-9])\.([0-9])")

_OWS: Final = b" \t"
"""RFC 9110 §5.6.3. SECURITY: never `bytes.strip()` without it, which also takes 0x0B and 0x0C."""


def parse_field_line(line: bytes) -> Field:
    """Parse one field line without its CRLF (RFC 9112 §5).

    Raises:
        ProtocolReject: 400.
    """
    match = FIELD_LINE.fullmatch(line)
    if match is not None:
        return match[1], match[2].strip(_OWS)
    raise ProtocolReject(400, *_explain_field(line))


def _explain_field(line: bytes) -> tuple[str, str]:
    """Say why `line` is no field line, most telling reason first: (reason, rule)."""
    if line[:1] in {b" ", b"\t"}:
        return "field lines must not be folded", "RFC 9112 §5.2"
    if b"\r" in line:
        return "CR without LF in a field line", "RFC 9112 §2.2"
    name, colon, _ = line.partition(b":")
    if not colon:
        return "field line without a colon", "RFC 9112 §5"
    if not name:
        return "field line without a name", "RFC 9112 §5"
    if name[-1:] in {b" ", b"\t"}:
        return "white space between field name and colon", "RFC 9112 §5.1"
    if TOKEN.fullmatch(name) is None:
        return "invalid character in a field name", "RFC 9110 §5.1"
    return "control character in a field value", "RFC 9110 §5.5"


def parse_request_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Parse a request line without its CRLF into method, target and minor version (RFC 9112 §3).

    Raises:
        ProtocolReject: 400, or 505 for a major version other than 1.
    """
    if b"\r" in line:
        raise ProtocolReject(400, "CR without LF in the request line", "RFC 9112 §2.2")
    if line.startswith(b"PROXY "):
        raise ProtocolReject(400, "a PROXY protocol header came where a request was expected", "RFC 9112 §3")
    parts = line.split(b" ")
    if len(parts) != 3:
        raise ProtocolReject(400, "the request line must be method, target and version", "RFC 9112 §3")
    method, target, version = parts
    if TOKEN.fullmatch(method) is None:
        raise ProtocolReject(400, "invalid character in the method", "RFC 9110 §9.1")
    if _TARGET.fullmatch(target) is None:
        raise ProtocolReject(400, "invalid character in the request target", "RFC 9112 §3.2")
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ProtocolReject(400, "invalid HTTP version", "RFC 9112 §2.3")
    if match[1] != b"1":
        if method == b"PRI":
            raise ProtocolReject(505, "an HTTP/2 preface came on an HTTP/1.1 connection", "RFC 9113 §3.4")
        raise ProtocolReject(505, "only HTTP/1.1 and HTTP/1.0 are served here", "RFC 9110 §15.6.6")
    return method, target, match[2]


class HeadScanner:
    """Reads one head line by line. `advance` may be called after each arrival; no byte is searched twice.

    Offsets are relative to the head's first byte, so the owner may drop what lies before it in the buffer.
    Order of checks, which makes the outcome the same for every split: the first byte, then line by line, and in each line
    its limit before its content. What needs the whole head (Host, framing) is not checked here.
    """

    __slots__ = (
        "_empty_lines",
        "_fields_at",
        "_has_underscores",
        "_limits",
        "_line_at",
        "_searched",
        "fields",
        "method",
        "minor",
        "target",
    )

    def __init__(self, limits: H1Limits) -> None:
        self._limits = limits
        self._line_at = 0  # where the line being read begins
        self._searched = 0  # no LF between _line_at and here
        self._fields_at = -1  # where the field section begins; -1: the request line is not read yet
        self._empty_lines = 0
        self._has_underscores = False  # in some field's name
        self.method = self.target = self.minor = b""
        self.fields: list[Field] = []

    @property
    def is_blank(self) -> bool:
        """Nothing but empty lines has come; the end of input now is no broken request."""
        return self._fields_at < 0 and self._searched == self._line_at

    def advance(self, buffer: Buffer, at: int) -> int:
        """Read on in a buffer whose head begins at `at`; return the offset behind the head, or -1 while it is incomplete.

        Raises:
            ProtocolReject: 400, 414, 431 or 505.
        """
        size = len(buffer) - at
        while True:
            if self._fields_at < 0 and self._line_at < size:
                _check_first_byte(buffer[at + self._line_at])
            lf = buffer.find(b"\n", at + self._searched) - at
            if lf < 0:  # find() gave -1 and at >= 0
                self._searched = size
                # One byte less than is certain: a CR at the end may belong to the empty line, which no limit counts.
                self._check_size(size - 3, is_empty=False)
                return -1
            line_at = self._line_at
            is_empty = lf - line_at == 1 and buffer[at + line_at] == 0x0D
            self._check_size(lf - 1, is_empty=is_empty)
            if lf == line_at or buffer[at + lf - 1] != 0x0D:
                raise ProtocolReject(400, "LF without CR", "RFC 9112 §2.2")
            self._line_at = self._searched = lf + 1
            if self._fields_at >= 0:
                if is_empty:
                    if self._has_underscores:
                        self.fields = settle_underscores(self.fields, self._limits.underscore_headers)
                    return at + lf + 1
                self._take_field(bytes(buffer[at + line_at : at + lf - 1]))
            elif is_empty:
                self._take_empty_line()
            else:
                line = bytes(buffer[at + line_at : at + lf - 1])
                self.method, self.target, self.minor = parse_request_line(line)
                self._fields_at = lf + 1

    def _check_size(self, last: int, *, is_empty: bool) -> None:
        """Compare the line being read with the limits, if its CRLF begins at offset `last` or later."""
        limits = self._limits
        if self._fields_at < 0:
            if last - self._line_at > limits.request_line:
                raise ProtocolReject(414, "the request line is too long", "RFC 9112 §3")
        elif not is_empty and last + 2 - self._fields_at > limits.head_bytes:
            raise ProtocolReject(431, "the header fields are too large", "RFC 6585 §5")

    def _take_field(self, line: bytes) -> None:
        if len(self.fields) >= self._limits.field_count:
            raise ProtocolReject(431, "too many header fields", "RFC 6585 §5")
        field = parse_field_line(line)
        if b"_" in field[0]:
            self._has_underscores = True
        self.fields.append(field)

    def _take_empty_line(self) -> None:
        self._empty_lines += 1
        if self._empty_lines > self._limits.leading_empty_lines:
            reason = "too many empty lines before the request line, or a PROXY protocol header"
            raise ProtocolReject(400, reason, "RFC 9112 §2.2")


def _check_first_byte(byte: int) -> None:
    """Tell other protocols by their first byte, before a line end that may never come is waited for.

    Raises:
        ProtocolReject: 400.
    """
    if byte == 0x16:
        raise ProtocolReject(400, "a TLS handshake came on a plain HTTP connection", "RFC 9112 §3")
    if byte not in _FIRST_BYTES:
        raise ProtocolReject(400, "a request must begin with its method", "RFC 9112 §3")


_FIRST_BYTES: Final = frozenset(byte for byte in range(256) if TOKEN.match(bytes([byte]))) | {0x0D, 0x0A}
