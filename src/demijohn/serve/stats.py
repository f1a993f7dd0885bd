"""`Stats`: counts of one server process since it started."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Stats:
    """Plain counters. Each is written by the polling thread only, so that none needs a lock; any thread may read them."""

    connections_accepted: int = 0
    connections_open: int = 0
    evictions: int = 0
    """Connections closed to make room for new ones: idle ones, and heads that did not come whole."""
    requests: int = 0
    """Requests given to a handler."""
    rejects: int = 0
    """Requests refused by the server itself: malformed, too large, too slow."""
    queued: int = 0
    """`late`: requests that found every thread busy and had to wait."""
    promotions: int = 0
    """Times a thread took over polling from one that stayed too long in a handler. Written by the watcher."""
    hand_overs: int = 0
    """Times polling was given away before a handler that is known to block."""
    tls_handshakes: int = 0
    """TLS handshakes that led to a connection."""
    tls_failures: int = 0
    """Connections to a TLS port that came to nothing: no TLS, no agreement, no certificate, too slow."""
    threads_replaced: int = 0
    """Threads that died and were started anew."""

    def snapshot(self) -> dict[str, int]:
        """Return the counters as a dict."""
        return asdict(self)
