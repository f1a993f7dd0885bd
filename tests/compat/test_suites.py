"""The suites of Flask 3.1.3 and Werkzeug 3.1.9 through the drop-in; what may fail, and why, is in known.toml."""

import os
import tomllib
from pathlib import Path

import pytest
from compat.running import check, outcomes_of

HERE = Path(__file__).parent
PLACE = Path(os.environ.get("DEMIJOHN_COMPAT", HERE.parents[1] / ".venv" / "compat"))
KNOWN = tomllib.loads((HERE / "known.toml").read_text(encoding="utf-8"))

# suite -> how many tests it has, and how many have to pass
SUITES = {"flask-3.1.3": (490, 489), "werkzeug-3.1.9": (981, 952)}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", SUITES)
def test_suite(suite, tmp_path):
    outcomes, output = outcomes_of(PLACE, PLACE / "suites" / suite, tmp_path)
    known = KNOWN[suite.partition("-")[0]]
    check(outcomes, known, output)
    total, wanted = SUITES[suite]
    assert len(outcomes) >= total, f"{len(outcomes)} tests ran"
    assert sum(outcome != "failed" for outcome in outcomes.values()) >= wanted
