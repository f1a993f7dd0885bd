"""What the supervisor's policy answers: actions, in the imperative. Plain data; the arbiter carries them out."""

import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spawn:
    """Fork a worker for a seat, or a loader for the seat `LOADER`. Outcomes: `WorkerSpawned`, `SpawnAsked`, `SpawnFailed`."""

    generation: int
    seat: int


@dataclass(frozen=True, slots=True)
class SendSignal:
    """Signal a worker that has not been reaped. Outcome: `SignalSent`."""

    pid: int
    number: signal.Signals


@dataclass(frozen=True, slots=True)
class Open:
    """Let a worker that is ready take traffic. Outcome: `Opened`."""

    pid: int


@dataclass(frozen=True, slots=True)
class Retire:
    """Have it known that a worker is to be replaced. Outcome: `Retired`."""

    pid: int
    reason: str
    is_vain: bool = False
    """The other one will be no better."""


@dataclass(frozen=True, slots=True)
class DumpStacks:
    """Make a worker say where its threads are, even if its interpreter stands still. Outcome: `StacksAsked`."""

    pid: int


@dataclass(frozen=True, slots=True)
class BeginGeneration:
    """Read the settings anew. Outcomes: `GenerationBegun`, `GenerationGivenUp`."""

    number: int


@dataclass(frozen=True, slots=True)
class Promote:
    """Make the coming generation the current one. Outcome: `GenerationPromoted`."""

    number: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Make do without the coming generation. Outcome: `GenerationGivenUp`."""

    number: int
    cause: str


@dataclass(frozen=True, slots=True)
class ReopenLogs:
    """Open log files anew, here and in all workers."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Start a new supervisor on the same sockets. Outcomes: `UpgradeBegun`, `UpgradeFailed`."""


@dataclass(frozen=True, slots=True)
class StopListening:
    """Close the supervisor's copies of the listening sockets: once the workers have closed theirs, the port is free.

    May be asked for more than once.
    """


@dataclass(frozen=True, slots=True)
class Log:
    """Tell the operator. `level` is one of `logging`'s numbers."""

    level: int
    message: str


@dataclass(frozen=True, slots=True)
class Exit:
    """Leave; no worker is left."""

    code: int


Action = (
    Spawn
    | SendSignal
    | Open
    | Retire
    | DumpStacks
    | BeginGeneration
    | Promote
    | GiveUp
    | ReopenLogs
    | Upgrade
    | StopListening
    | Log
    | Exit
)
