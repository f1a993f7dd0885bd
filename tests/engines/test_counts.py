"""What the server counts of itself, on every runner."""

import threading

from engines.oddities import wait_until
from engines.serving import Client, serving


def handler(exchange) -> None:
    if exchange.head.path == "/missing":
        exchange.respond("404 Not Found", [], b"no")
    elif exchange.head.path == "/stream":
        exchange.stream("200 OK", [], iter([b"a" * 50, b"b" * 50]))
    elif exchange.head.path == "/abort":
        exchange.abort()
    elif exchange.head.path == "/raise":
        raise ValueError("of the application")
    else:
        exchange.respond("200 OK", [], b"x" * 100)


def test_requests_answers_and_bytes(runner):
    with serving(handler, runner) as running:
        stats = running.server.stats
        with Client(running) as client:
            for path in ("/", "/", "/missing", "/stream", "/raise"):
                client.get(path)
            client.send(b"nonsense\r\n\r\n")
            assert client.read_answer().status == 400
        with Client(running) as client:
            client.send(b"GET /abort HTTP/1.1\r\nHost: test\r\n\r\n")
            assert client.is_closed()
        wait_until(lambda: stats.connections_open == 0)
        assert stats.answers == {"": 1, "1xx": 0, "2xx": 3, "3xx": 0, "4xx": 2, "5xx": 1}
        assert (stats.requests, stats.ended, stats.in_flight, stats.rejects) == (6, 6, 0, 1)
        requests = sum(
            len(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")
            for path in ("/", "/", "/missing", "/stream", "/raise", "/abort")
        )
        assert stats.received_bytes == requests + len("nonsense\r\n\r\n")
        assert stats.sent_bytes > 3 * 100 + 2


def test_what_is_sent_is_counted_to_the_byte(runner):
    with serving(handler, runner) as running, Client(running) as client:
        got = 0
        for path in ("/", "/stream", "/missing"):
            client.send(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: keep-alive\r\n\r\n".encode())
            head = b""
            while line := client.file.readline():
                head += line
                if line == b"\r\n":
                    break
            body = b""
            length = [
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            ]
            while len(body) < length[0] if length else not body.endswith(b"\r\n0\r\n\r\n"):
                body += client.file.read(1)
            got += len(head) + len(body)
        wait_until(lambda: running.server.stats.ended == 3)
        assert running.server.stats.sent_bytes == got


def test_what_waits_is_told(threaded_runner):
    entered, go_on = threading.Semaphore(0), threading.Event()

    def block(exchange) -> None:
        entered.release()
        go_on.wait(20)
        exchange.respond("200 OK", [], b"")

    with serving(block, threaded_runner, threads=2) as running:
        clients = [Client(running) for _ in range(4)]
        try:
            for client in clients:
                client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            assert entered.acquire(timeout=20)
            wait_until(lambda: running.server.queued()[0] >= 2)
            waiting, since = running.server.queued()
            assert waiting in (2, 3)
            assert 0 < since <= running.server._engine.clock.monotonic()
            wait_until(lambda: running.server.stats.in_flight == 4)
        finally:
            go_on.set()
        for client in clients:
            assert client.read_answer().status == 200
            client.close()
        wait_until(lambda: running.server.stats.in_flight == 0)
        wait_until(lambda: running.server.queued() == (0, 0.0))


def test_a_handler_that_keeps_the_polling_thread_keeps_others_waiting():
    entered, go_on = threading.Event(), threading.Event()

    def block(exchange) -> None:
        entered.set()
        go_on.wait(20)
        exchange.respond("200 OK", [], b"")

    with serving(block, "inline") as running, Client(running) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        assert entered.wait(20)
        try:
            waiting, since = running.server.queued()
            assert waiting == 0
            assert since == running.server._engine.reactor.polled_at
        finally:
            go_on.set()
        assert client.read_answer().status == 200
        wait_until(lambda: running.server.queued() == (0, 0.0))
