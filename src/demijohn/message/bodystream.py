"""`BodyStream`: a request's body as a standard binary file, with HTTP errors in place of the seam's.

Read by the thread that runs the handler.
"""

from typing import Any, NoReturn, Self

from demijohn.http.errors import ClientDisconnected, RequestEntityTooLarge, RequestTimeout
from demijohn.http.stream import LimitedStream
from demijohn.seam import BodyError, BodySource, BodyTimeout, BodyTooLarge


class BodyStream(LimitedStream):
    """A readable, unseekable file over a `BodySource`. COMPAT: it passes for a `LimitedStream`; the rest is its own.

    Raises:
        demijohn.http.errors.ClientDisconnected: the body broke off before its end (400).
        demijohn.http.errors.RequestTimeout: it comes too slowly (408).
        demijohn.http.errors.RequestEntityTooLarge: there is a byte beyond `limit`, or beyond the server's own (413).
    """

    def __init__(self, body: BodySource, limit: int | None = None) -> None:  # no call of the base: PERF
        self._body = body
        self._limit = limit
        self._position = 0

    @property
    def limit(self) -> int | None:  # type: ignore[override]  # there is always one there
        """The most bytes that may be read; `None` for no limit."""
        return self._limit

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing is left, as far as that is known."""
        return self._body.remaining == 0

    def readable(self) -> bool:
        """Return `True`."""
        return True

    def tell(self) -> int:
        """Return the number of bytes read so far."""
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes, all that is left if negative or `None`; `b""` at the end."""
        if size is None:
            size = -1
        if self._limit is None:
            try:
                data = self._body.read(size)
            except (BodyError, OSError) as error:
                _raise_http(error)
            self._position += len(data)
            return data
        # One byte more than allowed is asked for, so that a body of exactly `limit` bytes passes.
        allowed = self._limit - self._position + 1
        if size < 0:
            return self._read_up_to(allowed)
        return self._read_some(min(size, allowed))

    def _read_some(self, size: int) -> bytes:
        try:
            data = self._body.read(size)
        except (BodyError, OSError) as error:
            _raise_http(error)
        return self._count(data)

    def _read_up_to(self, size: int) -> bytes:
        parts = []
        while size > 0:
            data = self._read_some(min(size, 65536))
            if not data:
                break
            size -= len(data)
            parts.append(data)
        return b"".join(parts)

    def readall(self) -> bytes:
        """Return all that is left."""
        return self.read()

    def readinto(self, buffer: Any, /) -> int:  # Any: a writable buffer; the type has no public name in 3.11
        """Read up to `len(buffer)` bytes into `buffer` and return their number."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return bytes up to and with the next LF, at most `size` if not negative."""
        wanted = -1 if size is None else size
        if self._limit is not None:
            allowed = self._limit - self._position + 1
            wanted = allowed if wanted < 0 else min(wanted, allowed)
        try:
            line = self._body.readline(wanted)
        except (BodyError, OSError) as error:
            _raise_http(error)
        return self._count(line)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def exhaust(self) -> bytes:  # type: ignore[override]  # more than there
        """Read and return what is left."""
        return self.read()

    def _count(self, data: bytes) -> bytes:
        self._position += len(data)
        if self._limit is not None and self._position > self._limit:
            raise RequestEntityTooLarge
        return data


def _raise_http(error: Exception) -> NoReturn:
    if isinstance(error, BodyTooLarge):
        raise RequestEntityTooLarge from error
    if isinstance(error, BodyTimeout):
        raise RequestTimeout from error
    raise ClientDisconnected from error
