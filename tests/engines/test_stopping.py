"""Stopping loses nothing: requests that cross the stop on their way are answered, counted one by one by many clients.

What is in flight when it begins is the matter of test_draining.py.
"""

import contextlib
import http.client
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from engines import certs
from engines.conftest import RUNNERS
from engines.oddities import JumpingClock, let_turn, links, wait_until
from engines.serving import TIMEOUT, Client, serving

from demijohn.serve import Listener, Server, ServerOptions
from demijohn.serve.lingering import Lingering

LAUNCH = Path(__file__).with_name("launch_stopping.py")
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def hello(exchange) -> None:
    exchange.respond("200 OK", [], b"hello")


# ---------------------------------------------------------------- the grace


@pytest.mark.over_tls
@pytest.mark.parametrize("state", ["fresh", "idle"])
def test_a_request_that_comes_on_a_quiet_connection_after_the_stop_is_answered(runner, state):
    with serving(hello, runner, JumpingClock(), drain_idle_grace=1000, drain_timeout=2000) as running:
        with Client(running) as client:
            if state == "idle":
                assert "connection" not in client.get("/").headers
            wait_until(lambda: len(links(running)) == 1)
            running.server.shutdown()
            let_turn(running)
            answer = client.get("/")
            assert answer.body == b"hello"
            assert answer.headers["connection"] == "close"
            assert client.is_closed()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()


def test_a_client_that_is_connected_but_has_not_begun_its_handshake_has_the_grace_too(runner):
    with serving(hello, f"{runner}+tls", JumpingClock(), drain_idle_grace=1000, drain_timeout=2000) as running:
        sock = running.connect_plain()
        wait_until(lambda: len(links(running)) == 1)
        running.server.shutdown()
        let_turn(running)
        with certs.client_context().wrap_socket(sock, server_hostname="localhost") as secure:
            secure.sendall(GET)
            assert secure.recv(1000).startswith(b"HTTP/1.1 200")
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()


@pytest.mark.over_tls
@pytest.mark.parametrize("state", ["fresh", "idle"])
def test_after_the_grace_a_quiet_connection_is_ended_and_not_reset(runner, state):
    clock = JumpingClock()
    with serving(hello, runner, clock, drain_idle_grace=5, linger_timeout=100, drain_timeout=2000) as running:
        with Client(running) as client:
            if state == "idle":
                client.get("/")
            wait_until(lambda: len(links(running)) == 1)
            running.server.shutdown()
            let_turn(running)
            clock.jump(3, running)
            let_turn(running)
            assert not [link for link in links(running) if type(link) is Lingering]
            clock.jump(4, running)
            wait_until(lambda: [type(link) for link in links(running)] == [Lingering])
            client.send(GET)  # crosses the end on its way: no reset, so the client knows that nobody has looked at it
            assert client.file.read(1) == b""
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()


def test_a_head_that_begins_in_the_grace_has_the_time_of_a_head(runner):
    clock = JumpingClock()
    with serving(hello, runner, clock, drain_idle_grace=5, head_timeout=30, drain_timeout=2000) as running:
        with Client(running) as client:
            wait_until(lambda: len(links(running)) == 1)
            running.server.shutdown()
            let_turn(running)
            client.send(GET[:10])
            wait_until(lambda: links(running)[0].h1.has_buffered)
            clock.jump(20, running)
            client.send(GET[10:])
            assert client.read_answer().status == 200
        running.thread.join(TIMEOUT)


@pytest.mark.over_tls
def test_in_haste_quiet_connections_are_closed_at_once(runner):
    with serving(hello, runner, JumpingClock(), drain_delay=1000, drain_idle_grace=1000) as running:
        fresh, idle = Client(running), Client(running)
        assert idle.get("/").status == 200
        wait_until(lambda: len(links(running)) == 2)
        running.server.shutdown()
        let_turn(running)
        assert running.thread.is_alive()
        running.server.shutdown(is_patient=False)
        assert fresh.is_closed()
        assert idle.is_closed()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()
        fresh.close()
        idle.close()


def test_haste_in_the_middle_of_the_grace(runner):
    with serving(hello, runner, JumpingClock(), drain_idle_grace=1000) as running, Client(running) as client:
        client.get("/")
        running.server.shutdown()
        let_turn(running)
        running.server.shutdown(is_patient=False)
        assert client.is_closed()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()


# ---------------------------------------------------------------- the delay


