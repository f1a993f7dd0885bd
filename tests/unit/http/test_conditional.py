from datetime import datetime

import pytest

from demijohn.http.conditional import (
    is_entity_header,
    is_hop_by_hop_header,
    is_resource_modified,
    remove_entity_headers,
    remove_hop_by_hop_headers,
)
from demijohn.http.etag import generate_etag
from demijohn.http.headers import Headers

OLD = "Thu, 01 Jan 1970 00:00:05 GMT"
CHANGED = datetime(1970, 1, 1, 0, 0, 5, 999)


def modified(etag=None, last_modified=None, *, method="GET", data=None, ignore_if_range=True, **fields):
    environ = {"REQUEST_METHOD": method} | {"HTTP_" + name.upper(): value for name, value in fields.items()}
    return is_resource_modified(environ, etag, data, last_modified, ignore_if_range)


def test_no_condition():
    assert modified("a", CHANGED)
    assert modified()


def test_the_method_does_not_count():
    assert modified("a", method="POST", if_none_match='"b"')
    assert not modified("a", method="POST", if_none_match='"a"')
    assert modified("a", method="HEAD", if_none_match='"b"')


@pytest.mark.parametrize(
    ("field", "etag", "answer"),
    [
        ('"a"', "a", False),
        ('"a"', '"a"', False),
        ('"a"', 'W/"a"', False),
        ('W/"a"', "a", False),
        ('"x", "a"', "a", False),
        ("*", "a", False),
        ('"b"', "a", True),
        ('"a"', None, True),
        ("*", None, True),
        ('"', "a", True),
    ],
)
def test_rfc9110_s13_1_2_if_none_match(field, etag, answer):
    assert modified(etag, if_none_match=field) is answer


@pytest.mark.parametrize(
    ("field", "last_modified", "answer"),
    [
        (OLD, CHANGED, False),
        (OLD, CHANGED.replace(second=6), True),
        (OLD, CHANGED.replace(second=4), False),
        (OLD, OLD, False),
        (OLD, None, True),
        (OLD, "x", True),
        ("x", CHANGED, True),
    ],
)
def test_rfc9110_s13_1_3_if_modified_since(field, last_modified, answer):
    assert modified(None, last_modified, if_modified_since=field) is answer


def test_rfc9110_s13_2_2_a_tag_counts_more_than_a_date():
    assert modified("b", CHANGED, if_modified_since=OLD, if_none_match='"a"')
    assert not modified("a", CHANGED.replace(second=9), if_modified_since=OLD, if_none_match='"a"')


@pytest.mark.parametrize(
    ("field", "etag", "answer"),
    [('"a"', "a", True), ('"b"', "a", False), ('W/"a"', "a", False), ('"a"', 'W/"a"', False), ("*", "a", True)],
)
def test_rfc9110_s13_1_1_if_match(field, etag, answer):
    assert modified(etag, if_match=field) is answer


@pytest.mark.parametrize(
    ("field", "etag", "answer"),
    [
        ('"a"', "a", False),
        ('"b"', "a", True),
        ('W/"a"', "a", True),
        ('"a"', 'W/"a"', True),
        (OLD, "a", False),
        ("Thu, 01 Jan 1970 00:00:04 GMT", "a", True),
        ('"a"b', "ab", True),
    ],
)
def test_rfc9110_s13_1_5_if_range(field, etag, answer):
    assert modified(etag, CHANGED, if_range=field, range="bytes=0-1", ignore_if_range=False) is answer
    # Without a range, or where it is not asked for, it has no say.
    assert modified(etag, CHANGED, if_range=field, ignore_if_range=False)
    assert modified(etag, CHANGED, if_range=field, range="bytes=0-1")


def test_tag_of_data():
    assert not modified(data=b"x", if_none_match=f'"{generate_etag(b"x")}"')
    assert modified(data=b"y", if_none_match=f'"{generate_etag(b"x")}"')
    with pytest.raises(TypeError, match="both"):
        modified("a", data=b"x")


def test_kinds_of_fields():
    assert is_entity_header("Content-Type")
    assert not is_entity_header("Date")
    assert is_hop_by_hop_header("Connection")
    assert not is_hop_by_hop_header("Date")


@pytest.mark.parametrize("kind", [list, Headers])
def test_remove(kind):
    fields = kind([("Date", "x"), ("Content-Type", "a"), ("Expires", "b"), ("TE", "c"), ("Upgrade", "d")])
    remove_hop_by_hop_headers(fields)
    assert list(fields) == [("Date", "x"), ("Content-Type", "a"), ("Expires", "b")]
    other = kind(fields)
    remove_entity_headers(fields)
    assert list(fields) == [("Date", "x"), ("Expires", "b")]
    remove_entity_headers(other, allowed=["content-TYPE"])
    assert list(other) == [("Date", "x"), ("Content-Type", "a")]
