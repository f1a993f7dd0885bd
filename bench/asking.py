"""`Client`: single answers of a server, looked at; what is timed is asked by others (load.py)."""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What came."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Client:
    """Asks one server of this machine, each time over a connection of its own."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._port = port
        self._tls = tls

    def ask(
        self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """Return the answer. Raises `OSError` and `http.client.HTTPException`."""
        connection = (
            http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
            if self._tls is None
            else http.client.HTTPSConnection("127.0.0.1", self._port, timeout=20, context=self._tls)
        )
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
