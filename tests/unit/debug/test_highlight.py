"""Colours of source."""

import pytest

from demijohn.debug.highlight import MAX_LINES, cut, highlight
from demijohn.debug.source import Position, window


def coloured(source, number):
    lines = source.splitlines(keepends=True)
    text = lines[number - 1].rstrip("\n")
    spans = highlight(lines, range(number, number + 1)).get(number, [])
    return [piece for piece in cut(text, spans, 0, len(text)) if piece[0]]


def test_a_line():
    assert coloured("if x == 'a':  # why\n    y = 1.5\n", 1) == [
        ("keyword", "if"),
        ("string", "'a'"),
        ("comment", "# why"),
    ]
    assert coloured("if x == 'a':  # why\n    y = 1.5\n", 2) == [("number", "1.5")]


def test_text_over_several_lines():
    source = 'def f():\n    """One\n    if two\n    three"""\n    return 1\n'
    assert coloured(source, 3) == [("string", "    if two")]
    assert coloured(source, 4) == [("string", '    three"""')]
    assert coloured(source, 5) == [("keyword", "return"), ("number", "1")]


def test_f_strings_have_the_colour_of_strings_at_their_ends():
    assert coloured("x = f'a{b}c'\n", 1)[0][0] == "string"


@pytest.mark.parametrize("source", ["x = (\n1 ]\n'a", "'unfinished\nx = 1\n", "\tx\n  y\n z\n", "x = 1\n\0\n"])
def test_what_is_broken_has_fewer_colours(source):
    highlight(source.splitlines(keepends=True), range(1, 10))


def test_long_files_have_none():
    assert highlight(["x = 1\n"] * (MAX_LINES + 1), range(1, 3)) == {}


def test_what_is_meant_keeps_its_place():
    lines = ["x = f(1, 'a') + 2\n"]
    (line,) = window(lines, Position(1, 1, 4, 13), is_python=True)
    assert line.parts == ("x = ", "f(1, 'a')", " + 2")
    assert tuple("".join(text for _, text in part) for part in line.pieces) == line.parts
    assert line.pieces[1] == [("", "f("), ("number", "1"), ("", ", "), ("string", "'a'"), ("", ")")]
