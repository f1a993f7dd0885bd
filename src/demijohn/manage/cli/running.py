"""The commands that take settings: `run`, `config`, `check`. What they need is imported when they run: help is quick."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
from click.shell_completion import CompletionItem

from ...app.helpers import get_debug_flag
from ...app.scriptinfo import ScriptInfo, pass_script_info
from .discovery import load_application, skip_our_frames

if TYPE_CHECKING:
    from ..reloader.child import Child
    from ..settings.load import Settings

logger: Final = logging.getLogger("demijohn.manage")

DEBUG_ENV_NAMES: Final = ("DEMIJOHN_DEBUG", "FLASK_DEBUG")

APP_HELP: Final = """
APP is module:attribute, module:factory(), path/to/file.py, path/to/file.py:attribute, or a package. Without it: what --app,
DEMIJOHN_APP, FLASK_APP or [tool.demijohn] of pyproject.toml says, else app.py or wsgi.py here. Without an attribute: app or
application, else the only Demijohn object, else what create_app() or make_app() returns.
"""

SETTINGS_HELP: Final = """
Settings come from options, then environment variables (DEMIJOHN_KEEP_ALIVE for --keep-alive; PORT, WEB_CONCURRENCY and
FORWARDED_ALLOW_IPS), then the file of --config, then [tool.demijohn] of pyproject.toml here. See demijohn config --reference.
"""


def set_debug(ctx: click.Context, option: click.Parameter, value: bool | None) -> bool | None:
    """Set the environment's debug flags, which whatever is loaded from now on goes by; callback of `--debug`."""
    source = ctx.get_parameter_source(option.name or "")
    if value is not None and source not in {click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP}:
        for name in DEBUG_ENV_NAMES:
            os.environ[name] = "1" if value else "0"
    return value


