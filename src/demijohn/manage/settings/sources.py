"""What is said about settings, and where: on the command line, in the environment, in a file, in pyproject.toml, in a call.

Here: finding and reading it. Not here: what of it counts (load.py). Files are read by whoever calls; nothing is kept.
"""

import inspect
import os
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from ..._base.record import record
from .pyproject import PYPROJECT, SECTION, SettingsError, read_bytes, read_section, read_toml
from .setting import PREFIXES, Setting
from .table import BY_NAME, ELSEWHERE, TABLE, explain_unknown, find

_NO_SETTINGS: Final = frozenset(
    {
        "DEMIJOHN_DEBUG",
        "DEMIJOHN_CONFIG",
        "DEMIJOHN_SKIP_DOTENV",
        "DEMIJOHN_RUN_FROM_CLI",
        "DEMIJOHN_ENV_FILE",
        "DEMIJOHN_RELOADER",
        "DEMIJOHN_RELOADER_PYTHONPATH",
    }
)
"""Variables that say something else."""


class Source(IntEnum):
    """Kinds of places, the weakest first."""

    DEFAULT = 0
    COMMAND_DEFAULT = 1
    """click's `default_map`."""
    PYPROJECT = 2
    FILE = 3
    WELL_KNOWN = 4
    """`PORT` and the like: variables that are not only ours."""
    ENVIRONMENT = 5
    COMMAND_LINE = 6
    CALL = 7
    """Keywords of `app.run`, `run_simple`, `make_server`."""


@record
class Origin:
    """Where something is said."""

    source: Source
    where: str
    """An option, a variable, a file."""


@record
class Said:
    """One thing that is said, not looked at yet."""

    setting: Setting
    raw: Any
    """Any: text, or what TOML or Python has."""
    origin: Origin


def read_environment(environ: Mapping[str, str]) -> list[Said]:
    """Return what environment variables say. An empty one says nothing."""
    said = []
    for setting in TABLE:
        for source, names in ((Source.ENVIRONMENT, setting.own_variables), (Source.WELL_KNOWN, setting.variables)):
            name = next((name for name in names if environ.get(name)), None)
            if name is not None:
                said.append(Said(setting, environ[name], Origin(source, name)))
    return said


def find_misspelt(environ: Mapping[str, str]) -> list[str]:
    """Return warnings about variables that are nearly a setting's. Others are the application's own business."""
    known = {name for setting in TABLE for name in setting.own_variables}
    usual = [setting.own_variables[0] for setting in TABLE]
    warnings = []
    for name in sorted(environ):
        if name.startswith(PREFIXES[0]) and name not in known and name not in _NO_SETTINGS:
            import difflib

            close = difflib.get_close_matches(name, usual, n=1, cutoff=0.88)
            if close:
                warnings.append(f"The environment variable {name} is no setting. Did you mean {close[0]}?")
    return warnings


def read_file(path: str, directory: str) -> list[Said]:
    """Return what a Python or TOML file says. A relative path is one from `directory`.

    Raises:
        SettingsError: it cannot be read, or has something in it that is no setting.
    """
    path = os.path.join(directory, path)
    reader = {".toml": read_toml, ".py": _read_python}.get(os.path.splitext(path)[1])
    if reader is None:
        raise SettingsError(f"{path}: a file of settings is called something.toml or something.py.")
    return _said_in(reader(path), Origin(Source.FILE, path))


def read_pyproject(directory: str) -> list[Said]:
    """Return what the table `[tool.demijohn]` of `pyproject.toml` in a directory says, if there is one.

    Raises:
        SettingsError: see `read_file`.
    """
    where = f"{os.path.join(directory, PYPROJECT)} [{SECTION}]"
    return _said_in(read_section(directory), Origin(Source.PYPROJECT, where))


def read_keywords(keywords: Mapping[str, Any], function: str) -> list[Said]:
    """Return what the keywords of a call say.

    Raises:
        TypeError: one of them is no setting.
    """
    said = []
    for name, raw in keywords.items():
        setting = BY_NAME.get(name)
        if setting is None:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}.{explain_unknown(name)}")
        if not setting.is_keyword:
            raise TypeError(
                f"{function}() has no argument {name!r}: it is for `demijohn run`, which loads applications."
            )
        said.append(Said(setting, raw, Origin(Source.CALL, f"{function}({name}=...)")))
    return said


def _said_in(values: Mapping[str, Any], origin: Origin) -> list[Said]:
    said: dict[str, Said] = {}
    wrong = []
    for key, raw in values.items():
        setting = find(key)
        if setting is None:
            wrong.append(f"{origin.where}: there is no setting {key!r}.{explain_unknown(key)}")
        elif setting.name in said:
            wrong.append(f"{origin.where}: {key} is the setting {setting.name}, which is there already.")
        else:
            said[setting.name] = Said(setting, raw, origin)
    if wrong:
        raise SettingsError("\n".join(wrong))
    return list(said.values())


def _read_python(path: str) -> dict[str, Any]:
    """Run the file, and return its names but for those with an underscore in front and what it imported or defined for itself."""
    names: dict[str, Any] = {"__file__": path, "__name__": "__config__"}
    source = read_bytes(path)
    try:
        exec(compile(source, path, "exec"), names)  # noqa: S102 - what a Python file of settings is for
    except Exception as error:  # whatever the file raises
        frames = inspect.getinnerframes(error.__traceback__) if error.__traceback__ is not None else []
        line = next(
            (frame.lineno for frame in reversed(frames) if frame.filename == path),
            None,
        )
        at = "" if line is None else f", line {line}"
        raise SettingsError(f"{path}{at}: {type(error).__name__}: {error}") from error
    return {
        name: value
        for name, value in names.items()
        if name[:1] != "_"
        and (name in BY_NAME or name in ELSEWHERE or not (callable(value) or inspect.ismodule(value)))
    }
