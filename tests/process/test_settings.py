"""Settings of every source in real processes; standard error that nobody reads."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No settings of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(("DEMIJOHN_", "FLASK_")) or name in {"PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"}:
            monkeypatch.delenv(name)


APP = "def app(environ, start_response):\n    start_response('200 OK', [('Content-Length', '2')])\n    return [b'ok']\n"
PATIENCE = 20


def ask(family, address, count=1):
    """Make requests on one connection; return all that comes."""
    with socket.socket(family) as client:
        client.settimeout(PATIENCE)
        client.connect(address)
        received = b""
        for number in range(count):
            last = b"Connection: close\r\n" if number == count - 1 else b""
            client.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n" + last + b"\r\n")
            while received.count(b"\r\n\r\nok") <= number:
                data = client.recv(65_536)
                assert data, received
                received += data
        return received


def test_every_source(start, tmp_path, monkeypatch):
    (tmp_path / "shop.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.demijohn]\napp = 'shop'\nbind = 'unix:s'\nserver_name = 'from pyproject'\npidfile = 'pid'\n"
    )
    (tmp_path / "own.toml").write_text("server_name = 'from a file'\naccess_log_file = 'access'\nlog_format = 'json'\n")
    monkeypatch.chdir(tmp_path)
    server = start(
        "-m", "demijohn", "run", "--config", "own.toml", "--threads", "2",
        DEMIJOHN_WORKERS="2", WEB_CONCURRENCY="3", DEMIJOHN_SERVER_NAME="from the environment",
    )  # fmt: skip
    server.wait_for("2 processes x 2 threads")
    assert b"Server: from the environment\r\n" in ask(socket.AF_UNIX, str(tmp_path / "s"))
    assert (tmp_path / "pid").read_text() == f"{server.pid}\n"
    server.stop()
    assert json.loads((tmp_path / "access").read_text())["path"] == "/x"
    assert all(json.loads(line)["pid"] for line in server.lines), "standard error is JSON, too"
    assert not (tmp_path / "pid").exists()
    assert not (tmp_path / "s").exists()


def test_standard_error_that_nobody_reads(tmp_path):
    """One process, and a supervisor with workers: at the same time, for each waits a few seconds for its pipe at its end."""
    (tmp_path / "shop.py").write_text(APP)
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"x" * 4096)
    os.set_blocking(write, True)
    # Ours, so that clients may come before the server is there.
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    processes = []
    try:
        for listener, options in zip(listeners, [(), ("--workers", "2")], strict=True):
            words = ["run", "shop", "--bind", f"fd://{listener.fileno()}", "--access-log", *options]
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "demijohn", *words],
                    cwd=tmp_path,
                    stderr=write,
                    pass_fds=[listener.fileno()],
                    start_new_session=True,
                )
            )
        for listener in listeners:
            assert ask(socket.AF_INET, listener.getsockname(), 300).count(b"200 OK") == 300
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            assert process.wait(PATIENCE) == 0
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for listener in listeners:
            listener.close()
        os.close(read)
        os.close(write)
