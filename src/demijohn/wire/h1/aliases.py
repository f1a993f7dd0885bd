"""What becomes of field names with underscores: names that a program may take for others.

`X_Forwarded_For` is a valid name of its own (RFC 9110 §5.1), but CGI (RFC 3875 §4.1.18), and so WSGI, gives it the same variable
as `X-Forwarded-For`, and some proxies write one for the other. SECURITY: so they are dealt with once, here, before any program
sees a head. Pure functions.
"""

from typing import Final, Literal

from demijohn.wire.reject import ProtocolReject

Field = tuple[bytes, bytes]
UnderscorePolicy = Literal["drop", "refuse", "keep"]

_NEVER_KEPT: Final = frozenset(
    (b"host", b"content-length", b"content-type", b"transfer-encoding", b"forwarded", b"x-real-ip")
)
"""What frames, routes or vouches for a request: no other spelling of these gets past, even where the real one is absent."""


def settle_underscores(fields: list[Field], policy: UnderscorePolicy) -> list[Field]:
    """Return the fields that are passed on, of a head that has names with underscores.

    `keep` keeps those that could be mistaken neither for another field of this head nor for one that decides something.

    Raises:
        ProtocolReject: 400, if they are to be refused.
    """
    if policy == "refuse":
        raise ProtocolReject(400, "field names with underscores are not taken here", "RFC 3875 §4.1.18")
    real = [field for field in fields if b"_" not in field[0]]
    if policy == "drop":
        return real
    taken = {name.lower() for name, _ in real} | _NEVER_KEPT
    return [
        field
        for field in fields
        if b"_" not in field[0]
        or not ((alias := field[0].lower().replace(b"_", b"-")) in taken or alias.startswith(b"x-forwarded"))
    ]
