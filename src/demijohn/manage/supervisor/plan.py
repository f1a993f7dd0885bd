"""`Plan`: what a generation of workers is made by: how its application is loaded, how a server is made of it, and how many."""

from collections.abc import Callable
from dataclasses import dataclass, field

from .link import FilesOf, WorkerLink
from .policy import SupervisorPolicy
from .stopwatch import Serving

Boot = Callable[[WorkerLink], Serving]
"""Makes the server, in the worker. An exception is a failed boot."""


class BootError(Exception):
    """A worker cannot boot, for a reason that needs no traceback. The message is for a person."""


class NoApplicationError(BootError):
    """There is no application where it is said to be, and further attempts will not find one. The message is for a person."""


class PlanError(Exception):
    """No generation can be made: settings cannot be used. The message is for a person."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Loaded:
    """An application in memory."""

    boot: Boot
    unload: Callable[[], None] = _nothing
    """Called in the process that loaded it, when the last worker made of it has ended."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one generation is made."""

    load: Callable[[], Loaded]
    """Loads the application. Called in a process of the generation, never in the arbiter: in each worker, or in the loader.

    Raises `NoApplicationError` if there is none; whatever else it raises is a failed boot.
    """
    policy: SupervisorPolicy = field(default_factory=SupervisorPolicy)
    """Its graceful_timeout should not be shorter than `drain_timeout`."""
    wanted: int | None = None
    """How many workers; `None`: as many as now."""
    has_loader: bool = False
    """Load once, in a process that then forks the workers (Linux; elsewhere each worker loads for itself)."""
    drain_timeout: float = 30.0
    """How long the server's graceful stop takes at most, in seconds."""
    files: Callable[[], FilesOf] | None = None
    """Called in each process of the generation before it loads; what that returns is asked for files, and the arbiter is told."""
