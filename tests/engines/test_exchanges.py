"""What a handler may do with an exchange, over real sockets, on every runner."""

import logging
import os
import tempfile
import threading

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn.seam import ClientDisconnected, FileSegment

pytestmark = pytest.mark.over_tls

TEXT = [("Content-Type", "text/plain")]


def hello(exchange):
    exchange.respond("200 OK", TEXT, b"hello " + exchange.head.path.encode())


def test_keep_alive_serves_many_requests_on_one_connection(runner):
    with serving(hello, runner) as running, Client(running) as client:
        for number in range(50):
            answer = client.get(f"/{number}")
            assert (answer.status, answer.body) == (200, b"hello /%d" % number)
            assert answer.headers["server"] == "demijohn"
            assert answer.headers["date"].endswith("GMT")
        assert running.server.stats.connections_accepted == 1
        assert running.server.stats.requests == 50


def test_pipelined_requests_are_answered_in_order(runner):
    with serving(hello, runner) as running, Client(running) as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(100)))
        assert [client.read_answer().body for _ in range(100)] == [b"hello /%d" % number for number in range(100)]


def test_bytes_may_come_one_by_one(runner):
    with serving(hello, runner) as running, Client(running) as client:
        for byte in b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n":
            client.send(bytes([byte]))
        assert client.read_answer().body == b"hello /slow"


def test_head_has_the_fields_and_no_body(runner):
    with serving(hello, runner) as running, Client(running) as client:
        answer = client.request("HEAD", "/x")
        assert answer.headers["content-length"] == "8"
        assert client.get("/y").body == b"hello /y"


def test_http_1_0_closes_unless_asked(runner):
    with serving(hello, runner) as running:
        with Client(running) as client:
            client.send(b"GET /a HTTP/1.0\r\n\r\n")
            assert client.read_answer().headers["connection"] == "close"
            assert client.is_closed()
        with Client(running) as client:
            client.send(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert client.read_answer().headers["connection"] == "keep-alive"
            assert client.get("/b").body == b"hello /b"


def test_connection_close_is_honoured_both_ways(runner):
    def closing(exchange):
        exchange.respond("200 OK", [("Connection", "close")], b"bye")

    with serving(hello, runner) as running, Client(running) as client:
        answer = client.get("/", Connection="close")
        assert answer.headers["connection"] == "close"
        assert client.is_closed()
    with serving(closing, runner) as running, Client(running) as client:
        assert client.get("/").headers["connection"] == "close"
        assert client.is_closed()


def test_keep_alive_zero_closes_after_each_answer(runner):
    with serving(hello, runner, keep_alive=0) as running, Client(running) as client:
        assert client.get("/").headers["connection"] == "close"
        assert client.is_closed()


@pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_000])
def test_bodies_arrive_whole(runner, size):
    def echo(exchange):
        assert exchange.body.remaining == size
        exchange.respond("200 OK", [], exchange.body.read())

    data = os.urandom(size)
    with serving(echo, runner, body_memory_bytes=100_000) as running, Client(running) as client:
        for _ in range(2):
            assert client.request("POST", "/", data).body == data


def test_a_chunked_body_arrives_whole_however_it_is_cut(runner):
    def echo(exchange):
        exchange.respond("200 OK", [], exchange.body.read())

    with serving(echo, runner) as running, Client(running) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-T: 1\r\n\r\n":
            client.send(bytes([byte]))
        assert client.read_answer().body == b"hello world"
        assert client.request("POST", "/", b"next").body == b"next"


def test_expect_is_answered_once_before_the_body(runner):
    def echo(exchange):
        exchange.respond("200 OK", [], exchange.body.read())

    with serving(echo, runner) as running, Client(running) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.read_head() == (100, {})
        client.send(b"body")
        assert client.read_answer().body == b"body"


def test_a_stream_is_chunked_and_closed_once(runner):
    closed = []

    class Chunks:
        def __iter__(self):
            yield b"one "
            yield b""
            yield b"two"

        def close(self):
            closed.append(threading.current_thread().name)

    with (
        serving(lambda exchange: exchange.stream("200 OK", TEXT, Chunks()), runner) as running,
        Client(running) as client,
    ):
        answer = client.get("/")
        assert answer.headers["transfer-encoding"] == "chunked"
        assert answer.body == b"one two"
        assert len(closed) == 1
        assert client.request("HEAD", "/").body == b""
        assert len(closed) == 2


