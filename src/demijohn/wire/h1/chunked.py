"""`ChunkedDecoder`: the chunked transfer coding of a request, RFC 9112 §7.1, with its trailer section.

Works on the connection's buffer by offset; keeps no bytes. Extensions are checked and dropped.
"""

import re
from enum import Enum
from typing import Final

from demijohn.wire.limits import H1Limits
from demijohn.wire.reject import ProtocolReject

from .scan import TOKEN_BYTES, Buffer, Field, parse_field_line

# 15 digits stay below 2**60, so that no consumer's integer wraps.
_PLAIN_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15}+)\r\n")
_SIZE_LINE: Final = re.compile(
    rb"([0-9A-Fa-f]{1,15}+)"
    rb"((?:[ \t]*+;[ \t]*+[" + TOKEN_BYTES + rb"]++"
    rb"(?:[ \t]*+=[ \t]*+(?:[" + TOKEN_BYTES + rb"]++"
    rb'|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"))?+)*+)'
)

FORBIDDEN_TRAILERS: Final = frozenset(
    b"age authorization cache-control connection content-encoding content-length content-range content-type cookie date"
    b" expect expires forwarded host if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive"
    b" location max-forwards pragma proxy-authenticate proxy-authorization proxy-connection range retry-after set-cookie te"
    b" trailer transfer-encoding upgrade vary warning www-authenticate x-forwarded-for x-forwarded-host"
    b" x-forwarded-proto".split()
)
"""RFC 9110 §6.5.1: framing, routing, request modifiers, authentication, response control, content format."""


class _Stage(Enum):
    SIZE = "size line"
    DATA = "chunk data"
    DATA_END = "CRLF behind the data"
    TRAILERS = "trailer section"
    DONE = "done"


_SIZE = _Stage.SIZE
_DATA = _Stage.DATA
_DATA_END = _Stage.DATA_END
_TRAILERS = _Stage.TRAILERS
_DONE = _Stage.DONE

_NO_LIMIT: Final = 1 << 62
"""More than a size line can say. Beyond it, a chunk goes the long way, which knows that there is no limit."""


