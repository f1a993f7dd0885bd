"""The rows of the supervisor's table: a worker, a seat for workers, a generation of seats. Frozen values."""

import signal
from dataclasses import dataclass, replace
from enum import Enum

from .events import LOADER


class State(Enum):
    """How far a worker is."""

    BOOTING = "booting"
    READY = "ready"
    """It could take traffic, and waits to be let. A loader stays so."""
    SERVING = "serving"


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that was forked and has not been reaped. Also a generation's loader, in the seat `LOADER`."""

    pid: int
    generation: int
    seat: int
    since: float
    """When `state` was entered."""
    state: State = State.BOOTING
    luck: float = 0.0
    sent: signal.Signals | None = None
    """The strongest signal sent to it."""
    sent_at: float = 0.0
    retired: str = ""
    """Why it is to leave once another serves in its seat."""
    wants_out: str = ""
    """Why it asked to be replaced."""
    beat: int = -1
    beat_at: float = float("-inf")
    """When `beat` was last seen to change."""
    requests: int = 0
    memory: int | None = None
    first_memory: int | None = None
    """What it took when it got ready."""
    stacks_at: float | None = None
    """When it was made to say where its threads are; then it is going to be killed."""

    @property
    def is_loader(self) -> bool:
        """It loads the application and forks; it serves nobody."""
        return self.seat == LOADER

    @property
    def is_leaving(self) -> bool:
        """It was told to leave."""
        return self.sent is not None

    @property
    def fills_seat(self) -> bool:
        """Nobody else is needed in its seat."""
        return not self.sent and not self.retired


@dataclass(frozen=True, slots=True)
class Seat:
    """A place for a worker, and the record of those that held it."""

    since: float = float("-inf")
    """When it was vacated."""
    early_deaths: int = 0
    """Workers in a row that died before they served, or soon after."""
    is_asked: bool = False
    """The loader was asked to fork a worker for it."""
    vain_renewals: int = 0
    """Workers that were replaced although others would be no better."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Workers with the same code and settings."""

    number: int
    wanted: int
    """How many workers it is to have: the first `wanted` seats. Seats behind those are left vacant, with their record."""
    seats: tuple[Seat, ...]
    has_loader: bool = False
    loader: Seat = Seat()
    was_ready: bool = False
    """Some worker of it has been ready: the application can boot."""
    cause: str = ""
    """Why the last worker that failed to boot did so, as it told."""
    cause_count: int = 0
    """How often in a row that was the cause."""
    is_doomed: bool = False
    """Its application cannot be found: there is no sense in another attempt."""

    @classmethod
    def empty(cls, number: int, wanted: int, *, has_loader: bool = False) -> "Generation":
        """Return a generation that nobody belongs to yet."""
        return cls(number, wanted, (Seat(),) * wanted, has_loader)

    def seat(self, number: int) -> Seat:
        """Return a seat, `LOADER` too."""
        return self.loader if number == LOADER else self.seats[number]

    def with_seat(self, number: int, seat: Seat) -> "Generation":
        """Return the generation with another record of a seat."""
        if number == LOADER:
            return replace(self, loader=seat)
        return replace(self, seats=(*self.seats[:number], seat, *self.seats[number + 1 :]))

    def with_wanted(self, wanted: int) -> "Generation":
        """Return the generation with another number of workers wanted."""
        return replace(self, wanted=wanted, seats=self.seats + (Seat(),) * (wanted - len(self.seats)))

    def renewed_in_vain(self, number: int) -> "Generation":
        """Return the generation when the worker in a seat is going to be replaced by one that will be no better."""
        seat = self.seat(number)
        return self.with_seat(number, replace(seat, vain_renewals=seat.vain_renewals + 1))

    def failed(self, number: int, now: float, cause: str) -> "Generation":
        """Return the generation after one more early death in a seat."""
        seat = self.seat(number)
        after = self.with_seat(number, replace(seat, since=now, early_deaths=seat.early_deaths + 1))
        if not cause:
            return after
        return replace(after, cause=cause, cause_count=self.cause_count + 1 if cause == self.cause else 1)
