"""When changes are told: once they have come to rest, and each once."""

from demijohn.manage.watching.settling import RESTLESS, Settling


def test_nothing_changes():
    settling = Settling()
    assert settling.take((), 0) == settling.take((), 100) == []
    assert not settling.is_under_way


def test_several_edits_are_told_once_when_they_have_come_to_rest():
    settling = Settling(0.5, 10.0)
    assert settling.take(["b"], 1.0) == []
    assert settling.is_under_way
    assert settling.take(["a", "b"], 1.4) == []
    assert settling.take((), 1.8) == []
    assert settling.take((), 1.9) == ["a", "b"]
    assert not settling.is_under_way
    assert settling.take((), 5) == []
    settling.take(["a"], 6)
    assert settling.take((), 7) == ["a"]


def test_what_never_comes_to_rest_is_told_in_the_end():
    settling = Settling(0.5, 10.0)
    told = [tick / 10 for tick in range(240) if settling.take(["a"], tick / 10)]
    assert told == [10.0, 20.1]


def test_what_changes_whenever_it_is_told_is_told_later_and_later():
    settling, now, waits = Settling(0.5, 10.0), 0.0, []
    for _ in range(RESTLESS + 9):
        began = now
        told = settling.take(["a"], now)
        while not told:
            now += 0.25
            told = settling.take((), now)
        waits.append(now - began)
        now += 20  # another start, which writes the file
    assert waits == [0.5] * RESTLESS + [1, 2, 4, 8, 16, 32, 60, 60, 60]
    now += 60
    settling.take(["a"], now)
    assert settling.restless == 0
    assert settling.take((), now + 0.5) == ["a"]
