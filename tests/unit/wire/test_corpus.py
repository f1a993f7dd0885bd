"""Every case of the HTTP/1.1 corpus, fed whole, byte by byte, at random splits, and with another request behind it."""

import random

import pytest

from ...corpus.http1.cases import Case, drive, load

FOLLOWING = b"GET /smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n"
ACCEPT = load("accept")
REJECT = load("reject")


def feeds(data: bytes, name: str):
    """Yield the ways to feed `data`, as (name, pieces)."""
    yield "whole", [data]
    step = 1 if len(data) < 5_000 else 997
    yield "bytes", [data[at : at + step] for at in range(0, len(data), step)]
    chance = random.Random(name)
    for number in range(3):
        cuts = sorted({0, len(data), *(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 6)))})
        yield f"random {number}", [data[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]


@pytest.mark.parametrize("case", REJECT, ids=repr)
def test_reject(case: Case):
    expected = case.expected
    for feed, pieces in feeds(case.data, case.name):
        outcome = drive(pieces, case.limits, eof=expected.get("at_eof", False))
        assert outcome.reject is not None, feed
        status, reason, rfc = outcome.reject
        assert (status, rfc) == (expected["status"], expected["rfc"]), (feed, reason)
        complete = [seen for seen in outcome.requests if seen.is_complete]
        assert len(complete) == expected.get("served", 0), feed


@pytest.mark.parametrize("case", [case for case in REJECT if not case.expected.get("at_eof")], ids=repr)
def test_reject_hides_what_follows(case: Case):
    """SECURITY: a request behind a rejected one is never parsed, and changes nothing of the rejection."""
    alone = drive([case.data], case.limits)
    for feed, pieces in feeds(case.data + FOLLOWING, case.name):
        outcome = drive(pieces, case.limits)
        assert outcome.reject == alone.reject, feed
        assert [seen for seen in outcome.requests if seen.is_complete] == [
            seen for seen in alone.requests if seen.is_complete
        ], feed


@pytest.mark.parametrize("case", ACCEPT, ids=repr)
def test_accept(case: Case):
    first = drive([case.data], case.limits)
    assert first.reject is None
    assert all(seen.is_complete for seen in first.requests)
    assert len(first.requests) == len(case.expected["requests"])
    for seen, expected in zip(first.requests, case.expected["requests"], strict=True):
        assert {key: getattr(seen, key) for key in expected} == expected
    for feed, pieces in feeds(case.data, case.name):
        assert drive(pieces, case.limits) == first, feed


@pytest.mark.parametrize("case", ACCEPT, ids=repr)
def test_accept_keeps_what_follows_apart(case: Case):
    alone = drive([case.data], case.limits)
    for feed, pieces in feeds(case.data + FOLLOWING, case.name):
        outcome = drive(pieces, case.limits)
        assert outcome.reject is None, feed
        if alone.requests[-1].keep_alive:
            assert outcome.requests[:-1] == alone.requests, feed
            assert outcome.requests[-1].target == "/smuggled", feed
        else:
            assert outcome.requests == alone.requests, feed


def test_the_corpus_is_read():
    """A glob that finds nothing would make every test above pass."""
    assert len(ACCEPT) > 150
    assert len(REJECT) > 650
    names = [case.name for case in ACCEPT + REJECT]
    assert len(set(names)) == len(names)
