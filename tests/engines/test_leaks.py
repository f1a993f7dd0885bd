"""Nothing is left behind and nothing spins: descriptors, threads, memory of connections, iterables, and polls of an idle server."""

import contextlib
import errno
import gc
import os
import pathlib
import random
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

import pytest
from engines.oddities import JumpingClock, let_turn, links, reset, wait_until
from engines.serving import TIMEOUT, Client, serving

from demijohn.seam import ClientDisconnected, FileSegment
from demijohn.serve import bodybuffer
from demijohn.serve.link import Link
from demijohn.serve.outbox import _TURN_BYTES, Outbox
from demijohn.serve.phase import Phase

GET = b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n"


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(("demijohn-", "serve_forever"))]


class Endless:
    """A stream without end that knows whether it was closed."""

    def __init__(self, chunk: bytes) -> None:
        self.chunk = chunk
        self.closed = threading.Event()

    def __iter__(self):
        return self

    def __next__(self) -> bytes:
        return self.chunk

    def close(self) -> None:
        assert not self.closed.is_set(), "closed twice"
        self.closed.set()


class Site:
    def __init__(self) -> None:
        self.go, self.entered = threading.Event(), threading.Semaphore(0)
        self.streams: list[Endless] = []

    def __call__(self, exchange) -> None:
        target = exchange.head.target
        if target == "/stream":
            self.streams.append(Endless(b"x" * 70_000))
            exchange.stream("200 OK", [], self.streams[-1])
        elif target == "/file":
            file = tempfile.TemporaryFile()
            file.truncate(20_000_000)
            exchange.send_file("200 OK", [], FileSegment(file, 0, 20_000_000))
        elif target == "/push":
            exchange.start("200 OK", [])
            with contextlib.suppress(ClientDisconnected):
                for _ in range(50):
                    exchange.write(b"x" * 10_000)
            exchange.finish()
        elif target == "/wait":
            self.entered.release()
            assert self.go.wait(TIMEOUT)
            exchange.respond("200 OK", [], b"waited")
        else:
            exchange.respond("200 OK", [], exchange.body.read())


def odd_connections(running) -> None:
    """One of each, none of which ends as it should."""
    for ending in ("close", "reset", "half"):
        for data in (
            b"",
            b"GET / HT",
            b"nonsense\r\n\r\n",
            GET % b"/",
            (GET % b"/") * 40,
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + b"x" * 200_000,
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
            GET % b"/stream",
            GET % b"/file",
            GET % b"/push",
            b"HEAD /file HTTP/1.1\r\nHost: a\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n",
        ):
            client = Client(running)
            with contextlib.suppress(OSError):
                client.send(data)
            if ending == "half":
                with contextlib.suppress(OSError):
                    client.sock.shutdown(socket.SHUT_WR)
                client.sock.settimeout(0.01)
                with contextlib.suppress(OSError):
                    client.sock.recv(100)
            if ending == "reset":
                reset(client)
            else:
                client.close()


@pytest.mark.over_tls
def test_odd_connections_leave_nothing_behind(runner):
    site = Site()
    gc.collect()
    fds, before = descriptors(), workers()
    with serving(site, runner, threads=3, body_memory_bytes=100_000, linger_timeout=0.2) as running:
        client = Client(running)
        client.get("/")
        inside = len(descriptors())
        for _ in range(2):
            odd_connections(running)
        wait_until(lambda: len(links(running)) == 1, "all odd connections gone")
        assert running.server.stats.connections_open == 1
        assert len(descriptors()) == inside
        assert all(stream.closed.is_set() for stream in site.streams)
        assert client.get("/").status == 200
        client.close()
    assert descriptors() == fds
    assert workers() == before


