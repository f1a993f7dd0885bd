"""Links that open an editor."""

import pytest

from demijohn.debug import ErrorReport
from demijohn.debug.editor import EDITORS, EditorError, editor_link, editor_template


def test_editors_that_are_known():
    link = editor_link(editor_template("VSCode"), "/a b/c&d.py", 7)
    assert link == "vscode://file/a%20b/c%26d.py:7"
    for name in EDITORS:
        assert "7" in editor_link(editor_template(name), "/a.py", 7)


def test_an_editor_of_ones_own(monkeypatch):
    monkeypatch.setenv("DEMIJOHN_EDITOR", "ed://{file}?at={line}")
    assert editor_link(editor_template(), "/a.py", 7) == "ed:///a.py?at=7"
    monkeypatch.setenv("DEMIJOHN_EDITOR", " ")
    assert editor_link(editor_template(), "/a.py", 7) == ""


@pytest.mark.parametrize("value", ["emacs", "ed://open", "javascript:alert('{file}')", "ed://{file} {line}", "{file}"])
def test_what_is_none_is_said_on_the_page(monkeypatch, value):
    with pytest.raises(EditorError, match="DEMIJOHN_EDITOR"):
        editor_template(value)
    monkeypatch.setenv("DEMIJOHN_EDITOR", value)
    assert "DEMIJOHN_EDITOR is" in ErrorReport.of(ValueError()).html
