"""The drop-in for one program: this process, and the Python programs that it starts.

What lies in `site/` goes before all else on PYTHONPATH: there a child finds `flask` and `werkzeug`, which hand over to demijohn.
Once, at the beginning, on the main thread.
"""

import os
import runpy
import sys
from typing import Final

from .finder import SITE, serve_names

USAGE: Final = "usage: python -m demijohn.dropin SCRIPT [ARGUMENTS...] | -m MODULE [ARGUMENTS...]"


def install(*, children: bool = True) -> None:
    """Let this process, and with `children` the Python programs it starts, import `flask` and `werkzeug` from demijohn.

    A child escapes that is started without this process's environment, with `python -E` or `-I`, or that has a `flask` beside
    its script; and one of another Python, in which there is no demijohn: it has the Flask of that Python.
    Calling it again does nothing.

    Raises:
        RealFlaskLoadedError: an ImportError: Flask or Werkzeug are loaded already; says who has them.
    """
    serve_names()
    if not children:
        return
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if str(SITE) not in places:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(SITE), *filter(None, places)])
    if str(SITE) not in sys.path:
        # Behind the program's own directory. Processes that multiprocessing spawns have this process's path.
        sys.path.insert(1, str(SITE))


def run_program(arguments: list[str]) -> None:
    """Run a script, or with `-m` a module, as `python` itself would, on the drop-in.

    Raises:
        SystemExit: code 2 if the arguments make no sense; what the program exits with.
    """
    is_module = arguments[:1] == ["-m"]
    words = arguments[is_module:]
    if not words or words[0] in {"-h", "--help"}:
        print(USAGE, file=sys.stdout if words else sys.stderr)
        raise SystemExit(0 if words else 2)
    install()
    sys.argv[:] = words
    if is_module:
        sys.path[0] = os.getcwd()
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    else:
        if not os.path.exists(words[0]):
            print(f"There is no {words[0]!r}.", file=sys.stderr)  # noqa: T201 - as above
            raise SystemExit(2)
        sys.path[0] = os.path.dirname(os.path.abspath(words[0]))
        runpy.run_path(words[0], run_name="__main__")
