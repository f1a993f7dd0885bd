"""Which files the application of a process is made of, and how they are recognised."""

import importlib.util
import os
import sys
import textwrap
import time
import types

import pytest

from demijohn.manage.watching.appfiles import ABSENT, UNSURE, AppFiles, sign

YEAR = 365 * 24 * 3600


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A directory of modules, each as old as a year."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def write(name, code="", age=YEAR):
        path = tmp_path / name
        path.write_text(textwrap.dedent(code))
        os.utime(path, (time.time() - age,) * 2)
        return str(path)

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_what_is_loaded_is_told_once(project):
    files = AppFiles()
    files()
    one = project("shop_one.py")
    two = project("shop_two.py")
    __import__("shop_one")
    assert files() == {one: sign(one)}
    assert files() == {}
    __import__("shop_two")
    assert files() == {two: sign(two)}


def test_what_is_installed_is_no_project():
    files = AppFiles()()
    assert os.__file__ not in files
    assert pytest.__file__ not in files
    assert not any("/demijohn/manage/" in path and "/tests/" not in path for path in files), "nor is the server"
    assert os.path.abspath(__file__) in files


def test_what_stands_in_for_a_module_is_not_asked(project, monkeypatch):
    class Odd(types.ModuleType):
        def __getattribute__(self, name):
            raise RuntimeError(name)

    monkeypatch.setitem(sys.modules, "shop_odd", Odd("shop_odd"))
    monkeypatch.setitem(sys.modules, "shop_none", None)
    path = project("shop_lazy.py", "raise SystemError('loaded')")
    spec = importlib.util.spec_from_file_location("shop_lazy", path)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "shop_lazy", module)
    spec.loader.exec_module(module)
    assert path in AppFiles()(), "and nothing is loaded for it"


def test_a_file_that_was_written_since_loading_began_may_have_been_read_before(project):
    began = time.time_ns()
    files = AppFiles(began=began)
    files()
    one, future = project("shop_one.py", age=0), project("shop_two.py", age=-YEAR)
    os.utime(one, ns=(began, began))
    __import__("shop_one")
    __import__("shop_two")
    assert files() == {one: UNSURE, future: sign(future)}


def test_an_error_names_the_files_that_it_is_from(project):
    shop = project("shop_main.py", "import shop_broken")
    broken = project("shop_broken.py", "def app(:")
    with pytest.raises(SyntaxError) as caught:
        __import__("shop_main")
    files = AppFiles()
    assert {shop, broken} <= set(files(caught.value))
    assert not {shop, broken} & set(files(caught.value)), "once is enough"
    chained = RuntimeError("no application")
    chained.__cause__ = caught.value
    caught.value.__context__ = chained  # in a circle
    assert {shop, broken} <= set(AppFiles()(chained))
    assert not {shop, broken} & set(AppFiles()())


def test_a_signature_changes_with_its_file(tmp_path):
    path = tmp_path / "a.py"
    seen = [sign(str(path))]
    assert seen == [ABSENT]
    path.write_text("one")
    seen.append(sign(str(path)))
    assert sign(str(path)) == seen[-1]
    os.utime(path, ns=(1, 1))
    seen.append(sign(str(path)))
    path.write_text("longer")
    os.utime(path, ns=(1, 1))
    seen.append(sign(str(path)))
    other = tmp_path / "b.py"
    other.write_text("longer")
    os.utime(other, ns=(1, 1))
    other.rename(path)
    seen.append(sign(str(path)))
    assert len(set(seen)) == len(seen)
    assert sign("no\0path") == ABSENT
