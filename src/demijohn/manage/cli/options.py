"""The options of commands that take settings: made from their table, grouped by topic, and turned into what was said.

Imported when such a command is about to run or to explain itself, for the table knows the server.
"""

from collections.abc import Mapping
from typing import Any, Final

import click
from click.core import ParameterSource

from ...app.scriptinfo import ScriptInfo
from ..settings.cpus import THREADS
from ..settings.kinds import Kind
from ..settings.load import CommandLine
from ..settings.setting import Setting
from ..settings.sources import Origin, Said, Source
from ..settings.table import BY_NAME, TABLE, TOPICS, find

_CONFIG: Final = "config"
_NO_THREADS: Final = "no_threads"
_WITH_THREADS: Final = "with_threads"


class SettingOption(click.Option):
    """The option of a setting. Its value is text, or several; what it means is found out together with all other sources."""

    def __init__(self, setting: Setting) -> None:
        kind = setting.kind
        names = [setting.name, *_declarations(setting)]
        is_many = kind.shape in {"list", "map"}
        super().__init__(
            names,
            default=None,
            multiple=is_many,
            nargs=kind.words,
            type=None if kind.shape == "flag" else (str,) * kind.words if kind.words > 1 else _type_of(kind),
            metavar=None if kind.shape == "flag" else kind.metavar,
            allow_from_autoenv=False,
        )
        self.setting = setting

    @property
    def help(self) -> str | None:
        """What it does. PERF: worked out when somebody wants to know; all of them take as long as the rest of a start."""
        return _help_of(self.setting)

    @help.setter  # noqa: A003 - it is that of the class
    def help(self, text: str | None) -> None:
        """Keep nothing: click sets what it was given, which is nothing."""


def setting_options() -> list[click.Option]:
    """Return the options of all settings, and those that say several things at once."""
    options: list[click.Option] = [SettingOption(setting) for setting in TABLE if setting.is_on_command_line]
    options.append(
        click.Option(
            ["-c", "--config"],
            type=click.Path(dir_okay=False),
            help="Read settings from this file, something.toml or something.py.",
            allow_from_autoenv=False,
        )
    )
    options.append(
        click.Option(["--no-threads"], is_flag=True, help="The same as --threads 1.", allow_from_autoenv=False)
    )
    options.append(
        click.Option(
            ["--with-threads/--without-threads"],
            default=None,
            help=f"The same as --threads {THREADS}, --threads 1.",
            allow_from_autoenv=False,
        )
    )
    return options


def command_line_of(ctx: click.Context) -> CommandLine:
    """Return what the options of a command say, and its `default_map`."""
    said = [
        Said(setting, raw, Origin(Source.COMMAND_DEFAULT, f"default_map of {ctx.info_name}"))
        for key, raw in (ctx.default_map or {}).items()
        if (setting := find(key)) is not None
    ]
    values: Mapping[str, Any] = ctx.params  # Any: what click made of the words
    said += [
        Said(setting, values[setting.name], Origin(Source.COMMAND_LINE, setting.flags[0]))
        for setting in TABLE
        if setting.is_on_command_line and ctx.get_parameter_source(setting.name) is ParameterSource.COMMANDLINE
    ]
    said += _application(ctx)
    if values[_NO_THREADS] or values[_WITH_THREADS] is not None:
        has_threads = values[_WITH_THREADS] and not values[_NO_THREADS]
        flag = "--no-threads" if values[_NO_THREADS] else "--with-threads" if has_threads else "--without-threads"
        threads = BY_NAME["threads"]
        said = [each for each in said if each.setting is not threads]
        said.append(Said(threads, THREADS if has_threads else 1, Origin(Source.COMMAND_LINE, flag)))
    return CommandLine(tuple(said), values[_CONFIG])


def _application(ctx: click.Context) -> list[Said]:
    """Return what the command's argument, or the option in front of the command, says of the application."""
    setting = BY_NAME["app"]
    info = ctx.find_object(ScriptInfo)
    if ctx.params["app"] is not None:
        return [Said(setting, ctx.params["app"], Origin(Source.COMMAND_LINE, "APP"))]
    is_said = ctx.parent is not None and ctx.parent.get_parameter_source("app") is ParameterSource.COMMANDLINE
    if is_said and info is not None:
        return [Said(setting, info.app_import_path, Origin(Source.COMMAND_LINE, "--app"))]
    return []


def write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write the options of a command for its help: its own first, then the settings by topic."""
    topics: dict[str, list[tuple[str, str]]] = {"Options": []}
    titles = {setting.name: topic.TITLE for topic in TOPICS for setting in topic.SETTINGS}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None:
            title = titles[param.setting.name] if isinstance(param, SettingOption) else "Options"
            topics.setdefault(title, []).append(record)
    for title, records in topics.items():
        with formatter.section(title):
            formatter.write_dl(records)


def _declarations(setting: Setting) -> list[str]:
    """Return an option's names as click takes them. Aliases are as good as the name, but a switch has one."""
    if setting.kind.shape != "flag":
        return [*setting.options, *(name for name in setting.flags if name not in setting.options)]
    return [f"{setting.flags[0]}/--no-{setting.name.replace('_', '-')}"]


def _type_of(kind: Kind) -> "click.ParamType[Any]":
    """Return a type that completes words for a shell, and changes nothing."""
    if "|" in kind.metavar:
        return click.Choice(kind.metavar.split("|"))
    return click.Path() if kind.metavar == "PATH" else click.STRING


def _help_of(setting: Setting) -> str:
    default = setting.default
    summary = setting.summary or "See demijohn's documentation"  # a Python without sources has no docstrings of fields
    if default is None or default in ((), {}, "") or isinstance(default, bool):
        return f"{summary}."
    return f"{summary}.  [default: {setting.kind.render(default)}]"
