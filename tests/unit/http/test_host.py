import time

import pytest

from demijohn.http.errors import SecurityError
from demijohn.http.host import get_current_url, get_host, host_is_trusted


@pytest.mark.parametrize(
    ("scheme", "header", "host"),
    [
        ("http", "example.com", "example.com"),
        ("http", "example.com:80", "example.com"),
        ("ws", "example.com:80", "example.com"),
        ("https", "example.com:80", "example.com:80"),
        ("https", "example.com:443", "example.com"),
        ("wss", "example.com:443", "example.com"),
        ("gopher", "example.com:443", "example.com:443"),
        ("http", "[::1]", "[::1]"),
        ("http", "[::1]:80", "[::1]"),
        ("http", "[::FFFF:1.2.3.4]:65535", "[::FFFF:1.2.3.4]:65535"),
        ("http", "A.com:1", "A.com:1"),
        ("http", "", ""),
        ("http", None, ""),
    ],
)
def test_get_host(scheme, header, host):
    assert get_host(scheme, header) == host


BAD_HOSTS = [
    "a b", "a/b", "a?b", "a#b", "a@b", "a\\b", "a,b", "a'b", 'a"b', "a<b", "a%20b", "a_b", "ü.de", "*", "a\0", "a\n", "a\x7f", "\ta",
    "a:b", "a:", "a:-1", "a:+1", "a:1_0", "a:0", "a:080", "a:65536", "a:99999", "a:100000", "a:\uff18", "a:1:2", ":80",
    "::1", "[::1", "[::1]x", "[::1]:", "[]", "[zz]", "[1]", "[:]", "[::1%25eth0]", "[v1.a:b]", "[a:b]",
]  # fmt: skip


@pytest.mark.parametrize("header", BAD_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_is_none_counts_as_missing(scheme, header):
    assert get_host(scheme, header) == ""
    assert not host_is_trusted(header)
    with pytest.raises(SecurityError):
        get_host(scheme, header, trusted_hosts=["a", ".de"])


@pytest.mark.parametrize(
    ("server", "host"),
    [
        (("srv", 80), "srv"),
        (("srv", 8080), "srv:8080"),
        (("::1", 80), "[::1]"),
        (("::1", 8080), "[::1]:8080"),
        (("[::1]", 8080), "[::1]:8080"),
        (("/tmp/socket", None), ""),
        (("srv", 0), ""),
        (("", 80), ""),
        (("a b", 80), ""),
    ],
)
def test_the_server_s_address_counts_without_a_header(server, host):
    assert get_host("http", None, server) == host
    assert get_host("http", "other", server) == "other"
    assert get_host("http", "", server) == ""


@pytest.mark.parametrize(
    ("host", "trusted", "verdict"),
    [
        ("example.com", ["example.com"], True),
        ("example.com:81", ["example.com"], True),
        ("example.com", ["example.com:80"], True),
        ("a.example.com", ["example.com"], False),
        ("example.com", [".example.com"], True),
        ("a.b.example.com", [".example.com"], True),
        ("badexample.com", [".example.com"], False),
        ("example.com", ["other", "example.com"], True),
        ("example.com", "example.com", True),
        ("xn--tda.de", ["ü.de"], True),
        ("a.xn--tda.de", [".ü.de"], True),
        ("[::1]:80", ["[::1]"], True),
        ("[::1]", ["[::2]"], False),
        ("example.com", ["*"], False),
        ("example.com", [""], False),
        ("example.com", [], True),
        ("example.com", None, True),
        ("", [], False),
        (None, None, False),
    ],
)
def test_host_is_trusted(host, trusted, verdict):
    assert host_is_trusted(host, trusted) is verdict


def test_a_host_that_is_not_trusted_raises():
    assert get_host("http", "a:80", None, ["a"]) == "a"
    with pytest.raises(SecurityError, match="400"):
        get_host("http", "b", None, ["a"])
    with pytest.raises(SecurityError):
        get_host("http", None, ("b", 80), ["a"])


@pytest.mark.parametrize(
    ("args", "url"),
    [
        ((), "http://h/"),
        (("/r",), "http://h/r/"),
        (("/r/", "/p"), "http://h/r/p"),
        (("", "/p", b"a=b"), "http://h/p?a=b"),
        (("/r ö", "//x y", b"a=b c&\xff%20"), "http://h/r%20ö/x%20y?a=b%20c&%FF%20"),
        (("", "/ü?x#%"), "http://h/ü%3Fx%23%"),
        (("", "/p", b""), "http://h/p"),
        (("/r", None, b"q"), "http://h/r/"),
        ((None, "/p", b"q"), "http://h/"),
        (("", "/\ud800"), "http://h/\ufffd"),
        (("", "/\x00\n"), "http://h/%00%0A"),
    ],
)
def test_get_current_url(args, url):
    assert get_current_url("http", "h", *args) == url


def test_the_current_url_shows_idna_hosts():
    assert get_current_url("https", "xn--tda.de:1", "", "/") == "https://ü.de:1/"
    assert get_current_url("https", "[::1]:1", "", "/ü") == "https://[::1]:1/ü"
    assert get_current_url("http", "xn--", "", "/") == "http://xn--/"


def test_a_long_host_takes_linear_time():
    start = time.perf_counter()
    for host in ("a" * 1_000_000, "[" + ":" * 1_000_000, "1:" * 500_000, "xn--" * 200_000, "a." * 500_000):
        get_host("http", host)
        get_host("http", host, None, [".b"]) if host_is_trusted(host, [".b"]) else None
        get_current_url("http", get_host("http", host) or "h", "", "/")
    assert time.perf_counter() - start < 5
