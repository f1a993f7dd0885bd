"""What a server says of itself: each connection where it is, the queue and its age."""

import socket

from engines.oddities import JumpingClock, wait_until
from engines.serving import Client, serving
from engines.test_overload import Site, occupy

GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"


def test_every_connection_is_counted_where_it_is(threaded_runner):
    site, clock = Site(), JumpingClock()

    def handler(exchange):
        if exchange.head.path == "/large":
            exchange.respond("200 OK", [], bytes(2_000_000))
        else:
            site(exchange)

    with serving(handler, threaded_runner, clock, threads=2, max_queued_requests=1, linger_timeout=100) as running:
        running.listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        gauges = running.server.gauges
        idle, head, body, reader, last = clients = [Client(running) for _ in range(5)]
        assert idle.get("/").status == 200
        head.send(b"GET / HTTP/1.1\r\n")
        body.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nx")
        reader.send(GET % b"large")
        last.send(b"nonsense\r\n\r\n")
        assert last.read_answer().status == 400
        wait_until(lambda: gauges().sending == 1 and gauges().handled == 0)
        busy = occupy(running, site, 2)
        with Client(running) as waiting, Client(running) as refused:
            waiting.send(GET % b"later")
            wait_until(lambda: gauges().queued == 1)
            clock.jump(3, running)
            assert refused.get("/").status == 503
            now = gauges()
            assert 3 <= now.oldest_queued < 25
            assert now.unsent_bytes > 0
            expected = {"idle": 2, "heads": 1, "bodies": 1, "handled": 3, "sending": 1, "opening": 0, "lingering": 1}
            wait_until(lambda: expected.items() <= gauges().snapshot().items())
            site.go.set()
            assert waiting.read_answer().status == 200
        for client in busy:
            assert client.read_answer().status == 200
        for client in (*clients, *busy):
            client.close()
