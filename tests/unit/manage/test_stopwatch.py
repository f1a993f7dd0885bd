"""Signals and the parent's death become calls of `shutdown` and `shutdown_now`."""

import json
import os
import signal
import socket
import threading
from queue import SimpleQueue

import pytest

from demijohn.manage.board import Board
from demijohn.manage.supervisor import stopwatch
from demijohn.manage.supervisor.channel import Channel
from demijohn.manage.supervisor.link import WorkerLink
from demijohn.manage.supervisor.signals import SignalPipe
from demijohn.manage.supervisor.stopwatch import WATCHED, StopWatch

PATIENCE = 10


class Server:
    """Notes what it is told."""

    def __init__(self):
        self.told = SimpleQueue()

    def serve_forever(self):
        raise AssertionError("not here")

    def shutdown(self, *, is_patient=True):
        self.told.put("shutdown" if is_patient else "shutdown in haste")

    def shutdown_now(self):
        self.told.put("shutdown_now")

    def next(self):
        return self.told.get(timeout=PATIENCE)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def signals():
    # Not installed: the tests put signals in by hand.
    pipe = SignalPipe(WATCHED)
    yield pipe
    pipe.close()


@pytest.fixture
def connected():
    """The arbiter's end of a channel, and the link at the other."""
    ours, theirs = socket.socketpair()
    channel, end = Channel(ours), Channel(theirs)
    yield channel, WorkerLink(end, Board(1).slot(0))
    channel.close()
    end.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_is_graceful_and_for_a_lone_process_the_second_is_not(server, signals, number):
    with StopWatch(server, signals, drain_timeout=60, is_alone=True):
        signals.send(number)
        assert server.next() == ("shutdown in haste" if number == signal.SIGINT else "shutdown")
        signals.send(number)
        assert server.next() == "shutdown_now"
        signals.send(number)
    assert server.told.empty()


def test_a_worker_may_be_told_twice(server, signals):
    with StopWatch(server, signals, drain_timeout=60):
        signals.send(signal.SIGINT)
        assert server.next() == "shutdown in haste"
        signals.send(signal.SIGTERM)
        signals.send(signal.SIGQUIT)
        assert server.next() == "shutdown_now", "the second SIGTERM has changed nothing"


def test_quit_is_at_once(server, signals):
    with StopWatch(server, signals, drain_timeout=60, is_alone=True):
        signals.send(signal.SIGQUIT)
        assert server.next() == "shutdown_now"


def test_other_signals_do_what_somebody_says_or_nothing(server):
    signals = SignalPipe((*WATCHED, signal.SIGHUP, signal.SIGUSR2))
    more = {signal.SIGHUP: lambda: server.told.put("hang-up")}
    with StopWatch(server, signals, drain_timeout=60, more=more):
        for number in (signal.SIGUSR2, signal.SIGHUP, signal.SIGQUIT):
            signals.send(number)
        assert server.next() == "hang-up"
        assert server.next() == "shutdown_now"
    signals.close()


def test_a_worker_waits_until_it_is_let_serve_and_answers_meanwhile(server, signals, connected):
    channel, link = connected
    link.questions["how"] = lambda question: question["many"] + 1
    link.questions["why"] = lambda question: {}["because"]
    asker = socket.socket(fileno=os.dup(channel.fileno()))
    with asker, StopWatch(server, signals, drain_timeout=60, link=link):
        for number, question in enumerate(("how", "why", "what")):
            channel.send({"ask": question, "many": 41, "id": number})
        with asker.makefile("r") as answers:
            assert json.loads(answers.readline()) == {"answer": 0, "result": 42}
            assert json.loads(answers.readline()) == {"answer": 1, "error": "KeyError: 'because'"}
            assert "cannot tell 'what'" in json.loads(answers.readline())["error"]
            link.replace_me("it hurts")
            assert json.loads(answers.readline()) == {"replace_me": "it hurts"}
        channel.send({"go": True})
        link.wait_open()
        assert link.slot.beats >= 1
        assert server.told.empty()


def test_the_end_of_the_channel_is_a_graceful_stop(server, signals, connected):
    channel, link = connected
    with StopWatch(server, signals, drain_timeout=60, link=link):
        channel.close()
        link.wait_open()
        assert server.next() == "shutdown"
        signals.send(signal.SIGTERM)
        signals.send(signal.SIGQUIT)
        assert server.next() == "shutdown_now"


def test_a_server_that_does_not_stop_in_time_is_ended(server, signals, monkeypatch, capfd):
    ended = threading.Event()
    codes = []

    def leave(code):
        codes.append(code)
        watch._deadline = None  # the real one does not return
        ended.set()

    monkeypatch.setattr(stopwatch.os, "_exit", leave)
    watch = StopWatch(server, signals, drain_timeout=0.05, quick_timeout=0.05, is_alone=True)
    with watch:
        signals.send(signal.SIGTERM)
        assert ended.wait(PATIENCE)
    assert codes == [1]
    assert "did not stop in time" in capfd.readouterr().err


def test_without_a_signal_nothing_happens(server, signals):
    with StopWatch(server, signals, drain_timeout=0, quick_timeout=0):
        pass
    assert server.told.empty()
