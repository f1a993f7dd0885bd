"""Every public name of Werkzeug and Flask has its home here, and takes the same calls; or is missing on purpose.

The tables are `tests/corpus/names/*.toml`.
"""

import importlib
import json
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from corpus.names.describe import describe
from differential.original import PYTHON

NAMES = Path(__file__).parents[1] / "corpus" / "names"
TABLES = [
    tomllib.loads((NAMES / f"{name}.toml").read_text(encoding="utf-8")) for name in ("werkzeug", "serving", "flask")
]
ABSENT = {entry["name"]: entry["reason"] for table in TABLES for entry in table.pop("absent")}
DIFFERS = {entry["name"]: entry["reason"] for table in TABLES for entry in table.pop("differs")}
MODULES = {module: names for table in TABLES for module, names in table.items()}
HOMES = {f"{module}.{name}": home for module, names in MODULES.items() for name, home in names.items()}
# Reached by position or name, by both, or by no fixed place at all.
BY_PLACE = {"POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD"}
BY_NAME = {"KEYWORD_ONLY", "POSITIONAL_OR_KEYWORD"}


@cache
def originals():
    """The originals' names, described in their own environment."""
    command = [PYTHON, NAMES / "describe.py", *MODULES]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    return {f"{module}.{name}": entry for module, names in found.items() for name, entry in names.items()}


@cache
def ours(name):
    module, _, other_name = HOMES[name].partition(":")
    return describe(getattr(importlib.import_module(module), other_name or name.rpartition(".")[2]))


def objections(theirs, own):
    """Why a call that fits their parameters may not fit ours."""
    if theirs is None:
        return []
    if own is None:
        return ["cannot be called"]
    places = [each for each in own if each[1] in BY_PLACE]
    named = {each[0]: each for each in own if each[1] in BY_NAME}
    kinds = {each[1] for each in own}
    found = []
    for place, (name, kind, default) in enumerate(each for each in theirs if not each[1].startswith("VAR_")):
        if kind in BY_PLACE and place >= len(places) and "VAR_POSITIONAL" not in kinds:
            found.append(f"no place for {name}")
        is_self = place == 0 and name in {"self", "cls"}
        taken = places[place] if kind in BY_PLACE and place < len(places) else named.get(name)
        if kind in BY_NAME and not is_self and name not in named and "VAR_KEYWORD" not in kinds:
            found.append(f"no parameter {name}")
        elif kind == "POSITIONAL_OR_KEYWORD" and not is_self and taken is not None and taken[0] != name:
            found.append(f"{taken[0]} in the place of {name}")
        elif taken is not None and default is not None and taken[2] != default:
            found.append(f"{name} is {taken[2]} by default, not {default}")
    found += [f"no {kind}" for _, kind, _ in theirs if kind.startswith("VAR_") and kind not in kinds]
    known = {each[0] for each in theirs} | {each[0] for each in places[: sum(each[1] in BY_PLACE for each in theirs)]}
    found += [
        f"{name} must be given"
        for name, kind, default in own
        if name not in known and default is None and kind in BY_NAME
    ]
    return found


def test_every_name_has_its_line():
    assert sorted(originals()) == sorted([*HOMES, *(name for name in ABSENT if name in originals())])


@pytest.mark.parametrize("name", sorted(HOMES))
def test_name(name):
    theirs, own = originals()[name], ours(name)
    assert own["is_callable"] == theirs["is_callable"]
    if name not in DIFFERS:
        assert objections(theirs["parameters"], own["parameters"]) == []
    for member, parameters in theirs["members"].items():
        full = f"{name}.{member}"
        if full not in ABSENT:
            assert member in own["members"], full
            if full not in DIFFERS and own["members"][member] is not None:
                assert objections(parameters, own["members"][member]) == [], full


@pytest.mark.parametrize("name", sorted(ABSENT))
def test_absent(name):
    owner, _, member = name.rpartition(".")
    if owner in MODULES:  # a name that has no home
        assert name not in HOMES
        return
    assert member in originals()[owner]["members"]
    assert member not in ours(owner)["members"], "it is there: the line can go"


@pytest.mark.parametrize("name", sorted(DIFFERS))
def test_differs(name):
    owner, _, member = name.rpartition(".")
    if name in HOMES:
        theirs, own = originals()[name]["parameters"], ours(name)["parameters"]
    else:
        theirs, own = originals()[owner]["members"][member], ours(owner)["members"][member]
    assert objections(theirs, own), "it fits: the line can go"


@pytest.mark.parametrize(
    ("theirs", "own", "expected"),
    [
        ("a, b=1", "a, b=1", []),
        ("a", "a, *, c=2", []),
        ("a, *, k=None", "a, k=None", []),
        ("a, b", "*args, **kwargs", []),
        ("a", "b", ["no parameter a"]),
        ("a=1", "a", ["a is None by default, not 1"]),
        ("a, b", "b, a", ["b in the place of a", "a in the place of b"]),
        ("a", "a, b", ["b must be given"]),
        ("**kw", "a=1", ["no VAR_KEYWORD"]),
        ("a, b", "a, *, b", ["no place for b"]),
    ],
)
def test_objections(theirs, own, expected):
    described = [describe(eval(f"lambda {text}: None"))["parameters"] for text in (theirs, own)]
    assert objections(*described) == expected
