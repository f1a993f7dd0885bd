"""`EnvironBuilder`: makes the WSGI environ, or the request, that a test wants.

A body comes from exactly one of: form and files, an input stream. A builder belongs to one thread.
"""

import io
import json as json_module
import sys
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import IO, Any, Self
from urllib.parse import quote, unquote_to_bytes, urlsplit

from demijohn.app.application import Demijohn
from demijohn.http.headers import EnvironHeaders, Headers
from demijohn.http.multidict import CombinedMultiDict, MultiDict
from demijohn.http.urls import encode_query, iri_to_uri
from demijohn.message import request as request_room
from demijohn.message.environ import Environ
from demijohn.message.request import Request

from .bodyfields import BodyFields
from .multipart_encode import iter_fields, stream_encode_multipart

Query = Mapping[str, Any] | Iterable[tuple[str, Any]] | str  # Any: what `str` makes text of
FormData = IO[bytes] | str | bytes | Mapping[str, Any]  # Any: text, files, tuples that describe files, lists of those


class EnvironBuilder(BodyFields):
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

    def __init__(
        self,
        path: str = "/",
        base_url: str | None = None,
        query_string: Query | None = None,
        method: str = "GET",
        input_stream: IO[bytes] | None = None,
        content_type: str | None = None,
        content_length: int | None = None,
        errors_stream: IO[str] | None = None,
        multithread: bool = False,
        multiprocess: bool = False,
        run_once: bool = False,
        headers: Headers | Mapping[str, Any] | Iterable[tuple[str, str]] | None = None,  # Any: what Headers takes
        data: FormData | None = None,
        environ_base: Mapping[str, Any] | None = None,  # Any: environs hold anything
        environ_overrides: Mapping[str, Any] | None = None,  # Any: as above
        mimetype: str | None = None,
        json: Any = None,  # Any: whatever can be rendered as JSON
        auth: Any = None,  # Any: an Authorization, or a pair of str
    ) -> None:
        super().__init__(Headers(headers))
        self._set_url(path, base_url, query_string)
        self.method = method
        if content_type is not None:
            self.content_type = content_type
        if auth is not None:
            self.headers["Authorization"] = _render_auth(auth)
        self.errors_stream = sys.stderr if errors_stream is None else errors_stream
        self.multithread = multithread
        self.multiprocess = multiprocess
        self.run_once = run_once
        self.environ_base = environ_base
        self.environ_overrides = environ_overrides
        self.input_stream = input_stream
        if content_length is not None:
            self.content_length = content_length
        self._set_body(data, json, mimetype)

    def _set_url(self, path: str, base_url: str | None, query_string: Query | None) -> None:
        parts = urlsplit(path)
        if "?" in path:
            if query_string is not None:
                raise ValueError("There is a query string in the path, and one as an argument; give one of them.")
            query_string = parts.query
        self.path = iri_to_uri(parts.path)
        self.request_uri = path
        self.base_url = base_url
        self._query_string: str | None = None
        self._args: MultiDict[str, Any] | None = None
        if isinstance(query_string, str):
            self.query_string = query_string
        else:
            self.args = MultiDict(query_string or ())

    def _set_body(self, data: FormData | None, json: Any, mimetype: str | None) -> None:  # Any: see EnvironBuilder
        if json is not None:
            if data is not None:
                raise TypeError("A request has one body; give data or json, not both.")
            data = self.json_dumps(json)
            if self.content_type is None:
                self.content_type = "application/json"
        if mimetype is not None:
            self.mimetype = mimetype
        if data:
            if self.input_stream is not None:
                raise TypeError("A request has one body; give data or an input stream, not both.")
            self._take_data(data)

    @classmethod
    def from_environ(cls, environ: Environ, **kwargs: Any) -> Self:  # Any: arguments of the class
        """Make a builder that describes the request of an environ. Arguments replace what the environ says.

        The body is taken over as the input stream, where it stands.
        """
        headers = Headers(EnvironHeaders(environ))
        host = headers.pop("Host", None)
        script = quote(environ.get("SCRIPT_NAME", "").encode("latin-1"))
        given: dict[str, Any] = {  # Any: as above
            "base_url": cls._make_base_url(environ["wsgi.url_scheme"], host or _server(environ), script),
            "query_string": environ.get("QUERY_STRING", "").encode("latin-1").decode("utf-8", "replace"),
            "method": environ["REQUEST_METHOD"],
            "input_stream": environ["wsgi.input"],
            "content_type": headers.pop("Content-Type", None),
            "content_length": headers.pop("Content-Length", None),
            "errors_stream": environ["wsgi.errors"],
            "multithread": environ["wsgi.multithread"],
            "multiprocess": environ["wsgi.multiprocess"],
            "run_once": environ["wsgi.run_once"],
            "headers": headers,
        }
        given.update(kwargs)
        builder = cls(**given)
        if "path" not in kwargs:
            # Not as an argument: a path that begins with two slashes would be taken for a host.
            path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
            builder.path = builder.request_uri = path
        return builder

    @staticmethod
    def _make_base_url(scheme: str, host: str, script_root: str) -> str:
        return f"{scheme}://{host}{script_root}".rstrip("/") + "/"

    @property
    def base_url(self) -> str:
        """Scheme, host and root of the application, with a slash at the end. Setting it sets all three; `None` resets them.

        Raises:
            ValueError: on setting, if it has a query or fragment.
        """
        return self._make_base_url(self.url_scheme, self.host, self.script_root)

    @base_url.setter
    def base_url(self, value: str | None) -> None:
        parts = urlsplit("http://localhost" if value is None else iri_to_uri(value))
        if parts.query or parts.fragment:
            raise ValueError("A base URL has neither a query string nor a fragment.")
        self.script_root = parts.path.rstrip("/")
        self.host = parts.netloc
        self.url_scheme = parts.scheme

    @property
    def query_string(self) -> str:
        """The query; setting it makes `args` unavailable."""
        if self._query_string is None:
            return encode_query(self._args or {})
        return self._query_string

    @query_string.setter
    def query_string(self, value: str | None) -> None:
        self._query_string = value
        self._args = None

    @property
    def args(self) -> MultiDict[str, Any]:
        """The query as a multi dict that may be changed.

        Raises:
            AttributeError: there is a finished query string.
        """
        if self._query_string is not None:
            raise AttributeError("The query string was given as text, so there are no args to change.")
        if self._args is None:
            self._args = MultiDict()
        return self._args

    @args.setter
    def args(self, value: MultiDict[str, Any] | None) -> None:
        self._query_string = None
        self._args = value

    @property
    def server_name(self) -> str:
        """The host without its port."""
        return urlsplit(f"//{self.host}").hostname or ""

    @property
    def server_port(self) -> int:
        """The port of the host; where it has none, that of the scheme."""
        try:
            port = urlsplit(f"//{self.host}").port
        except ValueError:
            port = None
        if port is not None:
            return port
        return 443 if self.url_scheme == "https" else 80

    def _take_data(self, data: FormData) -> None:
        if not isinstance(data, (str, bytes)) and hasattr(data, "read"):
            data = data.read()
        if isinstance(data, str):
            data = data.encode()
        if isinstance(data, bytes):
            self.input_stream = io.BytesIO(data)
            if self.content_length is None:
                self.content_length = len(data)
            return
        if not isinstance(data, Mapping):
            raise TypeError(f"data must be text, bytes, a file or a mapping, not {type(data).__name__!r}.")
        for name, value in iter_fields(data):
            if isinstance(value, tuple):
                self.files.add_file(name, *value)
            elif hasattr(value, "read"):
                self.files.add_file(name, value)
            else:
                self.form.setlistdefault(name).append(value)

    def get_environ(self) -> Environ:
        """Return the environ. The streams of files are read; a second call finds them at their end."""
        body, length, content_type = self._render_body()
        uri = _latin(self.request_uri)
        environ: Environ = dict(self.environ_base or {})
        environ.update(
            {
                "REQUEST_METHOD": self.method,
                "SCRIPT_NAME": _unquoted(self.script_root),
                "PATH_INFO": _unquoted(self.path),
                "QUERY_STRING": _latin(self.query_string),
                "REQUEST_URI": uri,
                "RAW_URI": uri,
                "SERVER_NAME": self.server_name,
                "SERVER_PORT": str(self.server_port),
                "HTTP_HOST": self.host,
                "SERVER_PROTOCOL": self.server_protocol,
                "wsgi.version": self.wsgi_version,
                "wsgi.url_scheme": self.url_scheme,
                "wsgi.input": body,
                "wsgi.errors": self.errors_stream,
                "wsgi.multithread": self.multithread,
                "wsgi.multiprocess": self.multiprocess,
                "wsgi.run_once": self.run_once,
            }
        )
        if content_type is not None:
            environ["CONTENT_TYPE"] = content_type
        if length is not None:
            environ["CONTENT_LENGTH"] = str(length)
        environ.update(self._header_variables())
        environ.update(self.environ_overrides or {})
        return environ

    def _render_body(self) -> tuple[IO[bytes], int | None, str | None]:
        """(stream, length, content type) of the body."""
        content_type = self.content_type
        if self.input_stream is not None:
            return self.input_stream, _rest_of(self.input_stream, self.content_length), content_type
        mimetype = self.mimetype
        if mimetype == "multipart/form-data":
            fields: Mapping[str, Any] = CombinedMultiDict([self.form, self.files])  # Any: text and files
            stream, length, boundary = stream_encode_multipart(fields)
            return stream, length, f'{mimetype}; boundary="{boundary}"'
        if mimetype == "application/x-www-form-urlencoded":
            data = encode_query(self.form).encode("ascii")
            return io.BytesIO(data), len(data), content_type
        return io.BytesIO(), self.content_length, content_type

    def _header_variables(self) -> dict[str, str]:
        lines: dict[str, list[str]] = {}
        for name, value in self.headers:
            variable = name.upper().replace("-", "_")
            if variable not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
                lines.setdefault(f"HTTP_{variable}", []).append(value)
        return {name: ("; " if name == "HTTP_COOKIE" else ", ").join(values) for name, values in lines.items()}

    def get_request(self, cls: type[Request] | None = None) -> Request:
        """Return a request of the environ: of `cls`, else of `request_class`."""
        return (cls or self.request_class)(self.get_environ())


