"""Every public name of every module of the originals is served by the drop-in, or in a table with its reason."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from corpus.names import describe as describing
from differential.original import PYTHON

from demijohn.dropin.missing import MISSING
from demijohn.dropin.older import OLDER
from demijohn.dropin.usage import judge, reference, served_modules

DOCS = Path(__file__).parents[2] / "docs" / "drop-in-names.md"
LIST = """
import importlib, json, pkgutil, sys, warnings
warnings.simplefilter("ignore")
found = []
for top in ("flask", "werkzeug"):
    path = importlib.import_module(top).__path__
    found += [top, *(each.name for each in pkgutil.walk_packages(path, top + ".") if not each.name.endswith("__main__"))]
# A package without a file of its own.
found += ["flask.sansio.app", "flask.sansio.blueprints", "flask.sansio.scaffold"]
json.dump(found, sys.stdout)
"""


@cache
def originals():
    """Module -> the public names that it defines or, being a package, offers."""
    listed = subprocess.run([PYTHON, "-c", LIST], check=True, capture_output=True, timeout=60).stdout
    command = [PYTHON, "-W", "ignore", describing.__file__, *json.loads(listed)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


@pytest.mark.slow
def test_every_name_is_served_or_missing_with_a_reason():
    names = {f"{module}.{name}" for module, found in originals().items() for name in found}
    assert len(names) > 450
    missing = {name for name in names if judge(name)[0] == "missing"}
    assert missing - set(MISSING) == set()
    assert {module for module in originals() if judge(module)[0] == "missing"} == set()


def test_what_is_missing_is_missing():
    assert [name for name in MISSING if judge(name)[0] != "missing"] == []


@pytest.mark.slow
def test_what_is_served_is_there():
    code = f"""
import demijohn.compat, importlib, warnings
from demijohn.dropin.usage import served_names
warnings.simplefilter("ignore")
for module in {served_modules()!r}:
    found = importlib.import_module(module)
    for name in served_names(module):
        if not name.startswith("__"):
            getattr(found, name)
for module, names in {[(module, list(names)) for module, names in OLDER.items()]!r}:
    for name in names:
        getattr(importlib.import_module(module), name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_page_has_these_tables():
    assert DOCS.read_text(encoding="utf-8") == reference(), "make names"


MODULES = """
import importlib, json, sys, types, warnings
warnings.simplefilter("ignore")
found = {}
for module in json.loads(sys.argv[1]):
    names = vars(importlib.import_module(module))
    found[module] = {name: value.__name__ for name, value in names.items() if isinstance(value, types.ModuleType)}
json.dump(found, sys.stdout)
"""


@pytest.mark.slow
def test_the_modules_that_they_import_are_there():
    """`from flask.cli import click`, `mock.patch("flask.helpers.werkzeug.utils...")`."""
    command = [PYTHON, "-c", MODULES, json.dumps(list(originals()))]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    found = {f"{module}.{name}": home for module, names in json.loads(listed).items() for name, home in names.items()}
    assert len(found) > 250
    code = f"""
import demijohn.compat, importlib, warnings
warnings.simplefilter("ignore")
for name, home in {found!r}.items():
    module, _, attribute = name.rpartition(".")
    given = getattr(importlib.import_module(module), attribute)
    assert given.__name__ == home, (name, given)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
