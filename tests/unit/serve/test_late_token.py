"""The late runner's leadership token, with a reactor made of a queue: who takes back which connection."""

import threading
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from demijohn._base.clock import SystemClock
from demijohn.serve import ServerOptions
from demijohn.serve.runner.late import LateRunner
from demijohn.serve.stats import Stats

PATIENCE = 20


class Job:
    """A connection whose handler runs until it is let go."""

    def __init__(self, label):
        self.label = label
        self.began, self.let_go, self.taken_back = threading.Event(), threading.Event(), SimpleQueue()

    def run(self):
        self.began.set()
        assert self.let_go.wait(PATIENCE)

    def uncork(self):
        """Nothing was answered before."""

    def complete(self):
        self.taken_back.put("by the leader")

    def hand_in(self):
        self.taken_back.put("by a late thread")
        return True


@pytest.mark.slow
def test_a_late_thread_does_not_take_the_offer_of_its_successor_for_its_own():
    jobs = SimpleQueue()
    engine = SimpleNamespace(clock=SystemClock(), options=ServerOptions(), stats=Stats(), is_stopped=False)
    # Long enough that the second job can be caught between its begin and its own promotion.
    runner = LateRunner(engine, threads=2, promote_after=0.25, slow_after=60.0)

    def turn():
        job = jobs.get()
        return True if job is None else runner.submit(job)

    engine.reactor = SimpleNamespace(
        turn=turn,
        give_back=lambda job: None,
        now=0.0,
        polled_at=float("inf"),
        held=(),
        note_long=lambda began, ended: None,
    )
    server = threading.Thread(target=runner.serve)
    server.start()
    try:
        first, second = Job("/first"), Job("/second")
        jobs.put(first)
        assert first.began.wait(PATIENCE)
        jobs.put(second)  # taken by the thread that is promoted when the first is late
        assert second.began.wait(PATIENCE)
        first.let_go.set()
        assert first.taken_back.get(timeout=PATIENCE) == "by a late thread"
        second.let_go.set()
        assert second.taken_back.get(timeout=PATIENCE) == "by the leader"
    finally:
        engine.is_stopped = True
        jobs.put(None)
        runner.wake()
        server.join(PATIENCE)
        runner.stop()
    assert not server.is_alive()
