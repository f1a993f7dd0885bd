"""Multipart bodies as a machine without I/O: bytes in, events out, and back. COMPAT: `werkzeug.sansio.multipart`.

For programs that drive the parsing themselves. Requests are parsed by multipart.py, which is faster, and stricter about what
stands around boundaries. One thread drives a machine. Time is linear in the input.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, cast

from .errors import RequestEntityTooLarge
from .headers import Headers
from .options import parse_options_header

SEARCH_EXTRA_LENGTH: Final = 8
"""What may stand between a boundary and the end of its line is looked for this far."""

MAX_HEAD_BYTES: Final = 64 * 1024
"""The longest head of a part; above it 413 is raised."""


class Event:
    """Something that was found."""


@dataclass(frozen=True)
class Preamble(Event):
    """What stands before the first boundary."""

    data: bytes


@dataclass(frozen=True)
class Field(Event):
    """A part begins that is no file."""

    name: str
    headers: Headers


@dataclass(frozen=True)
class File(Event):
    """A part begins that is a file."""

    name: str
    filename: str
    headers: Headers


@dataclass(frozen=True)
class Data(Event):
    """Some of a part's content; with `more_data` there is more to come."""

    data: bytes
    more_data: bool


@dataclass(frozen=True)
class Epilogue(Event):
    """What stands after the last boundary; the end."""

    data: bytes


class NeedData(Event):
    """Nothing is to be said before more is received."""


NEED_DATA: Final = NeedData()


class State(Enum):
    """What comes next."""

    PREAMBLE = auto()
    PART = auto()
    DATA = auto()
    DATA_START = auto()
    EPILOGUE = auto()
    COMPLETE = auto()


class MultipartDecoder:
    """Turns a body into events: `receive_data(data)`, at the end `receive_data(None)`, then `next_event()` each time.

    Args:
        boundary: as the Content-Type says it.
        max_form_memory_size: the most bytes that are kept waiting for a boundary; above it 413 is raised.
        max_parts: the most parts; above it 413 is raised.
    """

    def __init__(
        self, boundary: bytes, max_form_memory_size: int | None = None, *, max_parts: int | None = None
    ) -> None:
        self.boundary = boundary
        self.max_form_memory_size = max_form_memory_size
        self.max_parts = max_parts
        self.buffer = bytearray()
        self.complete = False
        self.state = State.PREAMBLE
        self._delimiter = b"\r\n--" + boundary
        # Behind a boundary: two dashes at the end of all, else white space and the end of the line.
        self._found = re.compile(rb"(?:\A|\r\n)--%s(?:(--)|[^\S\n\r]*\r\n)" % re.escape(boundary))
        self._inner = re.compile(rb"\r\n--%s(?:(--)|[^\S\n\r]*\r\n)" % re.escape(boundary))
        self._searched = 0
        self._parts = 0

    def receive_data(self, data: bytes | None) -> None:
        """Take what has arrived; `None` is the end.

        Raises:
            RequestEntityTooLarge: too much has to be kept.
        """
        if data is None:
            self.complete = True
            return
        if self.max_form_memory_size is not None and len(self.buffer) + len(data) > self.max_form_memory_size:
            raise RequestEntityTooLarge
        self.buffer += data

    def next_event(self) -> Event:
        """Return what was found next.

        Raises:
            ValueError: the body ends before it is complete, or a part has no Content-Disposition.
            RequestEntityTooLarge: there are too many parts, or the head of one is too large.
        """
        event: Event = NEED_DATA
        if self.state is State.PREAMBLE:
            event = self._next_preamble()
        elif self.state is State.PART:
            event = self._next_head()
        elif self.state in {State.DATA_START, State.DATA}:
            event = self._next_data()
        elif self.state is State.EPILOGUE and self.complete:
            # The rest of the last boundary's line belongs to that.
            event = Epilogue(re.sub(rb"\A[^\S\n\r]*\r\n", b"", bytes(self.buffer)))
            self.buffer.clear()
            self.state = State.COMPLETE
        if self.complete and event is NEED_DATA:
            raise ValueError(f"Invalid form-data: it ends in the state {self.state.name}.")
        return event

    def _next_preamble(self) -> Event:
        match = self._found.search(self.buffer, self._searched)
        if match is None:
            self._searched = max(0, len(self.buffer) - len(self._delimiter) - SEARCH_EXTRA_LENGTH)
            return NEED_DATA
        event = Preamble(bytes(self.buffer[: match.start()]))
        self._pass(match)
        return event

    def _next_head(self) -> Event:
        if self.buffer.startswith(b"\r\n"):
            end, length = 0, 2
        else:
            end, length = self.buffer.find(b"\r\n\r\n", self._searched), 4
        if end < 0:
            if len(self.buffer) > MAX_HEAD_BYTES:
                raise RequestEntityTooLarge
            self._searched = max(0, len(self.buffer) - 3)
            return NEED_DATA
        headers = _parse_head(bytes(self.buffer[:end]))
        disposition = headers.get("content-disposition")
        if disposition is None:
            raise ValueError("A part has no Content-Disposition header.")
        # The content may be empty: then its line end is the boundary's.
        del self.buffer[: end + length - 2 if length == 4 else 0]
        self._searched = 0
        self._parts += 1
        if self.max_parts is not None and self._parts > self.max_parts:
            raise RequestEntityTooLarge
        self.state = State.DATA_START
        options = parse_options_header(disposition)[1]
        name = cast("str", options.get("name"))
        filename = options.get("filename")
        return Field(name, headers) if filename is None else File(name, filename, headers)

    def _next_data(self) -> Event:
        # The line end of the head stays in front until the content shows, for a boundary may follow at once.
        skip = 2 if self.state is State.DATA_START else 0
        match = self._inner.search(self.buffer, self._searched)
        if match is not None:
            data = bytes(self.buffer[skip : match.start()])
            self._pass(match)
            return Data(data, more_data=False)
        end = self._end_of_certain(skip)
        self._searched = 0
        if end <= skip:
            return NEED_DATA
        data = bytes(self.buffer[skip:end])
        del self.buffer[:end]
        self.state = State.DATA
        return Data(data, more_data=True)

    def _end_of_certain(self, skip: int) -> int:
        """Return how far the buffer is content, whatever follows."""
        buffer = self.buffer
        at = buffer.rfind(self._delimiter, max(0, len(buffer) - 2 * len(self._delimiter) - SEARCH_EXTRA_LENGTH))
        if at >= 0:
            return at
        for mark in (b"\r\n", b"\r"):
            at = buffer.rfind(mark, skip)
            # A boundary cannot have begun further back.
            if at >= 0 and len(buffer) - at <= len(self._delimiter) and (mark == b"\r\n" or at == len(buffer) - 1):
                return at
        return len(buffer)

    def _pass(self, match: re.Match[bytes]) -> None:
        self.state = State.EPILOGUE if match[1] else State.PART
        del self.buffer[: match.end()]
        self._searched = 0


