"""routing.builder and MapAdapter.build: URLs of endpoints."""

import pytest

from demijohn.http.multidict import MultiDict
from demijohn.routing import BaseConverter, BuildError, Map, Rule, ValidationError
from demijohn.routing.table import _ascii_host

url_map = Map(
    [
        Rule("/", endpoint="index"),
        Rule("/é x/%/<a>", endpoint="quoted"),
        Rule("/user/<int:id>", endpoint="user"),
        Rule("/user/", endpoint="user"),
        Rule("/user/<int:id>/<tab>", endpoint="user"),
        Rule("/all/", defaults={"page": 1}, endpoint="all"),
        Rule("/all/page/<int:page>", endpoint="all"),
        Rule("/save", endpoint="item", methods=["POST"]),
        Rule("/show", endpoint="item", methods=["GET"]),
        Rule("/old", endpoint="aliased", alias=True),
        Rule("/new", endpoint="aliased"),
        Rule("/shop", endpoint="shop", subdomain="shop"),
        Rule("/tenant", endpoint="tenant", subdomain="<name>"),
        Rule("/live", endpoint="live", websocket=True),
        Rule("/files", endpoint="files", build_only=True),
        Rule("//a//b", endpoint="raw", merge_slashes=False),
    ]
)
urls = url_map.bind("example.org", "/app")

BUILT = [
    ("index", {}, "/app/"),
    ("quoted", {"a": "b c"}, "/app/%C3%A9%20x/%25/b%20c"),
    ("user", {}, "/app/user/"),
    ("user", {"id": 7}, "/app/user/7"),
    ("user", {"id": 7, "tab": "x"}, "/app/user/7/x"),
    ("user", {"tab": "x"}, "/app/user/?tab=x"),
    ("user", {"id": None, "tab": None}, "/app/user/"),
    ("all", {}, "/app/all/"),
    ("all", {"page": 1}, "/app/all/"),
    ("all", {"page": 2}, "/app/all/page/2"),
    ("aliased", {}, "/app/new"),
    ("files", {}, "/app/files"),
    ("raw", {}, "/app/a//b"),
    ("shop", {}, "http://shop.example.org/app/shop"),
    ("tenant", {"name": "ann"}, "http://ann.example.org/app/tenant"),
    ("live", {}, "ws://example.org/app/live"),
]


@pytest.mark.parametrize(("endpoint", "values", "url"), BUILT)
def test_build(endpoint, values, url):
    assert urls.build(endpoint, values) == url


QUERIES = [
    ({"a": 1, "b": "x"}, "a=1&b=x"),
    ({"a": "b c&d=é+~"}, "a=b+c%26d%3D%C3%A9%2B~"),
    ({"a": "!$'()*,/:;?@"}, "a=!$'()*,/:;?@"),
    ({"é": ""}, "%C3%A9="),
    ({"a": [1, None, "x y"], "b": None, "c": []}, "a=1&a=x+y"),
    ({"a": ("b", "c")}, "a=b&a=c"),
    ({"a": {"only"}}, "a=only"),
    ({"a": b"\xff"}, "a=%FF"),
    ({"a": True, "b": 1.5}, "a=True&b=1.5"),
    (MultiDict([("a", 1), ("b", 3), ("a", 2)]), "a=1&a=2&b=3"),
]


@pytest.mark.parametrize(("values", "query"), QUERIES)
def test_what_is_no_variable_goes_into_the_query(values, query):
    assert urls.build("index", values) == f"/app/?{query}"
    assert urls.build("index", values, append_unknown=False) == "/app/"


def test_a_value_is_written_as_its_text_and_not_as_it_is_formatted():
    class Tagged(str):
        __slots__ = ()

        def __format__(self, spec):
            return "formatted"

        def __str__(self):
            return "text"

    class Number(int):
        def __format__(self, spec):
            return "formatted"

    assert urls.build("index", {"a": Tagged("content"), "b": Number(5)}) == "/app/?a=text&b=5"


def test_a_long_server_name_is_not_kept():
    name = ".".join("abcdefgh" * 40)
    kept = _ascii_host.cache_info().currsize
    assert urls.map.bind(name).server_name == name
    assert _ascii_host.cache_info().currsize == kept


def test_values_of_a_multidict():
    assert urls.build("user", MultiDict([("id", 7), ("q", 1), ("q", 2)])) == "/app/user/7?q=1&q=2"


def test_sorted_queries():
    rules = [Rule("/", endpoint="x")]
    values = {"b": 1, "a": [2, 1]}
    assert Map(rules, sort_parameters=True).bind("h").build("x", values) == "/?a=1&a=2&b=1"
    by_value = Map([Rule("/", endpoint="x")], sort_parameters=True, sort_key=lambda pair: (-pair[1], pair[0]))
    assert by_value.bind("h").build("x", values) == "/?a=2&a=1&b=1"


