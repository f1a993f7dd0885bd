"""routing.matcher and Map.match_path: which rule takes a request."""

import re
import sys

import pytest

from demijohn.http.errors import MethodNotAllowed, NotFound
from demijohn.routing import (
    Map,
    NoMatch,
    RedirectNeeded,
    RequestAliasRedirect,
    RequestPath,
    Rule,
    WebsocketMismatch,
)


def endpoint(url_map, path, method="GET", domain="", websocket=False):
    return url_map.match_path(domain, path, method, websocket)[0].endpoint


def test_the_more_specific_rule_wins_however_they_are_added():
    rules = [
        ("/<path:rest>", "path"),
        ("/<name>", "name"),
        ("/<int:id>", "int"),
        ("/me", "me"),
        ("/<name>/edit", "edit"),
        ("/me/<what>", "what"),
        ("/v<int:id>", "v"),
        ("/v<int:id>-<name>", "v2"),
        ("/<path:rest>/raw", "raw"),
    ]
    wanted = {
        "/me": "me",
        "/7": "int",
        "/x": "name",
        "/x/edit": "edit",
        "/me/edit": "what",
        "/me/x/y": "path",
        "/v7": "v",
        "/v7-a": "v2",
        "/a/b/c": "path",
        "/a/b/raw": "raw",
    }
    for order in (rules, rules[::-1]):
        url_map = Map([Rule(text, endpoint=name) for text, name in order])
        assert {path: endpoint(url_map, path) for path in wanted} == wanted


def test_a_way_that_ends_nowhere_is_left_again():
    url_map = Map(
        [
            Rule("/a/<x>/c/d", endpoint="deep"),
            Rule("/<y>/b/c/e", endpoint="other"),
            Rule("/<path:z>", endpoint="path"),
        ]
    )
    assert endpoint(url_map, "/a/b/c/e") == "other"
    assert endpoint(url_map, "/a/b/x/e") == "path"
    assert endpoint(url_map, "/a/b/c") == "path"


def test_values_are_the_callers_own():
    url_map = Map([Rule("/", endpoint="x"), Rule("/d", endpoint="y", defaults={"a": 1})])
    for path, values in (("/", {}), ("/d", {"a": 1})):
        first = url_map.match_path("", path, "GET")[1]
        first["more"] = True
        assert url_map.match_path("", path, "GET")[1] == values


def test_the_rule_added_first_wins_at_the_same_pattern():
    url_map = Map([Rule("/<a>", endpoint="a"), Rule("/<b>", endpoint="b")])
    assert url_map.match_path("", "/x", "GET")[1] == {"a": "x"}


class TestMethods:
    url_map = Map(
        [
            Rule("/x", endpoint="get", methods=["get"]),
            Rule("/x", endpoint="put", methods=["PUT"]),
            Rule("/y", endpoint="post", methods=["POST"]),
            Rule("/y", endpoint="any"),
            Rule("/<z>", endpoint="z", methods=["DELETE"]),
        ]
    )

    @pytest.mark.parametrize(
        ("path", "method", "name"),
        [
            ("/x", "GET", "get"),
            ("/x", "HEAD", "get"),
            ("/x", "PUT", "put"),
            ("/x", "DELETE", "z"),
            ("/y", "POST", "post"),
            ("/y", "GET", "any"),
            ("/y", "BREW", "any"),
        ],
    )
    def test_choose_the_rule(self, path, method, name):
        assert endpoint(self.url_map, path, method) == name

    def test_other_methods_are_named(self):
        with pytest.raises(MethodNotAllowed) as caught:
            self.url_map.match_path("", "/x", "POST")
        assert caught.value.valid_methods == ["DELETE", "GET", "HEAD", "PUT"]
        assert ("Allow", "DELETE, GET, HEAD, PUT") in caught.value.get_headers()

    def test_of_a_path_that_is_missing_are_none(self):
        with pytest.raises(NotFound):
            self.url_map.match_path("", "/x/y", "POST")


