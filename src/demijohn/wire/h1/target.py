"""Request targets and authorities: the four forms of RFC 9112 §3.2 and the `Host` field of RFC 9110 §7.2.

Decides whether they are valid, not what they mean: splitting and decoding is the framework's.
"""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from demijohn.wire.reject import ProtocolReject

# SECURITY: of the reg-name of RFC 3986 §3.2.2 only the unreserved characters. Percent signs and sub-delims (`,`, `;`, `'`)
# occur in no host that resolves, but they do occur in attacks on whoever builds URLs, keys or patterns from Host.
_AUTHORITY: Final = re.compile(rb"(?:[A-Za-z0-9._~-]++|\[([0-9A-Fa-f:.]{2,45}+)\])(?::([0-9]{0,5}+))?")
_ABSOLUTE: Final = re.compile(rb"(?i:http(s)?)://([^/?#]*+)([^#]*+)")
_MAX_PORT: Final = 65_535


def is_authority(value: bytes) -> bool:
    """Whether `value` is a host with an optional port from 0 to 65535, without user information."""
    match = _AUTHORITY.fullmatch(value)
    if match is None:
        return False
    address, port = match.groups()
    if address is not None:
        try:
            IPv6Address(address.decode("ascii"))
        except AddressValueError:
            return False
    return not port or int(port) <= _MAX_PORT


def check_host(value: bytes | None, *, is_required: bool) -> None:
    """Check the value of the only `Host` field; `None` if there is none.

    Raises:
        ProtocolReject: 400, as RFC 9112 §3.2 demands for a missing or an invalid one.
    """
    if value is None:
        if is_required:
            raise ProtocolReject(400, "an HTTP/1.1 request must have a Host field", "RFC 9112 §3.2")
    elif not is_authority(value):
        raise ProtocolReject(400, "the Host field is not a valid host and port", "RFC 9112 §3.2")


def check_target(method: bytes, target: bytes, *, is_secure: bool) -> None:
    """Check that `target` has the form that `method` may have; `is_secure`: `https` may be asked of this connection.

    Raises:
        ProtocolReject: 400, 421 for `https` where it may not be, 501 for a valid CONNECT: this is an origin server.
    """
    if method == b"CONNECT":
        host, colon, port = target.rpartition(b":")
        if not (host and colon and port and is_authority(target)):
            raise ProtocolReject(400, "the target of CONNECT must be a host and a port", "RFC 9112 §3.2.3")
        raise ProtocolReject(501, "CONNECT is not served here", "RFC 9110 §9.3.6")
    if target.startswith(b"/"):
        if b"#" in target:
            raise ProtocolReject(400, "a request target has no fragment", "RFC 9112 §3.2.1")
        return
    if target == b"*":
        if method != b"OPTIONS":
            raise ProtocolReject(400, "the target * is for OPTIONS only", "RFC 9112 §3.2.4")
        return
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise ProtocolReject(400, "the request target has none of the four forms", "RFC 9112 §3.2")
    if not is_authority(match[2]):
        raise ProtocolReject(400, "invalid authority in the request target", "RFC 9112 §3.2.2")
    if match[1] and not is_secure:
        # SECURITY: else anybody could ask in the clear for what is served under TLS only, and views would believe it.
        raise ProtocolReject(421, "https was asked for on a connection without TLS", "RFC 9110 §7.4")
