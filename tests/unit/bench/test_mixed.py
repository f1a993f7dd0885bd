"""The client that times fast and slow requests apart."""

import contextlib
import itertools
import socket
import threading

import pytest
from bench.measures.mixed import SLOW_EVERY, Client, is_whole, percentile

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfast"


@pytest.mark.parametrize("size", range(len(WHOLE)))
def test_an_answer_that_is_cut_off_is_not_whole(size):
    assert not is_whole(WHOLE[:size])


def test_an_answer_of_a_length():
    assert is_whole(WHOLE)


def test_an_answer_in_chunks():
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    assert not is_whole(head + b"4\r\nfast\r\n")
    assert is_whole(head + b"4\r\nfast\r\n0\r\n\r\n")


def test_an_answer_whose_end_nobody_knows():
    with pytest.raises(ValueError, match="without Content-Length"):
        is_whole(b"HTTP/1.1 200 OK\r\n\r\nfa")


def test_percentiles():
    times = [float(number) for number in reversed(range(1000))]
    assert (percentile(times, 50), percentile(times, 99)) == (500.0, 990.0)
    assert percentile([7.0], 99) == 7.0


def test_no_times_are_no_percentile():
    with pytest.raises(ValueError, match="not one answer"):
        percentile([], 99)


class Served:
    """A server that answers what it is told to, one connection after another, on threads."""

    def __init__(self, answer):
        self.numbers = []
        self._answer = answer
        self._sock = socket.create_server(("127.0.0.1", 0))
        self.port = self._sock.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._sock.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(sock,)))
            self._threads[-1].start()

    def _serve(self, sock):
        with sock, contextlib.suppress(ConnectionError):  # the client's time is over
            while head := sock.recv(65536):
                number = int(head.split()[1].rpartition(b"/")[2])
                self.numbers.append(number)
                answer = self._answer(number)
                sock.sendall(answer)
                if b"close" in answer:
                    return

    def wait(self):
        """Wait until what the clients that have gone sent is read."""
        for thread in self._threads[1:]:
            thread.join(20)

    def close(self):
        self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        self._threads[0].join(20)
        self.wait()


@pytest.fixture
def served():
    servers = []

    def start(answer):
        servers.append(Served(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def clock():
    """A millisecond passes whenever somebody looks: however slow the machine is, there is time for hundreds of answers."""
    return map((0.001).__mul__, itertools.count()).__next__


def answer(number, more=b""):
    body = b"slow" if number % SLOW_EVERY == 0 else b"fast"
    return b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n" + more + b"\r\n" + body


def test_both_kinds_are_seen(served, clock):
    server = served(answer)
    seen = Client(server.port, 2, clock).run(0.5)
    server.wait()
    assert seen.errors == 0
    assert 0 < seen.p50_ms <= seen.p99_ms
    assert seen.slow_p50_ms > 0
    assert seen.count <= len(server.numbers) <= seen.count + 2
    assert sorted(server.numbers) == list(range(1, len(server.numbers) + 1))


def test_a_server_that_closes_after_each_answer_is_connected_to_again(served, clock):
    seen = Client(served(lambda number: answer(number, b"Connection: close\r\n")).port, 2, clock).run(0.5)
    assert seen.errors == 0
    assert seen.count > SLOW_EVERY


@pytest.mark.parametrize(
    "wrong",
    [
        b"HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nfast",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow",
    ],
)
def test_wrong_answers_are_errors(served, clock, wrong):
    seen = Client(served(lambda number: wrong if number % 10 == 1 else answer(number)).port, 1, clock).run(0.5)
    assert seen.errors > 0
    assert seen.count > seen.errors