def test_closed_connections_are_not_kept_until_their_deadline():
    with serving(Site(), "inline", head_timeout=1000, keep_alive=1000) as running:
        for _ in range(50):
            with Client(running) as client:
                assert client.get("/").status == 200
        wait_until(lambda: not links(running))
        gc.collect()
        engine = running.server._engine
        assert sum(type(item) is Link and item.engine is engine for item in gc.get_objects()) == 0


# ---------------------------------------------------------------- polls


class Polls:
    """Counts how often the server looks for something to do."""

    def __init__(self, running) -> None:
        reactor = running.server._engine.reactor
        self.poller = reactor._poller
        self.count = 0
        reactor._poller = self

    def __getattr__(self, name):
        return getattr(self.poller, name)

    def poll(self, timeout):
        self.count += 1
        return self.poller.poll(timeout)

    def during(self, seconds: float) -> int:
        before = self.count
        threading.Event().wait(seconds)
        return self.count - before


def test_nothing_spins_while_clients_and_handlers_wait(threaded_runner):
    """Connections that are ended, reset or written to in each state in which the server waits for somebody else."""
    site = Site()
    with serving(site, threaded_runner, threads=4, linger_timeout=1000) as running:
        polls = Polls(running)
        clients = []

        def open_client(data: bytes) -> Client:
            client = Client(running)
            client.send(data)
            clients.append(client)
            return client

        half_closed, gone, talking = (open_client(GET % b"/wait") for _ in range(3))
        for _ in range(3):
            assert site.entered.acquire(timeout=TIMEOUT)
        half_closed.sock.shutdown(socket.SHUT_WR)
        reset(gone)
        talking.send(GET % b"/next")
        for target in (b"/stream", b"/file"):
            open_client(GET % target).sock.shutdown(socket.SHUT_WR)
            open_client(GET % target).send(GET % b"/next")
        lingering = open_client(b"nonsense\r\n\r\n")
        assert lingering.read_answer().status == 400
        open_client(b"").sock.shutdown(socket.SHUT_WR)
        wait_until(lambda: sum(getattr(link, "phase", None) is Phase.SENDING for link in links(running)) == 4)
        let_turn(running)
        assert polls.during(0.4) < 20
        site.go.set()
        assert half_closed.read_answer().body == b"waited"
        assert talking.read_answer().body == b"waited"
        assert talking.read_answer().status == 200
        for client in clients:
            client.close()


def test_nothing_spins_when_all_threads_are_busy(threaded_runner):
    site = Site()
    with serving(site, threaded_runner, threads=2) as running:
        polls = Polls(running)
        clients = [Client(running) for _ in range(6)]
        for client in clients:
            client.send(GET % b"/wait")
            client.sock.shutdown(socket.SHUT_WR)
        assert site.entered.acquire(timeout=TIMEOUT)
        assert site.entered.acquire(timeout=TIMEOUT)
        wait_until(lambda: sum(link.is_handled for link in links(running)) == 6)
        let_turn(running)
        assert polls.during(0.4) < 20
        site.go.set()
        for client in clients:
            assert client.read_answer().body == b"waited"
            client.close()


def test_at_the_most_connections_nothing_spins_and_others_wait(threaded_runner):
    site, clock = Site(), JumpingClock()
    with serving(site, threaded_runner, clock, threads=3, max_connections=3) as running:
        polls = Polls(running)
        clients = [Client(running) for _ in range(3)]
        for client in clients:
            client.send(GET % b"/wait")
            assert site.entered.acquire(timeout=TIMEOUT)
        waiting = Client(running)
        waiting.send(GET % b"/")
        wait_until(lambda: not running.server._acceptors[0]._is_watching)
        assert polls.during(0.4) < 20
        assert running.server.stats.connections_accepted == 3
        site.go.set()
        for client in clients:
            assert client.read_answer().status == 200
            client.close()
        assert waiting.read_answer().status == 200
        waiting.close()


# ---------------------------------------------------------------- slow readers


