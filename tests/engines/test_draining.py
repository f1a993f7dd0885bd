"""Stopping: in whatever state a connection is, what is in flight is answered, and the server ends in time."""

import contextlib
import logging
import os
import signal
import socket
import tempfile
import threading
import time

import pytest
from engines.oddities import JumpingClock, let_turn, links, wait_until
from engines.serving import TIMEOUT, Client, Running, serving

from demijohn.seam import FileSegment
from demijohn.serve import Listener, Server, ServerOptions
from demijohn.serve.link import Link
from demijohn.serve.phase import Phase

HEAD = b"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
LARGE = 12_000_000


class Site:
    """A handler with an answer of each kind."""

    def __init__(self) -> None:
        self.go, self.entered, self.closed = threading.Event(), threading.Event(), []
        self.calls: list[str] = []

    def __call__(self, exchange) -> None:
        target = exchange.head.target
        self.calls.append(target)
        if target == "/wait":
            self.entered.set()
            assert self.go.wait(TIMEOUT)
        if target == "/stream":
            exchange.stream("200 OK", [], Stream(self))
        elif target == "/file":
            file = tempfile.TemporaryFile()
            file.truncate(LARGE)
            exchange.send_file("200 OK", [], FileSegment(file, 0, LARGE))
        else:
            exchange.respond("200 OK", [], exchange.body.read())


class Stream:
    def __init__(self, site: Site) -> None:
        self.site, self.left = site, LARGE

    def __iter__(self):
        return self

    def __next__(self) -> bytes:
        if not self.left:
            raise StopIteration
        self.left -= 100_000
        return b"x" * 100_000

    def close(self) -> None:
        self.site.closed.append(self)


def the_link(running: Running):
    wait_until(lambda: [type(connection) for connection in links(running)] == [Link])
    return links(running)[0]


def prepare(phase: str, client: Client, site: Site, running: Running) -> None:
    """Bring a connection into a phase, and be sure that the server knows."""
    if phase == "fresh":
        the_link(running)
    elif phase == "idle":
        client.request("POST", "/first", b"1234")
    elif phase == "half a head":
        client.send(HEAD[:20])
        wait_until(lambda: the_link(running).h1.has_buffered)
    elif phase == "half a second head":
        client.request("POST", "/first", b"1234")
        client.send(HEAD[:20])
        wait_until(lambda: (link := the_link(running)).h1.has_buffered and link.phase is Phase.HEAD)
    elif phase == "half a body":
        client.send(HEAD + b"12")
        wait_until(lambda: the_link(running).phase is Phase.BODY)
    elif phase == "running":
        client.send(HEAD.replace(b"/post", b"/wait") + b"1234")
        assert site.entered.wait(TIMEOUT)
    elif phase in ("stream", "file"):
        client.send(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % phase.encode())
        wait_until(lambda: not (link := the_link(running)).is_handled and link.phase is Phase.SENDING)


def finish(phase: str, client: Client, site: Site) -> None:
    """Do the client's rest and see that it is answered."""
    if phase in ("half a head", "half a second head"):
        client.send(HEAD[20:] + b"1234")
    elif phase == "half a body":
        client.send(b"34")
    elif phase == "running":
        site.go.set()
    if phase in ("fresh", "idle"):
        assert client.is_closed()
    elif phase in ("stream", "file"):
        assert len(client.read_answer().body) == LARGE
    else:
        answer = client.read_answer()
        assert answer.body == b"1234"
        assert answer.headers["connection"] == "close"
    assert client.is_closed()


PHASES = ["fresh", "idle", "half a head", "half a second head", "half a body", "running", "stream", "file"]


@pytest.mark.over_tls
@pytest.mark.parametrize("phase", PHASES)
def test_a_drain_ends_when_what_is_in_flight_is_answered(runner, phase):
    if runner.startswith("inline") and phase == "running":
        pytest.skip("the thread that drains is in the handler")
    site = Site()
    with serving(site, runner, threads=2) as running, Client(running) as client:
        prepare(phase, client, site, running)
        running.server.shutdown()
        running.server.shutdown()
        let_turn(running) if phase not in ("fresh", "idle") else None
        finish(phase, client, site)
        client.close()
        running.thread.join(5)
        assert not running.thread.is_alive()
    assert len(site.closed) == (phase == "stream")


