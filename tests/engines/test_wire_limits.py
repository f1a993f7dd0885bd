"""Each limit of `H1Limits` over a socket: what has exactly its size is served, one more is refused, and nobody waits for an end.

The grammar at these limits is tested without sockets, at every split (tests/unit/wire, tests/corpus).
"""

import contextlib
import itertools
import socket
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from engines.oddities import links, wait_until
from engines.serving import Client, serving

from demijohn.wire.limits import H1Limits

LIMITS = H1Limits(
    request_line=100, head_bytes=200, field_count=5, leading_empty_lines=2, chunk_line=30, extension_bytes_total=40,
    trailer_bytes=60, trailer_count=3, body_bytes=50,
)  # fmt: skip
"""Small, and none in another's way."""

HEAD = b" / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def request_line(size: int) -> bytes:
    return b"GET /" + b"x" * (size - len("GET / HTTP/1.1")) + b" HTTP/1.1\r\nHost: a\r\n\r\n"


def head_bytes(size: int) -> bytes:
    return b"GET" + HEAD + b"X: " + b"y" * (size - len("Host: a\r\nX: \r\n")) + b"\r\n\r\n"


def field_count(size: int) -> bytes:
    return b"GET" + HEAD + b"X: y\r\n" * (size - 1) + b"\r\n"


def leading_empty_lines(size: int) -> bytes:
    return b"\r\n" * size + b"GET" + HEAD + b"\r\n"


def chunk_line(size: int) -> bytes:
    return CHUNKED + b"1;" + b"e" * (size - 2) + b"\r\na\r\n0\r\n\r\n"


def extension_bytes_total(size: int) -> bytes:
    return CHUNKED + b"1;" + b"e" * 19 + b"\r\na\r\n1;" + b"e" * (size - 21) + b"\r\na\r\n0\r\n\r\n"


def trailer_bytes(size: int) -> bytes:
    return CHUNKED + b"1\r\na\r\n0\r\nX: " + b"y" * (size - len("X: \r\n")) + b"\r\n\r\n"


def trailer_count(size: int) -> bytes:
    return CHUNKED + b"1\r\na\r\n0\r\n" + b"X: y\r\n" * size + b"\r\n"


def body_bytes(size: int) -> bytes:
    return b"POST" + HEAD + b"Content-Length: %d\r\n\r\n" % size + b"x" * size


def body_bytes_in_chunks(size: int) -> bytes:
    return CHUNKED + b"%x\r\n" % (size - 1) + b"x" * (size - 1) + b"\r\n1\r\nx\r\n0\r\n\r\n"


@dataclass
class Element:
    """A part of a request that has a limit."""

    build: Callable[[int], bytes]
    """A request whose element has that size."""

    status: int
    """What is said beyond the limit."""

    begin: bytes = b""
    filler: bytes = b""
    """How an element begins that never ends, and how it goes on."""

    @property
    def limit(self) -> str:
        return self.build.__name__.removesuffix("_in_chunks")


ELEMENTS = [
    Element(request_line, 414, b"GET /", b"x"),
    Element(head_bytes, 431, b"GET" + HEAD + b"X: ", b"y"),
    Element(field_count, 431, b"GET" + HEAD, b"X: y\r\n"),
    Element(leading_empty_lines, 400, b"", b"\r\n"),
    Element(chunk_line, 400, CHUNKED + b"1;", b"e"),
    Element(chunk_line, 400, CHUNKED, b"0"),
    Element(extension_bytes_total, 400, CHUNKED, b"1;eeeeeeeeeeeeeee\r\na\r\n"),
    Element(trailer_bytes, 431, CHUNKED + b"0\r\nX: ", b"y"),
    Element(trailer_count, 431, CHUNKED + b"0\r\n", b"X: y\r\n"),
    Element(body_bytes, 413),
    Element(body_bytes_in_chunks, 413, CHUNKED, b"1\r\nx\r\n"),
]
ENDLESS = [element for element in ELEMENTS if element.filler]


def names(elements: list[Element]) -> list[str]:
    return [f"{element.build.__name__}-{element.filler.decode().strip() or 'empty'}" for element in elements]


def handler(exchange) -> None:
    exchange.respond("200 OK", [("Content-Type", "text/plain")], b"%d" % len(exchange.body.read()))


@pytest.fixture(scope="module")
def running():
    with serving(handler, limits=LIMITS) as running:
        yield running


