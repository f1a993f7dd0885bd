"""What a child is given, and what is left lying around in environments by others."""

import json
import os
import socket

import pytest

from demijohn.manage.activation import RELOADER, RUN_MAIN, SERVER_FD, inherited_listener, is_running_from_reloader
from demijohn.manage.handover import HandedListener
from demijohn.manage.reloader import child as child_module
from demijohn.manage.reloader import current as current_module
from demijohn.manage.reloader.channel import Channel
from demijohn.manage.reloader.current import current_child
from demijohn.manage.reloader.handshake import Handshake, handed, read_handshake
from demijohn.serve import Listener


@pytest.fixture
def listener():
    listener = Listener.tcp("127.0.0.1", 0)
    yield listener
    listener.close()


@pytest.fixture
def channel():
    channel = Channel()
    yield channel
    channel.close()


def handshake(channel, listener, **changed):
    facts = {
        "parent": os.getppid(),
        "channel": channel.child_fd,
        "number": 3,
        "is_first": False,
        "way": "stat",
        "files": 7,
        **changed,
    }
    return Handshake(**facts, listeners=handed([listener]), adhoc=("a.crt", "a.key"))


def test_a_child_reads_what_its_parent_has_written(channel, listener):
    given = handshake(channel, listener)
    environ = given.environ()
    assert read_handshake(environ) == given
    assert environ[RUN_MAIN] == "true"
    assert environ[SERVER_FD] == str(listener.sock.fileno())
    assert set(given.descriptors) == {channel.child_fd, listener.sock.fileno()}


def test_a_unix_sockets_file_stays_the_parents(tmp_path):
    listener = Listener.unix(str(tmp_path / "sock"))
    assert handed([listener]) == (HandedListener(listener.sock.fileno(), None, False),)
    listener.close()
    listener.unlink()


def test_what_is_meant_for_another_process_is_left_alone(channel, listener):
    assert read_handshake({}) is None
    assert read_handshake(handshake(channel, listener, parent=os.getpid()).environ()) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"parent": "x"}', "null", "3"])
def test_nonsense_is_no_handshake(text):
    assert read_handshake({RELOADER: text}) is None


def test_incomplete_facts_are_no_handshake(channel, listener):
    facts = json.loads(handshake(channel, listener).environ()[RELOADER])
    for name in facts:
        assert read_handshake(
            {RELOADER: json.dumps({key: value for key, value in facts.items() if key != name})}
        ) is None or (name in {"listeners", "ops", "adhoc"})


def test_descriptors_that_somebody_has_closed_are_no_handshake(channel, listener):
    environ = handshake(channel, listener).environ()
    listener.close()
    assert read_handshake(environ) is None


def test_the_current_child_is_read_once_and_the_variable_is_for_nobody_else(channel, listener, monkeypatch):
    monkeypatch.setattr(current_module, "_current", current_module._NOT_LOOKED)
    monkeypatch.setattr(child_module, "_end_with", os.close)
    monkeypatch.setenv(RELOADER, handshake(channel, listener).environ()[RELOADER])
    child = current_child()
    assert child.handshake.number == 3
    assert not child.is_first
    assert RELOADER not in os.environ
    assert current_child() is child


def test_who_runs_from_a_reloader(monkeypatch):
    monkeypatch.delenv(RUN_MAIN, raising=False)
    assert not is_running_from_reloader()
    monkeypatch.setenv(RUN_MAIN, "true")
    assert is_running_from_reloader()


# ---------------------------------------------------------------------- Werkzeug's variables


def said(fd, main="true"):
    return {RUN_MAIN: main, SERVER_FD: str(fd)}


def test_another_reloaders_socket_is_taken(listener):
    fd, port = listener.sock.fileno(), listener.address[1]
    assert inherited_listener(said(fd), 0) == fd
    assert inherited_listener(said(fd), port) == fd


def test_a_server_for_another_port_does_not_take_it(listener):
    assert inherited_listener(said(listener.sock.fileno()), listener.address[1] + 1) is None


@pytest.mark.parametrize("value", ["", "x", "-1", "٣", "1.5", "99999999999999999999", "12345"])
def test_nonsense_and_closed_descriptors_count_for_nothing(value):
    assert inherited_listener(said(value), 0) is None


def test_variables_of_which_one_is_missing_count_for_nothing(listener):
    assert inherited_listener({RUN_MAIN: "true"}, 0) is None
    assert inherited_listener({SERVER_FD: str(listener.sock.fileno())}, 0) is None
    assert inherited_listener(said(listener.sock.fileno(), "false"), 0) is None


def test_what_does_not_listen_counts_for_nothing(tmp_path):
    with (tmp_path / "a").open("w") as file, socket.socket() as sock:
        assert inherited_listener(said(file.fileno()), 0) is None
        assert inherited_listener(said(sock.fileno()), 0) is None
        assert sock.fileno() >= 0, "it is still open"