class TestSlashes:
    url_map = Map(
        [
            Rule("/leaf", endpoint="leaf"),
            Rule("/branch/", endpoint="branch"),
            Rule("/loose/", endpoint="loose", strict_slashes=False),
            Rule("/loose-leaf", endpoint="loose-leaf", strict_slashes=False),
            Rule("/post/", endpoint="post", methods=["POST"]),
            Rule("/path/<path:p>/", endpoint="path"),
            Rule("/lp/<path:p>/", endpoint="loose-path", strict_slashes=False),
            Rule("/both", endpoint="both-leaf"),
            Rule("/both/", endpoint="both-branch"),
            Rule("/raw//x", endpoint="raw", merge_slashes=False),
            Rule("/kept/<a>", endpoint="kept", merge_slashes=False),
            Rule("/sub//merged", endpoint="merged"),
        ]
    )

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/leaf", "leaf"),
            ("/branch/", "branch"),
            ("/loose", "loose"),
            ("/loose/", "loose"),
            ("/loose-leaf", "loose-leaf"),
            ("/loose-leaf/", "loose-leaf"),
            ("/path/a/b/", "path"),
            ("/lp/a/b", "loose-path"),
            ("/lp/a/b/", "loose-path"),
            ("/both", "both-leaf"),
            ("/both/", "both-branch"),
            ("/raw//x", "raw"),
            ("/sub/merged", "merged"),
            ("//leaf", "leaf"),
            ("///branch/", "branch"),
        ],
    )
    def test_are_as_in_the_rule(self, path, name):
        assert endpoint(self.url_map, path) == name

    @pytest.mark.parametrize(
        ("path", "to"),
        [
            ("/branch", "/branch/"),
            ("//branch", "/branch/"),
            ("/path/a/b", "/path/a/b/"),
            ("/branch//", "/branch/"),
            ("/path//a", "/path/a/"),
            ("/sub//merged", "/sub/merged"),
        ],
    )
    def test_redirect(self, path, to):
        with pytest.raises(RequestPath) as caught:
            self.url_map.match_path("", path, "GET")
        assert caught.value.path_info == to
        assert isinstance(caught.value, RedirectNeeded)

    @pytest.mark.parametrize("path", ["/leaf/", "/post", "/raw/x", "/kept//a", "/branch/x//y", "/", "/raw", "/raw/"])
    def test_or_are_not_found(self, path):
        with pytest.raises(NotFound):
            self.url_map.match_path("", path, "GET")

    def test_are_not_merged_if_the_map_does_not(self):
        url_map = Map([Rule("/a/b/", endpoint="x")], merge_slashes=False)
        with pytest.raises(NotFound):
            url_map.match_path("", "/a//b/", "GET")

    def test_strictness_is_the_maps_unless_a_rule_has_its_own(self):
        url_map = Map([Rule("/a/", endpoint="a"), Rule("/b/", endpoint="b", strict_slashes=True)], strict_slashes=False)
        assert endpoint(url_map, "/a") == "a"
        with pytest.raises(RequestPath):
            url_map.match_path("", "/b", "GET")


def test_websocket_rules_take_websockets_only():
    url_map = Map(
        [
            Rule("/both", endpoint="ws", websocket=True),
            Rule("/both", endpoint="http"),
            Rule("/ws", endpoint="only-ws", websocket=True),
            Rule("/ws/<x>/", endpoint="deep-ws", websocket=True),
            Rule("/http", endpoint="only-http"),
        ]
    )
    assert endpoint(url_map, "/both", websocket=True) == "ws"
    assert endpoint(url_map, "/both") == "http"
    assert endpoint(url_map, "/ws", websocket=True) == "only-ws"
    assert endpoint(url_map, "/ws/1/", websocket=True) == "deep-ws"
    for path, websocket in (("/ws", False), ("/http", True), ("/ws/1/", False)):
        with pytest.raises(WebsocketMismatch) as caught:
            url_map.match_path("", path, "GET", websocket)
        assert caught.value.code == 400
    with pytest.raises(NotFound):
        url_map.match_path("", "/ws/1", "GET")
    with pytest.raises(RequestPath):
        url_map.match_path("", "/ws/1", "GET", True)


class TestDomains:
    url_map = Map(
        [
            Rule("/", endpoint="main"),
            Rule("/", endpoint="kb", subdomain="kb"),
            Rule("/", endpoint="user", subdomain="<user>"),
            Rule("/x", endpoint="shard", subdomain="s<int:n>.<zone>"),
            Rule("/only-user/<x>", endpoint="only-user", subdomain="<user>"),
        ],
        default_subdomain="www",
    )

    @pytest.mark.parametrize(
        ("domain", "path", "name", "values"),
        [
            ("www", "/", "main", {}),
            ("kb", "/", "kb", {}),
            ("ann", "/", "user", {"user": "ann"}),
            ("s7.eu", "/x", "shard", {"n": 7, "zone": "eu"}),
            ("kb", "/only-user/1", "only-user", {"user": "kb", "x": "1"}),
        ],
    )
    def test_choose_the_rule(self, domain, path, name, values):
        rule, found = self.url_map.match_path(domain, path, "GET")
        assert (rule.endpoint, found) == (name, values)

    def test_that_nothing_matches(self):
        with pytest.raises(NotFound):
            self.url_map.match_path("", "/", "GET")

    def test_whole_hosts(self):
        url_map = Map(
            [
                Rule("/", endpoint="any", host="<sub>.example.org"),
                Rule("/", endpoint="www", host="www.example.org"),
                Rule("/", endpoint="port", host="example.org:8080"),
                Rule("/", endpoint="ignored", host="a.org", subdomain="ignored"),
            ],
            host_matching=True,
        )
        found = [
            endpoint(url_map, "/", domain=host) for host in ("www.example.org", "x.example.org", "example.org:8080")
        ]
        assert found == ["www", "any", "port"]
        assert endpoint(url_map, "/", domain="a.org") == "ignored"


