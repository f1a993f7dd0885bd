"""Sockets that a process is started with: systemd's socket activation, and those of other reloaders.

The variables are for one process and are removed once they were read, so that no child takes them for its own.
"""

import os
import socket
from collections.abc import Mapping
from typing import Final

from .addresses import Descriptor

RUN_MAIN: Final = "WERKZEUG_RUN_MAIN"
"""COMPAT: set in the processes of a reloader; applications look at this one, and at the next."""

SERVER_FD: Final = "WERKZEUG_SERVER_FD"

RELOADER: Final = "DEMIJOHN_RELOADER"
"""What our own reloader gives to its child: see reloader/handshake.py."""

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
    """Tell whether this process is one that a reloader, ours or Werkzeug's, starts anew when files change."""
    return os.environ.get(RUN_MAIN) == "true"


def inherited_listener(environ: Mapping[str, str], port: int) -> int | None:
    """Return the descriptor that another reloader, such as Werkzeug's, says it listens on; `None` if there is none to use.

    Variables that were inherited from far away, and name what is no socket any more or one for another port, count for nothing.
    """
    value = environ.get(SERVER_FD, "")
    if environ.get(RUN_MAIN) != "true" or not (value.isascii() and value.isdigit()) or len(value) > 9:
        return None
    try:
        with socket.socket(fileno=os.dup(int(value))) as sock:
            if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return None
            name = sock.getsockname()
    except OSError:
        return None
    if isinstance(name, tuple) and port not in {0, name[1]}:
        return None
    return int(value)
