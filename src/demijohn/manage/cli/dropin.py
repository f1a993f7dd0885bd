"""`demijohn drop-in`: Flask's and Werkzeug's names in an environment, and what of them a project uses. On the main thread."""

from collections import Counter
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ...dropin.environment import State


@click.group("drop-in")
def dropin_group() -> None:
    """Let existing Flask applications run on demijohn, unchanged: import flask is demijohn then."""


@dropin_group.command("install")
def install_command() -> None:
    """Put flask 3.1.3 and werkzeug 3.1.9, which are demijohn, into this virtual environment. What was there is kept."""
    from ...dropin import environment

    try:
        _show(environment.install())
    except environment.DropInError as error:
        raise click.ClickException(str(error)) from None


@dropin_group.command("uninstall")
def uninstall_command() -> None:
    """Take both away, and put back what was there."""
    from ...dropin import environment

    try:
        _show(environment.uninstall())
    except environment.DropInError as error:
        raise click.ClickException(str(error)) from None


@dropin_group.command("status")
def status_command() -> None:
    """Say what this environment has under both names. Exit code 1 if it is not the drop-in."""
    from ...dropin import environment

    states = environment.status()
    _show(states)
    if not all(state.is_ours for state in states):
        raise click.exceptions.Exit(1)


@dropin_group.command("check")
@click.argument("path", type=click.Path(exists=True), default=".")
@click.option("--all", "is_all", is_flag=True, help="Show what is served without a warning, too.")
def check_command(path: str, is_all: bool) -> None:
    """Read the Python files at PATH and list what they use of Flask and Werkzeug that is warned of, or missing.

    Nothing is run. Exit code 1 if something is missing.
    """
    from ...dropin.usage import UnreadableFileError, uses_of

    try:
        uses = list(uses_of(path))
    except UnreadableFileError as error:
        raise click.ClickException(str(error)) from None
    for use in uses:
        if is_all or use.verdict != "served":
            more = use.instead and (f"; use {use.instead}" if use.verdict == "warned" else f": {use.instead}")
            click.echo(f"{use.path}:{use.line}: {use.name}: {use.verdict}{more}")
    counts = Counter(use.verdict for use in uses)
    click.echo(f"{counts['served']} served, {counts['warned']} served with a warning, {counts['missing']} missing.")
    if counts["missing"]:
        raise click.exceptions.Exit(1)


@dropin_group.command("names")
def names_command() -> None:
    """List all names that are served, served with a warning, and missing, as Markdown."""
    from ...dropin.usage import reference

    click.echo(reference(), nl=False)


def _show(states: "list[State]") -> None:
    for state in states:
        if state.is_ours:
            before = f"; {state.kept.name.split('-')[1]} is kept" if state.kept else ""
            click.echo(f"{state.name} {state.version}: demijohn's drop-in{before}")
        else:
            click.echo(f"{state.name}: not installed" if state.version is None else f"{state.name} {state.version}")
