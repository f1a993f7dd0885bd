import copy
import io
import pickle

import pytest

from demijohn.http.errors import BadRequest, BadRequestKeyError
from demijohn.http.headers import Headers
from demijohn.http.multidict import (
    CallbackDict,
    CombinedMultiDict,
    FileMultiDict,
    ImmutableDict,
    ImmutableList,
    ImmutableMultiDict,
    ImmutableTypeConversionDict,
    MultiDict,
    TypeConversionDict,
    iter_multi_items,
)

PAIRS = [("a", "1"), ("b", "2"), ("a", "3")]
COPIES = [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]


@pytest.fixture
def multi():
    return MultiDict(PAIRS)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (None, {}),
        (PAIRS, {"a": ["1", "3"], "b": ["2"]}),
        (iter(PAIRS), {"a": ["1", "3"], "b": ["2"]}),
        (MultiDict(PAIRS), {"a": ["1", "3"], "b": ["2"]}),
        (ImmutableMultiDict(PAIRS), {"a": ["1", "3"], "b": ["2"]}),
        (CombinedMultiDict([MultiDict(PAIRS), MultiDict([("a", "4")])]), {"a": ["1", "3", "4"], "b": ["2"]}),
        ({"a": ["1", "2"], "b": (), "c": "x", "d": {"y"}}, {"a": ["1", "2"], "c": ["x"], "d": ["y"]}),
        ([("a", ["1", "2"])], {"a": [["1", "2"]]}),
        (Headers([("x", "1"), ("x", "2")]), {"x": ["1", "2"]}),
    ],
)
def test_build(source, expected):
    assert MultiDict(source).to_dict(flat=False) == expected
    assert ImmutableMultiDict(MultiDict(expected)) == MultiDict(expected)


def test_build_refuses_what_is_no_dict():
    with pytest.raises(TypeError):
        MultiDict(5)


def test_read(multi):
    assert multi["a"] == multi.get("a") == "1"
    assert multi.getlist("a") == ["1", "3"]
    assert multi.getlist("c") == []
    assert list(multi) == list(multi.keys()) == ["a", "b"]
    assert list(multi.items()) == [("a", "1"), ("b", "2")]
    assert list(multi.items(multi=True)) == [("a", "1"), ("a", "3"), ("b", "2")]
    assert list(multi.values()) == ["1", "2"]
    assert list(multi.lists()) == [("a", ["1", "3"]), ("b", ["2"])]
    assert list(multi.listvalues()) == [["1", "3"], ["2"]]
    assert multi.to_dict() == dict(multi) == {"a": "1", "b": "2"}
    assert {**multi} == {"a": "1", "b": "2"}
    assert len(multi) == 2
    assert repr(multi) == "MultiDict([('a', '1'), ('a', '3'), ('b', '2')])"


def test_lists_are_copies_but_for_setlistdefault(multi):
    multi.getlist("a").append("x")
    next(multi.lists())[1].append("x")
    assert multi.getlist("a") == ["1", "3"]
    multi.setlistdefault("a").append("4")
    assert multi.getlist("a") == ["1", "3", "4"]


def test_missing_key_is_a_key_error_and_a_400(multi):
    for read in (multi.__getitem__, multi.pop):
        with pytest.raises(KeyError):
            read("c")
        with pytest.raises(BadRequest):
            read("c")
    for read in (MultiDict().popitem, MultiDict().popitemlist):
        with pytest.raises(BadRequestKeyError):
            read()


@pytest.mark.parametrize("make", [MultiDict, ImmutableMultiDict, lambda p: CombinedMultiDict([MultiDict(p)])])
def test_conversion(make):
    d = make([("a", "5"), ("b", "x"), ("a", "y"), ("a", "6")])
    assert d.get("a", type=int) == 5
    assert d.get("b", 7, type=int) == 7
    assert d.get("b", type=int) is None
    assert d.get("b", 7, type=lambda value: value + 1) == 7
    assert d.get("c", "d", type=int) == "d"
    assert d.getlist("a", type=int) == [5, 6]
    assert d.getlist("b", type=lambda value: value + 1) == []
    with pytest.raises(ZeroDivisionError):
        d.get("a", type=lambda _: 1 / 0)


