"""Finding the part of a real file behind a response's body, so that the server can send it without reading it."""

import io
import os
import stat
from collections.abc import Callable, Iterable
from typing import BinaryIO

from demijohn.seam import FileSegment

from .wsgi import FileWrapper, RangeWrapper


def find_segment(body: Iterable[object], content_length: str | None) -> FileSegment | None:
    """Return the segment that a `FileWrapper`, or a `RangeWrapper` over one, stands for; `None` if it is no regular file.

    The segment is never longer than `content_length`, the field's text: a file may have grown since that was written.
    """
    offset: int | None = None
    most: int | None = None
    if type(body) is RangeWrapper:
        offset, most = body.start, body.count
        body = body.iterable
    if type(body) is not FileWrapper:
        return None
    wrapper, file = body, body.file
    # Only plain files: others may have a file descriptor too, but not the same bytes behind it (gzip).
    raw = file if isinstance(file, io.FileIO) else getattr(file, "raw", None)
    if type(raw) is not io.FileIO or type(file) not in {io.FileIO, io.BufferedReader, io.BufferedRandom}:
        return None
    if type(file) is io.BufferedRandom:
        file.flush()
    size = wrapper.known_size
    if size is None:
        status = os.fstat(raw.fileno())
        if not stat.S_ISREG(status.st_mode):
            return None
        size = status.st_size
    if offset is None:
        offset = file.tell()
    count = max(0, size - offset)
    if most is not None:
        count = min(count, most)
    if content_length is not None and content_length.isdecimal():
        count = min(count, int(content_length))
    return FileSegment(file, offset, count)  # type: ignore[arg-type]  # binary, by its type; PERF: `cast` is a call


class SegmentFile:
    """A file that calls `on_close` once, after it was closed itself. Read and sent like the file it stands for."""

    __slots__ = ("_file", "_on_close", "fileno", "name", "read", "seek", "tell")

    def __init__(self, file: BinaryIO, on_close: Callable[[], object]) -> None:
        self._file = file
        self._on_close: Callable[[], object] | None = on_close
        self.fileno = file.fileno
        self.name = file.name  # for the server's log
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._file.closed

    def close(self) -> None:
        """Close the file, then call `on_close`."""
        on_close, self._on_close = self._on_close, None
        try:
            self._file.close()
        finally:
            if on_close is not None:
                on_close()
