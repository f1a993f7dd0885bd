"""The loops that `werkzeug._reloader` has, for programs that make one by themselves, or derive another one from them.

A parent starts this program again and again, as long as it ends with code 3; in that child, a loop watches files. `run_simple`,
the command and `run_with_reloader` have another one (`reloader/`). What belongs to a program is `watching`'s to know.
"""

import fnmatch
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, ClassVar, Final, Self

from .reloader.commandline import own_command
from .watching.fileset import FileSet
from .watching.origin import file_of, is_foreign, project_modules, project_roots
from .watching.watch import Watch

logger: Final = logging.getLogger("werkzeug")

EXIT_RELOAD: Final = 3
"""A child that ends with this is to be started again."""

_RUN_MAIN: Final = "WERKZEUG_RUN_MAIN"


def find_stat_paths(extra_files: Iterable[str], exclude_patterns: Iterable[str]) -> set[str]:
    """Return the files that count: of all modules, the extra ones, and Python files below the project's directories."""
    found = {path for module in list(sys.modules.values()) if (path := file_of(module)) is not None}
    found |= {os.path.abspath(path) for path in extra_files}
    for root in project_roots(sys.path):
        for folder, folders, files in os.walk(root):
            folders[:] = [
                name
                for name in folders
                if name[:1] != "." and name != "__pycache__" and not is_foreign(os.path.join(folder, name))
            ]
            found |= {os.path.join(folder, name) for name in files if name.endswith(".py")}
    return _without(found, exclude_patterns)


def find_watchdog_paths(extra_files: Iterable[str], exclude_patterns: Iterable[str]) -> set[str]:
    """Return the directories in which these files are, without those that are in another of them."""
    directories = {os.path.dirname(path) for path in find_stat_paths(extra_files, exclude_patterns)}
    outermost: list[str] = []
    for directory in sorted(directories):
        if not outermost or not directory.startswith(outermost[-1].rstrip(os.sep) + os.sep):
            outermost.append(directory)
    return _without(set(outermost), exclude_patterns)


def _without(paths: set[str], patterns: Iterable[str]) -> set[str]:
    return paths - {path for pattern in patterns for path in fnmatch.filter(paths, pattern)}


def args_for_reloading() -> list[str]:
    """Return the command that started this program; see `reloader.commandline`."""
    return list(own_command().words)


class ReloaderLoop:
    """Watches files until one changes.

    Args:
        extra_files: files that count besides the program's own.
        exclude_patterns: of what does not count.
        interval: in seconds.
    """

    name: ClassVar[str] = "auto"
    """How is watched; see `watching.watch.library_for`."""

    def __init__(
        self,
        extra_files: Iterable[str] | None = None,
        exclude_patterns: Iterable[str] | None = None,
        interval: float = 1,
    ) -> None:
        self.extra_files = {os.path.abspath(path) for path in extra_files or ()}
        self.exclude_patterns = set(exclude_patterns or ())
        self.interval = interval
        self._watch: Watch | None = None

    def __enter__(self) -> Self:
        """Watch from now on."""
        files = FileSet(
            tuple(project_roots(sys.path)),
            frozenset(project_modules()),
            (),
            tuple(self.extra_files),
            tuple(self.exclude_patterns),
        )
        self._watch = Watch(files, self.name, self.interval)
        return self

    def __exit__(self, *error: object) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def run(self) -> None:
        """Wait until something has changed since the `with` block was entered, and then `trigger_reload`."""
        while self._watch is not None:
            for change in self._watch.take():
                self.trigger_reload(change.path)
            time.sleep(self.interval)

    def trigger_reload(self, filename: str) -> None:
        """Say what has changed, and end the process so that its parent starts it again.

        Raises:
            SystemExit: always.
        """
        logger.info(" * Detected change in %r, reloading", os.path.abspath(filename))
        sys.exit(EXIT_RELOAD)

    def restart_with_reloader(self) -> int:
        """Start this program anew as long as it asks for it; return the exit code of the last time."""
        while True:
            logger.info(" * Restarting with %s", self.name)
            environ = {**os.environ, _RUN_MAIN: "true"}
            code = subprocess.call(args_for_reloading(), env=environ, close_fds=False)  # noqa: S603 - the command that runs
            if code != EXIT_RELOAD:
                return code


class StatReloaderLoop(ReloaderLoop):
    """Looks at the files again and again."""

    name = "stat"


class WatchdogReloaderLoop(ReloaderLoop):
    """Is told by the system, through the library watchdog. `event_handler` is what an observer of it may be given."""

    name = "watchdog"

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: see the base
        super().__init__(*args, **kwargs)
        from .watching.by_watchdog import event_handler

        self.event_handler = event_handler(self.trigger_reload)


reloader_loops: dict[str, type[ReloaderLoop]] = {"stat": StatReloaderLoop, "watchdog": WatchdogReloaderLoop}
"""By the name that `reloader_type` gives; more may be added."""

reloader_loops["auto"] = StatReloaderLoop if find_spec("watchdog") is None else WatchdogReloaderLoop


def ensure_echo_on() -> None:
    """Let the terminal show what is typed: a debugger that was ended by a reload may have left it otherwise."""
    if not sys.stdin or not sys.stdin.isatty():
        return
    try:
        import termios
    except ImportError:
        return
    attributes = termios.tcgetattr(sys.stdin)
    if not attributes[3] & termios.ECHO:
        attributes[3] |= termios.ECHO
        termios.tcsetattr(sys.stdin, termios.TCSANOW, attributes)
