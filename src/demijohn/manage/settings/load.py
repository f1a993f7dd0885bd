"""`load_settings`: from everything that is said to one value for each setting. May be called again, to read what has changed.

Of two places the first counts: command line, `DEMIJOHN_*` variables, well-known variables, the file of `--config`,
`[tool.demijohn]` of `pyproject.toml` in the working directory, defaults. Of a list or mapping, too, one place says all of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from ..._base.record import record
from .kinds import AUTO
from .pyproject import SettingsError
from .setting import Setting
from .sources import (
    Origin,
    Said,
    Source,
    find_misspelt,
    read_environment,
    read_file,
    read_keywords,
    read_pyproject,
)
from .table import BY_NAME, TABLE

CONFIG_VARIABLE: Final = "DEMIJOHN_CONFIG"

_DEFAULT: Final = Origin(Source.DEFAULT, "default")
_ANY_ADDRESS: Final = "0.0.0.0"
_VARIABLES: Final = (Source.ENVIRONMENT, Source.WELL_KNOWN)


@record
class Settings:
    """A value for every setting, and where it is from. Immutable; any thread."""

    values: Mapping[str, Any]
    """By the settings' names. Any: each is what its setting's kind makes of it."""

    origins: Mapping[str, Origin]
    """Where they are from; those that are not in it are defaults."""

    warnings: tuple[str, ...] = ()
    """What is odd about what was said."""

    def __getitem__(self, name: str) -> Any:
        """Return the value of a setting; any of its names will do."""
        return self.values[BY_NAME[name].name]

    def origin(self, name: str) -> Origin:
        """Return where a value is from."""
        return self.origins.get(BY_NAME[name].name, _DEFAULT)

    def keeping(self, names: Iterable[str], before: "Settings") -> "Settings":
        """Return the same, but with some values as they were before."""
        return replace(self, values=MappingProxyType({**self.values, **{name: before.values[name] for name in names}}))

    def is_said(self, name: str) -> bool:
        """Tell whether somebody said it; else it is the default."""
        return BY_NAME[name].name in self.origins


@record
class CommandLine:
    """What a command's options say. It stays as it is for as long as the process lives."""

    said: tuple[Said, ...] = ()
    config: str | None = None
    """The value of `--config`."""


def load_settings(command_line: CommandLine, environ: Mapping[str, str], directory: str) -> Settings:
    """Read all sources, and return the settings.

    Args:
        command_line: options.
        environ: environment variables.
        directory: the working directory.

    Raises:
        SettingsError: see there.
    """
    config = command_line.config or environ.get(CONFIG_VARIABLE)
    said = [
        *command_line.said,
        *read_environment(environ),
        *(read_file(config, directory) if config else ()),
        *read_pyproject(directory),
    ]
    is_debug = any(
        environ.get(name, "").lower() not in {"", "0", "false", "no"} for name in ("DEMIJOHN_DEBUG", "FLASK_DEBUG")
    )
    return _settle(said, tuple(find_misspelt(environ)), is_debug=is_debug)


def settings_of_call(keywords: Mapping[str, Any], function: str) -> Settings:
    """Return the settings that a call says by its keywords; nothing else is asked.

    Raises:
        TypeError: a keyword is no setting.
        SettingsError: see there.
    """
    return _settle(read_keywords(keywords, function), ())


def _settle(said: Iterable[Said], warnings: tuple[str, ...], *, is_debug: bool = False) -> Settings:
    """Choose what counts, the strongest first, and make values of it."""
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    wrong = []
    for each in sorted(said, key=lambda one: -one.origin.source):
        name = each.setting.name
        if name in values and each.origin.source in _VARIABLES:
            continue  # somebody overrides a variable that may be another program's
        try:
            value = parse(each.setting, each.raw, each.origin)
        except SettingsError as error:
            wrong.append(str(error))
        else:
            if name not in values:
                values[name], origins[name] = value, each.origin
    if wrong:
        raise SettingsError("\n".join(wrong))
    _settle_addresses(values, origins, is_debug=is_debug)
    values = {setting.name: values.get(setting.name, setting.default) for setting in TABLE}
    return Settings(MappingProxyType(values), MappingProxyType(origins), warnings)


def parse(setting: Setting, raw: Any, origin: Origin) -> Any:
    """Return the value of a setting.

    Raises:
        SettingsError: it is none; says where, what, and what is possible.
    """
    try:
        return setting.kind.parse(raw)
    except (ValueError, TypeError, IndexError) as error:
        # A TypeError's words are Python's own.
        more = f" ({error})" if str(error) and isinstance(error, ValueError) else ""
        if isinstance(raw, str) and raw.startswith("tcp://"):
            more += " (Kubernetes sets such variables for services; enableServiceLinks: false turns that off)"
        raise SettingsError(
            f"{origin.where}: {setting.name} is {_shown(raw)}; it must be {setting.kind.allowed}{more}."
        ) from None


def _shown(raw: Any) -> str:
    text = repr(raw[0] if isinstance(raw, tuple) and len(raw) == 1 else raw)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _settle_addresses(values: dict[str, Any], origins: dict[str, Origin], *, is_debug: bool) -> None:
    """See to it that only one of two ways to say where to listen is left: the one that is said in the stronger place."""
    host, port, bind = (origins.get(name, _DEFAULT) for name in ("host", "port", "bind"))
    if bind.source > Source.DEFAULT:
        single = max(host, port, key=lambda origin: origin.source)
        if single.source == bind.source == Source.COMMAND_LINE:
            raise SettingsError(f"{bind.where} says where to listen; {single.where} cannot be used with it.")
        if single.source > bind.source:
            del values["bind"], origins["bind"]
    if port.source == Source.WELL_KNOWN and host.source < port.source and "bind" not in values and not is_debug:
        values["host"], origins["host"] = _ANY_ADDRESS, port


def is_auto(value: Any) -> bool:
    """Tell whether a value is to be worked out."""
    return isinstance(value, str) and value == AUTO
