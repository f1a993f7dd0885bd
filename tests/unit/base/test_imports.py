"""Objects by name, and the modules of a package."""

import pickle
import sys

import pytest

from demijohn._base.imports import ImportStringError, find_modules, import_string


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a module, a package inside it, and a module that must not be imported."""
    root = tmp_path / "cellar_of_tests"
    (root / "rack").mkdir(parents=True)
    (root / "__init__.py").write_text("bottle = 'full'\n")
    (root / "door.py").write_text("raise RuntimeError('imported')\n")
    (root / "rack" / "__init__.py").write_text("class Shelf:\n    def hold(self):\n        return 1\n")
    (root / "rack" / "shelf.py").write_text("size = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield root.name
    for name in [name for name in sys.modules if name.partition(".")[0] == root.name]:
        del sys.modules[name]


@pytest.mark.parametrize("separator", [":", "."])
def test_import_string(package, separator):
    assert import_string(f"{package}{separator}bottle") == "full"
    assert import_string(f"{package}.rack{separator}Shelf").__name__ == "Shelf"
    assert import_string(f"{package}.rack.Shelf{separator}hold").__name__ == "hold"
    assert import_string(package) is sys.modules[package]


@pytest.mark.parametrize(
    ("rest", "reason"),
    [(".nowhere", "has no attribute 'nowhere'"), (":nothing", "no attribute 'nothing'"), ("x", "no module named")],
)
def test_missing(package, rest, reason):
    assert import_string(package + rest, silent=True) is None
    with pytest.raises(ImportStringError, match=reason) as caught:
        import_string(package + rest)
    assert caught.value.import_name == (package + rest).replace(":", ".")
    assert reason in str(caught.value.exception)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.import_name) == (str(caught.value), caught.value.import_name)


def test_failing_module(package):
    with pytest.raises(RuntimeError, match="imported"):
        import_string(f"{package}.door:x", silent=True)


def test_find_modules(package):
    assert list(find_modules(package)) == [f"{package}.door"]
    assert list(find_modules(package, include_packages=True)) == [f"{package}.door", f"{package}.rack"]
    assert list(find_modules(package, recursive=True)) == [f"{package}.door", f"{package}.rack.shelf"]
    both = list(find_modules(package, include_packages=True, recursive=True))
    assert both == [f"{package}.door", f"{package}.rack", f"{package}.rack.shelf"]
    assert f"{package}.door" not in sys.modules


def test_find_modules_where_there_are_none(package):
    with pytest.raises(ValueError, match="is not a package"):
        list(find_modules(f"{package}.rack.shelf"))
    with pytest.raises(ImportStringError):
        list(find_modules("nowhere_at_all"))
