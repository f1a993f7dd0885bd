"""routing.pattern: the grammar of a rule's text."""

import pytest

from demijohn.routing import BaseConverter, Map, Rule, parse_converter_args

ARGUMENTS = [
    ("", (), {}),
    ("1, 2.5, -3", (1, 2.5, -3), {}),
    ("True, False, None", (True, False, None), {}),
    ("word, a.b", ("word", "a.b"), {}),
    ("'a, b', \"c)\"", ("a, b", "c)"), {}),
    ("'1', u'x'", ("1", "x"), {}),
    ("a=1, b = 'x',c=é", (), {"a": 1, "b": "x", "c": "é"}),
    ("a,", ("a",), {}),
    ("2,5", (2, 5), {}),
]


@pytest.mark.parametrize(("text", "args", "kwargs"), ARGUMENTS)
def test_converter_arguments(text, args, kwargs):
    assert parse_converter_args(text) == (args, kwargs)


@pytest.mark.parametrize("text", ["a b", "a,,b", "'a", "a=", "=a", "a=b=c", "(", "--1"])
def test_converter_arguments_that_are_none(text):
    with pytest.raises(ValueError, match="Cannot parse converter argument"):
        parse_converter_args(text)


@pytest.mark.parametrize("text", ["/<", "/<x", "/<x y>", "/<1x>", "/<é>", "/<int(a b):x>", "/<x>/<x>"])
def test_malformed_rules_are_refused_when_added(text):
    with pytest.raises(ValueError, match=r"malformed url rule|Cannot parse"):
        Map([Rule(text)])


def test_a_variable_in_the_domain_and_in_the_path_is_refused():
    with pytest.raises(ValueError, match="in the domain and in the path"):
        Map([Rule("/<x>", subdomain="<x>")])


def test_a_converter_that_does_not_exist():
    with pytest.raises(LookupError, match="'nope' does not exist"):
        Map([Rule("/<nope:x>")])


def test_a_regex_that_is_not_valid_is_refused_when_added():
    class Broken(BaseConverter):
        regex = "("

    with pytest.raises(ValueError, match="regex that is not valid"):
        Map([Rule("/<broken:x>")], converters={"broken": Broken})


def test_text_is_literal():
    urls = Map([Rule("/a.b*(<x>)+[c]", endpoint="x"), Rule("/x>y", endpoint="y")]).bind("h")
    assert urls.match("/a.b*(1)+[c]") == ("x", {"x": "1"})
    assert urls.match("/x>y") == ("y", {})
    assert not urls.test("/aXb*(1)+[c]")


def test_quoted_arguments_may_have_brackets_of_the_grammar():
    urls = Map([Rule("/<any('a>b', 'c,d'):x>", endpoint="x")]).bind("h")
    assert urls.match("/a>b") == ("x", {"x": "a>b"})
    assert urls.match("/c,d") == ("x", {"x": "c,d"})


def test_several_variables_in_one_segment():
    urls = Map([Rule("/<int:year>-<int:month>.<ext>", endpoint="x")]).bind("h")
    assert urls.match("/2024-05.tar.gz") == ("x", {"year": 2024, "month": 5, "ext": "tar.gz"})
    assert urls.build("x", {"year": 2024, "month": 5, "ext": "gz"}) == "/2024-5.gz"
