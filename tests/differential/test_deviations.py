import pytest
from differential.deviations import DEVIATIONS, find_deviation


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: f"{deviation.probe}: {deviation.reason}"[:90])
def test_a_deviation_still_differs(agree, deviation):
    ((arguments, theirs, ours),) = agree.outcomes(deviation.probe, [deviation.example])
    assert theirs != ours, "both do the same now: the entry is stale"
    assert find_deviation(deviation.probe, arguments, theirs, ours) is deviation
