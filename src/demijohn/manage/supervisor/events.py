"""What the supervisor's policy is told (events, past tense) and what it answers (actions, imperative). Plain data.

Nothing here acts or decides. Every event is recorded in the table first and then shown to the policy; what only tells
how an action came out (see `Outcome`) is recorded and not shown.
"""

import signal
from dataclasses import dataclass
from typing import Final

LOADER: Final = -1
"""The seat of a generation's loader: the process that loads the application and forks workers, if there is to be one."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed and nothing else happened; also the first event of all."""


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """The supervisor was sent a signal, or asked through the arbiter's methods for what that signal stands for."""

    number: signal.Signals


@dataclass(frozen=True, slots=True)
class ScaleAsked:
    """So many workers are wanted from now on."""

    wanted: int


@dataclass(frozen=True, slots=True)
class FilesChanged:
    """Files of the application have changed: it is to be loaded anew."""

    names: str
    """Which, for messages."""


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """A worker says that it could accept connections; a loader, that it could fork workers."""

    pid: int
    memory: int | None = None
    """Bytes that it takes then, see `Measure`; `None` if that was not measured."""


@dataclass(frozen=True, slots=True)
class WorkerWantsOut:
    """A worker says that it is not as good as new, and why."""

    pid: int
    reason: str


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured of one worker."""

    pid: int
    beat: int
    """Any number that changes as long as its interpreter runs."""
    requests: int = 0
    """Requests that it has taken so far."""
    memory: int | None = None
    """Bytes, its share of what is shared counted; `None` if that was not measured this time."""


@dataclass(frozen=True, slots=True)
class WorkersMeasured:
    """The workers were measured."""

    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class WorkerExited:
    """A worker was reaped. `status` is its exit code, or minus the number of the signal that killed it."""

    pid: int
    status: int
    cause: str = ""
    """The traceback that the worker reported, if it reported one."""


@dataclass(frozen=True, slots=True)
class UpgradeReady:
    """The new supervisor serves on the same sockets."""


@dataclass(frozen=True, slots=True)
class UpgradeFailed:
    """There will be no new supervisor: it could not be started, or left before it was ready."""

    cause: str


# ---------------------------------------------------------------------- outcomes


@dataclass(frozen=True, slots=True)
class WorkerSpawned:
    """A process was forked for a seat. It takes no traffic before `Opened`."""

    generation: int
    seat: int
    pid: int
    luck: float = 0.0
    """At random from 0 to 1, so that workers do not reach their limits all at once."""


@dataclass(frozen=True, slots=True)
class SpawnAsked:
    """The loader was asked to fork a worker; `WorkerSpawned` or `SpawnFailed` follows."""

    generation: int
    seat: int


@dataclass(frozen=True, slots=True)
class SpawnFailed:
    """No process could be forked for a seat (out of memory or process numbers)."""

    generation: int
    seat: int
    cause: str


@dataclass(frozen=True, slots=True)
class SignalSent:
    """A signal went out to a worker (or found it gone, which comes to the same)."""

    pid: int
    number: signal.Signals


@dataclass(frozen=True, slots=True)
class Opened:
    """A worker was told to take traffic."""

    pid: int


@dataclass(frozen=True, slots=True)
class Retired:
    """A worker is going to be replaced: it serves until another does in its place."""

    pid: int
    reason: str
    is_vain: bool = False
    """The other one will be no better."""


@dataclass(frozen=True, slots=True)
class StacksAsked:
    """A worker was made to say where its threads are."""

    pid: int


@dataclass(frozen=True, slots=True)
class GenerationBegun:
    """The settings were read for a generation of workers."""

    number: int
    wanted: int | None = None
    """How many workers these ask for; `None`: as many as now."""
    has_loader: bool = False


@dataclass(frozen=True, slots=True)
class GenerationPromoted:
    """The coming generation has become the current one."""

    number: int


@dataclass(frozen=True, slots=True)
class GenerationGivenUp:
    """The coming generation will not become the current one."""

    number: int
    cause: str


@dataclass(frozen=True, slots=True)
class UpgradeBegun:
    """A new supervisor was started."""

    pid: int


Outcome = (
    WorkerSpawned
    | SpawnAsked
    | SpawnFailed
    | SignalSent
    | Opened
    | Retired
    | StacksAsked
    | GenerationBegun
    | GenerationPromoted
    | GenerationGivenUp
    | UpgradeBegun
)

Event = (
    Tick
    | SignalReceived
    | ScaleAsked
    | FilesChanged
    | WorkerReady
    | WorkerWantsOut
    | WorkersMeasured
    | WorkerExited
    | UpgradeReady
    | UpgradeFailed
    | Outcome
)
