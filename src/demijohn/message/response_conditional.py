"""`ResponseConditional`: validators, and answers to conditional and range requests (RFC 9110 §13, §14)."""

import io
from collections.abc import Callable
from typing import Any, Final, Self

from demijohn.http.conditional import is_representation_modified
from demijohn.http.dates import http_date
from demijohn.http.errors import RequestedRangeNotSatisfiable
from demijohn.http.etag import generate_etag, parse_etags
from demijohn.http.headers import RequestHeaders
from demijohn.http.ranges import select_ranges

from .byteranges import ByteRanges
from .environ import Environ
from .request_base import RequestBase
from .response_body import ResponseBody
from .wsgi import FileWrapper, RangeWrapper, get_environ

_VARIABLES = {
    "Range": "HTTP_RANGE",
    "If-Range": "HTTP_IF_RANGE",
    "If-Modified-Since": "HTTP_IF_MODIFIED_SINCE",
    "If-None-Match": "HTTP_IF_NONE_MATCH",
    "If-Match": "HTTP_IF_MATCH",
    "Accept-Encoding": "HTTP_ACCEPT_ENCODING",
}
"""The fields that are asked for, by their names in an environ."""

AskField = Callable[[str], str | None]
"""Gives the value of a request's header field."""


class ResponseConditional(ResponseBody):
    """Makes 304, 412, 206 and 416 of a response that was made as if the request had asked for all of it."""

    max_ranges: int = 32
    """Ranges that are answered at once; a request for more gets the whole, as for any other than one if this is 1."""

    def add_etag(self, overwrite: bool = False, weak: bool = False) -> None:
        """Set an ETag made from the body, unless there is one; reads a streamed body to its end."""
        if overwrite or "ETag" not in self.headers:
            self.set_etag(generate_etag(self.get_data()), weak)

    def freeze(self) -> None:
        """Read the body into a list and set Content-Length and ETag, so that the response can be pickled and kept."""
        close = None if self.is_sequence else getattr(self.response, "close", None)
        body = list(self.iter_encoded())
        self.response = body
        if close is not None:
            self.call_on_close(close)
        self.headers["Content-Length"] = str(sum(map(len, body)))
        self.add_etag()

    def make_conditional(
        self,
        request_or_environ: Environ | RequestBase,
        accept_ranges: bool | str = False,
        complete_length: int | None = None,
    ) -> Self:
        """Change this response to what the conditions of a GET or HEAD call for, and return it.

        Sets Date, and Content-Length where the length is known. With `accept_ranges` (true, or the value of the field)
        Accept-Ranges is set, and a range is cut out if `complete_length`, the body's whole length, is given.

        RFC 9110 §13.2: conditions are looked at before ranges, and only where the answer is a success.

        Raises:
            demijohn.http.errors.RequestedRangeNotSatisfiable: the range is malformed or lies outside.
        """
        method, field = _ask_narrowing(request_or_environ)
        if method not in {"GET", "HEAD"}:
            return self
        self.headers.setdefault("Date", http_date())
        units = "bytes" if accept_ranges is True else accept_ranges
        if units:
            self.headers["Accept-Ranges"] = units
        if field is not None and 200 <= self.status_code < 300:
            if not self._is_modified(field):
                expected = field("If-Match")
                self.status_code = 412 if expected and parse_etags(expected) else 304
            # RFC 9110 §14.2: ranges are defined for GET only.
            elif method == "GET" and self.status_code == 200 and units and units != "none" and complete_length:
                self._answer_range(field, complete_length)
        if self.automatically_set_content_length and "Content-Length" not in self.headers:
            length = self.calculate_content_length()
            if length is not None:
                self.headers["Content-Length"] = str(length)
        return self

    def _is_modified(self, field: AskField, *, of_range: bool = False) -> bool:
        return is_representation_modified(
            http_range=field("Range"),
            http_if_range=field("If-Range"),
            http_if_modified_since=field("If-Modified-Since") if not of_range else None,
            http_if_none_match=field("If-None-Match") if not of_range else None,
            http_if_match=field("If-Match") if not of_range else None,
            etag=self.headers.get("ETag"),
            last_modified=self.headers.get("Last-Modified"),
            ignore_if_range=not of_range,
        )

    def _answer_range(self, field: AskField, complete_length: int) -> None:
        """Cut the ranges out of the body; leave the response whole where the request's Range is not to be looked at."""
        text = field("Range")
        if text is None:
            return
        if field("If-Range") is not None and self._is_modified(field, of_range=True):
            # The client has a part of another version.
            return
        parts = select_ranges(text, complete_length, self.max_ranges)
        if parts is None:
            # RFC 9110 §14.2: a unit that is not understood must be ignored, many ranges may be.
            return
        if not parts:
            raise RequestedRangeNotSatisfiable(complete_length)
        if len(parts) > 1:
            self._cut_several(parts, complete_length)
            return
        start, stop = parts[0]
        self.headers["Content-Length"] = str(stop - start)
        self.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{complete_length}"
        self.status_code = 206
        if self.is_sequence:
            self.response = [b"".join(self.iter_encoded())[start:stop]]
        elif self.direct_passthrough:
            self.response = RangeWrapper(self.response, start, stop - start)  # type: ignore[arg-type]  # bytes by contract
        else:
            # Positions count bytes, so text is encoded first.
            close = getattr(self.response, "close", None)
            if close is not None:
                self.call_on_close(close)
            self.response = RangeWrapper(self.iter_encoded(), start, stop - start)

    def _cut_several(self, parts: list[tuple[int, int]], complete_length: int) -> None:
        """Answer with several parts (RFC 9110 §14.6); whole, if the body cannot be read from where one likes."""
        source = self.response
        if self.is_sequence:
            source = FileWrapper(io.BytesIO(b"".join(self.iter_encoded())))
        if not isinstance(source, FileWrapper) or not source.seekable():
            return
        body = ByteRanges(source, parts, complete_length, self.headers.get("Content-Type"))
        self.headers["Content-Type"] = body.content_type
        self.headers["Content-Length"] = str(body.content_length)
        self.status_code = 206
        self.response = body


_NARROWING: Final = frozenset({b"range", b"if-range", b"if-modified-since", b"if-none-match", b"if-match"})


def _ask_narrowing(request_or_environ: Environ | RequestBase) -> tuple[str, AskField | None]:
    """Do as `ask_request`, but for a request that has neither a condition nor a range: `None` for its fields."""
    # PERF: nearly all; nothing is decoded. Headers that somebody has looked at may have been replaced.
    if (
        isinstance(request_or_environ, RequestBase)
        and not request_or_environ._made_from_environ
        and not request_or_environ._has_own_headers
        and "headers" not in request_or_environ.__dict__
        and _NARROWING.isdisjoint(request_or_environ._head.index)
    ):
        return request_or_environ.method, None
    return ask_request(request_or_environ)


def ask_request(
    request_or_environ: Any,
) -> tuple[str, AskField]:  # Any: an environ, a request, or whatever carries an environ
    """Return the method and the field values of a request; does not build an environ for it."""
    if isinstance(request_or_environ, RequestBase):
        headers = request_or_environ.headers
        # PERF: `get` without a default is a call more for each field.
        return request_or_environ.method, headers._find if type(headers) is RequestHeaders else headers.get
    environ = get_environ(request_or_environ)

    def field(name: str) -> str | None:
        value: str | None = environ.get(_VARIABLES[name])
        return value

    return environ["REQUEST_METHOD"], field
