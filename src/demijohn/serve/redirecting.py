"""`RedirectLink`: a connection to a listener that only says where the same thing is by HTTPS.

No application is asked and no thread of its: the answer is made on the polling thread. But a request that was made by HTTPS, and
lost its TLS at a proxy, must not be sent there again: it would come back here, for ever.
"""

import logging
import re
import socket

from .._base.logtext import one_line
from ..seam import Exchange, Peer, RequestHead
from .engine import Engine
from .link import Link

logger = logging.getLogger("demijohn.error")

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%-]+)(?::[0-9]*)?")
"""RFC 3986 §3.2.2, without sub-delims, which no name has."""

_BY_HTTPS = re.compile(r'proto="?https\b', re.IGNORECASE)
"""In a value of Forwarded (RFC 7239 §5.4)."""

_LOOP = (
    b"This port redirects to HTTPS, and the request says that it was made by HTTPS. If a proxy takes TLS off, the server has to"
    b" know it: by its settings `trusted_peers` and `forwarded`.\n"
)


class RedirectLink(Link):
    """Answers each request with 308 to the same host and path on `port`; one that a trusted proxy took TLS off is served."""

    __slots__ = ("_port",)

    def __init__(self, engine: Engine, sock: socket.socket, peer: Peer, port: int) -> None:
        super().__init__(engine, sock, peer)
        self._port = port

    def _submit(self) -> bool:
        if self.exchange is not None:
            if self.exchange.peer.scheme == "https":
                return super()._submit()
            redirect(self.exchange, self._port)
        self.complete()
        return True


def redirect(exchange: Exchange, port: int) -> None:
    """Answer 308, which keeps method and body (RFC 9110 §15.4.9).

    400 if the request does not say which host it means, or says that it came by HTTPS, though nobody vouches for that.
    """
    head = exchange.head
    found = _HOST.fullmatch(head.authority or "")
    plain = [("Content-Type", "text/plain; charset=utf-8")]
    if _says_https(head):
        logger.info("Not redirected, it says that it came by HTTPS: %s", one_line(head.target))
        exchange.respond("400 Bad Request", plain, _LOOP)
        return
    if found is None or not head.path.startswith("/"):
        exchange.respond("400 Bad Request", plain, b"This port redirects to HTTPS, and the request names no host.\n")
        return
    host = found[1] if port == 443 else f"{found[1]}:{port}"
    query = head.target.partition("?")[1:]
    location = f"https://{host}{head.path}{''.join(query)}"
    exchange.respond("308 Permanent Redirect", [("Location", location), *plain], f"See {location}\n".encode())


def _says_https(head: RequestHead) -> bool:
    """Tell whether a proxy says so that is not believed here: fields of strangers are gone where `forwarded` is set."""
    protos = (head.get(b"x-forwarded-proto") or "").lower().split(",")
    return "https" in map(str.strip, protos) or _BY_HTTPS.search(head.get(b"forwarded") or "") is not None
