"""`run_simple` and `make_server`: Werkzeug's two functions, on this package's own server.

Here: arguments, their defaults and their errors. Not here: the classes of servers (servers.py), opening a server (serving.py),
and serving (appserver.py).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from .addresses import check_port
from .appserver import WSGIApplication
from .identity import enter
from .reloader.current import current_child
from .servers import BaseWSGIServer, ForkingWSGIServer, ThreadedWSGIServer
from .serving import serve
from .settings.build import thread_count, worker_count
from .settings.cpus import THREADS
from .settings.load import Settings, settings_of_call

Count = int | Literal["auto"]

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
    reloader_interval: float = 1,
    reloader_type: str = "auto",
    threaded: bool = False,
    processes: Count = 1,
    request_handler: type[Any] | None = None,  # Any: a class made for another server
    static_files: StaticFiles | None = None,
    passthrough_errors: bool = False,
    ssl_context: Any = None,  # Any: see certificates_for
    threads: Count | None = None,
    **settings: Any,  # Any: each is what its setting takes
) -> None:
    """Serve an application until SIGINT or SIGTERM, with the start-up messages on stderr.

    Args:
        hostname: address or name to listen on, on all its addresses if it has several; `unix://` and a path for a Unix socket.
            Not used if systemd handed sockets over (`LISTEN_FDS`), or the reloader (`WERKZEUG_SERVER_FD`).
        port: 0 lets the system choose.
        application: a `Demijohn` object or any WSGI callable.
        use_reloader: start the program anew when its files change: this process keeps the port and has others serve, by running
            the same command again. Main thread only.
        use_debugger: show exceptions in the browser; see `demijohn.debug`. A `Demijohn` must be in debug mode.
        use_evalex: the debugger's pages have consoles, behind a PIN.
        extra_files: further files that the reloader looks at: paths, directories, patterns of `glob`.
        exclude_patterns: files and directories that it does not look at, as patterns of `fnmatch`.
        reloader_interval: seconds between two looks.
        reloader_type: `stat`, `watchdog`, `watchfiles` or `auto`.
        threaded: run requests on 16 threads, or on `threads`. Without, one thread runs them one after another.
        processes: how many worker processes, or `"auto"`; may be combined with threads.
        request_handler: a class derived from `WSGIRequestHandler`, which see.
        static_files: paths of URLs to directories, or to `(package, directory)`: answered by a `SharedDataMiddleware`.
        passthrough_errors: an exception of the application stops the server and leaves this function, for debuggers such as
            `pdb`; with several processes, it does not.
        ssl_context: serve HTTPS: `"adhoc"`, `(certificate file, key file)`, `TlsOptions`, an `ssl.SSLContext`.
        threads: how many threads in each process, or `"auto"`; implies `threaded`.
        **settings: every other setting by its name, see docs/settings.md: `bind=":8000"`, `keep_alive=5`, `access_log_file="-"`.

    Raises:
        TypeError: the port is no int, `ssl_context` is none, or a keyword is no setting.
        ValueError: a number is out of range, or an address is none.
        CertificateError: an OSError: a certificate cannot be used.
        RuntimeError: the reloader cannot start this program again: it is not in a file.
        ImportError: `reloader_type` needs a library that is missing.
        SystemExit: code 1 if the address cannot be listened on, 3 if no worker could boot; with the reloader also 0.
        BaseException: with `passthrough_errors`, what the application raised.
    """
    chosen = _settings_of_call(
        "run_simple",
        settings,
        hostname,
        port,
        threaded=threaded,
        threads=threads,
        processes=processes,
        reload=use_reloader,
        debugger=use_debugger,
        debugger_console=use_evalex,
        extra_files=[*(extra_files or ())],
        exclude_patterns=[*(exclude_patterns or ())],
        reloader_interval=reloader_interval,
        reloader_type=reloader_type,
    )
    enter(chosen)
    if use_reloader and current_child() is None:
        from .reloader.start import run_parent

        run_parent(chosen, tls=ssl_context, is_debug=getattr(application, "debug", False) is True)
    if static_files is not None:
        from ..middleware.shared_data import SharedDataMiddleware

        application = SharedDataMiddleware(application, static_files)
    hooks = None
    if request_handler is not None:
        from .handlerhooks import HandlerHooks

        hooks = HandlerHooks(request_handler)
    serve(application, chosen, tls=ssl_context, hooks=hooks, passes_errors=passthrough_errors)


def make_server(
    host: str,
    port: int,
    app: WSGIApplication,
    threaded: bool = False,
    processes: Count = 1,
    request_handler: type[Any] | None = None,  # Any: see run_simple
    passthrough_errors: bool = False,
    ssl_context: Any = None,  # Any: see run_simple
    fd: int | None = None,
    threads: Count | None = None,
    access_log: bool | None = None,
    **settings: Any,  # Any: see run_simple
) -> BaseWSGIServer:
    """Bind, and return a server that is ready to `serve_forever`. For the arguments see `run_simple`.

    It is a `ForkingWSGIServer` if it has several processes, else a `ThreadedWSGIServer` if it has several threads.

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
        **settings: see `run_simple`. Those of the start have no effect here: `log_level`, `pidfile`, the reloader's.

    Raises:
        TypeError: the port is no int, `ssl_context` is none, or a keyword is no setting.
        ValueError: a number is out of range, or an address is none.
        CertificateError: an OSError: a certificate cannot be used.
        BindError: an OSError that says why it is not possible to listen there.
    """
    chosen = _settings_of_call(
        "make_server",
        settings,
        host,
        port,
        threaded=threaded,
        threads=threads,
        processes=processes,
        access_log=access_log,
    )
    workers = worker_count(chosen)
    kind = ForkingWSGIServer if workers > 1 else ThreadedWSGIServer if thread_count(chosen) > 1 else BaseWSGIServer
    return kind.of_settings(
        app, chosen, handler=request_handler, passthrough_errors=passthrough_errors, ssl_context=ssl_context, fd=fd
    )


def _settings_of_call(
    function: str,
    settings: dict[str, Any],
    host: str,
    port: int,
    *,
    threaded: bool,
    threads: Count | None,
    processes: Count,
    **more: Any,  # Any: see run_simple
) -> Settings:
    """Return the settings of a call: its keywords, and Werkzeug's parameters as settings.

    Raises:
        TypeError: the port is no int, or a keyword is no setting.
        ValueError: a value is none.
    """
    check_port(port)
    keywords = {name: value for name, value in more.items() if value is not None}
    keywords |= {**settings, "host": host, "port": port}
    keywords["threads"] = threads if threads is not None else THREADS if threaded else 1
    if "workers" not in keywords:
        keywords["workers"] = processes
    elif processes != 1:
        raise TypeError(f"{function}() got processes and workers, which are the same.")
    return settings_of_call(keywords, function)
