"""Clients that go away while their request is handled: the handler can ask, or be told; on every runner."""

import threading
import time
from contextvars import ContextVar

from engines.serving import TIMEOUT, Client, serving

from demijohn.seam import Exchange

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


def test_a_stream_tells_too(runner):
    is_told = threading.Event()

    def handler(exchange: Exchange) -> None:
        exchange.on_disconnect(is_told.set)
        exchange.stream(*OK, iter([b"x" * 65536] * 400))

    with serving(handler, runner, threads=2, outbox_bytes=65536) as running:
        with Client(running) as client:
            client.send(REQUEST)
            client.file.read(1000)
        assert is_told.wait(TIMEOUT)


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
