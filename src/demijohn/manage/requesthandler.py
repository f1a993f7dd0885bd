"""`WSGIRequestHandler`: one request, with the names that Werkzeug's request handlers have, for classes that override some.

Here: what may be overridden and what it does by default. Not here: who calls it when (handlerhooks.py). An object belongs to one
request, and is used on the thread that runs the request, its log methods on the thread that ended the answer.
"""

import email.utils
import logging
import time
from http.client import HTTPMessage
from typing import Any

from .._base.logtext import one_line, quotable
from ..message.environ import Environ, environ_from_head
from ..seam import EMPTY_BODY, Peer, RequestHead

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Incoming:
    """What a handler is made of: a request, or what could not be read as one."""

    __slots__ = ("environ", "head", "peer")

    def __init__(self, head: RequestHead | None, peer: Peer, environ: Environ | None = None) -> None:
        self.head = head
        self.peer = peer
        self.environ = environ


class WSGIRequestHandler:
    """What a server says of one request, and the environ it hands over.

    Derive from it, override, and give the class to `run_simple` or `make_server`. These methods and attributes are asked:
    `log_request`, `log_error`, `log_message`, `log`, `address_string`, `port_integer`, `log_date_time_string`; `make_environ`;
    `version_string`, `server_version`, `sys_version`, `date_time_string`; `protocol_version`; `connection_dropped`. Reading
    requests and writing answers is the server's own business: methods for that (`handle`, `run_wsgi`, `send_header` ...) are
    never called, and a class that overrides one is told so at the start.
    """

    protocol_version = "HTTP/1.1"
    """`HTTP/1.0` in a derived class: the connection is closed after each answer."""

    server_version = "demijohn"
    sys_version = ""

    def __init__(self, request: Incoming, client_address: tuple[str, int] | str, server: Any) -> None:
        # Any: an AppServer, whose file knows this one.
        self.request = request
        self.client_address = client_address
        """Address and port; the empty text on a Unix socket."""
        self.server = server
        head = request.head
        self.command = "" if head is None else head.method
        self.path = "" if head is None else head.target
        """The target as it was sent, with its query; empty if the request could not be read, as are the next two."""
        self.request_version = "" if head is None else f"HTTP/{head.version[0]}.{head.version[1]}"
        self.requestline = "" if head is None else f"{head.method} {head.target} {self.request_version}"
        self._code: int | str = "-"
        self._headers: HTTPMessage | None = None

    @property
    def headers(self) -> HTTPMessage:
        """The request's fields."""
        if self._headers is None:
            self._headers = HTTPMessage()
            for name, value in () if self.request.head is None else self.request.head.fields:
                self._headers[name.decode("latin-1")] = value.decode("latin-1")
        return self._headers

    @property
    def environ(self) -> Environ:
        """The environ that the application got; without `make_environ` overridden, one that says the same."""
        request = self.request
        if request.environ is None:
            request.environ = {} if request.head is None else environ_from_head(request.head, EMPTY_BODY, request.peer)
        return request.environ

    def make_environ(self) -> Environ:
        """Return the environ for the application; what a derived class returns or changes is what the application gets."""
        return self.environ

    # ------------------------------------------------------------------ logging

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log an answer: its status code and its body's bytes. By default one line, as Werkzeug's."""
        self._code = code
        self.log("info", '"%s" %s %s', quotable(self.requestline), code, size)

    def log_error(self, format: str, *args: Any) -> None:
        """Log that a request was refused."""
        self.log("error", format, *args)

    def log_message(self, format: str, *args: Any) -> None:
        """Log something else. For derived classes; the server does not call it."""
        self.log("info", format, *args)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Write to the log; `type` is a level's name. `info` goes to the access log's logger, the rest to the error log's."""
        level = logging.getLevelNamesMapping().get(type.upper(), logging.INFO)
        text = message % args if args else message
        line = f"{self.address_string()} - - [{self.log_date_time_string()}] {one_line(text)}"
        logger = logging.getLogger("demijohn.access" if level <= logging.INFO else "demijohn.error")
        logger.log(level, "%s", line, extra={"status": self._code})

    def address_string(self) -> str:
        """Return what the log calls the client: `REMOTE_ADDR` of the application's environ, if one was made, or its address."""
        environ = self.request.environ
        if environ is not None and environ.get("REMOTE_ADDR"):
            return str(environ["REMOTE_ADDR"])
        address = self.client_address
        if not address:
            return "<local>"
        return address if isinstance(address, str) else address[0]

    def port_integer(self) -> int:
        """Return the client's port; 0 on a Unix socket."""
        return self.client_address[1] if isinstance(self.client_address, tuple) else 0

    def log_date_time_string(self) -> str:
        """Return the local time as log lines have it."""
        t = time.localtime()
        return time.strftime(f"%d/{_MONTHS[t.tm_mon - 1]}/%Y %H:%M:%S", t)

    def connection_dropped(self, error: BaseException, environ: Environ | None = None) -> None:
        """Called when the client was gone before it had all of the answer. By default nothing happens."""

    # ------------------------------------------------------------------ fields of the answer

    def version_string(self) -> str:
        """Return the value of `Server`, where the application gives none."""
        return f"{self.server_version} {self.sys_version}".strip()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the value of `Date`, where the application gives none; `timestamp`, in seconds, is the epoch's, or now."""
        return email.utils.formatdate(timestamp, usegmt=True)
