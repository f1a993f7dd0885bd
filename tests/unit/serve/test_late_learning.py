"""What the late runner learns of handlers that take long: those that waited are known, those that were held up by others are not."""

import sys
import threading
import time
from types import SimpleNamespace

import pytest

from demijohn._base.clock import FakeClock
from demijohn.serve import ServerOptions
from demijohn.serve.runner import late, threadclock
from demijohn.serve.runner.late import LateRunner
from demijohn.serve.stats import Stats

SLOW = 0.001


class Site:
    """A leader, one job after another, and what the system says of its thread."""

    def __init__(self, monkeypatch):
        self.waits = 0
        self.asked = 0
        self.used = 0.0
        self.is_runnable = False
        self.clock = FakeClock()
        engine = SimpleNamespace(clock=self.clock, options=ServerOptions(), stats=Stats(), is_stopped=False)
        engine.reactor = SimpleNamespace(now=0.0, polled_at=float("inf"), held=(), note_long=lambda began, ended: None)
        self.runner = LateRunner(engine, threads=4, promote_after=0.003, slow_after=SLOW)
        self.runner._idle.extend(self.runner._slots[1:])
        monkeypatch.setattr(late, "times_waited", self.times_waited)
        monkeypatch.setattr(late, "seconds_used", lambda thread: self.used)
        monkeypatch.setattr(late, "is_runnable", lambda thread: self.is_runnable)

    def times_waited(self):
        self.asked += 1
        return self.waits

    def run(self, seconds, *, waits, promoted=None):
        """Run a handler that takes so long; `promoted`: what the watcher sees when it takes over meanwhile."""

        def work():
            self.waits += waits
            self.clock.advance(seconds)
            if promoted is not None:
                used, self.used = self.used, self.used + promoted.pop("computed", 0.0)
                self.runner._take_over(used, **promoted)

        job = SimpleNamespace(label="page", run=work, complete=lambda: None, hand_in=lambda: True, uncork=lambda: None)
        self.runner.submit(job)

    @property
    def known(self):
        return set(self.runner._blockers.known)


@pytest.fixture
def site(monkeypatch):
    return Site(monkeypatch)


def test_a_handler_that_waits_is_known_after_two_slow_runs(site):
    site.run(2 * SLOW, waits=1)
    assert not site.known
    site.run(2 * SLOW, waits=1)
    assert site.known == {"page"}


def test_a_handler_that_is_held_up_by_other_programs_is_never_known(site):
    for _ in range(50):
        site.run(5 * SLOW, waits=0)
        site.run(0.0, waits=0)
    assert not site.known


def test_while_handlers_are_quick_nobody_asks_the_system(site):
    for _ in range(50):
        site.run(0.0, waits=0)
    assert site.asked == 0
    site.run(2 * SLOW, waits=1)
    site.clock.advance(60.0)
    site.run(0.0, waits=0)
    assert site.asked == 0


def test_a_system_that_cannot_tell_has_all_slow_runs_counted(site, monkeypatch):
    monkeypatch.setattr(late, "times_waited", lambda: None)
    site.run(2 * SLOW, waits=0)
    site.run(2 * SLOW, waits=0)
    assert site.known == {"page"}


@pytest.mark.parametrize(
    ("is_runnable", "is_tardy", "known"), [(False, False, {"page"}), (True, False, set()), (False, True, set())]
)
def test_a_promotion_teaches_at_once_only_if_the_thread_was_seen_to_wait(site, is_runnable, is_tardy, known):
    site.is_runnable = is_runnable
    site.run(0.005, waits=1, promoted={"is_tardy": is_tardy})
    assert site.known == known
    assert site.runner._engine.stats.promotions == 1


def test_after_doubtful_promotions_the_late_thread_itself_knows_whether_it_waited(site):
    for _ in range(3):
        assert not site.known
        site.run(0.005, waits=1, promoted={"is_tardy": True})
    assert site.known == {"page"}


def test_doubtful_promotions_of_a_thread_that_never_waited_teach_nothing(site):
    for _ in range(10):
        site.run(0.005, waits=0, promoted={"is_tardy": True})
    assert not site.known


def test_a_handler_that_computed_meanwhile_is_not_known(site):
    site.run(0.005, waits=1, promoted={"is_tardy": False, "computed": 0.003})
    assert not site.known


def test_slow_runs_on_other_threads_are_counted_also_the_first_of_each(site):
    site.run(2 * SLOW, waits=1)
    site.run(2 * SLOW, waits=1)
    for slot in site.runner._slots[1:3]:
        for seconds in (2 * SLOW, 0.0):
            job = SimpleNamespace(label="page", hand_in=lambda: True, queued_at=site.clock.monotonic())
            job.run = lambda seconds=seconds: site.clock.advance(seconds)
            site.runner.queue.jobs.append(job)
        site.runner._run_waiting(slot)
    assert site.runner._blockers.known["page"].slow_runs == 2
    assert site.runner._blockers.known["page"].quick_runs == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it cannot be told elsewhere")
def test_the_system_counts_waits_of_the_calling_thread():
    before = threadclock.times_waited()
    time.sleep(0.001)
    assert threadclock.times_waited() > before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it cannot be told elsewhere")
def test_a_thread_that_waits_is_not_runnable_and_one_that_computes_is():
    stop = threading.Event()
    waiting = threading.Thread(target=stop.wait, args=(20,))
    waiting.start()
    try:
        deadline = time.monotonic() + 20
        while threadclock.is_runnable(waiting):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        assert threadclock.is_runnable(threading.current_thread())
    finally:
        stop.set()
        waiting.join(20)
    assert not threadclock.is_runnable(None)