@pytest.mark.over_tls
def test_a_stream_whose_client_reads_nothing_is_cut_and_closed(runner):
    site, clock = Site(), JumpingClock()
    with serving(site, runner, clock, threads=2, write_timeout=10) as running, Client(running) as client:
        client.send(GET % b"/stream")
        wait_until(
            lambda: (
                [getattr(link, "phase", None) for link in links(running)] == [Phase.SENDING]
                and not links(running)[0].is_handled
            )
        )
        # More than once: the system still moves bytes to the client, which is progress, for a moment.
        wait_until(lambda: clock.jump(12, running) or site.streams[0].closed.wait(0.05))
        wait_until(lambda: not links(running))
        with pytest.raises((ConnectionResetError, EOFError)):
            client.read_answer()


def test_an_endless_stream_to_a_fast_client_delays_nobody(runner):
    """The client takes all that is sent at once, so the stream is never behind."""
    site = Site()

    def handler(exchange):
        if exchange.head.target == "/endless":
            exchange._line.sock = FastSocket(exchange._line.sock)
            site.streams.append(Endless(b"x" * 10_000))
            exchange.stream("200 OK", [], site.streams[-1])
        else:
            site(exchange)

    with serving(handler, runner, threads=1) as running:
        endless = Client(running)
        endless.send(GET % b"/endless")
        wait_until(lambda: site.streams)
        with Client(running) as client:
            client.sock.settimeout(5)
            for _ in range(3):
                assert client.get("/").status == 200
        endless.close()
        running.server.shutdown_now()
        running.thread.join(5)
        assert not running.thread.is_alive()
    assert site.streams[0].closed.wait(TIMEOUT)


class FastSocket:
    """A socket that takes everything."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __getattr__(self, name: str):
        return getattr(self._sock, name)

    def send(self, data) -> int:
        return len(data)

    def sendmsg(self, buffers) -> int:
        return sum(map(len, buffers))


def test_a_flush_ends_although_the_client_takes_everything(monkeypatch):
    monkeypatch.setattr(os, "sendfile", lambda out, file, offset, count: count)
    ours, theirs = socket.socketpair()
    outbox = Outbox()
    with ours, theirs, tempfile.TemporaryFile() as file:
        outbox.append_file(FileSegment(file, 0, 100 * _TURN_BYTES))
        assert _TURN_BYTES <= outbox.flush(ours) <= 2 * _TURN_BYTES
        outbox.discard()


# ---------------------------------------------------------------- want of room


def test_a_connection_that_cannot_be_watched_is_closed(runner, monkeypatch):
    """As the system refuses when a user watches too many descriptors (epoll_ctl: ENOSPC)."""
    clock = JumpingClock()
    with serving(Site(), runner, clock) as running:
        reactor_class = type(running.server._engine.reactor)
        watch = reactor_class.watch
        refusals = [OSError(errno.ENOSPC, "No space left on device")]

        def refuse(self, sock, *rest):
            if refusals and sock is not running.listener.sock:
                raise refusals.pop()
            watch(self, sock, *rest)

        monkeypatch.setattr(reactor_class, "watch", refuse)
        with Client(running) as client:
            assert client.is_closed()
        assert not links(running)
        assert running.server.stats.connections_open == 0
        wait_until(lambda: not running.server._acceptors[0]._is_watching)
        clock.jump(2.1, running)
        with Client(running) as client:
            assert client.get("/").status == 200


@pytest.mark.parametrize("size", [100, 8_000, 200_000])
def test_a_body_for_which_there_is_no_room_is_refused(runner, size, monkeypatch):
    full: list = []

    def no_room(**_):
        full.append(open("/dev/full", "w+b"))  # noqa: SIM115 - the server closes it
        return full[-1]

    monkeypatch.setattr(bodybuffer.tempfile, "TemporaryFile", no_room)
    with serving(Site(), runner, body_memory_bytes=10, linger_timeout=0.1) as running:
        with Client(running) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
            assert client.read_answer().status == 507
            assert client.is_closed()
        with Client(running) as client:
            assert client.get("/").status == 200
        wait_until(lambda: not links(running))
        assert running.server.stats.connections_open == 0
    assert full
    assert all(file.closed for file in full)


OUT_OF_DESCRIPTORS = """
import resource, socket, sys, os, time
sys.path.insert(0, sys.argv[2])
from engines.test_leaks import Polls, Site, GET
from engines.serving import Client, serving
with serving(Site(), sys.argv[1], threads=2) as running:
    polls = Polls(running)
    first = Client(running)
    assert first.get("/").status == 200
    others = [socket.socket() for _ in range(20)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 5, 1000))
    for sock in others:
        sock.settimeout(20)
        sock.connect(running.address)
        sock.sendall(GET % b"/")
    for sock in others:  # those that have their answer make room for the next
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")
    assert polls.during(0.4) < 60
    assert running.server.stats.evictions >= 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))
    with Client(running) as last:
        assert last.get("/").status == 200
    for sock in others:
        sock.close()
    first.close()
