"""Which lines are shown around a place."""

import pytest

from demijohn.debug.source import Position, window


@pytest.mark.parametrize("line", [0, 4, 99])
def test_a_file_that_has_become_another_shows_nothing(line):
    assert window(["one\n", "\n", "\n"], Position(line)) == []


def test_lines_around_a_place():
    shown = window([f"{number}\n" for number in range(1, 31)], Position(15))
    assert [(line.number, line.text) for line in shown] == [(number, str(number)) for number in range(8, 21)]
    assert [line.number for line in shown if line.is_current] == [15]


def test_blank_lines_at_the_ends_are_left_out():
    lines = ["a\n", "\n", "  \n", "b\n", "\n", "\n"]
    assert [line.text for line in window(lines, Position(1))] == ["a", "", "  ", "b"]
    assert [line.text for line in window(lines, Position(4))] == ["a", "", "  ", "b"]
    assert [line.text for line in window(["\n", *lines[3:]], Position(2))] == ["b"]
