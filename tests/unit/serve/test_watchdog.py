"""The watchdog where threads are what is missing, or its own dies. What it is for is tested in tests/engines."""

import socket
import threading
import time

import pytest

from demijohn._base.clock import SystemClock
from demijohn.seam import HandlerTimeout
from demijohn.serve.timelimit import HandlerLimit
from demijohn.serve.watchdog import Watchdog

TIMEOUT = 20.0


class Unlucky:
    """An exchange of a handler that waits until it is interrupted."""

    def describe(self) -> str:
        return "GET /"

    def answer_for_handler(self) -> None:
        """Nobody waits for it."""


@pytest.fixture
def watchdog():
    watchdog = Watchdog(SystemClock())
    yield watchdog
    watchdog.stop()


def is_interrupted(watchdog: Watchdog) -> bool:
    """Have a handler of this thread overstay."""
    limit = HandlerLimit(Unlucky(), 0.01, time.monotonic(), HandlerTimeout, 30)
    until = time.monotonic() + TIMEOUT
    try:
        watchdog.limit(limit)
        while time.monotonic() < until:
            time.sleep(0.001)
    except HandlerTimeout:
        return True
    finally:
        limit.end()
    return False


@pytest.mark.slow
def test_its_thread_is_replaced_when_it_dies_and_limits_are_enforced_all_the_same(watchdog, monkeypatch, caplog):
    look, calls = watchdog._look_at_limits, []

    def fail_twice() -> None:
        calls.append(threading.current_thread())
        if len(calls) in (2, 3):
            raise MemoryError
        look()

    monkeypatch.setattr(watchdog, "_look_at_limits", fail_twice)
    assert is_interrupted(watchdog)
    assert caplog.text.count("The thread of the watchdog died") == 2
    assert len(set(calls)) == 3
    assert is_interrupted(watchdog)


def test_without_a_thread_for_it_the_next_has_another_try(watchdog, monkeypatch):
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    ours, theirs = socket.socketpair()
    with ours, theirs:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            watchdog.watch(ours, lambda: False)
        with pytest.raises(RuntimeError):
            is_interrupted(watchdog)
        assert not watchdog._watches
        assert not watchdog._limits
        monkeypatch.setattr(threading.Thread, "start", start)
        assert is_interrupted(watchdog)


def test_a_client_that_nobody_can_be_told_of_costs_nobody_else(watchdog, monkeypatch, caplog):
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "demijohn-disconnect":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    ours, theirs = socket.socketpair()
    with ours:
        watchdog.watch(ours, lambda: False).add(lambda: None)
        theirs.close()
        until = time.monotonic() + TIMEOUT
        while "Nobody could be told" not in caplog.text and time.monotonic() < until:
            time.sleep(0.002)
    assert "Nobody could be told that a client has gone: can't start new thread" in caplog.text
    assert is_interrupted(watchdog)
