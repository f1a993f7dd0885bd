"""`app_spec`: the application of a command line, to be loaded by the processes that serve it; errors become what those report."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from ..appspec import AppSpec
from ..settings.load import Settings
from ..supervisor.plan import BootError, NoApplicationError
from .discovery import AppImportFailed


def app_spec(load: Callable[[Settings], Any], settings: Settings) -> AppSpec:
    """Return where the application is by some settings. `load` loads it, and raises click's exceptions."""

    def load_for_worker() -> Any:
        try:
            return load(settings)
        except AppImportFailed as error:
            text = io.StringIO()
            error.show(text)
            raise BootError(text.getvalue()) from error
        except click.ClickException as error:
            raise NoApplicationError(error.format_message()) from error

    return AppSpec(load_for_worker, partial(app_spec, load))
