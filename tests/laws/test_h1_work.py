"""What reading and answering HTTP/1.1 costs: linear in the bytes, counted in calls and bytes searched instead of seconds."""

import sys

import pytest

from demijohn.wire import H1Limits
from demijohn.wire.h1 import END_OF_BODY, NEED_DATA, Data, H1Connection
from demijohn.wire.h1.scan import HeadScanner

from ..corpus.http1.cases import Driver, drive


def calls_of(function) -> int:
    """Count the calls, of Python's and of C's functions, that `function` makes."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        if event in {"call", "c_call"}:
            calls += 1

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls


def python_calls_of(function) -> int:
    """Count the Python functions that `function` enters, itself not counted."""
    entered = -1

    def count(frame, event, argument):
        nonlocal entered
        if event == "call":
            entered += 1

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return entered


def test_tiny_chunks_cost_linear_calls_and_few_events():
    def read(count: int) -> None:
        connection = H1Connection(H1Limits())
        connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.next_event()
        connection.receive_data(b"1\r\nx\r\n" * count + b"0\r\n\r\n")
        event = connection.next_event()
        assert isinstance(event, Data)
        assert event.data == b"x" * count
        assert connection.next_event() is END_OF_BODY

    few, many = calls_of(lambda: read(1_000)), calls_of(lambda: read(10_000))
    assert many < few * 10.5


def test_100_000_chunks_of_one_byte():
    outcome = drive(
        [b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"]
    )
    assert outcome.reject is None
    assert len(outcome.requests[0].body) == 100_000


class Watched(bytearray):
    """Counts how many bytes are searched for a line end."""

    searched = 0

    def find(self, what, start=0, end=None):
        Watched.searched += (len(self) if end is None else min(end, len(self))) - start
        return super().find(what, start, len(self) if end is None else end)


def test_a_head_byte_by_byte_is_searched_once():
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n"
    scanner = HeadScanner(H1Limits())
    buffer = Watched()
    Watched.searched = 0
    for at in range(len(head)):
        buffer += head[at : at + 1]
        if scanner.advance(buffer, 0) >= 0:
            break
    assert len(scanner.fields) == 2
    assert Watched.searched < 3 * len(head)


def test_received_bytes_are_not_copied():
    """PERF: content that arrives in its own pieces is handed on as the same objects."""
    connection = H1Connection(H1Limits())
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
    connection.next_event()
    for piece in (b"hel", b"lo "):
        connection.receive_data(piece)
        event = connection.next_event()
        assert isinstance(event, Data)
        assert event.data is piece


def test_a_huge_length_allocates_nothing():
    connection = H1Connection(H1Limits(body_bytes=None))
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999999\r\n\r\n")
    connection.next_event()
    assert connection.content_length == 10**18 - 1
    assert connection.next_event() is NEED_DATA
    assert not connection.has_buffered


def test_calls_of_a_plain_head():
    """The budget of the whole server rests on it: from the bytes to the head, with new fields, with known ones, and all the same."""
    connection = H1Connection(H1Limits())
    for target, agent, budget in (("/", "b", 8), ("/c", "b", 6), ("/c", "b", 4), ("/", "d", 8)):
        data = f"GET {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\r\n".encode()

        def read(data=data) -> None:
            connection.receive_data(data)
            connection.next_event()

        assert python_calls_of(read) <= budget
        assert connection.head is not None
        connection.render_response("200 OK", [], b"", date=b"", server=b"")
        connection.start_next_cycle()


def test_calls_of_a_plain_answer():
    connection = H1Connection(H1Limits())
    connection.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.next_event()
    headers = [("Content-Type", "text/plain"), ("Content-Length", "2")]
    connection.render_response("200 OK", headers, b"ok", date=b"D", server=b"S")
    connection.start_next_cycle()
    connection.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.next_event()
    assert python_calls_of(lambda: connection.render_response("200 OK", headers, b"ok", date=b"D", server=b"S")) <= 5


def test_many_pipelined_requests_cost_linear_calls():
    def read(count: int) -> None:
        driver = Driver()
        driver.feed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * count)
        assert len(driver.outcome.requests) == count

    few, many = calls_of(lambda: read(50)), calls_of(lambda: read(500))
    assert many < few * 10.5


ROOMY = H1Limits(
    request_line=10**6, head_bytes=10**6, field_count=10**5, leading_empty_lines=10**5, extension_bytes_total=10**6,
    trailer_bytes=10**6, trailer_count=10**5,
)  # fmt: skip
POST = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
SHAPES = {
    "target": lambda count: b"GET /" + b"a" * count + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "empty lines": lambda count: b"\r\n" * count + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "fields": lambda count: b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * count + b"\r\n",
    "fields of many names": lambda count: (
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: y\r\n" % number for number in range(count)) + b"\r\n"
    ),
    "spaces": lambda count: b"GET / HTTP/1.1\r\nHost: a\r\nX:" + b" " * count + b"y" + b" " * count + b"\r\n\r\n",
    "options": lambda count: b"GET / HTTP/1.1\r\nHost: a\r\nConnection: " + b"x," * count + b"\r\n\r\n",
    "content": lambda count: b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % count + b"x" * count,
    "chunks": lambda count: POST + b"1\r\nx\r\n" * count + b"0\r\n\r\n",
    "extensions": lambda count: POST + b"1;a=b ; c\r\nx\r\n" * count + b"0\r\n\r\n",
    "trailers": lambda count: POST + b"0\r\n" + b"X: y\r\n" * count + b"\r\n",
    "what is never ended": lambda count: b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * count,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("step", [1, 100, 1 << 20])
def test_four_times_the_bytes_cost_four_times_the_calls(shape, step):
    def read(count: int) -> None:
        data = SHAPES[shape](count)
        outcome = drive([data[at : at + step] for at in range(0, len(data), step)], ROOMY, eof=False)
        assert outcome.reject is None

    read(10)  # what is only done once
    few, many = calls_of(lambda: read(250)), calls_of(lambda: read(1000))
    assert many < few * 4.4
