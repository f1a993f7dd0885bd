"""Processor time: what `/proc` says, and rates as they would be with all of the cores."""

import os

from bench.measures.accounting import Account, Spent, busy_ticks, spent_ticks


def test_a_name_with_blanks_and_brackets():
    assert spent_ticks("7 (gunicorn: (worker) 1) S 1 7 7 0 -1 4194560 900 0 0 0 250 31 9 9 20 0 3 0 100 0 0") == 281


def test_idle_time_and_waiting_for_a_disk_are_not_busy():
    assert busy_ticks("10 20 30 100000 9999 4 5 6 77 88".split()) == 75


def test_a_core_of_its_own():
    assert Spent(elapsed=2.0, cores=1, server=1.9, others=0.0).full_rate(1000) == 500


def test_what_others_took_is_given_back():
    """Of two cores for two seconds a client had one second: the rest did 900 requests in three, so four do 1,200, 600 a second."""
    assert Spent(elapsed=2.0, cores=2, server=3.0, others=1.0).full_rate(900) == 600


def test_idling_is_not_given_back():
    assert Spent(elapsed=2.0, cores=2, server=1.0, others=0.0).full_rate(900) == 450


def test_a_machine_that_gave_the_server_nothing_divides_by_something():
    assert Spent(elapsed=1.0, cores=1, server=0.0, others=1.2).full_rate(1) > 0


def test_this_process():
    account = Account(os.getpid(), sorted(os.sched_getaffinity(0))[:1])
    sum(range(2_000_000))
    spent = account.close()
    assert spent.cores == 1
    assert spent.elapsed > 0
    assert spent.server > 0 or spent.elapsed < 0.1  # a tick is 10 ms
    assert spent.others >= 0
