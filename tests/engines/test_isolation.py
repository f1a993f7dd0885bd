"""Contexts: no request ever sees a value of another's, every teardown runs exactly once, nothing is left on a worker.

One application, unmodified, on every runner, in one process and in two, through the native door and through WSGI.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from engines.serving import TIMEOUT, Client
from services import until

LAUNCH = Path(__file__).with_name("launch.py")
REQUESTS = 320


class Launched:
    """The probe application in a process of its own."""

    def __init__(self, runner: str, processes: int, door: str, record: Path) -> None:
        self.record = record
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", LAUNCH, runner, "16", str(processes), door, record],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.port = int(line)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)

    def notes(self) -> list[str]:
        return self.record.read_text().splitlines() if self.record.exists() else []

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            _, errors = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert self.process.returncode == 0, errors
        assert "Traceback" not in errors, errors


@contextlib.contextmanager
def launched(runner: str, processes: int, door: str, tmp_path: Path):
    running = Launched(runner, processes, door, tmp_path / "record")
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(params=[1, 2], ids=["1 process", "2 processes"])
def processes(request):
    return request.param


@pytest.fixture(params=["native", "wsgi"])
def door(request):
    return request.param


@pytest.mark.slow
def test_concurrent_requests_never_meet(runner, processes, door, tmp_path):
    with launched(runner, processes, door, tmp_path) as running:
        cookies = {}
        with Client(running) as client:
            for number in range(REQUESTS):
                answer = client.get(f"/login/t{number}")
                assert answer.body == b"t%d" % number
                cookies[number] = answer.headers["set-cookie"].partition(";")[0]
        clients = [Client(running) for _ in range(REQUESTS)]
        for number, client in enumerate(clients):
            client.send(
                f"GET /probe/t{number}?token=t{number} HTTP/1.1\r\nHost: a\r\nX-Token: t{number}\r\n"
                f"Cookie: {cookies[number]}\r\n\r\n".encode()
            )
        threads, pids = set(), set()
        for number, client in enumerate(clients):
            seen = json.loads(client.read_answer().body)
            assert seen["token"] == f"t{number}"
            assert seen["strange"] == []
            threads.add((seen["pid"], seen["thread"]))
            pids.add(seen["pid"])
        for number, client in enumerate(clients):
            client.send(f"GET /stream/s{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        for number, client in enumerate(clients):
            assert client.read_answer().body == b"s%d," % number * 50
            client.close()
    assert len(pids) == processes
    if runner == "inline":
        assert len(threads) == processes
    else:
        assert len(threads) > 8 * processes, "the requests did not run at the same time"
    notes = Counter(running.notes())
    assert [note for note in notes if note.startswith("leak")] == []
    assert notes == Counter(f"teardown {kind}{number}" for kind in "ts" for number in range(REQUESTS))


@pytest.mark.slow
def test_each_process_has_one_event_loop_for_all_its_requests(runner, tmp_path):
    found = {}
    with launched(runner, 2, "native", tmp_path) as running:
        requests = Counter()
        for _ in range(1000):
            if len(requests) == 2 and min(requests.values()) >= 5:
                break
            with Client(running) as client:
                seen = json.loads(client.get("/loop").body)
            assert found.setdefault(seen["pid"], seen["loop"]) == seen["loop"]
            assert seen["earlier"] == requests[seen["pid"]], "tasks of earlier requests have all run"
            requests[seen["pid"]] += 1
    assert len(requests) == 2


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_finishes_the_request_in_flight_and_exits_0(runner, processes, number, tmp_path):
    with launched(runner, processes, "native", tmp_path) as running:
        with Client(running) as client:
            client.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            until(lambda: "slow" in running.notes())
            running.process.send_signal(number)
            answer = client.read_answer()
            assert answer.body == b"slow but whole"
            assert client.is_closed()
        assert running.process.wait(TIMEOUT) == 0
        with pytest.raises(ConnectionRefusedError):
            running.connect()
