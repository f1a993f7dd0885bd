"""Streams whose source has nothing yet: they hold no thread, go on when they are woken, and end in order; on every runner."""

import socket
import threading

import pytest
from engines.oddities import JumpingClock, links, reset, wait_until
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, Response
from demijohn.doors.choose import handler_for
from demijohn.seam import Feed
from demijohn.serve.phase import Phase

EVENTS = [("Content-Type", "text/event-stream")]


class Newsroom:
    """Answers /feed with a feed each, and everything else at once."""

    def __init__(self, **options) -> None:
        self.options = options
        self.feeds: list[Feed] = []
        self.closed = threading.Semaphore(0)

    def __call__(self, exchange) -> None:
        if exchange.head.path == "/feed":
            feed = Feed(**self.options, on_close=self.closed.release)
            self.feeds.append(feed)
            exchange.stream("200 OK", EVENTS, feed)
        else:
            exchange.respond("200 OK", [], b"now")

    def wait_closed(self) -> None:
        assert self.closed.acquire(timeout=TIMEOUT), "nobody closed the feed"


def subscribe(client: Client, method: str = "GET") -> None:
    client.send(f"{method} /feed HTTP/1.1\r\nHost: test\r\n\r\n".encode())
    status, headers = client.read_head()
    assert (status, headers["content-type"]) == (200, "text/event-stream")


def wait_parked(running, count: int = 1) -> None:
    wait_until(
        lambda: (
            sum(getattr(link, "phase", None) is Phase.FEEDING and not link.is_handled for link in links(running))
            == count
        )
    )


@pytest.mark.over_tls
def test_bytes_arrive_as_they_are_sent_and_the_connection_goes_on(runner):
    newsroom = Newsroom()
    with serving(newsroom, runner, threads=1) as running, Client(running) as client:
        subscribe(client)
        chunks = client.chunks()
        (feed,) = newsroom.feeds
        for number in range(20):
            feed.send(b"event %d\n" % number)
            assert next(chunks) == b"event %d\n" % number
        feed.send(b"last")
        feed.end()
        assert b"".join(chunks) == b"last"
        newsroom.wait_closed()
        assert client.get("/").body == b"now"


@pytest.mark.over_tls
def test_many_of_them_hold_no_thread(runner):
    newsroom = Newsroom()
    with serving(newsroom, runner, threads=1) as running:
        readers = [Client(running) for _ in range(12)]
        for client in readers:
            subscribe(client)
        wait_parked(running, 12)
        with Client(running) as other:
            assert other.get("/").body == b"now"
        for number, feed in enumerate(newsroom.feeds):
            feed.send(b"%d" % number)
            feed.end()
        assert sorted(int(b"".join(client.chunks())) for client in readers) == list(range(12))
        for client in readers:
            client.close()


