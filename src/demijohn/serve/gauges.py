"""`read_gauges`: how a server stands at the moment. Any thread; counted when asked, so that it costs requests nothing.

What has happened since the start is in stats.py.
"""

from collections import Counter
from dataclasses import asdict

from .._base.record import record
from .engine import Engine
from .lingering import Lingering
from .link import Link
from .phase import Phase

_NAMES = {
    Phase.IDLE: "idle",
    Phase.HEAD: "heads",
    Phase.BODY: "bodies",
    Phase.SENDING: "sending",
    Phase.FEEDING: "sending",
}


@record
class Gauges:
    """Each connection counts once. Connections change while they are counted: the sum is right to within a few."""

    idle: int
    """Connections between two requests."""
    heads: int
    """Connections whose request's head has not come whole, or not at all yet."""
    bodies: int
    """Connections whose request's body is arriving; not those that a handler reads."""
    handled: int
    """Connections whose request is in a handler, or waits for a thread."""
    sending: int
    """Connections that wait for their client to take the answer, or for the application to have more of it (`Feed`)."""
    opening: int
    """Connections that have something before HTTP to do: TLS, a PROXY line."""
    lingering: int
    """Connections that have had their last answer."""
    queued: int
    """Requests that wait for a thread."""
    oldest_queued: float
    """Seconds that the next of them has waited."""
    unsent_bytes: int
    """Bytes of answers that wait for their clients, those of files included."""

    def snapshot(self) -> dict[str, object]:
        """Return them as a dict."""
        return asdict(self)


def read_gauges(engine: Engine) -> Gauges:
    """Look at everything that is open."""
    counts: Counter[str] = Counter()
    unsent = 0
    # `tuple` of a set is one step for the interpreter: the leader adds and removes meanwhile.
    for connection in tuple(engine.connections):
        if isinstance(connection, Link):
            counts["handled" if connection.is_handled else _NAMES.get(connection.phase, "closed")] += 1
            unsent += connection.outbox.size
        else:
            counts["lingering" if isinstance(connection, Lingering) else "opening"] += 1
    queue = engine.runner.queue
    return Gauges(
        idle=counts["idle"],
        heads=counts["heads"],
        bodies=counts["bodies"],
        handled=counts["handled"],
        sending=counts["sending"],
        opening=counts["opening"],
        lingering=counts["lingering"],
        queued=len(queue),
        oldest_queued=queue.oldest_age(engine.clock.monotonic()),
        unsent_bytes=unsent,
    )
