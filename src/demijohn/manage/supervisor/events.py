"""What the supervisor's policy is told (events, past tense) and what it answers (actions, imperative). Plain data.

Nothing here acts or decides. Every event is recorded in the table first and then shown to the policy; what only tells
how an action came out (`WorkerSpawned`, `SpawnFailed`, `SignalSent`) is recorded and not shown.
"""

import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed and nothing else happened; also the first event of all."""


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """The supervisor was sent a signal, or asked through the arbiter's methods for what that signal stands for."""

    number: signal.Signals


@dataclass(frozen=True, slots=True)
class WorkerSpawned:
    """A process was forked for a slot. It takes no traffic before `WorkerReady`."""

    slot: int
    pid: int


@dataclass(frozen=True, slots=True)
class SpawnFailed:
    """No process could be forked for a slot (out of memory or process numbers)."""

    slot: int
    cause: str


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """A worker says that it accepts connections."""

    pid: int


@dataclass(frozen=True, slots=True)
class WorkerExited:
    """A worker was reaped. `status` is its exit code, or minus the number of the signal that killed it."""

    pid: int
    status: int
    cause: str = ""
    """The traceback that the worker reported, if it reported one."""


@dataclass(frozen=True, slots=True)
class SignalSent:
    """A signal went out to a worker (or found it gone, which comes to the same)."""

    pid: int
    number: signal.Signals


Event = Tick | SignalReceived | WorkerSpawned | SpawnFailed | WorkerReady | WorkerExited | SignalSent


@dataclass(frozen=True, slots=True)
class Spawn:
    """Fork a worker for a slot."""

    slot: int


@dataclass(frozen=True, slots=True)
class SendSignal:
    """Signal a worker that has not been reaped."""

    pid: int
    number: signal.Signals


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


Action = Spawn | SendSignal | StopListening | Log | Exit
