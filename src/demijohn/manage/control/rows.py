"""What is said of a server and of a worker, as JSON has it: the same of one that is supervised and of one that is not."""

import os
import sys
from functools import cache
from typing import Final

from ...serve.stats import Stats
from .protocol import Message

_PAGE_BYTES: Final = os.sysconf("SC_PAGESIZE")


def worker_row(
    pid: int,
    stats: Stats,
    *,
    state: str,
    generation: int = 1,
    age: float = 0.0,
    heartbeat_age: float | None = None,
    queued: int = 0,
    oldest_queued: float = 0.0,
) -> Message:
    """Return the row of a worker: what is known of it without asking it. Times in seconds.

    `heartbeat_age` is `None` of a process that is not watched.
    """
    return {
        "pid": pid,
        "generation": generation,
        "state": state,
        "age": age,
        "heartbeat_age": heartbeat_age,
        "requests": stats.requests,
        "in_flight": stats.in_flight,
        "connections": stats.connections_open,
        "queued": queued,
        "oldest_queued": oldest_queued,
        "memory_bytes": resident_bytes(pid),
    }


def resident_bytes(pid: int) -> int | None:
    """Return how much memory of a process is in RAM, with what it shares with others; `None` where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return None


@cache
def _version() -> str:
    from importlib.metadata import version

    return version("demijohn")  # reads files: once is enough


def facts(urls: list[str]) -> Message:
    """Return what is the same of every server."""
    return {
        "pid": os.getpid(),
        "version": _version(),
        "python": sys.version.partition(" ")[0],
        "addresses": urls,
    }
