"""A record is what `dataclass(frozen=True, slots=True)` would have made."""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field
from typing import ClassVar

import pytest

from demijohn._base.record import record


def classes(decorate):
    @decorate
    class Point:
        """Two numbers."""

        x: int
        y: int = 2
        KIND: ClassVar[str] = "plain"
        names: list[str] = field(default_factory=list, compare=False)
        note: str = field(default="", repr=False)

        @property
        def total(self):
            return self.x + self.y

    @decorate
    class Checked:
        call: Callable[[], int]
        least: float = 0.5

        def __post_init__(self):
            if self.least < 0:
                raise ValueError("least")

    @decorate
    class Further(Point):
        z: int = 3
        y: int = 9

    @decorate
    class One:
        only: str

    @decorate
    class Nothing:
        pass

    return Point, Checked, Further, One, Nothing


RECORDS = classes(record)
MODELS = classes(dataclass(frozen=True, slots=True))
ARGUMENTS = [((1,), {}), ((len,), {"least": 2}), ((1,), {"z": 5, "note": "n"}), (("a",), {}), ((), {})]
CASES = [pytest.param(*row, id=row[0].__name__) for row in zip(RECORDS, MODELS, ARGUMENTS, strict=True)]

each = pytest.mark.parametrize(("record_class", "model", "call"), CASES)


@each
def test_it_is_made_shown_and_described_in_the_same_way(record_class, model, call):
    args, kwargs = call
    made, expected = record_class(*args, **kwargs), model(*args, **kwargs)
    assert repr(made) == repr(expected).replace("<locals>.Model", "<locals>.Record")
    assert dataclasses.asdict(made) == dataclasses.asdict(expected)
    assert record_class.__match_args__ == model.__match_args__
    assert record_class.__slots__ == model.__slots__ or model.__name__ == "Further"
    assert str(inspect.signature(record_class)) == str(inspect.signature(model))
    assert record_class.__init__.__annotations__.keys() == model.__init__.__annotations__.keys()
    assert dataclasses.is_dataclass(made)
    shown = [(one.name, one.type, one.default, one.compare, one.repr) for one in dataclasses.fields(record_class)]
    assert shown == [(one.name, one.type, one.default, one.compare, one.repr) for one in dataclasses.fields(model)]
    assert not hasattr(made, "__dict__")


@each
def test_it_compares_in_the_same_way(record_class, model, call):
    args, kwargs = call
    made, same = record_class(*args, **kwargs), record_class(*args, **kwargs)
    assert made == same
    assert hash(made) == hash(same)
    assert made != model(*args, **kwargs)
    assert made != args
    assert copy.deepcopy(made) == made == copy.copy(made)


def test_what_does_not_count_does_not_count():
    point, *_ = RECORDS
    assert point(1, names=["a"]) == point(1)
    assert hash(point(1, names=["a"])) == hash(point(1))
    assert point(1, 3) != point(1)
    assert point(1).names is not point(1).names
    assert point(1).total == 3
    assert point.KIND == "plain"


def test_nothing_changes_it():
    made = RECORDS[0](1)
    for change in (lambda: setattr(made, "x", 2), lambda: setattr(made, "other", 2), lambda: delattr(made, "x")):
        with pytest.raises(FrozenInstanceError):
            change()
    assert dataclasses.replace(made, x=7) == RECORDS[0](7)
    assert made.x == 1


def test_what_is_wrong_is_said_when_it_is_made():
    with pytest.raises(ValueError, match="least"):
        RECORDS[1](len, -1)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        RECORDS[0]()
    with pytest.raises(TypeError, match="unexpected keyword argument 'w'"):
        RECORDS[0](1, w=2)


def test_a_derived_record_is_not_equal_to_its_base():
    point, _, further, *_ = RECORDS
    assert isinstance(further(1), point)
    assert further(1, 2) != point(1, 2)
    assert (further(1).y, further(1).z) == (9, 3)


@record
class Kept:
    """Found by its name."""

    text: str


def test_it_is_pickled():
    assert pickle.loads(pickle.dumps(Kept("a"))) == Kept("a")


def test_of_two_that_are_matched_the_parts_are_had():
    match Kept("a"):
        case Kept(text):
            assert text == "a"
