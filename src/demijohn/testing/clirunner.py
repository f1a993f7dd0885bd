"""`DemijohnCliRunner`: runs the commands of an application in a test, with their output captured."""

from typing import Any

from click.testing import CliRunner, Result

from demijohn.app.application import Demijohn
from demijohn.app.scriptinfo import ScriptInfo


class DemijohnCliRunner(CliRunner):
    """A `click.testing.CliRunner` for the commands of one application. `app.test_cli_runner()` makes one.

    Args:
        app: the application.
        **kwargs: as of `CliRunner`.
    """

    def __init__(self, app: Demijohn, **kwargs: Any) -> None:  # Any: arguments of CliRunner
        self.app = app
        super().__init__(**kwargs)

    def invoke(self, cli: Any = None, args: Any = None, **kwargs: Any) -> Result:  # type: ignore[override]  # cli optional
        """Run a command with `args`, and return its result.

        Args:
            cli: the command; by default the application's group, `app.cli`.
            args: its arguments, as a list or as a shell would split them.
            **kwargs: as of `CliRunner.invoke`. `obj` is by default a `ScriptInfo` of the application.
        """
        command = self.app.cli if cli is None else cli
        kwargs.setdefault("obj", ScriptInfo(create_app=lambda: self.app, set_debug_flag=False))
        return super().invoke(command, args, **kwargs)
