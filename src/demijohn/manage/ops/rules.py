"""`Rules`: what counts as well, for those who ask. Plain data; who looks at it is health.py."""

from typing import Final

from ..._base.record import record

OPS_PORT: Final = 9180
"""Where operators are told if no port is said."""


@record
class Rules:
    """What counts as well. Times in seconds."""

    ready_workers: int = 1
    """So many workers must be able to take requests at once; at most as many as there should be are asked for."""
    queue_age: float = 5.0
    """A worker in which a request has waited for a thread for longer cannot."""
    heartbeat_age: float = 10.0
    """A process that has not shown for longer that it gets on does not."""

    def __post_init__(self) -> None:
        if self.ready_workers < 1:
            raise ValueError(f"ready_workers is {self.ready_workers}; it must be at least 1")
        for name in ("queue_age", "heartbeat_age"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be more than 0")
