"""`JobQueue`: jobs that wait for a thread, in the order they came, and what becomes of those that wait for too long.

Put in by the leader, taken by whoever has a thread. A request for which there is no room, or that has waited too long, is
refused with 503 and `Retry-After`: its client has most likely given up, and work for nobody would keep those waiting who have
not. An answer that has begun, as a stream that goes on, is never refused.

The age is looked at when a thread takes a job, and once a second besides: if no thread ever comes back, the clients are told
all the same. A fixed age is enough here. CoDel, which drops when the queue has not been short for a while, exists to slow down
senders that share a queue; these senders wait for their answer before they send more, so the queue is as long as they are many.
"""

import math
import threading
from collections import deque
from typing import Protocol

from ..deadlines import NEVER
from ..engine import Engine, Job

_LONGEST_RETRY = 60
"""The most seconds that a refused client is asked to stay away."""


class Claim(Protocol):
    """Who took a job, and is to answer for it."""

    job: Job | None


class JobQueue:
    """First in, first out: whoever has waited longest is next, whatever connection it came on."""

    __slots__ = ("_engine", "_lock", "_max_age", "_most", "deadline", "jobs", "slot")

    def __init__(self, engine: Engine) -> None:
        options = engine.options
        self._engine = engine
        self._most = options.max_queued_requests
        self._max_age = options.max_queue_age
        # In their order. Read by runners: to look whether there are any is no Python call.
        self.jobs: deque[Job] = deque()
        self._lock = threading.Lock()  # of whoever takes out
        # In the wheel while it may have something to refuse; the leader's.
        self.deadline = NEVER
        self.slot = -1.0

    def __len__(self) -> int:
        return len(self.jobs)

    def oldest_age(self, now: float) -> float:
        """Return for how many seconds the next job has waited; 0 if there is none. Any thread."""
        oldest = self.oldest()
        return max(0.0, now - oldest) if oldest else 0.0

    def oldest(self) -> float:
        """Return since when the next job has waited; 0 if there is none. Any thread."""
        try:
            return self.jobs[0].queued_at
        except IndexError:
            return 0.0

    def put(self, job: Job, idle: int = 0) -> bool:
        """Let a job wait. False: too many do; `refuse` it then. The leader only.

        `idle` threads have nothing to do and only have not woken up yet: what they will take does not wait for a thread.
        """
        if self._most is not None and len(self.jobs) >= self._most + idle and job.can_be_refused:
            return False
        engine = self._engine
        # Its bytes were there when the poll returned, if not before.
        job.queued_at = engine.reactor.polled_at
        self.jobs.append(job)
        if self.slot < 0:
            self.deadline = job.queued_at + self._max_age
            engine.reactor.wheel.add(self, engine.reactor.now)
        return True

    def take(self, claim: Claim) -> Job | None:
        """Return the next job, which the calling thread gives to `run`; `None` if there is none. Any thread.

        It is in `claim.job` before it is out of the queue: a thread that dies just now must not lose it.
        """
        with self._lock:
            if not self.jobs:
                return None
            job = claim.job = self.jobs[0]
            self.jobs.popleft()
            return job

    def run(self, job: Job) -> None:
        """Run a job that was taken, or refuse it if it has waited too long. Never raises; the thread that took it."""
        age = self._engine.clock.monotonic() - job.queued_at
        if age > self._max_age and job.can_be_refused:
            self.refuse_old(job, age)
        else:
            job.run()

    def refuse_old(self, job: Job, age: float) -> None:
        """Answer 503 for a request that has waited too long. Whoever owns the job."""
        self._engine.refusals.note("max_queue_age", f"Refused a request that had waited {age:.1f} s for a thread")
        job.refuse(_retry_after(age))

    def refuse_new(self, job: Job) -> None:
        """Answer 503 for a request for which there is no room. The leader only."""
        engine = self._engine
        engine.refusals.note("max_queued_requests", f"Refused a request: {len(self.jobs)} others waited for a thread")
        job.refuse(_retry_after(self.oldest_age(engine.reactor.now)))

    # ------------------------------------------------------------------ the leader, by the wheel

    def on_deadline(self, mask: int) -> bool:
        """Something may have waited too long."""
        reactor = self._engine.reactor
        oldest = reactor.now - self._max_age
        old: list[Job] = []
        begun: list[Job] = []
        with self._lock:
            while self.jobs and self.jobs[0].queued_at < oldest:
                job = self.jobs.popleft()
                (old if job.can_be_refused else begun).append(job)
            self.jobs.extendleft(reversed(begun))
            next_at = self.jobs[0].queued_at + self._max_age if self.jobs else NEVER
        for job in old:
            self.refuse_old(job, reactor.now - job.queued_at)
            reactor.give_back(job)
        if next_at != NEVER:
            self.deadline = max(next_at, reactor.now + 1.0)
            reactor.wheel.add(self, reactor.now)
        return True

    def on_returned(self, mask: int) -> bool:
        """Never given away."""
        return True

    def fail(self) -> None:
        """See `Watched.fail`: it is looked at again when the next job comes."""


def _retry_after(age: float) -> int:
    """Return what to tell a client: about as long as the queue takes."""
    return max(1, min(_LONGEST_RETRY, math.ceil(age)))
