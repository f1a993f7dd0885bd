"""RecordingExchange holds handlers to the rules of Exchange, so it must be strict itself."""

import tempfile

import pytest

from demijohn.seam import ClientDisconnected, FileSegment
from demijohn.testing import RecordingExchange


def test_request():
    exchange = RecordingExchange("POST", "/a?b", {"X-A": "1"}, b"body")
    assert (exchange.head.method, exchange.head.path, exchange.head.query) == ("POST", "/a", "b")
    assert exchange.head.get(b"host") == "localhost"
    assert exchange.head.get(b"content-length") == "4"
    assert exchange.body.read() == b"body"
    assert RecordingExchange(headers=[("host", "h")]).head.get(b"host") == "h"


def test_no_answer():
    with pytest.raises(RuntimeError, match="without a finished answer"):
        RecordingExchange().run(lambda exchange: None)
    with pytest.raises(RuntimeError, match="without a finished answer"):
        RecordingExchange().run(lambda exchange: exchange.start("200 OK", []))


def test_two_answers():
    def handler(exchange):
        exchange.respond("200 OK", [], b"")
        exchange.respond("200 OK", [], b"")

    with pytest.raises(RuntimeError, match="already"):
        RecordingExchange().run(handler)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("OK", []),
        ("200 \n", []),
        ("100 Continue", []),
        ("200 OK", [("a b", "")]),
        ("200 OK", [("a", "\n")]),
        ("200 OK", [("a", "\u20ac")]),
    ],
)
def test_invalid_head_leaves_the_answer_open(status, headers):
    exchange = RecordingExchange()
    with pytest.raises(ValueError, match="status|name|value"):
        exchange.respond(status, headers, b"")
    assert not exchange.has_started


def test_push():
    exchange = RecordingExchange()
    for call in (lambda: exchange.write(b""), exchange.finish):
        with pytest.raises(RuntimeError, match="start"):
            call()
    exchange.start("200 OK", [])
    exchange.write(b"a")
    exchange.finish()
    for call in (lambda: exchange.write(b""), exchange.finish):
        with pytest.raises(RuntimeError, match="not finished"):
            call()
    assert exchange.body_sent == b"a"


def test_write_to_a_client_that_left():
    exchange = RecordingExchange(gone_after=2)
    exchange.start("200 OK", [])
    exchange.write(b"ab")
    assert exchange.disconnected
    with pytest.raises(ClientDisconnected):
        exchange.write(b"c")


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")]
)
def test_answers_without_a_body(method, status):
    exchange = RecordingExchange(method)
    exchange.respond(status, [], b"")
    assert exchange.pieces == []
    assert (exchange.header("content-length") is None) is (status != "200 OK")


def test_file_is_read_and_closed():
    with tempfile.TemporaryFile() as file:
        file.write(b"0123456789")
        file.flush()
        exchange = RecordingExchange()
        exchange.send_file("200 OK", [], FileSegment(file, 2, 3))
        assert file.closed
    assert exchange.body_sent == b"234"
    assert exchange.header("content-length") == "3"


def test_interim_answers():
    exchange = RecordingExchange()
    exchange.inform("103 Early Hints", [("Link", "x")])
    assert exchange.informed == [("103 Early Hints", [("Link", "x")])]
    with pytest.raises(ValueError, match="interim"):
        exchange.inform("200 OK", [])
    exchange.respond("200 OK", [], b"")
    with pytest.raises(RuntimeError, match="before"):
        exchange.inform("103 Early Hints", [])
    old = RecordingExchange(version=(1, 0))
    old.inform("103 Early Hints", [])
    assert old.informed == []


def test_abort_closes_the_stream():
    closed = []

    class Chunks:
        def __iter__(self):
            raise AssertionError("not pulled for HEAD")

        def close(self):
            closed.append(True)

    exchange = RecordingExchange("HEAD")
    exchange.stream("200 OK", [], Chunks())
    assert closed == [True]
    other = RecordingExchange().run(lambda exchange: exchange.abort())
    assert other.is_aborted
