"""routing.rule and routing.factories: what a rule is, and what makes rules of rules."""

import pytest

from demijohn.routing import (
    EndpointPrefix,
    Map,
    Rule,
    RuleFactory,
    RuleTemplate,
    Subdomain,
    Submount,
)


def bound(*args, **kwargs):
    return next(Map([Rule(*args, **kwargs)]).iter_rules())


def test_a_rule_starts_with_a_slash():
    with pytest.raises(ValueError, match="'x' must start with a slash"):
        Rule("x")


def test_methods_are_upper_case_and_get_brings_head():
    assert Rule("/", methods=["get", "post"]).methods == {"GET", "HEAD", "POST"}
    assert Rule("/", methods=[]).methods == set()
    assert Rule("/").methods is None
    with pytest.raises(TypeError, match="give a list"):
        Rule("/", methods="GET")


def test_a_websocket_has_few_methods():
    assert Rule("/", methods=["GET", "OPTIONS"], websocket=True).methods == {"GET", "HEAD", "OPTIONS"}
    with pytest.raises(ValueError, match="rule for WebSockets"):
        Rule("/", methods=["POST"], websocket=True)


def test_text_and_repr():
    rule = bound("/a/<int:b>", endpoint="e", methods=["PUT", "GET"], subdomain="s<c>")
    assert str(rule) == "/a/<int:b>"
    assert repr(rule) == "<Rule 's<c>|/a/<b>' (GET, HEAD, PUT) -> e>"
    assert repr(bound("/", endpoint="e")) == "<Rule '/' -> e>"
    assert repr(Rule("/")) == "<Rule (unbound)>"
    assert (rule.is_leaf, rule.is_branch) == (True, False)


def test_equal_by_pattern_and_not_hashable():
    assert bound("/<int:a>", endpoint="x") == bound("/<a>", endpoint="y")
    assert bound("/<a>") != bound("/<b>")
    assert bound("/<a>") != "/<a>"
    with pytest.raises(TypeError, match="unhashable"):
        hash(bound("/"))


def test_takes_the_settings_of_its_map():
    rule = next(Map([Rule("/")], strict_slashes=False, merge_slashes=False, default_subdomain="www").iter_rules())
    assert (rule.strict_slashes, rule.merge_slashes, rule.subdomain) == (False, False, "www")


def test_belongs_to_one_map():
    url_map = Map([Rule("/", endpoint="x")])
    rule = next(url_map.iter_rules())
    with pytest.raises(RuntimeError, match="belongs to a map already"):
        Map([rule])
    copy = rule.empty()
    assert copy.map is None
    assert Map([copy]).bind("h").match("/") == ("x", {})


def test_an_unbound_rule_does_nothing():
    for use in (Rule("/").compile, Rule("/").refresh, lambda: Rule("/").build({})):
        with pytest.raises(RuntimeError, match="not bound"):
            use()


def test_a_copy_is_complete():
    rule = Rule(
        "/x/",
        defaults={"a": 1},
        subdomain="s",
        methods=["GET"],
        build_only=True,
        endpoint="e",
        strict_slashes=False,
        merge_slashes=False,
        redirect_to="y",
        alias=True,
        host="h",
        websocket=True,
    )
    copy = rule.empty()
    assert {**vars(copy), "defaults": None} == {**vars(rule), "defaults": None}
    assert copy.defaults == rule.defaults
    assert copy.defaults is not rule.defaults


def test_a_subclass_can_add_arguments_to_its_copies():
    class Tagged(Rule):
        def __init__(self, string, tag=None, **kwargs):
            super().__init__(string, **kwargs)
            self.tag = tag

        def get_empty_kwargs(self):
            return {**super().get_empty_kwargs(), "tag": self.tag}

    rule = next(Map([Submount("/a", [Tagged("/b", tag="t", endpoint="e")])]).iter_rules())
    assert (type(rule), rule.rule, rule.tag) == (Tagged, "/a/b", "t")


def test_refresh_after_a_change_in_place():
    url_map = Map([Rule("/old", endpoint="x")])
    rule = next(url_map.iter_rules())
    rule.rule = "/new/<int:id>"
    rule.refresh()
    urls = url_map.bind("h")
    assert rule.arguments == {"id"}
    assert urls.build("x", {"id": 1}) == "/new/1"
    assert urls.match("/new/1") == ("x", {"id": 1})
    assert not urls.test("/old")


