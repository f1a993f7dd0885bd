"""routing.table: adding, listing, duplicates, and use from many threads."""

import threading

import pytest

import demijohn.routing
from demijohn.routing import DuplicateRuleError, Map, Rule, Submount


def test_rules_are_listed_by_endpoint_in_build_order():
    url_map = Map(
        [
            Rule("/a", endpoint="x"),
            Rule("/b", endpoint="y"),
            Rule("/old/<i>/<j>", endpoint="x", alias=True),
            Rule("/a/<i>", endpoint="x"),
        ]
    )
    assert [rule.rule for rule in url_map.iter_rules()] == ["/a/<i>", "/a", "/old/<i>/<j>", "/b"]
    assert [rule.rule for rule in url_map.iter_rules("y")] == ["/b"]
    with pytest.raises(KeyError):
        url_map.iter_rules("nope")
    assert repr(url_map).startswith("Map([<Rule '/a/<i>' -> x>,\n <Rule '/a' -> x>,")


def test_what_extensions_read():
    url_map = Map([Rule("/<int:a>", endpoint="x"), Rule("/b", endpoint="y")])
    assert [rule.rule for rule in url_map._rules] == ["/<int:a>", "/b"]
    assert list(url_map._rules_by_endpoint) == ["x", "y"]
    assert url_map._rules[0]._converters["a"].regex == r"\d+"
    assert url_map._rules[0]._trace == [(False, "|"), (False, "/"), (True, "a")]


def test_is_endpoint_expecting():
    url_map = Map([Rule("/<lang>/<page>", endpoint="x"), Rule("/", endpoint="x")])
    assert url_map.is_endpoint_expecting("x", "lang")
    assert url_map.is_endpoint_expecting("x")
    assert not url_map.is_endpoint_expecting("x", "lang", "id")
    with pytest.raises(KeyError):
        url_map.is_endpoint_expecting("y", "lang")


def test_rules_added_after_the_first_match_count():
    url_map = Map([Rule("/<x>", endpoint="x")])
    urls = url_map.bind("h")
    assert urls.match("/a")[0] == "x"
    url_map.add(Submount("/a", [Rule("/", endpoint="branch")]))
    url_map.add(Rule("/a", endpoint="a"))
    assert urls.match("/a")[0] == "a"
    assert urls.match("/a/")[0] == "branch"


def test_settings_may_be_changed_between_requests():
    url_map = Map([Rule("/a/b", endpoint="x"), Rule("/c", endpoint="y", alias=True), Rule("/d", endpoint="y")])
    urls = url_map.bind("h")
    assert urls.test("/a//b")
    url_map.merge_slashes = False
    assert not urls.test("/a//b")
    url_map.redirect_defaults = False
    assert urls.match("/c") == ("y", {})


class TestRulesThatNeverMatch:
    def test_are_told(self):
        rules = [
            Rule("/x/<a>", endpoint=0),
            Rule("/x/<b>", endpoint=1, methods=["GET"]),
            Rule("/x/<b>", endpoint=2, websocket=True),
            Rule("/y", endpoint=3, methods=["GET"]),
            Rule("/y", endpoint=4, methods=["POST"]),
            Rule("/y", endpoint=5, methods=["GET", "POST"]),
            Rule("/y", endpoint=6),
            Rule("/y", endpoint=7, methods=["HEAD"]),
            Rule("/x/<b>", endpoint=8, build_only=True),
            Rule("/x/<int:b>", endpoint=9),
            Rule("/y", endpoint=10, subdomain="s"),
            Rule("/z", endpoint=11),
            Rule("/z", endpoint=12, strict_slashes=False),
        ]
        url_map = Map(rules)
        told = {rule.endpoint: earlier.endpoint for rule, earlier in url_map.shadowed_rules()}
        assert told == {1: 0, 5: 4, 7: 3}

    def test_are_never_what_a_match_gives(self):
        url_map = Map([Rule("/z", endpoint="strict"), Rule("/z", endpoint="loose", strict_slashes=False)])
        assert url_map.shadowed_rules() == []
        assert url_map.bind("h").match("/z/")[0] == "loose"

    def test_can_be_refused(self):
        url_map = Map(refuse_duplicates=True)
        url_map.add(Rule("/<a>", endpoint="first"))
        with pytest.raises(
            DuplicateRuleError, match=r"<Rule '/<b>' -> second> can never match: <Rule '/<a>' -> first>"
        ):
            url_map.add(Rule("/<b>", endpoint="second"))
        url_map.add(Rule("/<b>", endpoint="third", websocket=True))
        assert [rule.endpoint for rule in url_map.iter_rules()] == ["first", "third"]


def test_many_threads_find_the_same_while_rules_are_added():
    url_map = Map([Rule(f"/base{i}/<int:x>", endpoint=f"base{i}") for i in range(50)])
    errors = []
    start = threading.Barrier(5)

    def read():
        urls = url_map.bind("h")
        start.wait()
        try:
            for turn in range(300):
                i = turn % 50
                assert urls.match(f"/base{i}/{turn}") == (f"base{i}", {"x": turn})
                assert urls.build(f"base{i}", {"x": turn}) == f"/base{i}/{turn}"
        except Exception as error:
            errors.append(error)

    def add():
        start.wait()
        for i in range(100):
            url_map.add(Rule(f"/more{i}/<x>", endpoint=f"more{i}"))

    threads = [threading.Thread(target=read) for _ in range(4)] + [threading.Thread(target=add)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    urls = url_map.bind("h")
    assert all(urls.match(f"/more{i}/a")[0] == f"more{i}" for i in range(100))


def test_the_lock_is_of_the_class_that_the_map_says():
    class Counting:
        entered = 0

        def __enter__(self):
            Counting.entered += 1

        def __exit__(self, *error):
            pass

    class Other(Map):
        lock_class = Counting

    url_map = Other([Rule("/", endpoint="x")])
    before = Counting.entered
    url_map.update()
    url_map.update()
    assert Counting.entered == before + 1


def test_default_converters_of_a_subclass():
    class Other(Map):
        default_converters = {**Map.default_converters, "number": Map.default_converters["int"]}

    assert Other([Rule("/<number:x>", endpoint="x")]).bind("h").match("/5") == ("x", {"x": 5})


def test_public_names():
    assert sorted(demijohn.routing.__all__) == sorted(set(demijohn.routing.__all__))
    for name in demijohn.routing.__all__:
        assert hasattr(demijohn.routing, name)
    assert {
        "StateMachineMatcher",
        "Map",
        "MapAdapter",
        "Rule",
        "RuleFactory",
        "RuleTemplate",
        "RuleTemplateFactory",
    } <= set(demijohn.routing.__all__)
