"""`InlineRunner`: handlers run on the polling thread, one after another. For applications that must not meet a second thread.

    turn: poll, accept, read, send -> handlers for some milliseconds, in the order their requests came -> turn ...

Handlers do not run where their request is read: then one that came last in a round would not have its next request read in the
following one, and would get half of what the others get; and who is not connected yet would wait for a round, and for a turn.
"""

import threading

from ..engine import Engine, Job
from .queue import JobQueue

_HANDLER_SECONDS = 0.01
"""Handlers run for about so long between two polls; one at least."""


class InlineRunner:
    """I/O of all connections is multiplexed; while a handler runs, the others wait."""

    __slots__ = ("_engine", "_now", "_thread", "job", "queue")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._now = engine.clock.monotonic
        self.queue = JobQueue(engine)
        self.job: Job | None = None  # that runs
        self._thread = 0  # that serves

    def submit(self, job: Job) -> bool:
        """See `Runner.submit`."""
        if not self.queue.put(job):
            self.queue.refuse_new(job)
            job.complete()
        return True

    def serve(self) -> None:
        """Poll and run until the engine is stopped. The calling thread is the only one."""
        engine = self._engine
        self._thread = threading.get_ident()
        turn = engine.reactor.turn
        while not engine.is_stopped:
            turn()
            if self.queue.jobs:
                self._run_handlers()

    def wake(self) -> None:
        """The reactor's own wake is enough."""

    def stop(self) -> None:
        """Nothing to stop: `serve` has returned."""

    def running(self) -> dict[int, Job]:
        """See `Runner.running`."""
        job = self.job
        return {} if job is None else {self._thread: job}

    def _run_handlers(self) -> None:
        engine = self._engine
        reactor = engine.reactor
        now = self._now
        began = now()
        until = began + _HANDLER_SECONDS
        while not engine.is_stopped and (job := self.queue.take(self)) is not None:
            job.held = False if self.queue.jobs and began >= reactor.direct_until else None
            self.queue.run(job)
            self.job = None
            ended = now()
            if job.held:
                reactor.hold(job, ended)
            else:
                job.held = None
                if not job.hand_in():
                    reactor.give_back(job)
            reactor.settle(began, ended)
            if ended >= until:
                if self.queue.jobs:
                    reactor.call_soon(_nothing)  # the poll is not to wait
                return
            began = ended


def _nothing(mask: int) -> bool:
    return True
