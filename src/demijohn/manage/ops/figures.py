"""`figures`: what the server counts of itself, as metrics and as JSON. Reads the board, and nothing else."""

import platform
from collections import Counter
from importlib.metadata import version
from typing import Any, Final

from ...metrics.families import Definition, Family, Kind, Labels
from ...serve import stats
from ..board import Board, RunState, Slot, WorkerState
from .health import NANO, age, queue_age

_COUNTERS: Final = (
    ("requests", "Requests given to a handler, or to the queue before it.", stats.REQUESTS),
    ("rejects", "Requests that the server itself refused: malformed, too large, too slow.", stats.REJECTS),
    ("connections_accepted", "Connections that were accepted.", stats.CONNECTIONS_ACCEPTED),
    ("connections_evicted", "Idle connections that were closed to make room for new ones.", stats.EVICTIONS),
    ("received_bytes", "Bytes that clients sent.", stats.RECEIVED_BYTES),
    ("sent_bytes", "Bytes that clients were sent.", stats.SENT_BYTES),
    ("tls_handshakes", "TLS handshakes that led to a connection.", stats.TLS_HANDSHAKES),
    ("tls_failures", "Connections to a TLS port that came to nothing.", stats.TLS_FAILURES),
    ("queued", "Requests that found every thread busy.", stats.QUEUED),
    ("promotions", "Times that another thread took over polling from one in a handler.", stats.PROMOTIONS),
    (
        "hand_overs",
        "Requests that were given to another thread because their handler is known to block.",
        stats.HAND_OVERS,
    ),
    ("threads_replaced", "Threads that died and were started anew.", stats.THREADS_REPLACED),
)

_STATES: Final = tuple(state for state in WorkerState if state is not WorkerState.NONE)


def figures(board: Board, now: float) -> list[Family]:
    """Return the server's own metrics, over all workers and those that are gone. To be called by `Board.read`."""
    slots = board.slots()
    head = board.head
    counts = [slot.stats.cells for slot in slots] + [board.retired.cells]

    def total(cell: int) -> int:
        return sum(cells[cell] for cells in counts)

    families = [_one("counter", name, text, total(cell)) for name, text, cell in _COUNTERS]
    answers = {f"{digit}xx" if digit else "none": total(stats.ANSWERS + digit) for digit in range(6)}
    families += [
        _family("counter", "answers", "Answers by status; none: requests that had no answer.", "status", answers),
        _family(
            "counter",
            "refusals",
            "Requests and connections that were turned away, by the limit.",
            "limit",
            {limit.replace(" ", "_"): total(cell) for limit, cell in stats.REFUSED.items()},
        ),
        _one("counter", "worker_deaths", "Workers that ended without having been told to.", head.restarts),
        _one("counter", "workers_recycled", "Workers replaced for their age, size, number of requests.", head.recycled),
        _family(
            "counter",
            "reloads",
            "Reloads, by how they came out.",
            "outcome",
            {"done": head.reloads, "failed": head.reload_failures},
        ),
        _one("gauge", "connections_open", "Open connections.", total(stats.CONNECTIONS_OPEN)),
        _one("gauge", "requests_in_flight", "Requests not answered yet.", total(stats.REQUESTS) - total(stats.ENDED)),
        _one("gauge", "requests_queued", "Requests that wait for a thread.", sum(slot.queued for slot in slots)),
        _one(
            "gauge",
            "queue_age_seconds",
            "How long the first of those waits.",
            max((queue_age(slot) for slot in slots), default=0),
        ),
        _family("gauge", "workers", "Workers by state.", "state", _by_state(slots)),
        _one("gauge", "workers_wanted", "How many workers there should be.", head.wanted),
        _one("gauge", "generation", "The generation that serves; a reload makes another.", head.generation),
        _one(
            "gauge",
            "heartbeat_age_seconds",
            "How long the most silent worker has not shown that it gets on; it does once a second.",
            max((age(now, slot.beat_at) for slot in slots if slot.state >= WorkerState.READY), default=0),
        ),
        _one("gauge", "supervisor_heartbeat_age_seconds", "The same of the supervisor.", age(now, head.beat_at)),
        _one("gauge", "start_time_seconds", "When the supervisor started, since the epoch.", head.started_at / NANO),
        _info(),
    ]
    return families


def status(board: Board, now: float) -> dict[str, Any]:  # Any: what JSON can say
    """Return the state of a run and its workers, for `/_dj/status`. To be called by `Board.read`."""
    head = board.head
    return {
        "state": RunState(head.state).name.lower(),
        "pid": head.pid,
        "uptime": round(max(0.0, now - head.begun_at / NANO), 1),
        "workers_wanted": head.wanted,
        "generation": head.generation,
        "worker_deaths": head.restarts,
        "workers_recycled": head.recycled,
        "reloads": head.reloads,
        "reload_failures": head.reload_failures,
        "workers": [_worker(slot, now) for slot in board.slots()],
        "retired": {**board.retired.snapshot(), "answers": board.retired.answers},
    }


def _worker(slot: Slot, now: float) -> dict[str, Any]:  # Any: what JSON can say
    return {
        "pid": slot.pid,
        "generation": slot.generation,
        "state": WorkerState(slot.state).name.lower(),
        "age": round(age(now, slot.forked_at), 1),
        "heartbeat_age": round(age(now, slot.beat_at), 1),
        "in_flight": slot.stats.in_flight,
        "queued": slot.queued,
        "queue_age": round(queue_age(slot), 1),
        **slot.stats.snapshot(),
        "answers": slot.stats.answers,
    }


def _by_state(slots: list[Slot]) -> dict[str, float]:
    found = Counter(slot.state for slot in slots)
    return {state.name.lower(): found[state] for state in _STATES}


def _info() -> Family:
    family = Family(Definition("gauge", "demijohn_info", "Versions.", ("version", "python")))
    family.series[version("demijohn"), platform.python_version()] = [1.0]
    return family


def _one(kind: Kind, name: str, text: str, value: float) -> Family:
    return Family(Definition(kind, f"demijohn_{name}", text), {(): [float(value)]})


def _family(kind: Kind, name: str, text: str, label: str, values: dict[str, float] | dict[str, int]) -> Family:
    series: dict[Labels, list[float]] = {(key,): [float(value)] for key, value in values.items()}
    return Family(Definition(kind, f"demijohn_{name}", text, (label,)), series)
