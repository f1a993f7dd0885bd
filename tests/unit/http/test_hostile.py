"""What no honest client sends, for each parser alone: a value comes of it, in linear time and bounded memory, and no error.

Time is proved in two ways, neither with a clock. Calls are counted at two sizes, which shows loops. Work that makes no calls
(patterns that go back, text that is copied again and again) shows at a mebibyte: what is not linear takes hours there, and
the limit for a test is two minutes.
"""

import posixpath
import sys
import tracemalloc
from functools import partial

import pytest

from demijohn.http.accept import CharsetAccept, LanguageAccept, MIMEAccept, parse_accept_header
from demijohn.http.auth import parse_authorization, parse_www_authenticate
from demijohn.http.cache_control import parse_cache_control_header
from demijohn.http.cookies import parse_cookie
from demijohn.http.csp import parse_csp_header
from demijohn.http.dates import parse_age, parse_date
from demijohn.http.etag import parse_etags
from demijohn.http.forwarded import parse_forwarded
from demijohn.http.headerset import parse_set_header
from demijohn.http.host import get_host, host_is_trusted
from demijohn.http.options import parse_dict_header, parse_list_header, parse_options_header
from demijohn.http.ranges import parse_content_range_header, parse_if_range_header, parse_range_header
from demijohn.http.security import safe_join, secure_filename
from demijohn.http.urls import decode_query, iri_to_uri, uri_to_iri

MIB = 1 << 20

PARSERS = {
    "accept": partial(parse_accept_header, cls=MIMEAccept),
    "accept charset": partial(parse_accept_header, cls=CharsetAccept),
    "accept language": partial(parse_accept_header, cls=LanguageAccept),
    "age": parse_age,
    "authorization": parse_authorization,
    "cache control": parse_cache_control_header,
    "content range": parse_content_range_header,
    "cookie": parse_cookie,
    "csp": parse_csp_header,
    "date": parse_date,
    "dict": parse_dict_header,
    "etags": parse_etags,
    "forwarded": parse_forwarded,
    "host": partial(get_host, "http"),
    "if range": parse_if_range_header,
    "list": parse_list_header,
    "options": parse_options_header,
    "query": decode_query,
    "range": parse_range_header,
    "secure filename": secure_filename,
    "set": parse_set_header,
    "trusted host": partial(host_is_trusted, trusted_list=["example.org", ".example.com"]),
    "www authenticate": parse_www_authenticate,
}

# (what stands in front, what is repeated, what stands behind)
SHAPES = {
    "letters": ("", "a", ""),
    "spaces": ("a", " ", "b"),
    "tabs and spaces in an option": ("a;", " \t", "b"),
    "commas": ("", ",", ""),
    "semicolons": ("", ";", ""),
    "equal signs": ("a", "=", ""),
    "ampersands": ("", "&", ""),
    "quotes": ("", '"', ""),
    "a quote without end": ('a="', "b", ""),
    "escapes without end": ('a="', "\\", ""),
    "escaped quotes without end": ('x;a="', '\\"', ""),
    "quotes opened again and again": ("", 'a="', ""),
    "quotes in quotes": ("x", ';a="b\\"c"', '"'),
    "options": ("x", ";a=b", ""),
    "options that differ": None,
    "continued options": None,
    "extended options": ("x", ";a*=utf-8''%C3%A4", ""),
    "elements": ("", "a/b;q=0.5,", ""),
    "qualities": ("a", ";q=0.1", ""),
    "pairs": ("", "a=b,", ""),
    "cookies": ("", "a=b; ", ""),
    "directives": ("", "max-age=1, ", ""),
    "policies": ("", "default-src 'self'; ", ""),
    "etags": ("", 'W/"a", ', ""),
    "etags without commas": ("", '"a"', ""),
    "ranges": ("bytes=", "0-1,", ""),
    "suffix ranges": ("bytes=", "-1,", ""),
    "digits": ("bytes ", "9", "-1/2"),
    "digits alone": ("", "9", ""),
    "digits with a dot": ("0.", "0", "1"),
    "minus signs": ("bytes=", "-", ""),
    "forwarded": ("", "for=192.0.2.1;by=b,", ""),
    "brackets": ('for="', "[", ""),
    "dots": ("", ".", ""),
    "labels": ("", "a.", ""),
    "coded labels": ("", "xn--a.", ""),
    "colons": ("", ":", ""),
    "percent signs": ("", "%", ""),
    "escaped bytes": ("a=", "%C3", ""),
    "credentials": ("Basic ", "QUJD", ""),
    "credentials of colons": ("Basic ", "Ojo6", ""),
    "parameters of digest": ("Digest ", 'a="b", ', ""),
    "brackets of dates": ("Sun, ", "(", ""),
    "comments in dates": ("", "(\\", ""),
    "dates": ("", "06 Nov ", ""),
    "plus signs": ("Sun, 06 Nov 1994 08:49:37 ", "+", ""),
    "letters beyond ASCII": ("a=", "\xe4", ""),
    "combining marks": ("a=", "\u0308", ""),
    "lone surrogates": ("a=", "\udcff", ""),
    "NUL": ("a=", "\0", ""),
    "line ends": ("a", "\r\n", "b"),
    "parent directories": ("", "../", ""),
}


