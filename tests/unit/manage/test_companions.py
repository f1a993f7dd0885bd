"""Processes beside the workers: started again when they die, ended with the supervisor. With real processes."""

import contextlib
import os
import signal
import socket
import threading
import time

import pytest

from demijohn._base.clock import FakeClock
from demijohn.manage.board import Board
from demijohn.manage.supervisor.companions import Companion, Companions
from demijohn.manage.supervisor.signals import SignalPipe

PATIENCE = 20.0


class Stage:
    def __init__(self, run) -> None:
        self.clock = FakeClock()
        self.pids = set()
        self.board = Board(1, metrics_bytes=4096, clock=self.clock)
        self.companions = Companions(
            [Companion("test", run)], self.board, SignalPipe([signal.SIGTERM]), self.clock, self.pids
        )

    @property
    def pid(self) -> int:
        return self.companions._all[0].pid

    def look_until(self, condition) -> None:
        until = time.monotonic() + PATIENCE
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < until
            self.companions.look()
            pause.wait(0.005)


def stay(board, lifeline) -> None:
    board.head.wanted += 1
    lifeline.recv(1)
    board.head.reloads += 1


@pytest.fixture
def stage():
    made = []

    def make(run):
        made.append(Stage(run))
        return made[-1]

    yield make
    for one in made:
        pid = one.pid
        one.companions.stop()
        assert not pid or is_gone(pid)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_runs_and_ends_when_it_is_told(stage):
    stage = stage(stay)
    stage.look_until(lambda: stage.board.head.wanted == 1)
    pid = stage.pid
    stage.companions.look()
    assert stage.pid == pid
    assert stage.pids == {pid}
    stage.companions.stop()
    assert is_gone(pid)
    stage.clock.advance(10)
    stage.companions.look()
    assert not stage.pids, "it is not started any more"
    assert stage.board.head.reloads == 1, "it came to its end by itself"


def test_one_that_dies_is_started_again_but_not_all_the_time(stage, caplog):
    stage = stage(stay)
    stage.look_until(lambda: stage.board.head.wanted == 1)
    first = stage.pid
    os.kill(first, signal.SIGKILL)
    stage.look_until(lambda: not stage.pid)
    assert f"The test process {first} was killed by SIGKILL; another takes its place." in caplog.text
    stage.companions.look()
    assert not stage.pid
    stage.clock.advance(1.0)
    stage.look_until(lambda: stage.board.head.wanted == 2)
    assert stage.pid not in (0, first)


def test_signals_that_are_for_all_do_not_end_it(stage):
    stage = stage(stay)
    stage.look_until(lambda: stage.board.head.wanted == 1)
    pid = stage.pid
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        os.kill(pid, number)
    stage.companions.stop()
    assert stage.board.head.reloads == 1


@pytest.mark.slow
def test_one_that_does_not_end_is_killed(stage, monkeypatch):
    monkeypatch.setattr("demijohn.manage.supervisor.companions._PATIENCE", 0.05)

    def never(board, lifeline) -> None:
        board.head.wanted += 1
        while True:
            signal.pause()

    stage = stage(never)
    stage.look_until(lambda: stage.board.head.wanted == 1)
    pid = stage.pid
    stage.companions.stop()
    assert is_gone(pid)


def test_it_notices_when_the_supervisor_is_gone():
    """The supervisor is a child of ours, which kills itself."""
    notice, end = socket.socketpair()

    def stay_and_tell(board, lifeline) -> None:
        end.send(b"here")
        lifeline.recv(1)
        end.send(b"gone")

    pid = os.fork()
    if pid == 0:
        try:
            stage = Stage(stay_and_tell)
            stage.companions.look()
            signal.pause()
        finally:
            os._exit(1)
    end.close()
    notice.settimeout(PATIENCE)
    try:
        assert notice.recv(4) == b"here"
        os.kill(pid, signal.SIGKILL)
        assert notice.recv(4) == b"gone"
        assert notice.recv(4) == b"", "and it has ended"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        notice.close()
