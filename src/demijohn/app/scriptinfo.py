"""`ScriptInfo`: which application a command is for, loaded when something asks for it; `context.obj` of our click commands."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from . import upward
from .helpers import get_debug_flag

F = TypeVar("F", bound=Callable[..., Any])


class ScriptInfo:
    """The application of a command line.

    Args:
        app_import_path: where it is, as `module:attribute`, `module:factory()` or a file; by default the environment and the
            files in the working directory are asked.
        create_app: called instead, to make it.
        set_debug_flag: set its debug mode as the environment says.
        load_dotenv_defaults: the command may read `.env` and the like.
    """

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: Callable[..., Any] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = load_dotenv_defaults
        self.data: dict[Any, Any] = {}
        """For whoever wants to hand something from one command to another."""
        self._loaded: Any = None

    def load_app(self) -> Any:  # Any: a Demijohn usually, whose file is above this one; else a WSGI application
        """Return the application, the same at every call.

        Raises:
            click.ClickException: it is not to be found, or its code raised.
        """
        if self._loaded is None:
            app = self.create_app() if self.create_app is not None else upward.load_application(self.app_import_path)
            if self.set_debug_flag and hasattr(app, "debug"):
                # Without asking for a reload of templates and the like from an application that is as it should be.
                app.debug = get_debug_flag()
            self._loaded = app
        return self._loaded


def pass_script_info(f: F) -> F:
    """Give a click callback the `ScriptInfo` of the command line as its first argument."""
    return click.make_pass_decorator(ScriptInfo, ensure=True)(f)  # type: ignore[return-value]  # click calls it like `f`
