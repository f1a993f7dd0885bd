"""More requests than threads: everybody has a turn, and who would wait for nothing is told so."""

import select
import selectors
import threading
import time
from collections import Counter

import pytest
from engines.oddities import JumpingClock, let_turn, links, nobody_polls, wait_until
from engines.serving import TIMEOUT, Client, serving

from demijohn.serve.phase import Phase

TEXT = [("Content-Type", "text/plain")]
GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"


class Site:
    """`/wait` waits until it may go; notes whatever a handler was called for."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.entered = threading.Semaphore(0)
        self.seen: list[str] = []

    def __call__(self, exchange) -> None:
        self.seen.append(exchange.head.target)
        if exchange.head.target == "/wait":
            self.entered.release()
            assert self.go.wait(TIMEOUT)
        exchange.respond("200 OK", TEXT, exchange.body.read())


def occupy(running, site: Site, count: int) -> list[Client]:
    """Have a handler wait on each thread."""
    clients = [Client(running) for _ in range(count)]
    for client in clients:
        client.send(GET % b"wait")
        assert site.entered.acquire(timeout=TIMEOUT)
    return clients


def is_parked(link) -> bool:
    """A stream waits for its client, who takes nothing."""
    return link.phase is Phase.SENDING and not link.is_handled and not select.select([], [link.sock], [], 0)[1]


def queued(running) -> int:
    return len(running.server._runner.queue)


def test_a_full_queue_refuses_at_once_and_keeps_the_connection(threaded_runner):
    site = Site()
    with serving(site, threaded_runner, threads=2, max_queued_requests=3) as running:
        busy = occupy(running, site, 2)
        waiting = [Client(running) for _ in range(3)]
        for client in waiting:
            client.send(GET % b"late")
        wait_until(lambda: queued(running) == 3)
        with Client(running) as refused:
            for _ in range(2):
                answer = refused.request("POST", "/refused", b"abc")
                assert answer.status == 503
                assert int(answer.headers["retry-after"]) >= 1
                assert "connection" not in answer.headers
            site.go.set()
            for client in (*busy, *waiting):
                assert client.read_answer().status == 200
                client.close()
            assert refused.request("POST", "/then", b"abc").body == b"abc"
        assert site.seen.count("/late") == 3
        assert "/refused" not in site.seen
        assert running.server._engine.refusals.snapshot() == {"max_queued_requests": 2}


def test_who_waits_too_long_is_told_so_though_no_thread_comes_back(threaded_runner):
    site, clock = Site(), JumpingClock()
    with serving(site, threaded_runner, clock, threads=2, max_queue_age=5) as running:
        busy = occupy(running, site, 2)
        with Client(running) as client:
            client.send(GET % b"late" + GET % b"behind")
            wait_until(lambda: queued(running) == 1)
            clock.jump(7.1, running)
            assert client.read_answer().status == 503
            wait_until(lambda: queued(running) == 1)  # its next request has a wait of its own
            site.go.set()
            assert client.read_answer().status == 200
        for client in busy:
            assert client.read_answer().status == 200
            client.close()
        assert "/late" not in site.seen
        assert "/behind" in site.seen


def test_a_thread_that_comes_too_late_refuses(threaded_runner):
    site, clock = Site(), JumpingClock()
    with serving(site, threaded_runner, clock, threads=1, max_queue_age=5) as running:
        (busy,) = occupy(running, site, 1)
        with Client(running) as client:
            client.send(GET % b"late")
            wait_until(lambda: queued(running) == 1)
            clock.ahead += 5.5  # and the wheel does not look before 6
            site.go.set()
            assert client.read_answer().status == 503
            assert busy.read_answer().status == 200
            assert client.get("/next").status == 200
            busy.close()
    assert "/late" not in site.seen


def test_who_waits_too_long_behind_one_handler_is_refused_inline():
    clock = JumpingClock()
    seen = []
    entered, go = threading.Event(), threading.Event()

    def handler(exchange):
        target = exchange.head.target
        seen.append(target)
        if target == "/gate":
            entered.set()
            assert go.wait(TIMEOUT)
        elif target == "/long":
            clock.jump(40)
        exchange.respond("200 OK", TEXT, b"")

    with serving(handler, "inline", clock) as running, Client(running) as gate:
        gate.send(GET % b"gate")
        assert entered.wait(TIMEOUT)
        clients = [Client(running) for _ in range(3)]
        for client in clients:
            client.send(GET % b"long")
        go.set()
        answers = [client.read_answer() for client in clients]
        # All were read before the first of them ran, which took longer than a request may wait.
        assert [answer.status for answer in answers] == [200, 503, 503]
        assert seen.count("/long") == 1
        for client in clients:
            assert client.get("/again").status == 200
            client.close()


def test_an_answer_that_has_begun_is_not_refused(threaded_runner):
    """A stream waits for a thread to go on, longer than a request may."""
    site, clock = Site(), JumpingClock()

    def handler(exchange):
        if exchange.head.target == "/stream":
            exchange.stream("200 OK", TEXT, (b"x" * 100_000 for _ in range(400)))
        else:
            site(exchange)

    with serving(handler, threaded_runner, clock, threads=1, max_queue_age=5, max_queued_requests=1) as running:
        with Client(running) as client:
            client.send(GET % b"stream")
            wait_until(lambda: links(running) and is_parked(links(running)[0]))
            (busy,) = occupy(running, site, 1)
            with Client(running) as other:
                other.send(GET % b"late")
                wait_until(lambda: queued(running) == 1)
                reader = threading.Thread(target=client.read_answer)
                reader.start()
                wait_until(lambda: queued(running) == 2)
                clock.jump(8, running)
                assert other.read_answer().status == 503
                site.go.set()
                reader.join(TIMEOUT)
                assert not reader.is_alive()
                assert busy.read_answer().status == 200
                busy.close()


@pytest.mark.slow
def test_300_connections_have_their_turns_alike(runner):
    """Counted, not timed: between two turns of one connection nobody else has many."""
    per_client, count = 6, 300

    def handler(exchange):
        time.sleep(0.0005)
        exchange.respond("200 OK", TEXT, b"")

    answers: Counter[int] = Counter()
    with serving(handler, runner, threads=4) as running, selectors.DefaultSelector() as selector:
        clients = [Client(running) for _ in range(count)]
        for number, client in enumerate(clients):
            # Or it would have to be accepted yet when others have had turns.
            assert client.get(f"/{number}").status == 200
            selector.register(client.sock, selectors.EVENT_READ, (number, client))
        with nobody_polls(running):
            for number, client in enumerate(clients):
                client.send(GET % b"%d" % number)
        until = time.monotonic() + 2 * TIMEOUT
        while min(answers.values(), default=0) < per_client or len(answers) < count:
            assert time.monotonic() < until
            for key, _ in selector.select(1):
                number, client = key.data
                assert client.read_answer().status == 200
                answers[number] += 1
                client.send(GET % b"%d" % number)
        for client in clients:
            client.close()
    # The slowest had its share when no other had had twice as much.
    assert max(answers.values()) <= per_client * 2


def test_refusals_do_not_occupy_the_polling_thread(threaded_runner):
    """Everybody is answered, in whatever way, though no thread is free."""
    site = Site()
    with serving(site, threaded_runner, threads=1, max_queued_requests=1) as running:
        (busy,) = occupy(running, site, 1)
        with Client(running) as waiting, Client(running) as client:
            waiting.send(GET % b"late")
            wait_until(lambda: queued(running) == 1)
            client.send(GET % b"refused" * 200)
            assert [client.read_answer().status for _ in range(200)] == [503] * 200
            let_turn(running)
            site.go.set()
            assert waiting.read_answer().status == 200
            assert busy.read_answer().status == 200
            busy.close()
