"""Where processor time went while something was measured: to the server, and to others on the server's cores. Linux."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from ..processes import tree

_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """All in seconds; of processor time but for `elapsed`."""

    elapsed: float
    cores: int
    server: float
    others: float
    """On the server's cores, by whoever else: the client if it shares them, and whatever this machine does beside."""


class Account:
    """Opened when it is made."""

    def __init__(self, pid: int, cores: list[int]) -> None:
        self._pid = pid
        self._cores = cores
        self._server = spent_seconds(pid)
        self._busy = _busy_seconds(cores)
        self._began = time.monotonic()

    def close(self) -> Spent:
        """What was spent since."""
        elapsed = time.monotonic() - self._began
        server = spent_seconds(self._pid) - self._server
        busy = _busy_seconds(self._cores) - self._busy
        return Spent(elapsed, len(self._cores), server, max(0.0, busy - server))


def spent_seconds(pid: int) -> float:
    """Processor time of a process and its descendants so far, their ended threads included."""
    return sum(spent_ticks(Path(f"/proc/{one}/stat").read_text()) for one in tree(pid)) * _TICK


def spent_ticks(stat: str) -> int:
    """User and system time of `/proc/PID/stat`; the name, which may have blanks and brackets, ends at the last bracket."""
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _busy_seconds(cores: list[int]) -> float:
    wanted = {f"cpu{core}" for core in cores}
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    return sum(busy_ticks(fields[1:]) for fields in lines if fields and fields[0] in wanted) * _TICK


def busy_ticks(fields: list[str]) -> int:
    """Of a line of `/proc/stat`: all but idle and waiting for a disk; guests' time is in user time already."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
    return user + nice + system + irq + softirq + steal
