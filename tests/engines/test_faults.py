"""Faults from outside and from the application, at every stage: the server goes on, and nothing leaks.

Open files and threads are counted before and after each. Want of descriptors, of room for bodies and of room for logs are the
matter of test_leaks.py, test_admission.py and test_logs.py; here are the ways in which they come besides.
"""

import contextlib
import errno
import gc
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from engines.oddities import JumpingClock, links, reset, wait_until
from engines.serving import TIMEOUT, Client, serving
from engines.test_leaks import descriptors, workers

from demijohn.seam import ClientDisconnected, FileSegment

GET = b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n"


@contextlib.contextmanager
def nothing_leaks():
    gc.collect()
    fds, threads = descriptors(), workers()
    yield
    gc.collect()
    assert descriptors() == fds
    assert workers() == threads


class Site:
    """One page for each stage at which a client may go."""

    def __init__(self) -> None:
        self.entered, self.go = threading.Semaphore(0), threading.Event()
        self.opened = self.closed = 0
        self.ends: list[str] = []

    def streams(self, head) -> bool:
        return head.path == "/reading"

    def __call__(self, exchange) -> None:
        path = exchange.head.path
        exchange.after(lambda: self.ends.append(path))
        if path == "/handler":
            self.entered.release()
            assert self.go.wait(TIMEOUT)
            exchange.respond("200 OK", [], b"x" * 100_000)
        elif path == "/reading":
            self.entered.release()
            with contextlib.suppress(OSError, ClientDisconnected):
                while exchange.body.read(1000):
                    pass
            exchange.respond("200 OK", [], b"")
        elif path == "/large":
            exchange.respond("200 OK", [], b"x" * 20_000_000)
        elif path == "/stream":
            exchange.stream("200 OK", [], self.chunks())
        elif path == "/push":
            exchange.start("200 OK", [])
            with contextlib.suppress(ClientDisconnected):
                for _ in range(300):
                    exchange.write(b"x" * 70_000)
            exchange.finish()
        elif path == "/file":
            file = tempfile.TemporaryFile()
            file.truncate(50_000_000)
            exchange.send_file("200 OK", [], FileSegment(file, 0, 50_000_000))
        else:
            exchange.respond("200 OK", [], b"fine")

    def chunks(self):
        site = self

        class Chunks:
            def __iter__(self):
                site.opened += 1
                return (b"x" * 70_000 for _ in range(300))

            def close(self):
                site.closed += 1

        return Chunks()


BODY = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"

