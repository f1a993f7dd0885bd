"""Asking another process, and who may not."""

import json
import os
import socket
import stat
import tempfile

import pytest

from demijohn.debug.switchboard import Switchboard


@pytest.fixture
def board():
    board = Switchboard()
    yield board
    board.close()


def say(board, data):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(os.path.join(board.directory, str(os.getpid())))
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return sock.recv(1000)


def test_a_question_is_answered(board):
    asked = []

    def answer(question):
        asked.append(question)
        return 200, "ä" * 100_000

    board.listen(answer)
    board.listen(answer)
    assert board.ask(os.getpid(), {"frm": "1-2-3", "cmd": "ü"}) == (200, "ä" * 100_000)
    assert asked == [{"frm": "1-2-3", "cmd": "ü"}]


def test_the_place_is_this_users_alone_and_is_only_there_if_it_is_used(board):
    assert not os.path.exists(board.directory)
    board.listen(lambda question: (200, ""))
    assert stat.S_IMODE(os.stat(board.directory).st_mode) == 0o700
    board.close()
    assert not os.path.exists(board.directory)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", json.dumps({"key": "x", "cmd": "1"}).encode(), b'{"key": 5}', b"1"]
)
def test_who_does_not_know_the_key_is_not_answered(board, data):
    asked = []
    board.listen(lambda question: (200, str(asked.append(question))))
    assert say(board, data) == b""
    assert asked == []
    assert board.ask(os.getpid(), {"cmd": "1"})[0] == 200


def test_a_process_that_does_not_listen(board):
    with pytest.raises(ProcessLookupError, match="does not answer"):
        board.ask(1, {})
    board.listen(lambda question: (200, ""))
    with pytest.raises(ProcessLookupError, match="does not answer"):
        board.ask(os.getpid() + 1, {})


def test_what_killed_servers_have_left_is_removed(place, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(place.directory))
    living, dead, third = Switchboard(), Switchboard(), Switchboard()
    living.listen(lambda question: (200, ""))
    os.mkdir(dead.directory, 0o700)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(os.path.join(dead.directory, "1"))
    (place.directory / "demijohn-debug-of-somebody").write_text("no directory")
    third.listen(lambda question: (200, ""))
    assert not os.path.exists(dead.directory)
    assert os.path.exists(living.directory)
    assert (place.directory / "demijohn-debug-of-somebody").exists()
    living.close()
    third.close()


def test_a_place_that_is_too_long_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("x" * 100)))
    os.mkdir(tempfile.tempdir)
    with pytest.raises(OSError, match="too long"):
        Switchboard().listen(lambda question: (200, ""))


def test_a_directory_that_is_open_to_others_is_not_used(board):
    os.mkdir(board.directory)
    os.chmod(board.directory, 0o755)
    with pytest.raises(PermissionError, match="not this user's alone"):
        board.listen(lambda question: (200, ""))
