import warnings
from datetime import UTC, datetime, timedelta

import pytest

from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.dates import parse_date
from demijohn.http.multidict import ImmutableMultiDict, MultiDict


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (None, []),
        ("", []),
        ("a=b", [("a", "b")]),
        ("a=b; c=d;e=f", [("a", "b"), ("c", "d"), ("e", "f")]),
        ("a=1; a=2", [("a", "1"), ("a", "2")]),
        ("a; b=; =c; ;;= ", [("a", ""), ("b", "")]),
        ("a==b=", [("a", "=b=")]),
        (" a = b ;\tc\t=\td", [("a", "b"), ("c", "d")]),
        ("a=b,c=d", [("a", "b,c=d")]),
        ("a=b c; d e=f; g=h", [("g", "h")]),
        ('a="b c\\073\\"\\303\\251\\\\"', [("a", 'b c;"é\\')]),
        ('a="b\\x\\8\\400"; c=""', [("a", "bx8400"), ("c", "")]),
        ('a="\\377"', [("a", "\ufffd")]),
        ('a="b" c; d=x"y; "e"=f; g="h"i"; k=l', [("k", "l")]),
        ('a="; b="c; d=e', [("d", "e")]),
        ('a="b\\"; c=d', [("c", "d")]),
        ("a=\xc3\xa9; b=\xff", [("a", "é"), ("b", "\ufffd")]),
        ("a=€", [("a", "€")]),
        ('a="\ud800\\x"', [("a", "\ufffd\ufffd\ufffdx")]),
    ],
)
def test_parse(text, pairs):
    assert list(parse_cookie(text).items(multi=True)) == pairs_by_key(pairs)


def pairs_by_key(pairs):
    return list(MultiDict(pairs).items(multi=True))


def test_a_quote_does_not_hide_the_next_cookie():
    """The sandwich: an injected `x="` would make the session a part of a cookie that the application shows."""
    assert parse_cookie('x="; session=secret; y="').to_dict() == {"session": "secret"}


def test_parse_from_environ_and_into_a_class():
    assert parse_cookie({"HTTP_COOKIE": "a=b"}) == MultiDict([("a", "b")])
    assert parse_cookie({}) == MultiDict()
    assert type(parse_cookie("a=b", ImmutableMultiDict)) is ImmutableMultiDict
    assert type(parse_cookie("", ImmutableMultiDict)) is ImmutableMultiDict


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "k=; Path=/"),
        ({"value": "v", "path": None}, "k=v"),
        ({"value": 'a b;"é\\,'}, 'k="a b\\073\\"\\303\\251\\\\\\054"; Path=/'),
        ({"value": "\r\n\0\x7f"}, 'k="\\015\\012\\000\\177"; Path=/'),
        ({"domain": ".Exämple.org"}, "k=; Domain=xn--exmple-cua.org; Path=/"),
        ({"domain": "example.org:80"}, "k=; Domain=example.org; Path=/"),
        ({"path": "/a b/ü;%20?x"}, "k=; Path=/a%20b/%C3%BC%3B%20%3Fx"),
        ({"expires": 0}, "k=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"),
        ({"expires": datetime(2020, 1, 1)}, "k=; Expires=Wed, 01 Jan 2020 00:00:00 GMT; Path=/"),
        ({"expires": "tomorrow", "max_age": 5}, "k=; Expires=tomorrow; Max-Age=5; Path=/"),
        ({"max_age": timedelta(days=1), "sync_expires": False}, "k=; Max-Age=86400; Path=/"),
        ({"max_age": 0, "sync_expires": False}, "k=; Max-Age=0; Path=/"),
        ({"secure": True, "httponly": True}, "k=; Secure; HttpOnly; Path=/"),
        ({"samesite": "lAX"}, "k=; Path=/; SameSite=Lax"),
        ({"samesite": "none", "partitioned": True}, "k=; Secure; Path=/; SameSite=None; Partitioned"),
    ],
)
def test_dump(arguments, text):
    assert dump_cookie("k", **arguments) == text


def test_dump_writes_a_name_as_latin_1():
    assert dump_cookie("é", path=None) == "Ã©="
    assert parse_cookie(dump_cookie("é", "x", path=None)) == MultiDict([("é", "x")])


@pytest.mark.parametrize(
    "arguments",
    [
        {"key": ""},
        {"key": "a=b"},
        {"key": "a;b"},
        {"key": "a\n"},
        {"key": "k", "domain": "a; Secure"},
        {"key": "k", "domain": "a\r\nb"},
        {"key": "k", "domain": "x" * 64 + ".org.é"},
        {"key": "k", "expires": "x; Domain=evil"},
        {"key": "k", "samesite": ""},
        {"key": "k", "samesite": "foo"},
    ],
)
def test_dump_refuses(arguments):
    with pytest.raises(ValueError):
        dump_cookie(**arguments)


def test_max_age_adds_expires():
    expires = parse_date(dump_cookie("k", max_age=60, path=None).partition("Expires=")[2].partition(";")[0])
    assert timedelta(seconds=50) < expires - datetime.now(UTC) < timedelta(seconds=70)


@pytest.mark.parametrize(("age", "year"), [(10**12, 9999), (-(10**12), 1970)])
def test_expires_stays_in_the_years_a_date_can_say(age, year):
    assert f" {year} " in dump_cookie("k", max_age=age)


def test_size_warning():
    with pytest.warns(UserWarning, match="too large: 4103 bytes"):
        dump_cookie("k", "x" * 4093)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dump_cookie("k", "x" * 5000, max_size=0)
        dump_cookie("k", "x" * 4083)
