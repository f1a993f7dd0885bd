"""The seam: the four types that the framework tower and the server tower share.

`RequestHead`, `Peer`, `BodySource`, `Exchange` (and `FileSegment`, the part of a file that an answer may be).
The framework never sees a socket, the server never sees Flask's API; both see these.
"""

from .body import EMPTY_BODY, BodyError, BodySource, BodyTimeout, BodyTooLarge, BufferedBody, ClientDisconnected
from .exchange import Exchange, FileSegment, Handler, HandlerTimeout, TimeLimit
from .feed import NOTHING_YET, Feed, FeedOverflowError
from .head import RequestHead
from .peer import Peer
from .requestid import is_request_id, new_request_id

__all__ = [
    "EMPTY_BODY",
    "NOTHING_YET",
    "BodyError",
    "BodySource",
    "BodyTimeout",
    "BodyTooLarge",
    "BufferedBody",
    "ClientDisconnected",
    "Exchange",
    "Feed",
    "FeedOverflowError",
    "FileSegment",
    "Handler",
    "HandlerTimeout",
    "Peer",
    "RequestHead",
    "TimeLimit",
    "is_request_id",
    "new_request_id",
]
