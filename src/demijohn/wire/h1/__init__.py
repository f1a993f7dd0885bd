"""HTTP/1.1 and 1.0, RFC 9112, as a server sees them. See README.md for the life of a connection."""

from .connection import CONTINUE, H1Connection
from .events import CLOSED, END_OF_BODY, NEED_DATA, PAUSED, Data, Event, Signal

__all__ = [
    "CLOSED",
    "CONTINUE",
    "END_OF_BODY",
    "NEED_DATA",
    "PAUSED",
    "Data",
    "Event",
    "H1Connection",
    "Signal",
]