class AppEnvironBuilder(EnvironBuilder):
    """An `EnvironBuilder` that takes its defaults from an application's config: host, root and scheme; and its JSON.

    Args:
        app: the application.
        path: as of `EnvironBuilder`; may be a whole URL.
        base_url: as of `EnvironBuilder`; by default of `SERVER_NAME`, `APPLICATION_ROOT` and `PREFERRED_URL_SCHEME`.
        subdomain: goes before `SERVER_NAME`.
        url_scheme: instead of `PREFERRED_URL_SCHEME`.
        *args: as of `EnvironBuilder`.
        **kwargs: as of `EnvironBuilder`.

    Raises:
        ValueError: a base URL together with a subdomain or scheme.
    """

    def __init__(
        self,
        app: Demijohn,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: Any,  # Any: arguments of EnvironBuilder
        **kwargs: Any,  # Any: as above
    ) -> None:
        if base_url is not None:
            if subdomain or url_scheme:
                raise ValueError("A base URL says all; give it, or a subdomain or url_scheme, not both.")
        else:
            config = app.config
            host = config["SERVER_NAME"] or "localhost"
            if subdomain:
                host = f"{subdomain}.{host}"
            url = urlsplit(path)
            scheme = url.scheme or url_scheme or config["PREFERRED_URL_SCHEME"]
            base_url = f"{scheme}://{url.netloc or host}/{config['APPLICATION_ROOT'].lstrip('/')}"
            path = f"{url.path}?{url.query}" if url.query else url.path
        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:  # Any: whatever can be rendered as JSON
        """Render JSON as the application does."""
        return self.app.json.dumps(obj, **kwargs)


def _render_auth(auth: Any) -> str:  # Any: see EnvironBuilder
    if isinstance(auth, tuple):
        user, password = auth
        return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")
    return str(auth.to_header())


def _server(environ: Environ) -> str:
    """Host and port of an environ without a Host field."""
    name, port = environ.get("SERVER_NAME", "localhost"), environ.get("SERVER_PORT", "")
    is_default = (environ["wsgi.url_scheme"], port) in {("http", "80"), ("https", "443")}
    return name if is_default or not port else f"{name}:{port}"


def _latin(text: str) -> str:
    """Text as an environ has it: each character stands for one byte of its UTF-8."""
    return text.encode().decode("latin-1")


def _unquoted(path: str) -> str:
    return unquote_to_bytes(path).decode("latin-1")


def _rest_of(stream: IO[bytes], content_length: int | None) -> int | None:
    """Bytes from where a stream stands to its end; what Content-Length says, for one that cannot tell."""
    try:
        here = stream.tell()
        end = stream.seek(0, io.SEEK_END)
        stream.seek(here)
    except (AttributeError, OSError):  # io.UnsupportedOperation is an OSError
        return content_length
    return end - here


# For `Request.from_values`, which lives in a layer that may not import this one.
request_room.environ_builder = EnvironBuilder
