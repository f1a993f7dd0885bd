"""Which handlers are known to block: learnt by what they do, tried again now and then, and forgotten when they are quick."""

import pytest

from demijohn.serve.runner import blocking
from demijohn.serve.runner.blocking import Blockers

SLOW = 0.001


@pytest.fixture
def blockers():
    return Blockers(SLOW)


def trials(blockers: Blockers, requests: int, *, quick: bool, now: float = 1000.0) -> list[int]:
    """Let requests of one label come, all at one time; return the numbers of those that were trials."""
    found = []
    for number in range(1, requests + 1):
        if "a" in blockers.known and blockers.is_due("a", now):
            found.append(number)
            if quick:
                blockers.end_trial("a")
            else:
                blockers.learn("a", 1.0, is_sure=True)
    return found


def test_one_slow_run_alone_teaches_nothing(blockers):
    blockers.suspect("a", 10.0)
    blockers.suspect("b", 10.1)
    blockers.suspect("a", 11.0)
    assert not blockers.known
    blockers.suspect("a", 11.1)
    assert set(blockers.known) == {"a"}


def test_a_label_that_became_quick_is_forgotten_after_some_trials_in_a_row(blockers):
    blockers.learn("a", 0.0, is_sure=True)
    assert trials(blockers, 100, quick=True) == [16, 17, 18]
    assert not blockers.known


def test_one_that_still_blocks_is_tried_ever_less(blockers):
    blockers.learn("a", 0.0, is_sure=True)
    assert trials(blockers, 6000, quick=False) == [16, 80, 336, 1360, 5456]
    assert len(trials(blockers, 300_000, quick=False)) < 6
    assert set(blockers.known) == {"a"}


@pytest.mark.parametrize(("times", "rest"), [(1, 0.25), (2, 1.0), (3, 4.0), (4, 4.0)])
def test_however_many_ask_for_it_it_is_not_tried_at_once(blockers, times, rest):
    """Its slow requests are under way yet, and nobody knows of them."""
    for _ in range(times):
        blockers.learn("a", 10.0, is_sure=True)
    assert trials(blockers, 100_000, quick=True, now=10.0 + 0.99 * rest) == []
    assert trials(blockers, 100, quick=True, now=10.0 + rest) == [1, 2, 3]
    assert not blockers.known


def test_one_that_is_slow_only_at_times_is_not_forgotten_each_time(blockers):
    for number in range(20):
        blockers.learn("a", number / 10, is_sure=True)
        while "a" in blockers.known:
            if blockers.is_due("a", 1000.0):
                blockers.end_trial("a")
    blockers.learn("a", 2.1, is_sure=True)
    assert blockers.known["a"].left == blocking._LONGEST_GAP


def test_one_that_is_learnt_again_after_a_long_time_begins_anew(blockers):
    for number in range(5):
        blockers.learn("a", number / 10, is_sure=True)
    blockers.learn("a", 100.0, is_sure=True)
    assert blockers.known["a"].left == blocking._FIRST_GAP


def test_one_that_computes_is_forgotten_and_trusted(blockers):
    blockers.learn("a", 0.0, is_sure=True)
    for _ in range(30):
        blockers.note_run("a", 0.004, 0.0001)
    assert not blockers.known
    for number in range(blocking._TRUST):
        blockers.suspect("a", number / 100)
    assert not blockers.known
    blockers.learn("a", 50.0, is_sure=True)
    assert set(blockers.known) == {"a"}


def test_one_that_computes_mostly_is_learnt_when_it_was_seen_to_wait(blockers):
    blockers.learn("a", 0.0, is_sure=True)
    for _ in range(30):
        blockers.note_run("a", 0.004, 0.0001)
    assert not blockers.known
    blockers.promote("a", 1.0, does_wait=False)
    blockers.promote("a", 1.1, does_wait=None)
    assert not blockers.known
    blockers.promote("a", 1.2, does_wait=True)
    assert set(blockers.known) == {"a"}


def test_one_that_is_promoted_away_from_is_learnt_unless_it_was_seen_to_compute(blockers):
    blockers.promote("a", 1.0, does_wait=None)
    blockers.promote("b", 1.0, does_wait=True)
    blockers.promote("c", 1.0, does_wait=False)
    assert set(blockers.known) == {"a", "b"}


def test_slow_runs_decide_whether_it_computes(blockers):
    """One in fifty waits: the others, quick ones, must not make it look as if it computed."""
    blockers.learn("a", 0.0, is_sure=True)
    for number in range(500):
        blockers.note_run("a", *((0.02, 0.0199) if number % 50 == 0 else (0.0001, 0.0)))
    assert set(blockers.known) == {"a"}


