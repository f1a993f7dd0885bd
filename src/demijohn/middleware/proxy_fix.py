"""`ProxyFix`: believes the `X-Forwarded-*` fields of the proxies in front, exactly as many of them as one says there are."""

from collections.abc import Iterable

from demijohn.http.options import parse_list_header
from demijohn.message.environ import Environ
from demijohn.message.wsgi import StartResponse, WSGIApplication

_REPLACED = ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME")


class ProxyFix:
    """Puts what proxies say about the client into the environ.

    SECURITY: each number says how many proxies in front *set* that field; as many values, counted from the end, are theirs.
    Count one too many and a client can write what it likes. A field with fewer values is not believed at all.

    What was there before is kept in `environ["werkzeug.proxy_fix.orig"]`.

    Args:
        app: the application.
        x_for: proxies that set X-Forwarded-For, the client's address (`REMOTE_ADDR`).
        x_proto: proxies that set X-Forwarded-Proto (`wsgi.url_scheme`).
        x_host: proxies that set X-Forwarded-Host (`HTTP_HOST`, `SERVER_NAME`, `SERVER_PORT`).
        x_port: proxies that set X-Forwarded-Port (`HTTP_HOST`, `SERVER_PORT`).
        x_prefix: proxies that set X-Forwarded-Prefix (`SCRIPT_NAME`).
    """

    def __init__(
        self,
        app: WSGIApplication,
        x_for: int = 1,
        x_proto: int = 1,
        x_host: int = 0,
        x_port: int = 0,
        x_prefix: int = 0,
    ) -> None:
        self.app = app
        self.x_for = x_for
        self.x_proto = x_proto
        self.x_host = x_host
        self.x_port = x_port
        self.x_prefix = x_prefix

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        environ["werkzeug.proxy_fix.orig"] = {name: environ.get(name) for name in _REPLACED}
        if address := _trusted(environ, "HTTP_X_FORWARDED_FOR", self.x_for):
            environ["REMOTE_ADDR"] = address
        if scheme := _trusted(environ, "HTTP_X_FORWARDED_PROTO", self.x_proto):
            environ["wsgi.url_scheme"] = scheme
        if host := _trusted(environ, "HTTP_X_FORWARDED_HOST", self.x_host):
            environ["HTTP_HOST"] = host
            environ["SERVER_NAME"], host_port = _split_port(host)
            if host_port:
                environ["SERVER_PORT"] = host_port
        if port := _trusted(environ, "HTTP_X_FORWARDED_PORT", self.x_port):
            if given := environ.get("HTTP_HOST"):
                environ["HTTP_HOST"] = f"{_split_port(given)[0]}:{port}"
            environ["SERVER_PORT"] = port
        if prefix := _trusted(environ, "HTTP_X_FORWARDED_PREFIX", self.x_prefix):
            environ["SCRIPT_NAME"] = prefix
        return self.app(environ, start_response)


def _trusted(environ: Environ, variable: str, count: int) -> str | None:
    """Return the value that the outermost of `count` proxies wrote; `None` if there are not so many values."""
    value = environ.get(variable)
    if not count or not value:
        return None
    values = parse_list_header(value)
    return values[-count] if len(values) >= count else None


def _split_port(host: str) -> tuple[str, str]:
    """(host, port or ""); the colons within the brackets of an IPv6 address begin no port."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and not port.endswith("]") else (host, "")
