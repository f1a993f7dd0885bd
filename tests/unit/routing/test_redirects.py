"""routing.adapter: what becomes of a rule that asks for another URL."""

import pytest

from demijohn.http import errors
from demijohn.http.errors import HTTPException, NotFound
from demijohn.routing import BaseConverter, Map, RequestRedirect, RoutingException, Rule, ValidationError


def called(adapter, id):
    return f"{adapter.subdomain}-{id + 1}"


url_map = Map(
    [
        Rule("/branch/", endpoint="branch"),
        Rule("/branch/<x>/", endpoint="deep"),
        Rule("/all/", defaults={"page": 1}, endpoint="all"),
        Rule("/all/page/<int:page>", endpoint="all"),
        Rule("/new/<u>", endpoint="u"),
        Rule("/old/<u>", endpoint="u", alias=True),
        Rule("/to/<int:id>", redirect_to="target/<id>?a=1"),
        Rule("/to-root/<id>", redirect_to="/target/<id>"),
        Rule("/to-other", redirect_to="https://other.example/x"),
        Rule("/called/<int:id>", redirect_to=called),
        Rule("/tenant/", endpoint="tenant", subdomain="<name>"),
        Rule("/ws/", endpoint="ws", websocket=True),
    ]
)


def new_url(path, method=None, query_args=None, websocket=None, **bind):
    urls = url_map.bind("example.org", **bind)
    with pytest.raises(RequestRedirect) as caught:
        urls.match(path, method, query_args=query_args, websocket=websocket)
    return caught.value.new_url


REDIRECTS = [
    ("/branch", "http://example.org/branch/"),
    ("//branch", "http://example.org/branch/"),
    ("/branch//", "http://example.org/branch/"),
    ("/branch/é ?#", "http://example.org/branch/%C3%A9%20%3F%23/"),
    ("/branch/a%2Fb", "http://example.org/branch/a%252Fb/"),
    ("/all/page/1", "http://example.org/all/"),
    ("/old/x y", "http://example.org/new/x%20y"),
    ("/to/7", "http://example.org/target/7?a=1"),
    ("/to-root/7", "http://example.org/target/7"),
    ("/to-other", "https://other.example/x"),
    ("/called/7", "http://example.org/-8"),
]


@pytest.mark.parametrize(("path", "url"), REDIRECTS)
def test_redirects(path, url):
    assert new_url(path) == url


def test_root_scheme_and_subdomain_are_kept():
    assert new_url("/branch", script_name="/app", url_scheme="https") == "https://example.org/app/branch/"
    assert new_url("/to/7", script_name="/app") == "http://example.org/app/target/7?a=1"
    assert new_url("/to-root/7", script_name="/app") == "http://example.org/target/7"
    assert new_url("/tenant", subdomain="ann") == "http://ann.example.org/tenant/"
    assert new_url("/branch", url_scheme="") == "http://example.org/branch/"
    assert new_url("/ws", url_scheme="wss") == "wss://example.org/ws/"
    assert new_url("/ws", websocket=True) == "http://example.org/ws/"


def test_the_query_is_kept():
    assert new_url("/branch", query_args="a=%20&b") == "http://example.org/branch/?a=%20&b"
    assert new_url("/branch", query_args={"a": [1, "ü"]}) == "http://example.org/branch/?a=1&a=%C3%BC"
    for path in ("/branch/", "/all/page/1", "/old/x"):
        url = new_url(path.rstrip("/") if path == "/branch/" else path, query_args="q=1")
        assert url.endswith("?q=1")
    urls = url_map.bind("example.org", query_args="bound=1")
    with pytest.raises(RequestRedirect) as caught:
        urls.match("/branch")
    assert caught.value.new_url == "http://example.org/branch/?bound=1"
    with pytest.raises(RequestRedirect) as caught:
        urls.match("/branch", query_args="")
    assert caught.value.new_url == "http://example.org/branch/"


