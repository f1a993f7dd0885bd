"""Messages, descriptors and stacks over a channel."""

import faulthandler
import os
import select
import socket
import threading

import pytest

from demijohn.manage.supervisor import channel
from demijohn.manage.supervisor.channel import Channel, ChannelClosed


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    channels = Channel(ours), Channel(theirs)
    yield channels
    for one in channels:
        one.close()


def test_messages_arrive_whole_and_in_order(ends):
    ours, theirs = ends
    sent = [{"ask": "x" * size, "id": size} for size in (0, 1, 70_000)]
    got = []
    for message in sent:
        ours.send(message)
        got += theirs.receive()
    assert got == sent
    assert theirs.receive() == []
    assert not theirs.is_ended


def test_a_message_in_pieces(ends):
    ours, theirs = ends
    raw = socket.socket(fileno=os.dup(ours.fileno()))
    with raw:
        raw.sendall(b'{"rea')
        assert theirs.receive() == []
        raw.sendall(b'dy":1}\n{"go":')
        assert theirs.receive() == [{"ready": 1}]
        raw.sendall(b"2}\n")
        assert theirs.receive() == [{"go": 2}]


def test_what_is_no_message_is_text(ends):
    ours, theirs = ends

    def write():
        ours.send({"ready": True})
        faulthandler.dump_traceback(ours.fileno(), all_threads=False)
        ours.send({"ready": False})

    # Many small pieces: they fill the socket before they are many bytes, so somebody has to read meanwhile.
    writer = threading.Thread(target=write)
    writer.start()
    messages = []
    while len(messages) < 2:
        select.select([theirs], [], [], 10)
        messages += theirs.receive()
    writer.join()
    assert messages == [{"ready": True}, {"ready": False}]
    text = theirs.take_text()
    assert "in write" in text
    assert theirs.take_text() == ""


@pytest.mark.parametrize("line", [b'{"ready": tr', b"[1]", b"\xff\xfe", b'{"a": 1} {'])
def test_a_broken_line_is_text_too_and_the_next_is_read(ends, line):
    ours, theirs = ends
    with socket.socket(fileno=os.dup(ours.fileno())) as raw:
        raw.sendall(line + b'\n{"ready":1}\n')
    assert theirs.receive() == [{"ready": 1}]
    assert theirs.take_text() == line.decode("utf-8", "replace")


def test_descriptors_come_with_their_messages(ends):
    ours, theirs = ends
    pipes = [os.pipe() for _ in range(3)]
    for number, (read, _) in enumerate(pipes):
        ours.send_with_fd({"fork": number}, read)
    fds = []
    messages = []
    while len(messages) < 3:
        messages += theirs.receive_with_fds(fds)
    assert messages == [{"fork": 0}, {"fork": 1}, {"fork": 2}]
    for (read, write), fd in zip(pipes, fds, strict=True):
        os.write(write, b"x")
        assert os.read(fd, 1) == b"x"
        for one in (read, write, fd):
            os.close(one)


def test_the_end_is_noticed_on_both_sides(ends):
    ours, theirs = ends
    with socket.socket(fileno=os.dup(ours.fileno())) as raw:
        raw.sendall(b"last words")
    ours.close()
    assert theirs.receive() == []
    assert theirs.is_ended
    assert theirs.take_text() == "last words"
    with pytest.raises(ChannelClosed):
        theirs.send({"ready": True})


def test_who_takes_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(channel, "_SEND_MS", 20)
    ours, theirs = socket.socketpair()
    one = Channel(ours)
    with theirs, pytest.raises(ChannelClosed):
        one.send({"ask": "x" * (8 << 20)})
    one.close()
