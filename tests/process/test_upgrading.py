"""SIGUSR2: a new supervisor takes over the sockets and the old one leaves, or goes on if the new one fails."""

import os
import re
import signal
import socket
import sys

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path):
    def say(text):
        code = f"from demijohn import Demijohn\napp = Demijohn('x')\n@app.get('/')\ndef index(): return {text!r}\n"
        (tmp_path / "app.py").write_text(code)

    say("one")
    return say


@pytest.fixture
def serve(start, site, tmp_path):
    def serve_site(*options, **environ):
        command = ("-m", "demijohn", "run", f"{tmp_path}/app.py", "--workers", 2, "--threads", 2)
        return start(*command, *options, PYTHONDONTWRITEBYTECODE="1", **environ)

    return serve_site


@pytest.fixture
def taken_over(wait_gone):
    """Wait until the successor serves and the old supervisor has left; return the successor's process id, and end it."""
    successors = []

    def wait(server):
        pid = int(server.wait_for(r"Upgrading: process (\d+) is started")[0][1])
        successors.append(pid)
        server.wait_for("The new supervisor serves")
        assert server.process.wait(20) == 0
        return pid

    yield wait
    for pid in successors:
        os.kill(pid, signal.SIGTERM)
        wait_gone(pid)


def test_a_new_supervisor_takes_over_the_port(serve, site, taken_over, tmp_path):
    pidfile = tmp_path / "pid"
    server = serve("--port", 0, "--pidfile", pidfile)
    server.workers(2)
    assert int(pidfile.read_text()) == server.pid
    port = server.port
    site("another")
    server.send(signal.SIGUSR2)
    pid = taken_over(server)
    assert server.port == port
    assert {server.get() for _ in range(5)} == {"another"}
    assert int(pidfile.read_text()) == pid
    ports = re.findall(r"Running on http://127.0.0.1:(\d+)", server.output())
    assert ports == [str(port)] * 2, "port 0 is the same port for the successor"


def test_the_file_of_a_unix_socket_stays(serve, taken_over, tmp_path):
    server = serve("--bind", f"unix:{tmp_path}/sock")
    server.workers(2)
    server.send(signal.SIGUSR2)
    pid = taken_over(server)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{tmp_path}/sock")
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with client.makefile("rb") as answer:
            assert answer.read().endswith(b"one")
    assert pid != server.pid


SIMPLE = """
from demijohn import Demijohn
from demijohn.manage.devserver import run_simple
app = Demijohn("x")
app.get("/")(lambda: "simple")
run_simple("127.0.0.1", 0, app, processes=2)
"""

MADE = """
import logging
logging.basicConfig(level=logging.INFO)
from demijohn.manage.devserver import make_server
make_server("127.0.0.1", 0, lambda environ, start_response: [], processes=2).serve_forever()
"""


@pytest.mark.parametrize("kind", ["script", "code"])
def test_a_program_that_serves_by_itself_is_run_again(start, sites, taken_over, kind):
    server = start(sites / "app_run.py", "processes") if kind == "script" else start("-c", SIMPLE)
    server.workers(2)
    port = server.port
    old = server.get()
    server.send(signal.SIGUSR2)
    taken_over(server)
    assert server.port == port
    assert server.get().split()[1:] == old.split()[1:]
    if kind == "script":
        assert server.get() != old, "another process answers"


def test_a_server_that_somebody_else_runs_is_not_upgraded_and_that_is_said(start):
    server = start("-c", MADE)
    server.workers(2)
    server.send(signal.SIGUSR2)
    server.wait_for("The upgrade came to nothing; this supervisor goes on. .* run_simple")
    server.stop()


def test_a_successor_that_fails_changes_nothing(serve, tmp_path, site):
    pidfile = tmp_path / "pid"
    server = serve("--port", 0, "--pidfile", pidfile)
    server.workers(2)
    (tmp_path / "app.py").write_text("def app(:")
    server.send(signal.SIGUSR2)
    server.wait_for("The upgrade came to nothing; this supervisor goes on. The new supervisor has ended with code 3")
    assert server.get() == "one"
    assert int(pidfile.read_text()) == server.pid
    site("two")
    server.send(signal.SIGHUP)
    server.wait_for("Reloaded: generation 2")
    server.stop()


def test_a_stop_while_a_successor_starts_stops_it_too(serve, tmp_path, site, wait_gone):
    server = serve("--port", 0)
    server.workers(2)
    (tmp_path / "app.py").write_text(
        f"import os, time\nwhile not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.02)\n"
        f"{(tmp_path / 'app.py').read_text()}"
    )
    server.send(signal.SIGUSR2)
    pid = int(server.wait_for(r"Upgrading: process (\d+) is started")[0][1])
    server.wait_for("Running on", 2)
    server.send(signal.SIGTERM)
    server.wait_for("topping once", 2)
    assert server.process.wait(20) == 0
    (tmp_path / "go").touch()  # its workers still load the application, and have time until drain_timeout
    wait_gone(pid)


def test_a_variable_of_nobody_is_no_handover(serve):
    server = serve("--port", 0, DEMIJOHN_HANDOVER='{"pid": 1')
    assert server.wait() == 2
    assert "DEMIJOHN_HANDOVER is" in server.output()


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
@pytest.mark.parametrize("workers", [1, 2])
def test_systemd_is_told(serve, site, taken_over, tmp_path, workers):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(20)

        def told(name):
            while True:
                message = dict(line.split("=", 1) for line in systemd.recv(4096).decode().splitlines())
                if name in message:
                    return message

        alone = () if workers == 2 else ("--no-supervise",)
        server = serve(
            "--port", 0, "--workers", workers, *alone, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="1000000"
        )
        assert told("READY")["MAINPID"] == str(server.pid)
        assert told("WATCHDOG") == {"WATCHDOG": "1"}
        if workers == 2:
            server.send(signal.SIGHUP)
            assert int(told("RELOADING")["MONOTONIC_USEC"]) > 0
            assert told("READY")["STATUS"] == "2 of 2 workers serve, generation 2"
            (tmp_path / "app.py").write_text("def app(:")
            server.send(signal.SIGHUP)
            told("RELOADING")
            assert "the last reload came to nothing" in told("READY")["STATUS"]
            site("two")
            server.send(signal.SIGUSR2)
            assert told("READY")["MAINPID"] == str(taken_over(server))
        else:
            server.send(signal.SIGTERM)
            assert told("STOPPING") == {"STOPPING": "1", "STATUS": "Stopping"}
            assert server.wait() == 0
