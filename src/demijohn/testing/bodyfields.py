"""`BodyFields`: the part of `EnvironBuilder` that is about the body: form, files or stream, and what describes them."""

from typing import IO, Any

from demijohn.http.callbackdict import CallbackDict
from demijohn.http.headers import Headers
from demijohn.http.multidict import FileMultiDict, MultiDict
from demijohn.http.options import parse_options_header, render_options_header
from demijohn.message.mediatype import get_content_type


class BodyFields:
    """Form and files, or an input stream: setting one forgets the other."""

    headers: Headers
    """The header fields, which may be changed."""

    closed = False
    """Whether `close` was called."""

    def __init__(self, headers: Headers) -> None:
        self.headers = headers
        self._input_stream: IO[bytes] | None = None
        self._form: MultiDict[str, Any] | None = None  # Any: what `str` makes text of
        self._files: FileMultiDict | None = None

    @property
    def content_type(self) -> str | None:
        """The Content-Type; where none was set, that of the form. `None` removes it."""
        given = self.headers.get("Content-Type")
        if given is None and self._input_stream is None:
            if self._files:
                return "multipart/form-data"
            if self._form:
                return "application/x-www-form-urlencoded"
        return given

    @content_type.setter
    def content_type(self, value: str | None) -> None:
        if value is None:
            self.headers.pop("Content-Type", None)
        else:
            self.headers["Content-Type"] = value

    @property
    def mimetype(self) -> str | None:
        """The Content-Type without parameters; setting it adds the charset to text."""
        content_type = self.content_type
        return content_type.partition(";")[0].strip() if content_type else None

    @mimetype.setter
    def mimetype(self, value: str) -> None:
        self.content_type = get_content_type(value)

    @property
    def mimetype_params(self) -> dict[str, str]:
        """The parameters of the Content-Type, as a dict that writes changes back."""

        def write(parameters: CallbackDict[str, str]) -> None:
            self.headers["Content-Type"] = render_options_header(self.mimetype, parameters)

        return CallbackDict(parse_options_header(self.headers.get("Content-Type", ""))[1], write)

    @property
    def content_length(self) -> int | None:
        """The Content-Length field; `None` if there is none, or it is no number. `None` removes it."""
        value = self.headers.get("Content-Length")
        return int(value) if value is not None and value.isdecimal() else None

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        if value is None:
            self.headers.pop("Content-Length", None)
        else:
            self.headers["Content-Length"] = str(value)

    @property
    def input_stream(self) -> IO[bytes] | None:
        """The raw body; setting it forgets `form` and `files`."""
        return self._input_stream

    @input_stream.setter
    def input_stream(self, value: IO[bytes] | None) -> None:
        self._input_stream = value
        self._form = None
        self._files = None

    @property
    def form(self) -> MultiDict[str, Any]:
        """The fields of the form, which may be changed; setting it forgets the input stream.

        Raises:
            AttributeError: there is an input stream.
        """
        self._refuse_beside_stream("form")
        if self._form is None:
            self._form = MultiDict()
        return self._form

    @form.setter
    def form(self, value: MultiDict[str, Any]) -> None:
        self._input_stream = None
        self._form = value

    @property
    def files(self) -> FileMultiDict:
        """The files of the form, which may be added to; setting it forgets the input stream.

        Raises:
            AttributeError: there is an input stream.
        """
        self._refuse_beside_stream("files")
        if self._files is None:
            self._files = FileMultiDict()
        return self._files

    @files.setter
    def files(self, value: FileMultiDict) -> None:
        self._input_stream = None
        self._files = value

    def _refuse_beside_stream(self, name: str) -> None:
        if self._input_stream is not None:
            raise AttributeError(f"The body is an input stream, so there is no {name}.")

    def close(self) -> None:
        """Close the files. May be called twice."""
        if self.closed:
            return
        self.closed = True
        if self._files is not None:
            for files in self._files.listvalues():
                for file in files:
                    file.close()

    def __del__(self) -> None:
        # `__init__` may have failed before there was anything to close.
        if "_files" in self.__dict__:
            self.close()