print("done")
"""


def test_without_descriptors_idle_connections_make_room(runner):
    tests = str(pathlib.Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_DESCRIPTORS, runner, tests],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr


TWO_PROCESSES = """
import os, signal, socket, sys, threading
sys.path.insert(0, sys.argv[2])
from demijohn.serve import Listener, Server, ServerOptions

listener = Listener.tcp("127.0.0.1", 0)

def answer(exchange):
    exchange.respond("200 OK", [], b"%d" % os.getpid())

children = []
for _ in range(2):
    child = os.fork()
    if not child:
        server = Server(answer, [listener], ServerOptions(runner=sys.argv[1], threads=2, is_multiprocess=True))
        signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
        server.serve_forever()
        os._exit(0)
    children.append(child)

def visit(sock):
    sock.sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    with sock.makefile("rb") as file:
        while file.readline() != b"\\r\\n":
            pass
        return int(file.read(len(str(children[0]))))

counts = dict.fromkeys(children, 0)
for _ in range(30):
    # Ten clients come at once, so that both processes have a reason to wake.
    socks = [socket.create_connection(listener.address, timeout=20) for _ in range(10)]
    for sock in socks:
        counts[visit(sock)] += 1
    for sock in socks:
        sock.close()
for child in children:
    os.kill(child, signal.SIGTERM)
    assert os.waitpid(child, 0)[1] == 0
print(*counts.values())
"""


def test_two_processes_share_a_listener(runner):
    tests = str(pathlib.Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TWO_PROCESSES, runner, tests],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    first, second = map(int, done.stdout.split())
    assert first + second == 300, done.stderr
    # The system decides who wakes first; none is left without work.
    assert min(first, second) >= 15


# ---------------------------------------------------------------- all of it at once


class Mix:
    """Answers a number with itself, in a way that the number's seed chooses."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.opened = self.closed = 0

    def __call__(self, exchange) -> None:
        way, _, size = exchange.head.target[1:].partition("/")
        number = exchange.head.get(b"x-number").encode()
        body = (number + b" " + exchange.body.read() + b".").ljust(int(size), b"-")
        if way == "respond":
            exchange.respond("200 OK", [], body)
        elif way == "stream":
            exchange.stream("200 OK", [], self.chunks(body))
        elif way == "short":
            exchange.stream("200 OK", [("Content-Length", str(len(body) + 5))], self.chunks(body))
        elif way == "file":
            file = tempfile.TemporaryFile()
            file.write(body)
            file.flush()
            exchange.send_file("200 OK", [], FileSegment(file, 0, len(body)))
        elif way == "push":
            exchange.start("200 OK", [])
            for at in range(0, len(body), 30_000):
                exchange.write(body[at : at + 30_000])
            exchange.finish()
        elif way == "slow":
            threading.Event().wait(0.004)
            exchange.respond("200 OK", [], body)
        elif way == "raise":
            raise ValueError("meant")
        elif way == "late":
            exchange.start("200 OK", [])
            raise ValueError("meant")

    def chunks(self, body: bytes):
        mix = self
        with mix.lock:
            mix.opened += 1

        class Chunks:
            def __iter__(self):
                return (body[at : at + 20_000] for at in range(0, len(body), 20_000))

            def close(self):
                with mix.lock:
                    mix.closed += 1

        return Chunks()


