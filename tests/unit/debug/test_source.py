"""Which lines are shown around a place."""

import pytest

from demijohn.debug.source import Position, window


@pytest.mark.parametrize("line", [0, 4, 99])
def test_a_file_that_has_become_another_shows_nothing(line):
    assert window(["one\n", "\n", "\n"], Position(line)) == []


def test_lines_around_a_place():
    shown = window([f"{number}\n" for number in range(1, 31)], Position(15), before=2, after=1)
    assert [(line.number, line.text, line.is_current) for line in shown] == [
        (13, "13", False),
        (14, "14", False),
        (15, "15", True),
        (16, "16", False),
    ]
