"""Runs a suite in an environment without Flask, and compares what came of its tests with what is known."""

import json
import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def outcomes_of(place, suite, tmp_path, timeout=540, options=()):
    """Run the suite in a folder with the environment `place`; return name -> outcome, and what pytest printed."""
    python = place / "bin" / "python"
    if not python.exists():
        pytest.fail(f"There is no {python}: `make compat` builds it.")
    environ = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON", "COV", "DEMIJOHN"))
    }
    done = subprocess.run(
        [
            python,
            "-m",
            "pytest",
            "-q",
            "-p",
            "outcomes",
            "-p",
            "no:cacheprovider",
            "--rootdir=.",
            "--timeout=20",
            "--tb=short",
            *options,
        ],
        cwd=suite,
        env={
            **environ,
            "PYTHONPATH": os.pathsep.join((str(HERE), str(HERE.parent))),
            "OUTCOMES": str(tmp_path / "outcomes.json"),
        },
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode in (0, 1, 2), done.stdout + done.stderr
    return json.loads((tmp_path / "outcomes.json").read_text()), done.stdout


def check(outcomes, known, output):
    """Fail for a test that failed and is not known to, and for one that is and did not."""
    failed = {name for name, outcome in outcomes.items() if outcome == "failed"}
    assert not failed - set(known), f"not in known.toml: {sorted(failed - set(known))}\n{output}"
    passed_after_all = set(known) - failed
    assert not passed_after_all, f"in known.toml, and passed or not there: {sorted(passed_after_all)}"
