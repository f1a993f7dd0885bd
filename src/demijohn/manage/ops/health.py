"""`live`, `ready`: whether a run is well, by what the board says. Pure: a board and a time in, a verdict out."""

from dataclasses import dataclass

from ..board import Board, RunState, Slot, WorkerState
from .rules import Rules

NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`text` says why, for a person."""

    is_well: bool
    text: str


def age(now: float, at: int) -> float:
    """Return how long ago a time of the board was, in seconds."""
    return max(0.0, now - at / NANO)


def queue_age(slot: Slot) -> float:
    """Return for how long the first request of a worker had waited for a thread when its heart beat last; 0 if there was none."""
    since = slot.queued_since
    return max(0, slot.beat_at - since) / NANO if since else 0.0


def live(board: Board, rules: Rules, now: float) -> Verdict:
    """Tell whether the supervisor gets on; if not, there is nothing better than to start everything anew."""
    silent = age(now, board.head.beat_at)
    if silent > rules.heartbeat_age:
        return Verdict(False, f"the supervisor has not got on for {silent:.1f} s")
    return Verdict(True, "ok")


def ready(board: Board, rules: Rules, now: float) -> Verdict:
    """Tell whether requests would be answered soon."""
    life = live(board, rules, now)
    if not life.is_well:
        return life
    if board.head.state == RunState.STOPPING:
        return Verdict(False, "stopping")
    troubles = []
    count = 0
    for slot in board.slots():
        if slot.state == WorkerState.SERVING:
            trouble = _trouble(slot, rules, now)
            count += not trouble
            if trouble:
                troubles.append(f"worker {slot.pid} {trouble}")
    needed = max(1, min(rules.ready_workers, board.head.wanted))
    text = f"{count} of {board.head.wanted} workers are ready"
    if count >= needed:
        return Verdict(True, "\n".join(["ok", text, *troubles]))
    return Verdict(False, "\n".join([f"{text}, and {needed} should be", *troubles]))


def _trouble(slot: Slot, rules: Rules, now: float) -> str:
    silent = age(now, slot.beat_at)
    if silent > rules.heartbeat_age:
        return f"has not got on for {silent:.1f} s"
    waited = queue_age(slot)
    if waited > rules.queue_age:
        return f"has a request that has waited for a thread for {waited:.1f} s"
    return ""
