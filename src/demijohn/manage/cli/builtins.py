"""The commands that are always there: `run`, `routes`, `shell`. What one needs is imported when it runs: help is quick."""

import code
import os
import sys
from typing import Any, Final

import click

from ...app.commands import with_appcontext
from ...app.scriptinfo import ScriptInfo, pass_script_info
from .listening import listening_arguments, listening_options
from .table import SORT_KEYS, rows_of, write_table

DEBUG_ENV_NAMES: Final = ("DEMIJOHN_DEBUG", "FLASK_DEBUG")

APP_HELP: Final = """
APP is module:attribute, module:factory(), path/to/file.py, path/to/file.py:attribute, or a package. Without it: what --app,
DEMIJOHN_APP or FLASK_APP says, else app.py or wsgi.py here. Without an attribute: app or application, else the only
Demijohn object, else what create_app() or make_app() returns.
"""


def set_debug(ctx: click.Context, option: click.Parameter, value: bool | None) -> bool | None:
    """Set the environment's debug flags, which whatever is loaded from now on goes by; callback of `--debug`."""
    source = ctx.get_parameter_source(option.name or "")
    if value is not None and source not in {click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP}:
        for name in DEBUG_ENV_NAMES:
            os.environ[name] = "1" if value else "0"
    return value


def _load(info: ScriptInfo, words: str | None) -> Any:  # Any: see ScriptInfo
    if words is not None:
        info.app_import_path = words
    return info.load_app()


@click.command("run", epilog=APP_HELP)
@click.argument("app", required=False)
@click.option(
    "-h",
    "--host",
    default="127.0.0.1",
    envvar=["DEMIJOHN_RUN_HOST", "FLASK_RUN_HOST"],
    show_default=True,
    help="Address to listen on, or unix:///path.",
)
@click.option(
    "-p",
    "--port",
    type=click.IntRange(0, 65535),
    default=5000,
    envvar=["DEMIJOHN_RUN_PORT", "FLASK_RUN_PORT"],
    show_default=True,
    help="0 chooses a free one.",
)
@click.option("--threads", type=click.IntRange(min=1), default=16, show_default=True, help="Threads in each process.")
@click.option("--no-threads", is_flag=True, help="One thread in each process, multiplexed; the same as --threads 1.")
@click.option(
    "--processes", type=click.IntRange(min=1), default=1, show_default=True, help="Supervised worker processes."
)
@click.option(
    "--debug/--no-debug",
    default=None,
    is_eager=True,
    expose_value=False,
    callback=set_debug,
    help="Debug mode of the application, and a log line for each request.",
)
@listening_options
@pass_script_info
@click.pass_context
def run_command(
    ctx: click.Context,
    /,
    info: ScriptInfo,
    app: str | None,
    host: str,
    port: int,
    threads: int,
    no_threads: bool,
    processes: int,
    **listening: Any,  # Any: see listening_arguments
) -> None:
    """Serve APP until CTRL+C or SIGTERM."""
    arguments = listening_arguments(ctx, **listening)
    application = _load(info, app)
    from ...serve.certificates import CertificateError
    from ..devserver import configure_logging, run_simple

    configure_logging()
    if getattr(application, "debug", False) is True:
        import logging

        logging.getLogger("demijohn.access").setLevel(logging.INFO)
    try:
        run_simple(host, port, application, threads=1 if no_threads else threads, processes=processes, **arguments)
    except (ValueError, CertificateError) as error:
        raise click.UsageError(str(error)) from None


@click.command("routes", epilog=APP_HELP)
@click.argument("app", required=False)
@click.option(
    "--sort",
    "-s",
    type=click.Choice(SORT_KEYS),
    default="endpoint",
    show_default=True,
    help="Column to sort by; match is the order in which they are tried.",
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS, too.")
@pass_script_info
def routes_command(info: ScriptInfo, app: str | None, sort: str, all_methods: bool) -> None:
    """List the routes of APP, and of the applications mounted in it."""
    application = _load(info, app)
    if not hasattr(application, "url_map"):
        raise click.UsageError(f"A {type(application).__name__} has no routes that could be listed.")
    rows = rows_of(application, all_methods=all_methods)
    if sort != "match":
        rows.sort(key=lambda row: getattr(row, "domain" if sort == "domain" else sort))
    if not rows:
        click.echo("No routes.")
        return
    write_table(application, rows, click.echo)


@click.command("shell")
@with_appcontext
def shell_command() -> None:
    """Start an interactive Python with the application at work.

    The names in it are those of PYTHONSTARTUP, app, g, and what the application's shell context processors add.
    """
    from ...app.context import current_context

    app = current_context().app
    names: dict[str, Any] = {}
    startup = os.environ.get("PYTHONSTARTUP")
    if startup and os.path.isfile(startup):
        with open(startup, "rb") as file:
            exec(compile(file.read(), startup, "exec"), names)  # noqa: S102 - what the user's Python does at its start
    names.update(app.make_shell_context())
    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None:
        try:
            import readline
            from rlcompleter import Completer
        except ImportError:
            pass
        else:
            # The hook turns completion on, for the names of a module that is not this one.
            readline.set_completer(Completer(names).complete)
        hook()
    banner = f"Python {sys.version} on {sys.platform}\nApp: {app.import_name}\nInstance: {app.instance_path}"
    code.interact(banner=banner, local=names)


COMMANDS: Final = (run_command, routes_command, shell_command)
