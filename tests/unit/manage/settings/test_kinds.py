"""What values of settings may be, as text and otherwise; what is written is read again as it was."""

import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn.manage.settings.kinds import (
    DURATION,
    FLAG,
    MODE,
    NUMBER,
    PATH,
    SIZE,
    TEXT,
    choice,
    integer,
    or_auto,
    or_empty,
    or_none,
)
from demijohn.manage.settings.plurals import TEXT_MAP, list_of, or_function
from demijohn.manage.settings.table import TABLE
from demijohn.manage.settings.tls import _SNI

TEXTS = st.text(string.ascii_letters + string.digits + "-_./:()'\" äß", min_size=1).map(str.strip).filter(bool)
ITEMS = TEXTS.filter(lambda text: "," not in text)
AMOUNTS = st.floats(min_value=0, max_value=1e12, allow_nan=False)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (DURATION, AMOUNTS | st.integers(0, 10**6).map(float)),
        (NUMBER, AMOUNTS),
        (SIZE, st.integers(0, 1 << 50)),
        (SIZE, st.integers(0, 1 << 20).map(lambda n: n << 20)),
        (MODE, st.integers(0, 0o777)),
        (FLAG, st.booleans()),
        (TEXT, TEXTS),
        (integer(-5), st.integers(-5, 10**17)),
        (or_none(SIZE), st.none() | st.integers(0, 1 << 50)),
        (or_auto(integer(1)), st.just("auto") | st.integers(1, 10**6)),
        (or_empty(TEXT), st.just("") | TEXTS.filter(lambda text: text.lower() != "none")),
        (list_of(TEXT), st.lists(ITEMS).map(tuple)),
        (list_of(TEXT, os.pathsep), st.lists(ITEMS.filter(lambda text: os.pathsep not in text)).map(tuple)),
        (TEXT_MAP, st.dictionaries(TEXTS.filter(lambda text: "=" not in text), TEXTS)),
        (_SNI, st.dictionaries(ITEMS, st.tuples(ITEMS, st.none() | ITEMS))),
    ],
)
def test_what_is_written_is_read(kind, values):
    @given(values)
    def law(value):
        assert kind.parse(kind.render(value)) == value
        assert kind.parse(value) == value, "as Python says it"

    law()


def test_defaults_are_values():
    for setting in TABLE:
        assert setting.kind.parse(setting.default) == setting.default, setting.name
        if setting.default not in ((), {}, ""):
            assert setting.kind.parse(setting.kind.render(setting.default)) == setting.default, setting.name


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30), ("1.5", 1.5), (30, 30), (0.25, 0.25), ("500ms", 0.5), ("30s", 30), ("2m", 120), ("2min", 120),
        ("1h", 3600), ("1d", 86_400), ("1h30m", 5400), ("1m 30s", 90), (" 5 ", 5), ("0", 0), ("2M", 120),
    ],
)  # fmt: skip
def test_durations(text, seconds):
    assert DURATION.parse(text) == seconds


@pytest.mark.parametrize(
    "raw",
    ["", "soon", "-1", "1x", "s", "1s2", "nan", "inf", -1, float("nan"), float("inf"), True, None, [], "１s", "1e999"],
)
def test_what_is_no_duration(raw):
    with pytest.raises((ValueError, TypeError)):
        DURATION.parse(raw)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0), ("10", 10), (10, 10), ("1K", 1024), ("1k", 1024), ("64KiB", 65_536), ("10M", 10 << 20), ("1G", 1 << 30),
        ("10MB", 10_000_000), ("1 kB", 1000), ("1_000", 1000), ("1.5M", 3 << 19), ("3b", 3),
    ],
)  # fmt: skip
def test_sizes(text, size):
    assert SIZE.parse(text) == size


@pytest.mark.parametrize("raw", ["", "big", "-1", "1T", "1.3b", "K", -1, True, 1.0, None, "1 0"])
def test_what_is_no_size(raw):
    with pytest.raises((ValueError, TypeError)):
        SIZE.parse(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("true", True),
        ("YES", True),
        ("on", True),
        ("1", True),
        (True, True),
        (1, True),
        ("false", False),
        ("off", False),
        (0, False),
    ],
)
def test_flags(raw, value):
    assert FLAG.parse(raw) is value


@pytest.mark.parametrize("raw", ["", "maybe", 2, None, "2", []])
def test_what_is_no_flag(raw):
    with pytest.raises((ValueError, TypeError)):
        FLAG.parse(raw)


def test_numbers_have_bounds():
    assert integer(1, 3).parse("3") == 3
    for raw in ("0", "4", 0, 4, True, 2.0, "2.0", "", "１", "9" * 5000):
        with pytest.raises(ValueError):
            integer(1, 3).parse(raw)


def test_permissions():
    assert MODE.parse("660") == MODE.parse("0o660") == MODE.parse(0o660) == 0o660
    for raw in ("999", "1000", 0o1000, -1, "u+x", None):
        with pytest.raises(ValueError):
            MODE.parse(raw)


def test_words():
    kind = choice("a", "b")
    assert kind.parse("a") == "a"
    assert kind.allowed == "a or b"
    for raw in ("A", "c", None, 1):
        with pytest.raises(ValueError):
            kind.parse(raw)
    with pytest.raises(ValueError):
        kind.parse(["a"])


def test_lists():
    kind = list_of(integer(0))
    assert kind.parse("1, 2,,3") == kind.parse(("1,2", "3")) == kind.parse([1, 2, 3]) == (1, 2, 3)
    assert kind.parse("") == ()
    for raw in ("1,x", [1, None], {"a": 1}, b"1", 5, None):
        with pytest.raises((ValueError, TypeError)):
            kind.parse(raw)


def test_mappings():
    values = {"a": "x y", "b": "c=d"}
    assert TEXT_MAP.parse("'a=x y' b=c=d") == TEXT_MAP.parse(("a=x y", "b=c=d")) == TEXT_MAP.parse(values) == values
    for raw in ("a", "a=1 a=2", "'", {"a": 1}, {1: "a"}, ["a"], 5, None):
        with pytest.raises((ValueError, TypeError)):
            TEXT_MAP.parse(raw)


def test_paths_may_be_objects():
    assert PATH.parse(Path("/a/b")) == "/a/b"
    assert list_of(PATH, os.pathsep).parse([Path("a"), "b"]) == list_of(PATH, os.pathsep).parse("a:b") == ("a", "b")
    assert list_of(PATH).parse(Path("a")) == ("a",)
    for raw in (b"a", 5, None):
        with pytest.raises(TypeError):
            PATH.parse(raw)


def test_functions_are_for_python():
    kind = or_function(list_of(TEXT))
    assert kind.parse(test_words) is test_words
    assert kind.render(test_words).endswith(":test_words")
    assert kind.parse("/a,/b") == ("/a", "/b")


def test_certificates_for_names():
    expected = {"a.test": ("c", "k"), "b.test": ("d", None)}
    for raw in (
        "a.test c k, b.test d",
        expected,
        {"a.test": ["c", "k"], "b.test": "d"},
        [("a.test", "c", "k"), ("b.test", "d")],
    ):
        assert _SNI.parse(raw) == expected
    for raw in ("a.test", "a c k x", "a c,a d", {"a": []}, {"a": 5}, 5, [()]):
        with pytest.raises((ValueError, TypeError, IndexError)):
            _SNI.parse(raw)
