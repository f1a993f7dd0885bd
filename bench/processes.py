"""What a server's processes hold: memory and open files, from /proc (Linux)."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

SERVER_CPU, CLIENT_CPU = 0, 1
"""Where servers and clients run, if not said otherwise."""


def cpu_list(cores: Iterable[int]) -> str:
    """Cores as taskset names them."""
    return ",".join(map(str, cores))


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(
            FileNotFoundError, ProcessLookupError
        ):  # a thread that has ended meanwhile; its children are another's
            for child in (task / "children").read_text().split():
                found += tree(int(child))
    return found


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants."""
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE")


def proportional_bytes(pid: int) -> int:
    """The same, but what several processes share is divided by their number."""
    return sum(_proportional_kib(Path(f"/proc/{one}/smaps_rollup").read_text()) for one in tree(pid)) * 1024


def _proportional_kib(rollup: str) -> int:
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def open_files(pid: int) -> int:
    """Descriptors of a process and its descendants."""
    return sum(len(os.listdir(f"/proc/{one}/fd")) for one in tree(pid))