def test_in_the_delay_it_is_not_ready_and_serves_everybody(runner):
    clock, listener = JumpingClock(), Listener.tcp("127.0.0.1", 0)
    options = ServerOptions(runner=runner, drain_delay=10, drain_idle_grace=0)
    server = Server(hello, [listener], options, clock, on_drain=listener.close)
    assert not server.is_ready
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    class Reachable:
        address = listener.address

        def connect(self):
            return socket.create_connection(self.address, timeout=TIMEOUT)

    running = Reachable()
    running.server = server
    try:
        wait_until(lambda: server.is_ready)
        old = Client(running)
        assert "connection" not in old.get("/").headers
        server.shutdown()
        assert not server.is_ready
        let_turn(running)
        assert server._engine.is_draining
        assert old.get("/").headers["connection"] == "close"
        old.close()
        for _ in range(3):
            with Client(running) as client:
                assert client.get("/").headers["connection"] == "close"
        quiet = Client(running)
        wait_until(lambda: len(links(running)) >= 1)
        clock.jump(12, running)
        assert quiet.is_closed()
        quiet.close()
        thread.join(TIMEOUT)
        assert not thread.is_alive()
        with pytest.raises(ConnectionRefusedError):
            running.connect()
    finally:
        server.shutdown_now()
        thread.join(TIMEOUT)


def test_a_quick_stop_does_not_wait_for_the_delay(runner):
    with serving(hello, runner, drain_delay=1000) as running:
        running.server.shutdown()
        running.server.shutdown_now()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()


# ---------------------------------------------------------------- the backlog


@pytest.mark.parametrize("is_multiprocess", [False, True])
def test_whoever_waits_in_the_backlog_when_the_listener_is_closed_is_served(runner, is_multiprocess):
    listener = Listener.tcp("127.0.0.1", 0)
    options = ServerOptions(runner=runner, is_multiprocess=is_multiprocess)
    server = Server(hello, [listener], options, on_drain=listener.close)
    address = listener.address
    server.shutdown()
    silent = [socket.create_connection(address, timeout=TIMEOUT) for _ in range(50)]
    talking = [socket.create_connection(address, timeout=TIMEOUT) for _ in range(150)]
    for sock in talking:
        sock.sendall(GET)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for sock in talking:
        assert sock.recv(1000).startswith(b"HTTP/1.1 200"), "lost in the backlog"
        sock.close()
    for sock in silent:
        sock.sendall(GET)
        assert sock.recv(1000).startswith(b"HTTP/1.1 200"), "accepted and not waited for"
        sock.close()
    thread.join(TIMEOUT)
    assert not thread.is_alive()


# ---------------------------------------------------------------- processes, under load


class Launched:
    """A server in processes of its own."""

    def __init__(self, runner: str, processes: int, port: int = 0, **options) -> None:
        runner, _, self.tls = runner.partition("+")
        files = certs.server_files()
        self.process = subprocess.Popen(
            [
                *(sys.executable, LAUNCH, runner, str(processes), str(port), json.dumps(options)),
                *([files.certfile, files.keyfile] if self.tls else []),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.workers: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.errors = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.port = int(self.process.stdout.readline())
        if processes > 1:
            for _ in range(processes):
                self.new_worker()

    def _read(self) -> None:
        for line in self.process.stderr:
            self.errors += line
            if found := re.search(r"Worker (\d+) is ready", line):
                self.workers.put(int(found[1]))

    def new_worker(self) -> int:
        """Wait for the next worker to be ready."""
        return self.workers.get(timeout=TIMEOUT)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(TIMEOUT) == 0, self.errors
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._reader.join(TIMEOUT)
            self.process.stdout.close()
            self.process.stderr.close()
        assert "Traceback" not in self.errors, self.errors


class Crowd:
    """Clients that ask and count. Some wait between two requests, or after connecting."""

    KINDS = ("keep-alive", "new", "hesitating", "pausing") * 2

    BREATH = 0.002
    """What even those wait who do not, to leave some of the machine to the servers that start."""

    def __init__(self, port: int, *, is_tls: bool) -> None:
        self.port, self.is_tls = port, is_tls
        self.asked, self.answered = [0] * len(self.KINDS), [0] * len(self.KINDS)
        self.faults: list[str] = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._visit, args=item) for item in enumerate(self.KINDS)]

    def __enter__(self) -> "Crowd":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive()

    def _connect(self) -> http.client.HTTPConnection:
        if self.is_tls:
            context = certs.client_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=TIMEOUT, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        connection.auto_open = 0  # a connection is never mended behind our back
        connection.connect()
        return connection

    def _visit(self, number: int, kind: str) -> None:
        pause = 0.02 * (number + 1)
        while not self.over.wait(self.BREATH):
            try:
                self._use_connection(number, kind, pause)
            except (OSError, http.client.HTTPException) as error:
                self.faults.append(f"{kind}: {error!r}")

    def _use_connection(self, number: int, kind: str, pause: float) -> None:
        with contextlib.closing(self._connect()) as connection:
            if kind == "hesitating":
                self.over.wait(pause)
            while True:
                self.asked[number] += 1
                connection.request("GET", "/")
                with connection.getresponse() as answer:
                    assert answer.status == 200
                    answer.read()
                    self.answered[number] += 1
                    if answer.will_close:
                        return
                if kind == "new" or self.over.is_set():
                    return
                self.over.wait(pause if kind == "pausing" else self.BREATH)


