"""routing.adapter: a map bound to a server."""

import pytest

from demijohn.http.errors import BadHost, MethodNotAllowed, NotFound
from demijohn.routing import Map, MapAdapter, RequestRedirect, Rule

url_map = Map(
    [
        Rule("/", endpoint="index"),
        Rule("/branch/", endpoint="branch"),
        Rule("/x/<int:id>", endpoint="x", methods=["GET", "PUT"]),
        Rule("/ws", endpoint="ws", websocket=True),
    ]
)


def test_bind_takes_what_it_is_given():
    urls = url_map.bind("Example.ORG:80", "/app", "www", "https", "POST", "/x", "q=1")
    assert isinstance(urls, MapAdapter)
    assert urls.map is url_map
    assert (urls.server_name, urls.script_name, urls.subdomain) == ("example.org:80", "/app/", "www")
    assert (urls.url_scheme, urls.default_method, urls.path_info, urls.query_args) == ("https", "POST", "/x", "q=1")
    assert not urls.websocket


def test_bind_has_defaults():
    urls = Map(default_subdomain="www").bind("h")
    assert (urls.script_name, urls.subdomain, urls.url_scheme) == ("/", "www", "http")
    assert (urls.default_method, urls.path_info, urls.query_args) == ("GET", "/", None)


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("ü.de:80", "xn--tda.de:80"),
        ("[::1]:80", "[::1]:80"),
        ("A", "a"),
        ("", ""),
        ("a" * 60 + ":12345", "a" * 60 + ":12345"),
    ],
)
def test_server_names_are_ascii_and_lower(name, bound):
    assert url_map.bind(name).server_name == bound


@pytest.mark.parametrize("name", ["a" * 70 + ".org", "a..b", ".a"])
def test_a_server_name_that_is_none(name):
    for _ in range(2):
        with pytest.raises(BadHost):
            url_map.bind(name)


def test_host_matching_has_no_subdomain():
    by_host = Map(host_matching=True)
    assert by_host.bind("h").subdomain is None
    with pytest.raises(RuntimeError, match="has no subdomains"):
        by_host.bind("h", subdomain="www")


def test_match_gives_endpoint_or_rule():
    urls = url_map.bind("h")
    assert urls.match("/x/3") == ("x", {"id": 3})
    rule, values = urls.match("/x/3", return_rule=True)
    assert (rule.rule, values) == ("/x/<int:id>", {"id": 3})


def test_match_uses_what_the_adapter_was_bound_with():
    urls = url_map.bind("h", path_info="/x/3", default_method="PUT")
    assert urls.match() == ("x", {"id": 3})
    assert urls.match(method="get") == ("x", {"id": 3})
    with pytest.raises(MethodNotAllowed):
        urls.match(method="post")
    assert urls.match("x/4") == ("x", {"id": 4})
    assert url_map.bind("h", url_scheme="ws").match("/ws") == ("ws", {})
    assert url_map.bind("h").match("/ws", websocket=True) == ("ws", {})


def test_no_path_is_redirected_to_the_root():
    with pytest.raises(RequestRedirect) as caught:
        url_map.bind("h", "/app").match("")
    assert caught.value.new_url == "http://h/app/"


def test_test():
    urls = url_map.bind("h")
    assert urls.test("/")
    assert urls.test("/branch")
    assert not urls.test("/nope")
    assert not urls.test("/x/1", "POST")
    assert urls.test("/x/1", "PUT")


def test_allowed_methods():
    urls = url_map.bind("h")
    assert list(urls.allowed_methods("/x/1")) == ["GET", "HEAD", "PUT"]
    assert list(urls.allowed_methods("/")) == []
    assert list(urls.allowed_methods("/nope")) == []
    assert list(urls.allowed_methods("/branch")) == []
    assert list(url_map.bind("h", path_info="/x/1").allowed_methods()) == ["GET", "HEAD", "PUT"]


def test_dispatch():
    urls = url_map.bind("h")

    def view(endpoint, values):
        if endpoint == "index":
            raise NotFound
        return endpoint, values

    assert urls.dispatch(view, "/x/1") == ("x", {"id": 1})
    assert isinstance(urls.dispatch(view, "/branch"), RequestRedirect)
    for path in ("/", "/nope"):
        with pytest.raises(NotFound):
            urls.dispatch(view, path)
        assert isinstance(urls.dispatch(view, path, catch_http_exceptions=True), NotFound)
    assert isinstance(urls.dispatch(view, "/x/1", "POST", catch_http_exceptions=True), MethodNotAllowed)


def test_get_host():
    urls = url_map.bind("example.org", subdomain="www")
    assert [urls.get_host(part) for part in (None, "", "a.b")] == ["www.example.org", "example.org", "a.b.example.org"]
    by_host = Map(host_matching=True).bind("example.org")
    assert [by_host.get_host(part) for part in (None, "a.org")] == ["example.org", "a.org"]


