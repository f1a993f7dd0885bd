"""Context variables: each request has a context of its own, on every runner, whatever threads run and pull it."""

import threading
from contextvars import ContextVar

from engines.serving import Client, serving

from demijohn.local import Local

variable: ContextVar[str] = ContextVar("variable", default="unset")


def test_what_a_request_leaves_is_gone_at_the_next(runner):
    local = Local()

    def handler(exchange):
        seen = f"{variable.get()} {getattr(local, 'x', 'nothing')}"
        variable.set("left over")
        local.x = "left over"
        exchange.respond("200 OK", [], seen.encode())

    with serving(handler, runner, threads=1) as running, Client(running) as client:
        for _ in range(5):
            assert client.get("/").body == b"unset nothing"
    assert variable.get() == "unset"


def test_a_stream_keeps_its_context_however_often_it_is_parked(runner):
    """The client reads so slowly that the stream is parked again and again, and other requests run in between."""
    at_close = []
    threads = set()

    class Body:
        def __init__(self):
            self.token = variable.set("0")
            self.count = 0

        def __iter__(self):
            return self

        def __next__(self):
            threads.add(threading.get_ident())
            assert variable.get() == str(self.count)
            if self.count == 100:
                raise StopIteration
            self.count += 1
            variable.set(str(self.count))
            return b"x" * 65_536

        def close(self):
            at_close.append(variable.get())
            variable.reset(self.token)  # fails in any other context than that of `set`

    def handler(exchange):
        if exchange.head.path == "/stream":
            exchange.stream("200 OK", [], Body())
        else:
            exchange.respond("200 OK", [], variable.get().encode())

    with serving(handler, runner, threads=3) as running:
        with Client(running) as slow, Client(running) as other:
            slow.send(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            slow.read_head()
            for data in slow.chunks():
                assert data == b"x" * 65_536
                assert other.get("/").body == b"unset"
    assert at_close == ["100"]
