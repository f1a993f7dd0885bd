"""Commands: what questions are understood; and a supervisor's workers, of whom some answer, some do not, and some end."""

import signal

import pytest

from demijohn.manage.board import Board, WorkerState
from demijohn.manage.control.commands import Commands
from demijohn.manage.control.protocol import ControlError
from demijohn.manage.control.supervised import ANSWER_SECONDS, STACKS_SECONDS, SupervisedTarget
from demijohn.manage.supervisor.events import (
    GenerationBegun,
    GenerationGivenUp,
    GenerationPromoted,
    Opened,
    ScaleAsked,
    SignalReceived,
    WorkerReady,
    WorkerSpawned,
)
from demijohn.manage.supervisor.table import WorkerTable


class Reply:
    def __init__(self):
        self.said = None

    def give(self, result):
        assert self.said is None
        self.said = {"result": result}

    def fail(self, message, code="failed"):
        assert self.said is None
        self.said = {"error": message, "code": str(code)}


class Nursery:
    """Keeps what workers were asked."""

    def __init__(self):
        self.asked = []
        self.gone = set()
        self.dumped = []
        self.standing = {}

    def ask(self, pid, question, on_answer):
        if pid in self.gone:
            return False
        self.asked.append((pid, question, on_answer))
        return True

    def answer(self, pid, result):
        (found,) = [one for one in self.asked if one[0] == pid]
        self.asked.remove(found)
        found[2](result)

    def dump_stacks(self, pid):
        self.dumped.append(pid)


class Arbiter:
    """Two workers that serve, 11 and 12."""

    def __init__(self):
        self.nursery = Nursery()
        self.board = Board(2)
        self.table = WorkerTable.empty(2)
        self.fed = []
        for seat, pid in enumerate((11, 12)):
            slot = self.board.slot(self.board.take(1))
            slot.pid, slot.state = pid, WorkerState.SERVING
            for event in (WorkerSpawned(1, seat, pid, 0.0), WorkerReady(pid), Opened(pid)):
                self.record(event)

    def record(self, event):
        self.table = self.table.record(event, 0.0)

    def feed(self, event):
        self.fed.append(event)


class World:
    def __init__(self):
        self.now = 100.0
        self.arbiter = Arbiter()
        self.target = SupervisedTarget(self.arbiter, ["http://x"], lambda: self.now)
        self.commands = Commands(self.target)

    def ask(self, command, **arguments):
        reply = Reply()
        self.commands({"command": command, **arguments}, reply)
        return reply

    def pass_time(self, seconds):
        self.now += seconds
        self.target.on_change(self.arbiter.table)


@pytest.fixture
def world():
    return World()


SEEN = {"requests": [{"id": "a", "age": 1.0}], "phases": {"handler": 1}, "idle": 3, "opening": 0, "closing": 0}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"command": None},
        {"command": []},
        {"command": "nonsense"},
        {"command": "scale"},
        {"command": "scale", "workers": 0},
        {"command": "scale", "workers": 10_000},
        {"command": "scale", "workers": True},
        {"command": "scale", "workers": "4"},
        {"command": "top", "stacks_of": "a"},
        {"command": "top", "most": -1},
        {"command": "stacks", "pid": "11"},
        {"command": "log-level", "level": "loud"},
        {"command": "log-level"},
    ],
)
def test_questions_without_sense_are_refused(world, message):
    with pytest.raises(ControlError) as caught:
        world.commands(message, Reply())
    assert caught.value.code == "bad-question"
    assert not world.arbiter.nursery.asked


def test_top_puts_the_answers_of_all_workers_together(world):
    reply = world.ask("top")
    for pid, age in ((12, 5.0), (11, 2.0)):
        assert reply.said is None
        world.arbiter.nursery.answer(pid, {"answer": 1, "result": SEEN | {"requests": [{"id": "a", "age": age}]}})
    result = reply.said["result"]
    assert [(one["pid"], one["age"]) for one in result["requests"]] == [(12, 5.0), (11, 2.0)]
    assert [(one["pid"], one["is_responsive"], one["idle"]) for one in result["workers"]] == [
        (11, True, 3),
        (12, True, 3),
    ]


def test_who_does_not_answer_in_time_is_shown_without_and_not_asked_again(world):
    reply = world.ask("top")
    world.arbiter.nursery.answer(11, {"result": SEEN})
    world.pass_time(ANSWER_SECONDS - 0.1)
    assert reply.said is None
    world.pass_time(0.2)
    assert [one["is_responsive"] for one in reply.said["result"]["workers"]] == [True, False]
    reply = world.ask("top")
    assert [pid for pid, _, _ in world.arbiter.nursery.asked] == [12, 11], "12 owes an answer"
    world.arbiter.nursery.answer(11, {"result": SEEN})
    world.pass_time(ANSWER_SECONDS + 0.1)
    assert [one["is_responsive"] for one in reply.said["result"]["workers"]] == [True, False]
    # Once it has answered, late, it is asked again.
    world.arbiter.nursery.answer(12, {"result": SEEN})
    reply = world.ask("top")
    for pid in (11, 12):
        world.arbiter.nursery.answer(pid, {"result": SEEN})
    assert [one["is_responsive"] for one in reply.said["result"]["workers"]] == [True, True]


