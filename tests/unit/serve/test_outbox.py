"""The outbox sends what it was given, in order, whatever the socket takes at a time."""

import errno
import os
import socket
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demijohn.seam import FileSegment
from demijohn.serve.outbox import Outbox


def pair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.setblocking(False)
    return ours, theirs


def drain(sock: socket.socket) -> bytes:
    parts = []
    while True:
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            return b"".join(parts)
        if not data:
            return b"".join(parts)
        parts.append(data)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=30_000), st.tuples(st.integers(0, 50), st.integers(0, 20_000))), max_size=8)
)
def test_everything_arrives_in_order(items):
    ours, theirs = pair()
    content = os.urandom(25_000)
    outbox = Outbox()
    expected = b""
    files = []
    for item in items:
        if isinstance(item, bytes):
            outbox.append(item)
            expected += item
        else:
            offset, count = item
            file = tempfile.TemporaryFile()
            file.write(content)
            file.flush()
            files.append(file)
            outbox.append_file(FileSegment(file, offset, count))
            expected += content[offset : offset + count]
    assert outbox.size == len(expected)
    received = b""
    with ours, theirs:
        while outbox:
            outbox.flush(ours)
            received += drain(theirs)
        received += drain(theirs)
    assert received == expected
    assert all(file.closed for file in files)


def test_a_file_that_is_too_short_is_an_error():
    ours, theirs = pair()
    file = tempfile.TemporaryFile()
    file.write(b"short")
    file.flush()
    outbox = Outbox()
    outbox.append_file(FileSegment(file, 0, 100))
    with ours, theirs:
        # As if the socket were full; the next time shows that it was not.
        assert outbox.flush(ours) == 5
        with pytest.raises(EOFError, match="95 bytes before"):
            outbox.flush(ours)
    outbox.discard()
    assert file.closed
    assert not outbox


def test_a_broken_connection_is_an_error():
    ours, theirs = pair()
    theirs.close()
    outbox = Outbox()
    outbox.append(b"x")
    with ours, pytest.raises(OSError):
        outbox.flush(ours)


def test_files_that_sendfile_cannot_send_are_read(monkeypatch):
    def refuse(*args):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "sendfile", refuse)
    content = os.urandom(200_000)
    ours, theirs = pair()
    with ours, theirs, tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        outbox = Outbox()
        outbox.append_file(FileSegment(file, 1000, 150_000))
        received = b""
        while outbox:
            outbox.flush(ours)
            received += drain(theirs)
        assert received == content[1000:151_000]
        assert file.closed
    ours, theirs = pair()
    with ours, theirs, tempfile.TemporaryFile() as file:
        outbox.append_file(FileSegment(file, 0, 10))
        with pytest.raises(EOFError):
            outbox.flush(ours)


def test_a_file_costs_one_call_for_its_head_and_one_for_all_that_the_socket_takes(monkeypatch):
    calls = []
    real = os.sendfile

    def sendfile(*args):
        calls.append(real(*args))
        return calls[-1]

    class Socket(socket.socket):
        def sendmsg(self, buffers, ancillary=(), flags=0):
            calls.append(flags)
            return super().sendmsg(buffers, ancillary, flags)

    monkeypatch.setattr(os, "sendfile", sendfile)
    ours, theirs = pair()
    with tempfile.TemporaryFile() as file, Socket(fileno=ours.detach()) as sock, theirs:
        sock.setblocking(False)
        file.write(bytes(900_000))
        file.flush()
        outbox = Outbox()
        outbox.append(b"head")
        outbox.append_file(FileSegment(file, 0, 900_000))
        sent = outbox.flush(sock)
        # What the socket had no room for is not offered again before there is some.
        assert calls == [getattr(socket, "MSG_MORE", 0), sent - 4]
        assert outbox.size == 900_004 - sent > 0
        drain(theirs)
        outbox.discard()


def test_the_head_of_what_is_no_file_leaves_at_once():
    ours, theirs = pair()
    with ours, theirs:
        outbox = Outbox()
        outbox.append(b"head")
        assert outbox.flush(ours) == 4
        assert drain(theirs) == b"head"
