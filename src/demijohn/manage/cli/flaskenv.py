"""`FLASK_<COMMAND>_<OPTION>`: environment variables by which Flask's users give options to commands, those of applications too.

click itself knows one prefix, which is ours; what is found here stands behind it, and before an option's own default.
"""

from collections.abc import Mapping
from typing import Any

import click


def flask_defaults(
    command: click.Command, name: str, environ: Mapping[str, str], prefix: str = "FLASK"
) -> dict[str, Any]:
    """Return what `ctx.default_map` should hold for a command that is called by `name`: parameter or subcommand -> value or map.

    Any: values of options are text, or lists of text where an option takes several; maps for the commands of a group.
    """
    own = f"{prefix}_{name}".upper().replace("-", "_")
    found: dict[str, Any] = {}
    for parameter in command.params:
        value = environ.get(f"{own}_{parameter.name}".upper()) if parameter.name else None
        if value and isinstance(parameter, click.Option) and parameter.allow_from_autoenv:
            takes_several = parameter.multiple or parameter.nargs != 1
            found[parameter.name or ""] = parameter.type.split_envvar_value(value) if takes_several else value
    if isinstance(command, click.Group):
        for sub_name, sub_command in command.commands.items():
            nested = flask_defaults(sub_command, sub_name, environ, own)
            if nested:
                found[sub_name] = nested
    return found
