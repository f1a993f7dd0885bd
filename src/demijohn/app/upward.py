"""The one file that imports upwards, and only when it is called: serving, testing and commands of an application.

Everything here is a short way from `app.run()` and the like to `demijohn.manage` and `demijohn.testing`.
"""

from typing import Any

# Any throughout: the rooms above are not imported before they are needed, so their types are not known here.


def run_simple(host: str, port: int, app: Any, **options: Any) -> None:
    """Serve until interrupted; options are those of `demijohn.manage.devserver.run_simple`."""
    from ..manage import devserver

    devserver.run_simple(host, port, app, **options)


def client_class() -> Any:
    """Return the class that `app.test_client` makes an instance of by default."""
    from ..testing.client import DemijohnClient

    return DemijohnClient


def cli_runner_class() -> Any:
    """Return the class that `app.test_cli_runner` makes an instance of by default."""
    from ..testing.clirunner import DemijohnCliRunner

    return DemijohnCliRunner


def load_application(words: str | None) -> Any:
    """Return the application that `words`, or the environment, lead to; see `demijohn.manage.cli.discovery`."""
    from ..manage.cli import discovery

    return discovery.load_application(words)


def environ_builder(app: Any, *args: Any, **kwargs: Any) -> Any:
    """Return a builder of environs that knows the application's config."""
    from ..testing.builder import AppEnvironBuilder

    return AppEnvironBuilder(app, *args, **kwargs)
