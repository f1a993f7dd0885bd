"""`Setting`: one thing that can be set: its name, what it may be, its default, and how each source spells it. Plain data."""

import re
from dataclasses import MISSING, fields
from typing import Any, Final

from ..._base.record import record
from .fieldtexts import field_text
from .kinds import Kind

PREFIXES: Final = ("DEMIJOHN_", "DEMIJOHN_RUN_", "FLASK_RUN_")
"""Of environment variables. The last two are those that click gives to the options of `run`, here and in Flask."""

_END_OF_SENTENCE: Final = re.compile(r"(?<=[.;])\s")


@record
class Setting:
    """One record of the table."""

    name: str
    """In files and as a keyword."""

    kind: Kind

    default: Any
    """Any: what the kind makes of it."""

    own_text: str = ""
    """What it does, in a paragraph. Empty: the docstring of the field that it sets."""

    owner: type | None = None
    """The dataclass of the server that it is a field of; `None`: it is of the processes and commands here."""

    field: str = ""
    """The name of that field."""

    aliases: tuple[str, ...] = ()
    """Names that users of Flask and gunicorn know it by; as good as `name` in every source."""

    options: tuple[str, ...] = ()
    """More ways to write it on a command line, such as `-w`."""

    variables: tuple[str, ...] = ()
    """Environment variables of others, such as `PORT`; of less weight than our own."""

    is_on_command_line: bool = True
    """It is an option."""

    is_keyword: bool = True
    """Calls that have an application already may say it."""

    @property
    def text(self) -> str:
        """What it does, in a paragraph."""
        if self.own_text or self.owner is None:
            return self.own_text
        return field_text(self.owner, self.field)

    @property
    def summary(self) -> str:
        """What it does, in a few words."""
        return _END_OF_SENTENCE.split(self.text, maxsplit=1)[0].rstrip(".;:").replace("`", "")

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, the usual one first."""
        return (self.name, *self.aliases)

    @property
    def flags(self) -> tuple[str, ...]:
        """Its options, the usual one first: those that turn it on, if it is turned on and off."""
        return tuple(f"--{name.replace('_', '-')}" for name in self.names) + self.options

    @property
    def own_variables(self) -> tuple[str, ...]:
        """Its own environment variables, the usual one first."""
        return tuple(f"{prefix}{name.upper()}" for prefix in PREFIXES for name in self.names)


def setting_of(
    owner: type,
    field: str,
    kind: Kind,
    name: str = "",
    *,
    aliases: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
    variables: tuple[str, ...] = (),
    text: str = "",
) -> Setting:
    """Return the setting of a dataclass's field, whose default and docstring it has."""
    return Setting(
        name or field,
        kind,
        default_of(owner, field),
        text,
        owner,
        field,
        aliases,
        options,
        variables,
    )


def default_of(owner: type, name: str) -> Any:  # Any: see Setting.default
    """Return the default of a dataclass's field."""
    found = next(each for each in fields(owner) if each.name == name)
    return found.default if found.default_factory is MISSING else found.default_factory()
