"""What is said of a worker, in words and numbers that JSON has: the same of a supervised one and of one that serves alone."""

import os
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
