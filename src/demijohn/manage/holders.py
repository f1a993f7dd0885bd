"""Who listens on an address that is taken, as far as Linux tells; other users' processes stay unknown. Any thread."""

import contextlib
import ipaddress
import os
import pwd
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LISTEN_STATE: Final = "0A"
"""How /proc/net/tcp writes the state LISTEN."""

_UNIX_ACCEPTS: Final = 0x10000
"""__SO_ACCEPTCON, the flag in /proc/net/unix of a socket that listens."""

_COMMAND_LENGTH: Final = 60


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, or only whose it is."""

    pid: int | None = None
    command: str = ""
    """What it was started as, shortened."""

    user: str = ""
    """Whose socket it is, where the process cannot be seen."""

    def __str__(self) -> str:
        if self.pid is not None:
            return f"process {self.pid} ({self.command})"
        return f"a process of the user {self.user}" if self.user else "another program"


def find_tcp_holder(host: str, port: int) -> Holder:
    """Return who listens on a port of this machine, in the way of somebody who wants it at the address `host`."""
    sockets = list(_tcp_listeners(port))
    in_the_way = [one for one in sockets if _overlap(one.address, host)] or sockets
    found = _process_with({one.inode for one in in_the_way})
    if found is not None:
        return found
    return Holder(user=_user_name(in_the_way[0].uid)) if in_the_way else Holder()


def find_unix_holder(path: str) -> Holder:
    """Return who listens on a Unix socket; `@` and a name for one in the abstract namespace."""
    wanted = path if path.startswith("@") else os.path.abspath(path)
    inodes = set()
    with contextlib.suppress(OSError), open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as table:
        next(table, None)
        for line in table:
            # Num RefCount Protocol Flags Type St Inode Path; a path may have spaces in it, and is as it was given to bind().
            columns = line.rstrip("\n").split(maxsplit=7)
            if len(columns) == 8 and int(columns[3], 16) & _UNIX_ACCEPTS and columns[7] in {wanted, path}:
                inodes.add(columns[6])
    return _process_with(inodes) or Holder()


@dataclass(frozen=True, slots=True)
class _TcpSocket:
    address: str
    uid: int
    inode: str


def _tcp_listeners(port: int) -> Iterator[_TcpSocket]:
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as table:
            next(table, None)
            for line in table:
                columns = line.split()
                address, _, number = columns[1].rpartition(":")
                if columns[3] == _LISTEN_STATE and int(number, 16) == port:
                    yield _TcpSocket(_address_of(address), int(columns[7]), columns[9])


def _address_of(text: str) -> str:
    """Return an address that is written as the kernel does: words of 32 bits in the machine's byte order."""
    words = [bytes.fromhex(text[start : start + 8]) for start in range(0, len(text), 8)]
    packed = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    return str(ipaddress.ip_address(packed))


def _overlap(address: str, host: str) -> bool:
    return address == host or ipaddress.ip_address(address).is_unspecified or host in {"", "0.0.0.0", "::"}


def _process_with(inodes: set[str]) -> Holder | None:
    """Return the oldest of the processes that have one of these sockets open: the one that made the others."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    if not wanted:
        return None
    with contextlib.suppress(OSError):
        for pid in sorted(int(name) for name in os.listdir("/proc") if name.isascii() and name.isdigit()):
            # Processes come and go while we look, and others' are not ours to see.
            with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
                if any(_is_one_of(entry.path, wanted) for entry in descriptors):
                    return Holder(pid, _command(pid))
    return None


def _is_one_of(path: str, wanted: set[str]) -> bool:
    try:
        return os.readlink(path) in wanted
    except OSError:
        return False


def _command(pid: int) -> str:
    """Return what a process was started as, shortened; its name if it hides that."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    if not words:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    return words if len(words) <= _COMMAND_LENGTH else f"{words[: _COMMAND_LENGTH - 3]}..."


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
