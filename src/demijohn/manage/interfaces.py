"""Werkzeug's small functions about addresses: `select_address_family`, `get_sockaddr`, `get_interface_ip`. Any thread."""

import os
import socket
from typing import Final

UNIX_PREFIX: Final = "unix://"

_FAR: Final = {socket.AF_INET: "203.0.113.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that are nobody's (RFC 5737, RFC 3849)."""


def select_address_family(host: str, port: int) -> socket.AddressFamily:
    """Return the family of an address to listen on, by how it is written; names are taken for names of IPv4 addresses."""
    if host.startswith(UNIX_PREFIX):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def get_sockaddr(
    host: str, port: int, family: socket.AddressFamily
) -> tuple[str, int] | tuple[str, int, int, int] | str:
    """Return what `socket.bind` takes: the absolute path of a Unix socket, or an address; `host` as it is if it has none."""
    if family == socket.AF_UNIX:
        return os.path.abspath(host.removeprefix(UNIX_PREFIX))
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return host, port
    address: tuple[str, int] | tuple[str, int, int, int] = found[0][4]  # type: ignore[assignment]  # of bytes: never
    return address


def get_interface_ip(family: socket.AddressFamily) -> str:
    """Return the address under which others see this machine; the loopback one if there is no other."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Connecting a datagram socket sends nothing; it makes the system choose the address it would send from.
            probe.connect((_FAR[family], 9))
            own: str = probe.getsockname()[0]
    except OSError:
        return "127.0.0.1" if family == socket.AF_INET else "::1"
    return own
