"""RFC 9112 §6 to §9 read in order: content, transfer codings, incomplete messages, connections."""

import pytest

from demijohn.seam import RequestHead
from demijohn.wire import H1Limits, ProtocolReject
from demijohn.wire.h1 import H1Connection

from ..corpus.http1.cases import drive

POST = b"POST / HTTP/1.1\r\nHost: a\r\n"


def outcome(data: bytes):
    return drive([data])


def answered(request: bytes, headers=(), body: bytes | None = b"") -> bytes:
    """The head of the answer to `request`; `None` as body is a stream."""
    connection = H1Connection(H1Limits())
    connection.receive_data(request)
    assert isinstance(connection.next_event(), RequestHead)
    length = None if body is None else len(body)
    return connection.render_head("200 OK", list(headers), length, date=b"", server=b"")


def test_s6_content_is_signalled_by_its_fields_alone():
    """Whatever the method."""
    for method in (b"GET", b"HEAD", b"DELETE", b"OPTIONS", b"FROB"):
        result = outcome(
            method + b" / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        assert [seen.body for seen in result.requests] == ["hi", ""]


def test_s6_1_an_unknown_coding_is_501():
    assert outcome(POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n").reject[0] == 501


def test_s6_1_length_and_coding_together_are_refused():
    assert outcome(POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n").reject[0] == 400


def test_s6_1_a_coding_in_http10_is_refused():
    assert outcome(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").reject[0] == 400


def test_s6_1_no_coding_in_an_answer_to_http10():
    assert b"Transfer-Encoding" not in answered(b"GET / HTTP/1.0\r\n\r\n", body=None)


def test_s6_3_chunked_must_be_last():
    assert outcome(POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n").reject[0] == 400


def test_s6_3_an_invalid_length_is_unrecoverable():
    for value in (b"", b"x", b"1, 1", b"+1"):
        assert outcome(POST + b"Content-Length: " + value + b"\r\n\r\n").reject[0] == 400


def test_s6_3_a_request_without_length_has_no_content():
    (first, second) = outcome(POST + b"\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n").requests
    assert (first.body, second.target) == ("", "/2")


def test_s7_1_any_chunked_content_is_decoded():
    data = POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n7\r\npedia i\r\nB\r\nn \r\nchunks.\r\n0\r\n\r\n"
    assert outcome(data).requests[0].body == "Wikipedia in \r\nchunks."


def test_s7_1_large_sizes_are_anticipated():
    assert outcome(POST + b"Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\n").reject[0] == 400


def test_s7_1_1_unknown_extensions_are_ignored_and_bounded():
    assert outcome(POST + b'Transfer-Encoding: chunked\r\n\r\n1;a="b"\r\nx\r\n0;c\r\n\r\n').requests[0].body == "x"
    assert outcome(POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 5000).reject[0] == 400


def test_s7_1_2_trailers_are_kept_apart():
    (seen,) = outcome(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nDigest: x\r\n\r\n").requests
    assert seen.trailers == [["Digest", "x"]]
    assert "Digest" not in [name for name, _ in seen.fields]


def test_s8_an_incomplete_message_is_never_complete():
    for body in (b"Content-Length: 5\r\n\r\nhell", b"Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n0\r\n"):
        result = outcome(POST + body)
        assert not result.requests[0].is_complete
        assert result.reject[0] == 400


def test_s9_3_persistence():
    """Close wins, then HTTP/1.1 persists, then HTTP/1.0 with keep-alive does."""
    for head, persists in (
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\n\r\n", False),
    ):
        assert (b"Connection: close" not in answered(head)) is persists


def test_s9_3_2_pipelined_answers_come_in_order():
    result = outcome(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(20)))
    assert [seen.target for seen in result.requests] == [f"/{number}" for number in range(20)]


def test_s9_6_nothing_is_read_behind_close():
    result = outcome(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [seen.target for seen in result.requests] == ["/"]


def test_s9_6_close_is_announced():
    assert b"Connection: close\r\n" in answered(b"GET / HTTP/1.0\r\n\r\n")


def test_s11_1_an_application_cannot_split_its_answer():
    with pytest.raises(ValueError):
        answered(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", [("X", "y\r\nSet-Cookie: z")])


def test_s11_2_nothing_is_read_behind_a_rejection():
    """Request smuggling: the first doubt ends the connection."""
    connection = H1Connection(H1Limits())
    connection.receive_data(POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
    with pytest.raises(ProtocolReject):
        connection.next_event()
    assert not connection.has_buffered
