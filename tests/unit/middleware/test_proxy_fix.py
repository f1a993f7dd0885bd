"""ProxyFix: which values are believed, and where they go."""

import pytest

from demijohn.middleware import ProxyFix
from demijohn.testing import create_environ


def fixed(headers, base_url="http://localhost/", **counts):
    environ = create_environ(
        base_url=base_url,
        headers={f"X-Forwarded-{name}": value for name, value in headers.items()},
        environ_base={"REMOTE_ADDR": "192.0.2.9"},
    )
    seen = {}
    ProxyFix(lambda environ, start_response: seen.update(environ) or [], **counts)(environ, None)
    return seen


def test_by_default_one_proxy_sets_for_and_proto():
    environ = fixed({"For": "1.1.1.1", "Proto": "https", "Host": "h", "Port": "1", "Prefix": "/p"})
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("1.1.1.1", "https")
    assert (environ["HTTP_HOST"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("localhost", "localhost", "80")
    assert environ["SCRIPT_NAME"] == ""


@pytest.mark.parametrize(
    ("count", "value", "expected"),
    [
        (0, "1.1.1.1", "192.0.2.9"),
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "9.9.9.9, 1.1.1.1", "1.1.1.1"),
        (2, "9.9.9.9,2.2.2.2,1.1.1.1", "2.2.2.2"),
        (2, "1.1.1.1", "192.0.2.9"),
        (1, "", "192.0.2.9"),
        (1, '"a, b"', "a, b"),
    ],
)
def test_values_are_counted_from_the_end(count, value, expected):
    assert fixed({"For": value}, x_for=count)["REMOTE_ADDR"] == expected


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("example.com", "example.com", "80"),
        ("example.com:8080", "example.com", "8080"),
        ("[2001:db8::a]", "[2001:db8::a]", "80"),
        ("[2001:db8::a]:8080", "[2001:db8::a]", "8080"),
    ],
)
def test_host(host, name, port):
    environ = fixed({"Host": host}, x_host=1)
    assert (environ["HTTP_HOST"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == (host, name, port)


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("http://example.com/", "example.com:8443"),
        ("http://example.com:81/", "example.com:8443"),
        ("http://[::1]:81/", "[::1]:8443"),
        ("http://[::1]/", "[::1]:8443"),
    ],
)
def test_port(base_url, host):
    environ = fixed({"Port": "8443"}, base_url, x_port=1)
    assert (environ["HTTP_HOST"], environ["SERVER_PORT"]) == (host, "8443")


def test_host_and_port_and_prefix_together():
    environ = fixed({"Host": "h:1", "Port": "2", "Prefix": "/p"}, x_host=1, x_port=1, x_prefix=1)
    assert (environ["HTTP_HOST"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("h:2", "h", "2")
    assert environ["SCRIPT_NAME"] == "/p"


def test_originals_are_kept():
    environ = fixed({"For": "1.1.1.1", "Host": "h:1"}, x_host=1)
    assert environ["werkzeug.proxy_fix.orig"] == {
        "REMOTE_ADDR": "192.0.2.9",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SCRIPT_NAME": "",
    }
