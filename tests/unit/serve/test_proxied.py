"""A connection before its PROXY line, event by event: what is taken from the socket, and what is handed on."""

import socket

import pytest

from demijohn._base.clock import SystemClock
from demijohn.seam import Peer
from demijohn.serve import ServerOptions
from demijohn.serve.engine import Engine
from demijohn.serve.proxied import ProxiedOpening
from demijohn.wire.proxyline import render_v1, render_v2

PROXY = Peer(("10.0.0.1", 40000), ("10.0.0.9", 8000), is_multithread=True)
ENDS = ("198.51.100.7", 5123), ("192.0.2.1", 443)
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Next:
    """What follows the line: notes what it is given."""

    def __init__(self, sock: socket.socket, peer: Peer, received: bytes) -> None:
        self.sock = sock
        self.peer = peer
        self.received = received
        self.was_drained = False

    def drain(self) -> None:
        self.was_drained = True


class Stage:
    def __init__(self, mode: str) -> None:
        self.engine = Engine(lambda exchange: None, ServerOptions(proxy_protocol=mode, head_timeout=5), SystemClock())
        self.proxy, self.ours = socket.socketpair()
        self.ours.setblocking(False)
        self.next: Next | None = None
        self.opening = ProxiedOpening(self.engine, self.ours, PROXY, self._open_next)
        self.opening.open()

    def _open_next(self, sock: socket.socket, peer: Peer, received: bytes) -> Next:
        self.next = Next(sock, peer, received)
        self.engine.connections.add(self.next)
        return self.next

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.proxy.sendall(piece)
            if self.next is None:
                assert self.opening.on_event(1) is True

    @property
    def is_closed(self) -> bool:
        return self.ours.fileno() < 0

    def close(self) -> None:
        self.opening.reset()
        self.engine.reactor.close()
        self.proxy.close()
        self.ours.close()


@pytest.fixture(params=["auto", "required"])
def stage(request):
    stage = Stage(request.param)
    yield stage
    stage.close()


@pytest.fixture
def auto():
    stage = Stage("auto")
    yield stage
    stage.close()


@pytest.mark.parametrize("line", [render_v1(*ENDS), render_v2(*ENDS), render_v2(*ENDS, [(0xE0, b"x" * 4000)])])
@pytest.mark.parametrize("cuts", [[], [1], [7], [5, 11, 12, 13, 14, 16, 20], range(1, 28)])
def test_the_lines_bytes_are_taken_and_no_others(stage, line, cuts):
    bounds = [0, *cuts, len(line)]
    stage.send(*[line[start:end] for start, end in zip(bounds, bounds[1:-1], strict=False)])
    assert stage.next is None
    stage.send(line[bounds[-2] :] + REQUEST)
    assert (stage.next.peer.remote, stage.next.peer.local, stage.next.peer.is_multithread) == (*ENDS, True)
    assert stage.next.received == b""
    assert stage.ours.recv(1000) == REQUEST
    assert stage.engine.connections == {stage.next}
    assert stage.engine.stats.connections_open == 0  # the next counts itself
    # Late callbacks of the same round do nothing.
    assert stage.opening.on_event(1) is stage.opening.on_deadline(1) is stage.opening.on_returned(1) is True
    stage.opening.reset()
    assert not stage.is_closed


@pytest.mark.parametrize(
    ("pieces", "received", "left"),
    [
        ([REQUEST], b"", REQUEST),
        ([b"P", b"OST / HTTP"], b"P", b"OST / HTTP"),
        ([b"\r", b"\n", b"\r\n\r\nG"], b"\r\n", b"\r\n\r\nG"),
        ([b"PRO", b"X", b"YFIND / HTTP"], b"PROX", b"YFIND / HTTP"),
        ([b"\x16\x03\x01"], b"", b"\x16\x03\x01"),
    ],
)
def test_where_there_is_no_line_nothing_is_lost(auto, pieces, received, left):
    auto.send(*pieces)
    assert (auto.next.peer, auto.next.received) == (PROXY, received)
    assert auto.ours.recv(1000) == left


def test_an_event_without_bytes_is_no_end(stage):
    stage.opening.on_event(1)
    assert not stage.is_closed
    stage.send(render_v1(*ENDS))
    assert stage.next is not None


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([b"PROXY TCP4 ", b"x\r\n"], "invalid PROXY line"),
        ([render_v2(*ENDS)[:12], b"\x31"], "unknown version"),
        ([b"PROXY " + b"x" * 5000], "the PROXY line is too long"),
    ],
)
def test_what_is_no_line_closes(stage, pieces, reason, caplog):
    stage.send(*pieces)
    assert stage.is_closed
    assert not stage.engine.connections
    assert (stage.engine.stats.connections_open, stage.engine.stats.rejects) == (0, 1)
    assert reason in caplog.text
    assert "10.0.0.1" in caplog.text


def test_the_deadline_closes(stage, caplog):
    assert stage.opening.deadline == stage.engine.reactor.now + 5
    stage.opening.on_deadline(1)
    assert stage.is_closed
    assert "took too long" in caplog.text


@pytest.mark.parametrize("ending", ["fail", "reset", "drain"])
def test_every_way_to_end_it_closes_once(stage, ending):
    closed = []
    stage.engine.on_connection_closed = lambda: closed.append(True)
    stage.engine.idle_timeout = 0
    for _ in range(2):
        getattr(stage.opening, ending)()
    assert stage.is_closed
    assert closed == [True]
    assert stage.engine.stats.connections_open == 0


def test_what_has_come_before_a_drain_is_still_read(stage):
    stage.proxy.sendall(render_v1(*ENDS) + REQUEST)
    stage.engine.is_closing = True
    stage.engine.idle_timeout = 0
    stage.opening.drain()
    assert not stage.is_closed
    stage.opening.on_event(1)
    assert stage.next.was_drained
