"""`FileStorage`: an uploaded file with its name and header fields, and where its bytes are kept while it is received.

No parsing here; see `multipart` and `forms`. A file belongs to the thread that handles its request.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from os import PathLike
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO, Any, Protocol

from .headers import Headers
from .options import parse_options_header

SPOOL_BYTES = 500 * 1024
"""A received file is kept in memory up to this size, and in a temporary file above it."""


class StreamFactory(Protocol):
    """Opens the file that an upload is written to; it must be readable, writable and seekable."""

    def __call__(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Return an empty file. The two lengths are of the whole body, and of the file; the latter is nearly always 0."""


def default_stream_factory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> IO[bytes]:
    """Return a temporary file that stays in memory up to `SPOOL_BYTES`, whatever the arguments."""
    if SpooledTemporaryFile is None:
        return TemporaryFile("rb+")  # COMPAT: somebody took it away
    return SpooledTemporaryFile(max_size=SPOOL_BYTES, mode="rb+")


class FileStorage:
    """An uploaded file: `filename` and `name` (of the form's field) as the client sent them, its `headers`, and its `stream`.

    SECURITY: `filename` is the client's; before it becomes a path, pass it through `secure_filename`.
    What this class does not have is looked up in the stream: `read`, `seek`, `tell` and so on. It is true if it has a filename.
    """

    def __init__(
        self,
        stream: IO[bytes] | None = None,
        filename: str | None = None,
        name: str | None = None,
        content_type: str | None = None,
        content_length: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.name = name
        self.stream: IO[bytes] = BytesIO() if stream is None else stream
        self.filename = _name_of(stream) if filename is None else filename
        self.headers = Headers() if headers is None else headers
        if content_type is not None:
            self.headers["Content-Type"] = content_type
        if content_length is not None:
            self.headers["Content-Length"] = str(content_length)

    @property
    def content_type(self) -> str | None:
        """The `Content-Type` that came with the file, usually guessed by the client from the filename."""
        return self.headers.get("Content-Type")

    @property
    def content_length(self) -> int:
        """The `Content-Length` that came with the file; clients do not send it, so it is nearly always 0."""
        value = self.headers.get("Content-Length")
        return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 20 else 0

    @property
    def mimetype(self) -> str:
        """The content type in lower case, without parameters; empty if there is none."""
        return parse_options_header(self.content_type)[0].lower()

    @property
    def mimetype_params(self) -> dict[str, str]:
        """The parameters of the content type."""
        return parse_options_header(self.content_type)[1]

    def save(self, dst: str | PathLike[str] | IO[bytes], buffer_size: int = 16384) -> None:
        """Copy what is left of the stream to a path, which is overwritten, or to an open binary file, which stays open.

        The stream is not rewound, neither before nor after; `buffer_size` bytes are copied at a time.

        Raises:
            OSError: the file cannot be opened or written.
        """
        if isinstance(dst, (str, PathLike)):
            with open(dst, "wb") as file:
                copyfileobj(self.stream, file, buffer_size)
        else:
            copyfileobj(self.stream, dst, buffer_size)

    def close(self) -> None:
        """Close the stream and let go of its memory and its temporary file. May be called twice."""
        with suppress(OSError):
            self.stream.close()

    def __bool__(self) -> bool:
        return bool(self.filename)

    def __getattr__(self, name: str) -> Any:  # Any: whatever the stream has
        # `copy` and `pickle` ask before there is a stream.
        if name == "stream":
            raise AttributeError(name)
        stream = self.stream
        try:
            return getattr(stream, name)
        except AttributeError:
            # A spooled file may hide what the file inside it can do, such as `seekable`.
            inner = getattr(stream, "_file", None)
            if inner is None:
                raise
            return getattr(inner, name)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.stream)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.filename!r} ({self.content_type!r})>"


def _name_of(stream: IO[bytes] | None) -> str | None:
    """Return the name of an open file; `None` where it is a number, or a description such as `<stdin>`."""
    name = getattr(stream, "name", None)
    if not isinstance(name, (str, bytes)):
        return None
    text = os.fsdecode(name)
    return None if text.startswith("<") and text.endswith(">") else text
