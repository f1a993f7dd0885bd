"""What the system knows of a thread: how much of the processor it has used, and whether it waits. Any thread may ask.

Linux; elsewhere most of it cannot be told.

`time.pthread_getcpuclockid` would give the clock by the thread's handle, which must not be that of a thread that has ended: the
process may crash. The kernel's own number of a thread is checked by the kernel.
"""

import sys
import threading
import time

if sys.platform != "win32":
    import resource

_PER_THREAD_SCHED = 0b110
"""Linux: a clock's number is the complement of the thread's, shifted by three, and what it counts."""


def seconds_used(thread: threading.Thread | None) -> float | None:
    """Return for how many seconds a thread has run on a processor; `None` if it has ended, or if it cannot be told here."""
    if not sys.platform.startswith("linux") or thread is None or thread.native_id is None:
        return None
    try:
        return time.clock_gettime((~thread.native_id << 3) | _PER_THREAD_SCHED)
    except OSError:
        return None


def times_waited() -> int | None:
    """Return how often the calling thread has waited; `None` if it cannot be told here.

    What is counted are the times that it gave up the processor for want of something: a lock, bytes, the end of a sleep. That
    another thread or program was given the processor in its place does not count.
    """
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw if sys.platform.startswith("linux") else None


def is_runnable(thread: threading.Thread | None) -> bool:
    """Tell whether a thread runs, or would if it were given a processor; False if it waits, or if it cannot be told."""
    if not sys.platform.startswith("linux") or thread is None or thread.native_id is None:
        return False
    try:
        with open(f"/proc/self/task/{thread.native_id}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return False
    return stat[stat.rfind(b")") + 2 : stat.rfind(b")") + 3] == b"R"  # proc(5): its name may have anything in it
