"""What a child's processes tell their parent, and hear from it."""

import os
import select
import signal
import socket
import threading
import time

import pytest

from demijohn.manage.reloader import child as module
from demijohn.manage.reloader.channel import Channel
from demijohn.manage.reloader.child import Child
from demijohn.manage.reloader.handshake import Handshake

PATIENCE = 20.0


class Parent:
    """The other end."""

    def __init__(self):
        self.channel = Channel()
        self.connections = []
        self.messages = []

    def hear(self, is_enough):
        until = time.monotonic() + PATIENCE
        while not is_enough(self.messages):
            assert time.monotonic() < until, self.messages
            ready, _, _ = select.select([self.channel, *(one for one in self.connections if one.is_open)], [], [], 1)
            for each in ready:
                if each is self.channel:
                    self.connections += each.accept()
                else:
                    self.messages += [(each, message) for message in each.receive()]
        return self.messages

    def said(self, word):
        return [
            message
            for _, message in self.hear(lambda messages: any(word in message for _, message in messages))
            if word in message
        ]

    def close(self):
        for each in self.connections:
            each.close()
        self.channel.close()


@pytest.fixture
def parent():
    parent = Parent()
    yield parent
    parent.close()


@pytest.fixture
def child(parent, monkeypatch):
    monkeypatch.setattr(module, "_end_with", os.close)
    child = Child(Handshake(os.getppid(), os.dup(parent.channel.child_fd), 2, False, "stat", 5))
    yield child
    os.close(child.handshake.channel)
    for fd in child._connections.values():
        if fd is not None:
            os.close(fd)


def test_it_is_ready(parent, child, tmp_path):
    child.ready([str(tmp_path / "templates")], [])
    [message] = parent.said("ready")
    assert message["templates"] == [str(tmp_path / "templates")]
    assert module.__file__ in message["modules"]
    assert message["time_ns"] <= time.time_ns()


def test_it_fails(parent, child):
    try:
        raise RuntimeError("no")
    except RuntimeError as error:
        child.failed(error)
    child.failed_for("No way", "Nothing goes.")
    first, second = parent.hear(lambda messages: len(messages) == 2)
    assert first[1]["failure"]["title"] == "RuntimeError: no"
    assert second[1]["failure"]["text"] == "No way\nNothing goes.\n"


def test_only_the_first_process_says_that_it_stops(parent, child):
    pid = os.fork()
    if pid == 0:
        child.stopping()
        child.failed_for("from a worker", "")
        os._exit(0)
    os.waitpid(pid, 0)
    child.stopping()
    messages = [message for _, message in parent.hear(lambda messages: len(messages) == 2)]
    assert [next(iter(message)) for message in messages] == ["failure", "stopping"]


def test_each_process_hears_of_changes(parent, child):
    heard = threading.Event()
    changes = []
    child.feed.subscribe(lambda change: (changes.append(change), heard.set()))
    assert child.feed is child.feed
    assert child.feed.generation == f"{os.getppid()}.2"
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        child.feed.subscribe(lambda change: os.write(write, f"{change.kind} {change.paths}".encode()))
        os.write(write, b"+")
        time.sleep(PATIENCE)
        os._exit(1)
    messages = parent.hear(lambda messages: sum("listens" in message for _, message in messages) == 2)
    assert select.select([read], [], [], PATIENCE)[0]
    assert os.read(read, 1) == b"+"
    for connection, _ in messages:
        connection.send({"changed": "template", "paths": ["/a.html"]})
    assert heard.wait(PATIENCE)
    assert (changes[0].kind, changes[0].paths) == ("template", ("/a.html",))
    assert select.select([read], [], [], PATIENCE)[0]
    assert os.read(read, 100) == b"template ('/a.html',)"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(read)
    os.close(write)


def test_it_ends_with_its_parent():
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        theirs.close()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        module._end_with(ours.detach())
        time.sleep(PATIENCE)
        os._exit(1)
    ours.close()
    # Nothing tells that it waits by now; if it does not yet, the end is there already, and it must notice that, too.
    theirs.close()
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGTERM


def test_a_parent_that_is_gone_is_no_error(parent, child):
    parent.channel._ours.close()
    child.stopping()
    assert child.feed.count == 0