def test_write(multi):
    multi.add("a", "4")
    multi.add("c", "5")
    assert multi.to_dict(flat=False) == {"a": ["1", "3", "4"], "b": ["2"], "c": ["5"]}
    multi["a"] = "9"
    multi.setlist("b", ("7", "8"))
    assert multi.to_dict(flat=False) == {"a": ["9"], "b": ["7", "8"], "c": ["5"]}
    assert multi.setdefault("a", "x") == "9"
    assert multi.setdefault("d", "x") == "x"
    assert multi.setdefault("e") is None
    assert multi.setlistdefault("f", ["1", "2"]) == ["1", "2"]
    assert multi.getlist("f") == ["1", "2"]


def test_update_adds(multi):
    multi.update({"a": ["4", "5"], "c": "6"})
    multi.update([("c", "7")])
    multi.update(MultiDict([("b", "8")]))
    assert multi.to_dict(flat=False) == {"a": ["1", "3", "4", "5"], "b": ["2", "8"], "c": ["6", "7"]}


def test_union(multi):
    both = multi | {"a": ["4"], "c": "5"}
    assert both.to_dict(flat=False) == {"a": ["1", "3", "4"], "b": ["2"], "c": ["5"]}
    assert multi.getlist("a") == ["1", "3"]
    assert type(ImmutableMultiDict(PAIRS) | {"a": "4"}) is MultiDict
    with pytest.raises(TypeError):
        multi | [("a", "4")]
    multi |= [("a", "4")]
    assert multi.getlist("a") == ["1", "3", "4"]


def test_pop(multi):
    assert multi.pop("a") == "1"
    assert "a" not in multi
    assert multi.pop("a", None) is None
    assert multi.poplist("b") == ["2"]
    assert multi.poplist("b") == []
    multi.update(PAIRS)
    assert multi.popitem() == ("b", "2")
    assert multi.popitemlist() == ("a", ["1", "3"])
    assert not multi


def test_a_key_without_values_reads_as_missing(multi):
    multi.setlist("c", [])
    assert multi.get("c", 5) == 5
    assert list(multi.items()) == [("a", "1"), ("b", "2")]
    assert list(multi.values()) == ["1", "2"]
    with pytest.raises(BadRequestKeyError):
        multi["c"]
    with pytest.raises(BadRequestKeyError):
        multi.popitem()


def test_equality():
    assert MultiDict(PAIRS) == MultiDict([("b", "2"), ("a", "1"), ("a", "3")])
    assert MultiDict(PAIRS) != MultiDict([("b", "2"), ("a", "3"), ("a", "1")])
    assert MultiDict(PAIRS) == ImmutableMultiDict(PAIRS)
    with pytest.raises(TypeError):
        hash(MultiDict())


@pytest.mark.parametrize("make", [*COPIES, MultiDict.copy, MultiDict.deepcopy])
@pytest.mark.parametrize("kind", [MultiDict, FileMultiDict])
def test_copies(make, kind):
    original = kind(PAIRS)
    other = make(original)
    assert type(other) is kind
    assert other == original
    other.add("a", "4")
    assert original.getlist("a") == ["1", "3"]


def test_depth_of_copies():
    value = []
    original = MultiDict([("a", value)])
    assert original.copy()["a"] is copy.copy(original)["a"] is value
    assert original.deepcopy()["a"] is not value
    assert copy.deepcopy(original)["a"] is not value


def test_fromkeys():
    assert MultiDict.fromkeys(["a"], 5) == MultiDict([("a", 5)])
    assert ImmutableMultiDict.fromkeys(["a", "b"], 5) == MultiDict([("a", 5), ("b", 5)])


def test_iter_multi_items():
    assert list(iter_multi_items({"a": ["1", "2"], "b": "3", "c": frozenset()})) == [("a", "1"), ("a", "2"), ("b", "3")]
    assert list(iter_multi_items(MultiDict(PAIRS))) == [("a", "1"), ("a", "3"), ("b", "2")]
    assert list(iter_multi_items(PAIRS)) == PAIRS


