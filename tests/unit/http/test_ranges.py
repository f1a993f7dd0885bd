import copy
import pickle
from datetime import UTC, datetime

import pytest

from demijohn.http.ranges import (
    ContentRange,
    IfRange,
    Range,
    is_byte_range_valid,
    parse_content_range_header,
    parse_if_range_header,
    parse_range_header,
    render_content_range_header,
    render_if_range_header,
    render_range_header,
)


@pytest.mark.parametrize(
    ("text", "ranges", "rendered"),
    [
        ("bytes=0-499", [(0, 500)], "bytes=0-499"),
        ("bytes=500-", [(500, None)], "bytes=500-"),
        ("bytes=-500", [(-500, None)], "bytes=-500"),
        ("BYTES = 0-0 , 2 - 3,-1", [(0, 1), (2, 4), (-1, None)], "bytes=0-0,2-3,-1"),
        ("bytes=0-0,1-1", [(0, 1), (1, 2)], "bytes=0-0,1-1"),
    ],
)
def test_rfc9110_s14_1_1_parse(text, ranges, rendered):
    parsed = parse_range_header(text)
    assert parsed.units == "bytes"
    assert parsed.ranges == ranges
    assert str(parsed) == parsed.to_header() == render_range_header(parsed) == rendered
    assert repr(parsed) == f"<Range {rendered!r}>"
    assert parsed == parse_range_header(rendered)
    assert hash(parsed) == hash(parse_range_header(rendered))


@pytest.mark.parametrize(
    "text",
    [None, ""]
    + [
        "bytes=" + ranges
        for ranges in (
            *("", "-", "1", "a-b", "-0", "-00", "--5", "5-2", "1-2-3", "1-2,", ",1-2", "0-5,3-8", "5-8,1-2", "-5,1-2"),
            *("1-,3-4", "-5,-3", "+1-2", "1_0-20", "٣-٤", "0-5;1-2", "- 5", "9" * 5000 + "-", "0-1,-0", "0--0"),
        )
    ]
    + ["bytes", "0-5"],
)
def test_malformed_ranges(text):
    assert parse_range_header(text) is None


@pytest.mark.parametrize("one", [(5, 3), (5, 5), (0, 0), (None, 3), (-5, 3)])
def test_ranges_that_are_none(one):
    with pytest.raises(ValueError, match="not a valid range"):
        Range("bytes", [one])


@pytest.mark.parametrize(
    ("one", "length", "part"),
    [
        ((0, 10), 100, (0, 10)),
        ((0, 10), 10, (0, 10)),
        ((0, 10), 5, (0, 5)),
        ((0, 10), 0, None),
        ((0, 10), None, None),
        ((5, None), 10, (5, 10)),
        ((5, None), 5, None),
        ((-5, None), 10, (5, 10)),
        ((-5, None), 5, (0, 5)),
        # RFC 9110 §14.1.2: a suffix longer than the representation is all of it.
        ((-500, None), 5, (0, 5)),
        ((-5, None), 0, None),
        ((20, 30), 10, None),
    ],
)
def test_range_for_length(one, length, part):
    wanted = Range("bytes", [one])
    assert wanted.range_for_length(length) == part
    content = wanted.make_content_range(length)
    text = None if part is None else f"bytes {part[0]}-{part[1] - 1}/{length}"
    assert (content and str(content)) == wanted.to_content_range_header(length) == text


def test_only_one_range_of_bytes_has_an_answer():
    assert Range("items", [(0, 10)]).range_for_length(20) is None
    assert Range("bytes", [(0, 1), (2, 3)]).range_for_length(20) is None
    assert Range("bytes", []).range_for_length(20) is None
    assert Range("bytes", [(0, 1)]) != "bytes=0-0"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("bytes 0-499/1234", (0, 500, 1234)),
        ("bytes 0-499/*", (0, 500, None)),
        ("bytes */1234", (None, None, 1234)),
        ("bytes */*", (None, None, None)),
        ("  bytes   0 - 5 / 9  ", (0, 6, 9)),
    ],
)
def test_rfc9110_s14_4_parse_content_range(text, parts):
    parsed = parse_content_range_header(text)
    assert (parsed.units, parsed.start, parsed.stop, parsed.length) == ("bytes", *parts)
    assert parse_content_range_header(render_content_range_header(parsed)).to_header() == parsed.to_header()


@pytest.mark.parametrize(
    "text",
    [None, "", "bytes"]
    + [
        "bytes " + part
        for part in (
            *("5-2/9", "a-b/9", "0-5", "0/5", "0-/5", "-5/5", "+0-5/9", "1_0-20/30", "0-5/x", "*/x", "*/-5", "0-5/9/3"),
            *("0-5-6/9", "٣-٤/9", "9-10/5", "9" * 5000 + "-5/9"),
        )
    ],
)
def test_malformed_content_ranges(text):
    assert parse_content_range_header(text) is None


def test_content_range_tells_of_changes():
    log = []
    content = ContentRange("bytes", 0, 1, 5, lambda changed: log.append(str(changed)))
    assert log == []
    content.stop = 3
    content.start = 1
    content.length = None
    content.units = "x"
    content.set(1, 2)
    content.set(1, 2, 3, "y")
    assert content
    assert repr(content) == "<ContentRange 'y 1-1/3'>"
    content.unset()
    assert not content
    assert log == ["bytes 0-2/5", "bytes 1-2/5", "bytes 1-2/*", "x 1-2/*", "bytes 1-1/*", "y 1-1/3", ""]


@pytest.mark.parametrize("part", [(5, 3), (5, None), (None, 5), (-5, 3), (10, 20, 10), (5, 5, 10)])
def test_content_ranges_that_are_none(part):
    with pytest.raises(ValueError, match="not a valid range"):
        ContentRange("bytes", *part)
    content = ContentRange(None, None, None)
    with pytest.raises(ValueError, match="not a valid range"):
        content.set(*part)
    assert not content


@pytest.mark.parametrize(
    ("arguments", "valid"),
    [
        ((0, 5, 10), True),
        ((0, 5, None), True),
        ((0, 20, 5), True),
        ((None, None, 5), True),
        ((None, None, None), True),
        ((None, None, -1), False),
        ((None, 5, 5), False),
        ((5, None, 5), False),
        ((5, 5, None), False),
        ((10, 12, 5), False),
        ((-1, 3, 5), False),
    ],
)
def test_is_byte_range_valid(arguments, valid):
    assert is_byte_range_valid(*arguments) is valid


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Thu, 01 Jan 1970 00:00:00 GMT", IfRange(date=EPOCH)),
        ('"x"', IfRange("x")),
        ('W/"x"', IfRange("x", is_weak=True)),
        ("", IfRange()),
    ],
)
def test_if_range(text, value):
    parsed = parse_if_range_header(text)
    assert parsed == value
    assert hash(parsed) == hash(value)
    assert str(parsed) == parsed.to_header() == render_if_range_header(parsed) == text
    assert repr(parsed) == f"<IfRange {text!r}>"
    for make in (copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))):
        assert make(parsed) == parsed


def test_if_range_of_other_texts():
    assert parse_if_range_header(None) == IfRange()
    assert parse_if_range_header("x") == IfRange("x")
    broken = parse_if_range_header('"a"b')
    assert broken.is_weak
    assert str(broken) == 'W/"ab"'
    assert IfRange() != ""
