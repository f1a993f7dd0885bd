"""Processor time: what `/proc` says."""

import os

from bench.measures.accounting import Account, busy_ticks, spent_ticks


def test_a_name_with_blanks_and_brackets():
    assert spent_ticks("7 (gunicorn: (worker) 1) S 1 7 7 0 -1 4194560 900 0 0 0 250 31 9 9 20 0 3 0 100 0 0") == 281


def test_idle_time_and_waiting_for_a_disk_are_not_busy():
    assert busy_ticks("10 20 30 100000 9999 4 5 6 77 88".split()) == 75


def test_this_process():
    account = Account(os.getpid(), sorted(os.sched_getaffinity(0))[:1])
    sum(range(2_000_000))
    spent = account.close()
    assert spent.cores == 1
    assert spent.elapsed > 0
    assert spent.server > 0 or spent.elapsed < 0.1  # a tick is 10 ms
    assert spent.others >= 0