def test_a_stream_waits_for_a_slow_client_without_holding_a_thread(runner):
    """A client that does not read stops the pulling; others are answered meanwhile, even by a single thread."""
    pulled = []
    total = 400
    chunk = b"x" * 65_536

    def handler(exchange):
        if exchange.head.path == "/stream":

            def chunks():
                for number in range(total):
                    pulled.append(number)
                    yield chunk

            exchange.stream("200 OK", [], chunks())
        else:
            hello(exchange)

    with serving(handler, runner, threads=1) as running:
        with Client(running) as slow, Client(running) as other:
            slow.send(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            slow.read_head()
            for _ in range(20):
                assert other.get("/x").body == b"hello /x"
            assert len(pulled) < total, "the whole stream was pulled although nobody reads it"
            assert sum(len(data) for data in slow.chunks()) == total * len(chunk)
            assert slow.get("/y").body == b"hello /y"


def test_a_stream_is_closed_when_its_client_goes_away(runner):
    closed = threading.Event()

    def handler(exchange):
        def chunks():
            try:
                while True:
                    yield b"x" * 65_536
            finally:
                closed.set()

        exchange.stream("200 OK", [], chunks())

    with serving(handler, runner, threads=2) as running:
        client = Client(running)
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read_head()
        client.close()
        assert closed.wait(TIMEOUT)


def test_files_are_sent_in_part(runner):
    content = os.urandom(300_000)

    def handler(exchange):
        file = tempfile.TemporaryFile()
        file.write(content)
        file.flush()
        files.append(file)
        exchange.send_file("200 OK", [], FileSegment(file, 1000, 250_000))

    files = []
    with serving(handler, runner) as running, Client(running) as client:
        for _ in range(3):
            assert client.get("/").body == content[1000:251_000]
        assert client.request("HEAD", "/").headers["content-length"] == "250000"
        client.get("/")
    assert all(file.closed for file in files)


def test_a_small_file_that_has_become_shorter_cuts_the_answer(runner, caplog):
    def handler(exchange):
        file = tempfile.TemporaryFile()
        file.write(b"x" * 100)
        file.flush()
        files.append(file)
        exchange.send_file("200 OK", [], FileSegment(file, 10, 1000 if exchange.head.target == "/cut" else 20))

    files = []
    with serving(handler, runner) as running:
        with Client(running) as client:
            assert client.get("/").body == b"x" * 20
            with pytest.raises((EOFError, OSError, AssertionError)):
                client.get("/cut")
        with Client(running) as client:
            assert client.get("/").body == b"x" * 20
    assert "An answer was cut" in caplog.text
    assert all(file.closed for file in files)


def test_pushed_answers_and_interim_ones(runner):
    def handler(exchange):
        exchange.inform("103 Early Hints", [("Link", "</style.css>; rel=preload")])
        exchange.start("200 OK", TEXT)
        for number in range(3):
            exchange.write(b"%d," % number)
        exchange.finish()

    with serving(handler, runner) as running, Client(running) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        status, headers = client.read_head()
        assert (status, headers["link"]) == (103, "</style.css>; rel=preload")
        assert client.read_answer().body == b"0,1,2,"
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        answer = client.read_answer()
        assert (answer.status, answer.body) == (200, b"0,1,2,")


def test_a_writer_learns_that_its_client_has_gone(threaded_runner):
    outcome = []
    over = threading.Event()

    def handler(exchange):
        exchange.start("200 OK", TEXT)
        try:
            while True:
                exchange.write(b"x" * 65_536)
        except ClientDisconnected:
            outcome.append(exchange.disconnected)
            raise
        finally:
            over.set()

    with serving(handler, threaded_runner) as running:
        client = Client(running)
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read_head()
        client.close()
        assert over.wait(TIMEOUT)
    assert outcome == [True]


def test_disconnected_is_seen_while_the_handler_runs(threaded_runner):
    seen = threading.Event()
    entered = threading.Event()

    def handler(exchange):
        entered.set()
        while not exchange.disconnected:
            if seen.wait(0.005):
                break
        seen.set()
        exchange.respond("200 OK", [], b"")

    with serving(handler, threaded_runner) as running:
        client = Client(running)
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert entered.wait(TIMEOUT)
        assert not seen.is_set()
        client.close()
        assert seen.wait(TIMEOUT)


# ---------------------------------------------------------------- faults of the application


@pytest.mark.parametrize("error", [ValueError("secret detail"), SystemExit(3), SystemExit(0), MemoryError()])
def test_an_exception_before_the_head_is_a_500_that_tells_nothing(runner, error, caplog):
    def handler(exchange):
        if exchange.head.path == "/boom":
            raise error
        hello(exchange)

    with serving(handler, runner) as running, Client(running) as client:
        answer = client.get("/boom")
        assert answer.status == 500
        assert b"secret" not in answer.body
        assert client.get("/after").body == b"hello /after"
    assert "GET /boom: error in the application" in caplog.text


def test_an_exception_after_the_head_cuts_the_answer(runner, caplog):
    def handler(exchange):
        def chunks():
            yield b"part"
            raise ValueError("too late")

        exchange.stream("200 OK", TEXT, chunks())

    with serving(handler, runner) as running, Client(running) as client:
        with pytest.raises((EOFError, ConnectionResetError, AssertionError)):
            client.get("/")
        with Client(running) as other:
            with pytest.raises((EOFError, ConnectionResetError, AssertionError)):
                other.get("/")
    assert "too late" in caplog.text


def test_no_answer_and_a_second_answer_are_errors_of_the_handler(runner, caplog):
    def handler(exchange):
        if exchange.head.path == "/none":
            return
        if exchange.head.path == "/unfinished":
            exchange.start("200 OK", TEXT)
            return
        exchange.respond("200 OK", TEXT, b"first")
        exchange.respond("200 OK", TEXT, b"second")

    with serving(handler, runner) as running:
        with Client(running) as client:
            assert client.get("/none").status == 500
        with Client(running) as client, pytest.raises((EOFError, ConnectionResetError, AssertionError)):
            client.get("/unfinished")
        with Client(running) as client:
            assert client.get("/two").body == b"first"
            assert client.is_closed()
    assert "without an answer" in caplog.text
    assert "without calling finish" in caplog.text
    assert "has its answer already" in caplog.text


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", [("X", "a\r\nSet-Cookie: stolen=1")]),
        ("200 OK", [("X\r\nY", "a")]),
        ("200 OK\r\nX: y", []),
        ("200 OK", [("X", "nul\0")]),
        ("200 OK", [("X", "snow ☃")]),
        ("wat", []),
    ],
)
@pytest.mark.parametrize("way", ["respond", "stream", "start", "send_file"])
def test_nothing_invalid_reaches_the_wire(status, headers, way):
    def handler(exchange):
        if way == "respond":
            exchange.respond(status, headers, b"x")
        elif way == "stream":
            exchange.stream(status, headers, [b"x"])
        elif way == "start":
            exchange.start(status, headers)
        else:
            exchange.send_file(status, headers, FileSegment(tempfile.TemporaryFile(), 0, 0))

    with serving(handler, "inline") as running, Client(running) as client:
        answer = client.get("/")
        assert answer.status == 500
        assert "set-cookie" not in answer.headers
        assert client.get("/").status == 500


