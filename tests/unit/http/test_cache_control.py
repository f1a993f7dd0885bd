import copy
import pickle

import pytest

from demijohn.http.cache_control import (
    RequestCacheControl,
    ResponseCacheControl,
    parse_cache_control_header,
    render_cache_control_header,
)


class Log(list):
    def __call__(self, changed):
        self.append(changed.to_header())


def test_request():
    cache = parse_cache_control_header("max-age=3, No-Cache, max-stale, min-fresh=5, only-if-cached, no-store, x=y")
    assert type(cache) is RequestCacheControl
    assert (cache.max_age, cache.no_cache, cache.max_stale, cache.min_fresh) == (3, True, True, 5)
    assert (cache.only_if_cached, cache.no_store, cache.no_transform, cache.stale_if_error) == (True, True, False, None)
    assert cache["x"] == "y"
    assert hash(cache) == hash(RequestCacheControl(dict(cache)))


def test_response():
    cache = parse_cache_control_header(
        'private="a, b", no-cache, s-maxage=7, public, immutable', None, ResponseCacheControl
    )
    assert (cache.private, cache.no_cache, cache.s_maxage, cache.public) == ("a, b", True, 7, True)
    assert (cache.immutable, cache.must_revalidate, cache.must_understand, cache.proxy_revalidate) == (
        True,
        False,
        False,
        False,
    )
    assert cache.stale_while_revalidate is None
    assert str(cache) == 'private="a, b", no-cache, s-maxage=7, public, immutable'


@pytest.mark.parametrize("value", [None, ""])
def test_missing(value):
    assert parse_cache_control_header(value) == {}
    assert parse_cache_control_header(value, cls=ResponseCacheControl).no_cache is None
    assert RequestCacheControl(None) == {}


@pytest.mark.parametrize("text", ["x", "", "1.5", "9" * 5000])
def test_a_number_that_is_none_is_missing(text):
    assert RequestCacheControl({"max-age": text}).max_age is None
    assert RequestCacheControl({"max-stale": text}).max_stale is None


def test_a_number_without_argument():
    assert RequestCacheControl({"max-age": None}).max_age is None
    assert RequestCacheControl({"max-stale": None}).max_stale is True


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("max_age", 5, "max-age=5"),
        ("max_age", 1.7, "max-age=1"),
        ("max_age", "6", "max-age=6"),
        ("max_age", 0, "max-age=0"),
        ("max_age", None, ""),
        ("max_age", False, ""),
        ("stale_while_revalidate", 1, "stale-while-revalidate=1"),
        ("no_store", True, "no-store"),
        ("no_store", 1, "no-store"),
        ("no_store", 0, ""),
        ("no_store", "", ""),
        ("private", True, "private"),
        ("private", "a b", 'private="a b"'),
        ("private", "", 'private=""'),
        ("private", None, ""),
        ("no_cache", "x", "no-cache=x"),
    ],
)
def test_set(name, value, text):
    log = Log()
    cache = ResponseCacheControl((), log)
    setattr(cache, name, value)
    assert log == ([text] if text else [])
    assert render_cache_control_header(cache) == text


@pytest.mark.parametrize(("value", "error"), [("x", ValueError), ([], TypeError)])
def test_set_what_is_no_number(value, error):
    cache = ResponseCacheControl()
    with pytest.raises(error):
        cache.max_age = value
    assert cache == {}


def test_delete_and_update():
    log = Log()
    cache = ResponseCacheControl({"max-age": "5"}, log)
    del cache.max_age
    del cache.max_age
    cache.update({"x": "y"})
    assert log == ["", "x=y"]


def test_a_request_cannot_be_changed():
    cache = parse_cache_control_header("max-age=3")
    for change in (
        lambda: setattr(cache, "max_age", 5),
        lambda: setattr(cache, "max_age", None),
        lambda: delattr(cache, "max_age"),
        lambda: cache.update({}),
    ):
        with pytest.raises(TypeError, match="'RequestCacheControl' objects are immutable"):
            change()
    assert cache.max_age == 3


def test_representation_and_copies():
    cache = ResponseCacheControl({"b": "x", "a": None})
    assert repr(cache) == "<ResponseCacheControl a=None b='x'>"
    for make in (copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))):
        assert type(make(cache)) is ResponseCacheControl
        assert make(cache) == cache
    request = RequestCacheControl({"a": None})
    for make in (copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))):
        assert type(make(request)) is RequestCacheControl
        assert make(request) == request
    assert ResponseCacheControl.max_age.name == "max-age"


def test_directives_of_a_subclass():
    class Extended(ResponseCacheControl):
        community = ResponseCacheControl.cache_property("community", "all", None, "who")
        depth = ResponseCacheControl.cache_property("depth", None, int)

    cache = parse_cache_control_header("community, depth=3", cls=Extended)
    assert (cache.community, cache.depth) == ("all", 3)
    cache.community = "x"
    assert str(cache) == "community=x, depth=3"
    assert Extended.community.__doc__ == "who"
