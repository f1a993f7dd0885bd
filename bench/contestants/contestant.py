"""`Contestant`: one server with one application, and the words it is started with. Data; nothing is started here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

WORKLOADS = frozenset(
    (
        *("hello", "json", "session", "page", "form", "upload", "static10k", "static1m", "static304"),
        *("stream", "sleep", "mixed"),
    )
)
"""Keys of all that the applications of apps/ answer; see apps/README.md."""


class Kind(Enum):
    """What a contestant is compared as."""

    OURS = auto()
    FLASK = auto()
    """A deployment of Flask."""
    FRAMEWORK = auto()
    """Another Python framework on a server of its users' choice."""
    LIMIT = auto()
    """What this machine can do without Python."""


class NotPossible(Exception):
    """A contestant cannot do what a setting asks for; the message is a reason, for a table."""


@dataclass(frozen=True)
class Setting:
    """What one measurement asks of a server."""

    port: int
    scratch: Path
    """An empty directory for this run: configuration, process ids."""
    files: Path
    """The directory with `10k.bin` and `1m.bin`, served below /static/."""
    threads: int | None = None
    """`None`: what is recommended for the contestant."""
    processes: int = 1
    certificate: tuple[Path, Path] | None = None
    """Certificate and key, PEM: serve TLS."""
    connections: int | None = None
    """So many are going to stay open, idle for minutes."""


@dataclass(frozen=True)
class Command:
    """How a server is started; its working directory is the project's root."""

    argv: list[str]
    environ: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """One server with one application."""

    name: str
    kind: Kind
    settings: str
    """How it is run, and on whose advice; printed with the results."""
    workloads: frozenset[str]
    packages: tuple[str, ...]
    """Distributions whose versions are printed."""
    how: Callable[[Setting], Command] = field(repr=False, compare=False)
    importing: tuple[str, ...] = ()
    """The command that does nothing but import the framework, if that is measured."""
    environment: str = ""
    """The virtual environment it lives in, see environments.py; empty for what is no Python package."""

    def command(self, setting: Setting) -> Command:
        """Return how to start it so.

        Raises:
            NotPossible: it cannot be run so.
        """
        return self.how(setting)


def refuse(setting: Setting, *, tls: str = "", processes: str = "", threads: str = "", connections: str = "") -> None:
    """Raise `NotPossible` with the first of these reasons that a setting meets."""
    met = (
        (tls, setting.certificate is not None),
        (processes, setting.processes > 1),
        (threads, setting.threads is not None),
        (connections, setting.connections is not None),
    )
    for reason, is_asked in met:
        if reason and is_asked:
            raise NotPossible(reason)