WHOLE = ["respond", "stream", "file", "push", "slow", "raise"]
CUT = ["late", "short"]


def end_side(client) -> None:
    try:
        client.sock.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise
        raise ConnectionResetError("the server has cut the connection before") from error


def visit(running, random: random.Random, faults: list[str]) -> None:
    """One connection with a few requests, which may end badly at any time; every answer that is read is checked."""
    client = Client(running)
    try:
        for _ in range(random.randrange(1, 4)):
            batch = []
            data = b""
            for _ in range(random.choice([1, 1, 2, 5, 9])):
                way = random.choice(WHOLE * 3 + CUT)
                number = random.randrange(1 << 40)
                size = random.choice([0, 10, 1000, 100_000, 700_000])
                body = random.randbytes(random.choice([0, 0, 3, 3000])).hex().encode()
                batch.append((way, b"%d %b." % (number, body), size))
                data += b"POST /%b/%d HTTP/1.1\r\nHost: a\r\nX-Number: %d\r\nContent-Length: %d\r\n\r\n%b" % (
                    way.encode(),
                    size,
                    number,
                    len(body),
                    body,
                )
            step = random.choice([len(data), len(data), 1000, 37 if len(data) < 4000 else 500])
            stop = random.randrange(len(data)) if random.random() < 0.1 else len(data)
            for at in range(0, stop, step):
                client.send(data[at : min(at + step, stop)])
            if stop < len(data) or random.random() < 0.1:
                return
            # Python's TLS cannot end one side and read on.
            is_half_closed = random.random() < 0.15 and not isinstance(client.sock, ssl.SSLSocket)
            if is_half_closed:
                end_side(client)
            for way, text, size in batch:
                if random.random() < 0.05:
                    client.file.read(random.randrange(1, 50))
                    return
                answer = client.read_answer()
                if way in CUT:
                    faults.append(f"{way} was not cut")
                if answer.status != (500 if way == "raise" else 200):
                    faults.append(f"{way} was answered with {answer.status}")
                elif way != "raise" and answer.body != text.ljust(size, b"-"):
                    faults.append(f"{way} was answered with {answer.body[:80]!r} instead of {text[:80]!r}")
            if is_half_closed:
                return
    except (EOFError, ConnectionError, AssertionError) as error:
        # The batch's first request that is cut ends it; before that, an end is a fault.
        if not any(way in CUT for way, _, _ in batch):
            faults.append(f"{[way for way, _, _ in batch]} ended: {error!r}")
    finally:
        if random.random() < 0.3:
            reset(client)
        else:
            client.close()


@pytest.mark.over_tls
@pytest.mark.parametrize("seed", [1, 2])
def test_a_mix_of_everything_is_answered_right_and_ends(runner, seed):
    mix = Mix()
    faults: list[str] = []
    gc.collect()
    fds, before = descriptors(), workers()
    with serving(mix, runner, threads=3, body_memory_bytes=4000, linger_timeout=0.3) as running:

        def work(number: int) -> None:
            generator = random.Random(seed * 1000 + number)
            for _ in range(12):
                visit(running, generator, faults)

        clients = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join(4 * TIMEOUT)
            assert not thread.is_alive()
        wait_until(lambda: not links(running), "all connections gone")
        assert running.server.stats.connections_open == 0
    assert faults == []
    assert mix.opened == mix.closed > 0
    assert descriptors() == fds
    assert workers() == before
