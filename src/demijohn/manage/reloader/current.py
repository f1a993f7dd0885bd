"""`current_child`, `wants_parent`: whether a reloader of ours has started this program, or it is to be one. Any thread.

PERF: where none has, and that is every server in production, nothing of the reloader is imported.
"""

import os
from typing import TYPE_CHECKING, Any, Final

from ..activation import RELOADER
from ..settings.load import Settings, is_auto

if TYPE_CHECKING:
    from .child import Child

_NOT_LOOKED: Final = object()
_current: Any = _NOT_LOOKED  # Any: a Child, None, or that nobody has looked


def current_child() -> "Child | None":
    """Return this program's side of the reloader; `None` if no reloader of ours has started it."""
    global _current  # noqa: PLW0603 - of the process: its environment is read once
    if _current is _NOT_LOOKED:
        _current = _look() if RELOADER in os.environ else None
    found: Child | None = _current
    return found


def wants_parent(settings: Settings, *, is_debug: bool) -> bool:
    """Tell whether this process is to be the parent of those that serve: the reloader is on, and this is not one of them."""
    wish = settings["reload"]
    return (is_debug if is_auto(wish) else wish is True) and current_child() is None


def _look() -> "Child | None":
    from .child import Child
    from .handshake import read_handshake

    handshake = read_handshake(os.environ)
    os.environ.pop(RELOADER, None)
    return None if handshake is None else Child(handshake)
