"""Who listens on an address that is taken."""

import os
import socket
import subprocess
import sys

import pytest

from demijohn.manage import holders
from demijohn.manage.binding import BindError
from demijohn.manage.holders import Holder, find_tcp_holder, find_unix_holder
from demijohn.manage.listening import open_listeners

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "0.0.0.0")]
)
def test_the_holder_of_a_port(family, host):
    with socket.socket(family) as other:
        other.bind((host, 0))
        port = other.getsockname()[1]
        assert find_tcp_holder(host, port) == Holder(), "bound, not listening"
        other.listen()
        holder = find_tcp_holder(host, port)
    assert holder.pid == os.getpid()
    assert holder.command
    assert str(holder).startswith(f"process {os.getpid()} (")


def test_another_address_is_not_in_the_way():
    """The child listens on the same port of 127.0.0.2, this process on 127.0.0.1."""
    code = "import socket, sys; s = socket.create_server(('127.0.0.2', int(sys.argv[1]))); print(flush=True); input()"
    with socket.create_server(("127.0.0.1", 0)) as own:
        port = own.getsockname()[1]
        with subprocess.Popen(
            [sys.executable, "-c", code, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child:
            child.stdout.readline()
            assert find_tcp_holder("127.0.0.1", port).pid == os.getpid()
            assert find_tcp_holder("127.0.0.2", port).pid == child.pid
            assert find_tcp_holder("0.0.0.0", port).pid in {os.getpid(), child.pid}
            child.communicate(b"\n")


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_the_holder_of_a_unix_socket(kind, tmp_path):
    path = str(tmp_path / "a socket") if kind == "file" else f"@{tmp_path}"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path if kind == "file" else "\0" + path[1:])
        assert find_unix_holder(path) == Holder()
        other.listen()
        assert find_unix_holder(path).pid == os.getpid()
        with pytest.raises(BindError, match=rf"process {os.getpid()} \(.*\) is listening there\. Stop it"):
            open_listeners(f"unix://{path}", 0)


def test_a_process_that_cannot_be_seen(monkeypatch):
    monkeypatch.setattr(holders, "_process_with", lambda inodes: None)
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = find_tcp_holder("127.0.0.1", other.getsockname()[1])
        assert found.pid is None
        assert str(found) == f"a process of the user {found.user}"
        with pytest.raises(BindError, match="a process of the user .* is using port"):
            open_listeners("127.0.0.1", other.getsockname()[1])


def test_without_proc(monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError

    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setattr("builtins.open", refuse)
        assert str(find_tcp_holder("127.0.0.1", other.getsockname()[1])) == "another program"
        assert str(find_unix_holder("/run/x")) == "another program"
