"""`TrustedPeers`: which peers are proxies whose word about their clients counts. What they say is read elsewhere.

Being listed has no effect by itself: the settings `forwarded` and `proxy_protocol` name what is believed, and are off by
default. So loopback can be in the default list, as it is with gunicorn and uvicorn: nobody out there can come from it. But an SSH
or development tunnel does, and passes on whatever its clients write; and a proxy that was not told to set X-Forwarded-Proto
passes on the client's. Which fields a proxy sets nobody but its operator knows, so nothing is believed unasked.

Immutable; any thread.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

LOCAL_PEERS: Final = ("127.0.0.1", "::1", "unix")
"""The default: this machine."""

_KNOWN_ADDRESSES: Final = 1024
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
"""How a dual-stack socket gives IPv4 addresses."""


class TrustedPeers:
    """A list of addresses (`10.0.0.7`, `::1`), networks (`10.0.0.0/8`), `unix` for Unix sockets, and `*` for everybody."""

    __slots__ = ("_networks", "_takes_all", "_takes_unix", "has")

    def __init__(self, entries: str | Iterable[str] = LOCAL_PEERS) -> None:
        """Parse a list, or text with commas between.

        Raises:
            ValueError: an entry is none of these; the message names it.
        """
        if isinstance(entries, str):
            entries = [entry.strip() for entry in entries.split(",") if entry.strip()]
        networks = []
        self._takes_all = self._takes_unix = False
        for entry in entries:
            if entry == "*":
                self._takes_all = self._takes_unix = True
            elif entry == "unix":
                self._takes_unix = True
            else:
                networks.append(_network(entry))
        self._networks = tuple(networks)
        # PERF: proxies are few, and come again and again; a client only evicts.
        self.has = lru_cache(_KNOWN_ADDRESSES)(self._has)
        """`has(address)`: whether an address, as text, is trusted; `None` is a Unix socket. What is no address is not,
        but for `*`."""

    def _has(self, address: str | None) -> bool:
        if address is None:
            return self._takes_unix
        if self._takes_all:
            return True
        try:
            ip = ip_address(address)
        except ValueError:
            return False  # a name that a proxy made up for its client
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self._networks)


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(entry)
    except ValueError as error:
        raise ValueError(
            f"trusted_peers has {entry!r}; an entry is an address, a network such as '10.0.0.0/8', 'unix' or '*' ({error})"
        ) from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network
