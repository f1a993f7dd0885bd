"""Handlers that take too long: interrupted in their own thread, answered 504, and neighbours not touched; on every runner."""

import logging
import threading
import time

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn.seam import Exchange, HandlerTimeout

OK = ("200 OK", [("Content-Type", "text/plain")])


class Gate:
    """What handlers of these tests do, by path."""

    def __init__(self, limit: float = 0.05) -> None:
        self.limit = limit
        self.outcomes: list[str] = []
        self.is_noted = threading.Event()
        self.release = threading.Event()
        self.is_waiting = threading.Event()

    def note(self, what: str) -> None:
        self.outcomes.append(what)
        self.is_noted.set()

    def __call__(self, exchange: Exchange) -> None:
        getattr(self, exchange.head.path.strip("/"))(exchange)

    def hello(self, exchange: Exchange) -> None:
        exchange.respond(*OK, b"hello")

    def spins(self, exchange: Exchange) -> None:
        self.spin(exchange)

    def spin(self, exchange: Exchange | None = None) -> None:
        try:
            if exchange is not None:
                exchange.limit_time(self.limit)
            until = time.monotonic() + TIMEOUT
            while time.monotonic() < until:
                pass
        except HandlerTimeout:
            self.note("interrupted")
            raise

    def by_default(self, exchange: Exchange) -> None:
        self.spin()

    def answers_anyway(self, exchange: Exchange) -> None:
        try:
            self.spin(exchange)
        except HandlerTimeout:
            exchange.respond(*OK, b"late, but mine")

    def stuck(self, exchange: Exchange) -> None:
        self.is_waiting.set()
        try:
            exchange.limit_time(self.limit)
            self.release.wait(TIMEOUT)  # in C: no exception comes in before it ends
            exchange.respond(*OK, b"nobody hears this")
        except BaseException as error:
            self.note(type(error).__name__)
            raise

    def in_time(self, exchange: Exchange) -> None:
        exchange.limit_time(60)
        exchange.respond(*OK, b"in time")

    def streams(self, exchange: Exchange) -> None:
        exchange.limit_time(self.limit)
        exchange.stream(*OK, self.chunks())

    def chunks(self):
        yield b"a"
        time.sleep(4 * self.limit)
        yield b"b"


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("path", ["/spins", "/by_default"])
def test_a_handler_that_overstays_is_interrupted(runner, path, caplog):
    gate = Gate(0.2 if path == "/by_default" else 0.05)  # by default it begins before the handler does
    default = gate.limit if path == "/by_default" else None
    with serving(gate, runner, threads=2, request_timeout=default) as running, Client(running) as client:
        began = time.monotonic()
        answer = client.get(path)
        assert answer.status == 504
        assert time.monotonic() - began < TIMEOUT / 2
        assert b"did not answer this request in time" in answer.body
        assert gate.outcomes == ["interrupted"]
        # The connection was answered in order, and goes on.
        assert client.get("/hello").body == b"hello"
    text = caplog.text
    assert f"GET {path} has run for {gate.limit} s" in text
    assert "in spin" in text, "the stack of the thread is in the log"


@pytest.mark.usefixtures("in_time")
def test_the_handler_may_make_its_own_answer_of_it(runner):
    with serving(Gate(), runner, threads=2) as running, Client(running) as client:
        assert client.get("/answers_anyway").body == b"late, but mine"
        assert client.get("/hello").body == b"hello"


def test_a_thread_that_waits_in_c_is_answered_for(threaded_runner, caplog):
    gate = Gate()
    with serving(gate, threaded_runner, threads=2) as running, Client(running) as client, Client(running) as other:
        client.send(b"GET /stuck HTTP/1.1\r\nHost: test\r\n\r\n")
        assert gate.is_waiting.wait(TIMEOUT)
        for _ in range(20):
            assert other.get("/hello").body == b"hello", "neighbours are not touched"
        answer = client.read_answer()
        assert answer.status == 504
        assert answer.headers["connection"] == "close"
        gate.release.set()
        assert client.is_closed()
        assert gate.is_noted.wait(TIMEOUT)
        assert gate.outcomes in (["HandlerTimeout"], ["ClientDisconnected"])
        assert other.get("/hello").body == b"hello"
    assert "in stuck" in caplog.text


def test_inline_too_the_client_gets_its_answer(caplog):
    gate = Gate()
    with serving(gate, "inline") as running, Client(running) as client:
        client.send(b"GET /stuck HTTP/1.1\r\nHost: test\r\n\r\n")
        assert client.read_answer().status == 504
        gate.release.set()
        assert client.is_closed()


def test_a_stuck_thread_is_reported_once(threaded_runner, caplog):
    gate = Gate()
    reports = []
    with serving(gate, threaded_runner, threads=2, stuck_after=0.01) as running, Client(running) as client:
        is_reported = threading.Event()

        def on_stuck() -> None:
            reports.append(threading.current_thread().name)
            is_reported.set()

        running.server._engine.on_stuck = on_stuck
        client.send(b"GET /stuck HTTP/1.1\r\nHost: test\r\n\r\n")
        assert is_reported.wait(TIMEOUT)
        assert client.read_answer().status == 504
        gate.release.set()
        assert gate.is_noted.wait(TIMEOUT)
    assert reports == ["demijohn-watchdog"]
    assert "its thread is stuck" in caplog.text


def test_an_answer_in_time_is_left_alone(runner):
    with serving(Gate(), runner, threads=2) as running, Client(running) as client:
        for _ in range(50):
            assert client.get("/in_time").body == b"in time"


def test_the_limit_is_for_the_time_until_the_answer_begins(runner):
    with serving(Gate(0.15), runner, threads=2) as running, Client(running) as client:
        assert client.get("/streams").body == b"ab"


def test_no_exception_arrives_when_the_handler_is_done(runner, caplog):
    """Limits that end just when the handler does: each request has one answer, and no thread dies."""
    caplog.set_level(logging.CRITICAL)

    def handler(exchange: Exchange) -> None:
        exchange.limit_time(0.002)
        until = time.monotonic() + 0.00195
        while time.monotonic() < until:
            pass
        exchange.respond(*OK, b"done")

    with serving(handler, runner, threads=2) as running, Client(running) as client:
        statuses = []
        for _ in range(200):
            answer = client.get("/")
            statuses.append(answer.status)
            if answer.headers.get("connection") == "close":
                client.reconnect()
        assert set(statuses) <= {200, 504}
        assert running.server.stats.threads_replaced == 0


def test_without_limits_there_is_no_watchdog(runner):
    with serving(Gate(), runner, threads=2) as running, Client(running) as client:
        client.get("/hello")
        assert "demijohn-watchdog" not in {thread.name for thread in threading.enumerate()}