class MultipartEncoder:
    """Turns events into the bytes of a body; they come in the order in which a decoder gives them."""

    def __init__(self, boundary: bytes) -> None:
        self.boundary = boundary
        self.state = State.PREAMBLE

    def send_event(self, event: Event) -> bytes:
        """Return the bytes of an event.

        Raises:
            ValueError: it cannot come now.
        """
        if isinstance(event, Preamble) and self.state is State.PREAMBLE:
            self.state = State.PART
            return event.data
        if isinstance(event, Field | File) and self.state in {State.PREAMBLE, State.PART, State.DATA}:
            is_first = self.state is State.PREAMBLE
            self.state = State.DATA_START
            lines = [f'Content-Disposition: form-data; name="{event.name}"']
            if isinstance(event, File):
                lines[0] += f'; filename="{event.filename}"'
            lines += [f"{key}: {value}" for key, value in event.headers if key.lower() != "content-disposition"]
            head = "".join(f"{line}\r\n" for line in lines).encode()
            return (b"" if is_first else b"\r\n") + b"--" + self.boundary + b"\r\n" + head
        if isinstance(event, Data) and self.state in {State.DATA_START, State.DATA}:
            if self.state is State.DATA_START and not event.data and event.more_data:
                return b""
            start = b"\r\n" if self.state is State.DATA_START and event.data else b""
            self.state = State.DATA
            return start + event.data
        if isinstance(event, Epilogue):
            self.state = State.COMPLETE
            return b"\r\n--" + self.boundary + b"--\r\n" + event.data
        raise ValueError(f"A {type(event).__name__} cannot come in the state {self.state.name}.")


def _parse_head(head: bytes) -> Headers:
    headers = Headers()
    # A line that begins with white space goes on with the one before.
    for line in re.sub(rb"\r\n[ \t]", b" ", head).split(b"\r\n"):
        if line:
            name, _, value = line.decode("utf-8", "replace").partition(":")
            headers.add(name.strip(), value.strip())
    return headers
