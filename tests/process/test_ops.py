"""Ops endpoints and metrics of real runs: they answer whatever the workers do, and lose nothing when workers are killed."""

import contextlib
import fcntl
import http.client
import json
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PATIENCE = 20.0


class Ops:
    """A run with ops endpoints, and what they say."""

    def __init__(self, server) -> None:
        self.server = server
        found = server.wait_for(r"Operators are told at http://127\.0\.0\.1:(\d+)/livez")
        self.port = int(found[0][1])

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            with connection.getresponse() as answer:
                return answer.status, answer.read().decode()
        finally:
            connection.close()

    def samples(self) -> dict[str, float]:
        status, text = self.get("/metrics")
        assert status == 200
        return samples(text)

    def pid(self) -> int:
        """Of the process that serves them: the child of the supervisor's that is no worker."""
        workers = {one["pid"] for one in json.loads(self.get("/_dj/status")[1])["workers"]}
        pid = self.server.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            (ours,) = {int(word) for word in file.read().split()} - workers
        return ours


def samples(text: str) -> dict[str, float]:
    pairs = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


@pytest.fixture
def hold(tmp_path):
    """Holds the lock that /block and /freeze wait for; call it to let them go."""
    path = tmp_path / "hold"
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        def release() -> None:
            fcntl.flock(file, fcntl.LOCK_UN)

        release.path = path
        yield release


@pytest.fixture
def metered(start, sites, hold):
    def run(*options):
        words = ("-m", "demijohn", "run", sites / "metered.py", "--port", 0, "--ops-bind", "127.0.0.1:0", *options)
        return Ops(start(*words, HOLD=str(hold.path)))

    return run


@pytest.fixture
def ask():
    """Send requests that are not answered yet; all connections are closed at the end."""
    sockets = []

    def send(server, path: str) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        sockets.append(sock)
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        return sock

    yield send
    for sock in sockets:
        sock.close()


def test_all_is_well_and_then_it_stops(metered, until):
    ops = metered("--workers", "2", "--threads", "2", "--drain-delay", "1s")
    ops.server.workers(2)
    until(lambda: ops.get("/readyz")[0] == 200)
    assert ops.get("/livez") == (200, "ok\n")
    status = json.loads(ops.get("/_dj/status")[1])
    assert (status["pid"], status["state"], status["generation"]) == (ops.server.pid, "serving", 1)
    assert {one["pid"] for one in status["workers"]} == set(ops.server.workers(2))
    ops.server.send(signal.SIGTERM)
    until(lambda: ops.get("/readyz") == (503, "stopping\n"))
    assert ops.get("/livez")[0] == 200
    assert ops.server.wait() == 0
    with pytest.raises(ConnectionRefusedError):
        ops.get("/livez")


def test_one_worker_has_a_supervisor_if_somebody_wants_to_be_told(metered, until):
    ops = metered()
    (worker,) = ops.server.workers(1)
    assert int(ops.server.get("/")) == worker != ops.server.pid
    until(lambda: ops.get("/readyz")[0] == 200)
    assert ops.samples()["demijohn_requests_total"] == 1
    ops.server.send(signal.SIGINT)
    assert ops.server.wait() == 0


def test_the_process_that_tells_is_started_again(metered, until):
    ops = metered("--workers", "2")
    ops.server.workers(2)
    ops.server.get("/count/1")
    before = ops.pid()
    os.kill(before, signal.SIGKILL)
    ops.server.wait_for(rf"The ops process {before} was killed by SIGKILL; another takes its place")
    assert ops.samples()['counted_total{parity="odd"}'] == 1, "who asks meanwhile waits in the backlog"
    assert ops.pid() != before
    ops.server.stop()


def test_it_does_not_outlive_its_supervisor(metered, wait_gone):
    ops = metered("--workers", "2")
    ops.server.workers(2)
    pid = ops.pid()
    ops.server.process.kill()
    wait_gone(pid)


def test_on_a_unix_socket(start, sites, hold, tmp_path):
    path = tmp_path / "ops.sock"
    words = ("-m", "demijohn", "run", sites / "metered.py", "--port", 0, "--ops-bind", f"unix:{path}")
    server = start(*words, HOLD=str(hold.path))
    server.workers(1)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(path))
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert sock.makefile("rb").read().endswith(b"\r\n\r\nok\n")
    server.stop()
    assert not path.exists()


