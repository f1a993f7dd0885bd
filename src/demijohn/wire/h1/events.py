"""What `H1Connection.next_event` returns beside a `RequestHead`."""

from enum import Enum
from typing import Final

from demijohn.seam import RequestHead


class Data:
    """A part of the current request's content, never empty. Chunk framing is gone; parts have no meaning of their own."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"<Data {len(self.data)} bytes>"


class Signal(Enum):
    """Events that carry nothing. Compare with `is`."""

    END_OF_BODY = "end of body"
    """The content is complete, trailers are known. Comes once per request with `has_body`, never for one without."""

    NEED_DATA = "need data"
    """Call again after `receive_data` or `receive_eof`."""

    PAUSED = "paused"
    """The current request was read to its end; the next is not looked at before `start_next_cycle`."""

    CLOSED = "closed"
    """No further request will come from this connection: its input ended between requests, or one was rejected."""


END_OF_BODY: Final = Signal.END_OF_BODY
NEED_DATA: Final = Signal.NEED_DATA
PAUSED: Final = Signal.PAUSED
CLOSED: Final = Signal.CLOSED

Event = RequestHead | Data | Signal
