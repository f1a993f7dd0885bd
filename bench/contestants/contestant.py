"""What a contestant is: one framework on one server, how it is started, and what it can do. No contestant is here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

EVERYTHING = frozenset(
    {
        "hello",
        "json",
        "session",
        "page",
        "form",
        "upload",
        "static10k",
        "static1m",
        "static304",
        "stream",
        "sleep",
        "mixed",
    }
)
"""All that the applications have."""


class Kind(Enum):
    """What a contestant is to a reader."""

    OURS = auto()
    FLASK = auto()
    """A deployment of Flask."""
    FRAMEWORK = auto()
    """Another Python framework."""
    LIMIT = auto()
    """What this machine can do at all."""


class NotPossible(Exception):
    """A contestant cannot be run so; says why."""


@dataclass(frozen=True)
class Setting:
    """What one measurement asks for."""

    port: int
    scratch: Path
    """An empty directory for this run: config files, pid files."""
    files: Path
    """The directory with 10k.bin and 1m.bin, served below /static/."""
    threads: int | None = None
    """`None`: the contestant's recommended default."""
    processes: int = 1
    certificate: tuple[Path, Path] | None = None
    """Certificate and key, PEM: serve TLS."""
    connections: int | None = None
    """So many are to be held idle for minutes: with room for them, and an idle time limit above that."""


@dataclass(frozen=True)
class Command:
    """How a server is started, in the project's root."""

    argv: list[str]
    environ: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """One framework on one server."""

    name: str
    kind: Kind
    settings: str
    """How it is run, and why so."""
    workloads: frozenset[str]
    """Keys of what it can do."""
    packages: tuple[str, ...]
    """Distributions whose versions are printed."""
    start: Callable[[Setting], Command] = field(repr=False)
    """Raises `NotPossible`."""
    importing: tuple[str, ...] = ()
    """The command that does nothing but import the framework, if it is in Python."""

    def command(self, setting: Setting) -> Command:
        """How it is started for a measurement. Raises `NotPossible`, with the reason, where it cannot do that."""
        return self.start(setting)
