"""`run_simple` and `make_server`: Werkzeug's two functions, on this package's own server.

Here: arguments, their defaults and their errors, and what is said at the start. Not here: serving (appserver.py).
"""

import logging
import socket
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from .._base.imports import import_string
from ..serve import ServerOptions
from .appserver import AppServer, WSGIApplication
from .binding import BindError, bind

logger = logging.getLogger("demijohn.manage")

DEFAULT_THREADS: Final = 16

StaticFiles = Mapping[str, str | tuple[str, str]] | Iterable[tuple[str, str | tuple[str, str]]]


def run_simple(
    hostname: str,
    port: int,
    application: WSGIApplication,
    use_reloader: bool = False,
    use_debugger: bool = False,
    use_evalex: bool = True,
    extra_files: Iterable[str] | None = None,
    exclude_patterns: Iterable[str] | None = None,
    reloader_interval: int = 1,
    reloader_type: str = "auto",
    threaded: bool = False,
    processes: int = 1,
    threads: int | None = None,
    request_handler: type[Any] | None = None,  # Any: a class made for another server
    static_files: StaticFiles | None = None,
    passthrough_errors: bool = False,
    ssl_context: Any = None,  # Any: several types, and none of them is taken
) -> None:
    """Serve an application until SIGINT or SIGTERM, with the start-up messages on stderr.

    Args:
        hostname: address or name to listen on; `unix://` and a path for a Unix socket.
        port: 0 lets the system choose.
        application: a `Demijohn` object or any WSGI callable.
        use_reloader: not available; says so and serves without.
        use_debugger: not available; says so and serves without.
        use_evalex: a setting of the debugger.
        extra_files: a setting of the reloader.
        exclude_patterns: a setting of the reloader.
        reloader_interval: a setting of the reloader.
        reloader_type: a setting of the reloader.
        threaded: run requests on 16 threads, or on `threads`. Without, one thread runs them one after another.
        processes: how many worker processes; may be combined with threads.
        threads: how many threads in each process; implies `threaded`.
        request_handler: not used; says so.
        static_files: paths of URLs to directories, or to `(package, directory)`.
        passthrough_errors: not used; says so.
        ssl_context: not available; anything but `None` is an error.

    Raises:
        TypeError: the port is no int.
        ValueError: a number is out of range, or TLS was asked for.
        SystemExit: code 1 if the address cannot be listened on, 3 if no worker could boot.
    """
    configure_logging()
    missing = [name for name, is_asked in (("reloader", use_reloader), ("debugger", use_debugger)) if is_asked]
    if missing:
        logger.warning(" * Without %s: not part of this version.", " and ".join(missing))
    if static_files is not None:
        application = _with_static_files(application, static_files)
    try:
        server = make_server(
            hostname,
            port,
            application,
            threaded,
            processes,
            request_handler,
            passthrough_errors,
            ssl_context,
            threads=threads,
            access_log=True if use_debugger or use_reloader else None,
        )
    except BindError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - as plain as a shell's message, whatever logging does
        sys.exit(1)
    with server:
        server.serve_until_signalled(partial(announce, server))
    if server.exit_code != 0:
        sys.exit(server.exit_code)


def make_server(
    host: str,
    port: int,
    app: WSGIApplication,
    threaded: bool = False,
    processes: int = 1,
    request_handler: type[Any] | None = None,  # Any: see run_simple
    passthrough_errors: bool = False,
    ssl_context: Any = None,  # Any: see run_simple
    fd: int | None = None,
    threads: int | None = None,
    access_log: bool | None = None,
) -> AppServer:
    """Bind, and return a server that is ready to `serve_forever`. For the arguments see `run_simple`.

    Args:
        host: see `run_simple`.
        port: see `run_simple`; `server.port` tells the real one.
        app: see `run_simple`.
        threaded: see `run_simple`.
        processes: see `run_simple`.
        request_handler: see `run_simple`.
        passthrough_errors: see `run_simple`.
        ssl_context: see `run_simple`.
        fd: a descriptor of a socket that listens already; `host` and `port` are not used then.
        threads: see `run_simple`.
        access_log: write a line for each answer to the logger `demijohn.access`. Without, if that logger was set to INFO.

    Raises:
        TypeError: the port is no int.
        ValueError: a number is out of range, or TLS was asked for.
        BindError: an OSError that says why it is not possible to listen there.
    """
    if ssl_context is not None:
        raise ValueError("ssl_context: this version does not serve TLS. Put a TLS proxy in front, or leave it out.")
    for name, is_given in (
        ("request_handler", request_handler is not None),
        ("passthrough_errors", passthrough_errors),
    ):
        if is_given:
            logger.warning("%s has no effect on this server.", name)
    options = _options(threaded=threaded, threads=threads, processes=processes, access_log=access_log)
    listener = bind(host, port, fd)
    try:
        return AppServer(app, listener, options, processes)
    except BaseException:
        listener.close()
        listener.unlink()
        raise


def announce(server: AppServer) -> None:
    """Say where the server is and how it runs requests."""
    for url in _urls(server):
        logger.info(" * Running on %s", url)
    logger.info(" * %s; press CTRL+C to quit", server.mode)


def configure_logging() -> None:
    """See to it that the server's messages get out, unless the application has arranged its own logging."""
    root = logging.getLogger("demijohn")
    if root.level == logging.NOTSET:
        root.setLevel(logging.INFO)
    if not root.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        root.addHandler(handler)


def _options(*, threaded: bool, threads: int | None, processes: int, access_log: bool | None) -> ServerOptions:
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}.")
    if processes < 1:
        raise ValueError(f"processes must be at least 1, not {processes}.")
    count = threads if threads is not None else (DEFAULT_THREADS if threaded else 1)
    if access_log is None:
        # Its own level: the level that configure_logging gives to all of them is no wish for a line per request.
        access_log = logging.getLogger("demijohn.access").level in range(1, logging.INFO + 1)
    return ServerOptions(
        runner="late" if count > 1 else "inline",
        threads=count,
        access_log=access_log,
        is_multiprocess=processes > 1,
    )


def _with_static_files(application: WSGIApplication, static_files: StaticFiles) -> WSGIApplication:
    middleware = import_string("demijohn.middleware.shared_data:SharedDataMiddleware", silent=True)
    if middleware is None:
        raise ValueError(
            "static_files: this version has no SharedDataMiddleware. Serve them by the application's static folder."
        )
    wrapped: WSGIApplication = middleware(application, static_files)
    return wrapped


def _urls(server: AppServer) -> list[str]:
    """Where a browser finds the server; a wildcard address is spelt out."""
    if server.host not in {"0.0.0.0", "::"}:
        return [server.url]
    family, loopback, far = (
        (socket.AF_INET, "127.0.0.1", "203.0.113.1")
        if server.host == "0.0.0.0"
        else (socket.AF_INET6, "[::1]", "2001:db8::1")
    )
    urls = [f"{server.url} (all addresses)", f"http://{loopback}:{server.port}"]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket sends nothing; it makes the system choose the address it would send from.
            probe.connect((far, 9))
            own = probe.getsockname()[0]
        except OSError:
            return urls
    if own not in {"127.0.0.1", "::1"}:
        urls.append(f"http://[{own}]:{server.port}" if ":" in own else f"http://{own}:{server.port}")
    return urls
