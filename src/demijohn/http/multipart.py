"""Bodies of type `multipart/form-data` (RFC 7578) as parts while they arrive. What becomes of the parts is for `forms`.

The one file that imports the `multipart` package, whose push parser finds the boundaries; names of fields and files are read
here. Memory is bounded by one chunk and the limits below, whatever the body. One thread reads a body.
"""

import re
from collections.abc import Callable, Iterator
from typing import IO, Final

from multipart import MultipartError, ParserLimitReached, PushMultipartParser

from .errors import BadRequest, RequestEntityTooLarge
from .headers import Headers
from .options import parse_options_header

CHUNK_BYTES: Final = 65536
"""How much of a body is read at a time, and the most that one chunk of a part holds."""

MAX_HEADER_LINE_BYTES: Final = 8192
"""The longest header line of a part; above it 413 is raised."""

MAX_HEADER_LINES: Final = 16
"""The most header lines of a part; browsers send two. Above it 413 is raised."""

MAX_BOUNDARY_BYTES: Final = 256
"""RFC 2046 §5.1.1 allows 70; some clients do not count."""

_BOUNDARY: Final = re.compile(rb"[\x20-\x7e]{0,%d}[\x21-\x7e]" % (MAX_BOUNDARY_BYTES - 1))

# PERF: what every browser sends, unless a name needs quoting.
_DISPOSITION: Final = re.compile(r'form-data; ?name="([^"\\%]*)"(?:; ?filename="([^"\\%]*)")?')

_FORBIDDEN: Final = re.compile(rb"[\0\r\n]").search

# The charset of a text field; a client does not get to choose among Python's codecs.
_CHARSETS: Final = frozenset({"ascii", "us-ascii", "utf-8", "iso-8859-1"})


class MalformedForm(BadRequest, ValueError):
    """400: the body is not the form it is said to be; the description says why."""


class TruncatedForm(MalformedForm):
    """400: the body ends before the form does."""


class _Segment:
    """The head of a part: what the push parser keeps count in, and the names."""

    __slots__ = ("bytes_received", "complete", "filename", "headerlist", "name")

    def __init__(self, headerlist: list[tuple[str, str]]) -> None:
        self.headerlist = headerlist
        self.bytes_received = 0
        self.complete = False
        disposition = None
        for key, value in headerlist:
            if disposition is None and key == "Content-Disposition":
                disposition = value
        if disposition is None:
            raise MalformedForm("A part of the form has no Content-Disposition header.")
        self.name, self.filename = _parse_disposition(disposition)

    def get(self, key: str) -> str | None:
        """Return the value of a header line, whose name is given in title case."""
        for name, value in self.headerlist:
            if name == key:
                return value
        return None

    def charset(self) -> str:
        """Return what a text field is to be decoded from."""
        content_type = self.get("Content-Type")
        if content_type is not None:
            charset = parse_options_header(content_type)[1].get("charset", "").lower()
            if charset in _CHARSETS:
                return charset
        return "utf-8"


def _parse_disposition(value: str) -> tuple[str, str | None]:
    """Return name and filename. A part without a name has the empty one; only a file has a filename."""
    match = _DISPOSITION.fullmatch(value)
    if match is not None:
        return match[1], match[2]
    options = parse_options_header(value)[1]
    return options.get("name", ""), options.get("filename")


class _PushParser(PushMultipartParser):  # type: ignore[misc]  # the package is untyped
    """The push parser with our own idea of a part's head: any disposition, and names as Werkzeug reads them."""

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> _Segment:
        return _Segment(headerlist)

    def _on_segment_headerline(self, line: bytes) -> None:
        # SECURITY: lines are split at CRLF only; a bare CR or LF would split the field again elsewhere. And whether the push
        # parser itself objects to a bare LF depends on how the body is cut into chunks.
        if _FORBIDDEN(line):
            raise MalformedForm("A header of a part of the form contains a control character.")
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError as error:
                raise MalformedForm("A header of a part of the form is not UTF-8.") from error
        super()._on_segment_headerline(line)


Event = _Segment | bytes | None
"""A part begins, some of its content, a part ends."""


