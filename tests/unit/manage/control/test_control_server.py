"""The control server: answers in order, and slow, silent, hostile and foreign clients cost it nothing."""

import json
import os
import select

import pytest

from demijohn.manage.control import server as module
from demijohn.manage.control.peer import Credentials
from demijohn.manage.control.protocol import MOST_LINE_BYTES, Code, ControlError


def test_a_question_is_answered_now_or_later(controlled):
    wire = controlled.connect()
    wire.ask(command="status")
    ((message, reply),) = controlled.asked
    assert message == {"command": "status"}
    assert wire.answers() == []
    reply.give({"state": "fine"})
    assert wire.answers() == [{"result": {"state": "fine"}}]


def test_questions_are_answered_one_after_another(controlled):
    wire = controlled.connect()
    wire.send(b'{"command": "one"}\n{"command": "two"}\n')
    assert [message["command"] for message, _ in controlled.asked] == ["one"], "the second waits"
    controlled.asked[0][1].give(1)
    assert [message["command"] for message, _ in controlled.asked] == ["one", "two"]
    controlled.asked[1][1].fail("no", Code.FAILED)
    assert wire.answers() == [{"result": 1}, {"error": "no", "code": "failed"}]


def test_a_question_may_come_in_pieces_and_the_asker_may_end_its_side(controlled):
    wire = controlled.connect()
    for piece in (b'{"comm', b'and": "x"', b"}\n"):
        wire.send(piece)
    wire.sock.shutdown(1)
    controlled.turn()
    controlled.asked[0][1].give("late")
    assert wire.answers() == [{"result": "late"}]
    assert wire.is_closed()


@pytest.mark.parametrize("line", [b"nonsense", b"[]", b"", b"\xff\xfe", b"[" * 5000, b'{"a": NaN, }'])
def test_what_is_no_question_is_told_so(controlled, line):
    wire = controlled.connect()
    wire.send(line + b"\n")
    (answer,) = wire.answers()
    assert answer["code"] == "bad-question"
    assert not wire.is_closed()


