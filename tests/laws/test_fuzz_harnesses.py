"""The harnesses of fuzz/ hold on their own seeds: what fuzzing starts from is right, and the harnesses still run."""

import importlib

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("name", ["h1_requests", "chunked", "proxy_line", "answers", "multipart", "field_values"])
def test_seeds(name):
    harness = importlib.import_module(f"fuzz.{name}")
    seeds = list(harness.seeds())
    assert len(seeds) > 50
    assert max(map(len, seeds)) <= harness.MAX_LEN
    for seed in seeds[::5]:
        harness.check(seed)
