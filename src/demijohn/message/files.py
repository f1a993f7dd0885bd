"""Files as responses: `send_file` and `send_from_directory`.

On the server of this project the bytes of a file go out by `os.sendfile`; nothing here reads them.
"""

import io
import mimetypes
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import time
from typing import IO, Any, cast
from urllib.parse import quote
from zlib import adler32

from demijohn.http.dates import http_date
from demijohn.http.errors import NotFound
from demijohn.http.headers import Headers
from demijohn.http.security import safe_join

from .environ import Environ
from .request_base import RequestBase
from .response import Response
from .wsgi import FileWrapper, get_environ, wrap_file

Path = os.PathLike[str] | str
MaxAge = int | Callable[[str | None], int | None] | None


def send_file(
    path_or_file: Path | IO[bytes],
    environ: Environ | RequestBase,
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | float | None = None,
    max_age: MaxAge = None,
    use_x_sendfile: bool = False,
    response_class: type[Response] | None = None,
    _root_path: Path | None = None,
) -> Response:
    """Return a response with a file as its body, for the request of `environ` (an environ or a request).

    SECURITY: a path is opened as it is; for one that the client had a part in use `send_from_directory`.

    Args:
        path_or_file: a path, relative to `_root_path` or the current directory, or a file open for reading bytes.
        environ: the request; it decides about ranges and conditions.
        mimetype: the media type; guessed from the name if `None`.
        as_attachment: ask the client to save the file rather than to show it.
        download_name: the name to save it by; a path's last part by default.
        conditional: answer `If-Modified-Since` and the like, and ranges.
        etag: a validator, or whether to make one of a path's size and time.
        last_modified: the file's time; that of a path by default.
        max_age: seconds a client may keep it without asking again, or a function of the path that gives them.
        use_x_sendfile: leave the sending to the server in front, by an `X-Sendfile` field.
        response_class: what to make; `Response` by default.

    Raises:
        TypeError: a file without a name is to be an attachment, or has no media type.
        ValueError: the file is open for text.
        OSError: the path cannot be opened.
        demijohn.http.errors.RequestedRangeNotSatisfiable: the range lies outside of the file.
    """
    source = _Source.of(path_or_file, _root_path)
    name = download_name
    if name is None and source.path is not None:
        name = os.path.basename(source.path)
    headers = Headers()
    mimetype = _describe(headers, name, mimetype, as_attachment)
    body: Any = None  # Any: what a server's own file wrapper returns
    if source.path is not None and use_x_sendfile:
        headers["X-Sendfile"] = source.path
    else:
        file = source.open()
        if isinstance(environ, RequestBase) and not environ._made_from_environ:
            # There is no server with a wrapper of its own, and no environ is built to find that out.
            body = FileWrapper(file)
        else:
            body = wrap_file(get_environ(environ), file)
    try:
        response = (response_class or Response)(body, mimetype=mimetype, headers=headers, direct_passthrough=True)
        if body is not None and source.size is not None:
            response.headers["Content-Length"] = str(source.size)
        if last_modified is None:
            last_modified = source.modified
        if last_modified is not None:
            response.headers["Last-Modified"] = http_date(last_modified)
        _limit_age(response.headers, max_age(source.path) if callable(max_age) else max_age)
        _set_etag(response, source, etag)
        if conditional:
            response.make_conditional(
                environ, accept_ranges=True, complete_length=None if body is None else source.size
            )
    except BaseException:
        if source.file is not None:
            source.file.close()
        raise
    if response.status_code == 304:
        # Some servers in front send the file for the field alone, whatever the status is.
        response.headers.pop("X-Sendfile", None)
    return response


@dataclass(slots=True)
class _Source:
    """What is to be sent: a path with what the system knows about it, or an open file."""

    path: str | None
    file: IO[bytes] | None
    size: int | None
    modified: float | None

    @classmethod
    def of(cls, path_or_file: Path | IO[bytes], root: Path | None) -> "_Source":
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
        if root is not None:
            path = os.path.join(os.fspath(root), path)
        # Not normalised: ".." behind a link leads elsewhere than it looks.
        path = os.path.join(os.getcwd(), path)
        status = os.stat(path)
        return cls(path, None, status.st_size, status.st_mtime)

    def open(self) -> IO[bytes]:
        """Return the file, open."""
        if self.file is None:
            self.file = open(cast("str", self.path), "rb")  # noqa: SIM115  the response closes it
        return self.file


def _describe(headers: Headers, name: str | None, mimetype: str | None, as_attachment: bool) -> str:
    """Set Content-Disposition and Content-Encoding by the name; return the media type."""
    encoding = None
    if mimetype is None:
        if name is None:
            raise TypeError("The media type cannot be guessed without a name: set 'download_name' or 'mimetype'.")
        mimetype, encoding = mimetypes.guess_type(name)
        mimetype = mimetype or "application/octet-stream"
    if encoding is not None and not as_attachment:
        # An attachment is saved as it is; a browser would unpack it on the way if it were told of the coding.
        headers["Content-Encoding"] = encoding
    if name is not None:
        headers.set("Content-Disposition", "attachment" if as_attachment else "inline", **_name_options(name))
    elif as_attachment:
        raise TypeError("An attachment needs a name: set 'download_name' or pass a path.")
    return mimetype


def _name_options(name: str) -> dict[str, str]:
    """Return the parameters that carry a file name (RFC 6266 §4.3, RFC 8187): plain, and exact if that is not."""
    if name.isascii():
        return {"filename": name}
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    # What RFC 8187 calls attr-char stays; lone surrogates of undecodable file names become "?".
    return {"filename": plain, "filename*": "UTF-8''" + quote(name, safe="!#$&+^`|~", errors="replace")}


def _set_etag(response: Response, source: _Source, etag: bool | str) -> None:
    """Set a given ETag, or one made of what the system says of a path."""
    if isinstance(etag, str):
        response.set_etag(etag)
    elif etag and source.path is not None:
        name = adler32(os.fsencode(source.path)) & 0xFFFFFFFF
        response.set_etag(f"{source.modified}-{source.size}-{name}")


def _limit_age(headers: Headers, max_age: int | None) -> None:
    """Set Cache-Control and Expires. Without an age, or with none left, caches have to ask each time."""
    if max_age is None:
        headers["Cache-Control"] = "no-cache"
    else:
        headers["Cache-Control"] = f"{'public' if max_age > 0 else 'no-cache'}, max-age={max_age}"
        headers["Expires"] = http_date(int(time()) + max_age)


def send_from_directory(
    directory: Path,
    path: Path,
    environ: Environ | RequestBase,
    **kwargs: Any,  # Any: what `send_file` takes
) -> Response:
    """Send a file from within a directory; `path` may come from the client. Other arguments are those of `send_file`.

    Raises:
        demijohn.http.errors.NotFound: the path leads out of the directory, or to no regular file.
    """
    joined = safe_join(os.fspath(directory), os.fspath(path))
    if joined is None:
        raise NotFound
    if "_root_path" in kwargs:
        joined = os.path.join(kwargs["_root_path"], joined)
    # A name with a NUL byte is a file that does not exist (isfile returns False).
    if not os.path.isfile(joined):
        raise NotFound
    return send_file(joined, environ, **kwargs)
