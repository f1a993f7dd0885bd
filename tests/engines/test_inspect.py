"""What is in flight, seen from outside: the right requests, phases, routes and lines, on every runner."""

import inspect
import socket
import threading
import time

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn
from demijohn.app.asyncs import stop_loop
from demijohn.doors.choose import handler_for
from demijohn.seam import Exchange
from demijohn.serve.inspect import ServerSeen

pytestmark = pytest.mark.slow

ANSWER = ("200 OK", [("Content-Type", "text/plain")], b"ok")


class Parking:
    """Where handlers wait until the test lets them go."""

    def __init__(self) -> None:
        self._entered = threading.Semaphore(0)
        self._open = threading.Event()

    def park(self) -> None:
        self._entered.release()
        assert self._open.wait(TIMEOUT)

    def wait_parked(self, count: int = 1) -> None:
        for _ in range(count):
            assert self._entered.acquire(timeout=TIMEOUT), "a handler was not called"

    def release(self) -> None:
        self._open.set()


@pytest.fixture
def parking():
    parking = Parking()
    yield parking
    parking.release()


@pytest.fixture
def no_loop_left():
    yield
    stop_loop()


def until(look, is_right) -> ServerSeen:
    """Look until it is as it should be: clients are a little ahead of the server."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        seen = look()
        if is_right(seen):
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.01)


def line_of(function, text: str) -> int:
    """Return the number of the line of `function` that has `text`."""
    lines, first = inspect.getsourcelines(function)
    return first + next(index for index, line in enumerate(lines) if text in line)


def test_parked_requests_of_an_application_are_at_their_routes_and_lines(runner, parking):
    app = Demijohn(__name__)

    @app.get("/orders/<int:number>")
    def order(number):
        parking.park()  # an order
        return "ok"

    def deeper():
        parking.park()  # somewhere deeper

    @app.post("/items/<name>")
    def item(name):
        deeper()
        return "ok"

    count = 1 if runner == "inline" else 4
    with serving(handler_for(app), runner, threads=8) as running:
        clients = [Client(running) for _ in range(count)]
        for number, client in enumerate(clients):
            if number % 2 == 0:
                client.send(b"GET /orders/%d?secret=1 HTTP/1.1\r\nHost: test\r\n\r\n" % number)
            else:
                client.send(b"POST /items/x HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi")
            parking.wait_parked()
        seen = running.server.inspect()
        everything = running.server.inspect(stacks_of=None)
        parking.release()
        for client in clients:
            assert client.read_answer().status == 200
            client.close()
    assert seen.phases["handler"] == len(seen.requests) == count
    assert len({one.id for one in seen.requests}) == count
    assert len({one.thread_id for one in seen.requests}) == count
    here = {
        "GET": ("order", line_of(order, "an order")),
        "POST": ("item", line_of(deeper, "somewhere deeper")),
    }
    for one in seen.requests:
        route, line = here[one.method]
        assert (one.route, one.phase) == (route, "handler")
        # Parking is in this file, too, and is where a handler of this test is at last.
        assert one.where.function == "Parking.park"
        assert one.stack == []
        assert one.client == "127.0.0.1"
        assert one.path in {"/orders/0", "/orders/2", "/items/x"}
        assert one.request_id is None
        assert one.thread
        assert 0 <= one.age <= one.connection_age < TIMEOUT
        assert one.connection_request == 1
    for one in everything.requests:
        route, line = here[one.method]
        assert (line, __file__) in [(place.line, place.file) for place in one.stack]
        assert one.stack[-1].file == threading.__file__
        assert not any(place.file.endswith("runner/late.py") for place in one.stack), "it begins with the handler"
    ages = [one.age for one in seen.requests]
    assert ages == sorted(ages, reverse=True)


def test_only_the_stack_that_was_asked_for_is_given(threaded_runner, parking):
    def handler(exchange: Exchange) -> None:
        parking.park()
        exchange.respond(*ANSWER)

    with serving(handler, threaded_runner, threads=4) as running, Client(running) as one, Client(running) as other:
        for client in (one, other):
            client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            parking.wait_parked()
        wanted = running.server.inspect().requests[1].id
        seen = running.server.inspect(stacks_of={wanted})
        parking.release()
        assert [bool(request.stack) for request in seen.requests] == [False, True]
        assert "park" in seen.as_json()["requests"][1]["stack"][0]["source"]
        assert one.read_answer().status == other.read_answer().status == 200


def test_every_phase_is_told_from_the_others(threaded_runner, parking):
    big = b"x" * (8 << 20)

    def handler(exchange: Exchange) -> None:
        if exchange.head.path == "/big":
            exchange.respond("200 OK", [], big)
        elif exchange.head.path == "/after":
            exchange.after(parking.park)
            exchange.respond(*ANSWER)
        elif exchange.head.path == "/stream":
            exchange.stream("200 OK", [], chunks())
        else:
            assert exchange.request_id
            parking.park()
            exchange.respond(*ANSWER)

    def chunks():
        yield b"first"
        parking.park()
        yield b"last"

    with serving(handler, threaded_runner, threads=3, linger_timeout=0) as running:
        clients = {name: Client(running) for name in ("idle", "head", "body", "big", "after", "stream", "handler")}
        clients["head"].send(b"GET /never HTTP/1.1\r\nHos")
        clients["body"].send(b"PUT /body?x HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n12345")
        clients["big"].sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for name in ("after", "stream", "handler"):
            clients[name].send(b"GET /%s HTTP/1.1\r\nHost: test\r\n\r\n" % name.encode())
            parking.wait_parked()
        clients["big"].send(b"GET /big HTTP/1.1\r\nHost: test\r\n\r\n")
        # All three threads are taken.
        seen = until(
            running.server.inspect,
            lambda seen: seen.phases == {"head": 1, "body": 1, "queued": 1, "handler": 1, "writing": 1, "after": 1},
        )
        assert seen.idle == 1
        phases = {one.path: (one.phase, one.method, one.route) for one in seen.requests}
        assert phases == {
            "": ("head", "", ""),
            "/body": ("body", "PUT", "/body"),
            "/big": ("queued", "GET", "/big"),
            "/handler": ("handler", "GET", "/handler"),
            "/stream": ("writing", "GET", "/stream"),
            "/after": ("after", "GET", "/after"),
        }
        threads = {one.path: (one.thread != "", one.where is not None) for one in seen.requests}
        assert {path for path, has in threads.items() if has == (True, True)} == {"/handler", "/stream", "/after"}
        assert {path for path, has in threads.items() if has == (False, False)} == {"", "/body", "/big"}
        assert [one.path for one in seen.requests if one.request_id] == ["/handler"]
        parking.release()
        seen = until(running.server.inspect, lambda seen: seen.phases["writing"] == 1 and len(seen.requests) == 3)
        writing = next(one for one in seen.requests if one.phase == "writing")
        assert (writing.path, writing.thread, writing.where) == ("/big", "", None)
        for client in clients.values():
            client.close()
        until(running.server.inspect, lambda seen: not seen.requests and not seen.idle)


@pytest.mark.parametrize("is_nested", [False, True], ids=["waiting", "running"])
def test_the_stack_of_an_async_view_is_that_of_its_coroutine(runner, parking, no_loop_left, is_nested):
    import asyncio

    app = Demijohn(__name__)
    gate = []

    async def inner():
        if is_nested:
            parking.park()  # on the loop's thread, which no view should do
        else:
            event = asyncio.Event()
            gate.append((asyncio.get_running_loop(), event))
            asyncio.get_running_loop().call_soon(parking._entered.release)
            await event.wait()  # the innermost of ours

    @app.get("/later/<name>")
    async def later(name):
        await inner()  # further out
        return "ok"

    with serving(handler_for(app), runner) as running, Client(running) as client:
        client.send(b"GET /later/x HTTP/1.1\r\nHost: test\r\n\r\n")
        parking.wait_parked()
        # The loop's thread calls back just before it is seen to wait.
        innermost = line_of(inner, "which no view should do" if is_nested else "the innermost of ours")
        seen = until(
            lambda: running.server.inspect(stacks_of=None),
            lambda seen: (__file__, innermost) in [(place.file, place.line) for place in seen.requests[0].stack],
        )
        parking.release()
        for loop, event in gate:
            loop.call_soon_threadsafe(event.set)
        assert client.read_answer().status == 200
    (one,) = seen.requests
    lines = [place.line for place in one.stack if place.file == __file__]
    assert line_of(later, "further out") in lines
    if not is_nested:
        assert one.where.line == innermost
        assert one.stack[-1].file == asyncio.locks.__file__


def test_a_coroutine_that_a_view_runs_by_itself_is_seen_too(parking):
    import asyncio

    loops = []

    async def main():
        event = asyncio.Event()
        loops.append((asyncio.get_running_loop(), event))
        asyncio.get_running_loop().call_soon(parking._entered.release)
        await event.wait()  # here

    def handler(exchange: Exchange) -> None:
        asyncio.run(main())
        exchange.respond(*ANSWER)

    with serving(handler, "late") as running, Client(running) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        parking.wait_parked()
        here = line_of(main, "# here")
        # A thread is known a little after it began to serve; until then nobody can say where the request is.
        until(
            running.server.inspect,
            lambda seen: seen.requests and seen.requests[0].where is not None and seen.requests[0].where.line == here,
        )
        loops[0][0].call_soon_threadsafe(loops[0][1].set)
        assert client.read_answer().status == 200


def test_looking_while_everything_changes_finds_only_what_is_true(threaded_runner, eager_switching):
    """Each request waits in a function of its own: a stack that has another's function would be another request's."""

    def wait_a():
        time.sleep(0.001)

    def wait_b():
        time.sleep(0.001)

    def handler(exchange: Exchange) -> None:
        (wait_a if exchange.head.path == "/a" else wait_b)()
        exchange.respond(*ANSWER)

    stop = threading.Event()

    def ask(running, *paths):
        with Client(running) as client:
            while not stop.is_set():
                for path in paths:
                    assert client.get(path).status == 200

    with serving(handler, threaded_runner, threads=4) as running:
        askers = [threading.Thread(target=ask, args=(running, "/a", "/b")) for _ in range(6)]
        for asker in askers:
            asker.start()
        wrong = []
        found = 0
        deadline = time.monotonic() + TIMEOUT
        while found < 1000 and time.monotonic() < deadline:
            for one in running.server.inspect(stacks_of=None).requests:
                functions = {place.function.rpartition(".")[2] for place in one.stack}
                found += bool(functions & {"wait_a", "wait_b"})
                other = "wait_b" if one.path == "/a" else "wait_a"
                if other in functions:
                    wrong.append(one)
        stop.set()
        for asker in askers:
            asker.join(TIMEOUT)
    assert not wrong
    assert found >= 1000, "hardly anything was seen at all"


def test_of_very_many_the_eldest_are_described_and_all_are_counted(parking):
    def handler(exchange: Exchange) -> None:
        parking.park()
        exchange.respond(*ANSWER)

    with serving(handler, "pool", threads=1) as running:
        clients = [Client(running) for _ in range(6)]
        for number, client in enumerate(clients):
            client.send(b"GET /%d HTTP/1.1\r\nHost: test\r\n\r\n" % number)
            until(running.server.inspect, lambda seen, number=number: len(seen.requests) == number + 1)
        seen = running.server.inspect(most=2)
        assert [one.path for one in seen.requests] == ["/0", "/1"]
        assert (seen.phases["handler"], seen.phases["queued"]) == (1, 5)
        parking.release()
        for client in clients:
            assert client.read_answer().status == 200
            client.close()


def test_a_label_that_cannot_be_made_costs_the_label_only(parking, caplog):
    class Handler:
        def label(self, head):
            raise LookupError("no such route")

        def __call__(self, exchange):
            parking.park()
            exchange.respond(*ANSWER)

    with serving(Handler(), "pool") as running, Client(running) as client:
        client.send(b"GET /x HTTP/1.1\r\nHost: test\r\n\r\n")
        parking.wait_parked()
        (one,) = running.server.inspect().requests
        assert (one.route, one.path) == ("", "/x")
        parking.release()
        assert client.read_answer().status == 200
    assert "no such route" in caplog.text
