"""The suites of Flask 3.1.3 and Werkzeug 3.1.9 through the drop-in; what may fail, and why, is in known.toml."""

import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PLACE = Path(os.environ.get("DEMIJOHN_COMPAT", HERE.parents[1] / ".venv" / "compat"))
KNOWN = tomllib.loads((HERE / "known.toml").read_text(encoding="utf-8"))

# suite -> how many tests it has, and how many have to pass
SUITES = {"flask-3.1.3": (490, 489), "werkzeug-3.1.9": (981, 952)}


def outcomes_of(suite, tmp_path):
    python = PLACE / "bin" / "python"
    if not python.exists():
        pytest.fail(f"There is no {python}: run `make compat`, which builds it.")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV", "DEMIJOHN"))}
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "outcomes", "-p", "no:cacheprovider", "--timeout=60", "--tb=short"],
        cwd=PLACE / "suites" / suite,
        env={**environ, "PYTHONPATH": str(HERE), "OUTCOMES": str(tmp_path / "outcomes.json")},
        capture_output=True,
        text=True,
        timeout=540,
    )
    assert done.returncode in (0, 1, 2), done.stdout + done.stderr
    return json.loads((tmp_path / "outcomes.json").read_text()), done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", SUITES)
def test_suite(suite, tmp_path):
    outcomes, output = outcomes_of(suite, tmp_path)
    known = KNOWN[suite.partition("-")[0]]
    failed = {name for name, outcome in outcomes.items() if outcome == "failed"}
    assert not failed - set(known), f"not in known.toml: {sorted(failed - set(known))}\n{output}"
    passed_after_all = set(known) - failed
    assert not passed_after_all, f"in known.toml, and passed or not there: {sorted(passed_after_all)}"
    total, wanted = SUITES[suite]
    assert len(outcomes) >= total, f"{len(outcomes)} tests ran"
    assert len(outcomes) - len(failed) >= wanted
