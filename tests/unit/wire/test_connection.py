"""The answering half of H1Connection: framing, the connection's fate, and what applications must not say."""

import pytest

from demijohn.seam import RequestHead
from demijohn.wire import H1Limits, ProtocolReject
from demijohn.wire.h1 import CLOSED, CONTINUE, END_OF_BODY, NEED_DATA, PAUSED, Data, H1Connection

from ...corpus.http1.responses import parse_responses

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
GET10 = b"GET / HTTP/1.0\r\n\r\n"
GET10_KEPT = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
DATE = b"Sun, 09 Sep 2001 01:46:40 GMT"
STAMPS = {"date": DATE, "server": b"demijohn"}
NONE = {"date": b"", "server": b""}


def asked(data: bytes = GET, limits: H1Limits = H1Limits()) -> H1Connection:
    """A connection that has read one request to its end."""
    connection = H1Connection(limits)
    connection.receive_data(data)
    event = connection.next_event()
    assert isinstance(event, RequestHead)
    while connection.has_body and event is not END_OF_BODY:
        event = connection.next_event()
    return connection


def stream(connection: H1Connection, status="200 OK", headers=(), parts=(), length=None, **stamps) -> bytes:
    """Render an answer in parts."""
    out = connection.render_head(status, list(headers), length, **(stamps or NONE))
    for part in parts:
        out += connection.render_data(part)
    return out + connection.render_end()


# ---- whole answers ---------------------------------------------------------------------------------------------------


def test_whole_answer():
    connection = asked()
    out = connection.render_response("200 OK", [("Content-Type", "text/plain")], b"hello", **STAMPS)
    assert out == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nServer: demijohn\r\nDate: "
        + DATE
        + b"\r\n\r\nhello"
    )
    assert not connection.must_close
    assert connection.has_answered


def test_in_parts_is_the_same_as_in_one_piece():
    headers = [("Content-Type", "text/plain"), ("X", "y")]
    whole = asked().render_response("201 Created", headers, b"hello", **STAMPS)
    assert stream(asked(), "201 Created", headers, [b"he", b"", b"llo"], 5, **STAMPS) == whole


def test_field_order_and_repeated_fields_are_kept():
    out = asked().render_response("200 OK", [("b", "1"), ("A", "2"), ("b", "3")], b"", **NONE)
    assert out == b"HTTP/1.1 200 OK\r\nb: 1\r\nA: 2\r\nb: 3\r\nContent-Length: 0\r\n\r\n"


def test_own_date_and_server_win():
    headers = [("date", "x"), ("SERVER", "y")]
    out = asked().render_response("200 OK", headers, b"", **STAMPS)
    assert out == b"HTTP/1.1 200 OK\r\ndate: x\r\nSERVER: y\r\nContent-Length: 0\r\n\r\n"


def test_of_several_dates_and_servers_the_first_stands():
    """RFC 9110 §5.3: neither is a list."""
    headers = [("Date", "1"), ("Server", "2"), ("date", "3"), ("SERVER", "4"), ("X", "y")]
    out = asked().render_response("200 OK", headers, b"", **STAMPS)
    assert out == b"HTTP/1.1 200 OK\r\nDate: 1\r\nServer: 2\r\nX: y\r\nContent-Length: 0\r\n\r\n"


class Spoken(str):
    """A text of a class of its own, as an Enum may be: it prints as something else than it is."""

    def __str__(self):
        return "evil\r\nX: y"

    def __format__(self, spec):
        return str(self)


def test_what_is_sent_is_what_was_checked():
    out = asked().render_response(Spoken("200 Fine"), [(Spoken("X"), Spoken("plain"))], b"", **NONE)
    assert out == b"HTTP/1.1 200 Fine\r\nX: plain\r\nContent-Length: 0\r\n\r\n"
    out = asked().render_informational(Spoken("103 Hint"), [(Spoken("Y"), Spoken("plain"))])
    assert out == b"HTTP/1.1 103 Hint\r\nY: plain\r\n\r\n"


