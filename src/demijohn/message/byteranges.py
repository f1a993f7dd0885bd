"""`ByteRanges`: several parts of a file as one body, `multipart/byteranges` (RFC 9110 §14.6).

It is pulled, a block at a time: a server reads as fast as the client does, and holds no thread meanwhile.
"""

import secrets
from collections.abc import Iterator, Sequence
from typing import Final

from .wsgi import FileWrapper

_BLOCK_BYTES: Final = 64 << 10


class ByteRanges:
    """The parts of a file, each behind lines that say which it is. Iterate once; `close()` closes the file.

    Args:
        source: the file; it can seek.
        parts: (start, exclusive stop) of each.
        length: of the whole file.
        part_type: Content-Type of the file; `None` for none.
    """

    def __init__(
        self, source: FileWrapper, parts: Sequence[tuple[int, int]], length: int, part_type: str | None
    ) -> None:
        self._source = source
        # SECURITY: drawn at random, so that no file can have been made to contain it.
        boundary = secrets.token_hex(16)
        described = "" if part_type is None else f"Content-Type: {part_type}\r\n"
        self._pieces = [
            (
                f"\r\n--{boundary}\r\n{described}Content-Range: bytes {start}-{stop - 1}/{length}\r\n\r\n".encode(
                    "latin-1"
                ),
                start,
                stop,
            )
            for start, stop in parts
        ]
        self._end = f"\r\n--{boundary}--\r\n".encode("ascii")
        self.content_type = f"multipart/byteranges; boundary={boundary}"
        """Content-Type of the answer."""
        self.content_length = sum(len(lines) + stop - start for lines, start, stop in self._pieces) + len(self._end)
        """Bytes of all of it."""
        self._blocks = self._read()

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def _read(self) -> Iterator[bytes]:
        file = self._source.file
        for lines, start, stop in self._pieces:
            head = lines
            file.seek(start)
            left = stop - start
            while left:
                data = file.read(min(left, _BLOCK_BYTES))
                if not data:
                    raise EOFError(f"{getattr(file, 'name', file)} ended {left} bytes before the end of a range")
                left -= len(data)
                yield head + data
                head = b""
        yield self._end

    def close(self) -> None:
        """Close the file."""
        self._source.close()
