"""`bind`: from a host name and a port, a path or a descriptor to a `Listener`, with errors that say what is wrong.

May be called from any thread. Reading /proc for the holder of a port is best effort: other users' processes stay unknown.
"""

import contextlib
import errno
import glob
import os
import socket
from collections.abc import Iterator
from typing import Final

from ..serve import Listener

UNIX_PREFIX: Final = "unix://"

_LISTEN_STATE: Final = "0A"
"""How /proc/net/tcp writes the state LISTEN."""


class BindError(OSError):
    """It is not possible to listen there. The message is one line for a person; `errno` is the system's."""

    def __init__(self, number: int | None, message: str) -> None:
        super().__init__(number, message)
        self.message = message

    def __str__(self) -> str:
        return self.message


def bind(hostname: str, port: int, fd: int | None = None) -> Listener:
    """Listen on a host and port, on `unix://` and a path, or on a descriptor that listens already.

    Port 0 lets the system choose.

    Raises:
        TypeError: the port is no int.
        ValueError: the port is not between 0 and 65535.
        BindError: the system says no.
    """
    if isinstance(port, bool) or not isinstance(port, int):
        raise TypeError(f"The port must be an integer, not {port!r}.")
    if fd is not None:
        return Listener.from_fd(fd)
    if hostname.startswith(UNIX_PREFIX):
        return _bind_unix(hostname.removeprefix(UNIX_PREFIX))
    if not 0 <= port <= 65535:
        raise ValueError(f"The port must be between 0 and 65535, not {port}.")
    try:
        return Listener.tcp(hostname, port)
    except socket.gaierror as error:
        raise BindError(error.errno, f"Cannot listen on {hostname!r}: no such host name or address.") from None
    except OSError as error:
        raise BindError(error.errno, _explain(hostname, port, error)) from None


def _bind_unix(path: str) -> Listener:
    try:
        return Listener.unix(path)
    except OSError as error:
        raise BindError(error.errno, f"Cannot listen on the Unix socket {path}: {error.strerror or error}.") from None


def _explain(hostname: str, port: int, error: OSError) -> str:
    where = f"[{hostname}]:{port}" if ":" in hostname else f"{hostname}:{port}"
    if error.errno == errno.EADDRINUSE:
        holder = find_holder(port)
        who = f"process {holder[0]} ({holder[1]})" if holder is not None else "another program"
        return f"Cannot listen on {where}: {who} is using port {port}. Stop it, or choose another port."
    if error.errno == errno.EACCES:
        return f"Cannot listen on {where}: ports below 1024 need special permission. Choose another port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"Cannot listen on {where}: this machine has no such address."
    return f"Cannot listen on {where}: {error.strerror or error}."


def find_holder(port: int) -> tuple[int, str] | None:
    """Return id and command of a process that listens on a TCP port of this machine; `None` if it cannot be found (Linux)."""
    inodes = set(_listening_inodes(port))
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for link in glob.iglob("/proc/[0-9]*/fd/*"):
        # Processes come and go while we look, and others' are not ours to see.
        with contextlib.suppress(OSError):
            if os.readlink(link) in wanted:
                pid = int(link.split("/")[2])
                return pid, _command(pid)
    return None


def _listening_inodes(port: int) -> Iterator[str]:
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as table:
            next(table, None)
            for line in table:
                columns = line.split()
                if columns[3] == _LISTEN_STATE and int(columns[1].rpartition(":")[2], 16) == port:
                    yield columns[9]


def _command(pid: int) -> str:
    """Return what a process was started as, shortened; its name if it hides that."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    if words:
        return words if len(words) <= 60 else f"{words[:57]}..."
    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().strip()
