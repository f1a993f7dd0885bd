"""Signals as bytes in a pipe."""

import os
import select
import signal
import threading

import pytest

from demijohn.manage.supervisor import signals
from demijohn.manage.supervisor.signals import SignalPipe

USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2


def test_signals_arrive_in_order_and_once():
    with SignalPipe([USR1, USR2]) as pipe:
        assert pipe.take() == []
        for number in (USR1, USR2, USR1):
            signal.raise_signal(number)
        assert select.select([pipe], [], [], 10)[0] == [pipe]
        assert pipe.take() == [USR1, USR2, USR1]
        assert pipe.take() == []


def test_what_was_there_before_is_there_again():
    seen = []
    before = signal.signal(USR1, lambda number, frame: seen.append(number))
    try:
        wakeup = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(wakeup)
        with SignalPipe([USR1]):
            signal.raise_signal(USR1)
            assert seen == []
        signal.raise_signal(USR1)
        assert seen == [USR1]
        assert signal.set_wakeup_fd(wakeup) == wakeup
    finally:
        signal.signal(USR1, before)


def test_signals_of_others_are_not_taken():
    before = signal.signal(USR2, lambda number, frame: None)
    try:
        with SignalPipe([USR1]) as pipe:
            signal.raise_signal(USR2)
            signal.raise_signal(USR1)
            assert pipe.take() == [USR1]
    finally:
        signal.signal(USR2, before)


def test_off_the_main_thread_nothing_is_installed_but_sending_works():
    handler = signal.getsignal(USR1)
    found = []

    def look():
        with SignalPipe([USR1]) as pipe:
            found.append(signal.getsignal(USR1))
            pipe.send(USR1)
            found.append(pipe.take())

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(10)
    assert found == [handler, [USR1]]


def test_a_full_pipe_is_no_error():
    with SignalPipe([USR1]) as pipe:
        for _ in range(70_000):
            pipe.send(USR1)
        assert len(pipe.take()) >= 4096


def test_a_child_gives_everything_back():
    with SignalPipe([USR1]) as pipe:
        signal.pthread_sigmask(signal.SIG_BLOCK, [USR1])
        try:
            pid = os.fork()
            if pid == 0:
                try:
                    pipe.discard()
                    signal.pthread_sigmask(signal.SIG_UNBLOCK, [USR1])
                    signal.raise_signal(USR1)  # deadly by default
                finally:
                    os._exit(7)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [USR1])
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == -USR1
        assert pipe.take() == [], "the child's signal is not ours"


@pytest.fixture(autouse=True)
def default_handlers():
    yield
    assert signal.getsignal(USR1) is signal.SIG_DFL
    assert signal.getsignal(USR2) is signal.SIG_DFL


@pytest.mark.parametrize(
    ("was_there", "is_there", "by_nohup", "is_gone"),
    [
        (True, False, False, True),
        (True, True, False, False),
        (False, False, False, False),
        (True, False, True, False),
    ],
)
def test_a_terminal_that_goes_away_is_known_unless_it_is_to_be_survived(
    monkeypatch, was_there, is_there, by_nohup, is_gone
):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if by_nohup else signal.SIG_DFL)
    try:
        monkeypatch.setattr(signals, "_has_terminal", lambda: was_there)
        terminal = signals.Terminal()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert terminal.is_there is was_there
    monkeypatch.setattr(signals, "_has_terminal", lambda: is_there)
    assert terminal.is_gone is is_gone