def test_a_path_cannot_become_another_host():
    for path in ("//evil.example/branch", "///evil.example", "/\\evil.example"):
        urls = Map([Rule("/<path:p>/", endpoint="x")]).bind("example.org")
        with pytest.raises(RequestRedirect) as caught:
            urls.match(path)
        assert caught.value.new_url.startswith("http://example.org/")


def test_defaults_are_not_redirected_if_the_map_does_not():
    quiet = Map(
        [
            Rule("/", defaults={"page": 1}, endpoint="x"),
            Rule("/<int:page>", endpoint="x"),
            Rule("/alias/<int:page>", endpoint="x", alias=True),
        ],
        redirect_defaults=False,
    ).bind("h")
    assert quiet.match("/1") == ("x", {"page": 1})
    assert quiet.match("/alias/1") == ("x", {"page": 1})


def test_defaults_with_another_value_or_method_are_no_redirect():
    assert url_map.bind("h").match("/all/page/2") == ("all", {"page": 2})
    by_method = Map(
        [Rule("/", defaults={"page": 1}, endpoint="x", methods=["GET"]), Rule("/<int:page>", endpoint="x")]
    ).bind("h")
    assert by_method.match("/1", "POST") == ("x", {"page": 1})
    with pytest.raises(RequestRedirect):
        by_method.match("/1", "GET")


def test_defaults_that_cannot_be_built_are_no_redirect():
    class Refusing(BaseConverter):
        def to_url(self, value):
            raise ValidationError

    urls = Map(
        [
            Rule("/short/<refusing:x>", defaults={"page": 1}, endpoint="e"),
            Rule("/long/<refusing:x>/<int:page>", endpoint="e"),
        ],
        converters={"refusing": Refusing},
    ).bind("h")
    assert urls.match("/long/a/1") == ("e", {"x": "a", "page": 1})
    rule, values = urls.match("/long/a/1", return_rule=True)
    assert urls.get_default_redirect(rule, "GET", values, "") is None


def test_get_default_redirect_looks_at_rules_of_higher_rank_only():
    urls = url_map.bind("h")
    short, long = url_map.iter_rules("all")
    assert urls.get_default_redirect(long, "GET", {"page": 1}, "") == "http://h/all/"
    assert urls.get_default_redirect(short, "GET", {"page": 1}, "") is None


def test_a_domain_that_varies_is_in_the_redirect_to_the_defaults():
    urls = Map(
        [
            Rule("/", subdomain="<s>", defaults={"page": 1}, endpoint="x"),
            Rule("/<int:page>", subdomain="<s>", endpoint="x"),
        ]
    ).bind("example.org", subdomain="ann")
    with pytest.raises(RequestRedirect) as caught:
        urls.match("/1")
    assert caught.value.new_url == "http://ann.example.org/"


def test_a_placeholder_that_the_rule_does_not_have():
    with pytest.raises(KeyError):
        Map([Rule("/x", redirect_to="<y>")]).bind("h").match("/x")


def test_is_an_http_error_with_a_location():
    redirect = RequestRedirect("http://example.org/?a=1&b=<>")
    assert isinstance(redirect, HTTPException)
    assert isinstance(redirect, RoutingException)
    assert (redirect.code, redirect.name) == (308, "Permanent Redirect")
    assert ("Location", redirect.new_url) in redirect.get_headers()
    assert 'href="http://example.org/?a=1&amp;b=&lt;&gt;"' in redirect.get_body()


def test_its_response_comes_by_the_hook_of_all_errors(monkeypatch):
    monkeypatch.setattr(errors, "response_factory", lambda error, environ: (error, environ))
    redirect = RequestRedirect("http://example.org/")
    assert redirect.get_response({"a": 1}) == (redirect, {"a": 1})


def test_methods_are_looked_at_before_slashes():
    urls = Map([Rule("/x/", endpoint="x", methods=["POST"])]).bind("h")
    with pytest.raises(NotFound):
        urls.match("/x", "GET")
    with pytest.raises(RequestRedirect):
        urls.match("/x", "POST")