STAGES = {
    "before the head": (b"", 0),
    "in the head": (b"GET / HTTP/1.1\r\nHos", 0),
    "after the head": (BODY % b"/", 0),
    "in the body": (BODY % b"/" + b"x" * 5000, 0),
    "in a spooled body": (BODY % b"/" + b"x" * 50_000, 0),
    "in a chunked body": (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 0),
    "waiting for 100": (b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", 0),
    "while the handler reads": (BODY % b"/reading" + b"x" * 5000, 0),
    "in the handler": (GET % b"/handler", 0),
    "after the request": (GET % b"/", 0),
    "at the answer's first byte": (GET % b"/large", 1),
    "in the answer": (GET % b"/large", 500_000),
    "in the stream": (GET % b"/stream", 200_000),
    "in what is pushed": (GET % b"/push", 200_000),
    "in the file": (GET % b"/file", 500_000),
    "between two requests": (GET % b"/", -1),
    "in a pipeline": ((GET % b"/") * 40 + GET % b"/stream", 300),
}


@pytest.mark.slow
@pytest.mark.over_tls
def test_clients_that_reset_at_every_stage(runner):
    """The connection is torn down with a reset; the server forgets all about it, and serves the next."""
    site = Site()
    with nothing_leaks():
        with (
            serving(site, runner, threads=3, body_memory_bytes=20_000, linger_timeout=0.2) as running,
            Client(running) as other,
        ):
            assert other.get("/").body == b"fine"
            inside = descriptors()
            for stage, (data, take) in STAGES.items():
                waits = stage in ("in the handler", "while the handler reads")
                if runner.startswith("inline") and waits:
                    continue  # the handler has the only thread
                site.go.clear()
                for _ in range(2):
                    client = Client(running)
                    client.send(data)
                    if waits:
                        assert site.entered.acquire(timeout=TIMEOUT), stage
                    if take < 0:
                        assert client.read_answer().body == b"fine", stage
                    elif take:
                        assert len(client.file.read(take)) == take, stage
                    reset(client)
                site.go.set()
                assert other.get("/").body == b"fine", stage
                wait_until(lambda: len(links(running)) == 1, f"torn {stage}: the connections are gone")
                wait_until(lambda: site.opened == site.closed, f"torn {stage}: each stream is closed")
                wait_until(
                    lambda: len(site.ends) == running.server.stats.requests, f"torn {stage}: each end is told once"
                )
                wait_until(lambda: descriptors() == inside, f"torn {stage}: the descriptors are free")
            assert running.server.stats.threads_replaced == 0


# ---------------------------------------------------------------- accept


class Listening:
    """A listening socket of which `accept` fails as it is told."""

    def __init__(self, sock: socket.socket, failures: list[int]) -> None:
        self._sock, self._failures = sock, failures
        self.calls = 0

    def __getattr__(self, name: str):
        return getattr(self._sock, name)

    def fileno(self) -> int:
        return self._sock.fileno()

    def accept(self):
        self.calls += 1
        if self._failures:
            number = self._failures.pop()
            if number in (errno.ECONNABORTED, errno.EPROTO):
                self._sock.accept()[0].close()  # as the system does, which gives the error instead of the connection
            raise OSError(number, os.strerror(number))
        return self._sock.accept()


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPROTO])
def test_connections_that_came_to_nothing_do_not_delay_others(runner, number):
    with nothing_leaks(), serving(Site(), runner, JumpingClock()) as running:
        acceptor = running.server._acceptors[0]
        gone = [socket.create_connection(running.address, timeout=TIMEOUT) for _ in range(3)]
        wait_until(lambda: len(links(running)) == 3)
        real = acceptor._listener.sock
        failing = Listening(real, [number] * 3)
        acceptor._listener.sock = failing
        late = [socket.create_connection(running.address, timeout=TIMEOUT) for _ in range(3)]
        # No pause: the clock stands still but for what really passes, and a pause takes until it is woken.
        with Client(running) as client:
            assert client.get("/").body == b"fine"
        assert acceptor._is_watching
        acceptor._listener.sock = real
        for sock in (*gone, *late):
            sock.close()


def test_an_accept_that_always_fails_is_tried_now_and_then(runner, caplog):
    """As the system answers EPERM by rules of a firewall or a security module: said, and no reason to spin or to stop."""
    clock = JumpingClock()
    with nothing_leaks(), serving(Site(), runner, clock) as running, Client(running) as client:
        assert client.get("/").body == b"fine"
        acceptor = running.server._acceptors[0]
        real = acceptor._listener.sock
        failing = Listening(real, [errno.EPERM] * 10_000)
        acceptor._listener.sock = failing
        waiting = Client(running)
        wait_until(lambda: not acceptor._is_watching)
        assert failing.calls < 100
        assert "Cannot accept connections" in caplog.text
        assert client.get("/").body == b"fine"
        acceptor._listener.sock = real
        clock.jump(2.1, running)
        assert waiting.get("/").body == b"fine"
        waiting.close()


# ---------------------------------------------------------------- room


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_a_disk_that_fills_up_while_bodies_are_spooled(tmp_path):
    """On a real file system of 1 MiB: 507 for the bodies that do not fit, room again when the others are done."""
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from engines.serving import Client, serving
from engines.oddities import links, wait_until
def handler(exchange):
    size = 0
    while data := exchange.body.read(10_000):
        size += len(data)
    exchange.respond("200 OK", [], b"%d" % size)
with serving(handler, "late", threads=2, body_memory_bytes=1000, body_dir={str(tmp_path)!r}, linger_timeout=0.1) as running:
    for round in range(3):
        holding = Client(running)
        holding.send(b"POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 700001\\r\\n\\r\\n" + b"x" * 700_000)
        wait_until(lambda: any(getattr(link, "_body", None) and link._body.size == 700_000 for link in links(running)))
        with Client(running) as client:
            client.sock.settimeout(20)
            client.send(b"POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 600000\\r\\n\\r\\n" + b"x" * 600_000)
            print(client.read_answer().status)
        with Client(running) as client:
            print(client.request("POST", "/", b"y" * 500).status)
        holding.send(b"x")
        print(holding.read_answer().body.decode())
        holding.close()
        wait_until(lambda: not links(running))
