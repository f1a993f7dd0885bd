"""The terminal is left as it was found."""

import os
import pty
import sys
import termios

import pytest

from demijohn.manage.reloader import terminal as module
from demijohn.manage.reloader.terminal import TerminalState


@pytest.fixture
def tty(monkeypatch):
    main, other = pty.openpty()
    stream = os.fdopen(other, "r")
    monkeypatch.setattr(sys, "stdin", stream)
    yield stream.fileno()
    stream.close()
    os.close(main)


def echoes(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


def without_echo(fd):
    attributes = termios.tcgetattr(fd)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(fd, termios.TCSADRAIN, attributes)


def test_echo_comes_back(tty, monkeypatch):
    monkeypatch.setattr(module.os, "tcgetpgrp", lambda fd: os.getpgrp())
    state = TerminalState()
    without_echo(tty)
    state.restore()
    assert echoes(tty)
    state.restore()
    assert echoes(tty)


def test_in_the_background_it_is_somebody_elses(tty, monkeypatch):
    monkeypatch.setattr(module.os, "tcgetpgrp", lambda fd: os.getpgrp() + 1)
    state = TerminalState()
    without_echo(tty)
    state.restore()
    assert not echoes(tty)


def test_without_a_terminal_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    TerminalState().restore()