def test_python_calls_of_a_match():
    """The budget of the hot path: what runs in Python for one request."""

    def python_calls(path):
        calls = []
        sys.setprofile(lambda frame, event, arg: calls.append(frame.f_code.co_name) if event == "call" else None)
        try:
            url_map.match_path("", path, "GET")
        finally:
            sys.setprofile(None)
        return calls

    url_map = Map([Rule("/a", endpoint=1), Rule("/a/<x>/<int:y>", endpoint=2), Rule("/s/<path:p>", endpoint=3)])
    url_map.update()
    assert python_calls("/a") == ["match_path"]
    assert python_calls("/a/b/1") == ["match_path", "descend", "values"]
    assert python_calls("/s/b/c.js") == ["match_path", "descend", "values"]


def test_defaults_are_added_to_the_values():
    url_map = Map([Rule("/<a>", endpoint="x", defaults={"b": 2, "c": [3]})])
    assert url_map.match_path("", "/1", "GET")[1] == {"a": "1", "b": 2, "c": [3]}


def test_an_int_is_what_the_regex_says():
    """The shortcut for whole segments takes the same digits: all that are decimal in Unicode."""
    digits = re.compile(r"\d")
    assert [c for c in map(chr, range(sys.maxunicode + 1)) if c.isdecimal() != bool(digits.fullmatch(c))] == []


def test_a_path_takes_no_line_break_but_in_front():
    """As in Werkzeug."""
    url_map = Map([Rule("/<path:p>", endpoint="x")])
    assert url_map.match_path("", "/\na", "GET")[1] == {"p": "\na"}
    for path in ("/a\nb", "/a\n"):
        with pytest.raises(NotFound):
            url_map.match_path("", path, "GET")


def test_build_only_rules_take_nothing():
    url_map = Map([Rule("/x", endpoint="x", build_only=True)])
    with pytest.raises(NotFound):
        url_map.match_path("", "/x", "GET")


def test_a_value_that_is_none_ends_the_search():
    """As in Werkzeug: `/<int(max=5)>` took the text, so `/<name>` is not asked."""
    url_map = Map([Rule("/<int(max=5):id>", endpoint="id"), Rule("/<name>", endpoint="name")])
    assert endpoint(url_map, "/a") == "name"
    with pytest.raises(NotFound):
        url_map.match_path("", "/6", "GET")


def test_a_value_that_is_none_behind_a_wrong_way():
    url_map = Map(
        [
            Rule("/a/x", endpoint="x"),
            Rule("/p/<int:c>", endpoint="post", methods=["POST"]),
            Rule("/<b>/<int(max=5):c>", endpoint="id"),
        ]
    )
    assert endpoint(url_map, "/a/5") == "id"
    with pytest.raises(NotFound):
        url_map.match_path("", "/a/6", "GET")
    with pytest.raises(MethodNotAllowed):
        url_map.match_path("", "/p/6", "GET")


def test_an_alias_is_for_the_adapter_to_redirect():
    url_map = Map([Rule("/new/<x>", endpoint="x"), Rule("/old/<x>", endpoint="x", alias=True)])
    with pytest.raises(RequestAliasRedirect) as caught:
        url_map.match_path("", "/old/1", "GET")
    assert (caught.value.endpoint, caught.value.matched_values) == ("x", {"x": "1"})


def test_a_path_of_very_many_segments_is_not_found_and_costs_no_stack():
    url_map = Map([Rule("/<path:a>/x/<b>", endpoint="x"), Rule("/a/<path:b>", endpoint="y", methods=["POST"])])
    with pytest.raises(MethodNotAllowed):
        url_map.match_path("", "/a" * 50_000, "GET")
    deep = "/d" * 3000
    url_map.add(Rule(deep, endpoint="deep"))
    url_map.add(Rule(f"/<x>{deep}/<y>", endpoint="deeper"))
    assert endpoint(url_map, deep) == "deep"
    assert endpoint(url_map, f"/e{deep}/e") == "deeper"


def test_the_matcher_says_why_there_is_no_match():
    url_map = Map([Rule("/x", methods=["GET"], endpoint="a"), Rule("/x", websocket=True, endpoint="b")])
    url_map.update()
    with pytest.raises(NoMatch) as caught:
        url_map._matcher.match("", "/x", "POST", False, True)
    assert caught.value.have_match_for == {"GET", "HEAD"}
    assert caught.value.websocket_mismatch


def test_no_path_leads_to_the_root_with_its_slash():
    with pytest.raises(RequestPath) as caught:
        Map([Rule("/", endpoint="x")]).match_path("", "", "GET")
    assert caught.value.path_info == "/"
