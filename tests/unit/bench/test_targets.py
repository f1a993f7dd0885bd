"""Whether a run met the targets."""

import pytest
from bench.measures.results import Results
from bench.report.targets import TARGETS, Roles, judge

WHO = Roles(
    "ours", "inline", "pool", "gthread", "nginx", flask=("gthread", "uwsgi"), frameworks=("gthread", "uwsgi", "falcon")
)


def verdict(results, workload, against):
    return next(
        one for one in judge(results, WHO) if one.target.workload.startswith(workload) and against in one.target.against
    )


def measured(**figures):
    """Rates of plain text, and the server's microseconds."""
    results = Results()
    for name, (rate, cost) in figures.items():
        results.add(name, "hello", {"rate": rate, "server_us": cost})
    return results


def test_nothing_was_measured():
    assert {one.word for one in judge(Results(), WHO)} == {"not measured"}
    assert len(judge(Results(), WHO)) == len(TARGETS)


@pytest.mark.parametrize(("rate", "word"), [(1500, "met"), (1499, "not met")])
def test_gthread(rate, word):
    found = verdict(measured(ours=(rate, 20.0), gthread=(100, 300.0)), "plain text, default", "gunicorn gthread")
    assert found.word == word
    assert found.outcome.ratio == rate / 100
    assert found.outcome.by_time == 15.0


def test_the_best_flask_deployment_is_what_counts():
    found = verdict(
        measured(ours=(1000, 20.0), gthread=(100, 1.0), uwsgi=(200, 1.0), falcon=(900, 1.0)),
        "plain text, default",
        "the best Flask",
    )
    assert found.outcome.ratio == 5
    assert "uwsgi" in found.outcome.of


def test_the_best_framework_is_any():
    found = verdict(
        measured(ours=(1000, 20.0), uwsgi=(200, 1.0), falcon=(900, 1.0)), "plain text, default", "framework"
    )
    assert found.word == "not met"
    assert "falcon" in found.outcome.of


def test_inline_and_not_the_default_is_compared_with_nginx():
    found = verdict(measured(ours=(1, 1.0), inline=(56, 1.0), nginx=(100, 1.0)), "plain text, inline", "nginx")
    assert found.word == "met"


def test_sleeps_against_the_ideal():
    results = Results()
    results.add("ours", "sleep", {"rate": 5760.0})
    assert verdict(results, "sleep", "ideal").outcome.ratio == pytest.approx(0.9)
    assert verdict(results, "sleep", "ideal").word == "met"


@pytest.mark.parametrize(("own", "word"), [(50.0, "met"), (49.0, "met"), (51.0, "not met")])
def test_a_tail_that_is_not_worse(own, word):
    results = Results()
    results.add("ours", "mixed", {"p99_ms": own})
    results.add("pool", "mixed", {"p99_ms": 50.0})
    assert verdict(results, "2 %", "pool").word == word


@pytest.mark.parametrize(
    ("own", "pool", "word"),
    [
        ((40.0, 51.0, 60.0), (45.0, 50.0, 52.0), "met, within the spread"),
        ((40.0, 53.0, 60.0), (45.0, 50.0, 52.0), "not met"),  # the pool was never as bad
        ((50.5, 51.0, 60.0), (45.0, 50.0, 52.0), "not met"),  # never as good as the pool
    ],
)
def test_a_tail_that_is_as_good_as_the_other_in_some_rounds(own, pool, word):
    results = Results()
    for one, other in zip(own, pool, strict=True):
        results.add("ours", "mixed", {"p99_ms": one})
        results.add("pool", "mixed", {"p99_ms": other})
    assert verdict(results, "2 %", "pool").word == word


def test_processes_are_compared_where_the_client_shares_their_cores():
    results = Results()
    results.add("ours", "page", {"rate": 150.0})
    results.add("ours", "page1", {"rate": 100.0})
    results.add("ours", "page2", {"rate": 180.0})
    found = verdict(results, "threads x processes on 2 cores, page", "one process")
    assert found.outcome.ratio == pytest.approx(1.8)
    assert found.word == "met"