def test_if_nobody_can_be_asked_the_answer_is_there_at_once(world):
    world.arbiter.nursery.gone = {11, 12}
    reply = world.ask("top")
    assert [one["is_responsive"] for one in reply.said["result"]["workers"]] == [False, False]


def test_a_worker_that_ends_or_fails_while_it_is_asked(world):
    reply = world.ask("top")
    world.arbiter.nursery.answer(11, None)
    world.arbiter.nursery.answer(12, {"error": "KeyError"})
    workers = reply.said["result"]["workers"]
    assert [one["error"] for one in workers] == ["It has ended.", "KeyError"]


def test_stacks_come_from_the_worker_or_from_its_signal_handler(world):
    with pytest.raises(ControlError, match="there are: 11, 12"):
        world.ask("stacks", pid=13)
    reply = world.ask("stacks", pid=11)
    world.arbiter.nursery.answer(11, {"result": []})
    assert reply.said == {"result": {"pid": 11, "threads": []}}
    reply = world.ask("stacks", pid=12)
    world.pass_time(ANSWER_SECONDS + 0.1)
    assert world.arbiter.nursery.dumped == [12]
    assert world.target.take_text(12, "Thread 0x1:\n")
    assert world.target.take_text(12, "  in freeze")
    assert not world.target.take_text(11, "a stranger's")
    world.pass_time(1.0)
    assert reply.said == {"result": {"pid": 12, "threads": [], "text": "Thread 0x1:\n  in freeze"}}
    assert not world.target.take_text(12, "later")


def test_a_worker_that_cannot_even_do_that_is_unresponsive(world):
    reply = world.ask("stacks", pid=12)
    world.pass_time(ANSWER_SECONDS + 0.1)
    world.pass_time(STACKS_SECONDS + 0.1)
    assert reply.said["code"] == "unresponsive"


def test_log_level_names_those_who_did_not_answer(world):
    reply = world.ask("log-level", name="demijohn.test", level="error")
    assert {question["level"] for _, question, _ in world.arbiter.nursery.asked} == {40}
    world.arbiter.nursery.answer(11, {"result": "INFO"})
    world.pass_time(ANSWER_SECONDS + 0.1)
    assert reply.said["result"]["unresponsive"] == [12]
    (question,) = world.arbiter.nursery.standing.values()
    assert (question["ask"], question["name"], question["level"]) == ("log-level", "demijohn.test", 40)


@pytest.mark.parametrize("is_broken", [False, True])
def test_reload_is_answered_when_it_is_over(world, is_broken):
    reply = world.ask("reload")
    assert world.arbiter.fed == [SignalReceived(signal.SIGHUP)]
    world.pass_time(1.0)
    assert reply.said is None, "the signal has not been seen yet"
    world.arbiter.record(world.arbiter.fed[0])
    world.pass_time(1.0)
    assert reply.said is None
    world.arbiter.record(GenerationBegun(2, 2))
    world.pass_time(1.0)
    assert reply.said is None
    world.arbiter.record(GenerationGivenUp(2, "SyntaxError") if is_broken else GenerationPromoted(2))
    world.pass_time(1.0)
    if is_broken:
        assert "SyntaxError" in reply.said["error"]
        assert world.target.status()["last_failure"] == "SyntaxError"
    else:
        assert reply.said == {"result": {"generation": 2, "seconds": 4.0}}


def test_a_reload_that_was_under_way_is_not_the_one_that_was_asked_for(world):
    world.arbiter.record(SignalReceived(signal.SIGHUP))
    world.arbiter.record(GenerationBegun(2, 2))
    reply = world.ask("reload")
    world.arbiter.record(world.arbiter.fed[0])
    world.arbiter.record(GenerationGivenUp(2, "not ours"))
    world.pass_time(1.0)
    assert reply.said is None
    world.arbiter.record(GenerationBegun(3, 2))
    world.arbiter.record(GenerationPromoted(3))
    world.pass_time(1.0)
    assert reply.said["result"]["generation"] == 3


def test_who_waits_for_a_reload_is_told_of_a_stop(world):
    reply = world.ask("reload")
    world.arbiter.record(SignalReceived(signal.SIGTERM))
    world.pass_time(1.0)
    assert "stopping" in reply.said["error"]
    with pytest.raises(ControlError, match="stopping"):
        world.ask("reload")


def test_scale_and_stop_are_fed_to_the_arbiter(world):
    assert world.ask("scale", workers=5).said == {"result": {"wanted": 5, "before": 2}}
    world.ask("stop")
    world.ask("stop", is_quick=True)
    assert world.arbiter.fed == [ScaleAsked(5), SignalReceived(signal.SIGTERM), SignalReceived(signal.SIGQUIT)]


def test_status_adds_up_what_workers_count_and_what_is_retired(world):
    for count, slot in enumerate(world.arbiter.board.slots(), 5):
        slot.stats.cells[3] = count
    world.arbiter.board.retired.cells[3] = 100
    status = world.ask("status").said["result"]
    assert (status["requests"], status["wanted"], status["generation"]) == (111, 2, 1)
    rows = world.ask("workers").said["result"]
    assert sorted(row["requests"] for row in rows) == [5, 6]
    assert {row["state"] for row in rows} == {"serving"}
    assert all(row["age"] >= 0 for row in rows)
