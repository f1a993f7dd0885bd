"""When a change is acted on."""

import logging
import os

import pytest

from demijohn.manage.reloader.pending import (
    LONGEST_QUIET_SECONDS,
    MOST_RESTLESS_SECONDS,
    QUIET_SECONDS,
    RESTLESS,
    Pending,
    shown,
)


class FakeClock:
    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def pending(clock):
    return Pending(clock)


def test_nothing_is_due(pending):
    assert pending.due is None
    assert pending.take() == []


def test_what_is_saved_together_is_loaded_together(pending, clock):
    pending.add(["/a.py"])
    assert pending.due == 100.0 + QUIET_SECONDS
    clock.now += 0.02
    pending.add(["/b.py", "/a.py"])
    assert pending.due == 100.02 + QUIET_SECONDS
    assert pending.noticed_at == 100.0
    assert pending.take() == ["/a.py", "/b.py"]
    assert pending.due is None


def test_changes_without_end_are_acted_on_all_the_same(pending, clock):
    for _ in range(100):
        pending.add(["/a.py"])
        clock.now += 0.02
    assert pending.due == 100.0 + LONGEST_QUIET_SECONDS


def test_something_without_a_path_is_acted_on(pending):
    pending.add([])
    assert pending.due is not None
    assert pending.take() == []


def test_a_program_that_changes_its_own_files_is_told_so_and_slowed_down(pending, clock, caplog):
    waits = []
    with caplog.at_level(logging.WARNING, "demijohn.reloader"):
        for _ in range(RESTLESS + 6):
            pending.add(["/gen.py"])
            waits.append(pending.due - clock.now)
            pending.drop_due()
            pending.grow_restless()
            clock.now = clock.now + 1
    assert waits[:RESTLESS] == pytest.approx([QUIET_SECONDS] * RESTLESS)
    assert waits[RESTLESS:] == [1.0, 2.0, 4.0, 8.0, MOST_RESTLESS_SECONDS, MOST_RESTLESS_SECONDS]
    [message] = caplog.messages
    assert message.startswith("/gen.py changed during each of the last 5 starts")
    assert "exclude_patterns" in message
    pending.come_to_rest()
    pending.add(["/gen.py"])
    assert pending.due == clock.now + QUIET_SECONDS or pending.due <= clock.now + LONGEST_QUIET_SECONDS


def test_names_are_few_and_short(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown([str(tmp_path / "b.py"), str(tmp_path / "a.py")]) == "a.py, b.py"
    assert shown([os.path.abspath("/elsewhere/x.py")]) == "/elsewhere/x.py"
    assert shown([str(tmp_path / f"{name}.py") for name in "abcd"]) == "a.py, b.py, c.py, d.py"
    assert shown([str(tmp_path / f"{name}.py") for name in "abcde"]) == "a.py, b.py, c.py, 2 more"
