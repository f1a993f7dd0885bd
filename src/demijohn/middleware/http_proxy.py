"""`ProxyMiddleware`: hands requests below some paths to other HTTP servers. For development; use a real proxy in production."""

from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from demijohn.http.conditional import is_hop_by_hop_header
from demijohn.http.errors import BadGateway
from demijohn.http.headers import EnvironHeaders
from demijohn.message import error_response as _error_response  # noqa: F401 - gives BadGateway its response
from demijohn.message.environ import Environ, head_from_environ
from demijohn.message.wsgi import StartResponse, WSGIApplication, get_path_info

_PATH_SAFE = "!$&'()*+,/:;=@%"

Options = dict[str, Any]  # Any: see ProxyMiddleware


class ProxyMiddleware:
    """Proxies requests by path prefix; all others go to the application.

    Each target is a dict with: `target`, the base URL to send to (required); `remove_prefix`, cut the prefix off the path
    (`False`); `host`, the Host field: `"<auto>"` (default) for the target's, `None` for the client's, or a text; `headers`,
    further fields; `ssl_context` for HTTPS. A target that cannot be reached gives a 502.

    Args:
        app: the application.
        targets: options by path prefix.
        chunk_size: bytes read at a time, both ways.
        timeout: seconds that one operation on the target may take.
    """

    def __init__(
        self,
        app: WSGIApplication,
        targets: Mapping[str, Options],
        chunk_size: int = 2 << 13,
        timeout: float = 10,
    ) -> None:
        defaults: Options = {"remove_prefix": False, "host": "<auto>", "headers": {}, "ssl_context": None}
        self.app = app
        self.targets = {f"/{prefix.strip('/')}/": {**defaults, **options} for prefix, options in targets.items()}
        self.chunk_size = chunk_size
        self.timeout = timeout

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        path = get_path_info(environ)
        app = self.app
        for prefix, options in self.targets.items():
            if path.startswith(prefix):
                app = self.proxy_to(options, path, prefix)
                break
        return app(environ, start_response)

    def proxy_to(self, opts: Options, path: str, prefix: str) -> WSGIApplication:
        """Return the application that passes a request for `path` on to one target."""
        target = urlsplit(opts["target"])
        if opts["remove_prefix"]:
            path = path[len(prefix) :].lstrip("/")
        url = quote(f"{target.path.rstrip('/')}/{path.lstrip('/')}", safe=_PATH_SAFE)

        def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            connection = self._connect(target, opts)
            query = environ.get("QUERY_STRING")
            whole = f"{url}?{quote(query.encode('latin-1'), safe=_PATH_SAFE + '?')}" if query else url
            try:
                response = self._exchange(connection, environ, whole, _fields_for(environ, opts, target))
            except (OSError, HTTPException):
                connection.close()
                return BadGateway()(environ, start_response)
            except BaseException:
                # The client's side failed, while its body was read.
                connection.close()
                raise
            fields = [(name, value) for name, value in response.getheaders() if not is_hop_by_hop_header(name)]
            start_response(f"{response.status} {response.reason}", fields)
            return _Body(connection, response, self.chunk_size)

        return application

    def _connect(self, target: SplitResult, opts: Options) -> HTTPConnection:
        host = target.hostname or ""
        if target.scheme == "http":
            return HTTPConnection(host, target.port or 80, timeout=self.timeout)
        if target.scheme == "https":
            return HTTPSConnection(host, target.port or 443, timeout=self.timeout, context=opts["ssl_context"])
        raise ValueError(f"The target of a proxy must be http or https, not {target.scheme!r}.")

    def _exchange(
        self, connection: HTTPConnection, environ: Environ, url: str, fields: list[tuple[str, str]]
    ) -> HTTPResponse:
        """Send the request, its body as it arrives, and return the answer once its head is there."""
        body = head_from_environ(environ)[1]
        length = body.remaining
        connection.putrequest(environ["REQUEST_METHOD"], url, skip_host=True, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value)
        if length is None:
            connection.putheader("Transfer-Encoding", "chunked")
        elif length or environ.get("CONTENT_LENGTH"):
            connection.putheader("Content-Length", str(length))
        connection.endheaders()
        if length is None or length:
            while data := body.read(self.chunk_size):
                connection.send(b"%x\r\n%b\r\n" % (len(data), data) if length is None else data)
            if length is None:
                connection.send(b"0\r\n\r\n")
        return connection.getresponse()


def _fields_for(environ: Environ, opts: Options, target: SplitResult) -> list[tuple[str, str]]:
    fields = [
        (name, value)
        for name, value in EnvironHeaders(environ)
        if name.lower() not in {"content-length", "host"} and not is_hop_by_hop_header(name)
    ]
    fields.append(("Connection", "close"))
    host = opts["host"]
    if host == "<auto>":
        host = target.netloc.rpartition("@")[2]
    elif host is None:
        host = environ.get("HTTP_HOST", "")
    fields.append(("Host", host))
    fields.extend(opts["headers"].items())
    return fields


class _Body:
    """The target's answer as it arrives; closing it closes the connection."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse, chunk_size: int) -> None:
        self._connection = connection
        self._response = response
        self._chunk_size = chunk_size

    def __iter__(self) -> Iterator[bytes]:
        # read1: what has arrived goes on at once, however little it is.
        return iter(lambda: self._response.read1(self._chunk_size), b"")

    def close(self) -> None:
        """Close the connection."""
        self._response.close()
        self._connection.close()