def test_a_line_that_does_not_end_is_not_kept_for_ever(controlled):
    wire = controlled.connect()
    with pytest.raises((BlockingIOError, ConnectionError)):
        for _ in range(1 + MOST_LINE_BYTES // 1000 * 4):
            wire.send(b"x" * 1000)
    assert wire.is_closed()


def test_too_many_questions_at_once_end_the_connection(controlled):
    wire = controlled.connect()
    wire.send(b'{"command": "x"}\n' * (module.MOST_WAITING + 2))
    assert wire.is_closed()
    assert len(controlled.asked) <= 1


def test_who_takes_no_answer_is_dropped_and_does_not_hold_up_others(controlled):
    controlled.dispatch = lambda message, reply: reply.give("x" * (message.get("size") or 1))
    slow, other = controlled.connect(), controlled.connect()
    slow.ask(command="x", size=8 << 20)
    other.ask(command="x")
    assert other.answers() == [{"result": "x"}]
    controlled.clock.advance(module.SEND_SECONDS + 1)
    controlled.turn()
    assert len(controlled.server._clients) == 1
    slow.read()
    assert len(slow.data) < 8 << 20


def test_an_answer_of_any_length_arrives_whole(controlled):
    controlled.dispatch = lambda message, reply: reply.give("x" * (8 << 20))
    wire = controlled.connect()
    wire.ask(command="x")
    while b"\n" not in wire.data:
        wire.read()
        controlled.turn()
    assert len(json.loads(wire.data)["result"]) == 8 << 20


def test_an_answer_that_is_too_large_is_an_error(controlled, monkeypatch):
    monkeypatch.setattr(module, "MOST_ANSWER_BYTES", 1000)
    wire = controlled.connect()
    wire.ask(command="x")
    controlled.asked[0][1].give("x" * 2000)
    (answer,) = wire.answers()
    assert "too many" in answer["error"]


@pytest.mark.parametrize(("begin", "seconds"), [(b"", module.IDLE_SECONDS), (b'{"comma', module.LINE_SECONDS)])
def test_who_says_nothing_or_only_a_part_is_dropped(controlled, begin, seconds):
    wire = controlled.connect()
    if begin:
        wire.send(begin)
    controlled.clock.advance(seconds - 1)
    assert not wire.is_closed()
    controlled.clock.advance(2)
    assert wire.is_closed()


def test_who_waits_for_an_answer_may_wait(controlled):
    wire = controlled.connect()
    wire.ask(command="reload")
    controlled.clock.advance(10 * module.IDLE_SECONDS)
    assert not wire.is_closed()
    controlled.asked[0][1].give(True)
    assert wire.answers() == [{"result": True}]


def test_the_answer_for_who_has_left_goes_nowhere(controlled):
    wire = controlled.connect()
    wire.ask(command="reload")
    wire.sock.close()
    controlled.turn()
    controlled.asked[0][1].give(True)
    controlled.turn()
    assert not controlled.server._clients


def test_only_so_many_clients_are_served_at_once(controlled):
    for _ in range(module.MOST_CLIENTS):
        controlled.connect()
    more = controlled.connect()
    assert more.answers()[0]["code"] == "busy"
    assert more.is_closed()
    controlled.wires[0].sock.close()
    controlled.turn()
    after = controlled.connect()
    after.ask(command="x")
    assert len(controlled.asked) == 1


@pytest.mark.parametrize("uid", [os.geteuid() + 1, 12345, (1 << 32) - 1])
def test_nobody_but_the_owner_and_root_is_listened_to(controlled, uid, caplog):
    controlled.peer = Credentials(4711, uid)
    wire = controlled.connect()
    (answer,) = wire.answers()
    assert answer["code"] == "forbidden"
    assert wire.is_closed()
    assert not controlled.server._clients
    assert f"User {uid} (process 4711)" in caplog.text


@pytest.mark.parametrize("uid", [os.geteuid(), 0])
def test_the_owner_and_root_are_listened_to(controlled, uid):
    controlled.peer = Credentials(4711, uid)
    controlled.connect().ask(command="x")
    assert len(controlled.asked) == 1


def test_an_error_while_answering_is_an_answer(controlled, caplog):
    def fail(message, reply):
        raise {"a": ControlError("not now", Code.BUSY), "b": ZeroDivisionError("by zero")}[message["command"]]

    controlled.dispatch = fail
    wire = controlled.connect()
    wire.ask(command="a")
    wire.ask(command="b")
    assert wire.answers() == [
        {"error": "not now", "code": "busy"},
        {"error": "ZeroDivisionError: by zero", "code": "failed"},
    ]
    assert "by zero" in caplog.text


def test_an_error_after_the_answer_is_only_logged(controlled, caplog):
    def answer(message, reply):
        reply.give(1)
        raise ZeroDivisionError

    controlled.dispatch = answer
    wire = controlled.connect()
    wire.ask(command="a")
    assert wire.answers() == [{"result": 1}]
    assert "ZeroDivisionError" in caplog.text


def test_without_descriptors_it_rests_and_accepts_later(controlled, monkeypatch, caplog):
    class Full:
        def __getattr__(self, name):
            return getattr(real, name)

        def accept(self):
            raise OSError(24, "Too many open files")

    real = controlled.server._listener.sock
    monkeypatch.setattr(controlled.server._listener, "sock", Full())
    controlled.server._selector.unregister(real)
    controlled.server._selector.register(controlled.server._listener.sock, select.EPOLLIN)
    wire = controlled.connect()
    assert caplog.text.count("Too many open files") == 1, "it does not spin"
    controlled.server._listener.sock = real
    controlled.clock.advance(2)
    controlled.turn()
    wire.ask(command="x")
    assert len(controlled.asked) == 1


def test_its_descriptor_tells_another_loop_when_to_turn(controlled):
    assert select.select([controlled.server], [], [], 0)[0] == []
    wire = controlled.connect()
    wire.sock.sendall(b'{"command": "x"}\n')
    assert select.select([controlled.server], [], [], 0)[0] == [controlled.server]
    controlled.turn()
    assert select.select([controlled.server], [], [], 0)[0] == []


def test_a_child_lets_go_and_the_parent_goes_on(controlled):
    wire = controlled.connect()
    pid = os.fork()
    if pid == 0:
        controlled.server.let_go()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert os.path.exists(controlled.server.path)
    wire.ask(command="x")
    assert len(controlled.asked) == 1