def hostile(shape, size):
    if shape == "options that differ":
        text = "x" + "".join(f";a{number}=b" for number in range(size // 8))
    elif shape == "continued options":
        text = "x" + "".join(f";a*{number % 1000}=b" for number in range(size // 8))
    else:
        front, middle, back = SHAPES[shape]
        text = front + middle * ((size - len(front) - len(back)) // len(middle)) + back
    return text


def calls(function, *arguments):
    """How many functions are called, of Python and of C."""
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(profile)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_a_mebibyte_gives_a_value(shape):
    text = hostile(shape, MIB)
    for parse in PARSERS.values():
        parse(text)


@pytest.mark.parametrize("shape", SHAPES)
def test_calls_grow_with_the_text(shape):
    short, long = hostile(shape, 1 << 11), hostile(shape, 1 << 13)
    for name, parse in PARSERS.items():
        parse(short)  # imports, codecs
        assert calls(parse, long) <= 4.5 * calls(parse, short) + 50, name


@pytest.mark.parametrize(
    "shape", ["quotes in quotes", "options that differ", "continued options", "elements", "cookies"]
)
def test_memory_grows_with_the_text(shape):
    text = hostile(shape, MIB // 4)
    for name, parse in PARSERS.items():
        tracemalloc.start()
        try:
            parse(text)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        # A pair of an element of four bytes and its quality is some thirty times as much in objects.
        assert peak < 100 * len(text), name


def test_what_is_made_of_it_stays_usable():
    """Asking a parsed value does not take longer than parsing it."""
    many = parse_accept_header(hostile("elements", MIB // 16), MIMEAccept)
    assert many.best_match(["a/b", "c/d"]) == "a/b"
    assert "c/d" not in many
    etags = parse_etags(hostile("etags", MIB // 16))
    assert etags.contains_weak("a")
    assert not etags.contains("a")
    names = parse_set_header(",".join(f"a{number}" for number in range(20_000)))
    assert "A19999" in names
    assert calls(names.__contains__, "A19999") < 10


def test_a_hundred_thousand_cookies():
    field = "; ".join(f"name{number}=value" for number in range(100_000))
    cookies = parse_cookie(field)
    assert len(cookies) == 100_000
    same = parse_cookie("; ".join(["a=b"] * 100_000))
    assert (len(same), len(same.getlist("a"))) == (1, 100_000)
    quoted = parse_cookie("; ".join(['a="\\073"'] * 100_000))
    assert quoted.getlist("a")[-1] == ";"


def test_a_million_ampersands():
    assert decode_query(b"&" * 1_000_000) == []
    assert decode_query("&".join(["a=b"] * 1_000_000))[-1] == ("a", "b")
    assert decode_query("=&" * 1_000_000) == [("", "")] * 1_000_000


@pytest.mark.parametrize("convert", [iri_to_uri, uri_to_iri])
@pytest.mark.parametrize("shape", SHAPES)
def test_url(shape, convert):
    text = hostile(shape, MIB // 4)
    for url in (text, "http://a/" + text, f"http://a/?{text}#{text}"):
        assert isinstance(convert(url), str)


@pytest.mark.parametrize("convert", [iri_to_uri, uri_to_iri])
@pytest.mark.parametrize("shape", SHAPES)
def test_host_of_url(shape, convert):
    """A URL may not be valid, which is a `ValueError`; that is found out in linear time."""
    text = hostile(shape, MIB // 4)
    for url in ("http://" + text, "//" + text + "@a/", "http://a:" + text):
        try:
            assert isinstance(convert(url), str)
        except ValueError as error:
            assert str(error)


BOMBS = {
    "ten thousand levels up": "../" * 10_000 + "etc/passwd",
    "levels up for Windows": "..\\" * 10_000 + "boot.ini",
    "mixed": "..\\../" * 10_000,
    "levels up, escaped": "%2e%2e/" * 10_000,
    "dots": "." * 30_000,
    "slashes": "/" * 30_000,
    "levels that come back": "a/../" * 10_000 + "..",
    "deep": "a/" * 10_000 + "b",
    "NUL": "a\0" * 10_000,
    "long": "a" * 70_000,
    "long of wide characters": "\U0001f600" * 20_000,
    "combining marks": "a" + "\u0308" * 30_000,
    "lone surrogates": "\udcff" * 10_000,
    "line ends": "a\r\n" * 10_000,
    "devices": "CON." * 10_000,
    "spaces": " " * 30_000 + "a",
}


@pytest.mark.parametrize("name", BOMBS)
def test_names_of_files(name):
    bomb = BOMBS[name]
    secure = secure_filename(bomb)
    assert secure.isascii()
    assert not {"/", "\\", "\0", "\n"} & set(secure)
    assert not secure.startswith(".")
    joined = safe_join("/srv/files", bomb)
    assert joined is None or (joined + "/").startswith("/srv/files/")
    if "\0" in bomb or posixpath.normpath(bomb).split("/")[0] in {"", ".."}:
        assert joined is None
