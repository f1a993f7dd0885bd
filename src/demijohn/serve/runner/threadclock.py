"""`seconds_used`: how much of the processor another thread has used. Linux; elsewhere it cannot be told. Any thread.

`time.pthread_getcpuclockid` would do it by the thread's handle, which must not be that of a thread that has ended: the process
may crash. The kernel's own number of a thread is checked by the kernel.
"""

import sys
import threading
import time

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
