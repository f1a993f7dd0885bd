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
    # A served application that reads no such file does without the parser.
    try:
        from dotenv import dotenv_values, find_dotenv
    except ImportError:
        # COMPAT: where somebody took it away, files say nothing, as with Flask. One that was named is an error.
        if path is not None:
            raise
        return False

    files = [] if path is None else [os.fspath(path)]
    if load_defaults:
        files += filter(None, (find_dotenv(name, usecwd=True) for name in DEFAULT_NAMES))
    said: dict[str, str | None] = {}
    for file in files:
        if os.path.isfile(file):
            said = dotenv_values(file, encoding="utf-8") | said
    for name, value in said.items():
        if value is not None:  # else the name alone, without "=", which hides the name in later files
            os.environ.setdefault(name, value)
    return bool(said)
