"""The `Forwarded` field (RFC 7239): what the proxies on the way say of the request. Not here: what to believe of it."""

from collections.abc import Iterable, Mapping
from dataclasses import field

from demijohn._base.forwarded import Node, split_forwarded

from .._base.record import record
from .immutable import ImmutableDict
from .options import quote_header_value

__all__ = ["ForwardedElement", "Node", "parse_forwarded", "render_forwarded"]


@record
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
    split = split_forwarded(value or "")
    if split is None:
        return None
    elements: list[ForwardedElement] = []
    for _, pairs in split:
        element = _element(pairs)
        if element is None:
            return None
        elements.append(element)
    return elements


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
