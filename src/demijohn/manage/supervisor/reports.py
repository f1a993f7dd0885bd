"""What the supervisor tells the operator, in words. Pure; used by the policy."""

import logging
import signal
from collections.abc import Iterator

from .actions import Log
from .events import (
    Event,
    FilesChanged,
    GenerationBegun,
    GenerationGivenUp,
    GenerationPromoted,
    Retired,
    ScaleAsked,
    SignalReceived,
    UpgradeBegun,
    UpgradeFailed,
    UpgradeReady,
    WorkerExited,
    WorkerReady,
)
from .rows import Generation, State, Worker
from .table import STOP_SIGNALS, WorkerTable


def report(table: WorkerTable, event: Event) -> Iterator[Log]:
    """Say what happened, where an operator would want to know."""
    match event:
        case WorkerReady(pid) if not table.stop_requests:
            yield from _ready(table, pid)
        case WorkerExited():
            yield from _exited(table, event)
        case SignalReceived(number):
            yield from _signalled(table, number)
        case ScaleAsked() if not table.stop_requests:
            yield Log(logging.INFO, f"{table.wanted} workers wanted.")
        case FilesChanged(names) if not table.stop_requests:
            yield _files_changed(table, names)
        case UpgradeReady():
            yield Log(logging.INFO, "The new supervisor serves; stopping once the requests in flight are answered.")
        case UpgradeFailed(cause):
            yield Log(logging.ERROR, f"The upgrade came to nothing; this supervisor goes on. {cause}")


def outcome(event: Event) -> Log | None:
    """Say how an action came out, where that is not said otherwise."""
    match event:
        case GenerationBegun(number):
            return Log(logging.INFO, f"Reloading: generation {number} boots.")
        case GenerationPromoted(number):
            return Log(logging.INFO, f"Reloaded: generation {number} takes over.")
        case GenerationGivenUp(number, cause):
            return Log(
                logging.ERROR, f"The reload came to nothing; what served before goes on. Generation {number}: {cause}"
            )
        case UpgradeFailed(cause):
            return Log(logging.ERROR, f"The upgrade came to nothing; this supervisor goes on. {cause}")
        case Retired(pid, reason, _):
            return Log(logging.INFO, f"Worker {pid} is replaced: {reason}.")
        case UpgradeBegun(pid):
            return Log(logging.INFO, f"Upgrading: process {pid} is started and takes over once it is ready.")
    return None


def _files_changed(table: WorkerTable, names: str) -> Log:
    if table.is_paused:
        return Log(logging.INFO, f"{names} changed: reloading once there are workers again.")
    if table.coming is not None or not table.was_ready:
        return Log(logging.INFO, f"Reloading once more after what is under way, because {names} changed.")
    return Log(logging.INFO, f"Reloading because {names} changed.")


def _ready(table: WorkerTable, pid: int) -> Iterator[Log]:
    worker = table.worker(pid)
    if worker is not None:
        yield Log(logging.INFO, f"{_name(worker)} is ready.")


def _exited(table: WorkerTable, event: WorkerExited) -> Iterator[Log]:
    how = describe_status(event.status)
    if table.stop_requests:
        if event.status not in {0, -signal.SIGTERM}:
            yield Log(logging.WARNING, f"Worker {event.pid} {how} while stopping.")
        return
    yield Log(logging.INFO if event.status == 0 else logging.ERROR, f"Worker {event.pid} {how}.")
    if event.cause:
        counts = [one.cause_count for one in table.generations if one.cause == event.cause]
        if counts and counts[0] > 1:
            yield Log(logging.ERROR, f"Worker {event.pid} could not boot, for the same reason.")
        else:
            yield Log(logging.ERROR, f"Worker {event.pid} could not boot:\n{event.cause.rstrip()}")


def _signalled(table: WorkerTable, number: signal.Signals) -> Iterator[Log]:
    if number in STOP_SIGNALS or number == signal.SIGQUIT:
        if table.stop_requests == 1:
            yield Log(
                logging.INFO,
                f"{number.name}: stopping once the requests in flight are answered; again to stop at once.",
            )
        else:
            yield Log(logging.WARNING, f"{number.name}: stopping now.")
    elif table.stop_requests:
        yield Log(logging.INFO, f"{number.name} is of no effect while stopping.")
    elif number in {signal.SIGTTIN, signal.SIGTTOU}:
        yield Log(logging.INFO, f"{number.name}: {table.wanted} workers wanted.")
    elif number == signal.SIGHUP and table.coming is not None:
        yield Log(logging.INFO, "SIGHUP: reloading once more after the reload that is under way.")
    elif number == signal.SIGUSR1:
        yield Log(logging.INFO, "SIGUSR1: opening the log files anew.")
    elif number == signal.SIGUSR2 and table.is_upgrading:
        yield Log(logging.INFO, "SIGUSR2: an upgrade is under way already.")
    elif number == signal.SIGWINCH:
        yield Log(logging.INFO, "SIGWINCH: workers stop, the supervisor stays; SIGHUP or SIGTTIN starts them again.")


def hung(worker: Worker) -> Log:
    """Say that a worker does not get on, and will be made to say where it is."""
    if worker.state is State.BOOTING:
        return Log(logging.ERROR, f"{_name(worker)} has not become ready in time.")
    return Log(logging.CRITICAL, f"{_name(worker)} is hung: its interpreter stands still.")


def too_large(worker: Worker, most: int, seconds: float) -> Log:
    """Say that it is of no use to replace a worker, for the next one is as large."""
    return Log(
        logging.WARNING,
        f"max_memory is {_mebibytes(most)}, but worker {worker.pid} took {_mebibytes(worker.first_memory or 0)} when it had just"
        f" booted, and another one will be no smaller. Raise max_memory; the next one is replaced after {seconds:g} s, and so on,"
        " less and less often.",
    )


def _mebibytes(count: int) -> str:
    return f"{count / (1 << 20):.0f} MiB"


def is_late(worker: Worker) -> Log:
    """Say that it is killed for that."""
    return Log(logging.ERROR, f"{_name(worker)} is killed and replaced.")


def overstayed(worker: Worker, seconds: float) -> Log:
    """Say that a worker takes too long to leave."""
    return Log(logging.WARNING, f"{_name(worker)} is still there after {seconds:g} s; killing it.")


def hopeless(generation: Generation) -> Log:
    """Say why nothing will ever be served."""
    return Log(logging.CRITICAL, f"{_attempts(generation)}; giving up.{_cause_of(generation)}")


def failure_of(generation: Generation) -> str:
    """Say why a generation will not serve."""
    return f"{_attempts(generation)}.{_cause_of(generation)}"


def _attempts(generation: Generation) -> str:
    if generation.is_doomed:
        return "There is no application"
    attempts = max(seat.early_deaths for seat in (generation.loader, *generation.seats))
    if generation.loader.early_deaths == attempts:
        return f"The application could not be loaded in {attempts} attempts"
    return f"{'A' if generation.was_ready else 'No'} worker could {'not ' * generation.was_ready}boot in {attempts} attempts"


def _cause_of(generation: Generation) -> str:
    return f" The last one said:\n{generation.cause.rstrip()}" if generation.cause else ""


def _name(worker: Worker) -> str:
    return f"{'Loader' if worker.is_loader else 'Worker'} {worker.pid}"


def describe_status(status: int) -> str:
    """Say how a process ended, by its exit code, or minus the number of a signal."""
    if status >= 0:
        return f"exited with code {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was killed by {name}"
