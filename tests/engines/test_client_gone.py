"""Clients that go away while their request is handled: the handler can ask, or be told; on every runner."""

import contextlib
import socket
import threading
import time
from contextvars import ContextVar

import pytest
from engines.oddities import JumpingClock, let_turn, links, reset, wait_until
from engines.serving import TIMEOUT, Client, serving

from demijohn.seam import Exchange
from demijohn.serve import Listener
from demijohn.serve.phase import Phase

OK = ("200 OK", [("Content-Type", "text/plain")])
REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
colour: ContextVar[str] = ContextVar("colour", default="none")


def wait_for(condition) -> bool:
    until = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


@pytest.mark.over_tls
def test_a_handler_can_ask(runner):
    seen = []
    begun, asked = threading.Event(), threading.Event()

    def handler(exchange: Exchange) -> None:
        seen.append(exchange.disconnected)
        begun.set()
        seen.append(wait_for(lambda: exchange.disconnected))
        asked.set()
        exchange.respond(*OK, b"")

    with serving(handler, runner, threads=2) as running:
        with Client(running) as client:
            client.send(REQUEST)
            assert begun.wait(TIMEOUT)
        assert asked.wait(TIMEOUT)
    assert seen == [False, True]


@pytest.mark.over_tls
def test_unread_bytes_do_not_hide_the_end(runner):
    """A pipelined request, or part of one, stands before the end of the connection."""
    result = []
    begun, asked = threading.Event(), threading.Event()

    def handler(exchange: Exchange) -> None:
        if not begun.is_set():
            begun.set()
            result.append(wait_for(lambda: exchange.disconnected))
            asked.set()
        exchange.respond(*OK, b"")

    with serving(handler, runner, threads=2) as running:
        with Client(running) as client:
            client.send(REQUEST)
            assert begun.wait(TIMEOUT)
            client.send(REQUEST + b"GET /half")
            time.sleep(0.01)  # lets the server meet these bytes before the end; it is right in any order
        assert asked.wait(TIMEOUT)
    assert result == [True]


@pytest.mark.over_tls
def test_a_handler_can_be_told(runner):
    told: list[tuple[str, str]] = []
    begun, is_told = threading.Event(), threading.Event()

    def handler(exchange: Exchange) -> None:
        colour.set("blue")
        exchange.on_disconnect(lambda: told.append(("first", colour.get())))
        exchange.on_disconnect(lambda: 1 / 0)
        exchange.on_disconnect(lambda: (told.append(("last", colour.get())), is_told.set()))
        begun.set()
        assert is_told.wait(TIMEOUT), "told while the handler runs"
        exchange.respond(*OK, b"")

    with serving(handler, runner, threads=2) as running:
        with Client(running) as client:
            client.send(REQUEST)
            assert begun.wait(TIMEOUT)
        assert is_told.wait(TIMEOUT)
    assert told == [("first", "blue"), ("last", "blue")]


@pytest.mark.over_tls
def test_nobody_is_told_of_a_client_that_stayed(runner):
    told = []

    def handler(exchange: Exchange) -> None:
        exchange.on_disconnect(lambda: told.append(1))
        exchange.respond(*OK, b"x")

    with serving(handler, runner, threads=2) as running:
        for _ in range(3):
            with Client(running) as client:
                for _ in range(5):
                    assert client.get("/").body == b"x"
    assert told == []


@pytest.mark.over_tls
def test_a_stream_tells_too(runner):
    is_told = threading.Event()

    def handler(exchange: Exchange) -> None:
        exchange.on_disconnect(is_told.set)
        exchange.stream(*OK, iter([b"x" * 65536] * 400))

    with serving(handler, runner, threads=2) as running:
        with Client(running) as client:
            client.send(REQUEST)
            client.file.read(1000)
        assert is_told.wait(TIMEOUT)


@pytest.mark.over_tls
def test_a_client_that_left_before(runner):
    """Asked and told, too, when it was gone before anybody asked."""
    is_told, gone = threading.Event(), threading.Event()

    def handler(exchange: Exchange) -> None:
        gone.wait(TIMEOUT)
        assert wait_for(lambda: exchange.disconnected)
        exchange.on_disconnect(is_told.set)
        assert is_told.wait(TIMEOUT)
        exchange.respond(*OK, b"")

    with serving(handler, runner, threads=2) as running:
        with Client(running) as client:
            client.send(REQUEST)
        gone.set()
        assert is_told.wait(TIMEOUT)


@pytest.mark.over_tls
@pytest.mark.parametrize("way", ["end", "half", "reset"])
def test_on_a_unix_socket(runner, way, tmp_path):
    """Asked and told. On a Unix socket there is no reset: a close with something unread comes nearest."""
    is_told, begun, asked = threading.Event(), threading.Event(), threading.Event()

    def handler(exchange: Exchange) -> None:
        assert exchange.peer.remote is None
        exchange.on_disconnect(is_told.set)
        assert not exchange.disconnected
        begun.set()
        assert wait_for(lambda: exchange.disconnected)
        asked.set()
        assert is_told.wait(TIMEOUT)
        exchange.respond(*OK, b"x")

    listener = Listener.unix(str(tmp_path / "s"))
    with contextlib.ExitStack() as stack:
        stack.callback(listener.unlink)
        running = stack.enter_context(serving(handler, runner, listener=listener, threads=2))
        with Client(running) as client:
            client.send(REQUEST)
            assert begun.wait(TIMEOUT)
            if way == "half":
                client.sock.shutdown(socket.SHUT_WR)
                assert asked.wait(TIMEOUT)
                if "tls" not in runner:
                    assert client.read_answer().body == b"x"
            elif way == "reset":
                client.send(b"GET /next HTTP/1.1\r\n")
        assert asked.wait(TIMEOUT)
        assert is_told.wait(TIMEOUT)


class Recording:
    """Streams that say when they are closed, and what they see then."""

    def __init__(self) -> None:
        self.closed: list[tuple[str, str]] = []
        self.is_closed = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        colour.set(exchange.head.path)
        exchange.after(lambda: self.closed.append(("after", colour.get())))
        exchange.stream(*OK, self.chunks())

    def chunks(self):
        try:
            while True:
                yield b"x" * 65536
        finally:
            self.closed.append(("close", colour.get()))
            self.is_closed.set()


def parked(running, client: Client) -> None:
    """Have a stream begun, and its client behind with it."""
    client.send(b"GET /stream HTTP/1.1\r\nHost: test\r\n\r\n")
    wait_until(lambda: [getattr(link, "phase", None) for link in links(running)] == [Phase.SENDING])
    let_turn(running)


@pytest.mark.over_tls
@pytest.mark.parametrize("way", ["end", "reset", "silence", "stop"])
def test_a_parked_stream_is_closed_at_once_in_its_own_context(runner, way):
    """Whoever ends it, also the server that stops and cuts it: then no handler's thread will do it any more."""
    handler, clock = Recording(), JumpingClock()
    with serving(handler, runner, clock, threads=2, write_timeout=60, drain_timeout=5) as running:
        with Client(running) as client:
            parked(running, client)
            assert handler.closed == []
            if way == "reset":
                reset(client)
            elif way == "end":
                client.close()
            elif way == "silence":
                # More than once: what its system still takes for it counts as taken.
                wait_until(lambda: handler.closed or clock.jump(62, running))
            else:
                running.server.shutdown()
                let_turn(running)
                clock.jump(7, running)
            assert handler.is_closed.wait(TIMEOUT)
            wait_until(lambda: len(handler.closed) == 2)
    assert handler.closed == [("close", "/stream"), ("after", "/stream")]
    assert colour.get() == "none"
