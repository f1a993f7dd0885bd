"""The table of published holes: each has a case or a test that is there, or a reason why nothing of its kind is."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from .http1.cases import load

TESTS = Path(__file__).parents[1]
HOLES = tomllib.loads((Path(__file__).parent / "holes.toml").read_text())["hole"]
CASES = {case.name for kind in ("accept", "reject") for case in load(kind)}

# What was asked for; a line of the table must not get lost.
NUMBERS = """
    2018-1000164 2024-1135 2024-6827
    2019-16785 2019-16786 2019-16789 2019-16792 2020-5236 2022-24761 2022-31015 2024-49768
    2020-28724 2022-29361 2023-23934 2023-25577 2023-46136 2024-34069 2024-49766 2024-49767 2025-66221 2026-21860 2026-27199
    2023-37276 2023-47627 2023-47641 2023-49081 2023-49082 2024-23334 2024-23829 2024-42367 2024-52304 2025-53643
    2025-69223 2025-69224 2025-69225 2025-69226 2025-69227 2025-69228 2025-69229 2025-69230 2026-69243
    2023-28370 2024-7592 2025-47287 2026-31958
    2020-7694 2020-7695 2025-43859 2021-32714 2021-32715 2020-10108 2020-10109 2022-24801 2026-48710
""".split()


def test_every_hole_is_in_the_table():
    assert sorted(hole["cve"] for hole in HOLES) == sorted(NUMBERS)


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole["cve"])
def test_the_proof_is_there(hole):
    assert hole.get("cases") or hole.get("tests") or hole.get("absent")
    assert set(hole.get("cases", [])) <= CASES
    for test in hole.get("tests", []):
        path, _, name = test.partition("::")
        name, _, of = name.partition("[")
        text = (TESTS / path).read_text()
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), test
        assert of.rstrip("]") in text, test


def test_nothing_depends_on_assertions():
    """CVE-2025-69227: what `python -O` leaves out decided when a loop ended."""
    source = TESTS.parent / "src"
    files = sorted(source.rglob("*.py"))
    assert files
    for path in files:
        text = path.read_text()
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            # What only tells the type checker something may stay, and says so.
            assert not isinstance(node, ast.Assert) or "noqa: S101" in lines[node.end_lineno - 1], path
