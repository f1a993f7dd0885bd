"""Setting applications up, the wrong way too; and what there is outside of requests."""

import pytest
from differential.probes.setups import CASES


@pytest.mark.parametrize("name", CASES)
def test_setup(agree, name):
    agree("setups.run", name)
