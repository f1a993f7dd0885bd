"""`run_simple` and `make_server`: Werkzeug's two functions, on this package's own server.

Here: arguments, their defaults and their errors, and what is said at the start. Not here: serving (appserver.py).
"""

import logging
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from .._base.imports import import_string
from ..serve import ListenOptions, ServerOptions
from .activation import reloader_fd
from .appserver import AppServer, WSGIApplication
from .binding import BindError, close_all
from .listening import Addresses, open_listeners, spell_out

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
    ssl_context: Any = None,  # Any: see certificates_for
    *,
    bind: Addresses | None = None,
    listen: ListenOptions | None = None,
    redirect_http: Addresses | None = None,
    redirect_port: int | None = None,
) -> None:
    """Serve an application until SIGINT or SIGTERM, with the start-up messages on stderr.

    Args:
        hostname: address or name to listen on, on all its addresses if it has several; `unix://` and a path for a Unix socket.
            Not used if systemd handed sockets over (`LISTEN_FDS`), or the reloader (`WERKZEUG_SERVER_FD`).
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
        ssl_context: serve HTTPS: `"adhoc"`, `(certificate file, key file)`, `TlsOptions`, an `ssl.SSLContext`.
        bind: one address or several to listen on instead of `hostname` and `port`: `127.0.0.1:8000`, `[::1]:8000`, `:8000`,
            `localhost`, `unix:/run/app.sock`, `unix:@name`, `fd://3`.
        listen: how sockets are made that listen: backlog, permissions and so on.
        redirect_http: one address or several where plain HTTP is answered with a redirect to HTTPS; port 80 if not said.
        redirect_port: the port that clients find HTTPS on; that of the first listener if not said.

    Raises:
        TypeError: the port is no int, or `ssl_context` is none.
        ValueError: a number is out of range, or an address is none.
        CertificateError: an OSError: a certificate cannot be used.
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
            reloader_fd(),
            threads,
            access_log=True if use_debugger or use_reloader else None,
            bind=bind,
            listen=listen,
            redirect_http=redirect_http,
            redirect_port=redirect_port,
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
    *,
    bind: Addresses | None = None,
    listen: ListenOptions | None = None,
    redirect_http: Addresses | None = None,
    redirect_port: int | None = None,
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
        fd: a descriptor of a socket that listens already, which stays the caller's; `host` and `port` are not used then.
        threads: see `run_simple`.
        access_log: write a line for each answer to the logger `demijohn.access`. Without, if that logger was set to INFO.
        bind: see `run_simple`.
        listen: see `run_simple`.
        redirect_http: see `run_simple`.
        redirect_port: see `run_simple`.

    Raises:
        TypeError: the port is no int, or `ssl_context` is none.
        ValueError: a number is out of range, or an address is none.
        CertificateError: an OSError: a certificate cannot be used.
        BindError: an OSError that says why it is not possible to listen there.
    """
    for name, is_given in (
        ("request_handler", request_handler is not None),
        ("passthrough_errors", passthrough_errors),
    ):
        if is_given:
            logger.warning("%s has no effect on this server.", name)
    options = _options(threaded=threaded, threads=threads, processes=processes, access_log=access_log)
    listeners = open_listeners(
        host,
        port,
        fd=fd,
        bind=bind,
        options=listen,
        ssl_context=ssl_context,
        redirect_http=redirect_http,
        redirect_port=redirect_port,
        processes=processes,
    )
    try:
        return AppServer(app, listeners, options, processes)
    except BaseException:
        close_all(listeners)
        raise


def announce(server: AppServer) -> None:
    """Say where the server is and how it runs requests."""
    for url, address in zip(server.urls, server.addresses, strict=False):  # addresses has the redirects, too
        for spelt_out in spell_out(url, address):
            logger.info(" * Running on %s", spelt_out)
    for url in server.redirect_urls:
        logger.info(" * Redirecting %s to HTTPS", url)
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
