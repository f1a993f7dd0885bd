import copy
import pickle

import pytest

from demijohn.http.accept import (
    Accept,
    CharsetAccept,
    LanguageAccept,
    MIMEAccept,
    parse_accept_header,
    render_accept_header,
)

BROWSER = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (None, []),
        ("", []),
        (",, ,", []),
        ("a", [("a", 1)]),
        ("a;q=0.5, b ;q=0.8,c", [("c", 1), ("b", 0.8), ("a", 0.5)]),
        ("a; q=0.5;x=y, b;x=y; q=0.4", [("a; x=y", 0.5), ("b; x=y", 0.4)]),
        ("*, a;q=0.1", [("a", 0.1), ("*", 1)]),
        ("a;q=1.000, b;q=0.12345, c;q=0", [("a", 1), ("b", 0.12345), ("c", 0)]),
        # RFC 9110 §12.4.2: what is no quality drops the element.
        ("a;q=x, b;q=-1, c;q=1.5, d;q=nan, e;q=inf, f;q=.5, g;q=1., h;q=1e-1, i;q=+0.5, j", [("j", 1)]),
        ('a;q="0.5", b;Q=0.4', [("a", 0.5), ("b", 0.4)]),
        ('a;x="1,2";q=0.3, b', [("b", 1), ('a; x="1,2"', 0.3)]),
        ('a, "b', []),
    ],
)
def test_parse(text, pairs):
    parsed = parse_accept_header(text)
    assert type(parsed) is Accept
    assert list(parsed) == pairs


def test_render():
    accept = parse_accept_header("a;q=0.5, b, c;q=0")
    assert accept.to_header() == str(accept) == render_accept_header(accept) == "b,a;q=0.5,c;q=0.0"
    assert Accept([("a", 0), ("b", 1e-7)]).to_header() == "b;q=0.000000100,a;q=0"
    assert repr(accept) == "Accept([('b', 1), ('a', 0.5), ('c', 0.0)])"


def test_equal_ones_keep_their_order():
    assert list(Accept([("b", 0.5), ("a", 1), ("c", 1)])) == [("a", 1), ("c", 1), ("b", 0.5)]


def test_read():
    accept = Accept([("a", 1), ("B", 0.5), ("*", 0.1)])
    assert accept["A"] == accept.quality("a") == 1
    assert accept["b"] == 0.5
    assert accept["x"] == 0.1
    assert accept[0] == ("a", 1)
    assert accept[1:] == [("B", 0.5), ("*", 0.1)]
    assert accept.index("b") == accept.find("b") == 1
    assert accept.index(("B", 0.5)) == 1
    assert accept.find(("x", 1)) == -1
    assert list(accept.values()) == ["a", "B", "*"]
    assert accept.best == "a"
    assert "x" in accept
    assert "x" not in Accept([("a", 1)])
    assert Accept([("a", 1)])["x"] == 0
    assert Accept().best is None
    assert Accept(None) == Accept([]) == []
    with pytest.raises(ValueError, match="x"):
        Accept([("a", 1)]).index("x")
    with pytest.raises(ValueError):
        accept.index(("x", 1))


def test_is_a_value():
    accept = parse_accept_header(BROWSER, MIMEAccept)
    with pytest.raises(TypeError, match="immutable"):
        accept.append(("a", 1))
    for make in (copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a)), MIMEAccept):
        assert type(make(accept)) is MIMEAccept
        assert make(accept) == accept
        assert hash(make(accept)) == hash(accept)


@pytest.mark.parametrize(
    ("accept", "offered", "best"),
    [
        ("a, b", ["b", "a"], "b"),
        ("*, b", ["a", "b"], "b"),
        ("*, b;q=0.5", ["b", "a"], "a"),
        ("a;q=0.5, b;q=0.7", ["a", "b"], "b"),
        ("a;q=0", ["a"], None),
        ("gzip, *;q=0", ["br"], None),
        ("a", [], None),
    ],
)
def test_best_match(accept, offered, best):
    assert parse_accept_header(accept).best_match(offered) == best
    assert parse_accept_header(accept).best_match(offered, "default") == (best or "default")


@pytest.mark.parametrize(
    ("accept", "offered", "best"),
    [
        (BROWSER, ["application/json", "text/html"], "text/html"),
        (BROWSER, ["application/json", "application/xml"], "application/xml"),
        (BROWSER, ["application/json", "text/plain"], "application/json"),
        ("text/*, application/json;q=0.9", ["application/json", "text/css"], "text/css"),
        ("text/plain;q=0, */*;q=0.5", ["text/plain", "a/b"], "a/b"),
        ("text/plain;q=0, */*;q=0.5", ["text/plain"], None),
        ("application/json;q=0.5, */*;q=0.5", ["text/plain", "application/json"], "application/json"),
        ("text/*", ["text/*"], "text/*"),
    ],
)
def test_rfc9110_s12_5_1_best_media_type(accept, offered, best):
    assert parse_accept_header(accept, MIMEAccept).best_match(offered) == best


