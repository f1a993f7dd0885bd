"""`load_dotenv`: environment variables from files, for the command and for `app.run`. Needs python-dotenv, and does without."""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Final

DEFAULT_NAMES: Final = (".env", ".demijohnenv", ".flaskenv")
"""Looked for here and in the folders above; a variable counts as the first of them says it."""


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Set what `path` and (with `load_defaults`) the files of `DEFAULT_NAMES` say; return whether there was such a file.

    A variable that is set already stays as it is; `path` counts before the others. Without python-dotenv nothing is read, and
    that is said on stderr if there would be something.
    """
    if find_spec("dotenv") is None:
        here = [name for name in DEFAULT_NAMES if os.path.isfile(name)] if load_defaults else []
        if path is not None or here:
            print(  # noqa: T201 - for the person at the terminal, before any logging is set up
                f" * {path or ' and '.join(here)} not read: install python-dotenv for that.", file=sys.stderr
            )
        return False
    dotenv = import_module("dotenv")
    files = [] if path is None else [os.fspath(path)]
    if load_defaults:
        files += [found for name in DEFAULT_NAMES if (found := dotenv.find_dotenv(name, usecwd=True))]
    files = [file for file in files if os.path.isfile(file)]
    for file in files:
        for name, value in dotenv.dotenv_values(file, encoding="utf-8").items():
            if value is not None:
                os.environ.setdefault(name, value)
    return bool(files)
