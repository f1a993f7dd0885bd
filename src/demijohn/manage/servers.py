"""`BaseWSGIServer` and its kin: Werkzeug's server classes, made with Werkzeug's arguments, on this package's own server.

Here: those arguments, and what these classes have beside `AppServer`. Not here: serving (appserver.py), settings, `make_server`.
"""

import logging
import os
import socket
from typing import Any, Final, Self

from ..doors.choose import handler_for
from .addresses import check_port
from .appserver import AppServer, WSGIApplication
from .handlerhooks import HandlerHooks
from .identity import enter
from .oneanswer import OneAnswer
from .passthrough import PassedError
from .requesthandler import WSGIRequestHandler
from .serving import open_parts
from .settings.cpus import THREADS
from .settings.load import Settings, settings_of_call
from .startup import announce

logger = logging.getLogger("demijohn.manage")

LISTEN_QUEUE: Final = 2048
"""How many connections may wait to be accepted, unless the setting `backlog` says otherwise."""

can_fork: Final = hasattr(os, "fork")
"""Whether several processes are possible."""

_IN_VAIN: Final = (
    "close_request", "finish_request", "get_request", "handle_error", "process_request", "process_request_thread",
    "server_activate", "server_bind", "service_actions", "shutdown_request", "verify_request", "collect_children",
)  # fmt: skip
"""Methods of `socketserver`'s servers that nothing here calls."""


