"""`Handshake`: what a child is given by its parent: in one variable of its environment, and in descriptors.

The variable is for that process alone: others that inherit it are not the child of that parent, and take nothing.
"""

import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from ...serve import Listener
from ..activation import RELOADER, RUN_MAIN, SERVER_FD
from ..handover import HandedListener


@dataclass(frozen=True, slots=True)
class Handshake:
    """Plain data."""

    parent: int
    """Process id."""
    channel: int
    """Descriptor; see channel.py."""
    number: int
    """Of the child: 0 for the first."""
    is_first: bool
    """None has served so far."""
    way: str
    """How files are watched: `watchfiles`, `watchdog` or `stat`."""
    files: int
    """How many are watched so far."""
    listeners: tuple[HandedListener, ...] = ()
    ops: tuple[HandedListener, ...] = ()
    """Those of the endpoints for operators."""
    adhoc: tuple[str, str] | None = None
    """Files with the certificate and key that `ssl_context="adhoc"` means in all children."""

    @property
    def descriptors(self) -> tuple[int, ...]:
        """All that the child inherits."""
        return (self.channel, *(one.fd for one in (*self.listeners, *self.ops)))

    def environ(self) -> dict[str, str]:
        """Return the variables for the child."""
        variables = {RELOADER: json.dumps(asdict(self)), RUN_MAIN: "true"}
        if self.listeners:
            variables[SERVER_FD] = str(self.listeners[0].fd)
        return variables


def handed(listeners: Sequence[Listener]) -> tuple[HandedListener, ...]:
    """Return listeners as they are handed to a child. Files of Unix sockets stay the parent's."""
    return tuple(HandedListener(one.sock.fileno(), None, one.redirect_port is not None) for one in listeners)


def read_handshake(environ: Mapping[str, str]) -> Handshake | None:
    """Return what the parent of this very process gives it; `None` if it was started in another way."""
    text = environ.get(RELOADER)
    if text is None:
        return None
    try:
        facts = json.loads(text)
        if facts["parent"] != os.getppid():
            return None  # our parent's, or somebody's before
        for kind in ("listeners", "ops"):
            facts[kind] = tuple(HandedListener(**one) for one in facts[kind])
        facts["adhoc"] = None if facts["adhoc"] is None else tuple(facts["adhoc"])
        handshake = Handshake(**facts)
        are_there = all(stat.S_ISSOCK(os.fstat(fd).st_mode) for fd in handshake.descriptors)
    except (ValueError, KeyError, TypeError, OSError):
        return None  # nonsense, or descriptors that somebody has closed: a program that is started in its own right
    return handshake if are_there else None
