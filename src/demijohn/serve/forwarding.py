"""`Forwarding`: what the proxies in front say of a request's client, applied to the request: its peer, its host, its fields.

One family of fields counts, by the setting `forwarded`: `X-Forwarded-*` or RFC 7239. From a peer that is none of `trusted_peers`
neither does, and both are taken away; from one that is, the other family is taken away. Of a list only that part is kept which
trusted proxies wrote. So what an application reads in these fields agrees with what the server acts on.

The rule. Each proxy adds the address of its own client at the right of the list. We walk from the right while the address is that
of a trusted peer; the first other one is the client, or the last of all if there is none. What stands left of it the client
may have written: it is never looked at. What is malformed in the rest is 400: a trusted proxy does not write such things, so
somebody else did. Used by the leader only.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import unquote

from .._base.forwarded import Node, split_forwarded
from ..seam import Peer, RequestHead
from ..wire.h1.target import is_authority
from ..wire.reject import ProtocolReject
from .trust import TrustedPeers

logger = logging.getLogger("demijohn.error")

_X_FAMILY: Final = (b"x-forwarded", b"x-real-ip")
_X_FOR: Final = b"x-forwarded-for"
_FORWARDED: Final = b"forwarded"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""What may be said, and what it means for a request that is HTTP in any case."""

# Absolute, of whole segments, without empty ones; percent signs only before two digits. A comma would begin the next value.
_PREFIX: Final = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+;=:@-]|%[0-9A-Fa-f]{2})++)*+/?")
_DOTS: Final = re.compile(r"/\.\.?(?:/|$)").search
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\\\ufffd]").search

_X_RULE: Final = "RFC 7239 §7.4"
"""Nothing else that has a number speaks of X-Forwarded-For."""


@dataclass(slots=True)
class Claim:
    """What trusted proxies say of one request. `None` where they do not."""

    client: Node | None = None
    is_unix: bool = False
    """The client is on a Unix socket of the outermost proxy: it has no address."""
    scheme: str | None = None
    host: str | None = None
    port: int | None = None
    prefix: str = ""
    replaced: dict[bytes, bytes] = field(default_factory=dict)
    """Fields, by lower-case name, that get another value."""


class Forwarding:
    """The setting `forwarded`, for all connections of a server."""

    __slots__ = ("_has_warned", "_is_x_family", "_read", "_trusted")

    def __init__(self, family: str, trusted: TrustedPeers) -> None:
        """Believe in `x-forwarded` or in `rfc7239`."""
        self._trusted = trusted
        self._read: Callable[[RequestHead, TrustedPeers], Claim] = (
            read_x_forwarded if family == "x-forwarded" else read_rfc7239
        )
        self._is_x_family = family == "x-forwarded"
        self._has_warned = False

    def for_peer(self, peer: Peer) -> "ForwardingPeer":
        """Judge the peer of a connection, once."""
        return ForwardingPeer(self, peer, is_trusted=self._trusted.has(None if peer.remote is None else peer.remote[0]))

    def warn(self, name: bytes, peer: Peer) -> None:
        """Say once that what a peer says does not count: it may be a proxy that somebody forgot to list."""
        if not self._has_warned:
            self._has_warned = True
            remote = "unix" if peer.remote is None else peer.remote[0]
            logger.warning(
                "%s came from %s, which is none of trusted_peers: such fields are taken away from requests."
                " Said once; if this is your proxy, list it.",
                name.decode("ascii"),
                remote,
            )