def test_too_long_a_body_is_cut_and_too_short_a_one_closes(runner, caplog):
    def handler(exchange):
        length, body = exchange.head.path[1:].split("/")
        headers = [("Content-Length", length)]
        if exchange.head.query:
            exchange.stream("200 OK", headers, [body.encode(), b"-more"])
        else:
            exchange.respond("200 OK", headers, body.encode())

    with serving(handler, runner) as running:
        with Client(running) as client:
            assert client.get("/3/abcdef").body == b"abc"
            assert client.get("/3/abcdef?stream").body == b"abc"
            with pytest.raises((AssertionError, ConnectionResetError)):
                client.get("/10/abc")
        with Client(running) as client, pytest.raises((AssertionError, ConnectionResetError)):
            client.get("/99/abc?stream")
    assert "longer; the rest was cut" in caplog.text
    assert "shorter; the connection is closed" in caplog.text


def test_answers_without_content_have_none(runner):
    def handler(exchange):
        exchange.respond(f"{exchange.head.path[1:]} X", TEXT, b"must not be seen")

    with serving(handler, runner) as running, Client(running) as client:
        for status in ("204", "304"):
            answer = client.get(f"/{status}")
            assert "transfer-encoding" not in answer.headers
        assert "content-length" not in client.get("/204").headers
        assert client.get("/200").body == b"must not be seen"


def test_the_access_log_has_a_line_per_answer(runner, caplog):
    with caplog.at_level(logging.INFO, logger="demijohn.access"):
        with serving(hello, runner, access_log=True) as running, Client(running) as client:
            client.get('/x"y')
            client.get("/z")
        lines = [record.getMessage() for record in caplog.records if record.name == "demijohn.access"]
    assert len(lines) == 2
    assert '"GET /x\\x22y HTTP/1.1" 200 10 ' in lines[0]
    assert lines[0].startswith("127.0.0.1 - - [")