@pytest.mark.slow
def test_nothing_is_lost_however_sends_and_looks_interleave(runner):
    newsroom = Newsroom()
    with serving(newsroom, runner, threads=2) as running, Client(running) as client:
        subscribe(client)
        (feed,) = newsroom.feeds
        senders = [
            threading.Thread(target=lambda: [feed.send(b"%04d\n" % number) for number in range(500)]) for _ in range(3)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(TIMEOUT)
        feed.end()
        lines = b"".join(client.chunks()).split()
        assert len(lines) == 1500
        assert sorted(lines) == sorted([b"%04d" % number for number in range(500)] * 3)


@pytest.mark.over_tls
def test_an_endless_one_is_closed_when_its_client_leaves(runner):
    newsroom = Newsroom(is_endless=True)
    with serving(newsroom, runner) as running:
        with Client(running) as client:
            subscribe(client)
            wait_parked(running)
        newsroom.wait_closed()
        assert not newsroom.feeds[0].send(b"x")
        wait_until(lambda: not links(running))


def test_one_whose_client_is_reset_is_closed(runner):
    newsroom = Newsroom()
    with serving(newsroom, runner) as running:
        client = Client(running)
        subscribe(client)
        wait_parked(running)
        reset(client)
        newsroom.wait_closed()
        wait_until(lambda: not links(running))


def test_one_with_an_end_is_sent_to_a_client_that_has_ended_its_side(runner):
    newsroom = Newsroom()
    with serving(newsroom, runner) as running, Client(running) as client:
        subscribe(client)
        client.sock.shutdown(socket.SHUT_WR)
        wait_until(lambda: all(link.is_read_closed for link in links(running)))
        newsroom.feeds[0].send(b"still")
        newsroom.feeds[0].end()
        assert b"".join(client.chunks()) == b"still"
        assert client.is_closed()


@pytest.mark.over_tls
def test_a_request_that_comes_early_waits_for_the_end(runner):
    newsroom = Newsroom(is_endless=True)
    with serving(newsroom, runner) as running, Client(running) as client:
        subscribe(client)
        wait_parked(running)
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_until(lambda: links(running)[0].h1.has_buffered)
        newsroom.feeds[0].send(b"a")
        chunks = client.chunks()
        assert next(chunks) == b"a"
        newsroom.feeds[0].end()
        assert b"".join(chunks) == b""
        assert client.read_answer().body == b"now"


def test_what_comes_early_does_not_pile_up(runner):
    newsroom = Newsroom(is_endless=True)
    with serving(newsroom, runner) as running, Client(running) as client:
        subscribe(client)
        (link,) = links(running)
        chunks = client.chunks()
        client.send(b"x" * 200_000)
        for _ in range(10):
            newsroom.feeds[0].send(b"a")
            assert next(chunks) == b"a"
            wait_parked(running)
        assert link.h1.has_buffered
        assert len(link.h1._buffer) <= 64 << 10


@pytest.mark.over_tls
def test_a_stop_ends_endless_ones_whole(runner):
    newsroom = Newsroom(is_endless=True)
    with serving(newsroom, runner) as running, Client(running) as client:
        subscribe(client)
        wait_parked(running)
        newsroom.feeds[0].send(b"bye")
        running.server.shutdown()
        assert b"".join(client.chunks()) == b"bye"
        client.close()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()


def test_a_stop_waits_for_the_end_of_others(runner):
    newsroom = Newsroom()
    with serving(newsroom, runner) as running, Client(running) as client:
        subscribe(client)
        wait_parked(running)
        running.server.shutdown()
        wait_until(lambda: running.server._engine.is_closing)
        newsroom.feeds[0].send(b"all")
        newsroom.feeds[0].end()
        assert b"".join(client.chunks()) == b"all"


def test_an_idle_one_has_no_deadline(runner):
    clock = JumpingClock()
    newsroom = Newsroom(is_endless=True)
    with serving(newsroom, runner, clock, write_timeout=5, keep_alive=5) as running, Client(running) as client:
        subscribe(client)
        wait_parked(running)
        for _ in range(3):
            clock.jump(60, running)
        newsroom.feeds[0].send(b"a")
        assert next(client.chunks()) == b"a"


def test_a_client_that_takes_nothing_is_cut_off(runner):
    newsroom = Newsroom(most_unsent=1 << 20)
    with serving(newsroom, runner) as running, Client(running) as client:
        subscribe(client)
        while newsroom.feeds[0].send(b"x" * 65536):
            pass
        with pytest.raises((EOFError, ConnectionResetError, AssertionError, ValueError)):
            b"".join(client.chunks())
        newsroom.wait_closed()


def test_no_body_is_pulled_for_head(runner):
    newsroom = Newsroom()
    with serving(newsroom, runner) as running, Client(running) as client:
        subscribe(client, "HEAD")
        newsroom.wait_closed()
        assert client.get("/").body == b"now"


@pytest.mark.over_tls
def test_an_application_answers_with_one(runner):
    app = Demijohn(__name__)
    feeds = []

    @app.get("/feed")
    def feed():
        feeds.append(Feed())
        feeds[-1].send(b"first ")
        return Response(feeds[-1], mimetype="text/event-stream")

    with serving(handler_for(app), runner, threads=1) as running, Client(running) as client:
        client.send(b"GET /feed HTTP/1.1\r\nHost: test\r\n\r\n")
        client.read_head()
        chunks = client.chunks()
        assert next(chunks) == b"first "
        wait_parked(running)
        feeds[0].send(b"second")
        feeds[0].end()
        assert b"".join(chunks) == b"second"
