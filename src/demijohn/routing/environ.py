"""What a WSGI environ says that matters for binding a map: scheme, host, subdomain, and texts as text.

Pure functions; PEP 3333 has texts as latin-1 of their bytes.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from demijohn.http.host import get_host

Environ = Mapping[str, Any]  # Any: WSGI puts what it likes there

INVALID_SUBDOMAIN: Final = "<invalid>"
"""The subdomain of a host that is not ours; no label looks like this."""


class HasEnviron(Protocol):
    """A request."""

    @property
    def environ(self) -> Environ:
        """Its environ."""


def request_scheme(environ: Environ) -> str:
    """Return the scheme; that of WebSockets for their handshake (RFC 6455 §4.2.1)."""
    scheme: str = environ["wsgi.url_scheme"]
    # PERF: few requests upgrade.
    if "HTTP_UPGRADE" in environ and environ["HTTP_UPGRADE"].lower() == "websocket":
        tokens = environ.get("HTTP_CONNECTION", "").lower().split(",")
        if any(token.strip(" \t") == "upgrade" for token in tokens):
            return "wss" if scheme == "https" else "ws"
    return scheme


def request_host(environ: Environ) -> str:
    """Return the host in lower case, without the port if it is the scheme's own; "" if it is badly formed."""
    name: str | None = environ.get("SERVER_NAME")
    port: str = environ.get("SERVER_PORT", "")
    server = None if name is None else (name, int(port) if port.isdecimal() else None)
    return get_host(environ["wsgi.url_scheme"], environ.get("HTTP_HOST"), server).lower()


def without_standard_port(server_name: str, scheme: str) -> str:
    """Return a server name without the port that the scheme has anyway."""
    return server_name.removesuffix(":443" if scheme in {"https", "wss"} else ":80")


def subdomain_of(host: str, server_name: str) -> str | None:
    """Return the labels that the host has before the server name; None if it does not end with that."""
    labels = host.split(".")
    own = server_name.split(".")
    if labels[-len(own) :] != own:
        return None
    return ".".join(label for label in labels[: -len(own)] if label)


def wsgi_text(environ: Environ, name: str) -> str | None:
    """Return a value as the UTF-8 text it is; what is not UTF-8 is replaced."""
    value: str | None = environ.get(name)
    return None if value is None else value.encode("latin-1").decode("utf-8", "replace")
