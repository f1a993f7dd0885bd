"""From words to an application, with errors that click shows: those of loading.py become messages and exit codes."""

import os
import traceback
from types import TracebackType
from typing import IO, Any

import click

from ..exitcodes import EXIT_BOOT_FAILED
from ..settings.pyproject import SettingsError, read_section
from .loading import APP_ENV_NAMES, ApplicationImportError, ApplicationNotFoundError, WSGIApplication, load, locate


class NoAppException(click.UsageError):
    """There is no application where the words lead; exit code 2."""


class AppImportFailed(click.ClickException):
    """The application's own code raised while it was imported or made; shown with that part of the traceback; exit code 3."""

    exit_code = EXIT_BOOT_FAILED

    def __init__(self, error: ApplicationImportError) -> None:
        super().__init__(f"{error}.")
        self.cause = error.__cause__

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the traceback and the message."""
        if self.cause is not None:
            tb = skip_our_frames(self.cause.__traceback__)
            lines = "".join(traceback.format_exception(type(self.cause), self.cause, tb))
            click.echo(lines, err=file is None, file=file)
        super().show(file)


def load_application(words: str | None) -> WSGIApplication:
    """Return the application that `words` lead to; without words, what the environment, pyproject.toml or files here say.

    Raises:
        NoAppException: there is none.
        AppImportFailed: its own code raised.
    """
    directory = os.getcwd()
    if words is None and not any(os.environ.get(name) for name in APP_ENV_NAMES):
        words = _words_of_project(directory)
    try:
        return load(locate(words, directory, os.environ))
    except ApplicationNotFoundError as error:
        raise NoAppException(str(error)) from None
    except ApplicationImportError as error:
        raise AppImportFailed(error) from error


def _words_of_project(directory: str) -> str | None:
    """Return what `[tool.demijohn]` says; the commands that take settings look at all of it."""
    try:
        words = read_section(directory).get("app")
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    return words if isinstance(words, str) and words else None


def skip_our_frames(tb: TracebackType | None) -> TracebackType | None:
    """Return the application's own part of a traceback: the frames that lead to it are of no interest."""
    here = os.path.join(os.path.dirname(__file__), "loading.py")
    # If all frames are ours, it is a SyntaxError in the module, which says by itself where it is.
    while tb is not None and (tb.tb_frame.f_code.co_filename == here or "importlib" in tb.tb_frame.f_code.co_filename):
        tb = tb.tb_next
    return tb
