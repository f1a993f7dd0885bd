"""routing.segments: several texts in one part of a rule."""

import re
import sys

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
    ("/<path:a>/at/<path:b>", "/x/at/y/at/z", {"a": "x", "b": "y/at/z"}),
    ("/<path:a>/<int:b>/<path:c>", "/x/1/2/y", {"a": "x", "b": 1, "c": "2/y"}),
    ("/<path:a>/<b>", "/x/y/z", {"a": "x/y", "b": "z"}),
    ("/<path:a>-<path:b>.html", "/x-y/z-.html", {"a": "x", "b": "y/z-"}),
    ("/<path:a><path:b>", "/x/y", {"a": "x/", "b": "y"}),
    ("/<path:a>/at/<path:b>/", "/x/at/y/z/", {"a": "x", "b": "y/z"}),
    ("/<path:a>/<float(signed=True):b>/<any(on, off):c>", "/x/y/-1.5/off", {"a": "x/y", "b": -1.5, "c": "off"}),
    ("/<path:a>/<any(on, off):b>/<path:c>", "/x/on/off/y", {"a": "x", "b": "on", "c": "off/y"}),
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


def calls_of(function):
    """Return how many functions are entered, of Python and of C: work that no machine does faster."""
    count = 0

    def counter(frame, event, arg):
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counter)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


HOSTILE = [
    ("/<path:a>/at/<path:b>/at/<path:c>.html", lambda size: "/at" * (size // 3) + ".htm"),
    ("/<path:a>/at/<path:b>/<int:c>", lambda size: "/x" + "/at" * (size // 3)),
    ("/<path:a>-<path:b>-<path:c>-<int:d>", lambda size: "/" + "-" * size),
    ("/<path:a>/<path:b>/<path:c>/x/", lambda size: "/a" * (size // 2) + "/"),
    ("/<path:a>-<b>.html/<path:c>", lambda size: "/" + "-" * size + ".html"),
    ("/<a>-<b>-<c>-<d>.html", lambda size: "/" + "-" * size),
    ("/<a>-<b>-<int:c>-<d>.html", lambda size: "/" + "-" * size + ".html"),
    ("/<a><int:b>x<c>", lambda size: "/" + "1" * size),
    ("/<a><int:b><int:c>-<int:d>", lambda size: "/" + "1" * size + "-a"),
    ("/<string(maxlength=3):a><string(maxlength=3):b><c>-<int:d>", lambda size: "/" + "-" * size),
]


@pytest.mark.parametrize(("rule", "hostile"), HOSTILE)
def test_a_hostile_path_is_no_more_work_than_it_is_long(rule, hostile):
    """As a regex the half of these is a matter of years."""
    url_map = Map([Rule(rule, endpoint="x")])

    def match(path):
        try:
            url_map.match_path("", path, "GET")
        except NotFound:
            return
        raise AssertionError("a path that does not fit was found")

    short, long = (calls_of(lambda: match(path)) for path in (hostile(1000), hostile(4000)))
    assert long <= 5 * max(short, 20)
    assert long <= 60 * 4000


def test_a_chain_is_of_what_it_knows_to_cut():
    wide, number = (True, "(?P<v0>[^/]{1,})"), (True, r"(?P<v1>\d+)")
    assert Chain.of([wide]) is None
    assert Chain.of([wide, (False, "-"), number]).match("a-1-2").groups() == ("a-1", "2")
    assert Chain.of([wide, (False, "-"), (True, "(?P<v1>[^/]{1,3})")]).match("a-b") == ("a", "b")
    assert Chain.of([wide, (False, "-"), (True, "(?P<v1>[a-z]+)")]) is None
    assert Chain.of([wide, (True, "(?P<v1>(?:on|once))")]) is None  # which of them may depend on what follows
    assert Chain.of([wide, (True, "(?P<v1>(?:on|o.f))")]) is None


def test_texts_with_line_breaks_are_cut_as_a_regex_cuts_them():
    pieces = [(True, "(?P<v0>[^/].*?)"), (False, "-"), (True, "(?P<v1>[^/].*?)")]
    chain, regex = Chain.of(pieces), re.compile("".join(text for _, text in pieces))
    for text in ("a\nb-c", "\na-b", "a-b\nc", "a-\nb", "a\n-b-c", "a-b-\nc", "\n-\n"):
        match = regex.fullmatch(text)
        cut = chain.match(text)
        assert (match and match.groups()) == cut
