"""Files as responses: `send_file` and `send_from_directory`; static folders and `SharedDataMiddleware` use them, too.

On the server of this project the bytes of a file go out by `os.sendfile`; nothing here reads them.
"""

import os
import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from time import time
from typing import IO, Any, Final
from urllib.parse import quote

from demijohn.http.dates import http_date, http_date_at
from demijohn.http.errors import Forbidden, NotFound
from demijohn.http.etag import quote_etag
from demijohn.http.headers import Headers
from demijohn.http.options import render_options_header
from demijohn.http.security import safe_join

from .environ import Environ
from .filepolicy import IMMUTABLE, FilePolicy, is_hidden
from .filesource import ABSENT, FileSource, Path
from .filetypes import DEFAULT_TYPE, guess_file_type
from .request_base import RequestBase
from .response import Response
from .response_conditional import AskField, ask_request
from .siblings import SUFFIXES, accepted_codings
from .wsgi import FileWrapper, get_environ, wrap_file

MaxAge = int | Callable[[str | None], int | None] | None

ETag = bool | str | Callable[[FileSource], str]
"""A tag, without quotes, or a function that makes one, or whether to make one."""

_PLAIN: Final = FilePolicy()


def send_file(
    path_or_file: Path | IO[bytes],
    environ: Environ | RequestBase,
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: ETag = True,
    last_modified: datetime | float | None = None,
    max_age: MaxAge = None,
    use_x_sendfile: bool = False,
    response_class: type[Response] | None = None,
    _root_path: Path | None = None,
    *,
    policy: FilePolicy = _PLAIN,
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
        etag: a validator, or whether to make one of a path's size and time; or a function that makes one of the source.
        last_modified: the file's time; that of a path by default.
        max_age: seconds a client may keep it without asking again, or a function of the path that gives them.
        use_x_sendfile: leave the sending to the server in front, by an `X-Sendfile` field.
        response_class: what to make; `Response` by default.
        policy: packed siblings, names that never change, `nosniff`; by default none of them.

    Raises:
        TypeError: a file without a name is to be an attachment, or has no media type.
        ValueError: the file is open for text.
        OSError: the path cannot be opened, or is no regular file.
        demijohn.http.errors.RequestedRangeNotSatisfiable: the range lies outside of the file.
    """
    source = FileSource.of(path_or_file, _root_path)
    path = source.path
    name = download_name
    if name is None and path is not None:
        name = path.rpartition("/")[2] if os.sep == "/" else os.path.basename(path)  # PERF: that is two calls
    headers = Headers()
    mimetype = _describe(headers, name, mimetype, as_attachment)
    sends_itself = path is None or not use_x_sendfile
    try:
        plain = source
        if not sends_itself:
            headers["X-Sendfile"] = path or ""
        elif policy.siblings is not None and not as_attachment:
            source = _choose(source, environ, headers, etag, policy)
        body = _wrap(source, environ) if sends_itself else None
        lines = len(headers)
        response = (response_class or Response)(body, mimetype=mimetype, headers=headers, direct_passthrough=True)
        fields = _name_fields(source if body is not None else None, plain, last_modified, policy)
        if policy.immutable is not None and path is not None and policy.immutable.search(os.path.basename(path)):
            fields.append(("Cache-Control", IMMUTABLE))
        else:
            _limit_age(fields, max_age(path) if callable(max_age) else max_age)
        if response.headers is headers and len(headers) == lines + 1:
            # PERF: nobody but us and Content-Type, so they are all new.
            headers.extend(fields)
        else:
            headers = response.headers
            for field, value in fields:
                headers[field] = value
        tag = _make_tag(source, etag, headers.get("Content-Encoding") if source is not plain else None)
        if tag is not None:
            response.set_etag(tag)
        if conditional:
            response.make_conditional(
                environ, accept_ranges=True, complete_length=None if body is None else source.size
            )
    except BaseException:
        source.close()
        raise
    if not sends_itself and response.status_code == 304:
        # Some servers in front send the file for the field alone, whatever the status is.
        response.headers.pop("X-Sendfile", None)
    return response


def _wrap(source: FileSource, environ: Environ | RequestBase) -> Any:  # Any: what a server's own file wrapper returns
    """Return the body that a source makes; opens it."""
    file = source.open()
    if not isinstance(environ, RequestBase) or environ._made_from_environ:
        _, field = ask_request(environ)
        # Several parts of it, between lines of ours: no wrapper of a server can do that.
        if "," not in (field("Range") or ""):
            return wrap_file(get_environ(environ), file)
    # Otherwise there is no server with a wrapper of its own, and no environ is built to find that out.
    wrapper = FileWrapper(file)
    if source.path is not None:
        wrapper.known_size = source.size
    return wrapper


def _name_fields(
    sent: FileSource | None, plain: FileSource, last_modified: datetime | float | None, policy: FilePolicy
) -> list[tuple[str, str]]:
    """Return the field lines that tell of what is sent (`None`: by others) in the place of the file as it is."""
    fields = []
    if sent is not None and sent.size is not None:
        fields.append(("Content-Length", str(sent.size)))
    if last_modified is not None:
        fields.append(("Last-Modified", http_date(last_modified)))
    elif plain.modified is not None:
        fields.append(("Last-Modified", http_date_at(plain.modified)))
    if policy.nosniff:
        fields.append(("X-Content-Type-Options", "nosniff"))
    return fields


def _choose(
    source: FileSource, environ: Environ | RequestBase, headers: Headers, etag: ETag, policy: FilePolicy
) -> FileSource:
    """Return the packed sibling, open, that is to be sent in the place of a file, or the file; set what tells of that."""
    if policy.siblings is None or source.path is None or source.modified is None:
        return source
    found = policy.siblings.find(source.path, source.modified)
    if not found or "Content-Encoding" in headers:
        return source
    headers["Vary"] = "Accept-Encoding"
    _, field = ask_request(environ)
    for coding in accepted_codings(field("Accept-Encoding") or ""):
        sibling = _open_sibling(source, coding) if coding in found else None
        if sibling is None:
            continue
        if field("Range") is None or _continues(field, _make_tag(sibling, etag, coding)):
            headers["Content-Encoding"] = coding
            return sibling
        sibling.close()
    return source


def _open_sibling(source: FileSource, coding: str) -> FileSource | None:
    """Open a packed sibling; `None` if that fails: the file itself will do."""
    try:
        sibling = FileSource.at(f"{source.path}{SUFFIXES[coding]}")
        sibling.open()
    except OSError:
        return None
    return sibling


def _continues(field: AskField, tag: str | None) -> bool:
    """Say whether a range is of the representation with this tag: positions in it are not those in another coding.

    A range that does not say of which it is gets the file as it is.
    """
    return tag is not None and (field("If-Range") or "").strip() == quote_etag(tag)


def _make_tag(source: FileSource, etag: ETag, coding: str | None) -> str | None:
    """Return the tag of a source, without quotes; of a packed sibling it is never that of the file."""
    if isinstance(etag, str):
        return f"{etag}-{coding}" if coding else etag
    if callable(etag):
        return etag(source)
    return source.make_etag() if etag else None


def _describe(headers: Headers, name: str | None, mimetype: str | None, as_attachment: bool) -> str:
    """Set Content-Disposition and Content-Encoding by the name; return the media type."""
    encoding = None
    if mimetype is None:
        if name is None:
            raise TypeError("Unable to detect the MIME type without a name: set 'download_name' or 'mimetype'.")
        mimetype, encoding = guess_file_type(name)
        mimetype = mimetype or DEFAULT_TYPE
    if encoding is not None and not as_attachment:
        # An attachment is saved as it is; a browser would unpack it on the way if it were told of the coding.
        headers["Content-Encoding"] = encoding
    if name is not None:
        headers.add("Content-Disposition", _disposition(name, as_attachment))
    elif as_attachment:
        raise TypeError("An attachment needs a name: set 'download_name' or pass a path.")
    return mimetype


@lru_cache(maxsize=1024)
def _disposition(name: str, as_attachment: bool) -> str:
    """Return the field that carries a file name (RFC 6266 §4.3, RFC 8187): plain, and exact if that is not.

    PERF: of names of files that are there, so nobody else can fill the cache.
    """
    kind = "attachment" if as_attachment else "inline"
    if name.isascii():
        return render_options_header(kind, {"filename": name})
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    # What RFC 8187 calls attr-char stays; lone surrogates of undecodable file names become "?".
    exact = "UTF-8''" + quote(name, safe="!#$&+^`|~", errors="replace")
    return render_options_header(kind, {"filename": plain, "filename*": exact})


def _limit_age(fields: list[tuple[str, str]], max_age: int | None) -> None:
    """Add Cache-Control and Expires. Without an age, or with none left, caches have to ask each time."""
    if max_age is None:
        fields.append(("Cache-Control", "no-cache"))
    else:
        fields.append(("Cache-Control", f"{'public' if max_age > 0 else 'no-cache'}, max-age={max_age}"))
        fields.append(("Expires", http_date(int(time()) + max_age)))


def send_from_directory(
    directory: Path,
    path: Path,
    environ: Environ | RequestBase,
    *,
    policy: FilePolicy = _PLAIN,
    **kwargs: Any,  # Any: what `send_file` takes
) -> Response:
    """Send a file from within a directory; `path` may come from the client. Other arguments are those of `send_file`.

    Links are followed. Names that begin with a dot are served only if the policy says so.

    Raises:
        demijohn.http.errors.NotFound: the path leads out of the directory, or to no regular file.
        demijohn.http.errors.Forbidden: the file may not be read.
        OSError: the system is at its limits; open files, most likely.
    """
    name = os.fspath(path)
    joined = safe_join(os.fspath(directory), name)
    if joined is None or (not policy.dotfiles and is_hidden(name)):
        raise NotFound
    try:
        return send_file(joined, environ, policy=policy, **kwargs)
    except UnicodeEncodeError:
        # A name that the file system cannot have.
        raise NotFound from None
    except OSError as error:
        if error.errno in ABSENT:
            raise NotFound from error
        if isinstance(error, PermissionError):
            raise Forbidden from error
        raise
