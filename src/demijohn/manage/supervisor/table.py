"""`WorkerTable`: what the supervisor knows about its workers. A frozen value; `record` gives the next one.

No decisions here (policy.py) and no system calls (arbiter.py). Times are whatever clock the arbiter passes as `now`.
"""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ..exitcodes import EXIT_NOT_FOUND
from .events import (
    Event,
    FilesChanged,
    GenerationBegun,
    GenerationGivenUp,
    GenerationPromoted,
    Opened,
    Retired,
    ScaleAsked,
    SignalReceived,
    SignalSent,
    SpawnAsked,
    SpawnFailed,
    StacksAsked,
    Tick,
    UpgradeBegun,
    UpgradeFailed,
    UpgradeReady,
    WorkerExited,
    WorkerReady,
    WorkersMeasured,
    WorkerSpawned,
    WorkerWantsOut,
)
from .rows import Generation, State, Worker

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

_LATE_MEASURE = 5.0
"""If the supervisor itself was stopped for longer than this, that nobody's heart was seen to beat proves nothing."""


@dataclass(frozen=True, slots=True)
class WorkerTable:
    """All workers, and what was asked of the supervisor as a whole."""

    current: Generation
    """The generation that serves."""
    coming: Generation | None = None
    """The generation that boots, to replace the current one."""
    workers: tuple[Worker, ...] = ()
    """Everybody who lives, the eldest first; also of generations that are neither `current` nor `coming`."""
    settle_seconds: float = 5.0
    """A worker that dies within this time of being let serve has died early."""
    stop_requests: int = 0
    """0: run. 1: finish what is in flight, then leave. 2 and more: leave now."""
    is_reload_asked: bool = False
    is_paused: bool = False
    """No workers are wanted at the moment."""
    was_ready: bool = False
    """Some worker has been ready once."""
    last_number: int = 1
    """Of the youngest generation."""
    last_failure: str = ""
    """Why the last reload came to nothing; empty if it did not."""
    measured_at: float = float("-inf")
    is_upgrading: bool = False
    """A new supervisor is starting."""
    is_replaced: bool = False
    """A new supervisor serves."""

    @classmethod
    def empty(cls, wanted: int, settle_seconds: float = 5.0, *, has_loader: bool = False) -> "WorkerTable":
        """Return the table of a supervisor that is about to start `wanted` workers."""
        return cls(Generation.empty(1, wanted, has_loader=has_loader), settle_seconds=settle_seconds)

    @property
    def wanted(self) -> int:
        """How many workers there should be."""
        return self.current.wanted

    @property
    def generations(self) -> tuple[Generation, ...]:
        """The one or two generations that are to have workers."""
        return (self.current,) if self.coming is None else (self.current, self.coming)

    def worker(self, pid: int) -> Worker | None:
        """Return the worker that is process `pid`; `None` for a stranger."""
        return next((worker for worker in self.workers if worker.pid == pid), None)

    def generation(self, number: int) -> Generation | None:
        """Return one of `generations`."""
        return next((one for one in self.generations if one.number == number), None)

    def members(self, generation: Generation) -> Iterator[Worker]:
        """Return the workers of a generation, without its loader."""
        return (one for one in self.workers if one.generation == generation.number and not one.is_loader)

    def occupant(self, generation: Generation, seat: int) -> Worker | None:
        """Return the worker that fills a seat; not one that is going to leave."""
        return next(
            (
                one
                for one in self.workers
                if one.generation == generation.number and one.seat == seat and one.fills_seat
            ),
            None,
        )

    # ------------------------------------------------------------------ the next table

    def record(self, event: Event, now: float) -> "WorkerTable":
        """Return the table after `event`. Events about processes that are not in the table change nothing."""
        match event:
            case Tick():
                return self
            case SignalReceived(number):
                return self._signal_received(number)
            case ScaleAsked(wanted):
                return self._scaled(max(1, wanted))
            case FilesChanged():
                return self if self.stop_requests else replace(self, is_reload_asked=True)
            case WorkerSpawned(generation, seat, pid, luck):
                born = Worker(pid, generation, seat, now, luck=luck, beat_at=now)
                return replace(self._asked(generation, seat, is_asked=False), workers=(*self.workers, born))
            case SpawnAsked(generation, seat):
                return self._asked(generation, seat, is_asked=True)
            case SpawnFailed(generation, seat, cause):
                table = self._asked(generation, seat, is_asked=False)
                return table._with_generation(generation, lambda one: one.failed(seat, now, cause))
            case WorkerExited():
                return self._worker_exited(event, now)
            case WorkersMeasured():
                return self._measured(event, now)
            case GenerationBegun() | GenerationPromoted() | GenerationGivenUp():
                return self._turned(event)
            case UpgradeBegun():
                return replace(self, is_upgrading=True)
            case UpgradeFailed():
                return replace(self, is_upgrading=False)
            case UpgradeReady():
                return replace(self, is_upgrading=False, is_replaced=True, stop_requests=max(1, self.stop_requests))
            case _:
                return self._of_one(event, now)

    def _of_one(
        self, event: WorkerReady | WorkerWantsOut | SignalSent | Opened | Retired | StacksAsked, now: float
    ) -> "WorkerTable":
        """Record what changes nothing but one worker."""
        worker = self.worker(event.pid)
        if worker is None:
            return self
        match event:
            case WorkerReady(_, memory):
                return self._worker_ready(replace(worker, memory=memory, first_memory=memory), now)
            case WorkerWantsOut(_, reason):
                after = replace(worker, wants_out=reason)
            case SignalSent(_, number):
                after = replace(worker, sent=number, sent_at=now)
            case Opened():
                after = replace(worker, state=State.SERVING, since=now, beat_at=now)
            case Retired(_, reason, is_vain):
                table = self._with_worker(replace(worker, retired=reason))
                if not is_vain:
                    return table
                return table._with_generation(worker.generation, lambda one: one.renewed_in_vain(worker.seat))
            case StacksAsked():
                after = replace(worker, stacks_at=now)
        return self._with_worker(after)

    def _signal_received(self, number: signal.Signals) -> "WorkerTable":
        if number in STOP_SIGNALS:
            return replace(self, stop_requests=self.stop_requests + 1)
        if number == signal.SIGQUIT:
            return replace(self, stop_requests=max(2, self.stop_requests + 1))
        if self.stop_requests:
            return self
        if number == signal.SIGTTIN:
            return self._scaled(self.wanted + 1)
        if number == signal.SIGTTOU:
            return self._scaled(max(1, self.wanted - 1))
        if number == signal.SIGHUP:
            return replace(self, is_reload_asked=True, is_paused=False)
        if number == signal.SIGWINCH:
            return replace(self, is_paused=True)
        return self

    def _scaled(self, wanted: int) -> "WorkerTable":
        coming = None if self.coming is None else self.coming.with_wanted(wanted)
        return replace(self, current=self.current.with_wanted(wanted), coming=coming, is_paused=False)

    def _asked(self, generation: int, seat: int, *, is_asked: bool) -> "WorkerTable":
        return self._with_generation(
            generation, lambda one: one.with_seat(seat, replace(one.seat(seat), is_asked=is_asked))
        )

    def _worker_ready(self, worker: Worker, now: float) -> "WorkerTable":
        if worker.state is not State.BOOTING:
            return self
        # It was late, and maybe made to say where it was; but now it is here, and is to be killed no more.
        table = self._with_worker(replace(worker, state=State.READY, since=now, beat_at=now, stacks_at=None))
        if worker.is_loader:
            return table
        table = table._with_generation(worker.generation, lambda one: replace(one, was_ready=True))
        return replace(table, was_ready=True)

    def _worker_exited(self, event: WorkerExited, now: float) -> "WorkerTable":
        worker = self.worker(event.pid)
        if worker is None:
            return self
        table = replace(self, workers=tuple(one for one in self.workers if one is not worker))
        generation = table.generation(worker.generation)
        if generation is None:
            return table
        is_young = worker.state is State.BOOTING or now - worker.since < self.settle_seconds
        if worker.is_loader:
            is_young = worker.state is State.BOOTING
        was_asked = worker.is_leaving and worker.stacks_at is None
        if is_young and not was_asked:
            table = table._with_generation(worker.generation, lambda one: one.failed(worker.seat, now, event.cause))
            if worker.state is State.BOOTING and event.status == EXIT_NOT_FOUND:
                table = table._with_generation(worker.generation, lambda one: replace(one, is_doomed=True))
        elif worker.fills_seat or table.occupant(generation, worker.seat) is not None:
            # A life long enough, and nobody in its place who has yet to show that he lives as long.
            seat = generation.seat(worker.seat)
            if seat.since <= worker.since:
                vacant = replace(seat, since=now, early_deaths=0)
                table = table._with_generation(worker.generation, lambda one: one.with_seat(worker.seat, vacant))
            # Otherwise a replacement failed while this one lived: the next attempt has its time already.
        if worker.is_loader:
            # Whoever it was asked for will not come.
            table = table._with_generation(worker.generation, _unasked)
        return table

    def _measured(self, event: WorkersMeasured, now: float) -> "WorkerTable":
        is_late = now - self.measured_at > _LATE_MEASURE
        measures = {measure.pid: measure for measure in event.measures}
        workers = []
        for worker in self.workers:
            measure = measures.get(worker.pid)
            if measure is not None:
                has_beaten = is_late or measure.beat != worker.beat
                worker = replace(  # noqa: PLW2901 - the same worker, as it is now
                    worker,
                    beat=measure.beat,
                    beat_at=now if has_beaten else worker.beat_at,
                    requests=measure.requests,
                    memory=worker.memory if measure.memory is None else measure.memory,
                )
            workers.append(worker)
        return replace(self, workers=tuple(workers), measured_at=now)

    def _turned(self, event: GenerationBegun | GenerationPromoted | GenerationGivenUp) -> "WorkerTable":
        match event:
            case GenerationBegun(number, wanted, has_loader):
                coming = Generation.empty(number, wanted or self.wanted, has_loader=has_loader)
                return replace(self, coming=coming, last_number=number, is_reload_asked=False)
            case GenerationPromoted(number) if self.coming is not None and self.coming.number == number:
                return replace(self, current=self.coming, coming=None, last_failure="")
            case GenerationGivenUp(number, cause):
                return replace(
                    self,
                    coming=None,
                    last_number=max(self.last_number, number),
                    last_failure=cause,
                    is_reload_asked=self.is_reload_asked and self.coming is not None,
                )
        return self

    # ------------------------------------------------------------------ parts

    def _with_worker(self, after: Worker) -> "WorkerTable":
        return replace(self, workers=tuple(after if one.pid == after.pid else one for one in self.workers))

    def _with_generation(self, number: int, change: Callable[[Generation], Generation]) -> "WorkerTable":
        """Return the table with a generation changed; one that is past has no record any more."""
        if self.current.number == number:
            return replace(self, current=change(self.current))
        if self.coming is not None and self.coming.number == number:
            return replace(self, coming=change(self.coming))
        return self


def _unasked(generation: Generation) -> Generation:
    return replace(generation, seats=tuple(replace(seat, is_asked=False) for seat in generation.seats))
