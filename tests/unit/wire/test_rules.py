"""The small modules on their own: limits, rejections, authorities, lists, events."""

import dataclasses

import pytest

from demijohn.wire import H1Limits, ProtocolReject
from demijohn.wire.h1 import Data
from demijohn.wire.h1.framing import split_list
from demijohn.wire.h1.target import is_authority


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(H1Limits)])
def test_limits_are_not_negative(name):
    with pytest.raises(ValueError, match=name):
        H1Limits(**{name: -1})


def test_limits_leave_room_for_a_chunk_size():
    with pytest.raises(ValueError, match="chunk_line"):
        H1Limits(chunk_line=19)
    assert H1Limits(chunk_line=20, body_bytes=0, extension_bytes_total=0).body_bytes == 0


def test_limits_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        H1Limits().request_line = 5  # type: ignore[misc]


def test_default_limits_hold_what_the_rfc_asks_for():
    assert H1Limits().request_line >= 8000  # RFC 9112 §3


def test_reject_reads_well_and_pickles():
    import pickle

    reject = ProtocolReject(400, "the Host field is repeated", "RFC 9112 §3.2")
    assert str(reject) == "400: the Host field is repeated (RFC 9112 §3.2)"
    again = pickle.loads(pickle.dumps(reject))
    assert (again.status, again.reason, again.rfc) == (400, "the Host field is repeated", "RFC 9112 §3.2")


def test_data_does_not_print_content():
    assert repr(Data(b"secret")) == "<Data 6 bytes>"


@pytest.mark.parametrize(
    "value", [b"a", b"a.b", b"a:0", b"a:65535", b"a:", b"1.2.3.4:5", b"[::]", b"[::1]:1", b"A_b~-", b"a..b"]
)
def test_authorities(value):
    assert is_authority(value)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b":",
        b":1",
        b"a:65536",
        b"a:000001",
        b"a b",
        b"a\n",
        b"\na",
        b"[",
        b"[]",
        b"[::1",
        b"[::1]x",
        b"[1.2.3.4]",
        b"a%41",
        b"@",
        b"a@b",
    ],
)
def test_no_authorities(value):
    assert not is_authority(value)


@pytest.mark.parametrize(
    ("value", "members"),
    [
        (b"", []),
        (b"close", [b"close"]),
        (b" Close\t,\tKEEP-alive ", [b"close", b"keep-alive"]),
        (b",,a,,b,", [b"a", b"b"]),
        (b"a b, c", [b"a b", b"c"]),
        (b"a\x0b,b", [b"a\x0b", b"b"]),
    ],
)
def test_lists(value, members):
    assert split_list(value) == members


def test_lists_in_linear_time():
    """In quadratic time this would run for minutes, into the suite's time limit."""
    spaces = b" " * 2_000_000
    assert split_list(b"a" + spaces + b"b") == [b"a" + spaces + b"b"]


def test_there_are_three_policies_for_underscores():
    assert H1Limits().underscore_headers == "drop"
    with pytest.raises(ValueError, match="underscore_headers is 'dangerous'"):
        H1Limits(underscore_headers="dangerous")
