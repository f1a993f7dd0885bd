"""`SupervisorPolicy`: from what is known, what to do next. Pure: no clock, no system call, no state of its own.

The policy looks at the table as a whole each time, not only at the event, so a lost or repeated event does no harm: whatever
is missing is spawned, whatever is too much is signalled, whatever overstays is killed. Asked again after its actions were
recorded, it says what follows from them, until nothing does.
"""

import signal
from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from ..._base.record import record
from ..exitcodes import EXIT_BOOT_FAILED, EXIT_NOT_FOUND
from .actions import (
    Action,
    BeginGeneration,
    DumpStacks,
    Exit,
    GiveUp,
    Open,
    Promote,
    ReopenLogs,
    Retire,
    SendSignal,
    Spawn,
    StopListening,
    Upgrade,
)
from .events import LOADER, Event, SignalReceived, UpgradeReady
from .patience import Patience
from .reports import failure_of, hopeless, hung, is_late, overstayed, report, too_large
from .rows import Generation, Seat, State, Worker
from .table import WorkerTable

_STRENGTH: Final = {None: 0, signal.SIGTERM: 1, signal.SIGQUIT: 2, signal.SIGKILL: 3}

_STACKS_SECONDS: Final = 1.0
"""How long a worker may take to say where its threads are, before it is killed."""

_AGE_JITTER: Final = 0.1
"""Part of `max_age` that workers live longer, at random."""


_LONGEST_VAIN: Final = 600.0
"""Seconds that a worker serves at most although it takes too much memory, if it did so from the start."""