@pytest.mark.parametrize("status", ["200", "200 "])
def test_status_without_a_reason_keeps_its_space(status):
    """RFC 9112 §4."""
    assert asked().render_response(status, [], b"", **NONE).startswith(b"HTTP/1.1 200 \r\n")


def test_latin1_reason_and_value():
    out = asked().render_response("200 Tr\xe8s bien", [("X", "caf\xe9\tau lait")], b"", **NONE)
    assert b"HTTP/1.1 200 Tr\xe8s bien\r\nX: caf\xe9\tau lait\r\n" in out


# ---- framing: RFC 9112 §6.3 ------------------------------------------------------------------------------------------


def test_stream_of_unknown_length_is_chunked():
    connection = asked()
    out = stream(connection, parts=[b"hello", b"", b" " * 17])
    assert (
        out
        == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n11\r\n" + b" " * 17 + b"\r\n0\r\n\r\n"
    )
    assert not connection.must_close


def test_stream_to_http10_ends_with_the_connection():
    """RFC 9112 §6.1: no transfer coding to a client of HTTP/1.0."""
    for request in (GET10, GET10_KEPT):
        connection = asked(request)
        assert stream(connection, parts=[b"hello"]) == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
        assert connection.must_close


def test_stream_with_a_length_of_the_application():
    connection = asked()
    assert stream(connection, headers=[("Content-Length", "5")], parts=[b"he", b"llo"]) == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    )
    assert not (connection.overrun or connection.underrun or connection.must_close)


@pytest.mark.parametrize("parts", [[b"hello world"], [b"hel", b"lo", b" world"], [b"hello", b" world"]])
def test_too_much_content_is_cut(parts):
    connection = asked()
    out = stream(connection, headers=[("Content-Length", "5")], parts=parts)
    assert out.endswith(b"\r\n\r\nhello")
    assert connection.overrun
    assert not connection.underrun
    assert not connection.must_close
    connection.start_next_cycle()
    assert not connection.overrun


def test_too_little_content_closes():
    connection = asked()
    assert stream(connection, headers=[("Content-Length", "5")], parts=[b"hel"]).endswith(b"\r\n\r\nhel")
    assert connection.underrun
    assert connection.must_close
    with pytest.raises(RuntimeError):
        connection.start_next_cycle()


def test_whole_answer_with_a_wrong_length():
    connection = asked()
    assert connection.render_response("200 OK", [("Content-Length", "2")], b"hello", **NONE).endswith(b"\r\n\r\nhe")
    assert connection.overrun and not connection.must_close
    connection = asked()
    assert connection.render_response("200 OK", [("Content-Length", "9")], b"hello", **NONE).endswith(b"\r\n\r\nhello")
    assert connection.underrun and connection.must_close


def test_a_length_known_to_be_wrong_is_announced_to_close():
    """RFC 9112 §9.6: the head says `close` whenever it is known that the connection will be closed."""
    connection = asked()
    out = connection.render_response("200 OK", [("Content-Length", "9")], b"hello", **NONE)
    assert out == b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhello"
    out = asked().render_response("200 OK", [("Content-Length", "2")], b"hello", **NONE)
    assert b"Connection" not in out
    out = asked(HEAD).render_response("200 OK", [("Content-Length", "9")], b"hello", **NONE)
    assert b"Connection" not in out


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "205 Reset Content"])
def test_status_without_content(status):
    for length in (None, 5):
        connection = asked()
        out = stream(connection, status, parts=[b"hello"], length=length)
        assert b"hello" not in out
        assert b"Transfer-Encoding" not in out
        assert not connection.response_has_body
        assert not connection.must_close


def test_204_has_no_length():
    """RFC 9110 §8.6."""
    out = asked().render_response("204 No Content", [("Content-Length", "5"), ("X", "y")], b"hello", **NONE)
    assert out == b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"


def test_205_says_that_it_is_empty():
    """RFC 9110 §15.3.6."""
    assert b"Content-Length: 0\r\n" in asked().render_response(
        "205 Reset Content", [("Content-Length", "5")], b"hello", **NONE
    )


