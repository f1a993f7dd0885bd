"""What a project uses, by file and line."""

import pytest
from click.testing import CliRunner

from demijohn.dropin.older import OLDER, OLDER_MODULES
from demijohn.dropin.usage import UnreadableFileError, judge, served_modules, uses_of
from demijohn.manage.cli import main


def found(tmp_path, text):
    (tmp_path / "app.py").write_text(text)
    return [(use.line, use.name, use.verdict) for use in uses_of(str(tmp_path))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import flask\nflask.Markup; flask.nothing", [(1, "flask", "served"), (2, "flask.Markup", "warned"), (2, "flask.nothing", "missing")]),
        ("from flask import Flask as F, Module", [(1, "flask.Flask", "served"), (1, "flask.Module", "missing")]),
        ("import werkzeug.utils as u\nu.redirect.x; u.url_nothing", [(1, "werkzeug.utils", "served"), (2, "werkzeug.utils.redirect", "served"), (2, "werkzeug.utils.url_nothing", "missing")]),
        ("from werkzeug import routing\nrouting.map.Map", [(1, "werkzeug.routing", "served"), (2, "werkzeug.routing.map", "served"), (2, "werkzeug.routing.map.Map", "served")]),
        ("from werkzeug.gone import x", [(1, "werkzeug.gone.x", "missing")]),
        ("from flask import *\nimport flask_login\nfrom .flask import x\nflask = 1", [(1, "flask", "served")]),
    ],
)  # fmt: skip
def test_names(tmp_path, text, expected):
    assert found(tmp_path, text) == expected


def test_environments_and_hidden_folders_are_not_the_project(tmp_path):
    for folder in ("env/lib", ".git", "node_modules", "src"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.py").write_text("import flask")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    assert [use.path for use in uses_of(str(tmp_path))] == [str(tmp_path / "src" / "x.py")]


def test_a_file_that_is_no_python(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"app\.py"):
        found(tmp_path, "def")
    with pytest.raises(FileNotFoundError):
        list(uses_of(str(tmp_path / "not")))


def test_the_command(tmp_path):
    (tmp_path / "app.py").write_text("from flask import Flask, Markup, Module\n")
    result = CliRunner().invoke(main, ["drop-in", "check", str(tmp_path)])
    assert result.exit_code == 1
    assert "app.py:1: flask.Markup: warned; use 'markupsafe.Markup'\n" in result.output
    assert "app.py:1: flask.Module: missing\n" in result.output
    assert result.output.endswith("1 served, 1 served with a warning, 1 missing.\n")


def test_tables_and_files_agree():
    modules = set(served_modules())
    assert {"flask", "flask.json.tag", "werkzeug.routing"} <= modules
    # Modules of older versions are not listed among those of today.
    assert all(judge(module)[0] != "missing" for module in OLDER)
    assert all(judge(module)[0] == "warned" for module in OLDER_MODULES)
    for module, names in OLDER.items():
        for name in names:
            assert judge(f"{module}.{name}")[0] == "warned"
