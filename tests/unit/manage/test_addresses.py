"""How addresses to listen on are written, and sockets that a process is started with."""

import os

import pytest

from demijohn.manage.activation import take_activated
from demijohn.manage.addresses import Descriptor, TcpAddress, UnixAddress, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8000", TcpAddress("127.0.0.1", 8000)),
        ("127.0.0.1", TcpAddress("127.0.0.1", 5000)),
        ("[::1]:8000", TcpAddress("::1", 8000)),
        ("[::1]", TcpAddress("::1", 5000)),
        ("::1", TcpAddress("::1", 5000)),
        ("::", TcpAddress("::", 5000)),
        ("[fe80::1%eth0]:80", TcpAddress("fe80::1%eth0", 80)),
        ("[::ffff:1.2.3.4]:80", TcpAddress("::ffff:1.2.3.4", 80)),
        (":8000", TcpAddress("", 8000)),
        (":0", TcpAddress("", 0)),
        ("localhost", TcpAddress("localhost", 5000)),
        ("my-host.example:65535", TcpAddress("my-host.example", 65535)),
        ("unix:/run/app.sock", UnixAddress("/run/app.sock")),
        ("unix:///run/app.sock", UnixAddress("/run/app.sock")),
        ("unix:relative.sock", UnixAddress("relative.sock")),
        ("unix:@abstract", UnixAddress("@abstract")),
        ("fd://3", Descriptor(3)),
        ("fd:17", Descriptor(17)),
    ],
)
def test_addresses(text, address):
    assert parse_address(text, 5000) == address
    assert parse_address(str(address), 1) == address  # an address says of itself how it is written


@pytest.mark.parametrize(
    "text",
    ["", "8000", "a:b", "a:-1", "a:65536", "a:99999", "a:1:2", "[::1", "::1]:80", "[a]:80", "http://a:80", "unix:", "fd://", "fd://x", "a b:80", "a:٣", ":", "fd://9999999999"],
)  # fmt: skip
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match=r"no address to listen on|between 0 and 65535"):
        parse_address(text, 5000)


def test_a_port_alone_is_told_how_it_is_written():
    with pytest.raises(ValueError, match="write :8000 for the port 8000"):
        parse_address("8000", 5000)


@pytest.fixture
def variables(monkeypatch):
    """Sets variables of systemd; gone after the test."""

    def set_variables(**values):
        for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WERKZEUG_RUN_MAIN", "WERKZEUG_SERVER_FD"):
            monkeypatch.delenv(name, raising=False)
            if name in values:
                monkeypatch.setenv(name, str(values[name]))

    set_variables()
    return set_variables


def test_what_systemd_hands_over_is_taken_once(variables):
    assert take_activated() == []
    variables(LISTEN_PID=os.getpid(), LISTEN_FDS=2, LISTEN_FDNAMES="web:admin")
    assert take_activated() == [Descriptor(3), Descriptor(4)]
    assert not [name for name in os.environ if name.startswith("LISTEN_")]
    assert take_activated() == []


def test_what_was_handed_to_another_process_is_not_touched(variables):
    variables(LISTEN_PID=os.getppid(), LISTEN_FDS=2)
    assert take_activated() == []
    assert os.environ["LISTEN_FDS"] == "2"


@pytest.mark.parametrize("count", ["", "-1", "x", "٣", "100000", "1.5"])
def test_a_count_that_is_none(variables, count):
    variables(LISTEN_PID=os.getpid(), LISTEN_FDS=count)
    with pytest.raises(ValueError, match="LISTEN_FDS is"):
        take_activated()