def test_methods_choose_the_rule():
    assert urls.build("item") == "/app/show"
    assert urls.build("item", method="POST") == "/app/save"
    assert url_map.bind("h", default_method="POST").build("item") == "/save"
    assert url_map.bind("h", default_method="DELETE").build("item") == "/save"
    with pytest.raises(BuildError, match=r"Did you mean to use methods \['POST'\]|\['GET', 'HEAD'\]"):
        urls.build("item", method="DELETE")


ABSOLUTE = [
    ("index", {}, "http://example.org/app/"),
    ("index", {"url_scheme": "https"}, "https://example.org/app/"),
    ("index", {"url_scheme": ""}, "//example.org/app/"),
    ("index", {"url_scheme": "wss"}, "https://example.org/app/"),
    ("live", {"url_scheme": "https"}, "wss://example.org/app/live"),
    ("live", {"url_scheme": ""}, "ws://example.org/app/live"),
    ("shop", {}, "http://shop.example.org/app/shop"),
]


@pytest.mark.parametrize(("endpoint", "options", "url"), ABSOLUTE)
def test_absolute_urls(endpoint, options, url):
    assert urls.build(endpoint, force_external=True, **options) == url


def test_a_websocket_request_links_with_http():
    assert url_map.bind("h", url_scheme="wss").build("index", force_external=True) == "https://h/"


def test_relative_on_the_same_subdomain():
    shop = url_map.bind("example.org", subdomain="shop")
    assert shop.build("shop") == "/shop"
    assert shop.build("tenant", {"name": "shop"}) == "/tenant"
    assert shop.build("index") == "http://example.org/"


def test_hosts():
    by_host = Map(
        [
            Rule("/a", endpoint="x", host="a.org"),
            Rule("/b/<i>", endpoint="x", host="b.org"),
            Rule("/", endpoint="y", host="<sub>.a.org"),
        ],
        host_matching=True,
    )
    assert by_host.bind("a.org").build("x", {"i": 1}) == "/a?i=1"
    assert by_host.bind("b.org").build("x", {"i": 1}) == "/b/1"
    assert by_host.bind("c.org").build("x", {"i": 1}) == "http://b.org/b/1"
    assert by_host.bind("w.a.org").build("y", {"sub": "w"}) == "/"
    assert by_host.bind("a.org").build("y", {"sub": "w"}) == "http://w.a.org/"


def test_a_variable_with_a_default_is_a_constant():
    fixed = Map([Rule("/<lang>/<page>", endpoint="x", defaults={"lang": "en us"})]).bind("h")
    assert fixed.build("x", {"page": 1}) == "/en%20us/1"
    assert fixed.build("x", {"page": 1, "lang": "en us"}) == "/en%20us/1"
    with pytest.raises(BuildError):
        fixed.build("x", {"page": 1, "lang": "de"})


def test_a_converter_can_pass_to_the_next_rule():
    class Never(BaseConverter):
        def to_url(self, value):
            raise ValidationError("not this one")

    rules = [Rule("/n/<never:a>", endpoint="x"), Rule("/<a>", endpoint="x"), Rule("/<never:a>", endpoint="y")]
    never = Map(rules, converters={"never": Never}).bind("h")
    assert never.build("x", {"a": 1}) == "/1"
    with pytest.raises(BuildError):
        never.build("y", {"a": 1})


FAILURES = [
    ("usr", {"id": 1}, None, "Could not build url for endpoint 'usr' with values ['id']. Did you mean 'user' instead?"),
    ("quoted", {}, None, "Could not build url for endpoint 'quoted'. Did you forget to specify values ['a']?"),
    (
        "item",
        {},
        "PUT",
        "Could not build url for endpoint 'item' ('PUT'). Did you mean to use methods ['POST']?",
    ),
]


@pytest.mark.parametrize(("endpoint", "values", "method", "text"), FAILURES)
def test_failure_suggests_what_may_have_been_meant(endpoint, values, method, text):
    with pytest.raises(BuildError) as caught:
        urls.build(endpoint, values, method)
    assert str(caught.value) == text
    assert (caught.value.endpoint, caught.value.values, caught.value.method) == (endpoint, values, method)
    assert caught.value.suggested is caught.value.suggested


def test_failure_without_any_rule():
    with pytest.raises(BuildError) as caught:
        Map().bind("h").build("x")
    assert caught.value.suggested is None
    assert str(caught.value) == "Could not build url for endpoint 'x'."
    assert isinstance(caught.value, LookupError)
    assert BuildError("x", {}, None).suggested is None


def test_endpoints_of_any_type():
    class Page: ...

    urls = Map([Rule("/p", endpoint=Page), Rule("/7", endpoint=7)]).bind("h")
    assert urls.build(Page) == "/p"
    assert urls.build(7) == "/7"
    with pytest.raises(BuildError, match="Did you mean"):
        urls.build(8)