def iter_events(
    stream: IO[bytes], boundary: bytes | str, *, max_parts: int | None = None, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Event]:
    """Read a body and yield what it is made of, as far as it has arrived; reads to the end, so that a cut epilogue shows.

    An empty body has no parts.

    Raises:
        RequestEntityTooLarge: there are more than `max_parts` parts, or a part's head is too large.
        TruncatedForm: the body ends before its closing boundary.
        MalformedForm: anything else is wrong with it.
    """
    if isinstance(boundary, str):
        boundary = boundary.encode("utf-8", "surrogatepass")
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedForm("The boundary of the form is missing or not valid.")
    parser = _PushParser(
        boundary,
        max_header_size=MAX_HEADER_LINE_BYTES,
        max_header_count=MAX_HEADER_LINES,
        **({} if max_parts is None else {"max_segment_count": max_parts}),
    )
    read = stream.read
    dashes = b"--" + boundary
    # The first bytes of a part's content, as long as they may turn out to be a boundary.
    start: bytes | None = None
    data = _skip_preamble(read, dashes, chunk_bytes)
    if data is None:
        return
    try:
        while data:
            for event in parser.parse(data):
                if isinstance(event, _Segment):
                    start = b""
                elif start is not None and event is not None:
                    start += event
                    if start.startswith(dashes):
                        # RFC 2046 §5.1.1: a part without content, to some; to others a boundary is content.
                        raise MalformedForm("A part of the form has a head and no content.")
                    if not dashes.startswith(start):
                        start = None
                yield event
            data = read(chunk_bytes)
    except ParserLimitReached as error:
        raise RequestEntityTooLarge(f"{error.args[0]}.") from error
    except MultipartError as error:
        raise MalformedForm(f"{error.args[0]}.") from error
    try:
        parser.close()
    except MultipartError as error:
        raise TruncatedForm("The body ends before the form does.") from error


def _skip_preamble(read: Callable[[int], bytes], dashes: bytes, chunk_bytes: int) -> bytes | None:
    """Read up to the first boundary and return what was read from there on: `None` if the body is empty, `b""` without one.

    The push parser would do it, but judges what stands before a boundary by where a chunk happens to begin.

    Raises:
        MalformedForm: the first boundary does not begin a line.
    """
    data = read(chunk_bytes)
    if not data:
        return None
    if data.startswith(dashes):
        return data
    buffer = b"\r\n" + data
    while data:
        at = buffer.find(dashes)
        if at >= 0:
            if buffer[at - 2 : at] != b"\r\n":
                raise MalformedForm("The first boundary of the form does not begin a line.")
            return buffer[at:]
        data = read(chunk_bytes)
        # What may be the beginning of a boundary stays, with the line end before it.
        buffer = buffer[-1 - len(dashes) :] + data
    return b""


class Part:
    """A part of a form while it arrives. Its content can be read once, and only until the next part is asked for."""

    __slots__ = ("_events", "_segment", "filename", "headers", "name")

    name: str
    """The name of the field, as the client sent it; empty if it sent none."""

    filename: str | None
    """The name of a file as the client sent it; `None` if the part is no file. SECURITY: see `secure_filename`."""

    headers: Headers
    """The header fields of the part."""

    def __init__(self, segment: _Segment, events: Iterator[Event]) -> None:
        self._segment = segment
        self._events = events
        self.name = segment.name
        self.filename = segment.filename
        self.headers = Headers(segment.headerlist)

    @property
    def content_type(self) -> str | None:
        """The `Content-Type` of the part."""
        return self._segment.get("Content-Type")

    def iter_chunks(self) -> Iterator[bytes]:
        """Yield the content in the pieces in which it arrives, none of them empty or above `CHUNK_BYTES`.

        Raises:
            BadRequest: the body is cut short or malformed; see `iter_events`.
        """
        if not self._segment.complete:
            # The push parser marks the segment complete before it says that the part ended.
            for event in self._events:
                if event is None:
                    return
                yield event  # type: ignore[misc]  # between two ends of parts there are only bytes

    def read(self, limit: int) -> bytes:
        """Return the whole content, or what is left of it.

        Raises:
            RequestEntityTooLarge: it is longer than `limit` bytes.
        """
        parts = []
        for chunk in self.iter_chunks():
            limit -= len(chunk)
            if limit < 0:
                raise RequestEntityTooLarge(f"The form field {self.name!r} is too large.")
            parts.append(chunk)
        return b"".join(parts)

    def text(self, limit: int) -> str:
        """Return `read(limit)` as text; what is not valid in its charset becomes U+FFFD."""
        return self.read(limit).decode(self._segment.charset(), "replace")


def iter_parts(
    stream: IO[bytes], boundary: bytes | str, *, max_parts: int | None = None, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Part]:
    """Yield the parts of a form one after another, while they arrive, holding one chunk in memory.

    What is not read of a part is skipped when the next one is asked for. Errors as `iter_events`; a part is only known to be
    whole when its `iter_chunks` has ended without one.
    """
    events = iter_events(stream, boundary, max_parts=max_parts, chunk_bytes=chunk_bytes)
    for event in events:
        if isinstance(event, _Segment):
            part = Part(event, events)
            yield part
            for _ in part.iter_chunks():
                pass