DICT_CHANGES = [
    lambda d: d.__setitem__("a", "b"),
    lambda d: d.__delitem__("a"),
    lambda d: d.__ior__({}),
    lambda d: d.clear(),
    lambda d: d.pop("a"),
    lambda d: d.popitem(),
    lambda d: d.setdefault("z"),
    lambda d: d.update({}),
    lambda d: d.update(a=1),
]
MULTI_CHANGES = [
    *DICT_CHANGES,
    lambda d: d.add("a", "b"),
    lambda d: d.poplist("a"),
    lambda d: d.popitemlist(),
    lambda d: d.setlist("a", []),
    lambda d: d.setlistdefault("a"),
]
LIST_CHANGES = [
    lambda x: x.append(1),
    lambda x: x.clear(),
    lambda x: x.extend([1]),
    lambda x: x.insert(0, 1),
    lambda x: x.pop(),
    lambda x: x.remove(1),
    lambda x: x.reverse(),
    lambda x: x.sort(),
    lambda x: x.__setitem__(0, 1),
    lambda x: x.__delitem__(0),
    lambda x: x.__iadd__([1]),
    lambda x: x.__imul__(2),
]


@pytest.mark.parametrize(
    ("frozen", "change"),
    [
        (frozen, change)
        for frozen, changes in [
            (ImmutableDict(a="1"), DICT_CHANGES),
            (ImmutableTypeConversionDict(a="1"), DICT_CHANGES),
            (ImmutableMultiDict(PAIRS), MULTI_CHANGES),
            (CombinedMultiDict([MultiDict(PAIRS)]), MULTI_CHANGES),
            (ImmutableList([1, 2]), LIST_CHANGES),
        ]
        for change in changes
    ],
)
def test_immutable_types_refuse_changes(frozen, change):
    before = repr(frozen)
    with pytest.raises(TypeError, match=f"^'{type(frozen).__name__}' objects are immutable$"):
        change(frozen)
    assert repr(frozen) == before


@pytest.mark.parametrize(
    ("one", "equal", "mutable"),
    [
        (ImmutableDict(a=1, b=2), ImmutableDict(b=2, a=1), dict),
        (ImmutableTypeConversionDict(a=1, b=2), ImmutableTypeConversionDict(b=2, a=1), TypeConversionDict),
        (ImmutableMultiDict(PAIRS), ImmutableMultiDict(reversed([("a", "3"), ("a", "1"), ("b", "2")])), MultiDict),
    ],
)
def test_immutable_dicts_hash_and_copy(one, equal, mutable):
    assert one == equal
    assert hash(one) == hash(equal)
    assert type(one.copy()) is mutable
    assert one.copy() == one
    assert copy.copy(one) is one
    for make in COPIES:
        assert type(make(one)) is type(one)
        assert make(one) == one
    with pytest.raises(TypeError):
        hash(type(one)({"a": {}}))


def test_immutable_list():
    one = ImmutableList([1, 2])
    assert repr(one) == "ImmutableList([1, 2])"
    assert hash(one) == hash(ImmutableList([1, 2]))
    assert type(one + [3]) is type(one[:1]) is type(one * 2) is list
    for make in COPIES:
        assert type(make(one)) is ImmutableList
        assert make(one) == [1, 2]


def test_immutable_dict():
    one = ImmutableDict(a=1)
    assert repr(one) == "ImmutableDict({'a': 1})"
    assert type(one | {"b": 2}) is dict
    assert ImmutableDict.fromkeys("ab", 1) == {"a": 1, "b": 1}


def test_type_conversion_dict():
    d = TypeConversionDict(a="1", b="x")
    assert d.get("a", type=int) == 1
    assert d.get("b", 5, type=int) == 5
    assert d.get("b", 5, type=lambda value: value + 1) == 5
    assert d.get("c") is None
    assert d.get("a") == "1"
    with pytest.raises(KeyError):
        d.get("a", type=lambda _: {}["x"])


@pytest.fixture
def combined():
    return CombinedMultiDict([MultiDict([("a", "1"), ("a", "2")]), MultiDict([("a", "3"), ("b", "4")])])