def test_quick_runs_of_one_that_is_slow_at_times_do_not_make_it_forgotten(blockers):
    blockers.learn("a", 0.0, is_sure=True)
    for _ in range(100):
        blockers.note_run("a", 0.0001, 0.00005)
    assert set(blockers.known) == {"a"}


def test_one_that_waits_is_kept(blockers):
    blockers.learn("a", 0.0, is_sure=True)
    for _ in range(100):
        blockers.note_run("a", 0.01, 0.0099)
    assert set(blockers.known) == {"a"}
    blockers.note_run("b", 0.01, 0.0099)  # forgotten while it ran
    assert set(blockers.known) == {"a"}


def suspected(blockers: Blockers, now: float) -> Blockers:
    """Have a label learnt only because it took long, twice."""
    blockers.suspect("a", now)
    blockers.suspect("a", now + 0.1)
    assert set(blockers.known) == {"a"}
    return blockers


def run(blockers: Blockers, *, slow: int, quick: int) -> None:
    """Have requests end on other threads."""
    for _ in range(slow):
        blockers.note_run("a", 0.002, 0.0019)
    for _ in range(quick):
        blockers.note_quick("a")


def test_one_that_only_took_long_is_forgotten_if_most_of_its_requests_are_quick_and_then_trusted(blockers):
    """As a quick handler does on a busy machine."""
    suspected(blockers, 0.0)
    run(blockers, slow=7, quick=8)
    assert blockers.is_probing
    assert trials(blockers, 100, quick=True) == [16]
    assert not blockers.known
    assert not blockers.is_probing
    for number in range(blocking._TRUST):
        blockers.suspect("a", 1.0 + number / 1000)
    assert not blockers.known
    suspected(blockers, 2.0)
    assert blockers.known["a"].left == blocking._FIRST_GAP  # as if it had never been


def test_one_that_only_took_long_is_kept_if_half_of_its_requests_are_slow(blockers):
    suspected(blockers, 0.0)
    run(blockers, slow=8, quick=8)
    assert trials(blockers, 16, quick=True) == [16]
    assert set(blockers.known) == {"a"}
    assert not blockers.is_probing
    assert trials(blockers, 16, quick=True) == [1, 2]  # the probation is over: trials decide
    assert not blockers.known


def test_nothing_is_decided_before_some_of_its_requests_have_ended(blockers):
    """A burst of slow ones: all wait for a thread, or have one, and none has ended yet."""
    suspected(blockers, 0.0)
    assert trials(blockers, 200, quick=True) == []
    run(blockers, slow=8, quick=0)
    assert trials(blockers, 1, quick=False) == [1]
    assert set(blockers.known) == {"a"}


def test_if_none_ends_it_is_tried_all_the_same(blockers):
    suspected(blockers, 0.0)
    assert trials(blockers, 2000, quick=True) == [1040, 1041, 1042]
    assert not blockers.known


def test_another_label_stays_on_probation(blockers):
    suspected(blockers, 0.0)
    blockers.suspect("b", 0.0)
    blockers.suspect("b", 0.1)
    run(blockers, slow=8, quick=0)
    assert trials(blockers, 16, quick=True) == [16]
    assert blockers.is_probing


def test_a_probation_is_over_too_when_it_is_forgotten_or_seen_to_wait(blockers):
    """Or else each quick request on another thread would go on making a label that nobody wants."""
    suspected(blockers, 0.0)
    for _ in range(30):
        blockers.note_run("a", 0.004, 0.0001)  # it computes
    assert not blockers.known
    assert not blockers.is_probing
    blockers.learn("b", 0.0, is_sure=False)
    assert blockers.is_probing
    blockers.promote("b", 0.1, does_wait=True)
    assert not blockers.is_probing


def test_what_is_sure_stays_sure_while_it_is_known(blockers):
    """One that is slow at times has quick ones in between; a slow trial is no reason to begin anew with it."""
    blockers.promote("a", 0.0, does_wait=True)
    suspected(blockers, 0.1)
    assert trials(blockers, 64, quick=True) == [64]
    assert set(blockers.known) == {"a"}


def test_one_that_was_seen_to_wait_is_not_on_probation(blockers):
    blockers.promote("a", 0.0, does_wait=True)
    assert trials(blockers, 16, quick=True) == [16]
    assert set(blockers.known) == {"a"}


def test_there_are_only_so_many(blockers):
    for number in range(3 * blocking._MOST_LABELS):
        blockers.learn(str(number), 0.0, is_sure=True)
        blockers.suspect(str(number), 0.0)
    assert len(blockers.known) <= blocking._MOST_LABELS
    assert len(blockers._suspects) <= blocking._MOST_LABELS
