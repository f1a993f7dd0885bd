"""routing.segments: several texts in one segment."""

import time

import pytest

from demijohn.http.errors import NotFound
from demijohn.routing import Map, Rule
from demijohn.routing.segments import Chain

CUTS = [
    ("/<a>-<b>.html", "/x-y-z.html", {"a": "x-y", "b": "z"}),
    ("/<a>-<b>", "/--a", {"a": "-", "b": "a"}),
    ("/<a><b>", "/abc", {"a": "ab", "b": "c"}),
    ("/v<a>.<b>.<c>", "/v1.2.3.4", {"a": "1.2", "b": "3", "c": "4"}),
    ("/<string(minlength=2):a>-<string(minlength=3):b>", "/aa-b-bbb", {"a": "aa-b", "b": "bbb"}),
    ("/<a>-<int:b>", "/a-1-2", {"a": "a-1", "b": 2}),
    ("/<string(maxlength=1):a>-<b>", "/a-b-c", {"a": "a", "b": "b-c"}),
]


@pytest.mark.parametrize(("rule", "path", "values"), CUTS)
def test_the_first_text_is_as_long_as_can_be(rule, path, values):
    assert Map([Rule(rule, endpoint="x")]).bind("h").match(path) == ("x", values)


@pytest.mark.parametrize(
    "path", ["/-", "/-.html", "/a-.html", "/-a.html", "/a-b.htm", "/a.html", "/.html", "/xa-b.html/"]
)
def test_what_does_not_fit_is_not_found(path):
    with pytest.raises(NotFound):
        Map([Rule("/<a>-<b>.html", endpoint="x")]).bind("h").match(path)


def test_a_hostile_segment_takes_no_time():
    url_map = Map([Rule("/<a>-<b>-<c>-<d>.html", endpoint="x")])
    started = time.perf_counter()
    for path in ("/" + "-" * 60_000, "/" + "-" * 60_000 + ".htm", "/a-b-" + "." * 60_000):
        with pytest.raises(NotFound):
            url_map.match_path("", path, "GET")
    # As a regex this is a matter of years.
    assert time.perf_counter() - started < 5


def test_a_chain_is_of_texts_without_an_upper_limit_only():
    wide, number = (True, "(?P<v0>[^/]{1,})"), (True, r"(?P<v1>\d+)")
    assert Chain.of([wide]) is None
    assert Chain.of([wide, (False, "-"), number]) is None
    assert Chain.of([wide, (False, "-"), (True, "(?P<v1>[^/]{1,3})")]) is None
    assert Chain.of([wide, (False, "-"), wide]).match("a-b").groups() == ("a", "b")
