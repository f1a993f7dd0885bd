"""`ClientCount`: how many connections each client has open, where there is a limit to that. The leader only.

Off by default: behind one address there may be an office, a mobile network, or a proxy that nobody listed. Trusted peers
(`trusted_peers`) and Unix sockets are not counted: they speak for many.
"""

from collections import Counter
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from .refusals import Refusals
from .trust import TrustedPeers


class ClientCount:
    """Counts connections from `enter` to `leave`, and says who has enough."""

    __slots__ = ("_counts", "_keys", "_most", "_refusals", "_trusted")

    def __init__(self, most: int, trusted: TrustedPeers, refusals: Refusals) -> None:
        self._most = most
        self._trusted = trusted
        self._refusals = refusals
        self._counts: Counter[str] = Counter()
        # Any: whatever object is the connection at the time; it is only told from others.
        self._keys: dict[Any, str] = {}

    def admits(self, remote: tuple[str, int] | None) -> bool:
        """Tell whether a client may have one more connection."""
        if remote is None or self._trusted.has(remote[0]):
            return True
        key = client_key(remote[0])
        if self._counts[key] < self._most:
            return True
        self._refusals.note("max_connections_per_client", f"Closed a new connection of {key}, which has {self._most}")
        return False

    def enter(self, connection: object, remote: tuple[str, int] | None) -> None:
        """Count a connection."""
        if remote is not None and not self._trusted.has(remote[0]):
            key = self._keys[connection] = client_key(remote[0])
            self._counts[key] += 1

    def leave(self, connection: object) -> None:
        """Count it no more."""
        key = self._keys.pop(connection, None)
        if key is not None:
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]


@lru_cache(1024)
def client_key(address: str) -> str:
    """Return who counts as one client: an IPv4 address, or the /64 of an IPv6 one, within which a client has all addresses."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address  # a name that a proxy made up
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return f"{IPv6Address(int(ip) >> 64 << 64)}/64"
    return address