class ChunkedDecoder:
    """Decodes one body. `decode` is called with what has arrived until `is_done`."""

    __slots__ = ("_error", "_extension_bytes", "_left", "_limits", "_stage", "_trailer_bytes", "body_bytes", "trailers")

    def __init__(self, limits: H1Limits) -> None:
        self._limits = limits
        self._stage = _SIZE
        self._left = 0  # bytes of the current chunk still to come
        self._extension_bytes = 0
        self._trailer_bytes = 0
        self._error: ProtocolReject | None = None  # met behind good data, raised once that was handed over
        self.body_bytes = 0
        """Content announced by size lines so far."""
        self.trailers: list[Field] = []
        """Field lines behind the last chunk, in order. Kept apart from the head's: they never join them."""

    @property
    def is_done(self) -> bool:
        """The last chunk and the trailers were read."""
        return self._stage is _DONE

    def decode(self, buffer: Buffer, at: int) -> tuple[bytes, int]:
        """Decode from offset `at`; return the content found and the offset of the first byte not consumed.

        All complete chunks in the buffer come out joined, so tiny chunks cost no event each.

        Raises:
            ProtocolReject: 400, 413 or 431; content before the fault was returned by an earlier call.
        """
        if self._error is not None:
            raise self._error
        parts: list[bytes] = []
        try:
            at = self._decode_into(parts, buffer, at)
        except ProtocolReject as error:
            if not parts:
                raise
            self._error = error
            at = len(buffer)
        if len(parts) == 1:
            return parts[0], at
        return b"".join(parts), at

    def _decode_into(self, parts: list[bytes], buffer: Buffer, at: int) -> int:
        end = len(buffer)
        limit = self._limits.body_bytes
        most = _NO_LIMIT if limit is None else limit
        while True:
            stage = self._stage
            if stage is _SIZE:
                match = _PLAIN_SIZE.match(buffer, at)
                if match is not None:
                    at = match.end()
                    size = int(match[1], 16)
                    behind = at + size
                    if size and buffer[behind : behind + 2] == b"\r\n" and self.body_bytes + size <= most:
                        # PERF: nearly every chunk, and all of those that a hostile client makes tiny, has come whole.
                        self.body_bytes += size
                        parts.append(bytes(buffer[at:behind]))
                        at = behind + 2
                    else:
                        self._begin_chunk(size)
                else:
                    line_end = self._find_line_end(buffer, at)
                    if line_end < 0:
                        return at
                    self._read_size_line(bytes(buffer[at : line_end - 2]))
                    at = line_end
            elif stage is _DATA:
                part = bytes(buffer[at : at + self._left])
                if part:
                    parts.append(part)
                    at += len(part)
                    self._left -= len(part)
                if self._left:
                    return at
                self._stage = _DATA_END
            elif stage is _DATA_END:
                terminator = buffer[at : at + 2]
                if terminator != b"\r\n":
                    if at == end or terminator == b"\r":
                        return at
                    raise ProtocolReject(400, "chunk data must be followed by CRLF", "RFC 9112 §7.1")
                at += 2
                self._stage = _SIZE
            elif stage is _TRAILERS:
                line_end = self._find_trailer_end(buffer, at)
                if line_end < 0:
                    return at
                self._read_trailer(bytes(buffer[at : line_end - 2]))
                at = line_end
            else:
                return at

    def _find_line_end(self, buffer: Buffer, at: int) -> int:
        """Return the offset behind the CRLF of the size line at `at`, -1 if it has not come.

        What was searched before is searched again, but never more than one line's limit.
        """
        limit = self._limits.chunk_line
        lf = buffer.find(b"\n", at, at + limit + 2)
        if lf < 0:
            if len(buffer) - at > limit + 1:
                raise ProtocolReject(400, "the chunk size line is too long", "RFC 9112 §7.1.1")
            return -1
        if lf == at or buffer[lf - 1] != 0x0D:
            raise ProtocolReject(400, "LF without CR in a chunk size line", "RFC 9112 §2.2")
        return lf + 1

    def _read_size_line(self, line: bytes) -> None:
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise ProtocolReject(400, "invalid chunk size or chunk extension", "RFC 9112 §7.1")
        self._extension_bytes += len(match[2])
        if self._extension_bytes > self._limits.extension_bytes_total:
            raise ProtocolReject(400, "too many chunk extensions", "RFC 9112 §7.1.1")
        self._begin_chunk(int(match[1], 16))

    def _begin_chunk(self, size: int) -> None:
        if size == 0:
            self._stage = _TRAILERS
            return
        self.body_bytes += size
        limit = self._limits.body_bytes
        if limit is not None and self.body_bytes > limit:
            raise ProtocolReject(413, "the content is too large", "RFC 9110 §15.5.14")
        self._left = size
        self._stage = _DATA

    def _find_trailer_end(self, buffer: Buffer, at: int) -> int:
        """Return the offset behind the CRLF of the trailer line at `at`, -1 if it has not come."""
        room = self._limits.trailer_bytes - self._trailer_bytes
        lf = buffer.find(b"\n", at, at + max(room, 2))
        if lf < 0:
            if len(buffer) - at >= max(room, 2):
                raise ProtocolReject(431, "the trailer fields are too large", "RFC 6585 §5")
            return -1
        if lf == at or buffer[lf - 1] != 0x0D:
            raise ProtocolReject(400, "LF without CR in a trailer line", "RFC 9112 §2.2")
        return lf + 1

    def _read_trailer(self, line: bytes) -> None:
        if not line:
            self._stage = _DONE
            return
        self._trailer_bytes += len(line) + 2
        if len(self.trailers) >= self._limits.trailer_count:
            raise ProtocolReject(431, "too many trailer fields", "RFC 6585 §5")
        field = parse_field_line(line)
        if field[0].lower() in FORBIDDEN_TRAILERS:
            raise ProtocolReject(400, "a field that must not be sent as a trailer", "RFC 9110 §6.5.1")
        self.trailers.append(field)
