"""The commands that are always there: those of running.py, `routes`, `shell`, and those that are imported when they are wanted.

What one needs is imported when it runs.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from ...app.commands import with_appcontext
from ...app.scriptinfo import ScriptInfo, pass_script_info
from .running import APP_HELP, check_command, complete_file, config_command, load_app, run_command

SORT_KEYS: Final = ("endpoint", "methods", "domain", "rule", "match")


@click.command("routes", epilog=APP_HELP)
@click.argument("app", required=False, shell_complete=complete_file)
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
    from .table import rows_of, write_table

    application = load_app(info, app)
    if not hasattr(application, "url_map"):
        raise click.UsageError(f"A {type(application).__name__} has no routes that could be listed.")
    rows = rows_of(application, all_methods=all_methods)
    if sort != "match":
        rows.sort(key=lambda row: getattr(row, "domain" if sort == "domain" else sort))
    if not rows:
        click.echo("No routes were registered.")
        return
    write_table(application, rows, click.echo)


@click.command("shell")
@with_appcontext
def shell_command() -> None:
    """Start an interactive Python with the application at work.

    The names in it are those of PYTHONSTARTUP, app, g, and what the application's shell context processors add.
    """
    import code

    from ...app.globals import current_context

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


COMMANDS: Final = (
    run_command,
    config_command,
    check_command,
    routes_command,
    shell_command,
)


def _control() -> click.Command:
    from .control import control_group

    control_group.add_command(_top())
    return control_group


def _top() -> click.Command:
    from .top import top_command

    return top_command


def _drop_in() -> click.Command:
    from .dropin import dropin_group

    return dropin_group


LATE_COMMANDS: Final[Mapping[str, Callable[[], click.Command]]] = {"ctl": _control, "top": _top, "drop-in": _drop_in}
"""PERF: whoever serves has no use for them."""
