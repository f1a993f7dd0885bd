"""What an application has given is on its way while it makes the rest, however slow its client was (PEP 3333, "Buffering")."""

import socket
import threading

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn.doors.host_wsgi import wsgi_handler
from demijohn.seam import ClientDisconnected, Exchange

TEXT = [("Content-Type", "text/plain")]
FIRST = b"x" * 300_000
"""More than the small buffers of these connections take at once."""


class Site:
    """Gives much, and goes on when its client has had it."""

    def __init__(self) -> None:
        self.has_client_all = threading.Event()
        self.gave_up = False

    def chunks(self):
        yield FIRST
        self.wait()
        yield b"the rest"

    def wait(self) -> None:
        if not self.has_client_all.wait(TIMEOUT):
            self.gave_up = True

    def streamed(self, exchange: Exchange) -> None:
        exchange.stream("200 OK", TEXT, self.chunks())

    def pushed(self, exchange: Exchange) -> None:
        exchange.start("200 OK", TEXT)
        for _ in range(10):
            exchange.write(FIRST[::10])
        self.wait()
        exchange.write(b"the rest")
        exchange.finish()

    def returned(self, environ, start_response):
        start_response("200 OK", TEXT)
        return self.chunks()

    def written(self, environ, start_response):
        write = start_response("200 OK", TEXT)
        write(FIRST)
        self.wait()
        return [b"the rest"]

    def handler(self, way: str):
        method = getattr(self, way)
        return wsgi_handler(method) if way in ("returned", "written") else method


@pytest.mark.over_tls
@pytest.mark.parametrize("way", ["streamed", "pushed", "returned", "written"])
def test_nothing_waits_for_what_comes_after_it(runner, way):
    site = Site()
    with serving(site.handler(way), runner, threads=1) as running:
        running.listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # and so of those it accepts
        with Client(running) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.read_head()
            received = b""
            chunks = client.chunks()
            while len(received) < len(FIRST):
                received += next(chunks)
            site.has_client_all.set()
            received += b"".join(chunks)
    assert received == FIRST + b"the rest"
    assert not site.gave_up


@pytest.mark.slow
def test_a_push_that_waits_ends_with_the_server(threaded_runner):
    """Its client takes nothing; the thread comes free although the socket that it waits for is closed under it."""
    outcome, begun, over = [], threading.Event(), threading.Event()

    def push(exchange) -> None:
        exchange.start("200 OK", [])
        begun.set()
        try:
            while True:
                exchange.write(bytes(1 << 20))
        except BaseException as error:
            outcome.append(type(error))
            raise
        finally:
            over.set()

    with serving(push, threaded_runner, threads=1, drain_timeout=0.1) as running, Client(running) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert begun.wait(TIMEOUT)
        running.server.shutdown()
        assert over.wait(TIMEOUT)
    assert outcome == [ClientDisconnected]
