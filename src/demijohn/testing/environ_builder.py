"""`EnvironBuilder`: describes a request for a test, and makes its environ, or the request itself.

Here: Werkzeug's names over three values: the target (`target.py`), the header fields, the body (`payload.py`). A builder
belongs to one thread.
"""

import json as json_module
import sys
from collections.abc import Iterable, Mapping
from typing import IO, Any, Self

from demijohn.http.callbackdict import CallbackDict
from demijohn.http.headers import EnvironHeaders, Headers
from demijohn.http.multidict import FileMultiDict, MultiDict
from demijohn.http.options import parse_options_header, render_options_header
from demijohn.message import request as request_room
from demijohn.message.environ import Environ, decode_text
from demijohn.message.mediatype import get_content_type
from demijohn.message.request import Request

from .fields import field_variables, render_auth, set_field
from .payload import Data, FormPayload, Payload, StreamPayload, payload_of
from .target import Origin, Query, QueryPairs, decode_path, encode_path, encode_text, split_path


class EnvironBuilder:
    """Describes a request and makes its environ.

    Args:
        path: path below the application's root, with a query if `query_string` is not given. As an IRI: it is encoded.
        base_url: scheme, host and root (`SCRIPT_NAME`) of the application; by default `http://localhost/`.
        query_string: a finished query, or pairs to make one of.
        method: the method.
        input_stream: the body, raw. Then there are no `form` and `files`.
        content_type: the Content-Type; of forms it is made up where it is not given.
        content_length: the Content-Length; known bodies know better.
        errors_stream: `wsgi.errors`; by default the standard error output.
        multithread: `wsgi.multithread`.
        multiprocess: `wsgi.multiprocess`.
        run_once: `wsgi.run_once`.
        headers: header fields.
        data: the body: text, bytes or a file to be sent as they are, or a mapping to be sent as a form. In a mapping, a value
            with `read`, or a tuple `(file, filename[, content_type])`, is a file, a list is several values.
        json: an object to be sent as JSON; not together with `data`.
        environ_base: variables to begin with.
        environ_overrides: variables that win over everything else.
        mimetype: the Content-Type without parameters; text gets a charset.
        auth: an `Authorization`, or user name and password for Basic.

    Raises:
        ValueError: two query strings, or a base URL with one.
        TypeError: two bodies.
    """

    server_protocol = "HTTP/1.1"
    """`SERVER_PROTOCOL`."""

    wsgi_version = (1, 0)
    """`wsgi.version`."""

    request_class: type[Request] = Request
    """What `get_request` makes by default."""

    json_dumps = staticmethod(json_module.dumps)
    """What `json` is rendered with."""

    closed = False
    """Whether `close` was called."""

    url_scheme: str
    """`http` or `https`. It, the next two and `path` may be changed."""

    host: str
    """The Host field."""

    script_root: str
    """The application's root, percent-encoded."""

    path: str
    """The path below the root, percent-encoded."""

    request_uri: str
    """What the server says the request line had, whatever `path` says."""

    headers: Headers
    """The header fields, which may be changed."""

    def __init__(
        self,
        path: str = "/",
        base_url: str | None = None,
        query_string: QueryPairs | str | None = None,
        method: str = "GET",
        input_stream: IO[bytes] | None = None,
        content_type: str | None = None,
        content_length: int | None = None,
        errors_stream: IO[str] | None = None,
        multithread: bool = False,
        multiprocess: bool = False,
        run_once: bool = False,
        headers: Headers | Mapping[str, Any] | Iterable[tuple[str, str]] | None = None,  # Any: what Headers takes
        data: Data | None = None,
        environ_base: Mapping[str, Any] | None = None,  # Any: environs hold anything
        environ_overrides: Mapping[str, Any] | None = None,  # Any: as above
        mimetype: str | None = None,
        json: Any = None,  # Any: whatever can be rendered as JSON
        auth: Any = None,  # Any: an Authorization, or a pair of str
    ) -> None:
        self._payload: Payload = FormPayload()
        self.method = method
        self.base_url = base_url
        self.request_uri = path
        self.path, query = split_path(path)
        if query is not None and query_string is not None:
            raise ValueError("There is a query string in the path, and one as an argument; give one of them.")
        self._query = Query(query_string if query is None else query)

        self.headers = Headers(headers)
        given = {
            "Content-Type": content_type,
            "Content-Length": None if content_length is None else str(content_length),
            "Authorization": None if auth is None else render_auth(auth),
        }
        self.headers.update({name: value for name, value in given.items() if value is not None})

        self.multithread, self.multiprocess, self.run_once = multithread, multiprocess, run_once
        self.errors_stream = sys.stderr if errors_stream is None else errors_stream
        self.environ_base, self.environ_overrides = environ_base, environ_overrides

        if input_stream is not None and data:
            raise TypeError("A request has one body; give data or an input stream, not both.")
        self.input_stream = input_stream
        if json is not None:
            if data is not None:
                raise TypeError("A request has one body; give data or json, not both.")
            data = self.json_dumps(json)
            self.headers.setdefault("Content-Type", "application/json")
        if mimetype is not None:
            self.mimetype = mimetype
        if data:
            self._payload = payload_of(data)
            if isinstance(self._payload, StreamPayload) and self.content_length is None:
                self.content_length = self._payload.render(None, None).length

    @classmethod
    def from_environ(cls, environ: Environ, **kwargs: Any) -> Self:  # Any: arguments of the class
        """Make a builder that describes the request of an environ. Arguments replace what the environ says.

        The body is taken over as the input stream, where it stands.
        """
        headers = Headers(EnvironHeaders(environ))
        headers.remove("Host")
        described: dict[str, Any] = {  # Any: as above
            "base_url": Origin.of_environ(environ).url,
            "query_string": environ.get("QUERY_STRING", "").encode("latin-1").decode("utf-8", "replace"),
            "method": environ["REQUEST_METHOD"],
            "content_type": headers.pop("Content-Type", None),
            "content_length": headers.pop("Content-Length", None),
            "headers": headers,
        }
        for name in ("input", "errors"):
            described[f"{name}_stream"] = environ[f"wsgi.{name}"]
        for name in ("multithread", "multiprocess", "run_once"):
            described[name] = environ[f"wsgi.{name}"]
        builder = cls(**{**described, **kwargs})
        if "path" not in kwargs:
            # Not as an argument: a path that begins with two slashes would be taken for a host.
            builder.path = encode_path(environ)
            builder.request_uri = decode_text(environ.get("REQUEST_URI", builder.path))
        return builder

    # ---- target ------------------------------------------------------------------------------------------------------

    @property
    def _origin(self) -> Origin:
        return Origin(self.url_scheme, self.host, self.script_root)

    @property
    def base_url(self) -> str:
        """Scheme, host and root of the application, with a slash at the end. Setting it sets all three; `None` resets them.

        Raises:
            ValueError: on setting, if it has a query or fragment.
        """
        return self._origin.url

    @base_url.setter
    def base_url(self, value: str | None) -> None:
        self.url_scheme, self.host, self.script_root = Origin.parse("http://localhost" if value is None else value)

    @property
    def server_name(self) -> str:
        """The host without its port."""
        return self._origin.name

    @property
    def server_port(self) -> int:
        """The port of the host; where it has none, that of the scheme."""
        return self._origin.port

    @property
    def query_string(self) -> str:
        """The query; setting it makes `args` unavailable."""
        return self._query.text

    @query_string.setter
    def query_string(self, value: str | None) -> None:
        self._query = Query(value)

    @property
    def args(self) -> MultiDict[str, Any]:  # Any: what `str` makes text of
        """The query as a multi dict that may be changed.

        Raises:
            AttributeError: there is a finished query string.
        """
        return self._query.pairs

    @args.setter
    def args(self, value: MultiDict[str, Any] | None) -> None:  # Any: as above
        self._query = Query(value)

    # ---- fields about the body ---------------------------------------------------------------------------------------

    @property
    def content_type(self) -> str | None:
        """The Content-Type; where none was set, that of the form. `None` removes it."""
        return self.headers.get("Content-Type", self._payload.content_type)

    @content_type.setter
    def content_type(self, value: str | None) -> None:
        set_field(self.headers, "Content-Type", value)

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
            self.content_type = render_options_header(self.mimetype, parameters)

        return CallbackDict(parse_options_header(self.headers.get("Content-Type", ""))[1], write)

    @property
    def content_length(self) -> int | None:
        """The Content-Length field; `None` if there is none, or it is no number. `None` removes it."""
        value = self.headers.get("Content-Length", "")
        return int(value) if value.isdecimal() else None

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        set_field(self.headers, "Content-Length", None if value is None else str(value))

    # ---- body --------------------------------------------------------------------------------------------------------

    @property
    def input_stream(self) -> IO[bytes] | None:
        """The raw body; setting it forgets `form` and `files`."""
        return self._payload.stream if isinstance(self._payload, StreamPayload) else None

    @input_stream.setter
    def input_stream(self, value: IO[bytes] | None) -> None:
        self._payload = FormPayload() if value is None else StreamPayload(value)

    @property
    def form(self) -> MultiDict[str, Any]:  # Any: what `str` makes text of
        """The fields of the form, which may be changed; setting it forgets the input stream.

        Raises:
            AttributeError: there is an input stream.
        """
        return self._form_payload("form").fields

    @form.setter
    def form(self, value: MultiDict[str, Any]) -> None:  # Any: as above
        self._payload = FormPayload(value, getattr(self._payload, "files", None))

    @property
    def files(self) -> FileMultiDict:
        """The files of the form, which may be added to; setting it forgets the input stream.

        Raises:
            AttributeError: there is an input stream.
        """
        return self._form_payload("files").files

    @files.setter
    def files(self, value: FileMultiDict) -> None:
        self._payload = FormPayload(getattr(self._payload, "fields", None), value)

    def _form_payload(self, name: str) -> FormPayload:
        if isinstance(self._payload, StreamPayload):
            raise AttributeError(  # noqa: TRY004  COMPAT
                f"The body is an input stream, so there is no {name}."
            )
        return self._payload

    def close(self) -> None:
        """Close the files. May be called twice."""
        if not self.closed:
            self.closed = True
            self._payload.close()

    def __del__(self) -> None:
        # A subclass's `__init__` may have failed before there was anything to close.
        if hasattr(self, "_payload"):
            self.close()

    # ---- what it is for ----------------------------------------------------------------------------------------------

    def get_environ(self) -> Environ:
        """Return the environ. The streams of files are read; a second call finds them at their end."""
        uri = encode_text(self.request_uri)
        gateway: Environ = {
            "SERVER_PROTOCOL": self.server_protocol,
            "wsgi.version": self.wsgi_version,
            "wsgi.errors": self.errors_stream,
            "wsgi.multithread": self.multithread,
            "wsgi.multiprocess": self.multiprocess,
            "wsgi.run_once": self.run_once,
        }
        line: Environ = {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": decode_path(self.path),
            "QUERY_STRING": encode_text(self.query_string),
            "REQUEST_URI": uri,
            "RAW_URI": uri,
        }
        body = self._payload.render(self.content_type, self.content_length)
        return {
            **(self.environ_base or {}),
            **gateway,
            **line,
            **self._origin.variables(),
            **body.variables(),
            **field_variables(self.headers),
            **(self.environ_overrides or {}),
        }

    def get_request(self, cls: type[Request] | None = None) -> Request:
        """Return a request of the environ: of `cls`, else of `request_class`."""
        return (cls or self.request_class)(self.get_environ())


# For `Request.from_values`, which lives in a layer that may not import this one.
request_room.environ_builder = EnvironBuilder
