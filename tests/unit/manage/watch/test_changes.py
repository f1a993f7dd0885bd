"""When changes of files are told: once they have come to rest, and each once."""

import pytest

from demijohn.manage.watch.changes import FileWatch
from demijohn.manage.watch.files import UNSURE


class Disk(dict):
    """Signatures by path."""

    def sign(self, path):
        return self.get(path, "")


@pytest.fixture
def disk():
    return Disk(a="1", b="1", c="1")


@pytest.fixture
def watch(disk):
    watch = FileWatch(0.5, 10.0, disk.sign)
    watch.expect(dict(disk))
    return watch


def test_nothing_changes(watch):
    assert watch.look(0) == watch.look(100) == []
    assert not watch.is_unsettled


def test_several_edits_are_told_once_when_they_have_come_to_rest(watch, disk):
    disk["a"] = "2"
    assert watch.look(1.0) == []
    assert watch.is_unsettled
    disk["b"] = "2"
    assert watch.look(1.4) == []
    assert watch.look(1.8) == []
    assert watch.look(1.9) == ["a", "b"]
    assert not watch.is_unsettled
    assert watch.look(5) == []
    disk["a"] = "3"
    watch.look(6)
    assert watch.look(7) == ["a"]


def test_what_is_as_it_was_has_not_changed(watch, disk):
    disk["a"] = ""  # an editor puts another file in its place
    assert watch.look(1.0) == []
    disk["a"] = "1"
    assert watch.look(1.2) == []
    assert not watch.is_unsettled
    assert watch.look(9) == []


def test_what_never_comes_to_rest_is_told_in_the_end(watch, disk):
    told = []
    for tick in range(240):
        disk["a"] = str(tick + 10)
        if watch.look(tick / 10):
            told.append(tick / 10)
    assert told == [10.0, 20.1]


def test_a_file_that_goes_or_comes_has_changed(watch, disk):
    del disk["c"]
    watch.look(0)
    assert watch.look(1) == ["c"]
    disk["c"] = "2"
    watch.look(2)
    assert watch.look(3) == ["c"]


def test_what_was_looked_at_before_is_not_forgotten(watch, disk):
    disk["a"] = "2"
    disk["new"] = "8"
    # A generation that has loaded the new code says so before the change was seen.
    watch.expect({"a": "2", "new": "7"})
    watch.look(0)
    assert watch.look(1) == ["a", "new"], "the others saw another file, and the new one has changed since"
    disk["b"] = "2"
    assert watch.look(2) == watch.look(3) == [], "it is not looked at any more"


def test_a_file_that_may_have_changed_while_it_was_read_has_changed_once(watch, disk):
    watch.expect({"a": "1", "new": UNSURE})
    disk["new"] = "5"
    watch.look(0)
    assert watch.look(1) == ["new"]
    watch.expect({"a": "1", "new": UNSURE})
    assert watch.look(2) == watch.look(3) == []
