import copy
import pickle

import pytest

from demijohn.http.etag import ETags, generate_etag, parse_etags, quote_etag, render_etags, unquote_etag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ('"x"', ("x", False)),
        ('W/"x"', ("x", True)),
        ('w/"x"', ("x", True)),
        ("x", ("x", False)),
        ("W/x", ("x", True)),
        ('"x', ('"x', False)),
        ('""', ("", False)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_unquote(text, tag):
    assert unquote_etag(text) == tag


def test_quote():
    assert quote_etag("x") == '"x"'
    assert quote_etag("x", weak=True) == 'W/"x"'
    with pytest.raises(ValueError, match="double quote"):
        quote_etag('x"y')


def test_generate():
    assert generate_etag(b"x") == generate_etag(b"x") != generate_etag(b"y")
    assert len(generate_etag(b"")) == 40


@pytest.mark.parametrize(
    ("text", "strong", "weak"),
    [
        (None, [], []),
        ("", [], []),
        ('"a", W/"b", c, w/"d" , "e,f", W/g', ["a", "c", "e,f"], ["b", "d", "g"]),
        (',,"a",,', ["a"], []),
        # What is no tag is left out, with all that belongs to it.
        ('a b, "c" "d", "e"x, f"g"h, W/ "i", "j"', ["j"], []),
        ('"a', [], []),
        ('"a,"b"', ["b"], []),
        ('"é", é', ["é"], []),
        ('"", W/""', [""], [""]),
        ('"a", *', ["a", "*"], []),
    ],
)
def test_parse(text, strong, weak):
    tags = parse_etags(text)
    assert list(tags) == list(dict.fromkeys(strong))
    assert tags.as_set() == set(strong)
    assert tags.as_set(include_weak=True) == {*strong, *weak}
    assert not tags.star_tag
    assert bool(tags) == bool(strong or weak)
    assert len(tags) == len(set(strong))


def test_comparison():
    tags = parse_etags('"a", W/"b"')
    assert "a" in tags
    assert "b" not in tags
    assert 5 not in tags
    assert tags.contains("a")
    assert not tags.contains("b")
    assert tags.contains_weak("a")
    assert tags.contains_weak("b")
    assert not tags.contains_weak("c")
    assert tags.is_strong("a")
    assert not tags.is_strong("b")
    assert tags.is_weak("b")
    assert not tags.is_weak("a")
    assert tags.contains_raw('"a"')
    assert not tags.contains_raw('"b"')
    assert tags.contains_raw('W/"b"')
    assert not tags.contains_raw("")


@pytest.mark.parametrize("text", ["*", " * "])
def test_star(text):
    tags = parse_etags(text)
    assert tags.star_tag
    assert tags
    assert "x" in tags
    assert tags.contains_weak("x")
    assert tags.contains_raw('W/"x"')
    assert not tags.is_strong("x")
    assert list(tags) == []
    assert str(tags) == "*"


def test_call():
    tags = ETags(["a", generate_etag(b"x")], ["b"])
    assert tags("a")
    assert tags(data=b"x")
    assert not tags("b")
    assert tags("b", include_weak=True)
    with pytest.raises(TypeError, match="Give the tag"):
        tags()


def test_render_and_compare():
    tags = ETags(["b", "a"], ["c"])
    assert str(tags) == tags.to_header() == render_etags(tags) == '"b", "a", W/"c"'
    assert repr(tags) == '<ETags \'"b", "a", W/"c"\'>'
    assert tags == ETags(["a", "b"], ["c"]) != ETags(["a", "b", "c"])
    assert hash(tags) == hash(ETags(["a", "b"], ["c"]))
    assert tags != {"a"}
    assert str(ETags(["a"], ["b"], star_tag=True)) == "*"
    for make in (copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))):
        assert make(tags) == tags
