"""`LintMiddleware`: warns about what a WSGI server or application does against PEP 3333 and HTTP. For development and tests."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any
from urllib.parse import urlsplit

from demijohn.http.conditional import is_entity_header
from demijohn.http.headers import Headers
from demijohn.message.environ import Environ
from demijohn.message.wsgi import StartResponse, WSGIApplication

_REQUIRED = (
    "REQUEST_METHOD",
    "SERVER_NAME",
    "SERVER_PORT",
    "wsgi.version",
    "wsgi.input",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
)

_OF_304 = frozenset({"content-location", "expires"})
"""Entity headers that a 304 may have (RFC 9110 §15.4.5)."""


class WSGIWarning(Warning):
    """Something is against PEP 3333."""


class HTTPWarning(Warning):
    """Something is against HTTP."""


def _warn(message: str, category: type[Warning] = WSGIWarning) -> None:
    warnings.warn(message, category, stacklevel=4)


def _check(context: str, value: object, wanted: type = str) -> None:
    if type(value) is not wanted:
        _warn(f"{context} must be of type {wanted.__name__!r}, not {type(value).__name__!r}.")


class InputStream:
    """`wsgi.input` that warns about reading without a size."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, *args: int) -> bytes:
        """Read; a size should be given."""
        if not args:
            _warn("wsgi.input.read() without a size may wait forever: a server need not end the stream.")
        elif len(args) > 1:
            _warn("wsgi.input.read() takes one argument.")
        return self._stream.read(*args)

    def readline(self, *args: int) -> bytes:
        """Read a line; a size should not be given."""
        if not args:
            _warn("wsgi.input.readline() without a size may wait forever: a server need not end the stream.")
        elif len(args) > 1:
            _warn("wsgi.input.readline() takes one argument.")
        return self._stream.readline(*args)

    def __iter__(self) -> Iterator[bytes]:
        _warn("iterating over wsgi.input may wait forever: a server need not end the stream.")
        return iter(self._stream)

    def close(self) -> None:
        """Close; an application should not."""
        _warn("the application closed wsgi.input, which is the server's.")
        self._stream.close()


class ErrorStream:
    """`wsgi.errors` that warns about bytes."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write text."""
        _check("what is written to wsgi.errors", text)
        self._stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write lines."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush."""
        self._stream.flush()

    def close(self) -> None:
        """Close; an application should not."""
        _warn("the application closed wsgi.errors, which is the server's.")
        self._stream.close()


class _Answer:
    """What is known of the answer to one request."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.headers = Headers()
        self.sizes: list[int] = []  # of the chunks so far

    def check(self) -> None:
        """Compare the body that was sent with what the head says of it."""
        total = sum(self.sizes)
        length = self.headers.get("Content-Length")
        if self.code == 304:
            for name, _ in self.headers:
                if is_entity_header(name) and name.lower() not in _OF_304:
                    _warn(f"a 304 has the entity header {name!r}.", HTTPWarning)
            if total:
                _warn("a 304 has a body.", HTTPWarning)
        elif self.code is not None and (100 <= self.code < 200 or self.code == 204):
            if length not in {None, "0"}:
                _warn(f"a {self.code} has a Content-Length that is not 0.", HTTPWarning)
            if total:
                _warn(f"a {self.code} has a body.", HTTPWarning)
        elif length is not None and length.isdecimal() and int(length) != total:
            _warn(f"Content-Length is {length}, but {total} bytes were sent.")


class GuardedIterator:
    """The application's body, checked as it passes."""

    def __init__(self, iterator: Iterable[bytes], answer: _Answer, is_head: bool) -> None:
        self._body = iterator
        self._iterator = iter(iterator)
        self._answer = answer
        self._is_head = is_head
        self._is_closed = False

    def __iter__(self) -> "GuardedIterator":
        return self

    def __next__(self) -> bytes:
        if self._is_closed:
            _warn("the body is iterated over after it was closed.")
        chunk = next(self._iterator)
        if self._answer.code is None:
            _warn("the body began before start_response() was called.")
        _check("chunks of the body", chunk, bytes)
        self._answer.sizes.append(len(chunk))
        return chunk

    def close(self) -> None:
        """Close the body, and check it as a whole."""
        self._is_closed = True
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
        if not self._is_head:
            self._answer.check()

    def __del__(self) -> None:
        if not self.__dict__.get("_is_closed", True):
            _warn("the server did not close the body.")


