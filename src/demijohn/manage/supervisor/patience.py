"""`Patience`: what a supervisor puts up with until a worker is renewed or killed; `Supervision`: that, and how workers are made.

Here: plain data, which settings are read into. Not here: what is done by it (policy.py), which only a supervisor imports.
"""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from ..._base.record import record

if TYPE_CHECKING:
    from .link import FilesOf


@record
class Patience:
    """See `SupervisorPolicy`. Times in seconds."""

    graceful_timeout: float = 30.0
    """How long a worker may take to finish its requests after SIGTERM, before it is killed."""
    quick_timeout: float = 3.0
    """How long a worker may take to leave after SIGQUIT."""
    first_delay: float = 0.1
    """Wait before a worker is replaced that died early; doubled for each further early death in a row."""
    longest_delay: float = 30.0
    """Upper bound of that wait."""
    boot_attempts: int = 3
    """Failed boots of one seat after which a generation that has not served yet is given up."""
    worker_timeout: float | None = 30.0
    """How long a worker's interpreter may stand still. `None`: for ever."""
    boot_timeout: float | None = 600.0
    """How long a worker may take until it is ready. `None`: for ever."""
    max_requests: int | None = None
    """How many requests a worker takes before it is replaced. `None`: any number."""
    max_requests_jitter: int = 0
    """Up to so many requests more, at random."""
    max_age: float | None = None
    """How long a worker serves before it is replaced, and up to a tenth longer, at random. `None`: for ever."""
    max_memory: int | None = None
    """With more bytes in memory (proportional set size) a worker is replaced. `None`: any number."""

    def __post_init__(self) -> None:
        for name in ("worker_timeout", "boot_timeout", "max_age"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} is {value}; it must be more than 0, or None for no limit")
        for name in ("max_requests", "max_memory"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1, or None for no limit")
        if self.max_requests_jitter < 0:
            raise ValueError(f"max_requests_jitter is {self.max_requests_jitter}; it must not be negative")


@record
class Supervision:
    """How workers are made and looked after."""

    patience: Patience = field(default_factory=Patience)
    preload: bool = False
    """An application that is to be loaded is loaded once, in a process from which the workers are forked."""
    warmup: Sequence[str] = ()
    """Paths that each worker answers to itself before it is ready."""
    metrics_bytes: int = 1 << 20
    """Memory for the application's metrics, for each worker."""
    files: "Callable[[], FilesOf] | None" = None
    """If the application is to be loaded anew when its files change: see `Plan`."""
