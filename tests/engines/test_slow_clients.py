"""Clients that trickle, in and out: given up by their rate, not by the terminator they never send; others wait for nobody."""

import socket
import threading

import pytest
from engines.oddities import JumpingClock, let_turn, links, wait_until
from engines.serving import Client, serving

from demijohn.serve.phase import Phase
from demijohn.wire.limits import H1Limits

TEXT = [("Content-Type", "text/plain")]


def echo(exchange):
    exchange.respond("200 OK", TEXT, exchange.body.read())


def arrived(running, phase: Phase):
    """Wait until the one connection is in a phase, and return it."""
    wait_until(lambda: links(running) and links(running)[0].phase is phase, f"{phase}")
    return links(running)[0]


def trickle(running, clock, client, pieces, seconds):
    """Send each piece after so many seconds; False if the server had enough before the last."""
    link = links(running)[0]
    for piece in pieces:
        clock.jump(seconds, running)
        let_turn(running)
        if link.phase is Phase.CLOSED:
            return False
        before = link.h1.body_received, len(link.h1._buffer)
        client.send(piece)
        wait_until(
            lambda before=before: link.phase is Phase.CLOSED or (link.h1.body_received, len(link.h1._buffer)) != before
        )
        let_turn(running)
    return True


def test_a_head_has_its_time_and_no_byte_wins_more(runner):
    clock = JumpingClock()
    with serving(echo, runner, clock, head_timeout=20) as running, Client(running) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        wait_until(lambda: links(running) and links(running)[0].h1.has_buffered)
        assert not trickle(running, clock, client, [b"X: %d\r\n" % number for number in range(20)], 4)
        assert client.read_answer().status == 408
        assert client.is_closed()


def test_a_head_that_never_begins_has_its_time_from_the_connections_start(runner):
    clock = JumpingClock()
    with serving(echo, runner, clock, head_timeout=20) as running, Client(running) as client:
        arrived(running, Phase.HEAD)
        clock.jump(22, running)
        assert client.is_closed()


def test_the_second_heads_time_begins_with_its_first_byte(runner):
    clock = JumpingClock()
    with serving(echo, runner, clock, head_timeout=20, keep_alive=100) as running, Client(running) as client:
        assert client.request("POST", "/", b"a").body == b"a"
        arrived(running, Phase.IDLE)
        clock.jump(60, running)
        client.send(b"GET / HTTP/1.1\r\n")
        arrived(running, Phase.HEAD)
        assert trickle(running, clock, client, [b"X: 1\r\n"] * 3, 5)
        client.send(b"Host: a\r\n\r\n")
        assert client.read_answer().status == 200


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_below_the_least_rate_is_given_up(runner, framing):
    clock = JumpingClock()
    with serving(echo, runner, clock, body_timeout=30) as running, Client(running) as client:
        if framing == "length":
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            pieces = [b"x"] * 20
        else:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            pieces = [b"1\r\nx\r\n"] * 20
        arrived(running, Phase.BODY)
        # No pause is as long as body_timeout.
        assert not trickle(running, clock, client, pieces, 20)
        assert client.read_answer().status == 408
        assert client.is_closed()


def test_a_body_at_the_least_rate_takes_as_long_as_it_takes(runner):
    clock = JumpingClock()
    with serving(echo, runner, clock, body_timeout=30) as running, Client(running) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 220000\r\n\r\n")
        arrived(running, Phase.BODY)
        assert trickle(running, clock, client, [b"x" * 11_000] * 19, 20)
        client.send(b"x" * 11_000)
        assert len(client.read_answer().body) == 220_000


def test_an_answer_below_the_least_rate_is_given_up(runner):
    """The client takes a little at a time, never waiting as long as write_timeout."""
    clock = JumpingClock()
    with (
        serving(
            lambda exchange: exchange.respond("200 OK", TEXT, b"x" * 30_000_000), runner, clock, write_timeout=60
        ) as running,
        Client(running) as client,
    ):
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        link = arrived(running, Phase.SENDING)
        for _ in range(10):
            clock.jump(40, running)
            let_turn(running)
            if link.phase is Phase.CLOSED:
                break
            client.sock.recv(500)
        assert link.phase is Phase.CLOSED


