"""Werkzeug's names for tracebacks and frames, as extensions and test runners use them."""

import pytest

from demijohn.debug import DebugTraceback, render_console_html


@pytest.fixture
def traceback():
    def fails(number):
        return number / 0

    with pytest.raises(ZeroDivisionError) as caught:
        fails(7)
    return DebugTraceback(caught.value)


def test_a_traceback(traceback):
    assert str(traceback) == "<DebugTraceback ZeroDivisionError: division by zero>"
    assert traceback.render_traceback_text().endswith("ZeroDivisionError: division by zero\n")
    assert "<h1" in traceback.render_traceback_html()
    assert "<h1" not in traceback.render_traceback_html(include_title=False)
    assert "<html" not in traceback.render_traceback_html()


def test_pages(traceback):
    assert 'data-secret="abc" data-locked="yes"' in traceback.render_debugger_html(True, "abc", False)
    assert 'data-secret="abc" data-locked="no"' in traceback.render_debugger_html(True, "abc", True)
    assert "abc" not in traceback.render_debugger_html(False, "abc", True).partition("<body")[2].partition("<header")[0]
    assert 'data-frame="0"' in render_console_html("abc", False)


def test_a_frame(traceback):
    frame = traceback.all_frames[-1]
    assert (frame.name.rpartition(".")[2], frame.line, frame.is_library) == ("fails", "return number / 0", False)
    assert frame.filename == __file__
    assert frame.local_ns["number"] == 7 and frame.global_ns is globals()
    assert ">14<" in frame.eval("number * 2")
    assert frame.console is frame.console


def test_frames_at_the_beginning_may_be_left_out(traceback):
    assert len(DebugTraceback(traceback.raised.exception, skip=1).all_frames) == len(traceback.all_frames) - 1
    assert len(DebugTraceback(traceback.raised.exception, skip=99).all_frames) == 1
