"""Medians, spreads, and the best of several."""

import pytest
from bench.measures.results import Results, Spread


@pytest.fixture
def results():
    found = Results()
    for rate in (300, 100, 200):
        found.add("a", "hello", {"rate": rate, "errors": 1})
    found.add("b", "hello", {"rate": 250, "errors": 0})
    found.add("b", "json", {"p99_ms": 3.0})
    return found


def test_the_median_with_the_least_and_the_most(results):
    assert results.spread("a", "hello", "rate") == Spread(200, 100, 300)
    assert results.median("a", "hello", "rate") == 200


def test_what_was_not_measured(results):
    assert results.spread("a", "json", "rate") is None
    assert results.median("b", "json", "rate") is None
    assert results.best(["a", "c"], "json", "rate") is None


def test_the_best(results):
    assert results.best(["c", "a", "b"], "hello", "rate") == ("b", 250)
    assert results.best(["a"], "hello", "rate") == ("a", 200)


def test_errors_of_all_rounds(results):
    assert results.errors("a", "hello") == 3
    assert results.errors("c", "hello") == 0


def test_who_has_figures(results):
    assert results.contestants("hello") == ["a", "b"]
