"""Settings of the supervisor: how workers are made, when they are renewed, and what counts as hung."""

from typing import Any, Final

from ..supervisor.patience import Patience
from .kinds import DURATION, FLAG, SIZE, Kind, integer, or_none
from .plurals import list_of
from .setting import Setting, setting_of

TITLE: Final = "Workers: making and renewing them"


def _path(raw: Any) -> str:  # Any: see Kind
    """Check a request's target."""
    if not isinstance(raw, str) or not raw.startswith("/") or not raw.isascii() or not raw.isprintable() or " " in raw:
        raise ValueError
    return raw


SETTINGS: Final = (
    Setting(
        "preload",
        FLAG,
        False,
        "Load the application once, in a process from which the workers are forked: they start at once and share memory, and a"
        " worker that is replaced has the code of its generation. What opens connections or starts threads belongs into"
        " `app.on_worker_start()` then; what is found open is named in the log. Without, each worker loads it for itself. Linux.",
        aliases=("preload_app",),
    ),
    Setting(
        "warmup",
        list_of(Kind("paths such as /", _path, metavar="PATH")),
        (),
        "Paths that each worker answers to itself before it takes other requests. If an answer is 500 or above, the worker has"
        " failed to boot.",
    ),
    Setting(
        "reload_on_change",
        FLAG,
        False,
        "Reload, as on SIGHUP and without losing a request, when a file of the application changes: a module of the project that"
        " is loaded, or one of `extra_files`, but none that `exclude_patterns` match. Several edits within half a second are one"
        " reload; if the new code cannot be loaded, the old workers go on. For production; while you write, see `reload`.",
    ),
    setting_of(Patience, "worker_timeout", or_none(DURATION)),
    setting_of(Patience, "boot_timeout", or_none(DURATION)),
    setting_of(Patience, "max_requests", or_none(integer(1))),
    setting_of(Patience, "max_requests_jitter", integer(0)),
    setting_of(Patience, "max_age", or_none(DURATION)),
    setting_of(Patience, "max_memory", or_none(SIZE)),
)
