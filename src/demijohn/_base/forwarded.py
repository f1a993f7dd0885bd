"""The grammar of RFC 7239: nodes, and a `Forwarded` field taken apart into elements of pairs. Not here: what to believe of it.

Below both towers: the server judges by it (serve/forwarding.py), the framework has it as values (http/forwarded.py). Pure.
"""

import re
from ipaddress import IPv4Address, IPv6Address

from .record import record

# RFC 7239 §4: pairs with `;` between, elements with `,`; no white space round `=`. Possessive, so linear.
_pair = re.compile(
    r"[ \t]*+([!#$%&'*+\-.^_`|~0-9A-Za-z]++)=([!#$%&'*+\-.^_`|~0-9A-Za-z]++|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\")[ \t]*+",
    re.DOTALL,
).match
_blank = re.compile(r"[ \t]*+").match
_escape = re.compile(r"\\(.)", re.DOTALL).sub
_node = re.compile(
    r"(?P<name>unknown|_[A-Za-z0-9._\-]+|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}|_[A-Za-z0-9._\-]+))?",
    re.IGNORECASE | re.ASCII,
).fullmatch


@record
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


def split_forwarded(text: str) -> list[tuple[str, dict[str, str]]] | None:
    """Split a field value into its elements, that of the proxy nearest to the client first; `None` if it is malformed.

    Each is the element as it was sent, and its parameters, unquoted, by lower-case name. SECURITY: one fault anywhere, a repeated
    parameter included (RFC 7239 §4), refuses all of it: a reader that guessed could be made to see an element that no trusted
    proxy wrote.
    """
    elements: list[tuple[str, dict[str, str]]] = []
    at = start = 0
    end = len(text)
    pairs: dict[str, str] = {}
    while True:
        match = _pair(text, at)
        if match is not None:
            name = match[1].lower()
            if name in pairs:
                return None
            pairs[name] = match[2] if match[2][0] != '"' else _escape(r"\1", match[2][1:-1])
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
            elements.append((text[start:at].strip(" \t"), pairs))
            pairs = {}
        if at >= end:
            return elements
        at += 1
        start = at
