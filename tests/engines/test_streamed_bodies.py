"""Bodies that a handler reads while they arrive: started at the head, 100 at the first read, faults where they are read."""

import io
import logging
import socket
import threading
from collections import Counter

import pytest
from engines.oddities import JumpingClock, let_turn, links, reset, wait_until
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, request
from demijohn.doors.choose import handler_for
from demijohn.seam import BodyError, BodyTimeout, BodyTooLarge, ClientDisconnected, HandlerTimeout
from demijohn.serve.phase import Phase
from demijohn.wire.limits import H1Limits

TEXT = [("Content-Type", "text/plain")]


class Reader:
    """Reads as the path says, and says what it met."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.errors: list[str] = []

    def streams(self, head) -> bool:
        return head.path != "/buffered"

    def __call__(self, exchange) -> None:
        self.began.release()
        body, way = exchange.body, exchange.head.path[1:]
        try:
            if way == "ignore":
                data = b"ignored"
            elif way == "some":
                data = body.read(3)
            elif way == "lines":
                data = b"|".join(body)
            elif way == "pieces":
                data = b"|".join(iter(lambda: body.read(4), b""))
            elif way == "echo":
                exchange.stream("200 OK", TEXT, iter(lambda: body.read1(), b""))
                return
            else:
                data = body.read()
        except BodyError as error:
            self.errors.append(type(error).__name__)
            exchange.respond("400 Bad Request", TEXT, type(error).__name__.encode())
            return
        exchange.respond("200 OK", TEXT, data)


def post(path: str, framing: str = "Content-Length: 10", extra: str = "") -> bytes:
    return f"POST /{path} HTTP/1.1\r\nHost: a\r\n{framing}\r\n{extra}\r\n".encode()


@pytest.mark.over_tls
def test_the_handler_is_called_at_the_head_and_reads_what_comes(threaded_runner):
    reader = Reader()
    with serving(reader, threaded_runner, threads=2) as running, Client(running) as client:
        for _ in range(2):
            client.send(post("all"))
            assert reader.began.acquire(timeout=TIMEOUT)
            client.send(b"hello")
            client.send(b"world")
            assert client.read_answer().body == b"helloworld"


@pytest.mark.over_tls
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_every_way_of_reading(runner, framing):
    data = b"one\ntwo\n\nthree"
    expected = {
        "all": data,
        "lines": b"one\n|two\n|\n|three",
        "pieces": b"one\n|two\n|\nthr|ee",
        "buffered": data,
        "echo": data,
    }
    with serving(Reader(), runner, threads=2) as running, Client(running) as client:
        for way, body in expected.items():
            if framing == "length":
                client.send(post(way, "Content-Length: 14") + data)
            else:
                client.send(
                    post(way, "Transfer-Encoding: chunked") + b"5\r\none\nt\r\n9\r\nwo\n\nthree\r\n0\r\nX: y\r\n\r\n"
                )
            assert client.read_answer().body == body
        client.send(post("all", "Content-Length: 14") + data + post("lines", "Content-Length: 14") + data)
        assert client.read_answer().body == data
        assert client.read_answer().body == expected["lines"]


@pytest.mark.over_tls
def test_continue_is_sent_at_the_first_read(runner):
    reader = Reader()
    with serving(reader, runner, threads=2) as running, Client(running) as client:
        client.send(post("all", extra="Expect: 100-continue\r\n"))
        assert client.read_head()[0] == 100
        client.send(b"hello")
        assert reader.began.acquire(timeout=TIMEOUT)
        client.send(b"world")  # it waits again, and is told nothing again
        assert client.read_answer().body == b"helloworld"
        client.send(post("all", extra="Expect: 100-continue\r\n") + b"helloworld")
        assert client.read_answer().body == b"helloworld"


@pytest.mark.over_tls
def test_without_a_read_there_is_no_continue_and_no_next_request(runner):
    with serving(Reader(), runner, threads=2) as running, Client(running) as client:
        client.send(post("ignore", extra="Expect: 100-continue\r\n"))
        answer = client.read_answer()
        assert (answer.status, answer.body, answer.headers["connection"]) == (200, b"ignored", "close")
        assert client.is_closed()


@pytest.mark.over_tls
@pytest.mark.parametrize("way", ["ignore", "some"])
@pytest.mark.parametrize("is_early", [True, False], ids=["early", "late"])
def test_a_little_that_is_left_is_drained(runner, way, is_early):
    with serving(Reader(), runner, threads=2) as running, Client(running) as client:
        for _ in range(3):
            client.send(post(way) + (b"helloworld" if is_early else b"hel"))
            answer = client.read_answer()
            assert answer.body == (b"ignored" if way == "ignore" else b"hel")
            assert "connection" not in answer.headers
            if not is_early:
                client.send(b"loworld")
        client.send(post("all") + b"helloworld" + post("all") + b"helloworld")
        assert client.read_answer().body == b"helloworld"
        assert client.read_answer().body == b"helloworld"


@pytest.mark.over_tls
@pytest.mark.parametrize("framing", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_much_that_is_left_ends_the_connection(runner, framing):
    with serving(Reader(), runner, threads=2) as running, Client(running) as client:
        client.send(post("ignore", framing))
        assert client.read_answer().headers["connection"] == "close"
        assert client.is_closed()


@pytest.mark.over_tls
def test_a_broken_chunk_is_met_by_who_reads_it(runner, caplog):
    caplog.set_level(logging.INFO, "demijohn.error")
    reader = Reader()
    with serving(reader, runner, threads=2) as running, Client(running) as client:
        client.send(post("all", "Transfer-Encoding: chunked") + b"5\r\nhello\r\nnonsense\r\n" + post("ignore"))
        answer = client.read_answer()
        assert (answer.body, answer.headers["connection"]) == (b"BodyError", "close")
        assert client.is_closed()
    assert reader.errors == ["BodyError"]
    assert (
        "Refused a request's body of 127.0.0.1: 400 invalid chunk size or chunk extension (RFC 9112 §7.1)"
        in caplog.text
    )


@pytest.mark.over_tls
def test_too_much_is_met_by_who_reads_it(runner, caplog):
    caplog.set_level(logging.INFO, "demijohn.error")
    reader = Reader()
    with serving(reader, runner, threads=2, limits=H1Limits(body_bytes=8)) as running, Client(running) as client:
        client.send(post("all", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n")
        assert client.read_answer().body == b"BodyTooLarge"
        assert client.is_closed()
    assert "413 the content is too large (RFC 9110 §15.5.14)" in caplog.text


def test_a_client_that_ends_early_is_met_by_who_reads(runner):
    reader = Reader()
    with serving(reader, runner, threads=2) as running, Client(running) as client:
        client.send(post("all") + b"hello")
        client.sock.shutdown(socket.SHUT_WR)
        assert client.read_answer().body == b"ClientDisconnected"
        assert client.is_closed()


@pytest.mark.over_tls
def test_a_client_that_trickles_does_not_keep_the_thread(runner):
    """Each byte comes sooner than body_timeout, but is worth nothing."""
    reader = Reader()
    with serving(reader, runner, threads=2, body_timeout=0.2) as running, Client(running) as client:
        client.send(post("all", "Content-Length: 1000"))
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.02):
                try:
                    client.send(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        assert client.read_answer().body == b"BodyTimeout"
        stop.set()
        thread.join(TIMEOUT)


@pytest.mark.parametrize(
    ("error", "status"), [(BodyTooLarge("x"), 413), (BodyTimeout("x"), 408), (BodyError("x"), 400)], ids=[413, 408, 400]
)
def test_an_error_of_the_body_that_nobody_catches_is_the_clients(runner, error, status, caplog):
    def handler(exchange):
        raise error

    with serving(handler, runner, threads=2) as running, Client(running) as client:
        answer = client.get("/")
        assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert "Traceback" not in caplog.text


@pytest.mark.over_tls
def test_a_stream_may_be_answered_while_it_is_read(threaded_runner):
    with serving(Reader(), threaded_runner, threads=2) as running, Client(running) as client:
        client.send(post("echo", "Transfer-Encoding: chunked") + b"3\r\none\r\n")
        client.read_head()
        chunks = client.chunks()
        assert next(chunks) == b"one"
        client.send(b"3\r\ntwo\r\n")
        assert next(chunks) == b"two"
        client.send(b"0\r\n\r\n")
        assert list(chunks) == []


class Overstaying(Reader):
    """Waits for a body that does not come for as long as it may."""

    def __init__(self, catches: type[BaseException]) -> None:
        super().__init__()
        self.catches = catches
        self.left: list[str] = []
        self.has_left = threading.Semaphore(0)

    def __call__(self, exchange) -> None:
        exchange.on_disconnect(lambda: self.left.append("told"))
        self.began.release()
        try:
            if exchange.head.path == "/limited":
                exchange.limit_time(0.05)
            exchange.body.read()
        except self.catches as error:
            self.left.append(type(error).__name__)
            exchange.respond("200 OK", TEXT, b"mine")
        except BaseException as error:
            self.left.append(type(error).__name__)
            raise
        else:
            exchange.respond("200 OK", TEXT, b"whole")
        finally:
            self.has_left.release()


@pytest.mark.over_tls
@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("catches", [HandlerTimeout, ZeroDivisionError], ids=["caught", "not caught"])
def test_a_time_limit_reaches_who_waits_for_a_body(runner, catches):
    """In time to make its own answer of it; else it is 504. Its thread is free then, and the connection is no more used."""
    handler = Overstaying(catches)
    with serving(handler, runner, threads=1) as running:
        with Client(running) as client:
            client.send(post("limited") + b"hello")
            answer = client.read_answer()
            if catches is HandlerTimeout:
                assert (answer.status, answer.body) == (200, b"mine")
            else:
                assert answer.status == 504
            # However little is left of the body: the interruption may have come while it was counted.
            assert answer.headers["connection"] == "close"
            client.send(b"world" + post("all"))
            assert client.is_closed()
        assert handler.left[0] == "HandlerTimeout"
        with Client(running) as other:
            other.send(post("all") + b"helloworld")
            assert other.read_answer().body == b"whole"


@pytest.mark.over_tls
def test_a_stop_waits_for_a_body_that_still_arrives(runner):
    with serving(Reader(), runner, threads=1) as running, Client(running) as client:
        client.send(post("all") + b"hello")
        wait_until(lambda: running.server.stats.requests)
        running.server.shutdown()
        if not runner.startswith("inline"):  # there the thread that would say so waits for the body
            let_turn(running)
        client.send(b"world")
        answer = client.read_answer()
        assert answer.body == b"helloworld"
        if not runner.startswith("inline"):
            assert answer.headers["connection"] == "close"
        assert client.is_closed()
        client.close()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()


@pytest.mark.slow
@pytest.mark.over_tls
def test_a_stop_whose_time_is_over_cuts_a_body_that_does_not_come(threaded_runner):
    handler, clock = Overstaying(ClientDisconnected), JumpingClock()
    with serving(handler, threaded_runner, clock, threads=1, drain_timeout=5, body_timeout=100) as running:
        with Client(running) as client:
            client.send(post("all") + b"hello")
            assert handler.began.acquire(timeout=TIMEOUT)
            running.server.shutdown()
            let_turn(running)
            clock.jump(7, running)
            assert client.is_closed()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()
        assert handler.has_left.acquire(timeout=TIMEOUT)
    assert "ClientDisconnected" in handler.left


@pytest.mark.over_tls
@pytest.mark.parametrize("way", ["end", "reset"])
def test_a_client_that_goes_while_its_body_is_read(runner, way):
    """Who reads learns of it at once, who asked to be told is told, and the thread is free."""
    handler = Overstaying(ZeroDivisionError)
    with serving(handler, runner, threads=1, body_timeout=100) as running:
        client = Client(running)
        client.send(post("all") + b"hello")
        assert handler.began.acquire(timeout=TIMEOUT)
        client.close() if way == "end" else reset(client)
        assert handler.has_left.acquire(timeout=TIMEOUT)
        wait_until(lambda: sorted(handler.left) == ["ClientDisconnected", "told"])
        with Client(running) as other:
            other.send(post("all") + b"helloworld")
            assert other.read_answer().body == b"whole"
        wait_until(lambda: not links(running))


@pytest.mark.slow
def test_200_slow_uploads_and_200_slow_readers_hold_no_thread(threaded_runner):
    large = bytes(2_000_000)

    def handler(exchange):
        exchange.respond("200 OK", TEXT, large if exchange.head.path == "/large" else b"small")

    with serving(handler, threaded_runner, threads=2) as running:
        running.listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # and so of those it accepts
        slow = [Client(running) for _ in range(400)]
        for number, client in enumerate(slow):
            if number % 2:
                client.send(post("upload", "Content-Length: 1000") + b"x")
            else:
                client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: Counter(link.phase for link in links(running)) == {Phase.BODY: 200, Phase.SENDING: 200})
        with Client(running) as fast:
            for _ in range(50):
                assert fast.get("/").body == b"small"
        for client in slow:
            client.close()
        wait_until(lambda: not links(running))


# ---------------------------------------------------------------- applications


def make_app() -> Demijohn:
    app = Demijohn(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1000
    app.arrived = threading.Semaphore(0)

    @app.post("/stream", stream_body=True)
    def stream():
        app.arrived.release()
        return request.stream.read()

    @app.post("/parts", stream_body=True)
    def parts():
        app.arrived.release()
        return ",".join(f"{part.name}={b''.join(part.iter_chunks()).decode()}" for part in request.iter_parts())

    @app.post("/form", stream_body=True)
    def form():
        app.arrived.release()
        return request.form["a"]

    @app.post("/plain")
    def plain():
        app.arrived.release()
        return request.get_data()

    return app


@pytest.mark.parametrize("way", ["stream", "parts", "form"])
def test_a_route_gets_its_body_while_it_arrives(threaded_runner, way):
    app = make_app()
    multipart = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
    body = {"stream": b"data", "form": b"a=1&b=2", "parts": multipart}[way]
    kind = {
        "stream": "text/plain",
        "form": "application/x-www-form-urlencoded",
        "parts": "multipart/form-data; boundary=b",
    }[way]
    with serving(handler_for(app), threaded_runner, threads=2) as running, Client(running) as client:
        for _ in range(2):
            client.send(post(way, f"Content-Length: {len(body)}", f"Content-Type: {kind}\r\n"))
            assert app.arrived.acquire(timeout=TIMEOUT)
            client.send(body)
            assert client.read_answer().body == {"stream": b"data", "form": b"1", "parts": b"a=1"}[way]


def test_other_routes_have_theirs_before(threaded_runner):
    app = make_app()
    with serving(handler_for(app), threaded_runner, threads=2) as running, Client(running) as client:
        client.send(post("plain") + b"hello")
        wait_until(lambda: links(running) and links(running)[0].h1.body_received == 5)
        assert not app.arrived.acquire(blocking=False)
        client.send(b"world")
        assert client.read_answer().body == b"helloworld"


def test_a_body_above_the_applications_limit_is_refused_before_it_is_read(runner):
    with serving(handler_for(make_app()), runner, threads=2) as running, Client(running) as client:
        client.send(post("plain", "Content-Length: 1000000", "Expect: 100-continue\r\n"))
        answer = client.read_answer()
        assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_a_foreign_application_reads_its_input_while_it_arrives(threaded_runner):
    called = threading.Semaphore(0)

    def application(environ, start_response):
        called.release()
        data = io.BufferedReader(io.BytesIO(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))).read()
        start_response("200 OK", TEXT)
        return [data]

    with (
        serving(handler_for(application), threaded_runner, threads=2, stream_bodies=True) as running,
        Client(running) as client,
    ):
        client.send(post("x"))
        assert called.acquire(timeout=TIMEOUT)
        client.send(b"hello")
        client.send(b"world")
        assert client.read_answer().body == b"helloworld"
