"""`open_parts`, `serve`: from an application and `Settings` to a server that listens, and to its end and exit code.

Here: what is checked before anything is bound, and what is said at the start. Not here: where settings come from, serving itself.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from .._base.record import record
from ..serve import Listener, ServerOptions
from ..serve.logwriter import LogWriter
from .activation import inherited_listener
from .addresses import parse_address
from .appserver import AppServer, WSGIApplication
from .appspec import AppSpec
from .binding import BindError, bind_all, close_all
from .control.place import ControlListener, PlaceError, path_for
from .debugging import debugging_of
from .exitcodes import EXIT_CANNOT_LISTEN
from .handover import Handed, Handover, ops_listeners_of, take_handover
from .identity import become, pid_file
from .listening import open_listeners
from .messages import configure_logging, own_handler
from .notify import Notifier
from .ops.rules import OPS_PORT
from .reloader.current import current_child
from .settings.build import (
    is_supervised,
    listen_options,
    ops_rules,
    server_options,
    ssl_context,
    supervision,
    watched,
    worker_count,
)
from .settings.load import Settings, is_auto
from .settings.pyproject import SettingsError
from .settings.risks import warnings_of
from .settings.table import KEPT
from .startup import announce
from .supervisor.patience import Supervision
from .tls import certificates_for

if TYPE_CHECKING:
    from .generations import Renewed
    from .handlerhooks import HandlerHooks
    from .ops.process import Ops
    from .reloader.child import Child

logger = logging.getLogger("demijohn.manage")


def serve(
    application: WSGIApplication | AppSpec,
    settings: Settings,
    *,
    tls: Any = None,  # Any: see certificates_for
    reread: Callable[[], Settings] | None = None,
    is_debug: bool = False,
    hooks: "HandlerHooks | None" = None,
    passes_errors: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM, with the start-up messages.

    Args:
        application: what answers; an `AppSpec` if several processes serve.
        settings: how.
        tls: what TLS is served with, instead of what the settings say; see `certificates_for`.
        reread: reads the settings anew, for a reload; raises a `SettingsError` if they cannot be used.
        is_debug: the application is in debug mode; where it is loaded already, it is asked itself, too.
        hooks: what a class of request handlers overrides.
        passes_errors: an exception of the application ends serving, and leaves this function.

    Raises:
        SettingsError: settings that do not go together.
        TypeError, ValueError, CertificateError: see `open_listeners`.
        SystemExit: code 1 if it is not possible to listen there, 3 if no worker could boot.
    """
    is_debug = is_debug or getattr(application, "debug", False) is True
    debugging = debugging_of(application, settings, is_debug=is_debug)
    child = current_child()
    is_news = child is None or child.is_first
    fit = None if child is None else partial(_fit, child=child, is_debug=is_debug)
    is_debug = is_debug or is_development(settings)
    configure_logging(settings, is_debug=is_debug)
    for warning in warnings_of(settings, is_debug=is_debug) if is_news else ():
        logger.warning(" * Warning: %s", warning)
    if settings["reload_on_change"] and not isinstance(application, AppSpec):
        logger.warning(
            " * Warning: reload_on_change has no effect: the application was loaded before its supervisor."
            " `demijohn run` loads it in the workers."
        )
    if debugging is not None:
        application = debugging.wrap(application)
    if fit is not None:
        application, settings, tls = fit(application, settings, tls)
    handover = take_handover() if child is None else None
    fd = inherited_listener(os.environ, settings["port"]) if child is None else None
    handed = handover if child is None else child.handshake
    try:
        parts = open_parts(application, settings, fd=fd, tls=tls, reread=reread, handover=handed, is_debug=is_debug)
        server = parts.server(hooks, passes_errors=passes_errors)
    except BindError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - as plain as a shell's message, whatever logging does
        sys.exit(EXIT_CANNOT_LISTEN)
    server.notifier = Notifier(os.environ)
    server.watched = watched(settings) if isinstance(application, AppSpec) else None
    with server, contextlib.ExitStack() as stack:
        if debugging is not None:
            stack.callback(debugging.run.close)
        if handover is None:
            stack.enter_context(pid_file(settings["pidfile"]))
        else:
            server.on_up = partial(_take_over, handover, settings, stack, server)
            server.is_successor = True
        # Whoever is taken over from keeps its place until this one serves.
        server.control = open_control(settings, is_placed=handover is None)
        facts = () if debugging is None else tuple(debugging.facts())
        if child is not None:
            from .reloader.fitting import report, start_facts

            report(server, child)
            facts = (*facts, *start_facts(child))
        server.serve_until_signalled(partial(announce, server, facts) if is_news else _say_nothing)
    if server.exit_code != 0:
        sys.exit(server.exit_code)


