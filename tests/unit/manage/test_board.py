"""The shared board: what is written in it outlives the process that wrote, and is never counted twice or not at all."""

import os
import signal
import threading

import pytest

from demijohn._base.clock import FakeClock
from demijohn.manage.board import Board, BoardError, WorkerState
from demijohn.serve.stats import ANSWERS, CONNECTIONS_OPEN, ENDED, REQUESTS, SENT_BYTES

SMALL = 4096


def forked(work) -> int:
    """Run `work` in a child and wait for it; return how it ended."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_row_is_at_zero_when_it_is_taken_and_again_after_it_was_given_back():
    board = Board(1, metrics_bytes=SMALL)
    row = board.take(generation=3)
    slot = board.slot(row)
    assert (slot.generation, slot.state, slot.pid, slot.beats) == (3, WorkerState.BOOTING, 0, 0)
    slot.pid = 17
    slot.beat(5.0, (2, 4.5))
    slot.stats.cells[REQUESTS] += 7
    assert (slot.queued, slot.queued_since, slot.beat_at) == (2, 4_500_000_000, 5_000_000_000)
    assert [one.pid for one in board.slots()] == [17]
    board.give_back(row)
    assert board.slots() == []
    again = board.slot(board.take())
    assert (again.pid, again.beats, again.queued, again.requests, again.generation) == (0, 0, 0, 0, 0)


def test_what_a_killed_worker_counted_is_retired():
    board = Board(2, metrics_bytes=SMALL)
    row = board.take()
    slot = board.slot(row)

    def work():
        cells = slot.stats.cells
        cells[CONNECTIONS_OPEN] += 3
        for _ in range(10):
            cells[REQUESTS] += 1
        for _ in range(8):
            cells[ENDED] += 1
            cells[ANSWERS + 2] += 1
            cells[SENT_BYTES] += 100
        os.kill(os.getpid(), signal.SIGKILL)

    assert forked(work) == -signal.SIGKILL
    assert (slot.stats.requests, slot.stats.in_flight, slot.stats.connections_open) == (10, 2, 3)
    for _ in range(2):  # the second time there is nothing left to count
        board.give_back(row)
        assert board.retired.requests == 10
        assert board.retired.answers["2xx"] == 8
        assert board.retired.sent_bytes == 800
        assert board.retired.connections_open == 0, "its connections are gone"
        assert board.retired.in_flight == 0, "its requests are gone"
        row = board.take()


def test_there_is_room_for_the_workers_of_several_generations_and_then_it_is_said():
    board = Board(3, metrics_bytes=SMALL)
    rows = [board.take() for _ in range(board.rows)]
    assert len(set(rows)) == board.rows >= 4 * 3
    with pytest.raises(BoardError, match="no room for one more worker"):
        board.take()
    board.give_back(rows[5])
    assert board.take() == rows[5]


def test_a_reader_in_another_process_never_sees_a_total_go_back():
    board = Board(1, metrics_bytes=SMALL)
    reading = threading.Event()
    wrong = []

    def total(one):
        return one.retired.requests + sum(slot.stats.requests for slot in one.slots())

    def watch():
        highest = 0
        for _ in range(300):
            seen = board.read(total)
            if not highest <= seen <= 5 * 400:
                wrong.append((highest, seen))
            highest = seen
            reading.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert reading.wait(20)
    for _ in range(400):
        row = board.take()
        for _ in range(5):
            board.slot(row).stats.cells[REQUESTS] += 1
        board.give_back(row)
    watcher.join(20)
    assert not wrong
    assert board.read(total) == 2000


def test_memory_for_metrics_is_rounded_up():
    board = Board(1, metrics_bytes=0)
    assert len(board.slot(board.take()).metrics) > 0


def test_a_reader_gives_up_when_the_supervisor_died_half_way(monkeypatch):
    board = Board(1, metrics_bytes=SMALL)
    monkeypatch.setattr("demijohn.manage.board._ATTEMPTS", 3)
    board.head.version += 1
    with pytest.raises(BoardError):
        board.read(lambda one: one.retired.requests)


def test_a_worker_sees_the_counts_of_the_others_that_serve():
    board = Board(3)
    slots = [board.slot(board.take()) for _ in range(4)]
    for number, slot in enumerate(slots):
        slot.stats.cells[CONNECTIONS_OPEN] = number
    for slot in slots[:3]:
        slot.state = WorkerState.SERVING
    slots[3].state = WorkerState.READY
    assert [stats.connections_open for stats in slots[0].others()] == [1, 2]
    slots[1].state = WorkerState.STOPPING
    assert [stats.connections_open for stats in slots[0].others()] == [2]
    assert {stats.connections_open for stats in slots[3].others()} == {0, 2}


def test_the_supervisors_own_beat():
    clock = FakeClock(100.0)
    board = Board(1, metrics_bytes=SMALL, clock=clock)
    assert (board.head.pid, board.head.beat_at) == (os.getpid(), 100_000_000_000)
    clock.advance(2.5)
    board.beat()
    assert board.head.beat_at == 102_500_000_000