@record
class SupervisorPolicy(Patience):
    """Keeps the wanted number of workers alive, renews them, and stops them in order. Times in seconds."""

    @classmethod
    def of(cls, patience: Patience, graceful_timeout: float) -> "SupervisorPolicy":
        """Return the policy of a patience, with another `graceful_timeout`."""
        values = {each.name: getattr(patience, each.name) for each in fields(patience)}
        return cls(**{**values, "graceful_timeout": graceful_timeout})

    def decide(self, table: WorkerTable, event: Event, now: float) -> list[Action]:
        """Return what to do, in order. `table` has `event` recorded already."""
        actions: list[Action] = [*report(table, event)]
        if isinstance(event, SignalReceived) and event.number == signal.SIGUSR1:
            actions.append(ReopenLogs())
        if table.stop_requests:
            actions += self._stop_all(table, event, now)
        elif self._is_hopeless(table):
            actions += self._give_all_up(table, now)
        else:
            if isinstance(event, SignalReceived) and event.number == signal.SIGUSR2 and not table.is_upgrading:
                actions.append(Upgrade())
            # What follows from a turn, and from the other generation being the current one, is said when that is recorded.
            actions += [*self._reload(table)] or self._tend(table, now)
        return actions

    def _tend(self, table: WorkerTable, now: float) -> Iterator[Action]:
        """Fill seats, let workers serve, renew and end them."""
        for generation in table.generations:
            yield from self._fill(table, generation, now)
        yield from self._open(table)
        yield from self._recycle(table, now)
        for worker in table.workers:
            yield from self._look_after(table, worker, now)

    def wake_time(self, table: WorkerTable) -> float | None:
        """Return when `decide` will have something to do although nothing happens; `None` for never."""
        times = [one.sent_at + self._patience(one.sent) for one in table.workers if self._patience(one.sent) > 0]
        if not table.stop_requests:
            times += [self._spawn_time(seat) for one in table.generations for _, seat in self._vacancies(table, one)]
            times += [due for one in table.workers if (due := self._stall_time(table, one)) is not None]
            if self._may_recycle(table):
                for one in self._recyclable(table):
                    times += [due for due in (self._old_time(one), self._large_time(table, one)) if due is not None]
        return min(times, default=None)

    # ------------------------------------------------------------------ generations

    def _reload(self, table: WorkerTable) -> Iterator[Action]:
        """Begin a generation, put it in the place of the current one, or give it up."""
        coming = table.coming
        if coming is None:
            if table.is_reload_asked and table.was_ready and not table.is_paused and self._may_reload(table):
                yield BeginGeneration(table.last_number + 1)
        elif self._is_exhausted(coming):
            yield GiveUp(coming.number, failure_of(coming))
        else:
            ready = {one.seat for one in table.members(coming) if one.state is State.READY and one.fills_seat}
            if ready.issuperset(range(coming.wanted)):
                yield Promote(coming.number)

    def _may_reload(self, table: WorkerTable) -> bool:
        """Tell whether memory and processors are to be burdened with one more generation."""
        return sum(one.is_leaving for one in table.workers) <= 2 * table.wanted

    def _is_exhausted(self, generation: Generation) -> bool:
        seats = (generation.loader, *generation.seats[: generation.wanted])
        return generation.is_doomed or any(seat.early_deaths >= self.boot_attempts for seat in seats)

    def _is_hopeless(self, table: WorkerTable) -> bool:
        """No worker has ever been ready, none is on its way, and a seat has used up its attempts."""
        if table.was_ready or any(not one.is_loader for one in table.workers):
            return False
        return self._is_exhausted(table.current) and not any(seat.is_asked for seat in table.current.seats)

    # ------------------------------------------------------------------ filling seats

    def _fill(self, table: WorkerTable, generation: Generation, now: float) -> Iterator[Action]:
        for number, seat in self._vacancies(table, generation):
            if now >= self._spawn_time(seat):
                yield Spawn(generation.number, number)

    def _vacancies(self, table: WorkerTable, generation: Generation) -> Iterator[tuple[int, Seat]]:
        """Return the seats for which a process is to be forked now or later."""
        if table.is_paused and generation is table.current:
            return
        is_new = generation is table.coming or not table.was_ready
        if is_new and self._is_exhausted(generation):
            return
        if generation.has_loader:
            loader = table.occupant(generation, LOADER)
            if loader is None:
                yield LOADER, generation.loader
            if loader is None or loader.state is State.BOOTING:
                return
        for number, seat in enumerate(generation.seats[: generation.wanted]):
            if not seat.is_asked and table.occupant(generation, number) is None:
                yield number, seat

    def _spawn_time(self, seat: Seat) -> float:
        """When a vacant seat is due for its next worker."""
        if seat.early_deaths == 0:
            return seat.since
        return seat.since + _backed_off(self.first_delay, seat.early_deaths - 1, self.longest_delay)

    def _open(self, table: WorkerTable) -> Iterator[Action]:
        """Let the workers of the current generation serve as soon as they can; of the coming one, none before all."""
        for one in table.members(table.current):
            if one.state is State.READY and one.fills_seat:
                yield Open(one.pid)

    # ------------------------------------------------------------------ renewing workers

    def _may_recycle(self, table: WorkerTable) -> bool:
        """Never two at once, and none while all are being replaced anyway."""
        return table.coming is None and not any(one.retired for one in table.workers)

    def _recyclable(self, table: WorkerTable) -> Iterator[Worker]:
        if table.is_paused:
            return
        for one in table.members(table.current):
            if one.state is State.SERVING and one.fills_seat and one.seat < table.wanted:
                yield one

    def _recycle(self, table: WorkerTable, now: float) -> Iterator[Action]:
        if not self._may_recycle(table):
            return
        for one in self._recyclable(table):
            reason = self._reason_to_go(one, now)
            if reason:
                yield Retire(one.pid, reason)
                return
            due = self._large_time(table, one)
            if due is not None and now >= due and self.max_memory is not None:
                is_vain = self._is_born_large(one)
                if is_vain:
                    yield too_large(one, self.max_memory, self._vain_delay(table, one, more=1))
                yield Retire(one.pid, f"it takes {(one.memory or 0) / (1 << 20):.0f} MiB of memory", is_vain)
                return

    def _reason_to_go(self, worker: Worker, now: float) -> str:
        if worker.wants_out:
            return worker.wants_out
        if self.max_requests is not None:
            limit = self.max_requests + round(worker.luck * self.max_requests_jitter)
            if worker.requests >= limit:
                return f"it has taken {worker.requests} requests"
        old = self._old_time(worker)
        if old is not None and now >= old:
            return f"it has served for {now - worker.since:.0f} s"
        return ""

    def _large_time(self, table: WorkerTable, worker: Worker) -> float | None:
        """When a worker is to be replaced because it takes too much memory; `None` if it does not."""
        if self.max_memory is None or worker.memory is None or worker.memory <= self.max_memory:
            return None
        return worker.since + self._vain_delay(table, worker) if self._is_born_large(worker) else worker.since

    def _is_born_large(self, worker: Worker) -> bool:
        return self.max_memory is not None and (worker.first_memory or 0) > self.max_memory

    def _vain_delay(self, table: WorkerTable, worker: Worker, more: int = 0) -> float:
        """How long a worker serves although it is too large, if it was so from the start."""
        generation = table.generation(worker.generation)
        count = more if generation is None else generation.seat(worker.seat).vain_renewals + more
        return _backed_off(self.first_delay, count, _LONGEST_VAIN)

    def _old_time(self, worker: Worker) -> float | None:
        return None if self.max_age is None else worker.since + self.max_age * (1.0 + _AGE_JITTER * worker.luck)

    # ------------------------------------------------------------------ ending workers

    def _look_after(self, table: WorkerTable, worker: Worker, now: float) -> Iterator[Action]:
        """End a worker that has nothing to do here any more, or does not get on."""
        if worker.is_leaving or self._is_needless(table, worker):
            yield from self._stop(worker, signal.SIGTERM, now)
            return
        due = self._stall_time(table, worker)
        if due is None or now < due:
            return
        if worker.stacks_at is None:
            yield hung(worker)
            yield DumpStacks(worker.pid)
        else:
            yield is_late(worker)
            yield SendSignal(worker.pid, signal.SIGKILL)

    def _stall_time(self, table: WorkerTable, worker: Worker) -> float | None:
        """When something is to be done about a worker that does not get on; `None` for never."""
        if worker.is_leaving:
            return None
        if worker.stacks_at is not None:
            return worker.stacks_at + _STACKS_SECONDS
        if worker.state is State.BOOTING:
            return None if self.boot_timeout is None else worker.since + self.boot_timeout
        if worker.is_loader:
            return None
        # Against what was measured, not the time: a supervisor that was itself stopped must not take the first look for the last.
        is_hung = self.worker_timeout is not None and table.measured_at >= worker.beat_at + self.worker_timeout
        return table.measured_at if is_hung else None

    def _is_needless(self, table: WorkerTable, worker: Worker) -> bool:
        generation = table.generation(worker.generation)
        if worker.is_loader:
            # It forked its workers, and ends when they have ended.
            return generation is None and not any(
                one.generation == worker.generation for one in table.workers if one is not worker
            )
        if generation is None:
            return worker.state is not State.SERVING or self._is_filled(table)
        if table.is_paused and generation is table.current:
            return True
        if worker.seat >= generation.wanted:
            return True
        if not worker.retired:
            return False
        successor = table.occupant(generation, worker.seat)
        return successor is not None and successor.state is State.SERVING

    def _is_filled(self, table: WorkerTable) -> bool:
        serving = {
            one.seat for one in table.members(table.current) if one.state is State.SERVING and not one.is_leaving
        }
        return table.is_paused or serving.issuperset(range(table.wanted))

    def _patience(self, sent: signal.Signals | None) -> float:
        """How long to wait after a signal before the next stronger one; 0 where there is none to wait for."""
        if sent == signal.SIGTERM:
            return self.graceful_timeout
        return self.quick_timeout if sent == signal.SIGQUIT else 0.0

    def _stop(self, worker: Worker, wanted: signal.Signals, now: float) -> Iterator[Action]:
        """Signal a worker, if it has not been told already, or has been told for too long."""
        patience = self._patience(worker.sent)
        if patience > 0 and now >= worker.sent_at + patience:
            yield overstayed(worker, patience)
            yield SendSignal(worker.pid, signal.SIGKILL)
        elif _STRENGTH[worker.sent] < _STRENGTH[wanted]:
            yield SendSignal(worker.pid, wanted)

    def _give_all_up(self, table: WorkerTable, now: float) -> Iterator[Action]:
        """Leave, behind the loader if there is one."""
        for worker in table.workers:
            yield from self._stop(worker, signal.SIGTERM, now)
        if not table.workers:
            yield hopeless(table.current)
            yield Exit(EXIT_NOT_FOUND if table.current.is_doomed else EXIT_BOOT_FAILED)

    def _stop_all(self, table: WorkerTable, event: Event, now: float) -> Iterator[Action]:
        if isinstance(event, SignalReceived | UpgradeReady):
            yield StopListening()
        wanted = signal.SIGTERM if table.stop_requests == 1 else signal.SIGQUIT
        is_asked = any(seat.is_asked for generation in table.generations for seat in generation.seats)
        for worker in table.workers:
            others = (one.generation for one in table.workers if one is not worker)
            # A loader ends when all that it forked, or is about to fork, have ended.
            is_needed = worker.is_loader and not worker.is_leaving and (is_asked or worker.generation in others)
            if is_needed and wanted == signal.SIGTERM:
                continue
            yield from self._stop(worker, wanted, now)
        if not table.workers:
            yield Exit(0)


def _backed_off(first: float, doublings: int, most: float) -> float:
    # The exponent is bounded because a float is not: 2.0 ** 1024 overflows.
    delay: float = first * 2.0 ** min(doublings, 64)
    return min(delay, most)