def test_combined(combined):
    assert combined["a"] == "1"
    assert combined["b"] == "4"
    assert combined.getlist("a") == ["1", "2", "3"]
    assert combined.getlist("a", type=int) == [1, 2, 3]
    assert combined.get("b") == "4"
    assert list(combined) == list(combined.keys()) == ["a", "b"]
    assert list(combined.items()) == [("a", "1"), ("b", "4")]
    assert list(combined.items(multi=True)) == [("a", "1"), ("a", "2"), ("a", "3"), ("b", "4")]
    assert list(combined.values()) == ["1", "4"]
    assert list(combined.lists()) == [("a", ["1", "2", "3"]), ("b", ["4"])]
    assert list(combined.listvalues()) == [["1", "2", "3"], ["4"]]
    assert combined.to_dict() == {"a": "1", "b": "4"}
    assert combined.to_dict(flat=False) == {"a": ["1", "2", "3"], "b": ["4"]}
    assert len(combined) == 2
    assert "b" in combined
    assert "c" not in combined
    assert not CombinedMultiDict()
    assert repr(CombinedMultiDict([MultiDict([("a", "1")])])) == "CombinedMultiDict([MultiDict([('a', '1')])])"
    with pytest.raises(BadRequestKeyError):
        combined["c"]
    with pytest.raises(TypeError, match="fromkeys"):
        CombinedMultiDict.fromkeys(["a"])


def test_combined_get_tries_the_next_dict_if_conversion_fails():
    combined = CombinedMultiDict([MultiDict([("a", "x")]), MultiDict([("a", "5")])])
    assert combined.get("a", type=int) == 5


def test_combined_copies(combined):
    assert type(combined.copy()) is type(copy.copy(combined)) is MultiDict
    assert combined.copy().getlist("a") == ["1", "2", "3"]
    for make in COPIES[1:]:
        assert type(make(combined)) is CombinedMultiDict
        assert make(combined) == combined
    assert combined.deepcopy().dicts[0] is not combined.dicts[0]


def test_combined_equality(combined):
    assert combined == CombinedMultiDict(combined.dicts)
    assert hash(combined) == hash(CombinedMultiDict(combined.dicts))
    assert combined == MultiDict(combined)
    assert combined != MultiDict()
    assert combined != 5


def test_combined_sees_changes():
    one = MultiDict()
    combined = CombinedMultiDict([one])
    one["a"] = "1"
    assert combined["a"] == "1"


def test_file_multi_dict(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"data")
    d = FileMultiDict()
    d.add_file("a", str(path))
    d.add_file("a", path, "other", "text/x")
    d.add_file("b", io.BytesIO(b"x"), "unknown.zzz")
    d.add_file("c", d["a"])
    d.add_file("d", io.BytesIO(b"x"))
    first, second = d.getlist("a")
    with first.stream, second.stream:
        assert first.filename == str(path)
        assert first.content_type == "image/png"
        assert first.read() == b"data"
        assert second.filename == "other"
        assert second.content_type == "text/x"
    assert d["b"].content_type == "application/octet-stream"
    assert d["c"] is first
    assert d["b"].name == "b"
    assert d["d"].filename is None


class Log(list):
    def __call__(self, changed):
        self.append(dict(changed))


@pytest.mark.parametrize(
    ("change", "calls"),
    [
        (lambda d: d.__setitem__("b", 2), [{"a": 1, "b": 2}]),
        (lambda d: d.__delitem__("a"), [{}]),
        (lambda d: d.update(b=2), [{"a": 1, "b": 2}]),
        (lambda d: d.update({"b": 2}, c=3), [{"a": 1, "b": 2, "c": 3}]),
        (lambda d: d.update(), [{"a": 1}]),
        (lambda d: d.__ior__({"b": 2}), [{"a": 1, "b": 2}]),
        (lambda d: d.setdefault("a", 5), []),
        (lambda d: d.setdefault("b", 5), [{"a": 1, "b": 5}]),
        (lambda d: d.pop("a"), [{}]),
        (lambda d: d.pop("b", None), []),
        (lambda d: d.popitem(), [{}]),
        (lambda d: d.clear(), [{}]),
    ],
)
def test_callback_dict(change, calls):
    log = Log()
    change(CallbackDict({"a": 1}, log))
    assert log == calls
    change(CallbackDict({"a": 1}))


def test_callback_dict_is_not_called_for_what_fails():
    log = Log()
    d = CallbackDict([("a", 1)], log)
    for change in (lambda: d.pop("b"), lambda: d.__delitem__("b"), lambda: d.pop("b")):
        with pytest.raises(KeyError):
            change()
    assert log == []
    assert repr(d) == "<CallbackDict {'a': 1}>"
    assert d.pop("a") == 1
    assert d.pop("a", "default") == "default"
    assert CallbackDict() == CallbackDict(None) == {}
    assert copy.copy(d).on_update is log
