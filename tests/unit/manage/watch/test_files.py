"""Which files an application is made of, and how they are recognised."""

import os
import sys
import textwrap
import time

import pytest

from demijohn.manage.watch.files import ABSENT, UNSURE, AppFiles, project_files, sign

YEAR = 365 * 24 * 3600


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A directory of modules, each as old as a year."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def write(name, code="", age=YEAR):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
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


def test_what_is_installed_is_no_project(project):
    files = project_files()
    assert os.__file__ not in files
    assert pytest.__file__ not in files
    assert not any("/demijohn/manage/" in path for path in files), "the server is not the application"
    assert os.path.abspath(__file__) in files


def test_a_module_that_is_no_module_is_not_asked(project, monkeypatch):
    class Odd:
        def __getattr__(self, name):
            raise RuntimeError(name)

    monkeypatch.setitem(sys.modules, "shop_odd", Odd())
    assert project_files()


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
    files = project_files(error=caught.value)
    assert {shop, broken} <= files
    chained = RuntimeError("no application")
    chained.__cause__ = caught.value
    caught.value.__context__ = chained  # in a circle
    assert {shop, broken} <= project_files(error=chained)
    assert not {shop, broken} & project_files()


def test_extra_files_and_what_is_below_directories(project, tmp_path, monkeypatch):
    config, page = project("shop.toml"), project("pages/index.html")
    hidden, cache = project("pages/.swp"), project("__pycache__/x.pyc")
    monkeypatch.chdir(tmp_path)
    files = project_files(["shop.toml", str(tmp_path / "pages"), "missing.toml"])
    assert {config, page, str(tmp_path / "pages"), str(tmp_path / "missing.toml")} <= files
    assert not {hidden, cache} & files


def test_patterns_leave_files_out(project, tmp_path):
    one, two = project("shop_one.py"), project("made/shop_two.py")
    found = project_files([one, two], ["*/made/*"])
    assert one in found
    assert two not in found


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


def test_the_signature_of_a_directory_is_what_is_in_it(tmp_path):
    before = sign(str(tmp_path))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / ".swp").touch()
    assert sign(str(tmp_path)) == before
    (tmp_path / "new.html").touch()
    assert sign(str(tmp_path)) != before
    assert sign("no\0path") == ABSENT
