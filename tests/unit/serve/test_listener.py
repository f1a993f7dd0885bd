"""Listeners: where they are, and what they refuse."""

import errno
import os
import select
import socket
import stat
import sys

import pytest

from demijohn.serve import Listener, ListenOptions


def test_port_zero_is_answered_with_the_real_port():
    listener = Listener.tcp("127.0.0.1", 0)
    host, port = listener.address
    assert host == "127.0.0.1"
    assert port > 0
    assert listener.url == f"http://127.0.0.1:{port}"
    listener.close()


def test_an_ipv6_address_is_bracketed_in_the_url():
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        listener = Listener.tcp("::1", 0)
    except OSError:
        pytest.skip("no IPv6 loopback here")
    assert listener.url == f"http://[::1]:{listener.address[1]}"
    listener.close()


def test_a_taken_port_is_an_error_and_leaks_nothing():
    listener = Listener.tcp("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        Listener.tcp("127.0.0.1", listener.address[1])
    listener.close()


def test_a_unix_socket_is_for_its_owner_only_and_replaced_when_stale(tmp_path):
    path = str(tmp_path / "s")
    first = Listener.unix(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert first.url == f"unix:{path}"
    with pytest.raises(FileExistsError, match="another server listens"):
        Listener.unix(path)
    first.close()  # as if the process had died: the file stays
    second = Listener.unix(path, ListenOptions(unix_mode=0o660))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    second.close()
    second.unlink()
    assert not os.path.exists(path)
    second.unlink()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(FileExistsError, match="not a socket"):
        Listener.unix(str(path))
    assert path.read_text() == "data"


def test_an_inherited_descriptor_keeps_listening():
    first = Listener.tcp("127.0.0.1", 0)
    second = Listener.from_fd(os.dup(first.sock.fileno()))
    assert second.address == first.address
    first.close()
    with socket.create_connection(second.address):
        conn, _ = second.sock.accept()
        conn.close()
    second.close()


@pytest.mark.parametrize("inherits", [False, True])
def test_what_is_accepted_is_a_plain_socket_of_the_listeners_kind(inherits):
    listener = Listener.tcp("127.0.0.1", 0)
    if inherits:
        listener = Listener.from_fd(listener.sock.detach())
    with socket.create_connection(listener.address, timeout=20) as client:
        sock, address = listener.sock.accept()
        with sock:
            assert type(sock) is socket.socket
            assert (sock.family, sock.type, address) == (socket.AF_INET, socket.SOCK_STREAM, client.getsockname())
            assert not sock.get_inheritable()
            sock.sendall(b"x")
            assert client.recv(1) == b"x"
    with pytest.raises(BlockingIOError):
        listener.sock.accept()
    listener.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has filters for sockets")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.slow
def test_who_is_turned_away_comes_to_another_socket_at_the_address(host):
    """Nobody is reset: the client's system asks again, after a second, and finds who listens then."""
    options = ListenOptions(reuse_port=True)
    old = Listener.tcp(host, 0, options)
    family, name = old.sock.family, old.sock.getsockname()
    with socket.socket(family) as early, socket.socket(family) as late:
        early.settimeout(20)
        early.connect(name)  # waits to be accepted
        old.turn_away()
        late.setblocking(False)
        assert late.connect_ex(name) == errno.EINPROGRESS
        assert select.select([], [late], [], 0.05)[1] == []
        accepted, _ = old.sock.accept()
        with accepted:
            early.sendall(b"hello")  # it goes on as before
            accepted.settimeout(20)
            assert accepted.recv(5) == b"hello"
            with pytest.raises(BlockingIOError):
                old.sock.accept()
            new = Listener.at((family, name), options)
            old.close()
            new.sock.settimeout(20)
            found, _ = new.sock.accept()
            found.close()
            new.close()
