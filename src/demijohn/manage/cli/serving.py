"""The command line of `python -m demijohn.serving`, as Werkzeug's was: a short way to `demijohn run`, which has every setting."""

import click

from .main import main as run_demijohn


@click.command("serving", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-b", "--bind", metavar="ADDRESS", default="localhost:5000", show_default=True, help="The host:port to listen on."
)
@click.option("-d", "--debug", "is_debug", is_flag=True, help="Show the interactive debugger for unhandled exceptions.")
@click.option("-r", "--reload", "is_reloading", is_flag=True, help="Start anew when a file of the application changes.")
@click.argument("application")
def serving_command(bind: str, application: str, *, is_debug: bool, is_reloading: bool) -> None:
    """Serve APPLICATION, which is named as module:app, until CTRL+C."""
    words = ["run", application, "--bind", bind]
    # Each for itself, as with Werkzeug's; in debug mode, either would be on otherwise.
    words += ["--debug", "--debugger"] if is_debug else []
    words += ["--reload"] if is_reloading else ["--no-reload"]
    run_demijohn(words, prog_name="demijohn")


def main() -> None:
    """Run the command."""
    serving_command(prog_name="python -m demijohn.serving")
