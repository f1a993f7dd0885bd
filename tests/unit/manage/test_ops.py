"""What the ops endpoints say, by what is on the board."""

import json
import os
import socket
import threading
import urllib.error
import urllib.request

import pytest

from demijohn._base.clock import FakeClock, SystemClock
from demijohn.manage.board import Board, RunState, WorkerState
from demijohn.manage.ops.handler import OpsHandler
from demijohn.manage.ops.health import Rules, live, ready
from demijohn.manage.ops.process import Ops
from demijohn.metrics.kinds import Counter
from demijohn.metrics.store import Store
from demijohn.serve import Listener
from demijohn.serve.stats import ANSWERS, CONNECTIONS_OPEN, ENDED, REFUSED, REQUESTS
from demijohn.testing import RecordingExchange


class Run:
    """A board on which workers serve, at a time that stands still."""

    def __init__(self, workers: int) -> None:
        self.clock = FakeClock(1000.0)
        self.board = Board(workers, metrics_bytes=4096, clock=self.clock)
        self.board.head.wanted = workers
        self.board.head.state = RunState.SERVING
        self.rows = [self.board.take(generation=1) for _ in range(workers)]
        self.slots = [self.board.slot(row) for row in self.rows]
        for number, slot in enumerate(self.slots):
            slot.pid = 100 + number
            slot.state = WorkerState.SERVING
            slot.beat(self.clock.monotonic())

    def ready(self, **rules):
        return ready(self.board, Rules(**rules), self.clock.monotonic())

    def live(self, **rules):
        return live(self.board, Rules(**rules), self.clock.monotonic())

    def beat(self, *slots) -> None:
        self.board.beat()
        for slot in slots:
            slot.beat(self.clock.monotonic())

    def get(self, path: str, method: str = "GET"):
        exchange = RecordingExchange(method, path)
        OpsHandler(self.board, Rules(), self.clock)(exchange)
        return exchange


@pytest.fixture
def two():
    return Run(2)


def test_ready_while_enough_workers_serve(two):
    assert two.ready().is_well
    assert two.ready(ready_workers=2).text == "ok\n2 of 2 workers are ready"
    assert two.ready(ready_workers=5).is_well, "no more are asked for than there should be"
    for state in (WorkerState.BOOTING, WorkerState.READY, WorkerState.STOPPING):
        two.slots[0].state = state
        assert two.ready().is_well
        verdict = two.ready(ready_workers=2)
        assert (verdict.is_well, verdict.text) == (False, "1 of 2 workers are ready, and 2 should be")
    two.slots[1].state = WorkerState.BOOTING
    assert not two.ready().is_well


def test_not_ready_when_workers_stand_still(two):
    two.clock.advance(10.5)
    two.beat(two.slots[1])
    assert two.ready().text == "ok\n1 of 2 workers are ready\nworker 100 has not got on for 10.5 s"
    assert not two.ready(ready_workers=2).is_well
    two.clock.advance(10.5)
    two.beat()
    assert not two.ready().is_well
    assert two.ready(heartbeat_age=30).is_well


def test_not_ready_when_requests_wait_too_long(two):
    now = two.clock.monotonic()
    two.slots[0].beat(now, (3, now - 4))
    assert two.ready(ready_workers=2).is_well
    two.clock.advance(2)
    two.beat()
    assert two.ready(ready_workers=2).is_well, "nobody knows whether it still waits"
    two.slots[0].beat(now + 2, (3, now - 4))
    verdict = two.ready(ready_workers=2)
    assert not verdict.is_well
    assert "worker 100 has a request that has waited for a thread for 6.0 s" in verdict.text
    assert two.ready(ready_workers=2, queue_age=10).is_well


def test_not_ready_when_the_run_stops_or_has_no_workers(two):
    two.board.head.state = RunState.STOPPING
    assert (two.ready().is_well, two.ready().text) == (False, "stopping")
    assert two.live().is_well
    two.board.head.state = RunState.SERVING
    two.board.head.wanted = 0  # paused
    for row in two.rows:
        two.board.give_back(row)
    assert not two.ready().is_well


def test_live_while_the_supervisor_comes_round(two):
    two.clock.advance(9)
    assert two.live().is_well
    two.clock.advance(2)
    for slot in two.slots:
        slot.beat(two.clock.monotonic())
    assert (two.live().is_well, two.ready().is_well) == (False, False)
    assert "11.0 s" in two.live().text
    assert two.live(heartbeat_age=20).is_well
    two.beat()
    assert two.live().is_well


@pytest.mark.parametrize("wrong", [{"ready_workers": 0}, {"queue_age": 0}, {"heartbeat_age": -1}])
def test_rules_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Rules(**wrong)


def samples(text: str) -> dict[str, float]:
    return {
        name: float(value)
        for line in text.splitlines()
        if not line.startswith("#")
        for name, value in [line.rsplit(" ", 1)]
    }