class LintMiddleware:
    """Passes everything on unchanged, and warns (`WSGIWarning`, `HTTPWarning`) about what is wrong with it.

    Args:
        app: the application.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def check_environ(self, environ: Environ) -> None:
        """Warn about what is wrong with an environ."""
        if type(environ) is not dict:
            _warn("the environ must be a plain dict.")
        for key in _REQUIRED:
            if key not in environ:
                _warn(f"the environ lacks {key!r}.")
        if environ.get("wsgi.version", (1, 0)) != (1, 0):
            _warn("Environ is not a WSGI 1.0 environ. Its wsgi.version must be (1, 0).")
        for key in ("SCRIPT_NAME", "PATH_INFO"):
            value = environ.get(key, "")
            if value and value[0] != "/":
                _warn(f"{key!r} does not start with a slash: {value!r}.")

    def check_start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any) -> tuple[int, Headers]:
        """Warn about wrong arguments of `start_response`; return the code and the headers."""  # Any: any wrong thing
        _check("the status", status)
        code = str(status).partition(" ")[0]
        if len(code) != 3 or not code.isdecimal():
            _warn("the status must begin with three digits.")
        if code.isdecimal() and int(code) < 100:
            _warn("codes of a status begin with 100.")
        if len(str(status)) < 4 or str(status)[3] != " ":
            _warn("the status must be a code, a space and a reason.")
        if type(headers) is not list:
            _warn("Header list is not a list.")
        for item in headers:
            if type(item) is not tuple or len(item) != 2:
                _warn("Header items must be 2-item tuples.")
                continue
            name, value = item
            if type(name) is not str or type(value) is not str:
                _warn("names and values of headers must be str.")
            elif name.lower() == "status":
                _warn("The status header is not supported. It is CGI's.")
        if exc_info is not None and not isinstance(exc_info, tuple):
            _warn("exc_info must be a tuple.")
        wrapped = Headers(headers)
        self.check_headers(wrapped)
        return int(code) if code.isdecimal() else 0, wrapped

    def check_headers(self, headers: Headers) -> None:
        """Warn about headers with wrong values."""
        etag = headers.get("ETag")
        if etag is not None:
            if etag.startswith(("w/", "W/")):
                if etag.startswith("w/"):
                    _warn("a weak ETag begins with an upper-case W/.", HTTPWarning)
                etag = etag[2:]
            if not (len(etag) > 1 and etag[0] == etag[-1] == '"'):
                _warn("an ETag must be in quotes.", HTTPWarning)
        location = headers.get("Location")
        if location is not None and not urlsplit(location).netloc:
            _warn("Absolute URLs required for location header. Some clients do not understand others.", HTTPWarning)

    def check_iterator(self, app_iter: Any) -> None:  # Any: any wrong thing
        """Warn about a body that is text."""
        if isinstance(app_iter, str):
            _warn("the application returned text; each of its characters would be a chunk.")

    def __call__(self, *args: Any, **kwargs: Any) -> Iterable[bytes]:  # Any: wrong calls are to be noticed
        """Answer as a WSGI application."""
        if len(args) != 2:
            _warn("a WSGI application takes two arguments.")
        if kwargs:
            _warn("a WSGI application takes no keyword arguments.")
        environ: Environ = args[0]
        start_response: StartResponse = args[1]
        self.check_environ(environ)
        environ["wsgi.input"] = InputStream(environ["wsgi.input"])
        environ["wsgi.errors"] = ErrorStream(environ["wsgi.errors"])
        answer = _Answer()

        def checking_start_response(*args: Any, **kwargs: Any) -> Callable[[bytes], None]:  # Any: as above
            if len(args) not in {2, 3}:
                _warn(f"start_response() takes two or three arguments, not {len(args)}.")
            if kwargs:
                _warn("start_response() takes no keyword arguments.")
            answer.code, answer.headers = self.check_start_response(
                args[0], args[1], args[2] if len(args) > 2 else None
            )
            write = start_response(*args[:3])  # what was too much has been told

            def checked_write(data: bytes) -> None:
                _check("what is passed to write()", data, bytes)
                answer.sizes.append(len(data))
                write(data)

            return checked_write

        body = self.app(environ, checking_start_response)
        self.check_iterator(body)
        return GuardedIterator(body, answer, environ.get("REQUEST_METHOD") == "HEAD")
