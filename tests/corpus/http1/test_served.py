"""The corpus against a whole server on sockets: the same outcome as without one, in pieces of every kind.

One server, many connections at a time; a test plays the whole corpus in one way and lists the cases that came out wrong.
"""

import logging
import random
import re
from collections import Counter

import pytest

from ...engines.serving import serving
from .cases import Case, drive, load
from .responses import parse_response
from .swarm import Script, converse

GOOD = b"GET /good HTTP/1.1\r\nHost: good\r\n\r\n"
FOLLOWING = b"GET /smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n"

# Limits are the server's own here.
CASES = {kind: [case for case in load(kind) if "limits" not in case.expected] for kind in ("accept", "reject")}


def echo(exchange) -> None:
    exchange.respond("200 OK", [("X-Target", exchange.head.target[:200])], exchange.body.read())


@pytest.fixture(scope="module", params=["inline", "late"])
def server(request):
    with serving(echo, runner=request.param) as running:
        yield running


def whole(case: Case, data: bytes) -> list[bytes]:
    return [data]


def at_random(case: Case, data: bytes) -> list[bytes]:
    chance = random.Random(case.name)
    cuts = sorted({0, len(data), *(chance.randrange(len(data) + 1) for _ in range(chance.randrange(2, 7)))})
    return [data[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]


def by_bytes(case: Case, data: bytes) -> list[bytes]:
    step = max(1, len(data) // 500)  # of a large case, 500 pieces
    return [data[at : at + step] for at in range(0, len(data), step)]


def behind_good(case: Case, data: bytes) -> list[bytes]:
    return [GOOD + data]


WAYS = [whole, at_random, by_bytes, behind_good]


def play(server, kind: str, way, cases: list[Case]) -> list[str]:
    """Play the cases and return what is wrong with those that came out wrong."""
    scripts = []
    for case in cases:
        at_eof = case.expected.get("at_eof", False)
        data = case.data if at_eof else case.data + FOLLOWING
        scripts.append(Script(way(case, data), ends=at_eof or kind == "accept"))
    converse(server.address, scripts)
    check = check_reject if kind == "reject" else check_accept
    wrong = []
    for case, script in zip(cases, scripts, strict=True):
        rest = bytes(script.received)
        try:
            if way is behind_good:
                response, rest = parse_response(rest, "GET")
                assert response.fields["x-target"] == "/good"
            check(case, rest)
        except (AssertionError, ValueError, KeyError) as error:
            wrong.append(f"{case.name}: {error!r}: {bytes(script.received[:300])!r}")
    return wrong


def check_reject(case: Case, rest: bytes) -> None:
    """The good requests before it are answered, it is refused, and then nothing comes: above all no second answer."""
    assert b"smuggled" not in rest
    for _ in range(case.expected.get("served", 0)):
        response, rest = parse_response(rest, "GET")
        assert response.status == 200
    response, rest = parse_response(rest, method_of(case))
    assert response.status == case.expected["status"]
    assert response.fields["connection"] == "close"
    assert rest == b""


def check_accept(case: Case, rest: bytes) -> None:
    for expected in case.expected["requests"]:
        method = expected.get("method") or method_of(case)
        response, rest = parse_response(rest, method)
        assert response.status == 200
        if "target" in expected:
            assert response.fields["x-target"] == expected["target"]
        if "body" in expected and method != "HEAD":
            assert response.body == expected["body"].encode("latin-1")
    if drive([case.data]).requests[-1].keep_alive:
        response, rest = parse_response(rest, "GET")
        assert response.fields["x-target"] == "/smuggled"
    assert rest == b""


def method_of(case: Case) -> str:
    return case.data.lstrip().partition(b" ")[0].decode("latin-1")


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_reject(server, way, caplog):
    """Also: each is logged with the section of the RFC that it breaks."""
    cases = CASES["reject"]
    with caplog.at_level(logging.INFO, logger="demijohn.error"):
        assert play(server, "reject", way, cases) == []
    logged = re.findall(
        r"Refused a request of 127\.0\.0\.1: (\d+) [^\n]+ \((RFC \d+ §[\d.]+)\) \[[^\]\n]+\]$",
        caplog.text,
        re.MULTILINE,
    )
    assert Counter(logged) == Counter((str(case.expected["status"]), case.expected["rfc"]) for case in cases)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_accept(server, way):
    assert play(server, "accept", way, CASES["accept"]) == []
