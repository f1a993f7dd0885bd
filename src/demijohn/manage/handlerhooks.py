"""`HandlerHooks`: calls what a class of request handlers overrides, and warns of what it overrides in vain.

Nothing is called, and no object made, for what is not overridden: requests are then served as without a class.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from ..message.environ import EXCHANGE_KEY, Environ
from ..message.wsgi import StartResponse, WSGIApplication
from ..seam import ClientDisconnected, Exchange
from ..serve import ServerOptions
from ..serve.answered import Answered
from .requesthandler import Incoming, WSGIRequestHandler

logger = logging.getLogger("demijohn.manage")

_LOGGING: Final = (
    "log_request", "log_error", "log", "address_string", "log_date_time_string", "connection_dropped", "port_integer", "__init__",
)  # fmt: skip
_FIELDS: Final = ("version_string", "server_version", "sys_version", "date_time_string")

_IN_VAIN: Final = (
    "handle", "handle_one_request", "handle_expect_100", "setup", "finish", "parse_request", "run_wsgi", "write", "execute",
    "initiate_shutdown", "send_error", "send_response", "send_response_only", "send_header", "end_headers", "flush_headers",
    "do_GET", "do_HEAD", "do_POST", "do_PUT", "do_PATCH", "do_DELETE", "do_OPTIONS", "timeout", "rbufsize", "wbufsize",
    "disable_nagle_algorithm", "default_request_version", "error_message_format", "error_content_type",
)  # fmt: skip
"""Names of `http.server`'s and Werkzeug's handlers that read requests or write answers."""


class HandlerHooks:
    """What one server does with a class of request handlers. Any thread."""

    server: Any
    """To be set before anything is served. Any: an AppServer, whose file knows this one."""

    def __init__(self, handler_class: type[Any] | None) -> None:  # Any: a class may be made for another server
        """Look at what `handler_class` overrides; `None` overrides nothing."""
        self._class: type[WSGIRequestHandler] = WSGIRequestHandler
        if handler_class is not None:
            self._class = _checked(handler_class)
        self._logs = self._overrides(_LOGGING)
        self._has_fields = self._overrides(_FIELDS)
        self._is_wrapped = self._has_fields or self._overrides(("make_environ",))
        # From the call of an application to its answer's end, if both ask the handler.
        self._handlers: dict[Exchange, WSGIRequestHandler] = {}

    def _overrides(self, names: Iterable[str]) -> bool:
        return any(getattr(self._class, name) is not getattr(WSGIRequestHandler, name) for name in names)

    def amend(self, options: ServerOptions) -> ServerOptions:
        """Return the options that a server needs for this class."""
        if self._class.protocol_version == "HTTP/1.0":
            options = replace(options, keep_alive=0)
        return replace(options, on_answered=self._log) if self._logs else options

    def wrap(self, application: Any) -> Any:  # Any: a `Demijohn`, a WSGI application or an AppSpec
        """Return what is to be served."""
        return _Handled(application, self) if self._is_wrapped else application

    def begin(self, exchange: Exchange, environ: Environ) -> WSGIRequestHandler:
        """Return the handler of a request whose application is about to be called."""
        handler = self._make(Incoming(exchange.head, exchange.peer, environ))
        if self._logs:
            self._handlers[exchange] = handler
        return handler

    def _make(self, incoming: Incoming) -> WSGIRequestHandler:
        remote = incoming.peer.remote
        return self._class(incoming, "" if remote is None else remote, self.server)

    def fields_of(self, handler: WSGIRequestHandler, given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the fields that the handler adds to those that the application gave."""
        if not self._has_fields:
            return []
        names = {name.lower() for name, _ in given}
        fields = []
        if "server" not in names:
            fields.append(("Server", handler.version_string()))
        if "date" not in names:
            fields.append(("Date", handler.date_time_string()))
        return fields

    def _log(self, answered: Answered) -> bool:
        """See `ServerOptions.on_answered`."""
        exchange = answered.exchange
        handler = None if exchange is None else self._handlers.pop(exchange, None)
        if handler is None:
            handler = self._make(Incoming(answered.head, answered.peer))
        status = int(answered.status)
        if status == 499 or (answered.is_cut and exchange is not None and exchange.disconnected):
            handler.connection_dropped(ClientDisconnected("The client has gone."), handler.environ)
        if exchange is None:
            handler.log_error("code %d, message %s", status, HTTPStatus(status).phrase)
        handler.log_request(status, answered.body_bytes)
        return True


class _Handled:
    """An application behind the handlers of its requests."""

    def __init__(self, application: WSGIApplication, hooks: HandlerHooks) -> None:
        self._application = application
        self._hooks = hooks
        # What is asked about an application still is.
        for name in ("lifecycle", "debug"):
            if hasattr(application, name):
                setattr(self, name, getattr(application, name))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        handler = self._hooks.begin(environ[EXCHANGE_KEY], environ)
        environ = handler.request.environ = handler.make_environ()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            return start_response(status, [*headers, *self._hooks.fields_of(handler, headers)], exc_info)

        return self._application(environ, start)


def _checked(handler_class: type[Any]) -> type[WSGIRequestHandler]:
    """Warn once of what is never called; return the class that is asked."""
    name = f"{handler_class.__module__}.{handler_class.__qualname__}"
    if not issubclass(handler_class, WSGIRequestHandler):
        logger.warning(
            "request_handler: %s is made for another server; nothing of it is called. Derive it from"
            " demijohn.serving.WSGIRequestHandler.",
            name,
        )
        return WSGIRequestHandler
    in_vain = [one for one in _IN_VAIN if hasattr(handler_class, one) and not hasattr(WSGIRequestHandler, one)]
    if in_vain:
        logger.warning(
            "request_handler: %s overrides %s, which this server never calls: it reads requests and writes answers itself.",
            name,
            ", ".join(in_vain),
        )
    return handler_class
