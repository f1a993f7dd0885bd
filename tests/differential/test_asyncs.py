"""Coroutine functions, wherever an application may have them."""

import pytest
from differential.probes.asyncs import CASES


@pytest.mark.parametrize("name", CASES)
def test_async(agree, name):
    agree("asyncs.run", name)
