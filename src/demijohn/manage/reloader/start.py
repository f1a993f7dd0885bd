"""`run_parent`: this process becomes the parent: it listens, watches files, and has the program started again to serve.

Called by `run_simple` and `demijohn run` in a process that is no child. `run_with_reloader`: for what serves nothing.
Main thread.
"""

import contextlib
import importlib.util
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, NoReturn

from ...serve import Listener
from ..activation import RUN_MAIN, SERVER_FD
from ..addresses import parse_address
from ..binding import BindError, bind_all, close_all
from ..devcert import make_ssl_devcert
from ..exitcodes import EXIT_CANNOT_LISTEN
from ..identity import pid_file
from ..listening import open_listeners
from ..messages import configure_logging
from ..ops.rules import OPS_PORT
from ..refreshing import refresh_hosts
from ..settings.build import has_access_log, listen_options, ssl_context
from ..settings.load import Settings, settings_of_call
from ..watching.fileset import FileSet
from ..watching.origin import project_modules, project_roots
from ..watching.watch import Watch
from .commandline import Command, own_command
from .current import current_child
from .parent import Bounds, Parent

DEFER_SECONDS: Final = 10
"""How long a connection waits for its first byte before it is accepted all the same."""


def run_parent(
    settings: Settings,
    *,
    tls: Any = None,  # Any: see certificates_for
    roots: Iterable[str] = (),
    is_debug: bool = False,
) -> NoReturn:
    """Serve by children until SIGINT or SIGTERM, and exit.

    Args:
        settings: how; the children read theirs for themselves.
        tls: what TLS is served with, instead of what the settings say.
        roots: directories of the program that are not on `sys.path` yet.
        is_debug: the application is in debug mode.

    Raises:
        ValueError: not on the main thread, or settings that make no sense.
        RuntimeError: this program cannot be started again.
        ImportError: the way of watching needs a library that is missing.
        TypeError, CertificateError: see `open_listeners`.
        SystemExit: always, with 0; or 1 if it is not possible to listen there.
    """
    command = _prepare(settings)
    with contextlib.ExitStack() as stack:
        tls = ssl_context(settings) if tls is None else tls
        adhoc = None
        if tls == "adhoc" and importlib.util.find_spec("cryptography") is not None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="demijohn-"))
            adhoc = tls = make_ssl_devcert(os.path.join(folder, "adhoc"))
        try:
            listeners, ops = _listen(settings, tls)
        except BindError as error:
            print(error.message, file=sys.stderr)  # noqa: T201 - as plain as a shell's message, whatever logging does
            sys.exit(EXIT_CANNOT_LISTEN)
        stack.callback(close_all, [*listeners, *ops])
        stack.enter_context(pid_file(settings["pidfile"]))
        watch = stack.enter_context(_watch(settings, roots))
        bounds = Bounds(settings["reloader_drain"], settings["drain_delay"] + settings["drain_timeout"])
        parent = Parent(
            command,
            watch,
            listeners,
            ops=ops,
            bounds=bounds,
            adhoc=adhoc,
            access_log=has_access_log(settings),
            refreshed_at=refresh_hosts(settings, is_debug=is_debug),
        )
        code = parent.run()
    sys.exit(code)


def run_with_reloader(
    main_func: Callable[[], None],
    extra_files: Iterable[str] | None = None,
    exclude_patterns: Iterable[str] | None = None,
    interval: float = 1,
    reloader_type: str = "auto",
) -> None:
    """Call `main_func()` in a child of this process, by running the same command again; anew when files change.

    In the child this is a call of `main_func`, on the main thread. When that returns or raises, the next change is waited for.
    The parent goes on until SIGINT or SIGTERM, and exits. For the arguments see `demijohn.manage.devserver.run_simple`.

    Raises:
        ValueError, RuntimeError, ImportError, SystemExit: see `run_parent`.
    """
    child = current_child()
    if child is not None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # what it has to tidy up, it does
        child.ready()
        main_func()
        return
    said = {
        "reload": True,
        "extra_files": [*(extra_files or ())],
        "exclude_patterns": [*(exclude_patterns or ())],
        "reloader_interval": interval,
        "reloader_type": reloader_type,
    }
    settings = settings_of_call(said, "run_with_reloader")
    command = _prepare(settings)
    with _watch(settings, ()) as watch:
        code = Parent(command, watch, bounds=Bounds(settings["reloader_drain"])).run()
    sys.exit(code)


def _prepare(settings: Settings) -> Command:
    if threading.current_thread() is not threading.main_thread():
        raise ValueError(
            "The reloader runs on the main thread only: it takes signals. Use use_reloader=False elsewhere."
        )
    configure_logging(settings)
    command = own_command()
    # Of a reloader far above us, which these do not speak of any more.
    for name in (RUN_MAIN, SERVER_FD):
        os.environ.pop(name, None)
    return command


def _watch(settings: Settings, roots: Iterable[str]) -> Watch:
    return Watch(
        FileSet(
            tuple(project_roots([*sys.path, *roots])),
            frozenset(project_modules()),
            extra_files=tuple(settings["extra_files"]),
            exclude_patterns=tuple(settings["exclude_patterns"]),
        ),
        settings["reloader_type"],
        settings["reloader_interval"],
    )


def _listen(settings: Settings, tls: Any) -> tuple[list[Listener], list[Listener]]:
    """Return the listeners for the application, and those for operators."""
    # One socket for all processes, which stays: each process's own would lose who waits at it.
    options = replace(listen_options(settings), reuse_port=False)
    listeners = open_listeners(
        settings["host"],
        settings["port"],
        bind=settings["bind"] or None,
        options=options,
        ssl_context=tls,
        redirect_http=settings["redirect_http"],
        redirect_port=settings["redirect_port"],
    )
    for listener in listeners:
        _accept_late(listener)
    try:
        addresses = [parse_address(text, OPS_PORT) for text in settings["ops_bind"]]
        return listeners, bind_all(addresses, options) if addresses else []
    except BaseException:
        close_all(listeners)
        raise


def _accept_late(listener: Listener) -> None:
    """Have connections wait in the backlog until something is sent on them, where the system can (Linux, TCP).

    A child that stops has no time to wait for those who have connected and sent nothing; so it does not get to have them.
    """
    if hasattr(socket, "TCP_DEFER_ACCEPT") and listener.sock.family != socket.AF_UNIX:
        listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, DEFER_SECONDS)
