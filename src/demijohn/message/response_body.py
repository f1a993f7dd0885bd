"""`ResponseBody`: the body of a response: a sequence whose length is known, or an iterable that is sent as it comes."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, ClassVar, Final, Literal, Self, TypeVar, cast, overload

from demijohn.http.headers import Headers, ImmutableHeadersMixin
from demijohn.http.status import parse_status

from .mediatype import get_content_type
from .properties import cached_property
from .response_base import HeaderInput
from .response_policies import ResponsePolicies

_R = TypeVar("_R")

_OK = parse_status(200)
_TEXTS = (str, bytes, bytearray)

CONTENT_TYPE: Final = "Content-Type"
CONTENT_LENGTH: Final = "Content-Length"
"""PERF: where both sides take the name from here it is told by its identity, without a look at its letters."""

# PERF: the usual fields, made once.
_TYPE_FIELDS: Final = {
    mimetype: (CONTENT_TYPE, get_content_type(mimetype)) for mimetype in ("text/html", "text/plain", "application/json")
}
_new_headers: Final = Headers.__new__


class ResponseBody(ResponsePolicies):
    """A body of bytes and text; text is sent as UTF-8."""

    implicit_sequence_conversion = True
    """`data` and the like may read a streamed body into a list; otherwise they raise `RuntimeError`."""

    automatically_set_content_length = True
    """Set Content-Length where the length is known."""

    json_module: Any = json  # Any: a module or an object
    """What `get_json` parses with: anything with `loads`."""

    response: Iterable[str] | Iterable[bytes]
    """The body: a list or tuple is a body of known length, any other iterable is streamed."""

    _on_close: list[Callable[[], object]]

    _has_own_parts: ClassVar[bool] = False
    """A subclass replaced what `__init__` does by itself for the usual response."""

    def __init_subclass__(cls, **kwargs: Any) -> None:  # Any: what other bases take
        super().__init_subclass__(**kwargs)
        cls._has_own_parts = cls.set_data is not ResponseBody.set_data or cls.status is not ResponseBody.status

    def __init__(
        self,
        response: Iterable[bytes] | bytes | Iterable[str] | str | None = None,
        status: int | str | HTTPStatus | None = None,
        headers: HeaderInput | None = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        """Make a response.

        `content_type` is taken as it is, `mimetype` gets a charset if it is text; `default_mimetype` if there is neither.
        `direct_passthrough` sends the iterable untouched, for files and other iterators of bytes.
        """
        # PERF: one frame for the usual response; fields are appended here where they are known to be new and printable.
        self.direct_passthrough, self._on_close = direct_passthrough, []
        type_given = length_given = False
        if headers is None:
            fields = _new_headers(Headers)
            fields._list = []
        elif isinstance(headers, Headers) and not isinstance(headers, ImmutableHeadersMixin):
            fields = headers
        else:
            fields = Headers(headers)
        self.headers = fields
        lines = fields._list
        if lines:
            for name, _ in lines:
                lower = name.lower()
                if lower == "content-type":
                    type_given = True
                elif lower == "content-length":
                    length_given = True
        if content_type is None:
            if mimetype is None and not type_given:
                mimetype = self.default_mimetype
            usual = None if type_given else _TYPE_FIELDS.get(mimetype or "")
            if usual is not None:
                lines.append(usual)
            elif mimetype is not None:
                content_type = get_content_type(mimetype)
        if content_type is not None:
            if type_given or not content_type.isprintable():
                fields["Content-Type"] = content_type
            else:
                lines.append((CONTENT_TYPE, content_type))
        if status is None:
            status = self.default_status
        has_own_parts = self._has_own_parts
        if has_own_parts:
            self.status = status
        else:
            self._status, self._status_code = _OK if status == 200 else parse_status(status)
        if response is None:
            self.response = []
        elif not isinstance(response, _TEXTS):
            self.response = response
        elif length_given or has_own_parts:
            self.set_data(response)
        else:
            data = response.encode() if isinstance(response, str) else bytes(response)
            self.response = [data]
            if self.automatically_set_content_length:
                lines.append((CONTENT_LENGTH, str(len(data))))

    def __repr__(self) -> str:
        if self.is_sequence:
            size = f"{sum(map(len, self.iter_encoded()))} bytes"
        else:
            size = "streamed" if self.is_streamed else "likely-streamed"
        return f"<{type(self).__name__} {size} [{self.status}]>"

    @overload
    def get_data(self, as_text: Literal[False] = False) -> bytes: ...

    @overload
    def get_data(self, as_text: Literal[True]) -> str: ...

    def get_data(self, as_text: bool = False) -> bytes | str:
        """Return the whole body; a streamed one is read to its end first, and is a list from then on.

        Raises:
            RuntimeError: it is streamed, and `direct_passthrough` or not `implicit_sequence_conversion`.
        """
        self._ensure_sequence()
        data = b"".join(self.iter_encoded())
        return data.decode() if as_text else data

    def set_data(self, value: bytes | str | bytearray) -> None:
        """Replace the body, and Content-Length with it."""
        data = value.encode() if isinstance(value, str) else bytes(value)
        self.response = [data]
        if self.automatically_set_content_length:
            self.headers["Content-Length"] = str(len(data))

    @property
    def data(self) -> bytes:
        """The whole body; see `get_data` and `set_data`."""
        return self.get_data()

    @data.setter
    def data(self, value: bytes | str) -> None:
        self.set_data(value)

    @property
    def json(self) -> Any:  # Any: a JSON value
        """The body as JSON; the same as `get_json()`."""
        return self.get_json()

    def get_json(self, force: bool = False, silent: bool = False) -> Any:  # Any: a JSON value
        """Parse the body as JSON; `None` if the media type is not JSON's, unless `force`.

        Raises:
            ValueError: it is not JSON, and not `silent`.
        """
        if force or self.is_json:
            text = self.get_data()
            # Only the parsing: what reading a stream raises is no matter of JSON.
            with suppress(*((ValueError,) if silent else ())):
                return self.json_module.loads(text)
        return None

    def calculate_content_length(self) -> int | None:
        """Return the body's length in bytes; `None` if it is streamed and may not be read."""
        try:
            self._ensure_sequence()
        except RuntimeError:
            return None
        return sum(map(len, self.iter_encoded()))

    def _ensure_sequence(self, mutable: bool = False) -> None:
        """Read a streamed body into a list, or raise; with `mutable` a tuple becomes a list as well."""
        if self.is_sequence:
            if mutable and not isinstance(self.response, list):
                self.response = cast("list[bytes]", list(self.response))
            return
        if self.direct_passthrough:
            raise RuntimeError("The body is passed through untouched, so it cannot be read into a list.")
        if not self.implicit_sequence_conversion:
            raise RuntimeError(
                "The body is streamed and implicit_sequence_conversion is off; call make_sequence() first."
            )
        self.make_sequence()

    def make_sequence(self) -> None:
        """Read a streamed body into a list of bytes; its own `close` is called when the response is closed."""
        if self.is_sequence:
            return
        streamed = self.response
        self.response = list(self.iter_encoded())
        if (close := getattr(streamed, "close", None)) is not None:
            self._on_close.append(close)

    def iter_encoded(self) -> Iterator[bytes]:
        """Iterate over the body as bytes."""
        # The body is fetched now, so that it may be replaced by something that wraps this.
        return _encoded(self.response)

    @property
    def is_streamed(self) -> bool:
        """Whether the body is an iterable without a length."""
        try:
            len(self.response)  # type: ignore[arg-type]  # that is the question
        except (TypeError, AttributeError):
            return True
        return False

    @property
    def is_sequence(self) -> bool:
        """Whether the body is a list or tuple, which may be iterated again and again."""
        return isinstance(self.response, (tuple, list))

    def call_on_close(self, func: Callable[[], _R]) -> Callable[[], _R]:
        """Call `func` when the response is closed, after it was sent. Usable as a decorator."""
        self._on_close.append(func)
        return func

    def close(self) -> None:
        """Close the body, if it can be closed, then call what `call_on_close` was given."""
        body = self.response
        if type(body) is not list and (close := getattr(body, "close", None)) is not None:
            close()
        for function in self._on_close:
            function()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @cached_property
    def stream(self) -> "ResponseStream":
        """The body as a file that is only written to."""
        return ResponseStream(self)


