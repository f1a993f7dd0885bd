"""The queue in front of the threads: first in, first out; bounded in length and in age; what has begun is never refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn._base.clock import FakeClock
from demijohn.serve import ServerOptions
from demijohn.serve.engine import Engine
from demijohn.serve.runner.queue import JobQueue


class Hands:
    job = None


class Fake:
    """A job."""

    def __init__(self, *, has_begun: bool = False) -> None:
        self.can_be_refused = not has_begun
        self.queued_at = 0.0
        self.outcome = ""

    def run(self) -> None:
        self.outcome = "run"

    def refuse(self, retry_after: int) -> None:
        self.outcome = f"refused {retry_after}"

    def on_returned(self, mask: int) -> bool:
        self.outcome += ", returned"
        return True


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def engine(clock):
    engine = Engine(lambda exchange: None, ServerOptions(max_queued_requests=3, max_queue_age=10), clock)
    yield engine
    engine.reactor.close()


def pass_time(engine, clock, seconds):
    """Let time pass as the reactor does that has just polled."""
    clock.advance(seconds)
    reactor = engine.reactor
    reactor.now = reactor.polled_at = clock.monotonic()
    for watched in reactor.wheel.expired(reactor.now):
        watched.on_deadline(0)
    while reactor._again:
        reactor._again.popleft()(0)


def test_the_first_is_taken_first(engine):
    queue = JobQueue(engine)
    jobs = [Fake() for _ in range(3)]
    assert all(queue.put(job) for job in jobs)
    assert [queue.take(Hands()) for _ in range(4)] == [*jobs, None]


def test_above_the_limit_there_is_no_room_but_for_what_has_begun(engine, clock):
    queue = JobQueue(engine)
    assert all(queue.put(Fake()) for _ in range(3))
    pass_time(engine, clock, 4.5)
    late, stream = Fake(), Fake(has_begun=True)
    assert not queue.put(late)
    queue.refuse_new(late)
    assert late.outcome == "refused 5"
    assert queue.put(stream)
    assert len(queue) == 4
    assert engine.refusals.snapshot() == {"max_queued_requests": 1}


def test_what_an_idle_thread_will_take_does_not_count(engine):
    queue = JobQueue(engine)
    assert all(queue.put(Fake(), idle=2) for _ in range(5))
    assert not queue.put(Fake(), idle=2)
    assert queue.put(Fake(), idle=3)
    assert not queue.put(Fake())


def test_what_is_taken_too_late_is_refused(engine, clock):
    queue = JobQueue(engine)
    old, stream = Fake(), Fake(has_begun=True)
    queue.put(old)
    queue.put(stream)
    clock.advance(10.1)
    queue.run(queue.take(Hands()))
    queue.run(queue.take(Hands()))
    assert (old.outcome, stream.outcome) == ("refused 11", "run")


def test_what_waits_too_long_is_refused_though_no_thread_comes(engine, clock):
    queue = JobQueue(engine)
    first, stream = Fake(), Fake(has_begun=True)
    queue.put(first)
    queue.put(stream)
    pass_time(engine, clock, 6)
    second = Fake()
    queue.put(second)
    assert queue.oldest_age(clock.monotonic()) == 6
    pass_time(engine, clock, 6)
    assert (first.outcome, second.outcome) == ("refused 12, returned", "")
    assert len(queue) == 2
    pass_time(engine, clock, 6)
    assert second.outcome == "refused 12, returned"
    assert queue.take(Hands()) is stream
    pass_time(engine, clock, 6)
    assert queue.deadline == float("inf") or queue.slot < 0
    # And again, once it has been empty.
    third = Fake()
    queue.put(third)
    pass_time(engine, clock, 12)
    assert third.outcome == "refused 12, returned"
    assert engine.refusals.snapshot() == {"max_queue_age": 3}


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.booleans()),
            st.tuples(st.just("take"), st.just(0)),
            st.tuples(st.just("wait"), st.floats(0, 15)),
        )
    )
)
def test_every_job_has_one_outcome_and_none_waits_longer_than_it_may(steps):
    clock = FakeClock()
    engine = Engine(lambda exchange: None, ServerOptions(max_queued_requests=5, max_queue_age=10), clock)
    queue = JobQueue(engine)
    jobs = []
    try:
        for step, value in steps:
            if step == "put":
                job = Fake(has_begun=bool(value))
                jobs.append(job)
                if not queue.put(job):
                    queue.refuse_new(job)
            elif step == "take":
                job = queue.take(Hands())
                if job is not None:
                    assert job.outcome == ""
                    queue.run(job)
            else:
                pass_time(engine, clock, value)
                for job in queue.jobs:
                    assert not job.can_be_refused or clock.monotonic() - job.queued_at <= 12
        while (job := queue.take(Hands())) is not None:
            queue.run(job)
        for job in jobs:
            assert job.outcome == "run" or (job.can_be_refused and job.outcome.count("refused") == 1)
    finally:
        engine.reactor.close()
