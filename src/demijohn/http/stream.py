"""Bodies of WSGI requests as streams that end where the body ends: `LimitedStream`, `get_input_stream`, `get_content_length`.

For `wsgi.input` of other servers; a body of our own server ends by itself and needs none of this. One thread reads a stream.
"""

import io
from typing import IO, Any, cast

from .errors import ClientDisconnected, RequestEntityTooLarge

_CHUNK_BYTES = 65536


class LimitedStream(io.RawIOBase):
    """Reads at most `limit` bytes of another stream, and never asks it for more, since it may block then.

    The limit is the announced length: a stream that ends before it was cut short, and `on_disconnect` is called. With `is_max`
    the limit is the most that is acceptable: ending before it is fine, a byte beyond it calls `on_exhausted`; then the other
    stream must end by itself, since one more byte is asked for to find out.
    """

    def __init__(self, stream: IO[bytes], limit: int, is_max: bool = False) -> None:
        self._stream = stream
        self._position = 0
        self.limit = limit
        self._limit_is_max = is_max

    @property
    def is_exhausted(self) -> bool:
        """Whether `limit` bytes were read."""
        return self._position >= self.limit

    def on_exhausted(self) -> None:
        """React to a read at the limit: by default nothing, or 413 if the limit is a maximum and the stream goes on.

        Raises:
            RequestEntityTooLarge: there is more than the maximum.
        """
        if self._limit_is_max:
            raise RequestEntityTooLarge

    def on_disconnect(self, error: Exception | None = None) -> None:
        """React to a stream that broke with `error`, or ended before its announced length.

        Raises:
            ClientDisconnected: always, unless overridden.
        """
        raise ClientDisconnected from error

    def readable(self) -> bool:
        """Return `True`."""
        return True

    def tell(self) -> int:
        """Return the number of bytes read so far."""
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes, all that is left if negative or `None`; `b""` at the limit.

        Raises:
            RequestEntityTooLarge: the limit is a maximum, and there is more.
            ClientDisconnected: the stream ended early, or broke.
        """
        if size is None or size < 0:
            return self.readall()
        if size == 0:
            return b""
        left = self.limit - self._position
        return self._take(self._stream.read, min(size, left)) if left > 0 else self._read_at_limit()

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return bytes up to and with the next LF, at most `size` if not negative."""
        if size == 0:
            return b""
        left = self.limit - self._position
        if left <= 0:
            return self._read_at_limit()
        return self._take(self._stream.readline, left if size is None or size < 0 else min(size, left))

    def readinto(self, b: Any) -> int:  # Any: a writable buffer; the type has no public name in 3.11
        """Read up to `len(b)` bytes into `b` and return their number."""
        data = self.read(len(b))
        b[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """Return all that is left."""
        parts: list[bytes] = []
        # At an announced length that is reached nobody asks again: `on_exhausted` may raise.
        while (not parts or self._limit_is_max or not self.is_exhausted) and (data := self.read(_CHUNK_BYTES)):
            parts.append(data)
        return b"".join(parts)

    def exhaust(self) -> None:
        """Read what is left and drop it."""
        while self.read(_CHUNK_BYTES):
            pass

    def _take(self, read: Any, size: int) -> bytes:  # Any: `read` or `readline` of whatever the server gave
        try:
            data: bytes = read(size)
        except (OSError, ValueError) as error:
            self.on_disconnect(error)
            return b""
        if not data and not self._limit_is_max:
            self.on_disconnect()
            return b""
        self._position += len(data)
        return data

    def _read_at_limit(self) -> bytes:
        if not self._limit_is_max or self._stream.read(1):
            self.on_exhausted()
        return b""


def limit_stream(stream: IO[bytes], limit: int, is_max: bool = False) -> IO[bytes]:
    """Return a `LimitedStream` as the type that readers ask for, which no class of `io` declares to be."""
    return cast("IO[bytes]", LimitedStream(stream, limit, is_max))


def get_content_length(environ: dict[str, Any]) -> int | None:
    """Return the length of the body by its header fields; `None` if it is not known, 0 if the field is not a number.

    A chunked body has no known length, whatever `CONTENT_LENGTH` says (RFC 9112 §6.3).
    """
    return parse_content_length(environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"))


def parse_content_length(content_length: str | None, transfer_encoding: str | None = None) -> int | None:
    """Return the length by the two field values; see `get_content_length`."""
    if transfer_encoding is not None and "chunked" in transfer_encoding.lower():
        return None
    if content_length is None:
        return None
    digits = content_length.strip(" \t")
    # SECURITY: ASCII digits only, and few enough that `int` neither raises nor takes long.
    if not digits.isascii() or not digits.isdigit() or len(digits) > 20:
        return 0
    return int(digits)


def get_input_stream(
    environ: dict[str, Any], safe_fallback: bool = True, max_content_length: int | None = None
) -> IO[bytes]:
    """Return `wsgi.input` so that it ends where the body ends.

    A stream that the server terminates (`wsgi.input_terminated`) is returned as it is, or limited by `max_content_length`.
    Any other ends after `CONTENT_LENGTH` bytes; without one it is empty, or, without `safe_fallback`, as it is: reading that
    may never end.

    Raises:
        RequestEntityTooLarge: the announced length is above `max_content_length`.
    """
    stream: IO[bytes] = environ["wsgi.input"]
    content_length = get_content_length(environ)
    if content_length is not None and max_content_length is not None and content_length > max_content_length:
        raise RequestEntityTooLarge
    if environ.get("wsgi.input_terminated"):
        if max_content_length is None:
            return stream
        return limit_stream(stream, max_content_length, is_max=True)
    if content_length is None:
        return io.BytesIO() if safe_fallback else stream
    return limit_stream(stream, content_length)
