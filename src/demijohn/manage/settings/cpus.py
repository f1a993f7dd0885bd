"""How many CPUs this process may use: by its affinity, and by the limits of the cgroups it is in (v1 and v2; Linux).

Read when it is asked; any thread.
"""

import os
import sys
from collections.abc import Iterator
from typing import Final

THREADS: Final = 16
"""How many threads a process has unless it is said, for each CPU that it can use at a time: most of them wait."""

_MOST_THREADS: Final = 64


def available_cpus(root: str = "/") -> int:
    """Return how many CPUs this process may keep busy, at least 1. A limit of two and a half CPUs counts as 2.

    `root` is where `proc` is found.
    """
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([count, *(int(quota) for quota in _quotas(root))]))


def threads_for(workers: int, cpus: int) -> int:
    """Return how many threads each of some processes should have."""
    is_gil_enabled = getattr(sys, "_is_gil_enabled", None)
    if is_gil_enabled is None or is_gil_enabled():
        return THREADS
    return min(_MOST_THREADS, THREADS * max(1, cpus // workers))


def _quotas(root: str) -> Iterator[float]:
    """Give the limits, in CPUs, of all cgroups that this process is in, and of those around them."""
    for version, mount, top, group in _cgroups(root):
        # In a container the path may be the host's, where the mount shows only a part; what is there counts.
        relative = os.path.relpath(group, top) if group.startswith(top) else "."
        folder = os.path.normpath(os.path.join(mount, relative))
        while True:
            quota = _quota_v2(folder) if version == 2 else _quota_v1(folder)
            if quota is not None:
                yield quota
            if len(folder) <= len(mount):
                break
            folder = os.path.dirname(folder)


def _cgroups(root: str) -> Iterator[tuple[int, str, str, str]]:
    """Give for each hierarchy that limits CPUs: version, where it is mounted, what of it is mounted, and our path in it."""
    groups: dict[str, str] = {}
    for line in _lines(os.path.join(root, "proc/self/cgroup")):
        _, controllers, path = line.split(":", 2)
        groups["" if not controllers else "cpu" if "cpu" in controllers.split(",") else controllers] = path
    for line in _lines(os.path.join(root, "proc/self/mountinfo")):
        before, _, after = line.partition(" - ")
        top, mount = before.split(" ")[3:5]
        kind, _, options = after.split(" ", 2)
        mount = os.path.join(root, mount.lstrip("/"))
        if kind == "cgroup2" and "" in groups:
            yield 2, mount, top, groups[""]
        elif kind == "cgroup" and "cpu" in options.split(",") and "cpu" in groups:
            yield 1, mount, top, groups["cpu"]


def _quota_v2(folder: str) -> float | None:
    limit, period = [*_words(os.path.join(folder, "cpu.max")), "max", "100000"][:2]
    return _quotient(limit, period)


def _quota_v1(folder: str) -> float | None:
    limit = _words(os.path.join(folder, "cpu.cfs_quota_us"))
    period = _words(os.path.join(folder, "cpu.cfs_period_us"))
    return _quotient(limit[0], period[0]) if limit and period else None


def _quotient(limit: str, period: str) -> float | None:
    """Return how many CPUs a time in each period is; `None` for no limit, which v2 calls `max`, v1 -1."""
    if limit.isdecimal() and period.isdecimal() and int(limit) and int(period):
        return int(limit) / int(period)
    return None


def _words(path: str) -> list[str]:
    return " ".join(_lines(path)).split()


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().splitlines()
    except OSError:
        return []  # not Linux, or no such controller
