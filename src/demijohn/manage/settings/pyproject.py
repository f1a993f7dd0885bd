"""TOML files, and the table `[tool.demijohn]` of `pyproject.toml`. Knows nothing of what settings there are."""

import os
from typing import Any, Final

PYPROJECT: Final = "pyproject.toml"
SECTION: Final = "tool.demijohn"


class SettingsError(ValueError):
    """What is said about the settings makes no sense: one line for each thing that is wrong, with where it is said."""


def read_section(directory: str) -> dict[str, Any]:
    """Return the table of the `pyproject.toml` in a directory; an empty one if there is none.

    Raises:
        SettingsError: the file cannot be read, or is no TOML, or has something else in the table's place.
    """
    path = os.path.join(directory, PYPROJECT)
    if not os.path.isfile(path):
        return {}
    section: Any = read_toml(path)
    for key in SECTION.split("."):
        section = section.get(key, {})
        if not isinstance(section, dict):
            raise SettingsError(f"{path}: [{SECTION}] must be a table.")
    return dict(section)


def read_toml(path: str) -> dict[str, Any]:
    """Return what a TOML file says.

    Raises:
        SettingsError: it cannot be read, or is no TOML.
    """
    import tomllib  # PERF: only where there is a file

    try:
        return tomllib.loads(read_bytes(path).decode())
    except SettingsError:
        raise
    except ValueError as error:  # of TOML, or of UTF-8
        raise SettingsError(f"{path}: {error}.") from None


def read_bytes(path: str) -> bytes:
    """Return the content of a file of settings.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}.") from None
