"""`H1Limits`: how much of an HTTP/1.1 message is taken before it is refused.

Every number here is compared while bytes arrive, never after a terminator was waited for, so a message that does not end
costs no more memory than its limit. Immutable; one object is shared by all connections and threads.
"""

from dataclasses import fields
from typing import Literal

from .._base.record import record

_MIN_CHUNK_LINE = 20
"""The longest chunk-size line without an extension that is ever valid, and some."""


@record
class H1Limits:
    """Limits of one HTTP/1.1 connection, in bytes unless the name says otherwise."""

    request_line: int = 8190
    """Method, target and version without the CRLF; RFC 9112 §3 asks for at least 8000. Beyond: 414."""

    head_bytes: int = 65_536
    """All field lines of a head with their CRLFs. Beyond: 431 (RFC 6585 §5)."""

    field_count: int = 100
    """Field lines of a head. Beyond: 431."""

    leading_empty_lines: int = 1
    """Empty lines tolerated before a request line (RFC 9112 §2.2). Beyond: 400."""

    chunk_line: int = 1024
    """One chunk-size line: size and extensions, without the CRLF. Beyond: 400."""

    extension_bytes_total: int = 16_384
    """Chunk extensions of one body together; they are ignored, so there is no use in many. Beyond: 400."""

    trailer_bytes: int = 8192
    """All trailer lines of a body with their CRLFs. Beyond: 431."""

    trailer_count: int = 32
    """Trailer lines of a body. Beyond: 431."""

    body_bytes: int | None = 1 << 30
    """Content of one request, without its framing. Beyond: 413, before anything of it is read where its length is known.
    `None`: no limit, whoever reads the body sets one; what is not read yet fills the disk meanwhile."""

    underscore_headers: Literal["drop", "refuse", "keep"] = "drop"
    """Fields whose names have underscores, which a CGI environ cannot tell from those with hyphens. `drop`: as if they had not
    been sent. `refuse`: 400. `keep`: passed on, but for those that spell another field of the request, or one that frames,
    routes or vouches for it (Host, Content-Length, X-Forwarded-For, ...)."""

    unread_bytes: int = 65_536
    """Content that an answer may leave unread on a connection that goes on; it is read and forgotten. With more, or if it is
    not known how much, the answer says `Connection: close`."""

    def __post_init__(self) -> None:
        """Refuse numbers that no request could satisfy.

        Raises:
            ValueError: a limit is negative, or smaller than the shortest valid line it is for; or there is no such policy.
        """
        if self.underscore_headers not in ("drop", "refuse", "keep"):
            raise ValueError(
                f"underscore_headers is {self.underscore_headers!r}; it must be 'drop', 'refuse' or 'keep'"
            )
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, int) and value < 0:
                raise ValueError(f"{each.name} must not be negative, it is {value}")
        if self.chunk_line < _MIN_CHUNK_LINE:
            raise ValueError(f"chunk_line must be at least {_MIN_CHUNK_LINE}, it is {self.chunk_line}")
