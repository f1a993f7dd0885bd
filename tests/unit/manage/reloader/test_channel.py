"""Messages between a child's processes and their parent."""

import os
import select
import socket

import pytest

from demijohn.manage.reloader.channel import Channel, connect, say


@pytest.fixture
def channel():
    channel = Channel()
    yield channel
    channel.close()


def accepted(channel):
    assert select.select([channel], [], [], 20)[0]
    [connection] = channel.accept()
    return connection


def test_messages_go_both_ways(channel):
    ours = connect(channel.child_fd)
    connection = accepted(channel)
    with socket.socket(fileno=ours) as sock:
        say(ours, {"a": 1})
        say(ours, {"text": "zwei\nZeilen ü"})
        assert connection.receive() == [{"a": 1}, {"text": "zwei\nZeilen ü"}]
        assert connection.is_open
        assert connection.receive() == []
        connection.send({"b": 2})
        assert sock.recv(100) == b'{"b": 2}\n'
    assert connection.receive() == []
    assert not connection.is_open
    connection.close()


def test_several_connect(channel):
    socks = [connect(channel.child_fd) for _ in range(3)]
    connections = channel.accept()
    assert len(connections) == 3
    for number, sock in enumerate(socks):
        say(sock, {"number": number})
    assert [connection.receive() for connection in connections] == [[{"number": number}] for number in range(3)]
    for sock in socks:
        os.close(sock)
    for each in connections:
        each.close()
    assert channel.accept() == []


def test_a_long_message_comes_in_parts(channel):
    ours = connect(channel.child_fd)
    connection = accepted(channel)
    text = "x" * 1_000_000
    if os.fork() == 0:
        say(ours, {"text": text})
        os._exit(0)
    os.close(ours)
    messages = []
    while connection.is_open:
        select.select([connection], [], [], 20)
        messages += connection.receive()
    os.wait()
    assert messages == [{"text": text}]
    connection.close()


def test_who_says_nonsense_is_not_heard_any_more(channel):
    ours = connect(channel.child_fd)
    connection = accepted(channel)
    os.write(ours, b'{"a": 1}\n{"b"\n{"c": 3}\n')
    assert connection.receive() == [{"a": 1}]
    assert not connection.is_open
    os.close(ours)
    connection.close()


def test_who_does_not_listen_delays_nobody(channel):
    ours = connect(channel.child_fd)
    connection = accepted(channel)
    while connection.is_open:
        connection.send({"text": "x" * 10_000})
    os.close(ours)
    connection.close()


def test_a_parent_that_is_gone_is_no_error():
    channel = Channel()
    ours = connect(channel.child_fd)
    accepted(channel).close()
    say(ours, {"a": 1})
    say(ours, {"a": 2})
    fd = os.dup(channel.child_fd)
    channel.close()
    assert connect(fd) is None
    os.close(fd)
    assert connect(fd) is None
    os.close(ours)


def test_something_else_in_the_channel_is_no_connection(channel):
    with socket.socket(fileno=os.dup(channel.child_fd)) as other:
        other.send(b"hello")
    assert channel.accept() == []
