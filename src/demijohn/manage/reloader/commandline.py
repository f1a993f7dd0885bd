"""`Command`: how this very program is started again: a script, `python -m`, a package, an entry point, all with their options."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..identity import STARTED_IN

EARLY: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "early")
"""Where a child's interpreter finds what it imports first."""

_PATH_BEFORE: Final = "DEMIJOHN_RELOADER_PYTHONPATH"


@dataclass(frozen=True, slots=True)
class Command:
    """Plain data."""

    words: tuple[str, ...]
    directory: str

    def environ(self, environ: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
        """Return the environment to start it with: as it is, with `more`, and with ours in front of what is imported."""
        variables = {**environ, **more}
        before = variables.get("PYTHONPATH")
        variables.pop(_PATH_BEFORE, None)
        if before is None:
            variables["PYTHONPATH"] = EARLY
        else:
            variables[_PATH_BEFORE] = before
            variables["PYTHONPATH"] = f"{EARLY}{os.pathsep}{before}"
        return variables


def own_command() -> Command:
    """Return how this process was started.

    Raises:
        RuntimeError: it cannot be started again: the program was typed in, or read from a pipe.
    """
    words = list(sys.orig_argv[1:])
    if not words or not sys.argv or sys.argv[0] in {"", "-"}:
        raise RuntimeError(
            "The reloader cannot start this program again: it was not started from a file or a module. Write it to a file, or"
            " serve it with use_reloader=False."
        )
    script = sys.argv[0]
    directory = STARTED_IN
    if script in words and not os.path.isabs(script) and not os.path.exists(os.path.join(directory, script)):
        main = getattr(sys.modules.get("__main__"), "__file__", None)
        if main is not None and os.path.isfile(main):  # it has changed its directory before we could look
            words[words.index(script)] = os.path.abspath(main)
    return Command((sys.executable, *words), directory)