def complete_file(ctx: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Let the shell complete the name of a file."""
    return [CompletionItem(begun, type="file")]


def load_app(info: ScriptInfo, words: str | None) -> Any:  # Any: see ScriptInfo
    """Return the application of a command line; `words` are the command's own."""
    if words is not None:
        info.app_import_path = words
    return info.load_app()


class SettingsCommand(click.Command):
    """A command with an option for every setting."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: click's
        super().__init__(*args, **{"epilog": f"{APP_HELP}{SETTINGS_HELP}", **kwargs})
        self._has_options = False

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return all parameters; those of settings are made when they are asked for."""
        if not self._has_options:
            from .options import setting_options

            self._has_options = True
            self.params += setting_options()
        return super().get_params(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by topic."""
        from .options import write_options

        write_options(self, ctx, formatter)


_APP: Final = click.argument("app", required=False, shell_complete=complete_file)

_DEBUG: Final = click.option(
    "--debug/--no-debug",
    default=None,
    is_eager=True,
    expose_value=False,
    callback=set_debug,
    help="Debug mode of the application, and a log line for each request.",
)


def _turn_on_dropin(ctx: click.Context, option: click.Parameter, is_asked: bool) -> None:
    if not is_asked or ctx.resilient_parsing:
        return
    from ...dropin import RealFlaskLoadedError, install

    try:
        install()
    except RealFlaskLoadedError as error:
        raise click.UsageError(str(error), ctx) from None


_DROP_IN: Final = click.option(
    "--drop-in",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_turn_on_dropin,
    help="import flask and import werkzeug are demijohn: a Flask application is served natively.",
)


@click.command("run", cls=SettingsCommand)
@_APP
@_DEBUG
@_DROP_IN
@pass_script_info
@click.pass_context
def run_command(ctx: click.Context, /, info: ScriptInfo, app: str | None, **_options: Any) -> None:
    """Serve APP until CTRL+C or SIGTERM."""
    directory = os.getcwd()
    settings = _read_and_enter(ctx)
    from ...serve.certificates import CertificateError
    from ..debugging import refuse_outside_debug_mode
    from ..reloader.current import current_child, wants_parent
    from ..serving import serve
    from ..settings.build import is_supervised
    from ..settings.pyproject import SettingsError

    child = current_child()
    if wants_parent(settings, is_debug=get_debug_flag()):
        _run_parent(settings, info.app_import_path if app is None else app)
    application: Any
    try:
        has_workers = is_supervised(
            settings, is_command=not get_debug_flag(), is_notified=bool(os.environ.get("NOTIFY_SOCKET"))
        )
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    if child is not None:
        # Also if workers are going to serve: what their parent is made of, the reloader has to know.
        with _telling(child):
            application = _load(info, app, settings)
        is_debug = get_debug_flag()
    elif has_workers:
        from .appspec import app_spec

        application = app_spec(partial(_load, info, app), settings)
        is_debug = get_debug_flag()
    else:
        application = _load(info, app, settings)
        is_debug = get_debug_flag() or getattr(application, "debug", False) is True
    try:
        refuse_outside_debug_mode(settings, is_debug=is_debug)
        serve(application, settings, reread=lambda: _reread(ctx, directory), is_debug=is_debug)
    except (ValueError, CertificateError) as error:
        raise click.UsageError(str(error)) from None


def _run_parent(settings: "Settings", words: str | None) -> NoReturn:
    """Be the reloader's parent: the application is loaded by its children only."""
    from ...serve.certificates import CertificateError
    from ..reloader.start import run_parent
    from .loading import ApplicationNotFoundError, locate

    directories = [os.getcwd()]
    with contextlib.suppress(ApplicationNotFoundError):  # so far; the child says so
        directories.append(locate(words or settings["app"], directories[0], os.environ).directory)
    try:
        run_parent(settings, roots=directories, is_debug=get_debug_flag())
    except (ValueError, RuntimeError, ImportError, CertificateError) as error:
        raise click.UsageError(str(error)) from None


@contextlib.contextmanager
def _telling(child: "Child") -> Iterator[None]:
    """Tell the reloader why the application cannot be loaded, if it cannot."""
    try:
        yield
    except click.ClickException as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, BaseException):
            child.failed(cause.with_traceback(skip_our_frames(cause.__traceback__)))
        else:
            child.failed_for(error.format_message(), "")
        raise


@click.command("config", cls=SettingsCommand)
@_APP
@_DEBUG
@_DROP_IN
@click.option("--json", "is_json", is_flag=True, help="As JSON.")
@click.option(
    "--check", "is_check", is_flag=True, help="Load the application and check everything, as demijohn check does."
)
@click.option("--reference", "is_reference", is_flag=True, help="Describe all settings instead, as Markdown.")
@pass_script_info
@click.pass_context
def config_command(
    ctx: click.Context,
    /,
    info: ScriptInfo,
    app: str | None,
    is_json: bool,
    is_check: bool,
    is_reference: bool,
    **_options: Any,
) -> None:
    """Show the value of each setting, and where it is from. Takes the same words as run."""
    from ..settings.show import as_json, as_table, reference

    if is_reference:
        click.echo(reference(), nl=False)
        return
    if is_check:
        _check(info, app, _read_and_enter(ctx))
    else:
        settings = _read(ctx)
        click.echo(as_json(settings) if is_json else as_table(settings))


@click.command("check", cls=SettingsCommand)
@_APP
@_DEBUG
@_DROP_IN
@pass_script_info
@click.pass_context
def check_command(ctx: click.Context, /, info: ScriptInfo, app: str | None, **_options: Any) -> None:
    """Load APP and check all settings, without serving. Takes the same words as run; exits with 0 if run would serve."""
    _check(info, app, _read_and_enter(ctx))


def _read(ctx: click.Context) -> "Settings":
    from ..settings.load import load_settings
    from ..settings.pyproject import SettingsError
    from .options import command_line_of

    try:
        return load_settings(command_line_of(ctx), os.environ, os.getcwd())
    except SettingsError as error:
        raise click.UsageError(str(error), ctx) from None


def _reread(ctx: click.Context, directory: str) -> "Settings":
    """Read the settings once more, for a reload, as at first in `directory`; its errors are settings' own."""
    from ..settings.load import load_settings
    from .options import command_line_of

    return load_settings(command_line_of(ctx), os.environ, directory)


def _read_and_enter(ctx: click.Context) -> "Settings":
    """Read the settings, and do what they want to be done before the application is loaded."""
    from ..identity import enter

    settings = _read(ctx)
    try:
        enter(settings)
    except ValueError as error:
        raise click.UsageError(str(error), ctx) from None
    return settings


def _load(info: ScriptInfo, words: str | None, settings: "Settings") -> Any:  # Any: see ScriptInfo
    """Return the application, with what is mounted in it."""
    if words is None and info.app_import_path is None:
        words = settings["app"]
    places = settings["mount"]
    has_root = words is not None or info.app_import_path is not None or info.create_app is not None
    if not places:
        return _noticed(load_app(info, words))
    from ..mounting import with_mounts

    root = load_app(info, words) if has_root else None
    try:
        return with_mounts(root, places, _load_mounted)
    except ValueError as error:
        raise click.UsageError(f"mount ({settings.origin('mount').where}): {error}") from None


def _noticed(application: Any) -> Any:  # Any: see ScriptInfo
    """Say how an application of Flask's own could be served better."""
    from ...doors.choose import is_foreign_flask

    if is_foreign_flask(application):
        logger.warning(
            "This is an application of Flask's own, served through WSGI. With --drop-in (or after `demijohn drop-in install`)"
            " import flask is demijohn, and it is served natively."
        )
    return application


def _load_mounted(words: str) -> Any:  # Any: see ScriptInfo
    application: Any = load_application(words)
    if hasattr(application, "debug"):
        application.debug = get_debug_flag()
    return application


def _check(info: ScriptInfo, words: str | None, settings: "Settings") -> None:
    from ..binding import BindError
    from ..checking import check
    from ..debugging import refuse_outside_debug_mode
    from ..exitcodes import EXIT_CANNOT_LISTEN

    application = _load(info, words, settings)
    is_debug = get_debug_flag() or getattr(application, "debug", False) is True
    try:
        refuse_outside_debug_mode(settings, is_debug=is_debug)
        for line in check(application, settings):
            click.echo(line)
    except BindError as error:
        click.echo(error.message, err=True)
        sys.exit(EXIT_CANNOT_LISTEN)
    except (ValueError, TypeError, OSError) as error:
        raise click.UsageError(str(error)) from None