class ForwardingPeer:
    """What is to be believed on one connection."""

    __slots__ = ("_is_trusted", "_owner", "peer")

    def __init__(self, owner: Forwarding, peer: Peer, *, is_trusted: bool) -> None:
        self._owner = owner
        self._is_trusted = is_trusted
        self.peer = peer
        """The other end of the connection itself."""

    def apply(self, head: RequestHead) -> tuple[RequestHead, Peer]:
        """Return the head and the peer of a request as they were for the outermost trusted proxy.

        Raises:
            ProtocolReject: 400: a trusted proxy says what cannot be.
        """
        owner = self._owner
        said = [name for name in head.index if name.startswith(_X_FAMILY) or name == _FORWARDED]
        if not said:
            return head, self.peer
        if not self._is_trusted:
            owner.warn(said[0], self.peer)
            return _change(head, set(said), {}), self.peer
        claim = owner._read(head, owner._trusted)
        # RFC 7239 has one name, the other family all others.
        dropped = {name for name in said if (name == _FORWARDED) is owner._is_x_family}
        return self._take(head, claim, dropped)

    def _take(self, head: RequestHead, claim: Claim, dropped: set[bytes]) -> tuple[RequestHead, Peer]:
        peer = self.peer
        scheme = claim.scheme or peer.scheme
        host = claim.host
        if claim.port is not None and (name := _without_port(host or head.authority or "")):
            # As ProxyFix has it: the port goes before that of a host, wherever that was said.
            host = name if claim.port == _DEFAULT_PORTS[scheme] else f"{name}:{claim.port}"
        local = peer.local
        if host is not None:
            name = _without_port(host)
            port = host[len(name) + 1 :]
            local = name.strip("[]"), int(port) if port else _DEFAULT_PORTS[scheme]
            claim.replaced[b"host"] = host.encode("ascii")
        remote, tls = peer.remote, peer.tls
        if claim.is_unix or claim.client is not None:
            # SECURITY: a certificate that the proxy showed is not its client's.
            remote = tls = None
        if claim.client is not None:
            at = claim.client.port
            remote = claim.client.name, at if isinstance(at, int) else 0
        if dropped or claim.replaced:
            head = _change(head, dropped, claim.replaced)
        return head, peer.seen_through(remote, local, scheme, tls, claim.prefix)


# ---------------------------------------------------------------------- X-Forwarded-*


def read_x_forwarded(head: RequestHead, trusted: TrustedPeers) -> Claim:
    """Read `X-Forwarded-For`, `-Proto`, `-Host`, `-Port` and `-Prefix`.

    All but the first are lists, too, where several proxies add to them: then as many values count, from the right, as there are
    trusted proxies, and the first of these is believed. A single value, or several that are equal, was passed on by all of them.

    Raises:
        ProtocolReject: 400.
    """
    index = head.index
    claim = Claim()
    proxies = 1
    members = _split(index.get(_X_FOR, b""))
    if members:
        at = _walk_hops(members, trusted, claim)
        proxies = len(members) - at
        if at:
            claim.replaced[_X_FOR] = b", ".join(members[at:])
        if claim.client is not None and index.get(b"x-real-ip", name := claim.client.name.encode("ascii")) != name:
            # The same for programs that ask for it here, whoever wrote it.
            claim.replaced[b"x-real-ip"] = name
    claim.scheme = _scheme(_choose(index, b"x-forwarded-proto", proxies, claim), "X-Forwarded-Proto", _X_RULE)
    claim.host = _host(_choose(index, b"x-forwarded-host", proxies, claim), "X-Forwarded-Host", _X_RULE)
    claim.port = _port(_choose(index, b"x-forwarded-port", proxies, claim))
    claim.prefix = _prefix(_choose(index, b"x-forwarded-prefix", proxies, claim))
    return claim


def _split(value: bytes) -> list[bytes]:
    # RFC 9110 §5.6.1: empty elements are ignored.
    return [member for part in value.split(b",") if (member := part.strip(b" \t"))]


def _walk_hops(members: list[bytes], trusted: TrustedPeers, claim: Claim) -> int:
    """Find the client, and return where it stands."""
    for at in range(len(members) - 1, -1, -1):
        text = members[at].decode("latin-1")
        # COMPAT: nginx writes "unix:" for a client on a Unix socket.
        claim.is_unix = text == "unix:"
        # PERF: clients come again, and proxies do with each request. Bounded in number and length.
        claim.client = None if claim.is_unix else _known_hop(text) if len(text) <= _KNOWN_LENGTH else _hop(text)
        if not trusted.has(None if claim.client is None else claim.client.name):
            return at
    return 0


def _hop(text: str) -> Node:
    """Parse an address as proxies write it: as in RFC 7239, and IPv6 without brackets, then without a port."""
    node = Node.parse(text)
    if node is None and text.count(":") > 1:
        node = Node.parse(f"[{text}]")
    if node is None:
        raise ProtocolReject(400, "X-Forwarded-For has an invalid address from a trusted proxy", _X_RULE)
    return _as_ipv4(node)


_known_hop = lru_cache(1024)(_hop)
_KNOWN_LENGTH: Final = 64


def _as_ipv4(node: Node) -> Node:
    """Give an IPv4 address that a dual-stack proxy writes as `::ffff:a.b.c.d` for what it is."""
    if node.name.startswith("::ffff:") and (address := IPv6Address(node.name).ipv4_mapped) is not None:
        return Node(str(address), node.port)
    return node


