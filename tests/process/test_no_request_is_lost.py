"""Reloads, kills, scaling, an upgrade and a stop under load: nothing fails, is lost or is done twice.

A short run. The whole of it: `python -m bench.reloads`, or with DEMIJOHN_FULL_PROOF=1 in the environment, this test.
"""

import os
import sys

import pytest
from bench.reloads import Plan, run

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

IS_FULL = bool(os.environ.get("DEMIJOHN_FULL_PROOF"))
PLANS = [Plan(), Plan(preload=True)] if IS_FULL else [Plan(reloads=3, broken=1, kills=2, scalings=1, clients=6)]


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_no_request_is_lost(tmp_path, plan):
    result = run(plan, tmp_path)
    assert (result.failed, result.lost, result.duplicated) == ([], 0, 0), str(result)
    assert result.answers == result.requests - result.killed_inside
    # And it was a load: both ways, while all of it happened.
    assert result.on_kept > 50
    assert result.on_new > 50
    assert len(result.generations) >= 1 + plan.reloads - plan.broken
