"""`run_parent`: this process becomes the parent: it listens, watches files, and has the program started again to serve.

Called by `run_simple`, `demijohn run` and `run_with_reloader` in a process that is no child. Main thread.
"""

import contextlib
import importlib.util
import os
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NoReturn

from ...serve import Listener
from ..activation import RUN_MAIN, SERVER_FD
from ..addresses import parse_address
from ..binding import BindError, bind_all, close_all
from ..devcert import make_ssl_devcert
from ..identity import pid_file
from ..listening import open_listeners
from ..messages import configure_logging
from ..settings.build import has_access_log, listen_options, ssl_context
from ..settings.load import Settings
from ..watching.fileset import FileSet
from ..watching.origin import project_modules, project_roots
from ..watching.watch import Watch
from .commandline import own_command
from .parent import Bounds, Parent

EXIT_CANNOT_LISTEN = 1

OPS_PORT = 9180


def run_parent(
    settings: Settings, *, tls: Any = None, roots: Iterable[str] = ()
) -> NoReturn:  # Any: see certificates_for
    """Serve by children until SIGINT or SIGTERM, and exit.

    Args:
        settings: how; the children read theirs for themselves.
        tls: what TLS is served with, instead of what the settings say.
        roots: directories of the program that are not on `sys.path` yet.

    Raises:
        ValueError: not on the main thread, or settings that make no sense.
        RuntimeError: this program cannot be started again.
        ImportError: the way of watching needs a library that is missing.
        TypeError, CertificateError: see `open_listeners`.
        SystemExit: always, with 0; or 1 if it is not possible to listen there.
    """
    if threading.current_thread() is not threading.main_thread():
        raise ValueError(
            "The reloader runs on the main thread only: it takes signals. Use use_reloader=False elsewhere."
        )
    configure_logging(settings)
    command = own_command()
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
        # Of a reloader far above us, which these do not speak of any more.
        for name in (RUN_MAIN, SERVER_FD):
            os.environ.pop(name, None)
        watch = stack.enter_context(
            Watch(
                FileSet(
                    tuple(project_roots([*sys.path, *roots])),
                    frozenset(project_modules()),
                    extra_files=tuple(settings["extra_files"]),
                    exclude_patterns=tuple(settings["exclude_patterns"]),
                ),
                settings["reloader_type"],
                settings["reloader_interval"],
            )
        )
        bounds = Bounds(settings["reloader_drain"], settings["drain_delay"] + settings["drain_timeout"])
        parent = Parent(
            command,
            watch,
            listeners,
            ops=ops,
            bounds=bounds,
            adhoc=adhoc,
            access_log=has_access_log(settings),
        )
        code = parent.run()
    sys.exit(code)


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
    try:
        addresses = [parse_address(text, OPS_PORT) for text in settings["ops_bind"]]
        return listeners, bind_all(addresses, options) if addresses else []
    except BaseException:
        close_all(listeners)
        raise
