"""The steps of `flask.cli`; Flask's own suite has more of them."""

import sys
from types import ModuleType

import pytest

from demijohn import Demijohn
from demijohn.manage.cli.discovery import NoAppException
from demijohn.manage.cli.flasksteps import find_app_by_string, find_best_app, locate_app, prepare_import


def a_module(**names):
    module = ModuleType("site")
    vars(module).update(names)
    return module


def test_the_best_application():
    app = Demijohn("x")
    assert find_best_app(a_module(other=app)) is app
    assert find_best_app(a_module(create_app=lambda: app)) is app
    with pytest.raises(NoAppException, match="several"):
        find_best_app(a_module(one=app, two=Demijohn("y")))
    with pytest.raises(NoAppException, match="needs arguments"):
        find_best_app(a_module(make_app=lambda name: app))
    with pytest.raises(NoAppException, match="no application or factory"):
        find_best_app(a_module(app="text"))


@pytest.mark.parametrize("words", ["make('x')", "make(name='x')", " plain ", "app"])
def test_by_words(words):
    module = a_module(make=lambda name: Demijohn(name), plain=lambda: Demijohn("x"), app=Demijohn("x"))
    assert find_app_by_string(module, words).name == "x"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("a b", "neither a name"),
        ("a.b", "neither a name"),
        ("gone", "no attribute"),
        ("make(x)", "only literals"),
        ("make(1, 2)", "other arguments"),
        ("text", "is no application"),
    ],
)
def test_words_that_lead_nowhere(words, message):
    with pytest.raises(NoAppException, match=message):
        find_app_by_string(a_module(make=lambda name: Demijohn(name), text="x"), words)


def test_an_error_of_the_factory_is_its_own():
    def make():
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        find_app_by_string(a_module(make=make), "make")


def test_modules(tmp_path, monkeypatch):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "broken_of_steps.py").write_text("import gone_of_steps\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert prepare_import(tmp_path / "package" / "broken_of_steps.py") == "package.broken_of_steps"
    assert sys.path[0] == str(tmp_path)
    with pytest.raises(NoAppException, match="gone_of_steps"):
        locate_app("package.broken_of_steps", None)
    with pytest.raises(NoAppException, match="There is no module"):
        locate_app("gone_of_steps", None)
    assert locate_app("gone_of_steps", None, raise_if_not_found=False) is None
