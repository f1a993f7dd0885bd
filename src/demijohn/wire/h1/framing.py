"""Where a request's content ends, and what else its fields ask of the connection: RFC 9112 §6, §9; RFC 9110 §7.8, §10.1.1.

Policy only: fields in, facts out. SECURITY: any doubt about the length of a message is a rejection. There is no lenient mode;
what two parsers may read differently is what request smuggling is made of.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from demijohn.wire.reject import ProtocolReject

from .scan import TOKEN

Index = Mapping[bytes, bytes]

_SINGLE: Final = {
    b"host": ("the Host field is repeated", "RFC 9112 §3.2"),
    b"content-length": ("the Content-Length field is repeated", "RFC 9112 §6.3"),
    b"transfer-encoding": ("the Transfer-Encoding field is repeated", "RFC 9112 §6.1"),
    b"content-type": ("the Content-Type field is repeated", "RFC 9110 §8.3"),
}
"""Fields that decide about framing, routing or parsing, and so may come once only, even with equal values."""

_MAX_LENGTH_DIGITS: Final = 18
"""Below 2**63, so that no consumer's integer wraps; and conversion of thousands of digits is never begun."""


def refuse_repeated(fields: Sequence[tuple[bytes, bytes]]) -> None:
    """Refuse a second line of a field that must be single.

    Raises:
        ProtocolReject: 400.
    """
    seen: set[bytes] = set()
    for name, _ in fields:
        key = name.lower()
        if key in _SINGLE:
            if key in seen:
                raise ProtocolReject(400, *_SINGLE[key])
            seen.add(key)


def split_list(value: bytes) -> list[bytes]:
    """Split a comma-separated list of tokens (RFC 9110 §5.6.1) into lower-case members, empty ones left out."""
    # SECURITY: no expression: one that searches for white space before a comma is quadratic in white space without one.
    return [member for part in value.lower().split(b",") if (member := part.strip(b" \t"))]


def content_length(value: bytes) -> int:
    """Parse the value of the only Content-Length field: digits, nothing else (RFC 9110 §8.6).

    Raises:
        ProtocolReject: 400, or 413 for more digits than any body can have.
    """
    if not value.isdigit():  # of bytes: ASCII digits, at least one
        raise ProtocolReject(400, "Content-Length must be a decimal number", "RFC 9112 §6.3")
    if len(value) > _MAX_LENGTH_DIGITS:
        raise ProtocolReject(413, "the Content-Length is out of range", "RFC 9110 §8.6")
    return int(value)


def check_transfer_encoding(value: bytes, index: Index, *, is_http10: bool) -> None:
    """Accept `chunked` alone, in HTTP/1.1, without Content-Length.

    Raises:
        ProtocolReject: 400, or 501 where the rest of a valid list is not implemented.
    """
    if b"content-length" in index:
        raise ProtocolReject(400, "Transfer-Encoding and Content-Length exclude each other", "RFC 9112 §6.1")
    if is_http10:
        raise ProtocolReject(400, "HTTP/1.0 has no Transfer-Encoding", "RFC 9112 §6.1")
    if value.lower() == b"chunked":
        return
    codings = [part.strip(b" \t") for part in value.lower().split(b",")]  # empty members kept: they are refused
    if codings[-1] != b"chunked" or codings.count(b"chunked") != 1:
        raise ProtocolReject(400, "chunked must be the final transfer coding, once", "RFC 9112 §6.3")
    if all(TOKEN.fullmatch(coding) for coding in codings):
        raise ProtocolReject(501, "no transfer coding but chunked is implemented", "RFC 9112 §6.1")
    raise ProtocolReject(400, "invalid Transfer-Encoding", "RFC 9112 §6.1")


def expects_continue(value: bytes) -> bool:
    """Whether an HTTP/1.1 request with `Expect: value` waits for `100 Continue`.

    Raises:
        ProtocolReject: 417 for any other expectation.
    """
    if value.lower() != b"100-continue":
        raise ProtocolReject(417, "the only expectation served is 100-continue", "RFC 9110 §10.1.1")
    return True


def asks_for_websocket(method: str, index: Index) -> bool:
    """Whether an HTTP/1.1 request without content asks to become a WebSocket (RFC 6455 §4.1). All other upgrades: no.

    SECURITY: `Upgrade: h2c` in particular is ignored, so that no proxy's access rules can be tunnelled past.
    """
    return (
        method == "GET"
        and b"websocket" in split_list(index.get(b"upgrade", b""))
        and b"upgrade" in split_list(index.get(b"connection", b""))
    )
