"""What a server's processes hold: memory and open files, from /proc (Linux)."""

import os
from pathlib import Path


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants."""
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> int:
    """Descriptors of a process and its descendants."""
    return sum(len(os.listdir(f"/proc/{one}/fd")) for one in tree(pid))
