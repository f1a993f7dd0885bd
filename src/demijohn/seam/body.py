"""`BodySource`: a request's body as the application reads it; an object that also serves as `wsgi.input`.

Errors that the connection meets while the body arrives are raised here, in the application that reads it.
One thread reads a body: the one that runs the handler.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol


class BodyError(Exception):
    """The body cannot be read to its end; the connection will be closed after the answer."""

    status = "400 Bad Request"
    """What the server answers if a handler lets it escape."""


class ClientDisconnected(BodyError):
    """The client went away before it had sent the whole body. An incomplete body is never handed over as complete."""


class BodyTooLarge(BodyError):
    """The body is longer than the limit that was set for it (413)."""

    status = "413 Content Too Large"


class BodyTimeout(BodyError):
    """The client took too long to send the body (408)."""

    status = "408 Request Timeout"


class BodySource(Protocol):
    """A readable, iterable body; `read(-1)` reads to its end. `b""` is only ever returned at the end."""

    @property
    def remaining(self) -> int | None:
        """Bytes not yet read; `None` where a chunked body's length is not known yet."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, all that is left if negative; `b""` at the end.

        Raises:
            BodyError: the rest cannot be had.
        """

    def readline(self, size: int = -1, /) -> bytes:
        """Return bytes up to and with the next LF, at most `size` if not negative."""

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """Return the rest as lines; stop early once `hint` bytes are read, if positive."""

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the rest, line by line (as PEP 3333 has it)."""

    def close(self) -> None:
        """Let go of memory and files. Called by the server when the exchange ends."""


class BufferedBody:
    """A body that has arrived whole: in memory, or spooled to a file by the server."""

    __slots__ = ("_file", "_length", "read", "readline", "readlines")

    def __init__(self, data: bytes | BinaryIO, length: int | None = None) -> None:
        """Wrap bytes, or a file positioned at the body's first byte together with its `length`."""
        if isinstance(data, bytes):
            self._file: BinaryIO = io.BytesIO(data)
            self._length = len(data)
        else:
            self._file = data
            self._length = length if length is not None else _file_size(data)
        # PERF: the file's own methods; reading a form is no detour through ours.
        self.read = self._file.read
        self.readline = self._file.readline
        self.readlines = self._file.readlines

    @property
    def remaining(self) -> int:
        """Bytes not yet read."""
        return max(0, self._length - self._file.tell())

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._file)

    def close(self) -> None:
        """Close the file behind the body."""
        self._file.close()


class _EmptyBody:
    """The body of a request without one. Stateless, therefore shared by all of them."""

    __slots__ = ()

    remaining = 0

    def read(self, size: int = -1, /) -> bytes:
        return b""

    def readline(self, size: int = -1, /) -> bytes:
        return b""

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        return []

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        pass


EMPTY_BODY: Final[BodySource] = _EmptyBody()


def _file_size(file: BinaryIO) -> int:
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end
