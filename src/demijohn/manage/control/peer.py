"""Who is at the other end of a Unix socket. Any thread."""

import os
import socket
import struct

from ..._base.record import record

_UCRED = struct.Struct("iII")


@record
class Credentials:
    """Of the process that connected, or that listens; as they were then. -1: the system does not tell."""

    pid: int = -1
    uid: int = -1


def credentials_of(sock: socket.socket) -> Credentials:
    """Ask the system who is at the other end. Linux tells (SO_PEERCRED); elsewhere the file's permissions must do.

    Raises:
        OSError: it is not connected.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return Credentials()
    pid, uid, _ = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))
    return Credentials(pid, uid)


def may_command(peer: Credentials) -> bool:
    """Tell whether a client may tell this process what to do: its owner, and root."""
    return peer.uid in {-1, 0, os.geteuid()}


def may_be_trusted(peer: Credentials) -> bool:
    """Tell whether what a server says may be believed: it is ours, or root's; root asks whom it likes."""
    return os.geteuid() == 0 or may_command(peer)
