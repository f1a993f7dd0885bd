"""`RequestForm`: a form in the body of a request: parsed whole, or part by part while it arrives."""

from collections.abc import Iterator
from typing import IO, Any

from demijohn.http.errors import UnsupportedMediaType
from demijohn.http.forms import FormDataParser
from demijohn.http.multidict import CombinedMultiDict, ImmutableMultiDict, MultiDict
from demijohn.http.multipart import Part, iter_parts
from demijohn.http.uploads import FileStorage, default_stream_factory

from .properties import cached_property
from .request_body import RequestBody


class RequestForm(RequestBody):
    """Parses the body, within the limits set on the class or on the one request."""

    max_form_memory_size: int | None = 500_000
    """Most bytes that one field of a multipart form, other than a file, may take; above it 413 is raised."""

    max_form_parts: int | None = 1000
    """Most parts of a multipart form; above it 413 is raised."""

    form_data_parser_class: type[FormDataParser] = FormDataParser
    """What `make_form_data_parser` makes."""

    @cached_property
    def form(self) -> ImmutableMultiDict[str, str]:
        """The fields of a form in the body; empty if there is none."""
        self._load_form_data()
        return self.__dict__["form"]  # type: ignore[no-any-return]  # put there by the line above

    @cached_property
    def files(self) -> ImmutableMultiDict[str, FileStorage]:
        """The files of a multipart form in the body; empty if there are none."""
        self._load_form_data()
        return self.__dict__["files"]  # type: ignore[no-any-return]  # put there by the line above

    @cached_property
    def values(self) -> CombinedMultiDict[str, str]:
        """`args` and `form` together; `args` alone for GET, whose body, if any, must not pass for its query."""
        sources: list[Any] = [self.args]  # Any: the storage class is the user's choice
        if self.method != "GET":
            sources.append(self.form)
        return CombinedMultiDict([one if isinstance(one, MultiDict) else MultiDict(one) for one in sources])

    @property
    def want_form_data_parsed(self) -> bool:
        """Whether `form` looks into the body: by default if there is a Content-Type."""
        return bool(self.headers.get("Content-Type"))

    def make_form_data_parser(self) -> FormDataParser:
        """Make the parser for `form`, with the limits of this request."""
        return self.form_data_parser_class(
            cls=self.parameter_storage_class,
            stream_factory=self._get_file_stream,
            max_content_length=self.max_content_length,
            max_form_parts=self.max_form_parts,
            max_form_memory_size=self.max_form_memory_size,
            silent=False,
        )

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Open the file that an upload is written to. It must be readable, writable and seekable."""
        return default_stream_factory(
            total_content_length=total_content_length,
            content_type=content_type,
            filename=filename,
            content_length=content_length,
        )

    def _load_form_data(self) -> None:
        """Parse the form, once, and set `stream`, `form` and `files`."""
        attributes = self.__dict__
        if "form" in attributes:
            return
        if self.want_form_data_parsed:
            stream, form, files = self.make_form_data_parser().parse(
                self._get_stream_for_parsing(), self.mimetype, self.content_length, self.mimetype_params
            )
        else:
            stream, form, files = self.stream, self.parameter_storage_class(), self.parameter_storage_class()
        attributes["stream"] = stream
        attributes["form"] = form
        attributes["files"] = files

    def iter_parts(self) -> Iterator[Part]:
        """Yield the parts of a multipart form as they arrive, in constant memory however large they are.

        Each part has `name`, `filename`, `headers`, `iter_chunks()`, `read(limit)` and `text(limit)`, and is to be read before
        the next one is asked for; what is not read is skipped. `max_content_length` and `max_form_parts` hold; nothing is
        kept for `form` and `files`.

        Raises:
            RuntimeError: the form was parsed before.
            demijohn.http.errors.UnsupportedMediaType: the body is no multipart form (415).
            demijohn.http.errors.BadRequest: while reading: the form is malformed or breaks off (400).
            demijohn.http.errors.RequestEntityTooLarge: it is above a limit (413).
        """
        if "form" in self.__dict__:
            raise RuntimeError("The form was parsed already, so its parts have passed; see 'form' and 'files'.")
        if self.mimetype != "multipart/form-data":
            raise UnsupportedMediaType("The body is no form of type 'multipart/form-data'.")
        boundary = self.mimetype_params.get("boundary", "")
        return iter_parts(self._get_stream_for_parsing(), boundary, max_parts=self.max_form_parts)

    def close(self) -> None:
        """Close the files of the form, if it was parsed."""
        files = self.__dict__.get("files")
        if files:
            # Through a plain MultiDict: the class of `files` is the user's to choose, and one name may have several files.
            for group in MultiDict(files).listvalues():
                for file in group:
                    file.close()