@pytest.mark.parametrize("way", ["respond", "stream"])
def test_an_answer_above_the_least_rate_takes_as_long_as_it_takes(runner, way):
    size, taken = 8_000_000, 0

    def handler(exchange):
        if way == "respond":
            exchange.respond("200 OK", TEXT, b"x" * size)
        else:
            exchange.stream("200 OK", [("Content-Length", str(size))], (b"x" * 100_000 for _ in range(80)))

    clock = JumpingClock()
    with serving(handler, runner, clock, write_timeout=60, threads=2) as running, Client(running) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        arrived(running, Phase.SENDING)
        client.read_head()
        while taken < size:
            taken += len(client.file.read(400_000))
            let_turn(running)
            clock.jump(40, running)
            let_turn(running)
    assert taken == size


def test_a_stream_to_a_trickling_reader_is_given_up_though_it_is_pulled_again_and_again(runner):
    """Each pull begins a new wait; what the client has in hand is not renewed by it."""
    clock = JumpingClock()
    chunks = (b"x" * 60_000 for _ in range(10_000))
    with (
        serving(
            lambda exchange: exchange.stream("200 OK", TEXT, chunks),
            runner,
            clock,
            write_timeout=60,
            min_send_rate=100_000,
            threads=2,
        ) as running,
        Client(running) as client,
    ):
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        link = arrived(running, Phase.SENDING)
        for _ in range(200):
            let_turn(running)
            if link.phase is Phase.CLOSED:
                break
            client.file.read(500_000)  # makes room: the stream is pulled
            # While a thread pulls, the time is not the client's.
            wait_until(lambda: not link.is_handled or link.phase is Phase.CLOSED)
            clock.jump(20, running)
        assert link.phase is Phase.CLOSED


def test_a_push_to_a_trickling_reader_frees_its_thread(threaded_runner):
    outcome = []

    def handler(exchange):
        exchange.start("200 OK", TEXT)
        try:
            for _ in range(100):
                exchange.write(b"x" * 1_000_000)
        except BaseException as error:
            outcome.append(type(error).__name__)
            raise

    with (
        serving(handler, threaded_runner, threads=2, write_timeout=0.15, min_send_rate=1 << 30) as running,
        Client(running) as client,
    ):
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while not outcome:
            client.file.read(1000)
            threading.Event().wait(0.01)  # the client's own pace
        assert outcome == ["ClientDisconnected"]


def test_the_last_of_so_many_requests_closes_the_connection(runner):
    with serving(echo, runner, max_requests_per_connection=3) as running, Client(running) as client:
        for _ in range(2):
            assert "connection" not in client.get("/").headers
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        assert client.read_answer().headers["connection"] == "close"
        assert client.is_closed()
        client.reconnect()
        assert "connection" not in client.get("/").headers


@pytest.mark.parametrize(
    "framing", ["Content-Length: 11\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nb\r\n"], ids=["length", "chunked"]
)
def test_a_body_over_the_servers_limit_is_refused_before_it_is_read_and_without_100(runner, framing):
    with serving(echo, runner, limits=H1Limits(body_bytes=10)) as running, Client(running) as client:
        client.send(f"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n{framing}".encode())
        assert client.read_head()[0] == 413


def test_the_servers_own_absence_is_nobodys_fault():
    """While nobody polled nobody was slow: what clients had in hand, they still have."""
    clock = JumpingClock()

    def handler(exchange):
        if exchange.head.target == "/long":
            clock.jump(100)
        echo(exchange)

    with serving(handler, "inline", clock) as running, Client(running) as other, Client(running) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
        wait_until(lambda: any(link.phase is Phase.BODY for link in links(running)))
        assert other.get("/long").status == 200
        clock.jump(15, running)  # of 30
        let_turn(running)
        client.send(b"b")
        assert client.read_answer().body == b"ab"