def _fit(
    application: Any, settings: Settings, tls: Any, *, child: "Child", is_debug: bool
) -> tuple[Any, Settings, Any]:  # Any: see `serve`
    """Return what is served by a child of the reloader, in the place of what was said."""
    from .refreshing import with_refresh
    from .reloader.fitting import fitted, fitted_tls

    application = with_refresh(application, child=child, settings=settings, is_debug=is_debug)
    settings = fitted(settings, child)
    return application, settings, fitted_tls(ssl_context(settings) if tls is None else tls, child)


@record
class Parts:
    """What an `AppServer` is made of."""

    application: WSGIApplication | AppSpec
    listeners: list[Listener]
    options: ServerOptions
    processes: int
    supervision: Supervision
    renew: "Callable[[], Renewed] | None"
    ops: "Ops | None"
    is_supervised: bool

    @property
    def arguments(
        self,
    ) -> tuple[
        WSGIApplication | AppSpec,
        list[Listener],
        ServerOptions,
        int,
        Supervision,
        "Callable[[], Renewed] | None",
        "Ops | None",
    ]:
        """What `AppServer` takes, in its order."""
        return (
            self.application, self.listeners, self.options, self.processes, self.supervision, self.renew, self.ops,
        )  # fmt: skip

    def close(self) -> None:
        """Listen no more."""
        close_all([*self.listeners, *(self.ops.listeners if self.ops is not None else ())])

    def server(self, hooks: "HandlerHooks | None" = None, *, passes_errors: bool = False) -> AppServer:
        """Return a server that is ready to `serve_forever`. For the arguments see there.

        Raises:
            TypeError: the application is none. Then nothing listens any more.
        """
        try:
            return AppServer(
                *self.arguments, is_supervised=self.is_supervised, hooks=hooks, passes_errors=passes_errors
            )
        except BaseException:
            self.close()
            raise


def open_parts(
    application: WSGIApplication | AppSpec,
    settings: Settings,
    *,
    fd: int | None = None,
    tls: Any = None,
    reread: Callable[[], Settings] | None = None,
    handover: Handed | None = None,
    is_debug: bool = False,
) -> Parts:
    """Listen, and return what a server is made of.

    Args:
        application: what answers.
        settings: how.
        fd: a descriptor of a socket that listens already, which stays the caller's; no other address is used then.
        tls: see `serve`.
        reread: see `serve`.
        handover: from the supervisor whose place this process takes, or from the reloader.
        is_debug: see `serve`.

    Raises:
        SettingsError: settings that do not go together.
        BindError: an OSError that says why it is not possible to listen there.
        TypeError, ValueError, CertificateError: see `open_listeners`.
    """
    options = _options(settings, is_debug=is_debug)
    processes = worker_count(settings)
    needs_supervisor = is_supervised(settings)
    listeners = open_listeners(
        settings["host"],
        settings["port"],
        fd=fd,
        bind=settings["bind"] or None,
        options=listen_options(settings),
        ssl_context=tls if tls is not None else ssl_context(settings),
        redirect_http=settings["redirect_http"],
        redirect_port=settings["redirect_port"],
        processes=processes,
        handover=handover,
    )
    ops = None
    try:
        ops = _open_ops(settings, handover)
        become(settings["user"], settings["group"])
        check_logs(options)
        renew = None if reread is None else partial(_renew, reread, settings, tls, application, is_debug=is_debug)
        return Parts(
            application,
            listeners,
            options,
            processes,
            supervision(settings),
            renew,
            ops,
            is_supervised=needs_supervisor,
        )
    except BaseException:
        close_all([*listeners, *(ops.listeners if ops is not None else ())])
        raise


