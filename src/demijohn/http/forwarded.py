"""The `Forwarded` field (RFC 7239): what the proxies on the way say of the request. Not here: what to believe of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from .immutable import ImmutableDict
from .options import quote_header_value, unquote_header_value

# RFC 7239 §4: pairs with `;` between, elements with `,`; no white space round `=`. Possessive, so linear.
_pair = re.compile(
    r"[ \t]*+([!#$%&'*+\-.^_`|~0-9A-Za-z]++)=([!#$%&'*+\-.^_`|~0-9A-Za-z]++|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\")[ \t]*+",
    re.DOTALL,
).match
_blank = re.compile(r"[ \t]*+").match
_node = re.compile(
    r"(?P<name>unknown|_[A-Za-z0-9._\-]+|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}|_[A-Za-z0-9._\-]+))?",
    re.IGNORECASE | re.ASCII,
).fullmatch


@dataclass(frozen=True, slots=True)
class Node:
    """One end of a hop (RFC 7239 §6): an address, `unknown`, or a name that begins with an underscore; and its port."""

    name: str
    """IPv4 address, IPv6 address in its shortest form without brackets, `unknown`, or an obfuscated name such as `_hidden`."""

    port: int | str | None = None
    """Port number, an obfuscated port such as `_p1`, or `None`."""

    @property
    def is_address(self) -> bool:
        """The name is an IP address."""
        return self.name != "unknown" and not self.name.startswith("_")

    @classmethod
    def parse(cls, text: str) -> "Node | None":
        """Parse a node, already unquoted; `None` if it is none, or its port is above 65535."""
        match = _node(text)
        if match is None:
            return None
        name, port = match["name"], match["port"]
        try:
            if name[0] == "[":
                name = str(IPv6Address(name[1:-1]))
            elif name[0].isdigit():
                name = str(IPv4Address(name))
            elif name[0] != "_":
                name = name.lower()
        except ValueError:
            return None
        if port is None or port[0] == "_":
            return cls(name, port)
        return cls(name, int(port)) if int(port) <= 65535 else None

    def render(self) -> str:
        """Render the node, not yet quoted."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class ForwardedElement:
    """What one proxy says. `None` where it does not."""

    by: Node | None = None
    """The proxy's end of the connection that the request came in on."""

    for_: Node | None = None
    """The client of that connection."""

    host: str | None = None
    """The `Host` field as the proxy got it, not checked."""

    proto: str | None = None
    """The scheme that was used, in lower case."""

    extensions: Mapping[str, str] = field(default_factory=ImmutableDict)
    """Other parameters by lower-case name."""

    def render(self) -> str:
        """Render the element."""
        pairs = {
            "by": None if self.by is None else self.by.render(),
            "for": None if self.for_ is None else self.for_.render(),
            "host": self.host,
            "proto": self.proto,
            **self.extensions,
        }
        return ";".join([f"{name}={quote_header_value(text)}" for name, text in pairs.items() if text is not None])


def parse_forwarded(value: str | None) -> list[ForwardedElement] | None:
    """Parse a field value into its elements, that of the proxy nearest to the client first; `None` if it is malformed.

    SECURITY: one fault anywhere, a repeated parameter included (RFC 7239 §4), refuses all of it: a reader that guessed
    could be made to see an element that no trusted proxy wrote. A missing field is an empty list.
    """
    elements: list[ForwardedElement] = []
    text = value or ""
    at, end = 0, len(text)
    pairs: dict[str, str] = {}
    while True:
        match = _pair(text, at)
        if match is not None:
            name = match[1].lower()
            if name in pairs:
                return None
            pairs[name] = unquote_header_value(match[2])
            at = match.end()
        else:
            # RFC 9110 §5.6.1: empty elements of a list are ignored, and so are empty pairs.
            blank = _blank(text, at)
            at = blank.end() if blank else at
        if at < end and text[at] == ";":
            at += 1
            continue
        if at < end and text[at] != ",":
            return None
        if pairs:
            element = _element(pairs)
            if element is None:
                return None
            elements.append(element)
            pairs = {}
        if at >= end:
            return elements
        at += 1


def _element(pairs: dict[str, str]) -> ForwardedElement | None:
    """Make an element of pairs; `None` if a node is malformed."""
    by = for_ = None
    if "by" in pairs and (by := Node.parse(pairs.pop("by"))) is None:
        return None
    if "for" in pairs and (for_ := Node.parse(pairs.pop("for"))) is None:
        return None
    host = pairs.pop("host", None)
    proto = pairs.pop("proto", None)
    return ForwardedElement(by, for_, host, None if proto is None else proto.lower(), ImmutableDict(pairs))


def render_forwarded(elements: Iterable[ForwardedElement]) -> str:
    """Render a field value."""
    return ", ".join([element.render() for element in elements])
