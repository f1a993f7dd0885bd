"""`Slot`: a place for a thread of the `late` runner, and what that thread is doing. Who may change what, late.py says."""

import threading
from collections import deque
from enum import Enum
from queue import SimpleQueue

from ..engine import Job


class Role(Enum):
    """What a thread is doing; its successor goes on from there if it dies."""

    FOLLOWING = "waits to be promoted, or woken"
    WOKEN = "was told that a job waits"
    LEADING = "polls and runs handlers"
    LATE = "runs a handler after another thread took over polling"


# PERF: a member of an enumeration is looked up in its class and that one's class, each time.
FOLLOWING, WOKEN, LEADING, LATE = Role.FOLLOWING, Role.WOKEN, Role.LEADING, Role.LATE


class Slot:
    """A place for a thread. The thread may die; the slot and its inbox stay, so that a promotion is never lost."""

    __slots__ = ("computed", "ending", "inbox", "job", "number", "offer", "role", "thread")

    def __init__(self, number: int) -> None:
        self.number = number
        self.inbox: SimpleQueue[bool] = SimpleQueue()  # True: you lead, or a job waits; False: stop
        self.role = FOLLOWING
        self.job: Job | None = None  # that runs
        self.ending: Job | None = None  # that has run, and is about to be handed in
        # The token while this slot's thread, as the leader, is in a handler. Each slot has its own: a thread that has become
        # late must not take what its successor offers for what it had offered itself.
        self.offer: deque[Job] = deque()
        self.thread: threading.Thread | None = None
        # The processor time of the thread at the end of its last job, if that was slow and the thread has not led since.
        self.computed: float | None = None
