"""`RedirectLink`: a connection to a listener that only says where the same thing is by HTTPS.

No application is asked and no thread of its: the answer is made on the polling thread.
"""

import re
import socket

from ..seam import Exchange, Peer
from .engine import Engine
from .link import Link

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%-]+)(?::[0-9]*)?")
"""RFC 3986 §3.2.2, without sub-delims, which no name has."""


class RedirectLink(Link):
    """Answers each request with 308 to the same host and path on `port`."""

    __slots__ = ("_port",)

    def __init__(self, engine: Engine, sock: socket.socket, peer: Peer, port: int) -> None:
        super().__init__(engine, sock, peer)
        self._port = port

    def _submit(self) -> bool:
        if self.exchange is not None:
            redirect(self.exchange, self._port)
        self.complete()
        return True


def redirect(exchange: Exchange, port: int) -> None:
    """Answer 308, which keeps method and body (RFC 9110 §15.4.9); 400 if the request does not say which host it means."""
    head = exchange.head
    found = _HOST.fullmatch(head.authority or "")
    plain = [("Content-Type", "text/plain; charset=utf-8")]
    if found is None or not head.path.startswith("/"):
        exchange.respond("400 Bad Request", plain, b"This port redirects to HTTPS, and the request names no host.\n")
        return
    host = found[1] if port == 443 else f"{found[1]}:{port}"
    query = head.target.partition("?")[1:]
    location = f"https://{host}{head.path}{''.join(query)}"
    exchange.respond("308 Permanent Redirect", [("Location", location), *plain], f"See {location}\n".encode())
