"""Whether it would be possible to listen: tried for a moment, and what the server of the same `pidfile` holds is its own."""

import os
import socket
import subprocess
import sys

import pytest

from demijohn.manage.binding import BindError
from demijohn.manage.settings.load import settings_of_call
from demijohn.manage.trial import try_addresses

LISTEN = """
import os, socket, sys
tcp = socket.create_server(("127.0.0.1", 0))
unix = socket.socket(socket.AF_UNIX)
unix.bind(sys.argv[1])
unix.listen()
print(tcp.getsockname()[1], flush=True)
sys.stdin.read()
"""


def trial(**keywords):
    return try_addresses(settings_of_call(keywords, "f"))


@pytest.fixture
def other(tmp_path):
    """A process that listens; returns its id, its port and the path of its Unix socket."""
    path = str(tmp_path / "sock")
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process.pid, int(process.stdout.readline()), path
        process.stdin.close()


def test_what_is_free_is_free_afterwards(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    path = tmp_path / "sock"
    for _ in range(2):
        assert trial(bind=[f"127.0.0.1:{port}", f"unix:{path}"], ops_bind=["127.0.0.1:0"]) == "Addresses: free."
        assert not path.exists()
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)), "nobody listens"


def test_two_wishes_may_be_for_the_same_address():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(BindError):
        trial(bind=[f"127.0.0.1:{port}"], ops_bind=[f"127.0.0.1:{port}"])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_who_holds_it_is_said_and_may_be_the_server_itself(other, tmp_path, monkeypatch):
    pid, port, path = other
    pidfile = tmp_path / "pid"
    for address in (f"127.0.0.1:{port}", f"unix:{path}"):
        with pytest.raises(BindError, match=rf"process {pid} |another server listens"):
            trial(bind=[address], pidfile=str(pidfile))
    pidfile.write_text(f"{pid}\n")
    said = trial(bind=[f"127.0.0.1:{port}", f"unix:{path}", "127.0.0.1:0"], pidfile=str(pidfile))
    assert said == (f"Addresses: in use by process {pid}, which {pidfile} names: 127.0.0.1:{port}, unix:{path}.")
    monkeypatch.setattr("demijohn.manage.trial.running_of", lambda _: os.getpid())
    assert "in use by process" in trial(bind=[f"127.0.0.1:{port}"]), "a worker of it listens"
    monkeypatch.setattr("demijohn.manage.trial.running_of", lambda _: os.getppid())
    with pytest.raises(BindError):
        trial(bind=[f"127.0.0.1:{port}"])


def test_what_is_handed_over_is_not_tried(monkeypatch):
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert trial(host="192.0.2.1") == "Addresses: handed over to this process."
    assert os.environ["LISTEN_FDS"] == "1", "they are still there for whom they are"
    monkeypatch.delenv("LISTEN_PID")
    with pytest.raises(BindError, match="this machine has no such address"):
        trial(host="192.0.2.1")