class BaseWSGIServer(AppServer):
    """One process with one thread, which runs requests one after another; their connections wait together.

    Listens from the moment it is made. `serve_forever` may run in any thread, and closes the server at its end.

    Args:
        host: address or name to listen on; `unix://` and a path for a Unix socket.
        port: 0 lets the system choose; `port` tells the real one.
        app: a `Demijohn` object or any WSGI callable.
        handler: a class derived from `WSGIRequestHandler`.
        passthrough_errors: an exception of the application ends `serve_forever` and leaves it, for debuggers.
        ssl_context: serve HTTPS, see `run_simple`.
        fd: a descriptor of a socket that listens already, which stays the caller's; `host` and `port` are not used then.
        **settings: every other setting by its name, see docs/settings.md.

    Raises:
        TypeError: the port is no int, `ssl_context` is none, or a keyword is no setting.
        ValueError: a number is out of range, or an address is none.
        CertificateError: an OSError: a certificate cannot be used.
        BindError: an OSError that says why it is not possible to listen there.
    """

    timeout: float | None = None
    """For how many seconds `handle_request` waits; `None`: until somebody comes."""

    address_family = socket.AF_INET
    allow_reuse_address = True
    request_queue_size = LISTEN_QUEUE
    socket_type = socket.SOCK_STREAM

    def __init__(
        self,
        host: str,
        port: int,
        app: WSGIApplication,
        handler: type[Any] | None = None,  # Any: a class may be made for another server
        passthrough_errors: bool = False,
        ssl_context: Any = None,  # Any: see certificates_for
        fd: int | None = None,
        **settings: Any,  # Any: each is what its setting takes
    ) -> None:
        """Listen."""
        check_port(port)
        keywords = {"threads": 1, "workers": 1, **settings, "host": host, "port": port}
        self._open(app, settings_of_call(keywords, type(self).__name__), handler, passthrough_errors, ssl_context, fd)

    @classmethod
    def of_settings(
        cls,
        app: WSGIApplication,
        settings: Settings,
        *,
        handler: type[Any] | None = None,  # Any: see above
        passthrough_errors: bool = False,
        ssl_context: Any = None,  # Any: see above
        fd: int | None = None,
    ) -> Self:
        """Make one of this class as `settings` say, whatever the class is for."""
        server = cls.__new__(cls)
        server._open(app, settings, handler, passthrough_errors, ssl_context, fd)
        return server

    def _open(
        self,
        app: WSGIApplication,
        settings: Settings,
        handler: type[Any] | None,  # Any: see above
        passthrough_errors: bool,
        ssl_context: Any,  # Any: see above
        fd: int | None,
    ) -> None:
        self._warn_of_overrides()
        enter(settings)
        parts = open_parts(app, settings, fd=fd, tls=ssl_context)
        try:
            AppServer.__init__(
                self,
                *parts.arguments,
                is_supervised=parts.is_supervised,
                hooks=HandlerHooks(handler),
                passes_errors=passthrough_errors,
            )
        except BaseException:
            parts.close()
            raise
        self._is_started = False  # for `handle_request`
        self.passthrough_errors = passthrough_errors
        self.RequestHandlerClass = handler or WSGIRequestHandler
        self.socket = parts.listeners[0].sock
        """The first listening socket."""
        self.address_family = socket.AddressFamily(self.socket.family)

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `shutdown` or SIGINT, and close. `poll_interval` is there for compatibility; nothing is polled.

        Raises:
            BaseException: with `passthrough_errors`, what the application raised.
        """
        try:
            super().serve_forever(poll_interval)
        finally:
            self.server_close()

    def handle_request(self) -> None:
        """Answer one request, and return; after `timeout` seconds without one, `handle_timeout` is called instead.

        It is answered on this thread and its connection closed. Others wait in the meantime.

        Raises:
            BaseException: with `passthrough_errors`, what the application raised.
        """
        self._begin()
        try:
            if not self._is_started:
                self._start_up()
                self._is_started = True
            self._serve_one()
        finally:
            self._end()

    def _serve_one(self) -> None:
        passed = PassedError()
        application = self._hooked()
        one = OneAnswer(
            handler_for(passed.watch(application) if self.passthrough_errors else application),
            self._listeners,
            self._options,
        )
        passed.stop = one.stop
        self._let_stop_by(one.stop)
        is_answered = one.serve(self.timeout)
        passed.leave()
        if not (is_answered or one.was_stopped):
            self.handle_timeout()

    def server_close(self) -> None:
        """Close the listening sockets. For a server that does not serve (any more)."""
        super().server_close()
        if self._is_started:
            self._is_started = False
            self._wind_up()

    def handle_timeout(self) -> None:
        """Nobody came in time; for `handle_request`. By default nothing happens."""

    def log_startup(self) -> None:
        """Say where the server is and how it runs requests."""
        announce(self)

    def _warn_of_overrides(self) -> None:
        in_vain = [name for name in _IN_VAIN if hasattr(self, name)]
        if in_vain:
            name = f"{type(self).__module__}.{type(self).__qualname__}"
            logger.warning(
                "%s overrides %s, which this server never calls: it accepts connections and runs requests itself.",
                name,
                ", ".join(in_vain),
            )


class ThreadedWSGIServer(BaseWSGIServer):
    """One process with several threads: 16, or `threads`. For the arguments see `BaseWSGIServer`."""

    daemon_threads = True

    def __init__(
        self,
        host: str,
        port: int,
        app: WSGIApplication,
        handler: type[Any] | None = None,  # Any: see BaseWSGIServer
        passthrough_errors: bool = False,
        ssl_context: Any = None,  # Any: see BaseWSGIServer
        fd: int | None = None,
        **settings: Any,  # Any: see BaseWSGIServer
    ) -> None:
        """Listen."""
        settings = {"threads": THREADS, **settings}
        super().__init__(host, port, app, handler, passthrough_errors, ssl_context, fd, **settings)


class ForkingWSGIServer(BaseWSGIServer):
    """Several worker processes, forked when serving begins, of one thread each or of `threads`. See `BaseWSGIServer`.

    Args:
        processes: how many. Unlike Werkzeug's, which are forked for each request, these live on.
    """

    def __init__(
        self,
        host: str,
        port: int,
        app: WSGIApplication,
        processes: int = 40,
        handler: type[Any] | None = None,  # Any: see BaseWSGIServer
        passthrough_errors: bool = False,
        ssl_context: Any = None,  # Any: see BaseWSGIServer
        fd: int | None = None,
        **settings: Any,  # Any: see BaseWSGIServer
    ) -> None:
        """Listen."""
        settings = {"workers": processes, **settings}
        super().__init__(host, port, app, handler, passthrough_errors, ssl_context, fd, **settings)

    @property
    def max_children(self) -> int:
        """How many worker processes there are."""
        return self._processes
