"""Features of applications, one after another."""

import pytest
from differential.probes.features import CASES


@pytest.mark.parametrize("name", CASES)
def test_feature(agree, name):
    agree("features.run", name)