def is_development(settings: Settings) -> bool:
    """Tell whether the settings ask for what is for developing only."""
    return settings["reload"] is True or settings["debugger"] is True


def _take_over(handover: Handover, settings: Settings, stack: contextlib.ExitStack, server: AppServer) -> None:
    """Now that this process serves, be the one that is meant."""
    try:
        stack.enter_context(pid_file(settings["pidfile"], handover.pid))
    except SettingsError:
        logger.exception("The file with this process's id is not written.")
    if server.control is not None:
        try:
            server.control.place()
        except OSError as error:
            logger.warning("Without demijohn ctl: %s: %s", server.control.path, error.strerror)
    handover.tell_ready()


def _open_ops(settings: Settings, handover: Handed | None) -> "Ops | None":
    """Listen for operators, if that is wanted; on what was handed over, whatever the address."""
    handed = [] if handover is None else ops_listeners_of(handover)
    if not settings["ops_bind"]:
        close_all(handed)
        return None
    from .ops.process import Ops

    addresses = [parse_address(text, OPS_PORT) for text in settings["ops_bind"]]
    listeners = handed or bind_all(addresses, replace(listen_options(settings), reuse_port=False))
    return Ops(listeners, ops_rules(settings))


def _options(settings: Settings, *, is_debug: bool) -> ServerOptions:
    options = server_options(settings)
    if is_debug and not settings["access_log_file"] and options.access_line == "timed":
        # COMPAT: while developing, lines as Werkzeug's users know them, if nothing else is said.
        options = options if settings.is_said("access_log_format") else replace(options, access_log_format="dev")
    if options.error_log_file == "-" and own_handler() is not None:
        # What configure_logging arranged goes there already.
        options = replace(options, error_log_file=None)
    return options


def _renew(
    reread: Callable[[], Settings],
    before: Settings,
    tls: Any,
    application: WSGIApplication | AppSpec,
    *,
    is_debug: bool,
) -> "Renewed":
    """Read the settings anew, for workers that are to be made; what is this process's own, like addresses, stays as it is."""
    from .generations import Renewed

    found = reread()
    kept = [name for name in sorted(KEPT) if found[name] != before[name]]
    settings = found.keeping(kept, before)
    configure_logging(settings, is_debug=is_debug)
    options = _options(settings, is_debug=is_debug)
    check_logs(options)
    if (settings["certfile"] is None) is not (before["certfile"] is None):
        kept.append("certfile")  # TLS, or none: that is the listener's
    if kept:
        logger.warning(
            "A reload does not change %s; that needs a new supervisor (SIGUSR2), or a restart.", ", ".join(kept)
        )
    certificates = certificates_for(tls if tls is not None else ssl_context(settings))
    anew = application.anew(settings) if isinstance(application, AppSpec) and application.anew is not None else None
    return Renewed(options, worker_count(settings), supervision(settings), certificates, anew)


def open_control(settings: Settings, *, is_placed: bool = True) -> ControlListener | None:
    """Open the socket for `demijohn ctl`, if it is wanted. Where its default place cannot be used, do without.

    Raises:
        SettingsError: the place that was set cannot be used.
    """
    place = settings["control_socket"]
    if place is None:
        return None
    try:
        return ControlListener.open(path_for(place), is_placed=is_placed)
    except PlaceError as error:
        if is_auto(place):
            logger.warning(" * Without demijohn ctl: %s", error)
            return None
        raise SettingsError(f"{settings.origin('control_socket').where}: control_socket: {error}") from None


def _say_nothing() -> None:
    """What a child of the reloader has to say at another start: who waits is told by its parent."""


def check_logs(options: ServerOptions) -> None:
    """Open the logs' files once: better now than in each worker."""
    for name, path in (("access_log_file", options.access_log_file), ("error_log_file", options.error_log_file)):
        if path is not None:
            try:
                LogWriter(path).close()
            except OSError as error:
                raise SettingsError(f"{name}: {path}: {error.strerror or error}.") from None
