"""The suites of Flask-Login, Flask-SQLAlchemy, Flask-WTF and httpbin through the drop-in, and sites that use them, on every runner.

What may fail, and why, is in known.toml. The sites are in `inside/`.
"""

import os
import shutil
import tomllib
from pathlib import Path

import pytest
from compat.running import check, outcomes_of

HERE = Path(__file__).parent
PLACE = Path(os.environ.get("DEMIJOHN_EXTENSIONS", HERE.parents[1] / ".venv" / "extensions"))
KNOWN = tomllib.loads((HERE / "known.toml").read_text(encoding="utf-8"))

# suite -> how many tests it has
SUITES = {"Flask-Login-0.6.3": 114, "flask_sqlalchemy-3.1.1": 452, "flask_wtf-1.2.2": 58, "httpbin-0.10.2": 67}

# httpbin asks for a name that Werkzeug 3 has not, and goes on without; here it gets it, with a warning, which its suite takes for
# an error.
OPTIONS = {"httpbin-0.10.2": ("-W", "default::DeprecationWarning")}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("suite", SUITES)
def test_suite(suite, tmp_path):
    outcomes, output = outcomes_of(PLACE, PLACE / "suites" / suite, tmp_path, options=OPTIONS.get(suite, ()))
    check(outcomes, KNOWN.get(suite, {}), output)
    assert len(outcomes) >= SUITES[suite], f"{len(outcomes)} tests ran\n{output}"


def test_sites(tmp_path):
    # A copy: tests write beside themselves.
    inside = tmp_path / "inside"
    shutil.copytree(HERE / "inside", inside, ignore=shutil.ignore_patterns("__pycache__"))
    outcomes, output = outcomes_of(PLACE, inside, tmp_path)
    check(outcomes, {}, output)
    assert len(outcomes) >= 16, f"{len(outcomes)} tests ran\n{output}"