@pytest.mark.parametrize(("path", "threads"), [("/block", "2"), ("/block", "1"), ("/freeze", "2")])
def test_it_answers_while_nobody_else_does(metered, hold, ask, until, path, threads):
    """Every thread of every worker waits, without the GIL and with it held by C code."""
    ops = metered(
        "--workers", "2", "--threads", threads, "--ready-queue-age", "300ms", "--heartbeat-age", "1500ms", "--worker-timeout", "1m"
    )  # fmt: skip
    ops.server.workers(2)
    until(lambda: ops.get("/readyz")[0] == 200)
    waiting = []
    pause = threading.Event()
    # Which worker takes a connection is the system's choice.
    until(lambda: waiting.append(ask(ops.server, path)) or pause.wait(0.05) or ops.get("/readyz")[0] == 503)
    began = time.monotonic()
    assert ops.get("/livez") == (200, "ok\n")
    status, text = ops.get("/readyz")
    assert (status, text.splitlines()[0]) == (503, "0 of 2 workers are ready, and 1 should be")
    found = ops.samples()
    took = time.monotonic() - began
    assert took < PATIENCE, "three answers; who waited for a worker would wait until it is let go, below"
    if path == "/freeze":
        assert re.search(r"worker \d+ has not got on for", text)
        assert found["demijohn_heartbeat_age_seconds"] > 1.5
    else:
        assert re.search(r"worker \d+ has a request that has waited for a thread for", text)
        assert found["demijohn_queue_age_seconds"] > 0.3
    assert found["demijohn_requests_in_flight"] >= 2
    hold()
    for sock in waiting:
        assert sock.recv(12) == b"HTTP/1.1 200"
        sock.close()  # the server reads on until then
    until(lambda: ops.get("/readyz")[0] == 200)
    ops.server.stop()


def test_metrics_are_exact_and_never_go_back_when_three_of_eight_workers_are_killed(metered, until):
    ops = metered("--workers", "8", "--threads", "2")
    first = ops.server.workers(8)
    until(lambda: ops.samples()['demijohn_workers{state="serving"}'] == 8)
    answered, cut = [], []
    is_over = threading.Event()

    def load(number: int) -> None:
        while not is_over.is_set():
            try:
                answered.append(int(ops.server.get(f"/count/{number}")))
            except (OSError, http.client.HTTPException):  # of a worker that was killed with the request in it
                cut.append(number)

    def counted(found: dict[str, float]) -> float:
        return found.get('counted_total{parity="odd"}', 0) + found.get('counted_total{parity="even"}', 0)

    threads = [threading.Thread(target=load, args=(number,)) for number in (1, 2)]
    seen = [ops.samples()]

    def look() -> None:
        found = ops.samples()
        for name, before in seen[-1].items():
            if re.match(r"\w+_(total|count|sum|bucket)\b", name):
                assert found[name] >= before, f"{name} went back"
        seen.append(found)

    def look_until(condition) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until
            look()

    for thread in threads:
        thread.start()
    try:
        for number, pid in enumerate(first[:3]):
            look_until(lambda: len(answered) > 30 * (number + 1))
            os.kill(pid, signal.SIGKILL)
            look()
            ops.server.wait_for(r"Worker \d+ was killed by SIGKILL", number + 1)
            look()
        ops.server.workers(11)
        look_until(lambda: len(answered) > 120)
    finally:
        is_over.set()
        for thread in threads:
            thread.join(PATIENCE)
    until(lambda: ops.samples()['demijohn_workers{state="serving"}'] == 8)
    look()
    found = seen[-1]
    # A request that was cut may have been counted before its worker was killed.
    assert len(answered) <= counted(found) <= len(answered) + len(cut)
    assert len(answered) <= found["demijohn_requests_total"] <= len(answered) + len(cut)
    assert counted(found) - 3 <= found["sizes_count"] <= counted(found)  # and so between these two
    assert found["demijohn_worker_deaths_total"] == 3
    assert found["demijohn_requests_in_flight"] == 0
    # An answer is counted when it is out: a worker may have been killed in between.
    assert len(answered) - 3 <= found['demijohn_answers_total{status="2xx"}'] <= len(answered) + len(cut)
    # While nobody asks, a kill changes nothing; and what comes then is counted to the last.
    for pid in ops.server.workers(11)[3:6]:
        os.kill(pid, signal.SIGKILL)
        look()
    ops.server.workers(14)
    look()
    assert counted(seen[-1]) == counted(found)
    for number in range(40):
        ops.server.get(f"/count/{number}")
    until(lambda: ops.samples()["demijohn_requests_in_flight"] == 0)
    look()
    assert counted(seen[-1]) == counted(found) + 40
    assert seen[-1]["demijohn_requests_total"] == found["demijohn_requests_total"] + 40
    assert seen[-1]["sizes_sum"] == found["sizes_sum"] + sum(range(40))
    # Any worker tells the same.
    of_worker = samples(ops.server.get("/metrics"))
    assert {name: of_worker[name] for name in of_worker if name.startswith(("counted", "sizes"))} == {
        name: value for name, value in seen[-1].items() if name.startswith(("counted", "sizes"))
    }
    ops.server.stop()


