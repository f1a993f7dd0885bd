"""Which files belong to a program."""

import os
import sys
import types

import pytest

from demijohn.manage.watching import origin
from demijohn.manage.watching.fileset import FileSet, Kind
from demijohn.manage.watching.snapshot import Snapshot


def write(directory, *names):
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def found(directory, **fields):
    snapshot = Snapshot(FileSet(**fields))
    return {
        os.path.relpath(path, directory): kind for path, (kind, signature) in snapshot._signatures.items() if signature
    }


def test_python_files_below_roots_count(tmp_path):
    write(tmp_path, "app.py", "pkg/__init__.py", "namespace/deep/mod.py", "readme.txt", "a.pyc")
    assert set(found(tmp_path, roots=(str(tmp_path),))) == {"app.py", "pkg/__init__.py", "namespace/deep/mod.py"}


def test_what_nobody_writes_by_hand_does_not_count(tmp_path):
    write(
        tmp_path, "app.py", ".git/hook.py", "node_modules/x/y.py", "__pycache__/z.py", "env/pyvenv.cfg", "env/lib/q.py"
    )
    write(tmp_path, "lib/site-packages/installed.py")
    assert set(found(tmp_path, roots=(str(tmp_path),))) == {"app.py"}


def test_modules_count_wherever_they_are(tmp_path):
    write(tmp_path, ".hidden/mod.py")
    path = str(tmp_path / ".hidden/mod.py")
    assert set(found(tmp_path, roots=(str(tmp_path),), modules=frozenset([path]))) == {".hidden/mod.py"}


def test_templates_and_static_files_are_pages(tmp_path):
    write(
        tmp_path,
        "app.py",
        "templates/a.html",
        "templates/macros.py",
        "static/deep/a.css",
        "static/.a.css.swp",
        "static/b~",
    )
    templates, statics = (str(tmp_path / "templates"),), (str(tmp_path / "static"),)
    assert found(tmp_path, roots=(str(tmp_path),), templates=templates, statics=statics) == {
        "app.py": Kind.CODE,
        "templates/a.html": Kind.TEMPLATE,
        "templates/macros.py": Kind.CODE,
        "static/deep/a.css": Kind.STATIC,
    }


@pytest.mark.parametrize(
    "pattern, expected",
    [
        ("conf/*.toml", {"conf/a.toml", "conf/b.toml"}),
        ("conf/?.toml", {"conf/a.toml", "conf/b.toml"}),
        ("conf/[!b].toml", {"conf/a.toml"}),
        ("conf/[b].toml", {"conf/b.toml"}),
        ("conf/**/*.toml", {"conf/a.toml", "conf/b.toml", "conf/deep/er/c.toml"}),
        ("conf/*/*.toml", set()),
        ("conf/**", {"conf/a.toml", "conf/b.toml", "conf/deep/er/c.toml", "conf/x(1).txt"}),
        ("conf", {"conf/a.toml", "conf/b.toml", "conf/deep/er/c.toml", "conf/x(1).txt"}),
        ("conf/x(*.txt", {"conf/x(1).txt"}),
        ("conf/a.toml", {"conf/a.toml"}),
        ("absent.toml", set()),
        ("*/a.toml", {"conf/a.toml"}),
    ],
)
def test_extra_files(tmp_path, monkeypatch, pattern, expected):
    write(tmp_path, "conf/a.toml", "conf/b.toml", "conf/deep/er/c.toml", "conf/x(1).txt", "other.toml")
    monkeypatch.chdir(tmp_path)
    kinds = found(tmp_path, extra_files=(pattern,))
    assert set(kinds) == expected
    assert set(kinds.values()) <= {Kind.CODE}


def test_an_extra_file_is_no_page(tmp_path):
    write(tmp_path, "templates/a.html", "templates/b.html")
    kinds = found(tmp_path, templates=(str(tmp_path / "templates"),), extra_files=(str(tmp_path / "templates/a.html"),))
    assert kinds == {"templates/a.html": Kind.CODE, "templates/b.html": Kind.TEMPLATE}


def test_excluded_files_do_not_count_but_if_named(tmp_path):
    write(tmp_path, "app.py", "gen/a.py", "gen/b.py")
    module = frozenset([str(tmp_path / "gen/a.py")])
    assert set(found(tmp_path, roots=(str(tmp_path),), modules=module, exclude_patterns=("gen",))) == {"app.py"}
    extra = (str(tmp_path / "gen/b.py"),)
    fields = {"roots": (str(tmp_path),), "extra_files": extra, "exclude_patterns": ("gen",)}
    assert set(found(tmp_path, **fields)) == {"app.py", "gen/b.py"}


def test_a_root_below_what_does_not_count_counts(tmp_path):
    write(tmp_path, ".deploy/site/app.py", ".deploy/other.py")
    roots = (str(tmp_path), str(tmp_path / ".deploy/site"))
    assert set(found(tmp_path, roots=roots)) == {".deploy/site/app.py"}


def test_a_set_that_is_widened_by_nothing_is_itself(tmp_path):
    files = FileSet(roots=(str(tmp_path),))
    assert files.widened([str(tmp_path)]) is files
    assert files.widened(modules=["/a.py"]).modules == {"/a.py"}


def test_what_is_foreign():
    assert origin.is_foreign(os.__file__)
    assert origin.is_foreign(pytest.__file__)
    assert origin.is_foreign("/somewhere/site-packages/x.py")
    assert not origin.is_foreign("/somewhere/not-site-packages.py")
    assert not origin.is_foreign(__file__)


def test_modules_of_the_project(tmp_path, monkeypatch):
    write(tmp_path, "mine.py", "old.py", "pack.zip")
    for name, path in (("mine", "mine.py"), ("old", "old.pyc"), ("zipped", "pack.zip/zipped.py"), ("gone", "gone.py")):
        module = types.ModuleType(name)
        module.__file__ = str(tmp_path / path)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "nameless", types.ModuleType("nameless"))
    modules = {path for path in origin.project_modules() if path.startswith(str(tmp_path) + os.sep)}
    assert modules == {str(tmp_path / name) for name in ("mine.py", "old.py", "pack.zip")}
    assert str(tmp_path / "mine.py") not in origin.project_modules(but=["mine"])


def test_roots_of_the_project(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "site").mkdir()
    monkeypatch.chdir(tmp_path / "site")
    paths = [
        "",
        os.path.dirname(os.__file__),
        str(tmp_path / "site"),
        "/",
        str(tmp_path / "home"),
        str(tmp_path / "absent"),
    ]
    assert origin.project_roots(paths) == [str(tmp_path / "site")]
