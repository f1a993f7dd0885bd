import time

import pytest

from demijohn.http.multidict import MultiDict
from demijohn.http.urls import decode_query, encode_query, iri_to_uri, quote_text, unquote, uri_to_iri


@pytest.mark.parametrize(
    ("iri", "uri"),
    [
        ("", ""),
        ("/plain/path?a=b&c=d", "/plain/path?a=b&c=d"),
        ("http://ü.de/ö?ü=ß#ß", "http://xn--tda.de/%C3%B6?%C3%BC=%C3%9F#%C3%9F"),
        ("//ü/x", "//xn--tda/x"),
        ("/a b%20c", "/a%20b%20c"),
        ("/%zz%", "/%zz%"),
        ("http://user:p%40ss@h:80/x", "http://user:p%40ss@h:80/x"),
        ("http://uü:pé@h/", "http://u%C3%BC:p%C3%A9@h/"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("HTTP://A.com/A", "http://a.com/A"),
        ('http://a/?x=[1]|{}^`\\"<>', "http://a/?x=%5B1%5D%7C%7B%7D%5E%60%5C%22%3C%3E"),
        ("http://a/;p;q?x;y", "http://a/;p;q?x;y"),
        ("mailto:ü@ü.de", "mailto:%C3%BC@%C3%BC.de"),
        ("itms-services://?action=x", "itms-services://?action=x"),
        ("http://h:/x", "http://h/x"),
        ("/a?", "/a"),
        ("/\x00\x7f", "/%00%7F"),
        ("/x\ud800y", "/x%EF%BF%BDy"),
        ("http://ex\u3002com/", "http://ex.com/"),
    ],
)
def test_iri_to_uri(iri, uri):
    assert iri_to_uri(iri) == uri
    assert iri_to_uri(uri) == uri


@pytest.mark.parametrize(
    ("uri", "iri"),
    [
        ("", ""),
        ("/plain?a=b", "/plain?a=b"),
        ("http://xn--tda.de/%C3%BC", "http://ü.de/ü"),
        (
            "http://xn--tda.de:8080/%C3%BC%2F%20%ff?q=%26%3D%2B%25#%23%25",
            "http://ü.de:8080/ü%2F%20%FF?q=%26%3D%2B%25##%25",
        ),
        ("/%41%7e%2D", "/A~-"),
        ("/%zz%", "/%zz%"),
        ("/a%00b%0a%7f", "/a%00b%0a%7f"),
        ("/x?a=%E2%82%AC%80#%80", "/x?a=€%80#%80"),
        ("/%e2%82%2f%C3%BC%fF", "/%E2%82%2fü%FF"),
        ("http://%40u:%3Ap@h/", "http://%40u:%3Ap@h/"),
        ("http://[::1]:80/%C3%BC", "http://[::1]:80/ü"),
        ("%E2%98%83", "☃"),
        ("http://xn--/", "http://xn--/"),
        ("http://XN--TDA.de/", "http://ü.de/"),
    ],
)
def test_uri_to_iri(uri, iri):
    assert uri_to_iri(uri) == iri
    assert uri_to_iri(iri) == iri


@pytest.mark.parametrize("url", ["////evil.example/x", "http:////evil.example/x", "///\u00fc", "////"])
@pytest.mark.parametrize("convert", [iri_to_uri, uri_to_iri])
def test_a_path_never_turns_into_a_host(convert, url):
    from urllib.parse import urlsplit

    assert urlsplit(convert(url)).netloc == urlsplit(url).netloc == ""


@pytest.mark.parametrize("url", ["http://h:99999/", "http://[::1/x", "http://ü..de/"])
def test_what_is_no_host_raises(url):
    with pytest.raises(ValueError):
        iri_to_uri(url)


def test_a_long_label_is_not_decoded():
    host = "xn--" + "a" * 100_000
    start = time.perf_counter()
    assert uri_to_iri(f"http://{host}/") == f"http://{host}/"
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        (b"", []),
        (b"&&", []),
        (b"a=b", [("a", "b")]),
        (b"a", [("a", "")]),
        (b"=b&=&a=", [("", "b"), ("", ""), ("a", "")]),
        (b"&&a=1&&", [("a", "1")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a+b=c+d", [("a b", "c d")]),
        (b"%41=%zz", [("A", "%zz")]),
        (b"+%20=%2B%26", [("  ", "+&")]),
        (b"a;b", [("a;b", "")]),
        (b"%ff=%e2%82", [("%FF", "%E2%82")]),
        (b"\xff=\xe2\x82&\xc3\xa4=%C3%A4%", [("%FF", "%E2%82"), ("ä", "ä%")]),
        (b"a=%ed%a0%80", [("a", "%ED%A0%80")]),
        (b"a=%00", [("a", "\0")]),
        ("ä=%C3%A4&x=\ud800%41", [("ä", "ä"), ("x", "\ud800A")]),
        (b"a=1&a=2", [("a", "1"), ("a", "2")]),
    ],
)
def test_decode_query(query, pairs):
    assert decode_query(query) == pairs


def test_a_million_separators_take_linear_time():
    start = time.perf_counter()
    assert decode_query(b"&" * 1_000_000) == []
    assert decode_query(b"%" * 100_000 + b"=" + b"%f" * 100_000) == [("%" * 100_000, "%f" * 100_000)]
    assert len(decode_query(b"a&" * 200_000)) == 200_000
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"a": "b c"}, "a=b+c"),
        ([("a", 1), ("b", None), ("a", 2)], "a=1&a=2"),
        ({"a": ["x", None, "y"], "b": ()}, "a=x&a=y"),
        ({"a": "ü&=+/?:@!$'()*,;%#[]"}, "a=%C3%BC%26%3D%2B/?:@!$'()*,;%25%23%5B%5D"),
        ({"ü": b"\xff"}, "%C3%BC=%FF"),
        ({"a": True, "b": 2.5}, "a=True&b=2.5"),
        ([], ""),
        ([("a", "\ud800")], "a=%EF%BF%BD"),
        (MultiDict([("a", 1), ("a", 2), ("b", "x")]), "a=1&a=2&b=x"),
    ],
)
def test_encode_query(query, text):
    assert encode_query(query) == text


def test_quoting_text():
    assert quote_text("/a b/ü%?") == "/a%20b/%C3%BC%%3F"
    assert unquote("%41%zz%ffü%C3%BC") == "A%zz%FFüü"
