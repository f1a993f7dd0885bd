"""The body of a test request: `StreamPayload`, bytes as they are, or `FormPayload`, fields and files to be encoded.

A payload is rendered once, for one request, and belongs to one thread.
"""

import io
from collections.abc import Mapping
from typing import IO, Any, NamedTuple

from demijohn.http.multidict import CombinedMultiDict, FileMultiDict, MultiDict
from demijohn.http.urls import encode_query

from .multipart_encode import iter_fields, stream_encode_multipart

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class Rendered(NamedTuple):
    """A body as an environ has it."""

    stream: IO[bytes]
    length: int | None
    content_type: str | None

    def variables(self) -> dict[str, Any]:  # Any: environs hold anything
        """Return its part of an environ."""
        variables: dict[str, Any] = {"wsgi.input": self.stream}  # Any: as above
        if self.content_type is not None:
            variables["CONTENT_TYPE"] = self.content_type
        if self.length is not None:
            variables["CONTENT_LENGTH"] = str(self.length)
        return variables


class StreamPayload:
    """A body that is read from a stream, from where that stands."""

    content_type = None
    """A stream does not say what is in it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def render(self, content_type: str | None, length: int | None) -> Rendered:
        """Return the stream; `length` is believed where it cannot tell its own."""
        try:
            here = self.stream.tell()
            length = self.stream.seek(0, io.SEEK_END) - here
            self.stream.seek(here)
        except (AttributeError, OSError):  # io.UnsupportedOperation is an OSError
            pass
        return Rendered(self.stream, length, content_type)

    def close(self) -> None:
        """Do nothing: the stream is the test's."""


class FormPayload:
    """A form: fields and files."""

    def __init__(
        self,
        fields: MultiDict[str, Any] | None = None,  # Any: what `str` makes text of
        files: FileMultiDict | None = None,
    ) -> None:
        self.fields: MultiDict[str, Any] = MultiDict() if fields is None else fields  # Any: as above
        self.files = FileMultiDict() if files is None else files

    @classmethod
    def sort(cls, data: Mapping[str, Any]) -> "FormPayload":  # Any: text, files, tuples about files, lists
        """Make a form of one mapping that has the fields and the files."""
        form = cls()
        for name, value in iter_fields(data):
            if isinstance(value, tuple):
                form.files.add_file(name, *value)
            elif hasattr(value, "read"):
                form.files.add_file(name, value)
            else:
                form.fields.add(name, value)
        return form

    @property
    def content_type(self) -> str | None:
        """The media type that can carry what is in the form; `None` for an empty one."""
        if self.files:
            return MULTIPART
        return URL_ENCODED if self.fields else None

    def render(self, content_type: str | None, length: int | None) -> Rendered:
        """Encode the form as `content_type` says; where that is not one of a form, the body is empty. Files are read."""
        mimetype = (content_type or "").partition(";")[0].strip()
        if mimetype == MULTIPART:
            both: Mapping[str, Any] = CombinedMultiDict([self.fields, self.files])  # Any: text and files
            stream, length, boundary = stream_encode_multipart(both)
            return Rendered(stream, length, f'{MULTIPART}; boundary="{boundary}"')
        if mimetype == URL_ENCODED:
            data = encode_query(self.fields).encode("ascii")
            return Rendered(io.BytesIO(data), len(data), content_type)
        return Rendered(io.BytesIO(), length, content_type)

    def close(self) -> None:
        """Close the files."""
        for files in self.files.listvalues():
            for file in files:
                file.close()


Payload = StreamPayload | FormPayload

Data = IO[bytes] | str | bytes | Mapping[str, Any]  # Any: as of `FormPayload.sort`


def payload_of(data: Data) -> Payload:
    """Return the body that `data` means: text, bytes and files as they are (a file is read), a mapping as a form.

    Raises:
        TypeError: it is nothing of that.
    """
    if isinstance(data, Mapping):
        return FormPayload.sort(data)
    raw = data.read() if hasattr(data, "read") else data
    if isinstance(raw, str):
        raw = raw.encode()
    if isinstance(raw, bytes):
        return StreamPayload(io.BytesIO(raw))
    raise TypeError(f"data must be text, bytes, a file or a mapping, not {type(data).__name__!r}.")
