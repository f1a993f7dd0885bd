import copy

import pytest

from demijohn.http.headerset import HeaderSet, parse_set_header, render_set_header


class Log(list):
    def __call__(self, changed):
        self.append(list(changed))


@pytest.mark.parametrize(
    ("text", "words", "rendered"),
    [
        (None, [], ""),
        ("", [], ""),
        ("a,B , a, b", ["a", "B"], "a, B"),
        ('a, "b c"', ["a", "b c"], 'a, "b c"'),
    ],
)
def test_parse(text, words, rendered):
    parsed = parse_set_header(text)
    assert list(parsed) == words
    assert str(parsed) == parsed.to_header() == render_set_header(parsed) == rendered


def test_read():
    words = HeaderSet(["a", "B"])
    assert "A" in words
    assert "c" not in words
    assert 5 not in words
    assert words.find("b") == words.index("B") == 1
    assert words.find("c") == -1
    assert words[0] == "a"
    assert words[-1] == "B"
    assert words[0:1] == ["a"]
    assert len(words) == 2
    assert words
    assert not HeaderSet()
    assert words.as_set() == {"a", "b"}
    assert words.as_set(preserve_casing=True) == {"a", "B"}
    assert repr(words) == "HeaderSet(['a', 'B'])"
    with pytest.raises(IndexError):
        words.index("c")
    with pytest.raises(IndexError):
        words[2]


@pytest.mark.parametrize(
    ("change", "result", "calls"),
    [
        (lambda w: w.add("c"), ["a", "B", "c"], 1),
        (lambda w: w.add("b"), ["a", "B"], 0),
        (lambda w: w.update(["c", "C", "d"]), ["a", "B", "c", "d"], 1),
        (lambda w: w.update([]), ["a", "B"], 0),
        (lambda w: w.remove("b"), ["a"], 1),
        (lambda w: w.discard("b"), ["a"], 1),
        (lambda w: w.discard("c"), ["a", "B"], 0),
        (lambda w: w.clear(), [], 1),
        (lambda w: w.__delitem__(0), ["B"], 1),
        (lambda w: w.__setitem__(1, "c"), ["a", "c"], 1),
        (lambda w: w.__setitem__(0, "b"), ["b"], 1),
        (lambda w: w.__setitem__(-1, "b"), ["a", "b"], 1),
        (lambda w: w.pop(), ["B"], 1),
    ],
)
def test_changes(change, result, calls):
    log = Log()
    words = HeaderSet(["a", "B"], log)
    change(words)
    assert list(words) == result
    assert log == [result] * calls


def test_remove_what_is_not_there():
    log = Log()
    words = parse_set_header("a", log)
    with pytest.raises(KeyError, match="c"):
        words.remove("c")
    with pytest.raises(IndexError):
        words[1] = "b"
    assert log == []


def test_set_operators():
    words = HeaderSet(["a", "B"])
    assert words == {"a", "B"} == words
    assert words == HeaderSet(["b", "A"])
    assert words | {"c"} == HeaderSet(["a", "b", "c"])
    assert words & {"a"} == HeaderSet(["A"])
    assert words - HeaderSet(["A"]) == HeaderSet(["b"])
    words |= {"c"}
    words -= {"a"}
    assert list(words) == ["B", "c"]
    with pytest.raises(TypeError):
        hash(words)
    assert list(copy.deepcopy(words)) == ["B", "c"]