def _choose(index: dict[bytes, bytes], name: bytes, proxies: int, claim: Claim) -> str | None:
    """Return the value that counts of a field that several proxies may have added to; keep only what they added."""
    value = index.get(name)
    members = [] if value is None else _split(value)
    if not members:
        return None
    if len(set(members)) > 1:
        if len(members) < proxies:
            raise ProtocolReject(
                400, f"{name.decode('ascii').title()} has several values, but not one of each trusted proxy", _X_RULE
            )
        if len(members) > proxies:
            members = members[-proxies:]
            claim.replaced[name] = b", ".join(members)
    return members[0].decode("latin-1")


# ---------------------------------------------------------------------- RFC 7239


def read_rfc7239(head: RequestHead, trusted: TrustedPeers) -> Claim:
    """Read `Forwarded`. The element that names the client counts, whole: its proxy alone saw what the client asked for.

    Raises:
        ProtocolReject: 400.
    """
    elements: list[tuple[str, dict[str, str]]] = []
    for name, value in head.fields:
        if name.lower() == _FORWARDED:
            # SECURITY: line by line: no quote that a client leaves open can reach into what a proxy wrote.
            line = split_forwarded(value.decode("latin-1"))
            if line is None:
                raise ProtocolReject(400, "invalid Forwarded field from a trusted proxy", "RFC 7239 §4")
            elements += line
    claim = Claim()
    at = len(elements)
    while at:
        at -= 1
        text = elements[at][1].get("for")
        if text is None:
            break  # its proxy does not say who its client is; the last that is known stays
        node = Node.parse(text)
        if node is None:
            raise ProtocolReject(400, "Forwarded has an invalid node from a trusted proxy", "RFC 7239 §6")
        claim.client = _as_ipv4(node)
        if not trusted.has(claim.client.name):
            break
    if elements:
        pairs = elements[at][1]
        claim.scheme = _scheme(pairs.get("proto"), "proto of Forwarded", "RFC 7239 §5.4")
        claim.host = _host(pairs.get("host"), "host of Forwarded", "RFC 7239 §5.3")
    if at:
        claim.replaced[b"forwarded"] = ", ".join([source for source, _ in elements[at:]]).encode("latin-1")
    return claim


# ---------------------------------------------------------------------- values


def _scheme(text: str | None, what: str, rule: str) -> str | None:
    if text is None:
        return None
    scheme = _SCHEMES.get(text.lower())
    if scheme is None:
        raise ProtocolReject(400, f"{what} is none of http, https, ws and wss", rule)
    return scheme


def _host(text: str | None, what: str, rule: str) -> str | None:
    if text is None:
        return None
    if not is_authority(text.encode("latin-1")):
        raise ProtocolReject(400, f"{what} is not a valid host and port", rule)
    return text.removesuffix(":")


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) <= 65535):
        raise ProtocolReject(400, "X-Forwarded-Port is not a port", _X_RULE)
    return int(text)


def _prefix(text: str | None) -> str:
    """Return a prefix decoded, as `Peer.root_path` has it."""
    if text is None:
        return ""
    decoded = unquote(text, errors="replace")
    if _PREFIX.fullmatch(text) is None or _DOTS(decoded) or _CONTROLS(decoded) or decoded.count("/") != text.count("/"):
        raise ProtocolReject(400, "X-Forwarded-Prefix is not an absolute path", _X_RULE)
    return decoded.rstrip("/")


def _without_port(authority: str) -> str:
    """Return the host of a valid authority, an IPv6 address in its brackets."""
    return authority if authority.endswith("]") else authority.rpartition(":")[0] or authority


# ---------------------------------------------------------------------- the head


def _change(head: RequestHead, dropped: set[bytes], replaced: dict[bytes, bytes]) -> RequestHead:
    """Return a head without some fields and with others' values replaced; a replaced field has one line, where the first was."""
    index = {name: value for name, value in head.index.items() if name not in dropped} | replaced
    left = dict(replaced)
    fields = []
    for name, value in head.fields:
        key = name.lower()
        if key in left:
            fields.append((name, left.pop(key)))
        elif key not in dropped and key not in replaced:
            fields.append((name, value))
    if b"host" in left:
        fields.append((b"Host", left[b"host"]))  # HTTP/1.0 may have none
    target = head.target
    if b"host" in replaced and "://" in target and target[0] != "/":
        # RFC 9112 §3.2.2: what stands there would go before Host.
        target = f"{head.path}?{head.query}" if head.query else head.path
    return RequestHead(head.method, target, head.version, fields, index)