def test_metrics_are_sums_and_outlive_workers(two):
    for slot in two.slots:
        cells = slot.stats.cells
        cells[REQUESTS] += 10
        cells[ENDED] += 9
        cells[ANSWERS + 2] += 8
        cells[ANSWERS + 5] += 1
        cells[CONNECTIONS_OPEN] += 4
        cells[REFUSED["max_queue_age"]] += 1
        store = Store()
        store.attach(slot.metrics, list)
        Counter("orders", "Orders.", store=store).inc(2)
    before = samples(two.get("/metrics").body_sent.decode())
    assert before["demijohn_requests_total"] == 20
    assert before['demijohn_answers_total{status="2xx"}'] == 16
    assert before['demijohn_answers_total{status="5xx"}'] == 2
    assert before["demijohn_connections_open"] == 8
    assert before["demijohn_requests_in_flight"] == 2
    assert before['demijohn_refusals_total{limit="max_queue_age"}'] == 2
    assert before['demijohn_workers{state="serving"}'] == 2
    assert before["orders_total"] == 4
    two.board.give_back(two.rows[0])
    after = samples(two.get("/metrics").body_sent.decode())
    assert after["demijohn_connections_open"] == 4
    assert after["demijohn_requests_in_flight"] == 1
    assert after['demijohn_workers{state="serving"}'] == 1
    assert {name: value for name, value in after.items() if "total" in name} == {
        name: value for name, value in before.items() if "total" in name
    }
    two.clock.advance(3)
    later = samples(two.get("/metrics").body_sent.decode())
    assert later["demijohn_heartbeat_age_seconds"] == 3
    assert later["demijohn_supervisor_heartbeat_age_seconds"] == 3


def test_every_figure_is_described(two):
    lines = two.get("/metrics").body_sent.decode().splitlines()
    names = {line.split()[2] for line in lines if line.startswith("# HELP")}
    for line in lines:
        if not line.startswith("#"):
            assert line.split("{")[0].split()[0] in names, line
    assert all(len(line.split()) > 4 or "Versions." in line for line in lines if line.startswith("# HELP"))


def test_status_is_json(two):
    two.slots[1].stats.cells[REQUESTS] += 3
    exchange = two.get("/_dj/status")
    found = json.loads(exchange.body_sent)
    assert found["state"] == "serving"
    assert found["pid"] == os.getpid()
    assert [(one["pid"], one["state"], one["requests"]) for one in found["workers"]] == [
        (100, "serving", 0),
        (101, "serving", 3),
    ]


def test_a_board_that_was_left_half_way_is_not_told_of(two, monkeypatch):
    monkeypatch.setattr("demijohn.manage.board._ATTEMPTS", 2)
    two.board.head.version += 1
    assert two.get("/metrics").status == "503 Service Unavailable"
    assert two.get("/livez").status == "200 OK", "it says nothing about the supervisor's heart"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/livez", "200 OK"),
        ("HEAD", "/readyz", "200 OK"),
        ("GET", "/livez?verbose", "200 OK"),
        ("GET", "/", "404 Not Found"),
        ("GET", "/livez/", "404 Not Found"),
        ("POST", "/livez", "405 Method Not Allowed"),
    ],
)
def test_paths_and_methods(two, method, path, status):
    exchange = two.get(path, method)
    assert exchange.status == status
    assert dict(exchange.headers)["Cache-Control"] == "no-store"
    assert (dict(exchange.headers).get("Allow") == "GET, HEAD") == (method == "POST")


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_it_is_served_until_its_lifeline_ends(tmp_path, kind):
    board = Board(1, metrics_bytes=4096, clock=SystemClock())
    listener = Listener.tcp("127.0.0.1", 0) if kind == "tcp" else Listener.unix(str(tmp_path / "ops.sock"))
    ours, theirs = socket.socketpair()
    let_go = threading.Event()
    thread = threading.Thread(target=Ops([listener]).run, args=(board, theirs, let_go.set))
    thread.start()
    try:
        if kind == "tcp":
            with urllib.request.urlopen(f"http://127.0.0.1:{listener.address[1]}/livez", timeout=20) as answer:
                assert (answer.status, answer.read()) == (200, b"ok\n")
            with pytest.raises(urllib.error.HTTPError, match="503"):
                urllib.request.urlopen(f"http://127.0.0.1:{listener.address[1]}/readyz", timeout=20)
        else:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(20)
                sock.connect(listener.address)
                sock.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert sock.makefile("rb").read().startswith(b"HTTP/1.1 200 OK\r\n")
        assert let_go.is_set()
    finally:
        ours.close()
        thread.join(20)
        assert not thread.is_alive()
        theirs.close()
        listener.close()
        listener.unlink()
