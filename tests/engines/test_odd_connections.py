"""Connections that do what few clients do, and applications that fail where few do: each is answered or cut, never forgotten."""

import contextlib
import logging
import socket
import threading

import pytest
from engines.oddities import JumpingClock, reset, wait_until_readable
from engines.serving import TIMEOUT, Client, serving

from demijohn.seam import FileSegment

TEXT = [("Content-Type", "text/plain")]
GET = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"


def echo(exchange):
    exchange.respond("200 OK", TEXT, exchange.head.target.encode() + b" " + exchange.body.read())


# ---------------------------------------------------------------- pipelining


@pytest.mark.over_tls
@pytest.mark.parametrize("count", [5, 6, 7, 11, 50])
def test_pipelined_bodies_are_all_read(runner, count):
    data = b"".join(b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" % number for number in range(count))
    with serving(echo, runner) as running, Client(running) as client:
        client.sock.settimeout(5)
        client.send(data)
        assert [client.read_answer().body for _ in range(count)] == [b"/%d abc" % number for number in range(count)]


@pytest.mark.over_tls
def test_pipelined_requests_cut_anywhere_are_all_answered(runner):
    data = b"".join(
        GET % number + b"POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
        for number in range(40)
    )
    with serving(echo, runner) as running:
        for size in (len(data), 1000, 333, 77):
            with Client(running) as client:
                client.sock.settimeout(5)
                for at in range(0, len(data), size):
                    client.send(data[at : at + size])
                for number in range(40):
                    assert client.read_answer().body == b"/%d " % number
                    assert client.read_answer().body == b"/b hi"


def test_a_half_closed_client_gets_all_its_answers(runner):
    with serving(echo, runner) as running, Client(running) as client:
        client.send(b"".join(GET % number for number in range(100)))
        client.sock.shutdown(socket.SHUT_WR)
        assert [client.read_answer().body for _ in range(100)] == [b"/%d " % number for number in range(100)]
        assert client.is_closed()


def test_endless_pipelining_is_read_no_faster_than_it_is_answered_and_delays_nobody():
    """A client that only sends: what it sent and nobody looked at yet stays with it, not in our memory."""
    largest = 0
    answered = 0

    def handler(exchange):
        nonlocal largest, answered
        if exchange.head.target == "/other":
            exchange.respond("200 OK", TEXT, b"")
            return
        answered += 1
        h1 = exchange._line.h1
        largest = max(largest, len(h1._buffer) - h1._at)
        exchange.respond("204 X", [], b"")

    total = 20_000  # some hundred KiB: much more than may lie in our memory
    with serving(handler, "inline") as running, Client(running) as greedy, Client(running) as other:

        def send():
            greedy.send((GET % 1) * total)

        def read():
            heads = 0
            while heads < total:
                line = greedy.file.readline()
                assert line
                heads += line.startswith(b"HTTP/1.1 204")

        sender, reader = threading.Thread(target=send), threading.Thread(target=read)
        sender.start()
        reader.start()
        waits = []
        while reader.is_alive():
            before = answered
            assert other.get("/other").status == 200
            waits.append(answered - before)
        sender.join(TIMEOUT)
        reader.join(TIMEOUT)
    assert answered == total
    assert largest <= 2 * (64 << 10)
    # Between sending and being answered the other client sees a few turns of 16, whatever the greedy one has sent.
    assert sorted(waits)[len(waits) // 2] <= 16 * 64


@pytest.mark.over_tls
def test_expect_in_a_pipeline(runner):
    with serving(echo, runner) as running, Client(running) as client:
        post = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        client.send(GET % 1 + post)
        assert client.read_answer().body == b"/1 "
        assert client.read_head()[0] == 100
        client.send(b"ok" + GET % 2 + post + b"no" + GET % 3)  # does not wait the second time: no 100
        assert [client.read_answer().body for _ in range(4)] == [b"/p ok", b"/2 ", b"/p no", b"/3 "]
        client.send(GET % 4 + b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: magic\r\n\r\nno" + GET % 5)
        assert client.read_answer().body == b"/4 "
        assert client.read_answer().status == 417
        assert client.is_closed()


@pytest.mark.over_tls
def test_the_next_request_comes_bytewise_while_a_handler_runs(threaded_runner):
    go = threading.Semaphore(0)

    def handler(exchange):
        assert go.acquire(timeout=TIMEOUT)
        echo(exchange)

    with serving(handler, threaded_runner, threads=2) as running, Client(running) as client:
        client.send(GET % 0)
        for number in range(1, 6):
            for byte in GET % number:
                client.send(bytes([byte]))
            go.release()
            assert client.read_answer().body == b"/%d " % (number - 1)
        go.release()
        assert client.read_answer().body == b"/5 "


@pytest.mark.over_tls
@pytest.mark.parametrize("pause", [0, 1], ids=["fast", "slow"])
def test_after_every_kind_of_answer_the_next_is_in_order(runner, pause, tmp_path):
    """Pipelined requests behind streams and files, to a client that takes them at once or reads in drops."""
    size = 600_000
    (tmp_path / "f").write_bytes(b"f" * size)

    def handler(exchange):
        way = exchange.head.path[1:]
        if way == "stream":
            exchange.stream("200 OK", TEXT, (b"s" * 50_000 for _ in range(12)))
        elif way == "sized":
            exchange.stream("200 OK", [("Content-Length", str(size))], (b"s" * 50_000 for _ in range(12)))
        elif way == "file":
            exchange.send_file("200 OK", TEXT, FileSegment((tmp_path / "f").open("rb"), 0, size))
        elif way == "push":
            exchange.start("200 OK", TEXT)
            exchange.write(b"p" * 1000)
            exchange.finish()
        elif way == "none":
            exchange.stream("204 No Content", [], [b"none of it"])
        else:
            exchange.respond("200 OK", TEXT, b"r" * size)

    ways = ["stream", "respond", "file", "sized", "none", "push"]
    expected = {"stream": b"s" * size, "sized": b"s" * size, "file": b"f" * size, "respond": b"r" * size}
    expected |= {"none": b"", "push": b"p" * 1000}
    with serving(handler, runner, threads=2) as running, Client(running) as client:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20_000)
        requests = [(method, way) for way in ways for method in ("GET", "HEAD", "GET")] + [("GET", "push")]
        client.send(b"".join(f"{method} /{way} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for method, way in requests))
        for method, way in requests:
            if pause:
                threading.Event().wait(0.005)
            answer = client.read_answer(method)
            assert answer.status == (204 if way == "none" else 200)
            assert answer.body == (b"" if method == "HEAD" else expected[way])


@pytest.mark.over_tls
def test_100_continue_reaches_a_client_that_is_slow_to_read(runner):
    """The socket is full of earlier answers, so that 100 Continue has to wait; and the client waits for it."""

    class Full:
        def __init__(self, sock):
            self._sock = sock
            self.refused = 0

        def __getattr__(self, name):
            return getattr(self._sock, name)

        def send(self, data):
            if data.startswith(b"HTTP/1.1 100"):
                self.refused += 1
                raise BlockingIOError
            return self._sock.send(data)

    sockets = []

    def handler(exchange):
        if exchange.head.target == "/first":
            exchange._line.sock = Full(exchange._line.sock)
            sockets.append(exchange._line.sock)
        echo(exchange)

    with serving(handler, runner) as running, Client(running) as client:
        client.sock.settimeout(5)
        assert client.get("/first").status == 200
        for _ in range(2):
            client.send(b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert client.read_head()[0] == 100
            client.send(b"ok")
            assert client.read_answer().body == b"/p ok"
            assert client.get("/again").status == 200
    assert sockets[0].refused == 2


# ---------------------------------------------------------------- deadlines


def test_a_body_that_came_while_a_handler_ran_long_is_not_late():
    """The inline runner looks at sockets and deadlines only after the handler: then bytes that have come count."""
    clock = JumpingClock()
    entered, go = threading.Event(), threading.Event()

    def handler(exchange):
        if exchange.head.target == "/long":
            entered.set()
            assert go.wait(TIMEOUT)
            clock.jump(40)
        echo(exchange)

    with serving(handler, "inline", clock) as running, Client(running) as slow, Client(running) as other:
        slow.send(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert slow.read_head()[0] == 100
        slow.send(b"a")
        other.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        assert entered.wait(TIMEOUT)
        slow.send(b"bc")
        go.set()
        assert other.read_answer().status == 200
        # Its own connection lives on, although keep_alive has passed since its request came.
        assert other.get("/again").status == 200
        slow.send(b"d")
        assert slow.read_answer().body == b"/slow abcd"


def test_a_lingering_client_that_ends_when_its_deadline_passes():
    clock = JumpingClock()
    entered, go = threading.Event(), threading.Event()

    def handler(exchange):
        if exchange.head.target == "/long":
            entered.set()
            assert go.wait(TIMEOUT)
            clock.jump(10)
        echo(exchange)

    with serving(handler, "inline", clock) as running, Client(running) as other:
        lingering = Client(running)
        lingering.send(b"nonsense\r\n\r\n")
        assert lingering.read_answer().status == 400
        assert lingering.is_closed()
        other.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        assert entered.wait(TIMEOUT)
        lingering.close()
        go.set()
        assert other.read_answer().status == 200
        assert other.get("/again").status == 200
        assert running.server.stats.connections_open == 1


# ---------------------------------------------------------------- iterables that fail


class Chunks:
    """An iterable that fails where it is told to, and notes how often it is closed."""

    def __init__(self, place: str = "", error: BaseException | None = None, chunk: object = b"chunk") -> None:
        self.place, self.error, self.chunk = place, error, chunk
        self.count = 0
        self.closed = 0
        self.over = threading.Event()

    def __iter__(self):
        if self.place == "iter":
            raise self.error
        return self

    def __next__(self):
        self.count += 1
        if self.place == "first" or (self.place == "second" and self.count == 2):
            raise self.error
        if self.count > 3:
            raise StopIteration
        return self.chunk

    def close(self):
        self.closed += 1
        self.over.set()
        if self.place == "close":
            raise self.error


ERRORS = [ValueError("fault"), SystemExit(3), GeneratorExit(), MemoryError()]


@pytest.mark.over_tls
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("place", ["iter", "first", "second", "close"])
def test_an_iterable_that_raises_costs_its_own_answer_and_is_closed_once(runner, place, error):
    chunks = Chunks(place, error)

    def handler(exchange):
        if exchange.head.target == "/fault":
            exchange.stream("200 OK", TEXT, chunks)
        else:
            echo(exchange)

    with serving(handler, runner, threads=2) as running:
        with Client(running) as client:
            if place == "close":
                assert client.get("/fault").body == b"chunk" * 3
            elif place == "second":
                with pytest.raises((EOFError, ConnectionResetError, AssertionError)):
                    client.get("/fault")
            else:
                # Not a byte was sent: the client can be told.
                assert client.get("/fault").status == 500
                assert client.get("/1").status == 200
        assert chunks.over.wait(TIMEOUT)
        with Client(running) as client:
            assert client.get("/2").body == b"/2 "
        assert running.server.stats.threads_replaced == 0
    assert chunks.closed == 1


@pytest.mark.over_tls
@pytest.mark.parametrize("chunk", ["text", 17, None])
@pytest.mark.parametrize("length", [[], [("Content-Length", "12")]], ids=["chunked", "length"])
def test_chunks_that_are_no_bytes_are_a_fault(runner, chunk, length, caplog):
    chunks = Chunks(chunk=chunk)
    with (
        serving(lambda exchange: exchange.stream("200 OK", length, chunks), runner) as running,
        Client(running) as client,
    ):
        assert client.get("/").status == 500
    assert chunks.closed == 1
    assert "bytes" in caplog.text


@pytest.mark.over_tls
@pytest.mark.parametrize(
    "chunk", [bytearray(b"chunk"), memoryview(b"chunk"), memoryview(b"\0\1\2\3\4\5\6\7").cast("I")]
)
def test_chunks_that_are_like_bytes_are_framed_by_their_bytes(runner, chunk):
    with (
        serving(lambda exchange: exchange.stream("200 OK", [], Chunks(chunk=chunk)), runner) as running,
        Client(running) as client,
    ):
        assert client.get("/").body == bytes(chunk) * 3
        assert client.get("/").status == 200


@pytest.mark.over_tls
@pytest.mark.parametrize("way", ["respond", "start"])
def test_a_body_of_text_is_a_fault(runner, way):
    def handler(exchange):
        if way == "respond":
            exchange.respond("200 OK", [], "text")
        else:
            exchange.start("200 OK", [])
            exchange.write("text")

    with serving(handler, runner) as running, Client(running) as client:
        if way == "respond":
            assert client.get("/").status == 500
            assert client.get("/").status == 500
        else:
            with pytest.raises((EOFError, ConnectionResetError)):
                client.get("/")


@pytest.mark.over_tls
def test_a_fault_after_the_whole_answer_does_not_destroy_it(runner):
    """The answer is larger than what the socket takes at once; the handler raises before the rest is sent."""

    def handler(exchange):
        exchange.respond("200 OK", TEXT, b"x" * 8_000_000)
        raise ValueError("in a hook after the answer")

    with serving(handler, runner) as running, Client(running) as client:
        assert client.get("/").body == b"x" * 8_000_000
        assert client.is_closed()


@pytest.mark.over_tls
def test_a_second_answer_closes_the_first_ones_iterable(runner):
    first, second = Chunks(chunk=b"x" * 1_000_000), Chunks()

    def handler(exchange):
        exchange.stream("200 OK", TEXT, first)
        exchange.stream("200 OK", TEXT, second)

    with serving(handler, runner) as running, Client(running) as client:
        with pytest.raises((EOFError, ConnectionResetError, AssertionError)):
            client.get("/")
        assert first.over.wait(TIMEOUT)
        assert second.over.wait(TIMEOUT)
    assert (first.closed, second.closed) == (1, 1)


@pytest.mark.over_tls
def test_a_client_that_resets_while_a_chunk_is_made(runner):
    """The broken connection is noticed by the flush behind a large chunk: the iterable is closed all the same."""
    asked, gone, closed = threading.Event(), threading.Event(), threading.Event()
    sockets = []

    class Large:
        def __iter__(self):
            return self

        def __next__(self):
            asked.set()
            assert gone.wait(TIMEOUT)
            wait_until_readable(sockets[0])
            return b"x" * 600_000

        def close(self):
            closed.set()

    def handler(exchange):
        sockets.append(exchange._line.sock)
        exchange.stream("200 OK", TEXT, Large())

    with serving(handler, runner, threads=2) as running:
        client = Client(running)
        client.send(GET % 1)
        assert asked.wait(TIMEOUT)
        reset(client)
        gone.set()
        assert closed.wait(5)


@pytest.mark.over_tls
def test_abort_is_final_wherever_it_is_called(runner):
    closed = []

    def handler(exchange):
        if exchange.head.target == "/stream":

            def chunks():
                try:
                    yield b"one"
                    exchange.abort()
                    yield b"two"
                    yield b"three"
                finally:
                    closed.append(True)

            exchange.stream("200 OK", TEXT, chunks())
        elif exchange.head.target == "/now":
            exchange.abort()
        else:
            exchange.start("200 OK", TEXT)
            exchange.write(b"part")
            exchange.abort()

    with serving(handler, runner) as running:
        for target in ("/now", "/stream", "/pushed"):
            with Client(running) as client, pytest.raises((EOFError, ConnectionResetError)):
                client.get(target)
    assert closed == [True]


@pytest.mark.over_tls
def test_an_interim_answer_after_the_final_one_is_a_fault_and_not_sent(runner, caplog):
    def handler(exchange):
        exchange.respond("200 OK", TEXT, b"final")
        exchange.inform("103 Early Hints", [])

    with serving(handler, runner) as running, Client(running) as client:
        assert client.get("/").body == b"final"
        assert client.is_closed()
    assert "before the final one" in caplog.text


# ---------------------------------------------------------------- the access log


@pytest.fixture
def access_lines(caplog):
    caplog.set_level(logging.INFO, logger="demijohn.access")

    def lines():
        return [record.getMessage() for record in caplog.records if record.name == "demijohn.access"]

    return lines


@pytest.mark.over_tls
def test_every_answer_has_its_line_in_the_access_log(runner, access_lines, tmp_path):
    def handler(exchange):
        target = exchange.head.target
        if target == "/stream":
            exchange.stream("200 OK", TEXT, [b"abc", b"def"])
        elif target == "/file":
            file = (tmp_path / "f").open("w+b")
            file.write(b"x" * 1000)
            file.flush()
            exchange.send_file("200 OK", TEXT, FileSegment(file, 0, 1000))
        elif target == "/cut":
            exchange.start("200 OK", TEXT)
            exchange.write(b"part")
            raise ValueError
        elif target == "/abort":
            exchange.abort()
        elif target == "/boom":
            raise ValueError
        else:
            exchange.respond("200 OK", TEXT, b"hello")

    with serving(handler, runner, access_log=True) as running:
        with Client(running) as client:
            for target in ("/hello", "/stream", "/file", "/boom"):
                client.get(target)
            client.request("HEAD", "/file")
        with Client(running) as client, contextlib.suppress(EOFError, ConnectionResetError):
            client.get("/cut")
        with Client(running) as client, contextlib.suppress(EOFError, ConnectionResetError):
            client.get("/abort")
        with Client(running) as client:
            client.send(b"BAD REQUEST\r\n\r\n")
            assert client.read_answer().status == 400
        with Client(running) as client:
            client.send(b"POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: magic\r\n\r\n")
            assert client.read_answer().status == 417
    lines = [line.partition("] ")[2].rpartition(" ")[0] for line in access_lines()]
    # The lines of one connection are in order; those of another may come between. How long our own pages are does not matter.
    own_pages = (" 500 ", " 400 ", " 417 ")
    lines = [line.rpartition(" ")[0] if any(status in line for status in own_pages) else line for line in lines]
    assert sorted(lines) == sorted(
        [
            '"GET /hello HTTP/1.1" 200 5',
            '"GET /stream HTTP/1.1" 200 6',
            '"GET /file HTTP/1.1" 200 1000',
            '"GET /boom HTTP/1.1" 500',
            '"HEAD /file HTTP/1.1" 200 0',
            '"GET /cut HTTP/1.1" 200 4',
            '"GET /abort HTTP/1.1" 444 0',
            '"-" 400',
            '"-" 417',
        ]
    )
