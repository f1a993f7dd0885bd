"""Writing `multipart/form-data` bodies (RFC 7578), as browsers do (WHATWG HTML, "multipart/form-data encoding algorithm")."""

import mimetypes
import secrets
from collections.abc import Iterator, Mapping
from io import BufferedRandom, BytesIO
from tempfile import TemporaryFile
from typing import IO, Any, cast

from demijohn.http.headers import Headers
from demijohn.http.multidict import MultiDict

COPY_BYTES = 64 << 10
"""Files are copied into the body in blocks of this size."""

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


def stream_encode_multipart(
    data: Mapping[str, Any],  # Any: text, files, lists of those
    use_tempfile: bool = True,
    threshold: int = 1024 * 500,
    boundary: str | None = None,
) -> tuple[IO[bytes], int, str]:
    """Encode fields and files and return (stream at its beginning, length in bytes, boundary).

    A value that has `read` is a file: its `filename` (else the base of its `name`), `content_type` and `headers` are used
    where it has them, as a `FileStorage` does. Any other value becomes text. Files are read, and not closed.

    Args:
        data: values by name; a list gives one part for each item.
        use_tempfile: move the body to a temporary file once it is larger than `threshold` bytes.
        threshold: see `use_tempfile`.
        boundary: what separates the parts; by default a random one.
    """
    if boundary is None:
        boundary = f"-------------demijohn{secrets.token_hex(16)}"
    stream: IO[bytes] = BytesIO()
    delimiter = f"--{boundary}".encode("latin-1")
    for name, value in iter_fields(data):
        stream.write(delimiter + b"\r\n")
        if hasattr(value, "read"):
            _write_file(stream, name, value)
        else:
            stream.write(f'Content-Disposition: form-data; name="{_escape(name)}"\r\n\r\n'.encode())
            stream.write(value if isinstance(value, bytes) else str(value).encode())
        stream.write(b"\r\n")
        if use_tempfile and isinstance(stream, BytesIO) and stream.tell() > threshold:
            stream = TemporaryBody(stream)
    stream.write(delimiter + b"--\r\n")
    length = stream.tell()
    stream.seek(0)
    return stream, length, boundary


class TemporaryBody(BufferedRandom):
    """A body in a temporary file, which is gone when it is closed."""

    def __init__(self, begun: BytesIO) -> None:
        """Take over what was written to `begun`."""
        raw = TemporaryFile(buffering=0)  # noqa: SIM115 - closed with self
        super().__init__(cast("Any", raw))  # Any: typeshed gives TemporaryFile another name on each platform
        self.write(begun.getbuffer())


def encode_multipart(values: Mapping[str, Any], boundary: str | None = None) -> tuple[str, bytes]:
    """Encode like `stream_encode_multipart`, in memory; return (boundary, body)."""
    stream, _, boundary = stream_encode_multipart(values, use_tempfile=False, boundary=boundary)
    return boundary, stream.read()


def iter_fields(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Iterate over (name, value) pairs of form data: all values of a multi dict, each item of a list."""
    if isinstance(data, MultiDict):
        yield from data.items(multi=True)
        return
    for name, value in data.items():
        if isinstance(value, list):
            for item in value:
                yield name, item
        else:
            yield name, value


def _write_file(stream: IO[bytes], name: str, file: Any) -> None:  # Any: whatever has `read`
    filename = getattr(file, "filename", None)
    if filename is None:
        given = getattr(file, "name", None)
        filename = given.replace("\\", "/").rpartition("/")[2] if isinstance(given, str) else None
    disposition = f'form-data; name="{_escape(name)}"'
    if filename is not None:
        disposition += f'; filename="{_escape(filename)}"'
    headers = Headers(getattr(file, "headers", ()))
    headers.remove("Content-Disposition")
    content_type = headers.pop("Content-Type", None) or guess_type(filename)
    lines = [f"Content-Disposition: {disposition}", f"Content-Type: {content_type}"]
    lines += [f"{key}: {value}" for key, value in headers]
    stream.write("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")
    while chunk := file.read(COPY_BYTES):
        stream.write(chunk)


def guess_type(filename: str | None) -> str:
    """Return the media type that a filename suggests; `application/octet-stream` if it suggests none."""
    return (mimetypes.guess_type(filename)[0] if filename else None) or "application/octet-stream"


def _escape(name: str) -> str:
    return name.translate(_ESCAPES)
