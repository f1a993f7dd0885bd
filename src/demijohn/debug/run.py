"""`DebugRun`: what all processes that debug one application have in common. Make it before the fork. Any thread."""

import secrets
from dataclasses import dataclass, field

from .attempts import Attempts
from .pin import Pin, make_pin
from .switchboard import Switchboard


@dataclass(slots=True)
class DebugRun:
    """The secret of its pages, its PIN, how often one may still be tried, and the way to the process of a frame."""

    pin: Pin
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    attempts: Attempts = field(default_factory=Attempts)
    switchboard: Switchboard = field(default_factory=Switchboard)

    @classmethod
    def of(cls, *identity: str) -> "DebugRun":
        """Begin one, for an application that is known by `identity`: with that, the PIN is the same each time."""
        return cls(make_pin(*identity))

    def close(self) -> None:
        """Clean up, when all processes have ended."""
        self.switchboard.close()
