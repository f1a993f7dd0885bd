"""`SupervisorPolicy`: from what is known, what to do next. Pure: no clock, no system call, no state of its own.

The policy looks at the table as a whole each time, not only at the event, so a lost or repeated event does no harm: whatever
is missing is spawned, whatever is too much is signalled, whatever overstays is killed.
"""

import logging
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .events import (
    Action,
    Event,
    Exit,
    Log,
    SendSignal,
    SignalReceived,
    Spawn,
    StopListening,
    WorkerExited,
    WorkerReady,
)
from .table import Slot, WorkerTable

EXIT_BOOT_FAILED: Final = 3
"""Exit code of a supervisor whose workers never became ready, and of a worker that could not boot."""

_STRENGTH: Final = {None: 0, signal.SIGTERM: 1, signal.SIGQUIT: 2, signal.SIGKILL: 3}


@dataclass(frozen=True, slots=True)
class SupervisorPolicy:
    """Keeps the wanted number of workers alive; stops them in order. Times in seconds."""

    graceful_timeout: float = 30.0
    """How long a worker may take to finish its requests after SIGTERM, before it is killed."""
    quick_timeout: float = 3.0
    """How long a worker may take to leave after SIGQUIT."""
    first_delay: float = 0.1
    """Wait before a worker is replaced that died early; doubled for each further early death in a row."""
    longest_delay: float = 30.0
    """Upper bound of that wait."""
    boot_attempts: int = 3
    """Failed boots of one slot after which the supervisor gives up, as long as no worker has ever been ready."""

    def decide(self, table: WorkerTable, event: Event, now: float) -> list[Action]:
        """Return what to do, in order. `table` has `event` recorded already."""
        actions: list[Action] = [*self._report(table, event)]
        if table.stop_requests:
            if isinstance(event, SignalReceived):
                actions.append(StopListening())
            wanted_signal = signal.SIGTERM if table.stop_requests == 1 else signal.SIGQUIT
            actions += [action for slot in table.live for action in self._stop(slot, wanted_signal, now)]
            if not table.live:
                actions.append(Exit(0))
            return actions
        if self._is_hopeless(table):
            actions.append(Log(logging.CRITICAL, _hopeless_message(table)))
            actions.append(Exit(EXIT_BOOT_FAILED))
            return actions
        for number, slot in enumerate(table.slots):
            if number >= table.wanted:
                actions += self._stop(slot, signal.SIGTERM, now)
            elif slot.is_live:
                if slot.sent is not None:
                    # Asked to leave when fewer were wanted; it is replaced once it is gone.
                    actions += self._stop(slot, signal.SIGTERM, now)
            elif not self._is_exhausted(table, slot) and now >= self._spawn_time(slot):
                actions.append(Spawn(number))
        return actions

    def wake_time(self, table: WorkerTable) -> float | None:
        """Return when `decide` will have something to do although nothing happens; `None` for never."""
        times = [slot.sent_at + self._patience(slot.sent) for slot in table.live if self._patience(slot.sent) > 0]
        if not table.stop_requests:
            times += [
                self._spawn_time(slot)
                for slot in table.slots[: table.wanted]
                if not slot.is_live and not self._is_exhausted(table, slot)
            ]
        return min(times, default=None)

    def _spawn_time(self, slot: Slot) -> float:
        """When a vacant slot is due for its next worker."""
        if slot.early_deaths == 0:
            return slot.since
        # The exponent is bounded because a float is not: 2.0 ** 1024 overflows.
        delay: float = self.first_delay * 2.0 ** min(slot.early_deaths - 1, 64)
        return slot.since + min(delay, self.longest_delay)

    def _is_exhausted(self, table: WorkerTable, slot: Slot) -> bool:
        return not table.was_ready and slot.early_deaths >= self.boot_attempts

    def _is_hopeless(self, table: WorkerTable) -> bool:
        """No worker has ever been ready, none is on its way, and a slot has used up its attempts."""
        return not table.live and any(self._is_exhausted(table, slot) for slot in table.slots[: table.wanted])

    def _patience(self, sent: signal.Signals | None) -> float:
        """How long to wait after a signal before the next stronger one; 0 where there is none to wait for."""
        if sent == signal.SIGTERM:
            return self.graceful_timeout
        return self.quick_timeout if sent == signal.SIGQUIT else 0.0

    def _stop(self, slot: Slot, wanted: signal.Signals, now: float) -> Iterator[Action]:
        """Signal the worker of a slot, if it has not been told already, or has been told for too long."""
        if not slot.is_live:
            return
        patience = self._patience(slot.sent)
        if patience > 0 and now >= slot.sent_at + patience:
            yield Log(logging.WARNING, f"Worker {slot.pid} is still there after {patience:g} s; killing it.")
            yield SendSignal(slot.pid, signal.SIGKILL)
        elif _STRENGTH[slot.sent] < _STRENGTH[wanted]:
            yield SendSignal(slot.pid, wanted)

    def _report(self, table: WorkerTable, event: Event) -> Iterator[Log]:
        """Say what happened, where an operator would want to know."""
        match event:
            case WorkerReady(pid) if not table.stop_requests:
                yield Log(logging.INFO, f"Worker {pid} is ready.")
            case WorkerExited(pid, status) if not table.stop_requests:
                how = _describe_status(status)
                yield Log(logging.INFO if status == 0 else logging.ERROR, f"Worker {pid} {how}.")
            case WorkerExited(pid, status) if status not in {0, -signal.SIGTERM}:
                yield Log(logging.WARNING, f"Worker {pid} {_describe_status(status)} while stopping.")
            case SignalReceived(number) if table.stop_requests == 1:
                yield Log(
                    logging.INFO,
                    f"{number.name}: stopping once the requests in flight are answered; again to stop at once.",
                )
            case SignalReceived(number) if table.stop_requests > 1:
                yield Log(logging.WARNING, f"{number.name}: stopping now.")
            case SignalReceived(number):
                yield Log(logging.INFO, f"{number.name}: {table.wanted} workers wanted.")


def _describe_status(status: int) -> str:
    if status >= 0:
        return f"exited with code {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was killed by {name}"


def _hopeless_message(table: WorkerTable) -> str:
    attempts = max(slot.early_deaths for slot in table.slots)
    message = f"No worker could boot in {attempts} attempts; giving up."
    return f"{message} The last one said:\n{table.last_cause.rstrip()}" if table.last_cause else message