@pytest.mark.parametrize(
    ("accept", "value", "quality"),
    [
        ("text/html;level=1;q=0.3, text/html;q=0.7, text/*;q=0.5, */*;q=0.1", "text/html;level=1", 0.3),
        ("text/html;level=1;q=0.3, text/html;q=0.7, text/*;q=0.5, */*;q=0.1", "text/html", 0.7),
        ("text/html;level=1;q=0.3, text/html;q=0.7, text/*;q=0.5, */*;q=0.1", "text/html; level=2", 0.5),
        ("text/html;level=1;q=0.3, text/html;q=0.7, text/*;q=0.5, */*;q=0.1", "TEXT/plain", 0.5),
        ("text/html;level=1;q=0.3, text/html;q=0.7, text/*;q=0.5, */*;q=0.1", "a/b", 0.1),
        ("a/b;x=1;y=2", "a/b; Y=2;x=1", 1),
        ("a/b", "a/*", 1),
        ("a/b", "*/*", 1),
        ("text, */html, *", "text/html", 0),
    ],
)
def test_quality_of_a_media_type(accept, value, quality):
    parsed = parse_accept_header(accept, MIMEAccept)
    assert parsed[value] == parsed.quality(value) == quality
    assert (value in parsed) == (parsed.find(value) >= 0) == (quality > 0)


@pytest.mark.parametrize("value", ["html", "*/html", "*"])
def test_no_media_type(value):
    accept = MIMEAccept([("a/b", 1)])
    for use in (accept.quality, accept.__getitem__, accept.__contains__, lambda v: accept.best_match([v])):
        with pytest.raises(ValueError, match="invalid mimetype"):
            use(value)


def test_the_most_specific_media_type_comes_first():
    accept = MIMEAccept([("*/*", 1), ("text/*", 1), ("text/html", 0.5), ("text/html;a=1", 0.1)])
    assert list(accept.values()) == ["text/html;a=1", "text/html", "text/*", "*/*"]


@pytest.mark.parametrize(
    ("accept", "html", "xhtml", "json"),
    [
        ("text/html", True, False, False),
        ("application/xhtml+xml", True, True, False),
        ("application/xml", True, True, False),
        ("application/json", False, False, True),
        ("*/*", True, True, True),
        ("", False, False, False),
    ],
)
def test_common_media_types(accept, html, xhtml, json):
    parsed = parse_accept_header(accept, MIMEAccept)
    assert (parsed.accept_html, parsed.accept_xhtml, parsed.accept_json) == (html, xhtml, json)


@pytest.mark.parametrize(
    ("accept", "offered", "best"),
    [
        ("en-US, de;q=0.5", ["de", "en-US"], "en-US"),
        ("en_us", ["en-US"], "en-US"),
        # A whole match goes before any other.
        ("en-US, de;q=0.5", ["en", "de"], "de"),
        ("en-US", ["fr", "en"], "en"),
        ("en", ["fr", "en-US", "en-GB"], "en-US"),
        ("en", ["eng-x", "en-US"], "en-US"),
        ("en-US", ["en-GB"], None),
        ("zh-Hant-TW", ["zh-Hant"], None),
        ("en;q=0, *", ["en-US"], "en-US"),
        ("*", ["fr"], "fr"),
    ],
)
def test_best_language(accept, offered, best):
    parsed = parse_accept_header(accept, LanguageAccept)
    assert parsed.best_match(offered) == best
    assert parsed.best_match(iter(offered), "default") == (best or "default")


def test_language_matches_whole_tags():
    assert LanguageAccept([("en", 1)])["en-US"] == 0
    assert LanguageAccept([("en-us", 1)])["en_US"] == 1


@pytest.mark.parametrize(
    ("one", "other"), [("utf8", "UTF-8"), ("ISO-8859-1", "latin1"), ("zz", "ZZ"), ("é", "É"), ("*", "x")]
)
def test_names_of_one_charset(one, other):
    assert CharsetAccept([(one, 1)])[other] == 1
    assert CharsetAccept([(one, 1)]).best_match([other]) == other


def test_other_charsets():
    assert CharsetAccept([("utf-8", 1)])["latin1"] == 0
    assert CharsetAccept([("a\0b", 1)])["utf-8"] == 0