def test_make_redirect_url():
    urls = url_map.bind("example.org", "/app", query_args="q=1")
    assert urls.make_redirect_url("/a") == "http://example.org/app/a?q=1"
    assert urls.make_redirect_url("a", {"b": 2}, "www") == "http://www.example.org/app/a?b=2"
    assert urls.make_redirect_url("a", "") == "http://example.org/app/a"


def test_encode_query_args():
    urls = url_map.bind("h")
    assert urls.encode_query_args({"a": ["x y", 1], "b": None}) == "a=x+y&a=1"
    assert urls.encode_query_args([("b", 1), ("a", None), ("b", 2)]) == "b=1&b=2"
    assert urls.encode_query_args("as it is é") == "as it is é"


def environ(host="example.org", scheme="http", **more):
    return {
        "wsgi.url_scheme": scheme,
        "HTTP_HOST": host,
        "SERVER_NAME": "server",
        "SERVER_PORT": "80",
        "REQUEST_METHOD": "GET",
        **more,
    }


class TestBindToEnviron:
    def test_takes_everything_from_the_environ(self):
        urls = url_map.bind_to_environ(
            environ(
                REQUEST_METHOD="PUT",
                SCRIPT_NAME="/\xc3\xa9",
                PATH_INFO="/x/\xff",
                QUERY_STRING="a=\xc3\xa9",
            )
        )
        assert (urls.server_name, urls.subdomain, urls.url_scheme) == ("example.org", "", "http")
        assert (urls.script_name, urls.path_info, urls.query_args) == ("/é/", "/x/\ufffd", "a=é")
        assert urls.default_method == "PUT"

    def test_has_defaults(self):
        urls = url_map.bind_to_environ(environ())
        assert (urls.script_name, urls.path_info, urls.query_args) == ("/", "/", None)

    def test_takes_a_request(self):
        class Request:
            environ = environ("www.example.org")

        assert url_map.bind_to_environ(Request(), "example.org").subdomain == "www"

    @pytest.mark.parametrize(
        ("host", "scheme", "server_name", "subdomain"),
        [
            ("A.Example.org", "http", "example.org", "a"),
            ("a.b.example.org", "http", "EXAMPLE.org", "a.b"),
            ("example.org", "http", "example.org:80", ""),
            ("example.org", "https", "example.org:443", ""),
            ("example.org:443", "https", "example.org", ""),
            ("w.example.org:8080", "http", "example.org:8080", "w"),
            ("a..example.org", "http", "example.org", "a"),
        ],
    )
    def test_finds_the_subdomain(self, host, scheme, server_name, subdomain):
        assert url_map.bind_to_environ(environ(host, scheme), server_name).subdomain == subdomain

    @pytest.mark.parametrize("host", ["other.org", "example.org:8080", "notexample.org", "", "bad host"])
    def test_warns_of_a_host_that_is_not_ours(self, host):
        with pytest.warns(UserWarning, match="doesn't match configured server name 'example.org'"):
            urls = url_map.bind_to_environ(environ(host), "example.org")
        assert urls.subdomain == "<invalid>"
        with pytest.raises(NotFound):
            urls.match("/")

    def test_a_given_subdomain_is_not_looked_for(self):
        assert url_map.bind_to_environ(environ("other.org"), "example.org", "www").subdomain == "www"

    @pytest.mark.parametrize("default", ["", "www"])
    def test_without_subdomain_matching_the_host_does_not_matter(self, default):
        table = Map(
            [Rule("/", endpoint="own"), Rule("/", endpoint="other", subdomain="other")],
            default,
            subdomain_matching=False,
        )
        for host in ("example.org", "other.example.org", "elsewhere.net", "127.0.0.1:99"):
            urls = table.bind_to_environ(environ(host), "example.org")
            assert urls.match("/") == ("own", {})
            assert urls.build("own") == "/"
            assert urls.build("own", force_external=True) == f"http://{default and default + '.'}example.org/"
        assert table.bind_to_environ(environ("x.net")).server_name == "x.net"
        assert table.bind_to_environ(environ("x.net"), "example.org", "other").match("/") == ("other", {})

    def test_host_matching_takes_the_host(self):
        urls = Map(host_matching=True).bind_to_environ(environ("Other.org:99"))
        assert (urls.server_name, urls.subdomain) == ("other.org:99", None)

    @pytest.mark.parametrize(
        ("scheme", "connection", "upgrade", "bound"),
        [
            ("http", "keep-alive, Upgrade", "WebSocket", "ws"),
            ("https", "upgrade", "websocket", "wss"),
            ("http", "upgrades", "websocket", "http"),
            ("http", "", "websocket", "http"),
            ("http", "upgrade", "h2c", "http"),
        ],
    )
    def test_sees_a_websocket_handshake(self, scheme, connection, upgrade, bound):
        urls = url_map.bind_to_environ(environ("h", scheme, HTTP_CONNECTION=connection, HTTP_UPGRADE=upgrade))
        assert urls.url_scheme == bound
        assert urls.websocket == bound.startswith("ws")

    def test_without_a_host_field_the_server_counts(self):
        env = environ(SERVER_PORT="99")
        del env["HTTP_HOST"]
        assert url_map.bind_to_environ(env).server_name == "server:99"
