"""Forms in bodies: which parser a content type gets, what the limits are, and where fields and files end up.

The names are Werkzeug's. Callers give a stream that ends with the body and that is limited already (`stream.get_input_stream`,
or `Request.stream`): a form is at most as long as the stream.
"""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from .._base.record import record
from .errors import RequestEntityTooLarge
from .headers import Headers
from .multidict import ImmutableMultiDict, MultiDict
from .multipart import CHUNK_BYTES, MalformedForm, TruncatedForm, _Segment, iter_events
from .options import parse_options_header
from .stream import get_content_length, get_input_stream, limit_stream
from .uploads import FileStorage, StreamFactory, default_stream_factory
from .urlencoded import read_urlencoded

ParsedForm = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]
"""The stream, read to its end if it was a form; the fields; the files."""

_FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


@record
class FormLimits:
    """What a form may take. `None` lifts a limit."""

    max_content_length: int | None = None
    """The most bytes of the body."""

    max_form_memory_size: int | None = 500_000
    """The most bytes of one field of a multipart form that is no file."""

    max_form_parts: int | None = 1000
    """The most parts of a multipart form."""


class MultiPartParser:
    """Reads a multipart form whole: fields into memory, files into what `stream_factory` opens.

    `max_form_memory_size` limits each single field, `max_form_parts` the number of fields and files.
    """

    def __init__(
        self,
        stream_factory: StreamFactory | None = None,
        max_form_memory_size: int | None = None,
        cls: type[MultiDict[str, Any]] | None = None,
        buffer_size: int = CHUNK_BYTES,
        max_form_parts: int | None = None,
    ) -> None:
        self.stream_factory = stream_factory or default_stream_factory
        self.max_form_memory_size = max_form_memory_size
        self.max_form_parts = max_form_parts
        self.cls: type[MultiDict[str, Any]] = cls or MultiDict
        self.buffer_size = buffer_size

    def parse(
        self, stream: IO[bytes], boundary: bytes | str, content_length: int | None
    ) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Return the fields and the files. If it raises, the files opened so far are closed.

        Raises:
            RequestEntityTooLarge: a limit was reached.
            MalformedForm: the body is no such form, or cut short (`TruncatedForm`).
        """
        fields: list[tuple[str, str]] = []
        files: list[tuple[str, FileStorage]] = []
        try:
            # Any: which kind of event comes next is known from the one before.
            events: Iterator[Any] = iter_events(
                stream, boundary, max_parts=self.max_form_parts, chunk_bytes=self.buffer_size
            )
            for event in events:
                if isinstance(event, _Segment):
                    if event.filename is None:
                        fields.append((event.name, self._read_field(event, events)))
                    else:
                        file = self._open_file(event, content_length)
                        files.append((event.name, file))
                        write = file.stream.write
                        # A part's end is `None`, and nothing but content comes before it.
                        for chunk in iter(events.__next__, None):
                            write(chunk)
                        file.stream.seek(0)
        except BaseException:
            for _, file in files:
                file.close()
            raise
        return self.cls(fields), self.cls(files)

    def _read_field(self, segment: _Segment, events: Iterator[Any]) -> str:  # Any: see parse
        limit = self.max_form_memory_size
        chunks: list[bytes] = []
        for chunk in iter(events.__next__, None):
            # The push parser counts what it hands out.
            if limit is not None and segment.bytes_received > limit:
                raise RequestEntityTooLarge(f"The form field {segment.name!r} is too large.")
            chunks.append(chunk)
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return data.decode(segment.charset(), "replace")

    def _open_file(self, segment: _Segment, content_length: int | None) -> FileStorage:
        headers = Headers(segment.headerlist)
        length = segment.get("Content-Length")
        stream = self.stream_factory(
            total_content_length=content_length,
            content_type=segment.get("Content-Type"),
            filename=segment.filename,
            content_length=0 if length is None else int(length),
        )
        return FileStorage(stream, segment.filename, segment.name, headers=headers)


class FormDataParser:
    """Parses a form of either type; anything else is left in the stream.

    With `silent` a body that is not the form it is said to be gives an empty one. Without, and always if the body is cut short,
    an error is raised. `max_content_length` counts for `parse_from_environ` only.
    """

    def __init__(
        self,
        stream_factory: StreamFactory | None = None,
        max_form_memory_size: int | None = None,
        max_content_length: int | None = None,
        cls: type[MultiDict[str, Any]] | None = None,
        silent: bool = True,
        *,
        max_form_parts: int | None = None,
    ) -> None:
        self.stream_factory = stream_factory or default_stream_factory
        self.max_form_memory_size = max_form_memory_size
        self.max_content_length = max_content_length
        self.max_form_parts = max_form_parts
        self.cls: type[MultiDict[str, Any]] = cls or MultiDict
        self.silent = silent

    def parse_from_environ(self, environ: dict[str, Any]) -> ParsedForm:
        """Parse the body of a WSGI request.

        Raises:
            RequestEntityTooLarge: the body is above `max_content_length`; and what `parse` raises.
        """
        stream = get_input_stream(environ, max_content_length=self.max_content_length)
        mimetype, options = parse_options_header(environ.get("CONTENT_TYPE"))
        return self.parse(stream, mimetype, get_content_length(environ), options)

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: Mapping[str, str] | None = None,
    ) -> ParsedForm:
        """Parse a stream that ends with the body; `options` are the parameters of its content type.

        Raises:
            RequestEntityTooLarge: a limit was reached.
            TruncatedForm: the body ends before the form does.
            MalformedForm: without `silent`: the body is no such form.
        """
        mimetype = mimetype.lower()
        if mimetype == "application/x-www-form-urlencoded":
            return stream, self.cls(read_urlencoded(stream)), self.cls()
        if mimetype == "multipart/form-data":
            parser = MultiPartParser(
                self.stream_factory, self.max_form_memory_size, self.cls, max_form_parts=self.max_form_parts
            )
            boundary = (options or {}).get("boundary", "")
            try:
                form, files = parser.parse(stream, boundary, content_length)
            except TruncatedForm:
                raise
            except MalformedForm:
                if not self.silent:
                    raise
            else:
                return stream, form, files
        return stream, self.cls(), self.cls()


def parse_form_data(
    environ: dict[str, Any],
    stream_factory: StreamFactory | None = None,
    max_form_memory_size: int | None = None,
    max_content_length: int | None = None,
    cls: type[MultiDict[str, Any]] | None = None,
    silent: bool = True,
    *,
    max_form_parts: int | None = None,
) -> ParsedForm:
    """Parse the form of a WSGI request; see `FormDataParser`."""
    return FormDataParser(
        stream_factory, max_form_memory_size, max_content_length, cls, silent, max_form_parts=max_form_parts
    ).parse_from_environ(environ)


def parse_form(
    stream: IO[bytes],
    content_type: str | None,
    content_length: int | None = None,
    limits: FormLimits | None = None,
    stream_factory: StreamFactory | None = None,
) -> ParsedForm:
    """Parse the form in a stream strictly, into immutable multi dicts; what is no form is left in the stream.

    Raises:
        RequestEntityTooLarge: a limit was reached.
        MalformedForm: the body is not the form it is said to be, or is cut short.
    """
    limits = limits or FormLimits()
    mimetype, options = parse_options_header(content_type)
    maximum = limits.max_content_length
    if maximum is not None and mimetype.lower() in _FORM_TYPES:
        if content_length is not None and content_length > maximum:
            raise RequestEntityTooLarge
        stream = limit_stream(stream, maximum, is_max=True)
    parser = FormDataParser(
        stream_factory,
        limits.max_form_memory_size,
        cls=ImmutableMultiDict,
        silent=False,
        max_form_parts=limits.max_form_parts,
    )
    return parser.parse(stream, mimetype, content_length, options)