@pytest.mark.parametrize("pieces", ["whole", "bytewise"])
@pytest.mark.parametrize("element", ELEMENTS, ids=names(ELEMENTS))
def test_exactly_so_much_is_served_and_one_more_is_not(running, element, pieces):
    most = getattr(LIMITS, element.limit)
    for size, status in ((most, 200), (most + 1, element.status)):
        data = element.build(size)
        with Client(running) as client:
            # What comes behind a refusal may meet a closed connection.
            with contextlib.suppress(ConnectionError):
                for piece in [data] if pieces == "whole" else [bytes([byte]) for byte in data]:
                    client.send(piece)
            assert client.read_answer().status == status
            if status == 200:
                assert client.get("/").status == 200
            else:
                assert client.is_closed()


@pytest.mark.parametrize("element", ELEMENTS, ids=names(ELEMENTS))
def test_the_default_is_another(element):
    """So it was the setting that was honoured above."""
    data = element.build(getattr(LIMITS, element.limit) + 1)
    limits = replace(H1Limits(), leading_empty_lines=9)
    with serving(handler, limits=limits) as running, Client(running) as client:
        client.send(data)
        assert client.read_answer().status == 200


@pytest.mark.parametrize("element", ENDLESS, ids=names(ENDLESS))
def test_what_does_not_end_is_refused_while_it_arrives(running, element):
    """Nothing is sent behind the bytes that are too many: the answer does not wait for a line end, nor for more."""
    most = getattr(LIMITS, element.limit)
    with Client(running) as client:
        # A line end may be what the last four bytes are for.
        count = most + 4 if len(element.filler) == 1 else most + 1
        client.send(element.begin + element.filler * count)
        answer = client.read_answer()
        assert (answer.status, answer.headers["connection"]) == (element.status, "close")


@pytest.mark.slow
@pytest.mark.parametrize("element", ENDLESS, ids=names(ENDLESS))
def test_memory_is_bounded_by_the_defaults_while_it_arrives(runner, element):
    """As fast as the server takes it, for as long as it does. The client's own block was there before."""
    block = memoryview(element.filler * ((64 << 10) // len(element.filler)))
    limits = replace(H1Limits(), body_bytes=64 << 10)
    with serving(handler, runner, limits=limits, body_memory_bytes=16 << 10, linger_timeout=0) as running:
        with Client(running) as client:
            assert client.get("/").status == 200
        with Client(running) as client:
            tracemalloc.start()
            try:
                client.send(element.begin)
                with contextlib.suppress(ConnectionError):
                    for _ in itertools.repeat(None, 128):
                        client.send(block)
                wait_until(lambda: not links(running))
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        assert running.server.stats.rejects == 1
        # What is received at once, in a few thousand pieces and joined: eight mebibytes were on offer.
        assert peak < 2 << 20


def test_a_length_that_is_announced_allocates_nothing(runner):
    with serving(handler, runner, limits=H1Limits(body_bytes=None)) as running:
        with Client(running) as client:
            assert client.get("/").status == 200
        tracemalloc.start()
        try:
            with Client(running) as client:
                client.send(b"POST" + HEAD + b"Content-Length: 99999999999999999\r\n\r\nx")
                client.sock.shutdown(socket.SHUT_WR)
                assert client.read_answer().status == 400
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 1 << 20


class Ignoring:
    """Answers without a look at the body."""

    def streams(self, head) -> bool:
        return True

    def __call__(self, exchange) -> None:
        exchange.respond("200 OK", [], b"")


@pytest.mark.over_tls
@pytest.mark.parametrize("read", [0, 10])
def test_so_much_may_be_left_unread_and_no_more(runner, read):
    """It is read and forgotten for the sake of the connection; with one byte more the connection ends."""
    limits = H1Limits(unread_bytes=1000)
    with serving(Ignoring(), runner, limits=limits) as running:
        for size, is_last in ((1000, False), (1001, True)):
            with Client(running) as client:
                client.send(b"POST" + HEAD + b"Content-Length: %d\r\n\r\n" % size + b"x" * read)
                assert ("connection" in client.read_answer().headers) is is_last
                if is_last:
                    assert client.is_closed()
                    continue
                client.send(b"x" * (size - read) + b"GET" + HEAD + b"\r\n")
                assert client.read_answer().status == 200