"""
    mount = f'mount -t tmpfs -o size=1m tmpfs {tmp_path} && exec {sys.executable} -c "$0"'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", mount, script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    assert done.stdout.split() == ["507", "200", "700001"] * 3, done.stderr


# ---------------------------------------------------------------- clocks


class BrokenWallClock(JumpingClock):
    """The calendar jumps with each look at it; the monotonic clock does not."""

    def __init__(self) -> None:
        super().__init__()
        machine, looks = self.time, iter(range(10**9))
        self.time = lambda: machine() + (-1) ** next(looks) * 1e8


def test_the_calendar_may_jump(runner):
    """Somebody sets the date, forward and back: deadlines do not notice, and the `Date` is one that can be read."""
    with nothing_leaks(), serving(Site(), runner, BrokenWallClock(), keep_alive=30, access_log=True) as running:
        with Client(running) as client:
            dates = set()
            for _ in range(20):
                answer = client.get("/")
                assert answer.status == 200
                dates.add(answer.headers["date"])
            assert len(dates) > 1
            assert all(date.endswith(" GMT") and len(date) == 29 for date in dates)


def test_the_machine_may_sleep(runner):
    """The monotonic clock jumps by a day: what clients sent meanwhile is looked at before they are given up."""
    clock = JumpingClock()
    with nothing_leaks(), serving(Site(), runner, clock, threads=2, head_timeout=20, keep_alive=15) as running:
        clients = [Client(running) for _ in range(3)]
        assert clients[0].get("/").body == b"fine"
        clients[1].send((GET % b"/")[:10])
        wait_until(lambda: len(links(running)) == 3)
        asleep, awake = threading.Event(), threading.Event()

        def sleep(mask: int) -> bool:
            asleep.set()
            return awake.wait(TIMEOUT)

        running.server._engine.reactor.call_soon(sleep)
        running.server._engine.reactor.wake()
        assert asleep.wait(TIMEOUT)
        clients[1].send((GET % b"/")[10:])
        clients[2].send(GET % b"/")
        clock.jump(86_400)
        awake.set()
        for client in clients[1:]:
            assert client.read_answer().body == b"fine"
        for client in clients:
            client.close()
        with Client(running) as client:
            assert client.get("/").body == b"fine"


# ---------------------------------------------------------------- handlers


class Uncatchable(BaseException):
    pass


def recurse(depth: int = 0) -> None:
    recurse(depth + 1)


ERRORS = {
    "SystemExit": lambda: sys.exit(3),
    "GeneratorExit": GeneratorExit,
    "MemoryError": MemoryError,
    "RecursionError": recurse,
    "StopIteration": StopIteration,
    "a BaseException": Uncatchable,
    "an error that cannot be shown": type("Unprintable", (Exception,), {"__str__": lambda self: 1 / 0}),
}


PLACES = ["handler", "first chunk", "later chunk", "close", "after", "on a pushed answer"]


@pytest.mark.slow
def test_whatever_an_application_raises_costs_its_own_request_only(runner):
    place = error = ""

    def fail() -> None:
        raised = ERRORS[error]()
        raise raised

    class Chunks:
        def __init__(self) -> None:
            self.left = 3

        def __iter__(self):
            return self

        def __next__(self) -> bytes:
            self.left -= 1
            if place == "first chunk" or (place == "later chunk" and self.left == 1):
                fail()
            if not self.left:
                raise StopIteration
            return b"chunk"

        def close(self) -> None:
            if place == "close":
                fail()

    def handler(exchange) -> None:
        if exchange.head.path == "/fine":
            exchange.respond("200 OK", [], b"fine")
        elif place == "handler":
            fail()
        elif place == "after":
            exchange.after(fail)
            exchange.respond("200 OK", [], b"fine")
        elif place == "on a pushed answer":
            exchange.start("200 OK", [])
            exchange.write(b"some")
            fail()
        else:
            exchange.stream("200 OK", [], Chunks())

    with nothing_leaks(), serving(handler, runner, threads=2) as running, Client(running) as other:
        assert other.get("/fine").body == b"fine"
        for place in PLACES:
            for error in ERRORS:
                with Client(running) as client:
                    client.send(GET % b"/fails")
                    with contextlib.suppress(EOFError, ConnectionError):
                        answer = client.read_answer()
                        # Before the head it is 500; what follows an answer that is out takes nothing back.
                        expected = 500 if place in ("handler", "first chunk") else 200
                        if error == "StopIteration" and place == "first chunk":
                            expected = 200  # that is how an iterator ends
                        assert answer.status == expected, (place, error)
                assert other.get("/fine").body == b"fine", (place, error)
        assert running.server.stats.threads_replaced == 0
        assert running.thread.is_alive()
