"""`memory_of`: how much memory a process takes.

Proportional set size where the kernel tells it: pages that were shared by a fork count once, and not for each worker.
"""

import contextlib
import os


def memory_of(pid: int) -> int | None:
    """Return bytes: the proportional set size, else the resident set size; `None` if neither can be found out."""
    with (
        contextlib.suppress(OSError, ValueError, IndexError),
        open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file,
    ):
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return None
