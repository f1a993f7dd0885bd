"""`warm_up`: requests that a worker answers to itself before it takes any other: templates, pools and caches are filled then.

They go the way of all requests, by a server of their own on a socket that nobody else can reach. In the worker, on its main
thread.
"""

import http.client
import logging
import os
import socket
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ..seam import Handler
from ..serve import Listener, Server, ServerOptions
from .supervisor.plan import BootError

logger = logging.getLogger("demijohn.manage")

_SECONDS: Final = 300.0
"""How long one answer may take."""


class _OverUnixSocket(http.client.HTTPConnection):
    """A connection to the server of this file."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def warm_up(handler: Handler, paths: Sequence[str], options: ServerOptions) -> None:
    """Have the handler answer a GET of each path, one after another.

    Raises:
        BootError: an answer is 500 or above, or there is none.
    """
    if not paths:
        return
    # No logs, no proxies: these are nobody's requests.
    options = replace(
        options, access_log=False, error_log_file=None, proxy_protocol="off", drain_idle_grace=0, drain_delay=0
    )
    with tempfile.TemporaryDirectory(prefix="demijohn-") as directory:
        listener = Listener.unix(os.path.join(directory, "warmup"))
        server = Server(handler, [listener], options)
        thread = threading.Thread(target=server.serve_forever, name="demijohn-warmup")
        thread.start()
        connection = _OverUnixSocket(os.path.join(directory, "warmup"))
        try:
            for path in paths:
                _ask(connection, path)
        finally:
            connection.close()
            server.shutdown(is_patient=False)
            thread.join()
            listener.close()


def _ask(connection: http.client.HTTPConnection, path: str) -> None:
    try:
        connection.request("GET", path, headers={"User-Agent": "demijohn-warmup"})
        with connection.getresponse() as answer:
            answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise BootError(f"The warm-up request for {path} has no answer: {type(error).__name__}: {error}") from error
    if answer.status >= 500:
        raise BootError(f"The warm-up request for {path} is answered with {answer.status} {answer.reason}.")
    if answer.status >= 400:
        logger.warning("The warm-up request for %s is answered with %d %s.", path, answer.status, answer.reason)