def test_suitable_for():
    rule = bound("/<a>", defaults={"b": 1}, methods=["GET"])
    assert rule.suitable_for({"a": 0})
    assert rule.suitable_for({"a": 0, "b": 1}, "HEAD")
    assert not rule.suitable_for({"a": 0, "b": 2})
    assert not rule.suitable_for({"b": 1})
    assert not rule.suitable_for({"a": 0}, "POST")
    assert bound("/<a>").suitable_for({"a": 0, "c": 1}, "POST")
    assert not bound("/<a>").suitable_for({})


def test_provides_defaults_for():
    url_map = Map(
        [
            Rule("/", defaults={"page": 1}, endpoint="x"),
            Rule("/<int:page>", endpoint="x"),
            Rule("/only-built", defaults={"page": 1}, endpoint="x", build_only=True),
            Rule("/other/<int:page>", endpoint="y"),
        ]
    )
    short, long, built, other = url_map._added
    assert short.provides_defaults_for(long)
    assert not long.provides_defaults_for(short)
    assert not short.provides_defaults_for(short)
    assert not short.provides_defaults_for(other)
    assert not built.provides_defaults_for(long)


def test_build_compare_key_orders_aliases_last():
    keys = [bound("/<a>").build_compare_key(), bound("/", alias=True).build_compare_key()]
    assert keys == [(0, -1, 0), (1, 0, 0)]
    assert bound("/<a>", defaults={"b": 1}).build_compare_key() == (0, -2, -1)


def test_build_of_one_rule():
    rule = bound("/<a>/<b>", subdomain="<c>", defaults={"b": "é"})
    assert rule.build({"a": 1, "c": "s"}) == ("s", "/1/%C3%A9")
    assert rule.build({"a": 1, "c": "s", "d": 2, "b": "é"}) == ("s", "/1/%C3%A9?d=2")
    assert rule.build({"a": 1, "c": "s", "d": 2}, append_unknown=False) == ("s", "/1/%C3%A9")


def test_factories_nest():
    url_map = Map(
        [
            Submount(
                "/blog/",
                [
                    Rule("/", endpoint="index"),
                    EndpointPrefix("api.", [Subdomain("<lang>", [Rule("/<slug>", endpoint="show", websocket=True)])]),
                ],
            )
        ]
    )
    found = [(rule.rule, rule.endpoint, rule.subdomain, rule.websocket) for rule in url_map.iter_rules()]
    assert found == [("/blog/", "index", "", False), ("/blog/<slug>", "api.show", "<lang>", True)]


def test_a_template_fills_in_texts_wherever_they_are():
    resource = RuleTemplate(
        [
            Rule("/$name/", endpoint="$name.list", defaults={"kind": "$name", "page": 1}),
            Rule("/$name/<int:id>", endpoint="$name.show", subdomain="$name", host="$name.org", methods=["PUT"]),
        ]
    )
    url_map = Map([resource(name="user"), resource({"name": "page"})])
    rules = url_map._added
    assert [rule.rule for rule in rules] == ["/user/", "/user/<int:id>", "/page/", "/page/<int:id>"]
    assert rules[0].defaults == {"kind": "user", "page": 1}
    assert (rules[1].endpoint, rules[1].subdomain, rules[1].host, rules[1].methods) == (
        "user.show",
        "user",
        "user.org",
        {"PUT"},
    )
    with pytest.raises(KeyError):
        Map([resource()])


def test_endpoints_that_are_no_text_pass_a_template():
    assert [rule.endpoint for rule in Map([RuleTemplate([Rule("/", endpoint=len)])()]).iter_rules()] == [len]


def test_a_factory_of_the_application():
    class Pair(RuleFactory):
        def get_rules(self, map):
            yield Rule("/a", endpoint="a")
            yield Rule("/b", endpoint="b")

    assert [rule.rule for rule in Map([Submount("/x", [Pair()])]).iter_rules()] == ["/x/a", "/x/b"]
    with pytest.raises(NotImplementedError):
        RuleFactory().get_rules(None)
