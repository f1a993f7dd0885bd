"""`PoolRunner`: handlers run on a pool of threads behind a queue; the calling thread polls and does nothing else.

The plain arrangement that `late` is measured against, and its kill switch.
"""

import logging
import threading
from queue import SimpleQueue

from ..engine import STOP_SECONDS, Engine, Job
from ..stats import THREADS_REPLACED
from .queue import JobQueue

logger = logging.getLogger("demijohn.error")


class _Claim:
    """What a thread has in hand."""

    __slots__ = ("job",)

    def __init__(self) -> None:
        self.job: Job | None = None


class PoolRunner:
    """`threads` threads take jobs in the order they came."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self._engine = engine
        # A job and, behind it, its token. Two queues, so that a thread that dies with a token in hand loses no job.
        self.queue = JobQueue(engine)
        self._tokens: SimpleQueue[bool] = SimpleQueue()  # False: stop
        self._count = threads
        self._threads: dict[int, threading.Thread] = {}  # by their number
        self._jobs: list[Job | None] = [None] * threads  # that run; each is written by the thread of its number

    def submit(self, job: Job) -> bool:
        """See `Runner.submit`."""
        if self.queue.put(job, self._jobs.count(None)):
            self._tokens.put(True)
        else:
            self.queue.refuse_new(job)
            job.complete()
        return True

    def serve(self) -> None:
        """Start the threads, then poll until the engine is stopped."""
        for number in range(self._count):
            self._start(number)
        engine = self._engine
        turn = engine.reactor.turn
        while not engine.is_stopped:
            turn()

    def wake(self) -> None:
        """The reactor's own wake is enough."""

    def stop(self) -> None:
        """Let each thread end after the job it has. Threads in a handler that never returns are left behind (daemons)."""
        for _ in range(self._count):
            self._tokens.put(False)
        now = self._engine.clock.monotonic
        until = now() + STOP_SECONDS
        for thread in list(self._threads.values()):
            thread.join(timeout=max(0.0, until - now()))

    def running(self) -> dict[int, Job]:
        """See `Runner.running`."""
        jobs = list(self._jobs)
        found: dict[int, Job] = {}
        for number, thread in list(self._threads.items()):
            job = jobs[number]
            if job is not None and thread.ident is not None:
                found[thread.ident] = job
        return found

    def _start(self, number: int) -> None:
        thread = threading.Thread(target=self._work, args=(number,), name=f"demijohn-{number}", daemon=True)
        self._threads[number] = thread
        thread.start()

    def _work(self, number: int) -> None:
        claim = _Claim()
        try:
            if self.queue:
                self._tokens.put(True)  # perhaps of a thread that died: one too many does no harm
            while self._tokens.get() and not self._engine.is_stopped:
                job = self.queue.take(claim)
                if job is None:
                    continue  # refused meanwhile
                self._jobs[number] = job
                self.queue.run(job)
                self._jobs[number] = None
                if not job.hand_in():
                    self._engine.reactor.give_back(job)
                claim.job = None
        except BaseException:
            # Raised into this thread from outside: `job.run` raises nothing.
            logger.critical("A thread of the pool died; another takes its place", exc_info=True)
            self._jobs[number] = None
            if claim.job is not None:
                claim.job.abandon()
                self._engine.reactor.give_back(claim.job)
            if not self._engine.is_stopped:
                self._engine.stats.cells[THREADS_REPLACED] += 1
                self._start(number)
