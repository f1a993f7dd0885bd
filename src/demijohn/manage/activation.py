"""Sockets that a process is started with: systemd's socket activation, and the reloader's way to keep one over a restart.

The variables are for one process and are removed once they were read, so that no child takes them for its own.
"""

import os
from typing import Final

from .addresses import Descriptor

FIRST_FD: Final = 3
"""SD_LISTEN_FDS_START of sd_listen_fds(3)."""


def take_activated() -> list[Descriptor]:
    """Return the sockets that systemd handed to this very process; none if it was started in another way.

    Raises:
        ValueError: the variables are meant for this process and make no sense.
    """
    if not is_activated():
        return []  # not there, or our parent's
    count = os.environ.get("LISTEN_FDS", "")
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"):
        os.environ.pop(name, None)
    if not (count.isascii() and count.isdigit()) or int(count) > 1024:
        raise ValueError(f"LISTEN_FDS is {count!r}; it must be the number of sockets that were handed over.")
    return [Descriptor(FIRST_FD + number) for number in range(int(count))]


def is_activated() -> bool:
    """Tell whether systemd hands sockets to this very process."""
    return os.environ.get("LISTEN_PID") == str(os.getpid())


def is_running_from_reloader() -> bool:
    """Tell whether this process was started by a reloader, which starts it anew when files change."""
    return os.environ.get("WERKZEUG_RUN_MAIN") == "true"


def reloader_fd() -> int | None:
    """Return the descriptor of the socket that the reloader, our parent, listens on; `None` if there is none.

    Raises:
        ValueError: WERKZEUG_SERVER_FD is no number.
    """
    if not is_running_from_reloader() or "WERKZEUG_SERVER_FD" not in os.environ:
        return None
    value = os.environ["WERKZEUG_SERVER_FD"]
    if not (value.isascii() and value.isdigit()):
        raise ValueError(f"WERKZEUG_SERVER_FD is {value!r}; it must be the number of a descriptor.")
    return int(value)
