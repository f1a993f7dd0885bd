"""`FileSource`: what is to be sent: a regular file by its path, with what the system says about it, or an open file-like object.

Not here: how it is answered (files.py). A source belongs to one response.
"""

import errno
import io
import os
from dataclasses import dataclass
from functools import lru_cache
from stat import S_ISDIR, S_ISREG
from typing import IO, Any, Final
from zlib import adler32

Path = os.PathLike[str] | str

ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EISDIR, errno.EINVAL})
"""Errors of looking at a path and opening it that mean: there is no such regular file."""

_FLAGS: Final = os.O_RDONLY | (os.O_NONBLOCK | os.O_NOCTTY if os.name == "posix" else getattr(os, "O_BINARY", 0))
"""Should the path have become a FIFO or a terminal since it was looked at: opening it neither waits nor changes anything."""


@dataclass(slots=True)
class FileSource:
    """A file and its size in bytes and time of change in seconds; `None` for what is not known."""

    path: str | None
    file: IO[bytes] | None
    size: int | None
    modified: float | None

    @classmethod
    def at(cls, path: str) -> "FileSource":
        """Look at a path; do not open it yet.

        Raises:
            OSError: there is nothing, or no regular file: FIFOs, devices and sockets are never opened, they could block.
        """
        status = os.stat(path)
        if not S_ISREG(status.st_mode):
            raise _irregular(status, path)
        return cls(path, None, status.st_size, status.st_mtime)

    @classmethod
    def of(cls, path_or_file: Path | IO[bytes], root: Path | None) -> "FileSource":
        """Take an object that can be read, or look at a path, relative to `root` or the current directory.

        Raises:
            ValueError: the file is open for text.
            OSError: as of `at`.
        """
        if not isinstance(path_or_file, str) and not isinstance(path_or_file, os.PathLike):
            file: Any = path_or_file  # Any: whatever has `read`
            if isinstance(file, io.TextIOBase):
                raise ValueError("The file must be open in binary mode, or be a BytesIO.")  # noqa: TRY004  COMPAT
            # Ranges count from the file's first byte, so a file that was read from has none. The length of a file of the
            # system is found when it is sent.
            whole = isinstance(file, io.BytesIO) and file.tell() == 0
            size = file.getbuffer().nbytes if isinstance(file, io.BytesIO) and whole else None
            return cls(None, file, size, None)
        path = os.fspath(path_or_file)
        if not path.startswith(os.sep):
            # Not normalised: ".." behind a link leads elsewhere than it looks.
            path = os.path.join(os.getcwd(), path if root is None else os.path.join(os.fspath(root), path))
        return cls.at(path)

    def open(self) -> IO[bytes]:
        """Return the file, open. Size and time are from now on those of the very file that is open, not of its path.

        Raises:
            OSError: it cannot be opened, or is no longer a regular file.
        """
        if self.file is None:
            if self.path is None:
                raise RuntimeError("a source has a path or a file")
            # PERF: by its descriptor, two calls of the system less than `open` with an opener.
            descriptor = os.open(self.path, _FLAGS)
            try:
                status = os.fstat(descriptor)
                if not S_ISREG(status.st_mode):
                    raise _irregular(status, self.path)  # noqa: TRY301 - in place it costs no call
                # Unbuffered: the server sends it without reading it, and others read blocks.
                file = io.FileIO(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            file.name = self.path  # as `open` has it
            self.file = file
            self.size, self.modified = status.st_size, status.st_mtime
        return self.file

    def close(self) -> None:
        """Close the file, if it is open."""
        if self.file is not None:
            self.file.close()

    def make_etag(self) -> str | None:
        """Return a tag, without quotes, of what the system says of a path; `None` of an object."""
        return None if self.path is None else make_file_etag(self.modified, self.size, self.path)


@lru_cache(maxsize=1024, typed=True)
def make_file_etag(modified: float | None, size: int | None, path: str) -> str:
    """Return the tag, without quotes, of a file with this time, size and path."""
    return f"{modified}-{size}-{adler32(os.fsencode(path)) & 0xFFFFFFFF}"


def _irregular(status: os.stat_result, path: str) -> OSError:
    kind = errno.EISDIR if S_ISDIR(status.st_mode) else errno.EINVAL
    reason = os.strerror(kind) if kind == errno.EISDIR else "Not a regular file"
    return OSError(kind, reason, path)
