"""`Response`: the answer of an application; also a WSGI application itself.

Call flow: native door -> `response.prepare(method, current_url)` -> exchange; WSGI -> `response(environ, start_response)`.
Only how a response is handed over lives here; response_base, _headers, _body and _conditional have the rest.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, ClassVar, Self, cast
from urllib.parse import urljoin

from demijohn.http.conditional import remove_entity_headers
from demijohn.http.headers import Headers
from demijohn.http.urls import iri_to_uri
from demijohn.seam import FileSegment

from .environ import Environ
from .older import OlderResponseNames
from .response_body import CONTENT_LENGTH, CONTENT_TYPE
from .response_conditional import ResponseConditional
from .runwsgi import run_application
from .segment import SegmentFile, find_segment
from .wsgi import ClosingBlocks, ClosingIterator, StartResponse, WSGIApplication, get_current_url

Prepared = tuple[str, list[tuple[str, str]], bytes | FileSegment | Iterable[bytes]]
"""Status line, field lines and body, as an exchange takes them."""

# Subclasses that replace one of these see an environ; the others take the short way.
_HAND_OVER = (
    "__call__",
    "get_app_iter",
    "get_wsgi_headers",
    "get_wsgi_response",
    "is_sequence",
    "iter_encoded",
    "status",
)


class Response(OlderResponseNames, ResponseConditional):
    """A body, a status and header fields.

    Made of `bytes` or `str` (a body of known length), of a list or tuple of those, or of any other iterable of them, which
    is streamed. The defaults are 200 and `text/plain`.
    """

    autocorrect_location_header = False
    """Make a relative Location absolute when the response is sent."""

    _hands_over_itself: ClassVar[bool] = True
    """No subclass replaced a method of `_HAND_OVER`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:  # Any: what other bases take
        super().__init_subclass__(**kwargs)
        cls._hands_over_itself = all(getattr(cls, name) is getattr(Response, name) for name in _HAND_OVER)

    def prepare(
        self,
        request_method: str,
        current_url: Callable[[], str],
        environ: Callable[[], Environ] | None = None,
    ) -> Prepared:
        """Return what an exchange sends: status line, field lines (do not change them), and the body.

        The body is bytes, a part of a file, or an iterable; to HEAD and of 1xx, 204 and 304 it is `b""`. After bytes were
        sent the caller calls `close()`; closing a file or an iterable closes the response. `current_url` gives the URL of
        the request without its query, `environ` its WSGI environ; they are called only if they are needed.
        """
        return self.prepare_block(request_method) or self.prepare_rest(request_method, current_url, environ)

    def prepare_block(self, request_method: str) -> tuple[str, list[tuple[str, str]], bytes] | None:
        """Return what `prepare` does of the usual response; `None` of another, for which more has to be known."""
        body = self.response
        if type(body) is list and len(body) == 1 and self._hands_over_itself:
            data = body[0]
            code = self._status_code
            # PERF: the usual response is one block of bytes with plain fields; it leaves without another Python call.
            if type(data) is bytes and code >= 200 and code not in {204, 304}:
                headers = self.headers
                if not isinstance(headers, Headers):
                    # COMPAT: programs put a dict there.
                    headers = self.headers = Headers(headers)  # type: ignore[unreachable]
                fields = headers._list
                length_given = False
                for name, _ in fields:
                    if name is CONTENT_TYPE:
                        continue
                    if name is CONTENT_LENGTH:
                        length_given = True
                        continue
                    lower = name.lower()
                    if lower == "content-length":
                        length_given = True
                    elif lower == "location" or lower == "content-location":  # noqa: PLR1714  PERF: no tuple
                        break
                else:
                    if not length_given and self.automatically_set_content_length:
                        fields = [*fields, ("Content-Length", str(len(data)))]
                    return self._status, fields, b"" if request_method == "HEAD" else data
        return None

    def prepare_rest(
        self, request_method: str, current_url: Callable[[], str], environ: Callable[[], Environ] | None
    ) -> Prepared:
        """Return what `prepare` does of a response for which `prepare_block` has no answer."""
        if not self._hands_over_itself:
            return self._prepare_by_wsgi(request_method, environ)
        headers = self._final_headers(current_url)
        fields = headers._list
        if not self._may_have_body(request_method):
            return self._status, fields, b""
        if self.direct_passthrough:
            length = headers.get("Content-Length")
            segment = find_segment(self.response, length)
            if segment is not None:
                if not segment.count:
                    return self._status, fields, b""
                if length is None:
                    fields.append(("Content-Length", str(segment.count)))
                return self._status, fields, self._give_away(segment)
        elif self.is_sequence:
            return self._status, fields, b"".join(self.iter_encoded())
        return self._status, fields, ResponseIterator(self)

    def _give_away(self, segment: FileSegment) -> FileSegment:
        # From here on the exchange owns the file and closes it; the response, if it has more to do then, hears of it.
        self.response = []
        if self._on_close or type(self).close is not Response.close:
            # Any: it has of a binary file what sending one takes.
            file = SegmentFile(segment.file, self.close)
            return FileSegment(cast("Any", file), segment.offset, segment.count)
        return segment

    def _prepare_by_wsgi(self, request_method: str, environ: Callable[[], Environ] | None) -> Prepared:
        """Ask the methods of a subclass, in the way a WSGI server would: closing what they return is all the closing there is."""
        given: Environ = {"REQUEST_METHOD": request_method} if environ is None else environ()
        chunks, status, headers = run_application(self, given)
        return status, headers._list, chunks

    def _may_have_body(self, request_method: str) -> bool:
        code = self._status_code
        return request_method != "HEAD" and not 100 <= code < 200 and code not in {204, 304}

    def _final_headers(self, current_url: Callable[[], str]) -> Headers:
        """Return a copy of the headers as they are sent."""
        headers = self.headers.copy()
        if not isinstance(headers, Headers):
            headers = Headers(headers)  # type: ignore[unreachable]  # see `prepare`
        names = {name.lower() for name, _ in headers._list}
        if "location" in names:
            location = iri_to_uri(headers["Location"])
            if self.autocorrect_location_header:
                location = urljoin(iri_to_uri(current_url()), location)
            headers["Location"] = location
        if "content-location" in names:
            headers["Content-Location"] = iri_to_uri(headers["Content-Location"])
        code = self._status_code
        if 100 <= code < 200 or code == 204:
            # RFC 9110 §8.6: no Content-Length in 1xx and 204.
            headers.remove("Content-Length")
        elif code == 304:
            remove_entity_headers(headers._list)
        elif "content-length" not in names and self.automatically_set_content_length and self.is_sequence:
            headers["Content-Length"] = str(sum(map(len, self.iter_encoded())))
        return headers

    def get_wsgi_headers(self, environ: Environ) -> Headers:
        """Return the headers as they are sent: with Content-Length where it is known, URLs as ASCII."""
        return self._final_headers(lambda: get_current_url(environ, strip_querystring=True))

    def get_app_iter(self, environ: Environ) -> Iterable[bytes]:
        """Return the body as it is sent, empty to HEAD and of 1xx, 204 and 304. Closing it closes the response.

        With `direct_passthrough` it is the body itself, so that a server can see a file wrapper, unless there is more to close.
        """
        if not self._may_have_body(environ["REQUEST_METHOD"]):
            return ClosingIterator((), self.close)
        if self.direct_passthrough:
            body = cast("Iterable[bytes]", self.response)
            return ClosingIterator(body, self._on_close) if self._on_close else body
        return ClosingIterator(self.iter_encoded(), self.close)

    def get_wsgi_response(self, environ: Environ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return (body, status line, field lines) for a WSGI server."""
        headers = self.get_wsgi_headers(environ)
        return self.get_app_iter(environ), self.status, headers.to_wsgi_list()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        blocks = self.response
        if type(blocks) is list and len(blocks) == 1 and self._hands_over_itself and not self.direct_passthrough:
            # PERF: the short way of the native door, 3 calls in the place of 20.
            method = environ["REQUEST_METHOD"]
            # Asked for its URL only to make a relative Location absolute.
            url = partial(get_current_url, environ, strip_querystring=True) if self.autocorrect_location_header else str
            status, fields, data = self.prepare_block(method) or self.prepare_rest(method, url, None)
            start_response(status, list(fields))
            whole = ClosingBlocks((data,) if data else ())  # type: ignore[arg-type]  # one block is bytes
            whole.close = self.close
            return whole
        body, status, headers = self.get_wsgi_response(environ)
        start_response(status, headers)
        return body

    @classmethod
    def force_type(cls, response: Any, environ: Environ | None = None) -> Self:  # Any: a response or an application
        """Make a response of this class of another response, in place, or of a WSGI application and its environ.

        Raises:
            TypeError: it is no response, and there is no environ to call it with.
        """
        if not isinstance(response, Response):
            if environ is None:
                raise TypeError("A WSGI application becomes a response only with an environ to call it with.")
            response = Response(*run_application(response, environ))
        response.__class__ = cls
        return cast("Self", response)

    @classmethod
    def from_app(cls, app: WSGIApplication, environ: Environ, buffered: bool = False) -> Self:
        """Call a WSGI application and make a response of its answer; with `buffered` read it to its end first."""
        return cls(*run_application(app, environ, buffered))


class ResponseIterator:
    """The body of a streamed response as bytes; `close()` closes the response."""

    __slots__ = ("_next", "attach_waker", "close")

    def __init__(self, response: Response) -> None:
        body: Iterable[bytes | str] = response.response
        self.attach_waker = getattr(body, "attach_waker", None)
        self._next = iter(body).__next__
        self.close = response.close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = self._next()
        return chunk.encode() if isinstance(chunk, str) else chunk
