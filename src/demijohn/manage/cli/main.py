"""The `demijohn` command: `run` and `routes`. What a subcommand needs is imported when it runs, so that `--help` is quick.

Exit codes: 0 stopped as asked · 1 cannot listen · 2 wrong words, or no such application · 3 the application raised while it
was loaded, or no worker could boot.
"""

import os
import sys
import traceback
from types import TracebackType
from typing import Final

import click

from ..supervisor.policy import EXIT_BOOT_FAILED
from .loading import ApplicationImportError, ApplicationNotFoundError, WSGIApplication, load, locate

_DEBUG_ENV_NAMES: Final = ("DEMIJOHN_DEBUG", "FLASK_DEBUG")

_APP_HELP: Final = """
APP is module:attribute, module:factory(), path/to/file.py, path/to/file.py:attribute, or a package. Without it: what
DEMIJOHN_APP or FLASK_APP says, else app.py or wsgi.py here. Without an attribute: app or application, else the only
Demijohn object, else what create_app() or make_app() returns.
"""


def _print_version(ctx: click.Context, option: click.Parameter, is_asked: bool) -> None:
    if is_asked and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"demijohn {version('demijohn')} (Python {sys.version.split()[0]})")
        ctx.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show the version."
)
def main() -> None:
    """Serve Demijohn and other WSGI applications."""


@main.command(epilog=_APP_HELP)
@click.argument("app", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, or unix:///path.")
@click.option(
    "-p", "--port", type=click.IntRange(0, 65535), default=5000, show_default=True, help="0 chooses a free one."
)
@click.option("--threads", type=click.IntRange(min=1), default=16, show_default=True, help="Threads in each process.")
@click.option("--no-threads", is_flag=True, help="One thread in each process, multiplexed; the same as --threads 1.")
@click.option(
    "--processes", type=click.IntRange(min=1), default=1, show_default=True, help="Supervised worker processes."
)
@click.option(
    "--debug/--no-debug", default=None, help="Debug mode of the application, and a log line for each request."
)
def run(
    app: str | None, host: str, port: int, threads: int, no_threads: bool, processes: int, debug: bool | None
) -> None:
    """Serve APP until CTRL+C or SIGTERM."""
    application = _load(app, debug)
    from ..devserver import configure_logging, run_simple

    configure_logging()
    if getattr(application, "debug", False) is True:
        import logging

        logging.getLogger("demijohn.access").setLevel(logging.INFO)
    try:
        run_simple(host, port, application, threads=1 if no_threads else threads, processes=processes)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


@main.command(epilog=_APP_HELP)
@click.argument("app", required=False)
@click.option(
    "--sort",
    type=click.Choice(["endpoint", "methods", "rule", "match"]),
    default="endpoint",
    show_default=True,
    help="Column to sort by; match is the order in which they are tried.",
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS, too.")
def routes(app: str | None, sort: str, all_methods: bool) -> None:
    """List the routes of APP."""
    application = _load(app, None)
    url_map = getattr(application, "url_map", None)
    if url_map is None:
        raise click.UsageError(f"A {type(application).__name__} has no routes that could be listed.")
    hidden = set() if all_methods else {"HEAD", "OPTIONS"}
    rows = [
        (rule.endpoint, ", ".join(sorted(set(rule.methods or ()) - hidden)), rule.rule) for rule in url_map.iter_rules()
    ]
    if sort != "match":
        rows.sort(key=lambda row: row[("endpoint", "methods", "rule").index(sort)])
    if not rows:
        click.echo("No routes.")
        return
    _print_table(("Endpoint", "Methods", "Rule"), rows)


def _print_table(titles: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> None:
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(3)]
    for row in (titles, tuple("-" * width for width in widths), *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _load(words: str | None, debug: bool | None) -> WSGIApplication:
    """Find and import the application; end the command with the right message and exit code if that is not possible."""
    # An app.run() that stands unguarded in the module must not serve it while it is being imported.
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    if debug is not None:
        for name in _DEBUG_ENV_NAMES:
            os.environ[name] = "1" if debug else "0"
    directory = os.getcwd()
    try:
        application = load(locate(words, directory, os.environ))
    except ApplicationNotFoundError as error:
        raise click.UsageError(str(error)) from None
    except ApplicationImportError as error:
        _print_cause(error)
        sys.exit(EXIT_BOOT_FAILED)
    if debug is not None and hasattr(application, "debug"):
        application.debug = debug
    return application


def _print_cause(error: ApplicationImportError) -> None:
    """Show the application's own part of the traceback: the frames that lead to it are of no interest."""
    cause = error.__cause__
    if cause is not None:
        traceback.print_exception(type(cause), cause, _skip_our_frames(cause.__traceback__))
    click.echo(f"\nError: {error}.", err=True)


def _skip_our_frames(tb: TracebackType | None) -> TracebackType | None:
    here = os.path.join(os.path.dirname(__file__), "loading.py")
    # If all frames are ours, it is a SyntaxError in the module, which says by itself where it is.
    while tb is not None and (tb.tb_frame.f_code.co_filename == here or "importlib" in tb.tb_frame.f_code.co_filename):
        tb = tb.tb_next
    return tb
