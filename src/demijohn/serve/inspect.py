"""`look`: all requests in flight of one server, from any thread, and where in the code each of them is.

Nothing is written down while requests are served: who wants to know looks at the connections and at the runner, and from there at
the stacks of threads. All of that goes on meanwhile. So whatever was found out about a request counts only if the same thread is
at the same request afterwards; one that has ended in the meantime is left out.
"""

import sys
import threading
from collections.abc import Collection
from dataclasses import field
from enum import StrEnum
from typing import Any

from .._base.record import record
from .answering import Answering
from .deadlines import NEVER
from .engine import Engine
from .exchange import H1Exchange
from .lingering import Lingering
from .link import Link
from .phase import Phase
from .reactor import Reactor
from .runner.inline import InlineRunner
from .runner.late import LateRunner
from .runner.queue import JobQueue
from .stacks import Place, application_place, frames_within, places_of
from .state import State

MOST_REQUESTS = 500
"""Requests that are described one by one, the eldest; all are counted."""

_RUNS = frozenset({Answering.run.__code__, Answering._after_handler.__code__})
_DRIVERS = frozenset(
    method.__code__
    for method in (Reactor.turn, InlineRunner.serve, LateRunner._follow_up, LateRunner._finish_late, JobQueue.run)
)
"""Whoever runs handlers, seen from below: what is between them may be compiled, and has no frame then."""


class Stage(StrEnum):
    """What happens with a request."""

    HEAD = "head"
    """Its head arrives."""
    BODY = "body"
    """Its body arrives."""
    QUEUED = "queued"
    """It waits for a thread; or its stream does, to go on."""
    HANDLER = "handler"
    """A thread runs the application for it, which has not begun to answer."""
    WRITING = "writing"
    """The answer has begun: the application makes more of it, or the client takes it."""
    AFTER = "after"
    """It is answered, and the application still does something."""


@record
class RequestSeen:
    """One request in flight. Times in seconds."""

    id: str
    """What `look` knows it by, while it lasts."""
    phase: Stage
    age: float
    """Since its last byte arrived; in the phases `head` and `body`, since its first or the body's first."""
    client: str
    """Address of the client, `unix` on a Unix socket."""
    connection_age: float
    connection_request: int
    """Which request of its connection it is, from 1."""
    method: str = ""
    """Empty while the head arrives, like the next two."""
    path: str = ""
    """As sent, without the query."""
    route: str = ""
    """What it leads to: the endpoint, where the application tells; else what its path looks like."""
    request_id: str | None = None
    """If somebody has asked for it."""
    thread: str = ""
    """Name of the thread that runs it, if one does."""
    thread_id: int | None = None
    """The system's number of that thread."""
    where: Place | None = None
    """The innermost line of the application that it is at, if a thread runs it."""
    stack: list[Place] = field(default_factory=list)
    """Outermost first, if it was asked for."""

    def as_json(self) -> dict[str, Any]:  # Any: what JSON has
        """See `ServerSeen.as_json`."""
        found: dict[str, Any] = {name: getattr(self, name) for name in self.__match_args__}
        found["where"] = None if self.where is None else self.where.as_json()
        found["stack"] = [{**place.as_json(), "source": place.source} for place in self.stack]
        return found


@record
class ServerSeen:
    """What one server is doing."""

    requests: list[RequestSeen]
    """The eldest first; not all of them if there are very many."""
    phases: dict[str, int]
    """How many there are of each phase."""
    idle: int
    """Connections between two requests, or before the first."""
    opening: int
    """Connections before HTTP, as in a TLS handshake."""
    closing: int
    """Connections that had their last answer."""

    def as_json(self) -> dict[str, Any]:  # Any: what JSON has
        """Return it as JSON has it, with the source's lines in stacks, which are read for that."""
        # PERF: `asdict` would copy every text, and take as long as the look itself.
        found: dict[str, Any] = {name: getattr(self, name) for name in self.__match_args__}
        found["requests"] = [one.as_json() for one in self.requests]
        return found


def look(engine: Engine, *, most: int = MOST_REQUESTS, stacks_of: Collection[str] | None = ()) -> ServerSeen:
    """Return what a server is doing. Any thread; never waits for a request.

    Args:
        engine: of the server.
        most: how many requests to describe.
        stacks_of: ids of the requests whose stacks are wanted, too; `None`: of all.
    """
    return _Look(engine, most, stacks_of).found()