@pytest.mark.over_tls
@pytest.mark.parametrize("phase", ["half a head", "half a body", "running", "stream", "file", "lingering"])
def test_a_drain_ends_when_its_time_is_over(runner, phase, caplog):
    if runner.startswith("inline") and phase == "running":
        pytest.skip("the thread that drains is in the handler")
    site, clock = Site(), JumpingClock()
    with serving(site, runner, clock, threads=2, drain_timeout=5, linger_timeout=100) as running:
        client = Client(running)
        if phase == "lingering":
            client.send(b"nonsense\r\n\r\n")
            assert client.read_answer().status == 400
            assert client.is_closed()
        else:
            prepare(phase, client, site, running)
        running.server.shutdown()
        let_turn(running)
        assert running.thread.is_alive()
        clock.jump(7, running)
        running.thread.join(5)
        assert not running.thread.is_alive()
        site.go.set()
        client.close()
    # The application's iterable is closed although nobody took it to its end.
    assert len(site.closed) == (phase == "stream")
    assert "still busy after drain_timeout" in caplog.text


@pytest.mark.over_tls
def test_a_connection_that_is_handed_in_while_the_drain_begins_is_closed(threaded_runner, caplog):
    """The late thread has found nothing against keeping the connection, then the server begins to drain."""
    site = Site()
    logged, drained = threading.Event(), threading.Event()

    class Blocking(logging.Handler):
        def emit(self, record):
            if "/wait" in record.getMessage():
                logged.set()
                assert drained.wait(TIMEOUT)

    handler = Blocking()
    logger = logging.getLogger("demijohn.access")
    caplog.set_level(logging.INFO, logger="demijohn.access")
    logger.addHandler(handler)
    try:
        with serving(site, threaded_runner, threads=2, access_log=True, keep_alive=1000) as running:
            client, other = Client(running), Client(running)
            client.send(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            assert site.entered.wait(TIMEOUT)
            other.get("/other")  # another thread polls
            other.close()
            wait_until(lambda: len(links(running)) == 1)
            site.go.set()
            assert logged.wait(TIMEOUT)  # on its way back
            running.server.shutdown()
            let_turn(running)
            drained.set()
            assert client.read_answer().status == 200
            assert client.is_closed()
            client.close()
            running.thread.join(5)
            assert not running.thread.is_alive()
    finally:
        drained.set()
        logger.removeHandler(handler)


def test_threads_that_never_return_delay_the_stop_once_and_not_each(threaded_runner):
    forever = threading.Event()
    entered = threading.Semaphore(0)

    def handler(exchange):
        entered.release()
        forever.wait(TIMEOUT)
        exchange.respond("200 OK", [], b"")

    with serving(handler, threaded_runner, threads=20) as running:
        clients = [Client(running) for _ in range(20)]
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in clients:
            assert entered.acquire(timeout=TIMEOUT)
        began = time.monotonic()
        running.server.shutdown_now()
        running.thread.join(TIMEOUT)
        assert time.monotonic() - began < 4
        workers = [thread for thread in threading.enumerate() if thread.name.startswith("demijohn-")]
        forever.set()
        for thread in workers:
            thread.join(TIMEOUT)
        for client in clients:
            client.close()


def test_requests_that_wait_when_the_server_has_stopped_are_not_run(threaded_runner):
    site = Site()
    with serving(site, threaded_runner, threads=1) as running:
        clients = [Client(running) for _ in range(6)]
        clients[0].send(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        assert site.entered.wait(TIMEOUT)
        for client in clients[1:]:
            client.send(b"GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: sum(link.is_handled for link in links(running)) == 6)
        workers = [thread for thread in threading.enumerate() if thread.name.startswith("demijohn-")]
        running.server.shutdown_now()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()
        site.go.set()
        for thread in workers:
            thread.join(TIMEOUT)
            assert not thread.is_alive()
        for client in clients:
            client.close()
    assert site.calls == ["/wait"]


# ---------------------------------------------------------------- who stops it, and when


def test_a_stop_before_the_start_ends_it_at_once(runner):
    listener = Listener.tcp("127.0.0.1", 0)
    server = Server(Site(), [listener], ServerOptions(runner=runner))
    server.shutdown()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    server.shutdown()  # and after the end it does nothing
    server.shutdown_now()
    listener.close()


def test_a_stop_from_a_signal_handler(runner):
    """`serve_forever` on the main thread, which is where signals are handled."""
    listener = Listener.tcp("127.0.0.1", 0)
    site = Site()
    server = Server(site, [listener], ServerOptions(runner=runner, linger_timeout=0.1, drain_idle_grace=0))
    answers = []

    def visit():
        with socket.create_connection(listener.address, timeout=TIMEOUT) as sock:
            sock.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            answers.append(sock.recv(1000))
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGUSR1)
            answers.append(sock.recv(1000))

    before = signal.signal(signal.SIGUSR1, lambda *_: server.shutdown())
    emergency = threading.Timer(TIMEOUT, server.shutdown_now)
    emergency.start()
    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        server.serve_forever()
    finally:
        emergency.cancel()
        # Its last signal may come after the server's end, and by default such a signal ends the process.
        visitor.join(TIMEOUT)
        signal.signal(signal.SIGUSR1, before)
        listener.close()
    assert answers[0].startswith(b"HTTP/1.1 200")
    assert answers[1] == b""


def test_an_exception_that_a_signal_handler_raises_ends_the_server_in_good_order(runner):
    """Such as `sys.exit` on SIGTERM: it leaves `serve_forever`, and nothing goes on behind it."""

    class Stop(BaseException):
        pass

    def stop(*_):
        raise Stop

    others = set(threading.enumerate())
    listener = Listener.tcp("127.0.0.1", 0)
    site = Site()
    server = Server(site, [listener], ServerOptions(runner=runner, threads=2))
    ends = []

    def visit():
        with socket.create_connection(listener.address, timeout=TIMEOUT) as sock:
            sock.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_until(lambda: any(link.phase is Phase.SENDING for link in server._engine.connections))
            wait_until(lambda: server._engine.reactor._is_polling)
            os.kill(os.getpid(), signal.SIGUSR1)
            with contextlib.suppress(ConnectionResetError):
                while sock.recv(65536):
                    pass
            ends.append("seen by the client")

    before = signal.signal(signal.SIGUSR1, stop)
    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        with pytest.raises(Stop):
            server.serve_forever()
        visitor.join(5)
        assert ends == ["seen by the client"]
        assert len(site.closed) == 1
        # Waited for: one whose start the signal interrupted is nobody's to join.
        wait_until(lambda: not set(threading.enumerate()) - others)
    finally:
        signal.signal(signal.SIGUSR1, before)
        server.shutdown_now()
        listener.close()


@pytest.mark.parametrize("place", ["handler", "chunk", "close"])
def test_a_keyboard_interrupt_in_an_application_stops_the_server(runner, place):
    class Chunks(Stream):
        def __next__(self):
            if place == "chunk":
                raise KeyboardInterrupt
            return super().__next__()

        def close(self):
            super().close()
            if place == "close":
                raise KeyboardInterrupt

    site = Site()

    def handler(exchange):
        if place == "handler":
            raise KeyboardInterrupt
        chunks = Chunks(site)
        chunks.left = 100_000
        exchange.stream("200 OK", [], chunks)

    listener = Listener.tcp("127.0.0.1", 0)
    server = Server(handler, [listener], ServerOptions(runner=runner, threads=2))
    outcome = []

    def serve():
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            outcome.append("interrupted")

    thread = threading.Thread(target=serve)
    thread.start()
    with socket.create_connection(listener.address, timeout=TIMEOUT) as sock:
        sock.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            while sock.recv(65536):
                pass
        thread.join(5)
    assert not thread.is_alive()
    assert outcome == ["interrupted"]
    assert len(site.closed) == (place != "handler")
    listener.close()
