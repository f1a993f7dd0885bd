"""`RequestBody`: the body of a request as a stream and as bytes. Forms, which are parsed from it, are in request_form.

A body can be read once. Who comes first decides: `get_data` keeps what it read, so that `form` can still be parsed from it;
`form` keeps nothing; `stream` and `iter_parts` hand the bytes out.
"""

import io
from typing import IO, Any, Literal, overload

from demijohn.http.errors import RequestEntityTooLarge

from .bodystream import BodyStream
from .environ import body_from_environ
from .properties import cached_property
from .request_negotiation import RequestNegotiation


class RequestBody(RequestNegotiation):
    """Reads the body, within the limit set on the class or on the one request."""

    max_content_length: int | None = None
    """Most bytes of a body that are read, of any kind; above it 413 is raised. `None` leaves it to the server."""

    _cached_data: bytes | None = None

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body as a binary file that ends where the body ends. Nothing of it is kept.

        Raises:
            RuntimeError: the request is `shallow`.
            demijohn.http.errors.RequestEntityTooLarge: it is announced, or found, to be above `max_content_length`.
            demijohn.http.errors.ClientDisconnected: while reading, it breaks off.
        """
        if self.shallow:
            raise RuntimeError("The request is shallow: its body must not be read here.")
        limit = self.max_content_length
        if limit is not None:
            length = self.content_length
            if length is not None and length > limit:
                raise RequestEntityTooLarge
        exchange = self._exchange
        # PERF: what `_body` would be.
        body = self._body if exchange is None or self._made_from_environ else exchange.body
        if "environ" in self.__dict__ and self.environ.get("wsgi.input") is not body and not self._made_from_environ:
            # Somebody put a stream of his own into the environ, as recipes for check sums do.
            body = body_from_environ(self.environ)
        stream: Any = BodyStream(body, limit)  # Any: a RawIOBase is an IO[bytes] to everybody but the type checker
        return stream  # type: ignore[no-any-return]  # see above

    @overload
    def get_data(self, cache: bool = True, as_text: Literal[False] = False, parse_form_data: bool = False) -> bytes: ...

    @overload
    def get_data(self, cache: bool = True, as_text: Literal[True] = ..., parse_form_data: bool = False) -> str: ...

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> bytes | str:
        """Read the body to its end and return it, as text (UTF-8, what is not becomes U+FFFD) with `as_text`.

        With `cache` it is kept for the next call and for `form`. With `parse_form_data` a form is parsed first; then `form`
        has it and this returns nothing of it.
        """
        data = self._cached_data
        if data is None:
            if parse_form_data:
                self._load_form_data()
            data = self.stream.read()
            if cache:
                self._cached_data = data
        return data.decode("utf-8", "replace") if as_text else data

    @cached_property
    def data(self) -> bytes:
        """The body as bytes; empty if it is a form, which is in `form` and `files` then."""
        return self.get_data(parse_form_data=True)

    def _get_stream_for_parsing(self) -> IO[bytes]:
        """Return the body for a parser: what `get_data` has kept, otherwise `stream`."""
        if self._cached_data is not None:
            return io.BytesIO(self._cached_data)
        stream: IO[bytes] = self.stream
        return stream

    def _load_form_data(self) -> None:
        """Parse a form in the body, if there is one; `RequestForm` knows how."""