class _Look:
    """One look at a server."""

    def __init__(self, engine: Engine, most: int, stacks_of: Collection[str] | None) -> None:
        self._engine = engine
        self._most = most
        self._stacks_of = stacks_of
        # In this order: what a thread runs now, and runs afterwards, it has run when its frames were taken.
        running = engine.runner.running()
        self._owners = {id(job): ident for ident, job in running.items()}
        self._exchanges = {id(job): job.exchange for job in running.values() if isinstance(job, Link)}
        self._frames = sys._current_frames()
        # It holds the frame that holds it.
        self._frames.pop(threading.get_ident(), None)
        self._names = {one.ident: one for one in threading.enumerate()}
        self._now = engine.clock.monotonic()

    def found(self) -> ServerSeen:
        links: list[tuple[float, Stage, Link, H1Exchange | None]] = []
        phases = dict.fromkeys((str(stage) for stage in Stage), 0)
        idle = opening = closing = 0
        for connection in list(self._engine.connections):  # copied in one go
            if isinstance(connection, Link):
                exchange = connection.exchange
                stage = self._stage_of(connection, exchange)
                if stage is None:
                    idle += connection.phase is not Phase.CLOSED
                    continue
                phases[stage] += 1
                links.append((self._age_of(connection, exchange, stage), stage, connection, exchange))
            elif isinstance(connection, Lingering):
                closing += 1
            else:
                opening += 1
        links.sort(key=lambda one: -one[0])
        chosen = links[: self._most]
        seen = [self._describe(*one) for one in chosen]
        self._frames.clear()  # what they hold would live as long as they do
        requests = []
        running = self._engine.runner.running()
        for (_, stage, link, exchange), request in zip(chosen, seen, strict=True):
            if self._is_same(link, exchange, running):
                requests.append(request)
            else:
                phases[stage] -= 1
        return ServerSeen(requests, phases, idle, opening, closing)

    # ------------------------------------------------------------------ one connection

    def _stage_of(self, link: Link, exchange: H1Exchange | None) -> Stage | None:
        """Return what happens on a connection; `None` if nothing does."""
        if exchange is None:
            match link.phase:
                case Phase.HEAD if link.h1.has_buffered:
                    return Stage.HEAD
                case Phase.BODY:
                    return Stage.BODY
                case Phase.SENDING:
                    return Stage.WRITING  # of a refusal
            return None
        if not link.is_handled:
            return None if link.phase is Phase.CLOSED else Stage.WRITING
        if id(link) not in self._owners:
            return Stage.QUEUED
        match exchange.state:
            case State.NEW:
                return Stage.HANDLER
            case State.DONE | State.ABORTED:
                # Under a time limit still: the server has answered in its place, and it does not know yet.
                return Stage.AFTER if exchange.time_limit is None else Stage.HANDLER
        return Stage.WRITING

    def _age_of(self, link: Link, exchange: H1Exchange | None, stage: Stage) -> float:
        if exchange is not None:
            since = exchange._began
        elif stage is Stage.BODY:
            body = link._body
            since = self._now if body is None else body.began
        elif stage is Stage.HEAD and link.deadline != NEVER:
            since = link.deadline - self._engine.options.head_timeout
        else:
            since = self._now
        return max(0.0, self._now - since)

    def _describe(self, age: float, stage: Stage, link: Link, exchange: H1Exchange | None) -> RequestSeen:
        head = link.h1.head if exchange is None else exchange.head
        peer = link.peer if exchange is None else exchange.peer
        number = link.request_count + 1 if exchange is None else exchange._number
        name = f"{id(link):x}.{number}"
        ident = self._owners.get(id(link)) if link.is_handled else None
        thread = None if ident is None else self._names.get(ident)
        places: list[Place] = []
        if ident is not None:
            frames = frames_within(self._frames.get(ident), _RUNS, _DRIVERS, self._frames)
            places = places_of(frames)
        wants_stack = self._stacks_of is None or name in self._stacks_of
        return RequestSeen(
            id=name,
            phase=stage,
            age=age,
            client="unix" if peer.remote is None else peer.remote[0],
            connection_age=max(0.0, self._now - link.opened_at),
            connection_request=number,
            method="" if head is None else head.method,
            path="" if head is None else head.path,
            route="" if head is None else self._engine.route_of(head),
            # Not `request_id`, which would make one.
            request_id=getattr(exchange, "_request_id", None),
            thread="" if thread is None else thread.name,
            thread_id=None if thread is None else thread.native_id,
            where=application_place(places),
            stack=places if wants_stack else [],
        )

    def _is_same(self, link: Link, exchange: H1Exchange | None, running: dict[int, Any]) -> bool:
        """Tell whether what was found about a connection was all about one request."""
        if link.exchange is not exchange or link.phase is Phase.CLOSED:
            return False
        ident = self._owners.get(id(link))
        if ident is None or exchange is None:
            return True
        return self._exchanges.get(id(link)) is exchange and running.get(ident) is link