@pytest.mark.slow
@pytest.mark.parametrize("server", [*RUNNERS, "late+tls"])
def test_no_request_is_lost_while_workers_come_and_go(server):
    """TTIN and TTOU under load: each worker that leaves has connections in every state."""
    launched = Launched(server, 2)
    try:
        with Crowd(launched.port, is_tls=bool(launched.tls)) as crowd:
            for _ in range(2):
                before = sum(crowd.answered)
                launched.process.send_signal(signal.SIGTTIN)
                worker = launched.new_worker()
                wait_until(lambda before=before: sum(crowd.answered) >= before + 150)
                launched.process.send_signal(signal.SIGTTOU)
                wait_until(lambda worker=worker: not os.path.exists(f"/proc/{worker}"), "the worker has left")
    finally:
        launched.stop()
    assert crowd.faults == []
    assert crowd.asked == crowd.answered
    assert sum(crowd.answered) > 300


@pytest.mark.slow
@pytest.mark.parametrize(("processes", "rounds"), [(1, 2), (2, 1)])
def test_no_request_is_lost_while_servers_replace_each_other_on_a_shared_port(processes, rounds):
    """SO_REUSEPORT: each server has a backlog of its own, which is lost if it is not emptied."""
    with socket.socket() as placeholder:
        placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        placeholder.bind(("127.0.0.1", 0))  # does not listen; keeps the port ours
        port = placeholder.getsockname()[1]
        current = Launched("late", processes, port)
        try:
            with Crowd(port, is_tls=False) as crowd:
                for _ in range(rounds):
                    before, old = sum(crowd.answered), current
                    current = Launched("late", processes, port)
                    wait_until(lambda before=before: sum(crowd.answered) >= before + 150)
                    old.stop()
        finally:
            current.stop()
    assert crowd.faults == []
    assert crowd.asked == crowd.answered


@pytest.mark.slow
def test_a_stop_of_all_workers_answers_what_is_under_way():
    """Nobody else listens: whoever connects too late is refused, and nothing else goes wrong."""
    launched = Launched("late", 2)
    with Crowd(launched.port, is_tls=False) as crowd:
        wait_until(lambda: sum(crowd.answered) > 100)
        began = time.monotonic()
        launched.stop()
        assert time.monotonic() - began < 15
        wait_until(lambda: len(crowd.faults) > 20)
    # The system resets whoever gets in between the last `accept` and the end of the listener: each of them once at most, and
    # nobody has read his request.
    reset = [fault for fault in crowd.faults if "ConnectionRefusedError" not in fault]
    assert len(reset) <= len(crowd.asked), reset
    assert all("ConnectionResetError" in fault for fault in reset)
    assert sum(crowd.asked) - sum(crowd.answered) == len(reset)


# ---------------------------------------------------------------- the end of one connection


def test_a_client_that_said_it_sends_no_more_is_not_read_on(runner):
    with serving(hello, runner, linger_timeout=1000) as running, Client(running) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.read_answer().status == 200
        assert client.is_closed()
        wait_until(lambda: not links(running))


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n",  # a promise that is not kept
        b"nonsense\r\n\r\n",
    ],
    ids=["more", "nonsense"],
)
def test_any_other_client_is_read_on_for_a_while_so_that_no_reset_takes_its_answer(runner, sent):
    with serving(hello, runner, linger_timeout=1000) as running, Client(running) as client:
        client.send(sent)
        assert client.read_answer().status in {200, 400}
        assert client.is_closed()
        wait_until(lambda: [type(link) for link in links(running)] == [Lingering])
        client.close()
        wait_until(lambda: not links(running))
