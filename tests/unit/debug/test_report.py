"""What is collected of an exception, and what a report says."""

import json
import pickle
import re
import textwrap

import pytest

from demijohn import Demijohn, render_template, render_template_string
from demijohn.debug import ErrorReport
from demijohn.debug.frames import collect, is_library, variables_of
from demijohn.debug.render import groups_of


def caught(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("It should have raised.")


def divide(x):
    password = "swordfish"  # noqa: F841
    return x / (x - x)


def test_a_report_is_plain_strings():
    report = ErrorReport.of(caught(divide, 2))
    assert report.title == "ZeroDivisionError: division by zero"
    assert report.text.startswith("Traceback (most recent call last):\n")
    assert report.text.endswith("ZeroDivisionError: division by zero\n")
    data = json.loads(report.json)
    assert data["error"]["type"] == "ZeroDivisionError"
    assert data["error"]["frames"][-1]["function"] == "divide"
    assert data["error"]["frames"][-1]["source"] == "return x / (x - x)"
    assert data["traceback"] == report.text
    assert pickle.loads(pickle.dumps(report)) == report


def test_the_page_needs_nothing_and_runs_only_its_own():
    report = ErrorReport.of(caught(divide, 2), heading="The application could not be loaded")
    assert "The application could not be loaded" in report.html
    assert "http://" not in report.html and "https://" not in report.html
    nonce = report.csp.partition("'nonce-")[2].partition("'")[0]
    assert report.html.count("<script") == report.html.count(f'<script nonce="{nonce}"') == 1
    assert report.html.count("<style") == report.html.count(f'<style nonce="{nonce}"') == 1
    assert " style=" not in report.html and " onclick=" not in report.html
    assert ErrorReport.of(caught(divide, 2)).csp != report.csp


def test_values_and_messages_are_escaped():
    def fails():
        value = "<script>alert(1)</script>"
        raise ValueError(value + "<b>")

    report = ErrorReport.of(caught(fails))
    assert "<script>alert" not in report.html
    assert "<b>" not in report.html.partition("<main>")[0]


def test_what_sounds_secret_is_not_in_the_page():
    report = ErrorReport.of(caught(divide, 2))
    tables = re.findall(r'<table class="variables">.*?</table>', report.html, re.DOTALL)
    assert len(tables) == 2
    assert "password" in tables[-1]
    assert "swordfish" not in "".join(tables)


def test_columns_are_characters():
    def fails():
        return "äöü" + str(1 / 0) + "ß"

    frame = collect(caught(fails)).frames[-1]
    current = next(line for line in frame.window if line.is_current)
    assert current.parts[1] == "1 / 0"


def test_a_statement_over_several_lines_is_marked_whole():
    def fails():
        return max(
            1,
            int("x"),
        )

    frame = collect(caught(fails)).frames[-1]
    assert [line.text.strip() for line in frame.window if line.is_current] == ['int("x"),']


def test_causes_notes_and_groups():
    def fails():
        try:
            try:
                {}["a"]
            except KeyError as error:
                raise ValueError("b") from error
        except ValueError as error:
            error.add_note("remember")
            group = ExceptionGroup("all", [ZeroDivisionError("c"), ExceptionGroup("inner", [OSError("d")])])
            raise group

    raised = collect(caught(fails))
    assert [each.type_name for each in raised.walk()] == [
        "ExceptionGroup", "ZeroDivisionError", "ExceptionGroup", "OSError", "ValueError", "KeyError",
    ]  # fmt: skip
    assert raised.cause.notes == ["remember"]
    assert not raised.is_direct and raised.cause.is_direct
    html = ErrorReport.of(raised.exception).html
    for word in ("remember", "Raised while handling", "Caused directly by", "2 exceptions in this group"):
        assert word in html


def test_a_suppressed_context_is_not_shown():
    def fails():
        try:
            {}["a"]
        except KeyError:
            raise ValueError("b") from None

    raised = collect(caught(fails))
    assert raised.cause is None
    assert "KeyError" not in ErrorReport.of(raised.exception).text


def test_an_exception_may_be_its_own_cause():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert [each.message for each in collect(first).walk()] == ["first", "second"]
    assert "second" in ErrorReport.of(first).html


def test_many_members_and_causes_are_bounded():
    group = ExceptionGroup("many", [ValueError(str(number)) for number in range(500)])
    raised = collect(group)
    assert len(list(raised.walk())) == 40
    assert raised.members_left_out == 461
    error = None
    for number in range(500):
        cause, error = error, ValueError(str(number))
        error.__cause__ = cause
    assert len(list(collect(error).walk())) == 40


def test_a_recursion_is_shown_from_both_ends():
    def again(number):
        return again(number + 1)

    raised = collect(caught(again, 0))
    assert raised.type_name == "RecursionError"
    assert len(raised.frames) == 100
    assert raised.left_out > 500
    assert dict(variables_of(raised.frames[1]))["number"] == 0
    assert len(ErrorReport.of(raised.exception).html) < 2_000_000


@pytest.mark.parametrize(
    ("word", "left"),
    [
        (True, ["caught", "outer", "inner"]),
        ("before", ["middle", "inner"]),
        ("before_and_this", ["inner"]),
        ("after", ["caught", "outer", "middle"]),
        ("after_and_this", ["caught", "outer"]),
        (False, ["caught", "outer", "middle", "inner"]),
    ],
)
def test_hidden_frames(word, left):
    def inner():
        raise ValueError("x")

    def middle():
        __traceback_hide__ = word  # noqa: F841
        inner()

    def outer():
        middle()

    error = caught(outer)
    names = [frame.name.rpartition(".")[2] for frame in collect(error).frames]
    assert names == left
    text = ErrorReport.of(error).text
    assert [name for name in ("caught", "outer", "middle", "inner") if f", in {name}\n" in text] == left
    assert len(collect(error, shows_hidden=True).frames) == 4


def test_if_all_frames_are_hidden_all_are_shown():
    def fails():
        __traceback_hide__ = "before_and_this"  # noqa: F841
        raise ValueError("x")

    assert [frame.name.rpartition(".")[2] for frame in collect(caught(fails)).frames] == ["caught", "fails"]


def test_the_place_of_a_syntax_error(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("a = 1\nb = (2,, 3)\nc = 4\n")
    error = caught(compile, path.read_text(), str(path), "exec")
    frame = collect(error).frames[-1]
    assert (frame.kind, frame.filename, frame.line) == ("syntax", str(path), 2)
    assert [line.text for line in frame.window] == ["a = 1", "b = (2,, 3)", "c = 4"]
    assert frame.window[1].parts == ("b = (2,", ",", " 3)")
    assert str(path) in ErrorReport.of(error).html


def test_a_syntax_error_without_a_file():
    frame = collect(caught(compile, "x = )", "<input>", "exec")).frames[-1]
    assert frame.window[-1].text == "x = )"


def test_libraries_are_folded_but_for_the_place_of_the_error():
    def fails():
        return textwrap.fill("x", width=-1)

    raised = collect(caught(fails))
    assert [frame.kind for frame in raised.frames] == ["own", "own", "library", "library", "library", "library"]
    groups = groups_of(raised)
    assert [group.is_folded for group in groups] == [False, True, False]
    assert [group.is_open(group.frames[-1]) for group in groups] == [True, False, False]
    assert groups[1].packages == "textwrap"
    assert is_library(textwrap.__file__) and not is_library(__file__)
    assert is_library(collect.__code__.co_filename)


def test_template_frames(tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "base.html").write_text("<html>\n{% block body %}{% endblock %}\n")
    (folder / "page.html").write_text(
        '{% extends "base.html" %}\n{% block body %}\n  {{ missing.name }}\n{% endblock %}\n'
    )
    app = Demijohn("site", root_path=str(tmp_path))
    with app.app_context():
        raised = collect(caught(render_template, "page.html"))
        frames = [frame for frame in raised.frames if frame.kind == "template"]
        assert [frame.line for frame in frames] == [1, 2, 3]
        assert frames[-1].filename == str(folder / "page.html")
        assert frames[-1].source_line == "{{ missing.name }}"
        text = collect(caught(render_template_string, "a\n{{ 1 / 0 }}")).frames
        frame = [frame for frame in text if frame.kind == "template"][-1]
        assert (frame.line, frame.source_line) == (2, "{{ 1 / 0 }}")
        # What it does not compile is shown at its place.
        error = caught(render_template_string, "a\n{% if %}")
        assert "{% if %}" in ErrorReport.of(error).html


def test_what_an_exception_says_of_itself_may_fail():
    class Broken(Exception):
        def __str__(self):
            raise ValueError("no")

    report = ErrorReport.of(Broken())
    assert "__str__ raised ValueError" in report.title
    assert "Broken" in report.text


def test_an_exception_that_was_never_raised():
    report = ErrorReport.of(ValueError("x"))
    assert report.text == "ValueError: x\n"
    assert json.loads(report.json)["error"]["frames"] == []
    assert "ValueError" in report.html
