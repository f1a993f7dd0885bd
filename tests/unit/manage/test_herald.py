"""What systemd is told, and when."""

import os
import signal
import socket

import pytest

from demijohn.manage.herald import Herald, status_of
from demijohn.manage.notify import Notifier
from demijohn.manage.supervisor.events import (
    GenerationBegun,
    GenerationGivenUp,
    GenerationPromoted,
    Opened,
    SignalReceived,
    UpgradeReady,
    WorkerReady,
    WorkerSpawned,
)
from demijohn.manage.supervisor.table import WorkerTable


@pytest.fixture
def systemd(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        yield sock


@pytest.fixture
def told(systemd):
    def take():
        messages = []
        while True:
            try:
                messages.append(systemd.recv(4096).decode().splitlines())
            except BlockingIOError:
                return messages

    return take


@pytest.fixture
def environ(tmp_path):
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), "OTHER": "1"}


class History:
    """A table that goes through events, with a herald that looks on."""

    def __init__(self, herald, wanted=1):
        self.herald = herald
        self.table = WorkerTable.empty(wanted)

    def play(self, *events):
        before = self.table
        for event in events:
            self.table = self.table.record(event, 1.0)
        self.herald(before, self.table)

    def serve(self, generation, pid):
        self.play(WorkerSpawned(generation, 0, pid), WorkerReady(pid), Opened(pid))


def test_the_life_of_a_run(environ, systemd, told):
    ups = []
    history = History(Herald(Notifier(environ), lambda: ups.append(1)))
    assert environ == {"OTHER": "1"}, "no child speaks for us"
    history.play(WorkerSpawned(1, 0, 7))
    assert ups == []
    history.play(WorkerReady(7), Opened(7))
    assert ups == [1]
    status = "STATUS=1 of 1 workers serve, generation 1"
    assert told()[-1] == ["READY=1", status, f"MAINPID={os.getpid()}"]
    history.play(SignalReceived(signal.SIGHUP), GenerationBegun(2))
    assert told()[0][0] == "RELOADING=1"
    history.play(WorkerSpawned(2, 0, 8), WorkerReady(8), GenerationPromoted(2), Opened(8))
    assert told() == [["READY=1", "STATUS=2 of 1 workers serve, generation 2", f"MAINPID={os.getpid()}"]]
    history.play(SignalReceived(signal.SIGHUP), GenerationGivenUp(3, "workers is 'x'\nand more"))
    reloading, ready = told()
    assert reloading[0] == "RELOADING=1"
    assert reloading[1].partition("=")[2].isdigit()
    assert ready[0] == "READY=1", "a reload that comes to nothing is over, too"
    assert ready[1].endswith("the last reload came to nothing: workers is 'x'")
    history.play(SignalReceived(signal.SIGTERM))
    assert told() == [["STOPPING=1", "STATUS=Stopping"]]
    history.play(SignalReceived(signal.SIGTERM))
    assert (told(), ups) == ([], [1])


def test_who_is_replaced_does_not_say_that_the_service_stops(environ, systemd, told):
    history = History(Herald(Notifier(environ), lambda: None))
    history.serve(1, 7)
    told()
    history.play(UpgradeReady())
    assert told() == []


def test_the_watchdog_is_fed_for_the_process_that_is_watched(environ, systemd, told):
    mine = Notifier({**environ, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())})
    assert mine.watchdog_seconds == 1.5
    mine.pulse()
    mine.pulse()
    assert told() == [["WATCHDOG=1"]]
    for other in ({"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "x"}):
        assert Notifier({**environ, "WATCHDOG_USEC": "3000000", **other}).watchdog_seconds is None
    assert "WATCHDOG_PID" not in mine.for_successor
    assert mine.for_successor["NOTIFY_SOCKET"] == environ["NOTIFY_SOCKET"]


def test_nobody_to_tell():
    for environ in ({}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"NOTIFY_SOCKET": "@demijohn-nobody"}):
        notifier = Notifier(environ)
        notifier.ready("fine")
        notifier.reloading()
        notifier.stopping()
        notifier.pulse()


def test_the_status_says_what_boots():
    table = WorkerTable.empty(3).record(GenerationBegun(2), 1.0)
    assert status_of(table) == "0 of 3 workers serve, generation 1; generation 2 boots"