def _encoded(body: Iterable[str] | Iterable[bytes]) -> Iterator[bytes]:
    for item in body:
        yield item.encode() if isinstance(item, str) else item


class ResponseStream:
    """A write-only file that appends to the body of a response, which it turns into a list."""

    mode = "wb+"

    def __init__(self, response: ResponseBody) -> None:
        self.response = response
        self.closed = False

    def write(self, value: bytes) -> int:
        """Append bytes.

        Raises:
            ValueError: the stream was closed.
        """
        self.flush()
        answer = self.response
        answer._ensure_sequence(mutable=True)
        cast("list[bytes]", answer.response).append(value)
        answer.headers.pop("Content-Length", None)
        return len(value)

    def writelines(self, seq: Iterable[bytes]) -> None:
        """Append each of the chunks."""
        for value in seq:
            self.write(value)

    def close(self) -> None:
        """Refuse further writes."""
        self.closed = True

    def flush(self) -> None:
        """Do nothing, but raise `ValueError` if the stream was closed."""
        if self.closed:
            raise ValueError("The stream of the response was closed; nothing more can be written to it.")

    def isatty(self) -> bool:
        """Return `False`, but raise `ValueError` if the stream was closed."""
        self.flush()
        return False

    def tell(self) -> int:
        """Return the length of the body so far."""
        self.response._ensure_sequence()
        return sum(map(len, self.response.iter_encoded()))

    @property
    def encoding(self) -> str:
        """The encoding of text in the body."""
        return "utf-8"
