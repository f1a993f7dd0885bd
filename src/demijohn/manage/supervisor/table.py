"""`WorkerTable`: what the supervisor knows about its workers. A frozen value; `record` gives the next one.

No decisions here (policy.py) and no system calls (arbiter.py). Times are whatever clock the arbiter passes as `now`.
"""

import signal
from dataclasses import dataclass, replace
from enum import Enum

from .events import Event, SignalReceived, SignalSent, SpawnFailed, Tick, WorkerExited, WorkerReady, WorkerSpawned

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})


class SlotState(Enum):
    """What a slot holds."""

    VACANT = "vacant"
    BOOTING = "booting"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Slot:
    """One place for a worker, and the record of those that held it."""

    state: SlotState = SlotState.VACANT
    pid: int = 0
    """Process id of the worker; 0 while vacant."""
    since: float = float("-inf")
    """When `state` was entered."""
    early_deaths: int = 0
    """Workers in a row that died before they were ready, or soon after."""
    sent: signal.Signals | None = None
    """The strongest signal sent to this worker."""
    sent_at: float = 0.0
    """When `sent` went out."""

    @property
    def is_live(self) -> bool:
        """A process was forked for the slot and has not been reaped."""
        return self.state is not SlotState.VACANT


@dataclass(frozen=True, slots=True)
class WorkerTable:
    """All slots, and what was asked of the supervisor as a whole."""

    slots: tuple[Slot, ...]
    wanted: int
    """How many workers there should be: the first `wanted` slots. Slots behind those are left vacant, with their record."""
    settle_seconds: float = 5.0
    """A worker that dies within this time of being ready has died early."""
    stop_requests: int = 0
    """0: run. 1: finish what is in flight, then leave. 2 and more: leave now."""
    was_ready: bool = False
    """Some worker has been ready once: the application can boot."""
    last_cause: str = ""
    """Why the last worker that failed to boot did so, as it told."""

    @classmethod
    def empty(cls, wanted: int, settle_seconds: float = 5.0) -> "WorkerTable":
        """Return the table of a supervisor that is about to start `wanted` workers."""
        return cls(slots=(Slot(),) * wanted, wanted=wanted, settle_seconds=settle_seconds)

    @property
    def live(self) -> tuple[Slot, ...]:
        """The slots that hold a process."""
        return tuple(slot for slot in self.slots if slot.is_live)

    def slot_of(self, pid: int) -> int | None:
        """Return the number of the slot that holds process `pid`; `None` for a stranger."""
        for number, slot in enumerate(self.slots):
            if slot.is_live and slot.pid == pid:
                return number
        return None

    def record(self, event: Event, now: float) -> "WorkerTable":
        """Return the table after `event`. Events about processes that are not in the table change nothing."""
        match event:
            case Tick():
                return self
            case SignalReceived(number):
                return self._signal_received(number)
            case WorkerSpawned(number, pid):
                before = self.slots[number]
                born = Slot(state=SlotState.BOOTING, pid=pid, since=now, early_deaths=before.early_deaths)
                return self._with_slot(number, born)
            case SpawnFailed(number, cause):
                return replace(self._vacated(number, early=True, now=now), last_cause=cause)
            case WorkerReady(pid):
                return self._worker_ready(pid, now)
            case WorkerExited(pid, _, cause):
                return self._worker_exited(pid, cause, now)
            case SignalSent(pid, number):
                slot_number = self.slot_of(pid)
                if slot_number is None:
                    return self
                return self._with_slot(slot_number, replace(self.slots[slot_number], sent=number, sent_at=now))

    def _signal_received(self, number: signal.Signals) -> "WorkerTable":
        if number in STOP_SIGNALS:
            return replace(self, stop_requests=self.stop_requests + 1)
        if number == signal.SIGQUIT:
            return replace(self, stop_requests=max(2, self.stop_requests + 1))
        if number == signal.SIGTTIN:
            wanted = self.wanted + 1
            return replace(self, wanted=wanted, slots=self.slots + (Slot(),) * (wanted - len(self.slots)))
        if number == signal.SIGTTOU:
            return replace(self, wanted=max(1, self.wanted - 1))
        return self

    def _worker_ready(self, pid: int, now: float) -> "WorkerTable":
        number = self.slot_of(pid)
        if number is None or self.slots[number].state is SlotState.READY:
            return self
        ready = replace(self.slots[number], state=SlotState.READY, since=now)
        return replace(self._with_slot(number, ready), was_ready=True)

    def _worker_exited(self, pid: int, cause: str, now: float) -> "WorkerTable":
        number = self.slot_of(pid)
        if number is None:
            return self
        slot = self.slots[number]
        was_asked = slot.sent is not None
        early = not was_asked and (slot.state is SlotState.BOOTING or now - slot.since < self.settle_seconds)
        table = self._vacated(number, early=early, now=now)
        return replace(table, last_cause=cause) if cause else table

    def _vacated(self, number: int, *, early: bool, now: float) -> "WorkerTable":
        deaths = self.slots[number].early_deaths + 1 if early else 0
        return self._with_slot(number, Slot(since=now, early_deaths=deaths))

    def _with_slot(self, number: int, slot: Slot) -> "WorkerTable":
        return replace(self, slots=(*self.slots[:number], slot, *self.slots[number + 1 :]))
