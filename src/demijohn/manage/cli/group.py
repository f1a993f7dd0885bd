"""`DemijohnGroup`: a command line for an application: built-in commands, plug-ins, and what the application brings along.

The options `--app`, `--env-file` and `--debug` stand before the command. Runs once, on the main thread.
"""

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import click

from ...app.commands import AppGroup
from ...app.dotenv import load_dotenv
from ...app.helpers import get_load_dotenv
from ...app.scriptinfo import ScriptInfo
from .builtins import COMMANDS, LATE_COMMANDS
from .discovery import AppImportFailed, NoAppException
from .flaskenv import flask_defaults
from .running import set_debug

PLUGIN_GROUPS: Final = ("demijohn.commands", "flask.commands")
"""Entry points that are commands; of two with one name, the first counts."""


def _print_version(ctx: click.Context, option: click.Parameter, is_asked: bool) -> None:
    if is_asked and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"demijohn {version('demijohn')} (Python {sys.version.split()[0]})")
        ctx.exit()


def _set_app(ctx: click.Context, option: click.Parameter, words: str | None) -> str | None:
    if words is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = words
    return words


def _load_env_file(ctx: click.Context, option: click.Parameter, path: str | None) -> str | None:
    load_defaults = get_load_dotenv(ctx.ensure_object(ScriptInfo).load_dotenv_defaults)
    if path is not None or load_defaults:
        load_dotenv(path, load_defaults=load_defaults)
    return path


_VERSION: Final = click.Option(
    ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)


def _tell(error: Exception) -> None:
    """Say why an application could not be loaded."""
    if isinstance(error, NoAppException):
        click.secho(f"Error: {error.format_message()}\n", err=True, fg="red")
    elif isinstance(error, AppImportFailed):
        error.show()
        click.echo(err=True)
    else:
        click.secho(f"{''.join(traceback.format_exception(error))}\n", err=True, fg="red")


def _options(*versions: click.Parameter) -> list[click.Parameter]:
    return [
        click.Option(
            ["-e", "--env-file"],
            type=click.Path(exists=True, dir_okay=False),
            is_eager=True,
            expose_value=False,
            callback=_load_env_file,
            help="Set environment variables from this file, before .env, .demijohnenv and .flaskenv.",
        ),
        click.Option(
            ["-A", "--app"],
            metavar="APP",
            is_eager=True,
            expose_value=False,
            callback=_set_app,
            help="The application: module:attribute, module:factory() or path/to/file.py.",
        ),
        click.Option(
            ["--debug/--no-debug"],
            default=None,
            is_eager=True,
            expose_value=False,
            callback=set_debug,
            help="Debug mode of the application.",
        ),
        *versions,
    ]


class DemijohnGroup(AppGroup):
    """A group with the commands of an application besides its own.

    Args:
        add_default_commands: `run`, `config`, `check`, `routes` and `shell` are there.
        create_app: makes the application, instead of looking for it.
        add_version_option: `--version` is there.
        load_dotenv: read `.env`, `.demijohnenv` and `.flaskenv`.
        set_debug_flag: set the application's debug mode as the environment says.
        **extra: of `click.Group`.
    """

    default_commands: ClassVar[tuple[click.Command, ...]] = COMMANDS
    """What `add_default_commands` adds."""

    late_commands: ClassVar[Mapping[str, Callable[[], click.Command]]] = LATE_COMMANDS
    """What it adds when it is asked for, by name."""

    envvar_prefix: ClassVar[str] = "DEMIJOHN"
    """What names of environment variables that give options begin with."""

    version_option: ClassVar[click.Option] = _VERSION

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: Callable[..., Any] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: Any,  # Any: click's
    ) -> None:
        params = [*extra.pop("params", ()), *_options(*((self.version_option,) if add_version_option else ()))]
        settings = {"auto_envvar_prefix": self.envvar_prefix, "help_option_names": ["-h", "--help"]}
        settings.update(extra.pop("context_settings", ()))
        super().__init__(params=params, context_settings=settings, **extra)
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._has_plugins = False
        self._late: dict[str, Callable[[], click.Command]] = {}
        if add_default_commands:
            self._late.update(self.late_commands)
            for command in self.default_commands:
                self.add_command(command)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Make the context; `obj` is a `ScriptInfo`."""
        # An app.run() that stands unguarded in a module must not serve it while it is being imported.
        os.environ[f"{self.envvar_prefix}_RUN_FROM_CLI"] = "true"
        if "obj" not in {**self.context_settings, **extra}:
            # What finds and loads the application.
            extra["obj"] = ScriptInfo(
                load_dotenv_defaults=self.load_dotenv, create_app=self.create_app, set_debug_flag=self.set_debug_flag
            )
        return super().make_context(info_name, args, parent=parent, **extra)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command: of this group or a plug-in, else of the application."""
        command = self._find_command(ctx, cmd_name)
        defaults = {} if command is None else flask_defaults(command, cmd_name, os.environ)
        if defaults:
            ctx.default_map = {
                **(ctx.default_map or {}),
                cmd_name: {**(ctx.lookup_default(cmd_name) or {}), **defaults},
            }
        return command

    def _find_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        # PERF: plug-ins do not replace commands that are there; looking for them goes through all packages that are installed.
        self._add_late(cmd_name)
        command = super().get_command(ctx, cmd_name)
        if command is None:
            self._load_plugins()
            command = super().get_command(ctx, cmd_name)
        if command is not None:
            return command
        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except NoAppException as error:
            if not ctx.resilient_parsing:  # a shell asks how a word may go on
                _tell(error)
            return None
        cli = getattr(app, "cli", None)
        if not isinstance(cli, click.Group):
            return None
        # For whatever the command looks up while its arguments are being read.
        ctx.with_resource(app.app_context())
        return cli.get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands. An application that cannot be loaded is told of, but not to a shell, and has none."""
        self._add_late(*self._late)
        self._load_plugins()
        names = set(super().list_commands(ctx))
        try:
            cli = getattr(ctx.ensure_object(ScriptInfo).load_app(), "cli", None)
        except Exception as error:  # noqa: BLE001 - what `create_app` raises must not keep anybody from reading the help
            if not ctx.resilient_parsing:
                _tell(error)
        else:
            if isinstance(cli, click.Group):
                names.update(cli.list_commands(ctx))
        return sorted(names)

    def _add_late(self, *names: str) -> None:
        for name in names:
            make = self._late.pop(name, None)
            if make is not None and name not in self.commands:
                self.add_command(make(), name)

    def _load_plugins(self) -> None:
        if self._has_plugins:
            return
        self._has_plugins = True
        from importlib.metadata import entry_points

        for group in PLUGIN_GROUPS:
            for entry in entry_points(group=group):
                if entry.name in self.commands or entry.name in self._late:
                    continue
                try:
                    self.add_command(entry.load(), entry.name)
                except Exception as error:  # noqa: BLE001 - any package may be broken; the others' commands still work
                    click.secho(
                        f"The command {entry.name!r} of {entry.value} cannot be used: {error!r}", err=True, fg="yellow"
                    )
