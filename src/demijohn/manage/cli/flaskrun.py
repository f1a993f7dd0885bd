"""The `flask` command: `run` with Flask's options, `routes` and `shell`. What `flask.cli` has of these is from here.

Serving is `run_simple`, whose settings count besides: DEMIJOHN_THREADS and the like. Runs on the main thread.
"""

import os
import ssl
import sys
from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final

import click

from ..._base.imports import import_string
from ...app.helpers import get_debug_flag
from ...app.scriptinfo import ScriptInfo, pass_script_info
from .builtins import routes_command, shell_command
from .group import DemijohnGroup
from .running import set_debug


class CertParamType(click.Path):
    """What `--cert` takes: the path of a certificate, `adhoc`, or the name of an `ssl.SSLContext` that can be imported."""

    name = "path"

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, resolve_path=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what was meant."""
        if sys.modules.get("ssl", ssl) is None:
            raise click.BadParameter("--cert needs a Python with SSL.", ctx, param)
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            text = str(value)
            if text.lower() == "adhoc":
                try:
                    import_module("cryptography")  # only whether it is there; manage/devcert.py uses it
                except ImportError:
                    raise click.BadParameter(
                        "Ad-hoc certificates need the cryptography library: pip install demijohn[tls]", ctx, param
                    ) from None
                return "adhoc"
            found = import_string(text, silent=True)
            if isinstance(found, ssl.SSLContext):
                return found
            raise


class SeparatedPathType(click.Path):
    """Paths with the system's separator between them (`:` on POSIX)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a list of paths."""
        convert = super().convert
        return [convert(item, param, ctx) for item in self.split_envvar_value(value)]


def _check_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Join `--key` to `--cert`, whichever came first."""
    cert = ctx.params.get("cert")
    is_name = cert == "adhoc" or isinstance(cert, ssl.SSLContext)
    if value is not None:
        if is_name:
            raise click.BadParameter(f"--key is of no use when --cert is {cert!r}.", ctx, param)
        if not cert:
            raise click.BadParameter("--key needs --cert.", ctx, param)
        ctx.params["cert"] = cert, value
    elif cert and not is_name:
        raise click.BadParameter("--cert needs --key.", ctx, param)
    return value


@click.command("run", short_help="Serve the application.")
@click.option(
    "--debug/--no-debug",
    default=None,
    is_eager=True,
    expose_value=False,
    callback=set_debug,
    help="Debug mode of the application.",
)
@click.option("--host", "-h", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", "-p", default=5000, help="The port to listen on.")
@click.option("--cert", type=CertParamType(), help="A certificate to serve HTTPS with.", is_eager=True)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=_check_key,
    expose_value=False,
    help="The key of the certificate.",
)
@click.option("--reload/--no-reload", default=None, help="Reload when code changes; by default in debug mode.")
@click.option("--debugger/--no-debugger", default=None, help="The debugger; by default in debug mode.")
@click.option("--with-threads/--without-threads", default=True, help="Answer requests on threads.")
@click.option("--extra-files", default=None, type=SeparatedPathType(), help="Files that are reloaded for, too.")
@click.option("--exclude-patterns", default=None, type=SeparatedPathType(), help="Files that are not reloaded for.")
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    cert: Any,  # Any: see CertParamType
    reload: bool | None,
    debugger: bool | None,
    with_threads: bool,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
) -> None:
    """Serve the application until CTRL+C or SIGTERM."""
    from .. import devserver

    app = info.load_app()
    debug = get_debug_flag()
    show_server_banner(debug, info.app_import_path)
    devserver.run_simple(
        host,
        port,
        app,
        use_reloader=debug if reload is None else reload,
        use_debugger=debug if debugger is None else debugger,
        threaded=with_threads,
        ssl_context=cert,
        extra_files=extra_files,
        exclude_patterns=exclude_patterns,
    )


def show_server_banner(debug: bool, app_import_path: str | None) -> None:
    """Say what is served and whether in debug mode; once, not in each process that a reloader starts."""
    if os.environ.get("WERKZEUG_RUN_MAIN") == "true":
        return
    if app_import_path is not None:
        click.echo(f" * Serving Flask app '{app_import_path}'")
    if debug is not None:
        click.echo(f" * Debug mode: {'on' if debug else 'off'}")


def get_version(ctx: click.Context, param: click.Parameter | None, value: Any) -> None:  # Any: a flag
    """Show versions and leave; callback of `--version`."""
    if not value or ctx.resilient_parsing:
        return
    click.echo(
        f"Python {sys.version.split()[0]}\nFlask {version('flask')} (demijohn {version('demijohn')})\n"
        f"Werkzeug {version('werkzeug')}",
        color=ctx.color,
    )
    ctx.exit()


version_option: Final = click.Option(
    ["--version"], help="Show the versions.", expose_value=False, callback=get_version, is_flag=True, is_eager=True
)


class FlaskGroup(DemijohnGroup):
    """`flask.cli.FlaskGroup`: a `DemijohnGroup` whose own commands are `run` with Flask's options, `routes` and `shell`."""

    default_commands = (run_command, routes_command, shell_command)
    late_commands = MappingProxyType({})
    envvar_prefix = "FLASK"
    version_option = version_option


cli: Final = FlaskGroup(name="flask", help="Serve and manage a Flask application. Its own commands are listed, too.")


def main() -> None:
    """The `flask` command."""
    cli.main()
