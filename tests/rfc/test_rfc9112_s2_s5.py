"""RFC 9112 §2 to §5 read in order: messages, request line, target, fields. One test for each demand on a server."""

import pytest

from demijohn.wire.h1 import NEED_DATA, H1Connection
from demijohn.wire.limits import H1Limits

from ..corpus.http1.cases import drive


def outcome(data: bytes):
    return drive([data])


def status(data: bytes) -> int:
    """The status of the rejection, 200 if there is none and a request was served."""
    result = outcome(data)
    if result.reject is not None:
        return result.reject[0]
    assert result.requests
    return 200


def test_s2_2_a_message_is_octets_not_text():
    """Bytes beyond ASCII in a value stay what they were; none of them is taken for a line end or white space."""
    (seen,) = outcome(b"GET / HTTP/1.1\r\nHost: a\r\nX: \xe2\x80\xa8\xc2\x85\r\n\r\n").requests
    assert seen.fields[1] == ["X", "\xe2\x80\xa8\xc2\x85"]


def test_s2_2_a_lone_lf_is_no_line_end():
    """A recipient may take it for one; this one does not, since others do not."""
    assert status(b"GET / HTTP/1.1\nHost: a\n\n") == 400


def test_s2_2_a_bare_cr_is_invalid():
    assert status(b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n") == 400


def test_s2_2_an_empty_line_before_the_request_line_is_ignored():
    assert status(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == 200


def test_s2_2_white_space_before_the_first_field_is_refused():
    assert status(b"GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n") == 400


@pytest.mark.parametrize("version", [b"http/1.1", b"HTTP/1.01", b"HTTP/1", b"HTTP/1.1.1"])
def test_s2_3_the_version_is_exact_and_case_sensitive(version):
    assert status(b"GET / " + version + b"\r\nHost: a\r\n\r\n") == 400


def test_s2_3_another_major_version_is_505():
    assert status(b"GET / HTTP/3.0\r\nHost: a\r\n\r\n") == 505


def test_s2_3_a_higher_minor_version_is_served_as_1_1():
    (seen,) = outcome(b"GET / HTTP/1.7\r\nHost: a\r\n\r\n").requests
    assert seen.version == [1, 1]


@pytest.mark.parametrize("line", [b"GET  / HTTP/1.1", b"GET / HTTP/1.1 ", b"GET\t/\tHTTP/1.1", b" GET / HTTP/1.1"])
def test_s3_single_spaces_separate_the_parts(line):
    assert status(line + b"\r\nHost: a\r\n\r\n") == 400


def test_s3_at_least_8000_octets_of_request_line():
    assert status(b"GET /" + b"a" * 7986 + b" HTTP/1.1\r\nHost: a\r\n\r\n") == 200


def test_s3_a_longer_target_is_414():
    assert status(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n") == 414


def test_s3_1_methods_are_case_sensitive_tokens():
    (seen,) = outcome(b"gEt-X / HTTP/1.1\r\nHost: a\r\n\r\n").requests
    assert seen.method == "gEt-X"


def test_s3_2_no_white_space_in_a_target():
    assert status(b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n") == 400


@pytest.mark.parametrize("fields", [b"", b"Host: a\r\nHost: a\r\n", b"Host: a b\r\n", b"Host: a@b\r\n"])
def test_s3_2_exactly_one_valid_host(fields):
    assert status(b"GET / HTTP/1.1\r\n" + fields + b"\r\n") == 400


def test_s3_2_1_origin_form():
    assert outcome(b"GET /where?q=now HTTP/1.1\r\nHost: a\r\n\r\n").requests[0].target == "/where?q=now"


def test_s3_2_2_absolute_form_replaces_host():
    connection = H1Connection(H1Limits())
    connection.receive_data(b"GET http://b:81/c?d HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.next_event()
    assert connection.head is not None
    assert (connection.head.authority, connection.head.path, connection.head.query) == ("b:81", "/c", "d")


def test_s3_2_3_authority_form_is_for_connect_only():
    assert status(b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n") == 400
    assert status(b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n") == 501


def test_s3_2_4_asterisk_form_is_for_options_only():
    assert status(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == 200
    assert status(b"PUT * HTTP/1.1\r\nHost: a\r\n\r\n") == 400


def test_s5_1_no_white_space_between_name_and_colon():
    assert status(b"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n") == 400


def test_s5_1_white_space_round_a_value_is_no_part_of_it():
    assert outcome(b"GET / HTTP/1.1\r\nHost:\t a \t\r\n\r\n").requests[0].fields == [["Host", "a"]]


def test_s5_2_line_folding_is_refused():
    assert status(b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n") == 400


@pytest.mark.parametrize("part", [b"G", b"GET /", b"GET / HTTP/1.1\r\nHo", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_an_incomplete_head_waits(part):
    connection = H1Connection(H1Limits())
    connection.receive_data(part)
    assert connection.next_event() is NEED_DATA
    assert connection.has_buffered
