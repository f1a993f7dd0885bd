"""`load_dotenv`: environment variables from files, for the command and for `app.run`. The one file that knows python-dotenv."""

import os
from typing import Final

DEFAULT_NAMES: Final = (".env", ".demijohnenv", ".flaskenv")
"""Looked for here and in the folders above; a variable counts as the first of them says it."""


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Set what `path` and (with `load_defaults`) the files of `DEFAULT_NAMES` say; return whether they say anything.

    A variable that is set already stays as it is; `path` counts before the others. A file that is not there says nothing.
    `${NAME}` in a value is the variable of that name, of the file or of the environment.
    """
    files = [] if path is None else [os.fspath(path)]
    if load_defaults:
        files += _default_files()
    if not files:
        return False  # PERF: without such a file the parser stays out of memory
    try:
        from dotenv import dotenv_values
    except ImportError:
        # COMPAT: where somebody took it away, files say nothing, as with Flask. One that was named is an error.
        if path is not None:
            raise
        return False

    said: dict[str, str | None] = {}
    for file in files:
        if os.path.isfile(file):
            said = dotenv_values(file, encoding="utf-8") | said
    for name, value in said.items():
        if value is not None:  # else the name alone, without "=", which hides the name in later files
            os.environ.setdefault(name, value)
    return bool(said)


def _default_files() -> list[str]:
    """Return the first file of each default name: the nearest one."""
    directory = os.getcwd()
    folders = [directory]
    while (above := os.path.dirname(directory)) != directory:
        folders.append(directory := above)
    paths = ([os.path.join(folder, name) for folder in folders] for name in DEFAULT_NAMES)
    return [found for some in paths if (found := next(filter(os.path.isfile, some), None)) is not None]