@pytest.mark.parametrize("options", [(), ("--preload",)])
def test_counts_of_both_generations_are_there_after_a_reload(metered, until, options):
    ops = metered("--workers", "2", *options)
    ops.server.workers(2)
    for number in range(5):
        ops.server.get(f"/count/{number}")
    ops.server.get("/level/7")
    assert ops.samples()["level"] == 7
    ops.server.send(signal.SIGHUP)
    until(lambda: ops.samples()['demijohn_reloads_total{outcome="done"}'] == 1)
    until(lambda: ops.samples()['demijohn_workers{state="stopping"}'] == 0)
    until(lambda: ops.samples()['demijohn_workers{state="serving"}'] == 2)
    found = ops.samples()
    assert (found["demijohn_generation"], found["demijohn_worker_deaths_total"]) == (2, 0)
    assert found['counted_total{parity="even"}'] == 3
    assert found["level"] == 0, "a gauge goes with its worker"
    for number in range(5):
        ops.server.get(f"/count/{number}")
    assert ops.samples()['counted_total{parity="even"}'] == 6
    ops.server.stop()


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_a_new_supervisor_goes_on_telling(metered, start, sites, hold, tmp_path, until, wait_gone, kind):
    """SIGUSR2: somebody tells all the time, and never that there is anything wrong."""
    path = tmp_path / "ops.sock"
    if kind == "unix":
        words = (
            "-m",
            "demijohn",
            "run",
            sites / "metered.py",
            "--port",
            0,
            "--workers",
            2,
            "--ops-bind",
            f"unix:{path}",
        )
        server = start(*words, HOLD=str(hold.path))
        ops = None
    else:
        ops = metered("--workers", "2")
        server = ops.server
    server.workers(2)

    def get(page: str) -> tuple[int, str]:
        if ops is not None:
            return ops.get(page)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(str(path))
            sock.sendall(f"GET {page} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            head, _, body = sock.makefile("rb").read().partition(b"\r\n\r\n")
            return int(head.split()[1]), body.decode()

    until(lambda: get("/readyz")[0] == 200)
    wrong, seen = [], set()
    is_over = threading.Event()

    def look_on() -> None:
        while not is_over.is_set():
            try:
                for page in ("/livez", "/readyz", "/_dj/status"):
                    status, text = get(page)
                    if status != 200:
                        wrong.append((page, status, text))
                seen.add(json.loads(text)["pid"])
            except OSError as error:
                wrong.append(error)
                return

    looker = threading.Thread(target=look_on)
    looker.start()
    successor = 0
    try:
        server.send(signal.SIGUSR2)
        successor = int(server.wait_for(r"Upgrading: process (\d+) is started")[0][1])
        assert server.process.wait(PATIENCE) == 0
        until(lambda: json.loads(get("/_dj/status")[1])["pid"] == successor)
    finally:
        is_over.set()
        looker.join(PATIENCE)
        if successor:
            os.kill(successor, signal.SIGTERM)
            wait_gone(successor)
    assert wrong == []
    assert seen == {server.pid, successor}
    assert not path.exists()


def test_without_workers_an_application_tells_of_itself(start, sites, hold):
    server = start("-m", "demijohn", "run", sites / "metered.py", "--port", 0, HOLD=str(hold.path))
    server.get("/count/3")
    assert samples(server.get("/metrics"))['counted_total{parity="odd"}'] == 1
    server.stop()
    assert "Operators" not in server.output()


def test_where_nobody_can_listen_is_said(start, sites, hold):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        words = ("-m", "demijohn", "run", sites / "metered.py", "--port", 0, "--ops-bind", f"127.0.0.1:{port}")
        server = start(*words, HOLD=str(hold.path))
        assert server.wait() == 1
    assert f"is using port {port}" in server.output()


def test_the_page_about_operations_says_what_is_so(start, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (told,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    (tmp_path / "shop.py").write_text(program)
    words = ("-m", "demijohn", "run", tmp_path / "shop.py", "--port", 0, "--workers", 2, "--ops-bind", "127.0.0.1:0")
    ops = Ops(start(*words))
    ops.server.workers(2)
    for _ in range(3):
        assert ops.server.get("/order/de") == "thank you"
    text = ops.get("/metrics")[1].splitlines()
    assert [line for line in told.splitlines() if line not in text] == []
    # Every metric of ours is on the page, and every one on the page is ours.
    ours = {line.split()[2].removeprefix("demijohn_") for line in text if line.startswith("# HELP demijohn_")}
    table = page.partition("## Metrics of the server")[2].partition("An alert")[0]
    described = {name.lstrip("_") for name in re.findall(r"`(?:demijohn)?(_[a-z_]+)", table)}
    assert described == ours
    ops.server.stop()