def test_304_keeps_a_length_but_gets_none():
    """RFC 9110 §8.6: it would be the length of a 200."""
    assert b"Content-Length: 5\r\n" in asked().render_response(
        "304 Not Modified", [("Content-Length", "5")], b"", **NONE
    )
    assert b"Content-Length" not in asked().render_response("304 Not Modified", [], b"", **NONE)


def test_head_has_the_fields_of_get():
    """RFC 9110 §9.3.2."""
    assert asked(HEAD).render_response("200 OK", [("Content-Length", "5")], b"", **NONE) == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    )
    assert (
        asked(HEAD).render_response("200 OK", [], b"hello", **NONE) == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    )
    assert asked(HEAD).render_response("200 OK", [], b"", **NONE) == b"HTTP/1.1 200 OK\r\n\r\n"
    connection = asked(HEAD)
    assert stream(connection, parts=[b"hello"]) == b"HTTP/1.1 200 OK\r\n\r\n"
    assert not connection.must_close


def test_head_to_http10_kept_alive_stays_alive():
    connection = asked(b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert stream(connection) == b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n"
    assert not connection.must_close


def test_file_of_the_right_length():
    connection = asked()
    connection.render_head("200 OK", [], 10, **NONE)
    assert connection.admit_file(4) == 4
    assert connection.admit_file(6) == 6
    assert connection.render_end() == b""
    assert not connection.underrun


def test_file_that_is_too_long_or_too_short():
    connection = asked()
    connection.render_head("200 OK", [("Content-Length", "5")], 10, **NONE)
    assert connection.admit_file(10) == 5
    assert connection.overrun
    connection = asked()
    connection.render_head("200 OK", [], 10, **NONE)
    connection.admit_file(4)
    connection.render_end()
    assert connection.underrun and connection.must_close


def test_file_in_an_answer_without_content():
    connection = asked(HEAD)
    connection.render_head("200 OK", [], 5, **NONE)
    assert connection.admit_file(5) == 0


def test_file_that_ends_with_the_connection():
    connection = asked(GET10)
    connection.render_head("200 OK", [], None, **NONE)
    assert connection.admit_file(5) == 5
    connection.render_end()
    assert not connection.overrun and not connection.underrun


def test_file_only_where_nothing_is_framed():
    with pytest.raises(RuntimeError):
        asked().admit_file(1)
    connection = asked()
    connection.render_head("200 OK", [], None, **NONE)
    with pytest.raises(RuntimeError):
        connection.admit_file(5)


# ---- the connection's fate: RFC 9112 §9.3, §9.6 ----------------------------------------------------------------------


def test_close_is_said_whenever_it_is_done():
    asks = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    for request, headers, close in (
        (asks, [], False),
        (GET, [("connection", "Keep-Alive, CLOSE")], False),
        (GET, [], True),
        (GET10, [], False),
        (GET10_KEPT, [("Connection", "close")], False),
    ):
        connection = asked(request)
        out = connection.render_response("200 OK", headers, b"", close=close, **NONE)
        assert out.lower().count(b"connection:") == 1
        assert b"Connection: close\r\n" in out
        assert connection.must_close


def test_kept_alive_http10_is_told():
    connection = asked(GET10_KEPT)
    out = connection.render_response("200 OK", [], b"hello", **NONE)
    assert b"Connection: keep-alive\r\n" in out
    assert not connection.must_close


def test_next_request_waits_for_the_answer():
    connection = H1Connection(H1Limits())
    connection.receive_data(GET + b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
    first = connection.next_event()
    assert connection.next_event() is PAUSED
    assert connection.has_buffered
    with pytest.raises(RuntimeError):
        connection.start_next_cycle()
    connection.render_response("200 OK", [], b"", **NONE)
    assert connection.head is first
    connection.start_next_cycle()
    assert connection.head is None
    second = connection.next_event()
    assert isinstance(second, RequestHead) and second.target == "/2"
    assert not connection.has_buffered


def test_next_request_waits_for_the_content():
    connection = H1Connection(H1Limits())
    connection.receive_data(POST + b"he")
    connection.next_event()
    connection.render_response("200 OK", [], b"", **NONE)
    with pytest.raises(RuntimeError, match="content"):
        connection.start_next_cycle()


def begun(data: bytes) -> H1Connection:
    """A connection that has read a request's head."""
    connection = H1Connection(H1Limits())
    connection.receive_data(data)
    assert isinstance(connection.next_event(), RequestHead)
    return connection


def test_content_that_has_come_is_taken_at_once():
    connection = begun(POST + b"abcde" + GET)
    assert connection.take_content(4) is None
    assert connection.take_content(5) == b"abcde"
    assert (connection.body_received, connection.is_body_complete, connection.has_buffered) == (5, True, True)
    assert connection.next_event() is PAUSED
    assert connection.take_content(5) is None
    connection.render_response("200 OK", [], b"", **NONE)
    connection.start_next_cycle()
    assert isinstance(connection.next_event(), RequestHead)
    assert connection.body_received == 0


@pytest.mark.parametrize(
    "data", [GET, POST + b"abcd", POST.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n"]
)
def test_content_that_is_not_there_is_not_taken(data):
    connection = begun(data)
    before = connection.has_buffered
    assert connection.take_content(1 << 20) is None
    assert connection.has_buffered is before


def test_content_of_which_some_was_handed_over_is_not_taken():
    connection = begun(POST + b"a")
    assert connection.next_event().data == b"a"
    connection.receive_data(b"bcde")
    assert connection.take_content(1 << 20) is None
    assert connection.next_event().data == b"bcde"


def test_facts_do_not_leak_into_the_next_request():
    connection = asked(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n1\r\nx\r\n0\r\nX: y\r\n\r\n"
        + HEAD
        + GET10_KEPT
        + GET
    )
    connection.render_response("200 OK", [], b"", **NONE)
    for is_head, is_http10 in ((True, False), (False, True), (False, False)):
        connection.start_next_cycle()
        connection.next_event()
        assert connection.is_head_method is is_head
        assert connection.is_http10 is is_http10
        assert not connection.has_body and not connection.is_chunked and not connection.expects_continue
        assert connection.content_length is None
        assert connection.trailers == []
        assert connection.body_received == 0
        connection.render_response("200 OK", [], b"", **NONE)


def test_end_of_input_between_requests():
    connection = asked()
    connection.receive_eof()
    assert connection.next_event() is PAUSED
    connection.render_response("200 OK", [], b"", **NONE)
    connection.start_next_cycle()
    assert connection.next_event() is CLOSED
    assert connection.next_event() is CLOSED


def test_end_of_input_at_once_and_behind_an_empty_line():
    for data in (b"", b"\r\n"):
        connection = H1Connection(H1Limits())
        connection.receive_data(data)
        assert connection.next_event() is NEED_DATA
        connection.receive_eof()
        assert connection.next_event() is CLOSED


def test_take_buffered_after_a_switch_of_protocols():
    connection = asked(GET + b"\x81\x05hello")
    assert connection.take_buffered() == b"\x81\x05hello"
    assert not connection.has_buffered
    assert connection.take_buffered() == b""


# ---- interim answers -------------------------------------------------------------------------------------------------

EXPECTING = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"


def test_continue_once():
    connection = H1Connection(H1Limits())
    connection.receive_data(EXPECTING)
    connection.next_event()
    assert connection.expects_continue
    assert connection.render_continue() == CONTINUE
    assert connection.render_continue() == b""


def test_no_continue_once_content_has_come():
    """RFC 9110 §10.1.1."""
    connection = H1Connection(H1Limits())
    connection.receive_data(EXPECTING + b"h")
    connection.next_event()
    assert connection.render_continue() == b""
    assert isinstance(connection.next_event(), Data)
    assert connection.render_continue() == b""


def test_no_continue_without_expectation_or_behind_the_answer():
    assert asked().render_continue() == b""
    connection = H1Connection(H1Limits())
    connection.receive_data(EXPECTING)
    connection.next_event()
    connection.render_head("200 OK", [], 0, **NONE)
    assert connection.render_continue() == b""


def test_refusing_an_expectation_closes():
    """RFC 9110 §10.1.1: the client may send the content or not; nobody can tell it from the next request."""
    connection = H1Connection(H1Limits())
    connection.receive_data(EXPECTING)
    connection.next_event()
    out = connection.render_response("401 Unauthorized", [], b"", **NONE)
    assert b"Connection: close\r\n" in out
    assert connection.must_close


def test_expectation_met_keeps_the_connection():
    connection = H1Connection(H1Limits())
    connection.receive_data(EXPECTING)
    connection.next_event()
    connection.render_continue()
    connection.receive_data(b"hello")
    assert isinstance(connection.next_event(), Data)
    assert connection.next_event() is END_OF_BODY
    connection.render_response("200 OK", [], b"", **NONE)
    connection.start_next_cycle()
    connection.receive_data(EXPECTING)
    connection.next_event()
    assert connection.render_continue() == CONTINUE


def test_informational():
    connection = asked()
    assert (
        connection.render_informational("103 Early Hints", [("Link", "</a>")])
        == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    )
    assert b"103" not in connection.render_response("200 OK", [], b"", **NONE)


def test_an_application_may_ask_for_the_content_itself():
    connection = H1Connection(H1Limits())
    connection.receive_data(EXPECTING)
    connection.next_event()
    assert connection.render_informational("100 Continue", []) == CONTINUE
    assert connection.render_continue() == b""
    connection.render_head("200 OK", [], 0, **NONE)
    assert not connection.must_close


def test_no_informational_to_http10():
    assert asked(GET10).render_informational("103 Early Hints", []) == b""


@pytest.mark.parametrize("status", ["101 Switching Protocols", "200 OK", "99 X", "1xx"])
def test_no_informational_of_other_statuses(status):
    with pytest.raises(ValueError):
        asked().render_informational(status, [])


def test_no_framing_in_an_informational():
    with pytest.raises(ValueError):
        asked().render_informational("103 Early Hints", [("Content-Length", "0")])


def test_no_informational_behind_the_answer():
    connection = asked()
    connection.render_head("200 OK", [], None, **NONE)
    with pytest.raises(RuntimeError):
        connection.render_informational("103 Early Hints", [])


# ---- what an application must not say --------------------------------------------------------------------------------

BAD_STATUSES = [
    "",
    "OK",
    "20 OK",
    "2000 OK",
    "200OK",
    " 200 OK",
    "200 OK\r\n",
    "200 O\nK",
    "200 \x00",
    "200 \u20ac",
    "099 X",
    "000 X",
    "600 X",
    "999 X",
    "2\xb20 X",
    "100 Continue",
    "101 Switching Protocols",
    "+20 OK",
    "200\tOK",
]
BAD_NAMES = ["", "a b", "a:", "a\r\n", "\u00e9", "a\x00", "a(b", " a", "a ", "\n", "\u20ac", "a\x7f"]
BAD_VALUES = ["a\r\nb", "a\nb", "a\rb", "a\x00", "\x07", "a\x7f", "\u20ac", "a\u2028b", "\x0b", "a\r\n", "\ud800"]
BAD_LENGTHS = ["", "-1", "+5", "5.0", "0x5", "\xb2", "5, 5", "5 5", "a", "1" * 19, "\u0665"]


@pytest.mark.parametrize("status", BAD_STATUSES)
def test_bad_status(status):
    check_refused(status, [])


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_name(name):
    for _ in range(2):  # the second time from the cache, if it had got there
        check_refused("200 OK", [("X", "y"), (name, "z")])


@pytest.mark.parametrize("value", BAD_VALUES)
@pytest.mark.parametrize(
    "name", ["X", "Content-Length", "Connection", "Date", "Server", "Transfer-Encoding", "Keep-Alive"]
)
def test_bad_value(name, value):
    check_refused("200 OK", [(name, value)])


@pytest.mark.parametrize("length", BAD_LENGTHS)
def test_bad_length(length):
    check_refused("200 OK", [("Content-Length", length)])


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Length", "5"), ("Content-Length", "6")],
        [("Transfer-Encoding", "gzip")],
        [("Transfer-Encoding", "gzip, chunked")],
        [("TE", "trailers")],
        [("Trailer", "X")],
    ],
    ids=repr,
)
def test_fields_that_are_the_servers(headers):
    check_refused("200 OK", headers)


def check_refused(status, headers):
    """ValueError, nothing rendered, and another answer still possible (RFC 9110 §15.6.1)."""
    connection = asked()
    with pytest.raises(ValueError):
        connection.render_head(status, headers, 0, **NONE)
    assert not connection.has_started
    out = connection.render_response("500 Internal Server Error", [], b"", **NONE)
    assert out == b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


def test_caches_are_bounded():
    """An application that makes up names and reasons must not fill the memory with them."""
    from demijohn.wire.h1 import answer

    for number in range(3000):
        out = asked().render_response(f"200 Reason {number}", [(f"X-{number}", "y")], b"", **NONE)
        assert f"X-{number}: y".encode() in out
    assert len(answer._names) <= 1024
    assert len(answer.KNOWN_STATUSES) <= 1024
    # Nor keep what others use out of the caches.
    assert "200 Reason 2999" in answer.KNOWN_STATUSES
    assert "X-2999" in answer._names


def test_what_is_long_is_not_kept():
    from demijohn.wire.h1 import answer

    status, name = "200 " + "R" * 2000, "X-" + "N" * 2000
    assert (
        asked()
        .render_response(status, [(name, "y")], b"", **NONE)
        .startswith(f"HTTP/1.1 {status}\r\n{name}: y".encode())
    )
    assert status not in answer.KNOWN_STATUSES
    assert name not in answer._names


def test_messages_of_refusals_do_not_hold_values():
    with pytest.raises(ValueError) as caught:
        asked().render_head("200 OK", [("X", "secret\n")], 0, **NONE)
    assert "secret" not in str(caught.value)


def test_hop_by_hop_fields_are_the_servers():
    """COMPAT: set by many applications and by views that pass on an answer of another server."""
    headers = [
        ("Connection", "keep-alive"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "close"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "2"),
        ("content-length", "2"),
    ]
    assert (
        asked().render_response("200 OK", headers, b"ok", **NONE) == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    )


def test_426_offers_an_upgrade():
    """RFC 9110 §15.5.22."""
    out = asked().render_response("426 Upgrade Required", [("Upgrade", "websocket")], b"", **NONE)
    assert b"Upgrade: websocket\r\n" in out
    assert b"Connection: upgrade\r\n" in out


def test_one_answer_only():
    connection = asked()
    connection.render_response("200 OK", [], b"", **NONE)
    with pytest.raises(RuntimeError):
        connection.render_head("200 OK", [], 0, **NONE)
    with pytest.raises(RuntimeError):
        connection.render_data(b"x")
    with pytest.raises(RuntimeError):
        connection.render_end()
    with pytest.raises(RuntimeError):
        asked().render_data(b"x")
    with pytest.raises(RuntimeError):
        asked().render_end()


# ---- rejections ------------------------------------------------------------------------------------------------------


def rejected(data: bytes) -> tuple[H1Connection, ProtocolReject]:
    connection = H1Connection(H1Limits())
    connection.receive_data(data)
    with pytest.raises(ProtocolReject) as caught:
        while connection.next_event() is not NEED_DATA:
            pass
    return connection, caught.value


def test_reject_is_a_whole_answer():
    connection, reject = rejected(b"GET / HTTP/1.1\r\n\r\n")
    out = connection.render_reject(reject, **STAMPS)
    (response,) = parse_responses(out, ["GET"])
    assert response.status == 400
    assert response.fields["connection"] == "close"
    assert response.fields["content-type"] == "text/plain; charset=utf-8"
    assert b"RFC 9112 \xc2\xa73.2" in response.body
    assert connection.must_close
    assert connection.render_reject(reject, **STAMPS) == b""


@pytest.mark.parametrize("target", [b"https://b/x", b"HTTPS://b"])
def test_https_is_for_secure_connections(target):
    """RFC 9110 §7.4: 421, unless the connection is secured, which its owner knows."""
    request = b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    connection, reject = rejected(request)
    assert (reject.status, reject.rfc) == (421, "RFC 9110 §7.4")
    assert connection.render_reject(reject, **NONE).startswith(b"HTTP/1.1 421 Misdirected Request\r\n")
    connection = H1Connection(H1Limits())
    connection.is_secure = True
    connection.receive_data(request + request)
    for _ in range(2):
        event = connection.next_event()
        assert isinstance(event, RequestHead) and event.authority == "b"
        connection.render_response("200 OK", [], b"", **NONE)
        connection.start_next_cycle()


def test_http_is_for_every_connection():
    connection = H1Connection(H1Limits())
    connection.is_secure = True
    connection.receive_data(b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n")
    assert isinstance(connection.next_event(), RequestHead)


def test_reject_does_not_reflect():
    for data in (
        b"GET /<script> HTTP/1.1\r\nHost: <script>\r\n\r\n",
        b"GET /<script> <script>\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n<script>\r\n",
    ):
        connection, reject = rejected(data)
        assert b"script" not in connection.render_reject(reject, **NONE)


@pytest.mark.parametrize(
    "data", [b"HEAD / HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.1\r\nHost: a\r\nX\r\n", b"HEAD * HTTP/1.1\r\nHost: a\r\n\r\n"]
)
def test_reject_of_head_has_no_content(data):
    connection, reject = rejected(data)
    out = connection.render_reject(reject, **NONE)
    assert out.endswith(b"\r\n\r\n")
    assert b"Content-Length: 0" not in out


def test_reject_behind_head_has_content():
    connection = asked(HEAD + b"GET\r\n")
    connection.render_response("200 OK", [], b"", **NONE)
    connection.start_next_cycle()
    with pytest.raises(ProtocolReject) as caught:
        connection.next_event()
    assert b"\r\n\r\n400 Bad Request" in connection.render_reject(caught.value, **NONE)


def test_reject_behind_a_begun_answer_is_silent():
    connection = H1Connection(H1Limits())
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
    connection.next_event()
    connection.render_head("200 OK", [], None, **NONE)
    with pytest.raises(ProtocolReject) as caught:
        connection.next_event()
    assert connection.render_reject(caught.value, **NONE) == b""
    assert connection.must_close


def test_reject_of_the_driver():
    """Deadlines are the driver's to see; it rejects in the same way."""
    connection = H1Connection(H1Limits())
    connection.receive_data(b"GET")
    out = connection.render_reject(ProtocolReject(408, "too slow", "RFC 9110 §15.5.9"), **NONE)
    assert out.startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_nothing_is_read_behind_a_rejection():
    connection, _ = rejected(b"GET\r\n" + GET)
    assert connection.next_event() is CLOSED
    connection.receive_data(GET)
    assert connection.next_event() is CLOSED
    assert not connection.has_buffered
    connection.receive_eof()
    assert connection.next_event() is CLOSED
    with pytest.raises(RuntimeError):
        connection.start_next_cycle()


def test_every_status_of_a_rejection_has_a_reason():
    from ...corpus.http1.cases import load

    statuses = {case.expected["status"] for case in load("reject")}
    assert statuses == {400, 413, 414, 417, 421, 431, 501, 505}
    for status in statuses | {408, 503, 507}:
        out = H1Connection(H1Limits()).render_reject(ProtocolReject(status, "x", "y"), **NONE)
        assert b"Refused" not in out
