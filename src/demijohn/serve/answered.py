"""`Answered`: one answer, or one refusal, as the access log sees it. Made by whoever ended it, read by the same thread."""

from dataclasses import dataclass
from typing import Protocol

from ..seam import Exchange, Peer, RequestHead
from ..seam.exchange import HeaderList


class Labelled(Protocol):
    """The connection, which can tell what its current request leads to."""

    @property
    def label(self) -> str:
        """See `Job.label`."""


@dataclass(slots=True)
class Answered:
    """What there is to say of one answer."""

    line: Labelled
    peer: Peer

    head: RequestHead | None
    """`None` of a request that was refused because it could not be read."""

    status: str
    """Three digits. `499`: the client went before there was an answer. `444`: closed without one, by the application or because
    the server stopped."""

    time: float
    """When it was over, in seconds since the epoch."""

    exchange: Exchange | None = None
    """`None` of a refusal: no handler heard of the request."""

    refusal_id: str | None = None
    """Of a refusal, its request's id; otherwise the exchange has it."""

    fields: HeaderList = ()
    """The answer's fields, as the application gave them."""

    body_bytes: int = 0
    """Content given to the connection, without framing."""

    bytes_in: int = 0
    """The request's content, without framing."""

    seconds: float = 0.0
    """From the arrival of the request's last byte until the answer's last byte was given to the kernel."""

    queue_seconds: float = 0.0
    """Of these, until the handler was called."""

    number: int = 0
    """Which request of its connection it was, from 1; 0 of a refusal."""

    is_cut: bool = False
    """The client did not get all of the answer."""
