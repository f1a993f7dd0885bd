"""Microseconds and Python calls per request head and per answer of `demijohn.wire.h1`. Run: `python bench/micro_h1.py`.

Prints the least of several rounds, which is what the code costs when nothing else runs. No figure is checked here.
"""

import itertools
import sys
import time
from collections.abc import Callable
from types import FrameType

from demijohn.wire.h1 import H1Connection
from demijohn.wire.limits import H1Limits

DATE = b"Sun, 09 Sep 2001 01:46:40 GMT"
SERVER = b"demijohn"
ROUNDS = 15
CALLS = 4000

SMALL = b"GET / HTTP/1.1\r\nHost: localhost:5000\r\n\r\n"
BROWSER = (
    b"GET /index.html?page=1 HTTP/1.1\r\n"
    b"Host: www.example.com\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    b"Accept-Language: en-US,en;q=0.5\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
    b"Connection: keep-alive\r\n"
    b"Cookie: session=eyJ1c2VyIjoxfQ.ZtX0aQ.0123456789abcdefghijklmnop\r\n"
    b"\r\n"
)
POST = (
    b"POST /items HTTP/1.1\r\nHost: www.example.com\r\nContent-Type: application/json\r\nAccept: */*\r\n"
    b'Content-Length: 13\r\n\r\n{"name": "x"}'
)
CHUNKED = (
    b"POST /items HTTP/1.1\r\nHost: www.example.com\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'd\r\n{"name": "x"}\r\n0\r\n\r\n'
)
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "5"), ("X-Frame-Options", "DENY")]


def reader(data: bytes, events: int, *, repeats: bool = False) -> Callable[[], None]:
    """Return a function that reads one request, by `events` calls of `next_event`, on a connection kept alive.

    Unless it `repeats`, no request has the fields of the one before it.
    """
    connection = H1Connection(H1Limits())
    variants = itertools.cycle([data] if repeats else [data, data.replace(b"\r\nHost: ", b"\r\nHost:  ")])

    def read() -> None:
        connection.receive_data(next(variants))
        for _ in range(events):
            connection.next_event()
        connection._start_next_request()

    return read


def answerer() -> Callable[[], None]:
    """Return a function that renders one whole answer."""
    connection = H1Connection(H1Limits())

    def answer() -> None:
        connection.render_response("200 OK", HEADERS, b"Hello", date=DATE, server=SERVER)
        connection.has_started = connection.has_answered = False

    return answer


def microseconds(function: Callable[[], None]) -> float:
    """Return the time of one call."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(CALLS):
            function()
        best = min(best, time.perf_counter() - begin)
    return best / CALLS * 1e6


def python_calls(function: Callable[[], None]) -> int:
    """Return how many Python functions one call of `function` enters, itself not counted."""
    entered = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal entered
        if event == "call":
            entered += 1

    function()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return entered - 1


def main() -> None:
    """Measure and print."""
    cases = {
        "read: 1 field": reader(SMALL, 1),
        "read: 7 fields of a browser": reader(BROWSER, 1),
        "read: the same 7 fields again": reader(BROWSER, 1, repeats=True),
        "read: 13 bytes of JSON, Content-Length": reader(POST, 3),
        "read: 13 bytes of JSON, chunked": reader(CHUNKED, 3),
        "answer: 3 fields, 5 bytes": answerer(),
    }
    print(f"{'case':45}{'us':>8}{'calls':>8}")
    for name, function in cases.items():
        print(f"{name:45}{microseconds(function):8.2f}{python_calls(function):8}")


if __name__ == "__main__":
    main()
