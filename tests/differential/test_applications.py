"""Whole applications, in depth: their addresses, what they are made of, and what lives from request to request."""

import pytest
from differential.probes import addresses, states, structures

CASES = [
    f"{module.__name__.rpartition('.')[2]}.{name}"
    for module in (addresses, states, structures)
    for name in module.CASES
]


@pytest.mark.parametrize("case", CASES)
def test_application(agree, case):
    module, _, name = case.partition(".")
    ((_, theirs, ours),) = agree.outcomes(f"{module}.run", [[name]])
    assert ours == theirs
    assert "raised" not in theirs, "the case itself fails, on both sides"
