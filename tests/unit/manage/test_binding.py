"""Listening, and the one line that says why it is not possible."""

import errno
import os
import socket
import sys

import pytest

from demijohn.manage.binding import BindError, close_all
from demijohn.manage.listening import open_listeners


def bind(host, port, fd=None):
    """Listen on what is one address."""
    (listener,) = open_listeners(host, port, fd=fd)
    return listener


def test_port_0_gives_the_real_port_at_once():
    listener = bind("127.0.0.1", 0)
    try:
        host, port = listener.address
        assert host == "127.0.0.1"
        assert port > 0
        socket.create_connection((host, port), timeout=5).close()
    finally:
        listener.close()


@pytest.mark.parametrize("port", ["5000", None, 5000.0, True])
def test_a_port_that_is_no_int_is_a_type_error(port):
    with pytest.raises(TypeError, match="must be an integer"):
        bind("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 65536, 10**10])
def test_a_port_out_of_range(port):
    with pytest.raises(ValueError, match="between 0 and 65535"):
        bind("127.0.0.1", port)


def test_a_taken_port_names_host_port_and_the_process():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BindError) as caught:
            bind("127.0.0.1", port)
    assert caught.value.errno == errno.EADDRINUSE
    assert f"127.0.0.1:{port}" in str(caught.value)
    if sys.platform == "linux":
        assert f"process {os.getpid()} (" in str(caught.value)


def test_hosts_that_are_not_ours():
    with pytest.raises(BindError, match=r"192\.0\.2\.1:0: this machine has no such address"):
        bind("192.0.2.1", 0)
    with pytest.raises(BindError, match="no such host name"):
        bind("no such host", 0)


def test_an_inherited_descriptor(tmp_path):
    with socket.socket() as outer:
        outer.bind(("127.0.0.1", 0))
        outer.listen()
        listener = bind("ignored", 0, fd=os.dup(outer.fileno()))
        assert listener.address == outer.getsockname()
        listener.close()


def test_a_socket_s_file_that_may_not_be_removed(tmp_path, monkeypatch, caplog):
    listener = bind(f"unix://{tmp_path}/s", 0)

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "unlink", refuse)
    listener.close()  # as a server does that stops
    close_all([listener])
    assert f"{tmp_path}/s stays" in caplog.text


def test_a_unix_socket(tmp_path):
    path = str(tmp_path / "s")
    listener = bind(f"unix://{path}", 0)
    assert listener.address == path
    with pytest.raises(BindError, match="is listening there. Stop it"):
        bind(f"unix://{path}", 0)
    listener.close()
    listener.unlink()
    assert not os.path.exists(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BindError, match=str(tmp_path / "file")):
        bind(f"unix://{tmp_path / 'file'}", 0)
