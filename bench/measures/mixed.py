"""The client of the workload mixed: it knows which of its requests are slow ones, and times both kinds apart.

Run as a process of its own on the client's core: `python -m bench.measures.mixed PORT CONNECTIONS SECONDS` prints JSON. All
connections ask again as soon as they are answered; every fiftieth request is for a slow view. One moment is taken for all
answers that one look at the connections brings, before any of them is read: this client's own work is hardly in the times.
"""

import json
import re
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

SLOW_EVERY = 50
"""The applications' `/mixed/<n>` sleeps for the multiples of this."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """What one run saw: times in milliseconds, of the fast requests if not said otherwise."""

    rate: float
    """Requests of both kinds in a second."""
    p50_ms: float
    p99_ms: float
    slow_p50_ms: float
    count: int
    errors: int
    """Connections that broke, answers with another status than 200 or of the wrong kind."""


def is_whole(data: bytes) -> bool:
    """Whether this is all of an answer. A `ValueError` if one cannot know."""
    head, mark, body = data.partition(b"\r\n\r\n")
    if not mark:
        return False
    if length := _LENGTH.search(head):
        return len(body) >= int(length.group(1))
    if _CHUNKED.search(head):
        return body.endswith(b"0\r\n\r\n")
    raise ValueError(f"an answer without Content-Length and chunks: {head[:200]!r}")


class Line:
    """One connection, and the request that is on its way."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.open()

    def open(self) -> None:
        """Connect, also anew."""
        self.sock = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""

    def ask(self, number: int, moment: float) -> None:
        """Send a request, now."""
        self.is_slow = number % SLOW_EVERY == 0
        self.data = b""
        self.asked = moment
        self.sock.sendall(b"GET /mixed/%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % number)

    def take(self) -> bool:
        """Take what is there; whether the answer is whole. A `ConnectionError` if it was cut off or is a wrong one."""
        part = self.sock.recv(65536)
        if not part:
            raise ConnectionError("closed before the answer's end")
        self.data += part
        if not is_whole(self.data):
            return False
        word = b"slow" if self.is_slow else b"fast"
        if b" 200 " not in self.data[:16] or word not in self.data:
            raise ConnectionError(f"a wrong answer: {self.data[:80]!r}")
        return True

    def is_last(self) -> bool:
        """Whether the server closes the connection after this answer."""
        return _CLOSE.search(self.data.partition(b"\r\n\r\n")[0]) is not None


class Client:
    """All connections of one run; `clock` says how many seconds it is."""

    def __init__(self, port: int, connections: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._poll = select.epoll()
        self._lines: dict[int, Line] = {}
        self._number = 0
        self._fast: list[float] = []
        self._slow: list[float] = []
        self._errors = 0
        for _ in range(connections):
            self._begin(Line(port))

    def run(self, seconds: float) -> Seen:
        """Ask for so long. Raises `OSError` once the server takes no connections any more."""
        began = now = self._clock()
        while now < began + seconds:
            events = self._poll.poll(began + seconds - now)
            moment = self._clock()
            for fileno, _ in events:
                self._serve(self._lines[fileno], moment)
            now = self._clock()
        for line in self._lines.values():
            line.sock.close()
        self._poll.close()
        count = len(self._fast) + len(self._slow)
        return Seen(
            rate=count / (now - began),
            p50_ms=percentile(self._fast, 50) * 1000,
            p99_ms=percentile(self._fast, 99) * 1000,
            slow_p50_ms=percentile(self._slow, 50) * 1000,
            count=count,
            errors=self._errors,
        )

    def _serve(self, line: Line, moment: float) -> None:
        try:
            if not line.take():
                return
        except OSError:
            self._errors += 1
            self._again(line)
            return
        (self._slow if line.is_slow else self._fast).append(moment - line.asked)
        if line.is_last():
            self._again(line)
        else:
            self._ask(line)

    def _again(self, line: Line) -> None:
        self._poll.unregister(line.sock)
        del self._lines[line.sock.fileno()]
        line.sock.close()
        line.open()
        self._begin(line)

    def _begin(self, line: Line) -> None:
        self._lines[line.sock.fileno()] = line
        self._poll.register(line.sock, select.EPOLLIN)
        self._ask(line)

    def _ask(self, line: Line) -> None:
        self._number += 1
        line.ask(self._number, self._clock())


def percentile(times: list[float], which: int) -> float:
    """The time that so many of a hundred do not exceed. A `ValueError` without any."""
    if not times:
        raise ValueError("not one answer of a kind came")
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, len(ordered) * which // 100)]


def main() -> None:
    """Be the client."""
    port, connections, seconds = map(int, sys.argv[1:4])
    json.dump(asdict(Client(port, connections).run(seconds)), sys.stdout)


if __name__ == "__main__":
    main()
