"""Laws of metrics: whatever processes and threads count, and whoever of them is killed, the scraped sums are what was counted."""

import contextlib
import os
import select
import signal
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demijohn.manage.board import Board
from demijohn.metrics import Counter, Histogram
from demijohn.metrics.families import collect

COUNTER = Counter("test_laws_orders", "Of these tests.", ["country"])
SIZES = Histogram("test_laws_sizes", "Of these tests.", buckets=[1, 10])

increments = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1000)), max_size=12)
workers = st.lists(st.lists(increments, min_size=1, max_size=4), min_size=1, max_size=4)


def scraped(board) -> tuple[dict[str, float], float, float]:
    families = {family.definition.name: family for family in board.families()}
    orders = families["test_laws_orders"].series if "test_laws_orders" in families else {}
    sizes = families["test_laws_sizes"].series.get((), [0, 0, 0, 0]) if "test_laws_sizes" in families else [0] * 4
    return {labels[0]: numbers[0] for labels, numbers in orders.items()}, sum(sizes[:-1]), sizes[-1]


def count(work) -> None:
    for country, amount in work:
        COUNTER.labels(country).inc(amount)
        SIZES.observe(amount)


@pytest.mark.slow
@settings(max_examples=25)
@given(workers, st.randoms(use_true_random=False))
def test_sums_are_what_was_counted(plans, chance):
    board = Board(2, metrics_bytes=16384)
    rows = {}
    for plan in plans:
        row = board.take()
        pid = os.fork()
        if pid == 0:
            try:
                board.occupy(row)
                threads = [threading.Thread(target=count, args=(work,)) for work in plan]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                os.kill(os.getpid(), signal.SIGKILL)
            finally:
                os._exit(1)
        rows[pid] = row
    for pid, row in rows.items():
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        if chance.random() < 0.5:
            board.give_back(row)
    everything = [one for plan in plans for work in plan for one in work]
    orders, observations, total = scraped(board)
    expected: dict[str, float] = {}
    for country, amount in everything:
        expected[country] = expected.get(country, 0) + amount
    assert {country: amount for country, amount in orders.items() if amount} == {
        country: amount for country, amount in expected.items() if amount
    }
    assert (observations, total) == (len(everything), sum(amount for _, amount in everything))


def counting(board, row: int, starts: int, told: int) -> None:
    """Count for ever, and tell of each increment when it is done."""
    board.occupy(row)
    os.read(starts, 1)  # ends when all are there
    while os.getppid() != 1:
        COUNTER.labels("x").inc()
        os.write(told, b".")


class Process:
    """One that counts."""

    def __init__(self, board, starts: tuple[int, int]) -> None:
        self.board, self.row, self.told = board, board.take(), 0
        self.pipe, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(starts[1])
                counting(board, self.row, starts[0], write)
            finally:
                os._exit(1)
        os.close(write)
        os.set_blocking(self.pipe, False)

    def listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.pipe, 65536):
                self.told += len(data)

    def kill(self) -> float:
        """Return what it has counted: what it told, and the one that it may not have come to tell of."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.listen()
        os.close(self.pipe)
        families = collect(None, [self.board.slot(self.row).region])
        counted = next(one for one in families if one.definition.name == "test_laws_orders").series["x",][0]
        assert self.told <= counted <= self.told + 1
        return counted


@pytest.mark.slow
def test_eight_processes_count_and_three_are_killed_in_the_middle_of_it():
    board = Board(8, metrics_bytes=16384)
    starts = os.pipe()
    living = [Process(board, starts) for _ in range(8)]
    os.close(starts[1])
    totals = [0.0]
    exact = 0.0

    def look() -> None:
        totals.append(scraped(board)[0].get("x", 0.0))
        assert totals[-1] >= totals[-2], "a total went back"

    def count_on(least: int) -> None:
        """Look on until each process has counted so far."""
        until = time.monotonic() + 60
        while min(process.told for process in living) < least:
            assert time.monotonic() < until
            select.select([process.pipe for process in living], [], [], 1.0)
            for process in living:
                process.listen()
            look()

    try:
        for number, victim in enumerate((5, 0, 3)):
            count_on(300 * (number + 1))
            process = living.pop(victim)
            exact += process.kill()
            look()
            board.give_back(process.row)
            look()
        count_on(1200)
    finally:
        rest = [process.kill() for process in living]
        os.close(starts[0])
    exact += sum(rest)
    look()
    assert totals[-1] == exact
    for process in living:
        board.give_back(process.row)
        look()
    assert totals[-1] == exact
