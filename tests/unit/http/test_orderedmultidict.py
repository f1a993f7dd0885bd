"""The order of values over all keys, through every way to change it."""

import pickle
from copy import copy, deepcopy

import pytest

from demijohn.http.multidict import MultiDict
from demijohn.http.orderedmultidict import ImmutableOrderedMultiDict, OrderedMultiDict

PAIRS = [("a", 1), ("b", 2), ("a", 3), ("c", 4)]


def pairs(multi):
    return list(multi.items(multi=True))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: d.add("b", 5), [*PAIRS, ("b", 5)]),
        (lambda d: d.update({"a": [6, 7]}), [*PAIRS, ("a", 6), ("a", 7)]),
        (lambda d: d.__setitem__("a", 8), [("b", 2), ("c", 4), ("a", 8)]),
        (lambda d: d.setlist("b", [8, 9]), [("a", 1), ("a", 3), ("c", 4), ("b", 8), ("b", 9)]),
        (lambda d: d.__delitem__("a"), [("b", 2), ("c", 4)]),
        (lambda d: d.pop("a"), [("b", 2), ("c", 4)]),
        (lambda d: d.poplist("b"), [("a", 1), ("a", 3), ("c", 4)]),
        (lambda d: d.popitem(), PAIRS[:3]),
        (lambda d: d.setdefault("z", 0), [*PAIRS, ("z", 0)]),
        (lambda d: d.setlistdefault("z", [1]).append(2), [*PAIRS, ("z", 1), ("z", 2)]),
        (lambda d: d.clear(), []),
    ],
)
def test_changes(change, expected):
    multi = OrderedMultiDict(PAIRS)
    change(multi)
    assert pairs(multi) == expected


@pytest.mark.parametrize("cls", [OrderedMultiDict, ImmutableOrderedMultiDict])
def test_copies(cls):
    multi = cls(PAIRS)
    for other in (multi.copy(), copy(multi), deepcopy(multi), pickle.loads(pickle.dumps(multi))):
        assert pairs(other) == PAIRS
        assert other == multi
    assert type(multi | {"z": 1}) is cls
    assert pairs(multi | {"z": 1}) == [*PAIRS, ("z", 1)]


def test_equality_minds_the_order():
    other = OrderedMultiDict([("a", 1), ("a", 3), ("b", 2), ("c", 4)])
    assert other != OrderedMultiDict(PAIRS)
    assert other == MultiDict(PAIRS)
    assert hash(ImmutableOrderedMultiDict(PAIRS)) != hash(ImmutableOrderedMultiDict(other))
    with pytest.raises(TypeError):
        hash(other)
    with pytest.raises(TypeError):
        ImmutableOrderedMultiDict(PAIRS).add("a", 1)
