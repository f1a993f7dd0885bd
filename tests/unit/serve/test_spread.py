"""How processes share the connections that wait for all of them: evenly, and nobody waits long for one that is stuck."""

import socket
from types import SimpleNamespace

import pytest

from demijohn.serve import Listener, ServerOptions, spread
from demijohn.serve.acceptor import Acceptor
from demijohn.serve.deadlines import DeadlineWheel
from demijohn.serve.spread import Spread
from demijohn.serve.stats import CONNECTIONS_ACCEPTED, CONNECTIONS_OPEN, Stats


class Processes:
    """Some of them, each with its view of the others."""

    def __init__(self, count):
        self.stats = [Stats() for _ in range(count)]
        self.finds = 0
        self.spreads = [Spread(stats, lambda own=stats: self.find(own)) for stats in self.stats]
        self.now = 100.0

    def find(self, own):
        self.finds += 1
        return [stats for stats in self.stats if stats is not own]

    def take(self, number, most):
        self.stats[number].cells[CONNECTIONS_OPEN] += most
        self.stats[number].cells[CONNECTIONS_ACCEPTED] += most

    def share(self, number, *, have_waited=False):
        return self.spreads[number].share(self.now, have_waited=have_waited)

    @property
    def open(self):
        return [stats.connections_open for stats in self.stats]


def test_a_burst_is_shared_though_one_process_is_always_first():
    processes = Processes(3)
    waiting = 300
    while waiting:
        for number in (0, 0, 0, 0, 0, 0, 0, 0, 1, 2):  # the first has eight looks for each of the others'
            taken = min(waiting, processes.share(number))
            processes.take(number, taken)
            waiting -= taken
        processes.now += spread.PAUSE
    assert max(processes.open) - min(processes.open) <= 100 // 8


def test_one_that_has_fewer_takes_more_in_one_go():
    processes = Processes(2)
    processes.take(0, 100)
    assert processes.share(1) == 50
    assert processes.share(1, have_waited=True) == spread.BATCH
    processes.take(1, 96)
    assert processes.share(1) == 2
    processes.take(1, 4)
    assert processes.share(1) == 1


def test_connections_that_waited_through_a_long_round_are_taken_up_to_the_margin():
    processes = Processes(2)
    processes.take(0, 10)
    processes.take(1, 10)
    assert processes.share(0) == 1
    assert processes.share(0, have_waited=True) == 4
    processes.take(0, 4)
    assert processes.share(0, have_waited=True) == 0


def test_a_process_that_takes_nothing_is_waited_for_briefly_and_then_not_for_a_while():
    processes = Processes(2)
    processes.take(0, 5)
    looks = []
    for _ in range(2500):
        looks.append(processes.share(0))
        processes.now += spread.PAUSE
    assert looks[:15] == [0] * 15
    assert looks[20:1000] == [1] * 980
    assert 25 <= looks.count(0) <= 60


def test_a_process_that_comes_back_gets_its_share_at_once():
    processes = Processes(2)
    processes.take(0, 50)
    processes.share(0)
    processes.now += 0.1
    assert processes.share(0) == 1
    processes.take(1, 1)
    assert processes.share(0) == 0


def test_alone_it_takes_one_at_a_time_and_all_that_waited():
    processes = Processes(1)
    processes.take(0, 1000)
    assert processes.share(0) == 1
    assert processes.share(0, have_waited=True) == spread.BATCH


def test_who_the_others_are_is_not_asked_for_each_connection():
    processes = Processes(2)
    for _ in range(1000):
        processes.share(0)
        processes.now += 0.001
    assert processes.finds <= 5


class Keeping(Acceptor):
    """Keeps what it accepts."""

    __slots__ = ("opened",)

    def _open(self, sock, address):
        self.opened.append(sock)
        self._engine.stats.cells[CONNECTIONS_OPEN] += 1


@pytest.fixture
def shared():
    """An acceptor beside another process, with a reactor that only keeps books; and the client's end."""
    listener = Listener.tcp("127.0.0.1", 0)
    watched = []
    reactor = SimpleNamespace(now=100.0, busy=0.0, wheel=DeadlineWheel())
    reactor.watch = lambda sock, events, callback: watched.append(sock)
    reactor.forget = watched.remove
    stats, other = Stats(), Stats()
    options = ServerOptions(is_multiprocess=True)
    engine = SimpleNamespace(
        reactor=reactor, stats=stats, options=options, connections=set(), is_closing=False, on_connection_closed=None
    )
    acceptor = Keeping(engine, listener, None, None, Spread(stats, lambda: [other]))
    acceptor.opened = opened = []
    yield SimpleNamespace(
        acceptor=acceptor, engine=engine, reactor=reactor, other=other, opened=opened, watched=watched, sock=listener
    )
    for sock in opened:
        sock.close()
    listener.close()


@pytest.fixture
def clients(shared):
    """Connections that wait to be accepted."""
    socks = [socket.create_connection(shared.sock.address, timeout=20) for _ in range(7)]
    yield socks
    for sock in socks:
        sock.close()


def give_way(shared):
    """Let the acceptor take what it may have, and leave the rest."""
    shared.acceptor.start()
    for _ in range(5):
        shared.acceptor.on_event(1)
    assert len(shared.opened) == 4
    assert shared.watched == []


def test_an_acceptor_that_has_more_leaves_the_listener_for_a_moment_and_comes_back(shared, clients):
    acceptor, reactor = shared.acceptor, shared.reactor
    give_way(shared)
    reactor.now += spread.PAUSE
    assert list(reactor.wheel.expired(reactor.now)) == [acceptor]
    acceptor.on_deadline(0)
    assert shared.watched == [shared.sock.sock]
    assert shared.engine.on_connection_closed is None
    shared.other.cells[CONNECTIONS_OPEN] += 1  # the other has taken one
    acceptor.on_event(1)
    assert len(shared.opened) == 5
    acceptor.on_event(1)
    assert shared.watched == []
    acceptor.stop()  # the server drains
    assert list(reactor.wheel.expired(reactor.now + 60)) == []


def test_it_comes_back_at_once_when_it_has_fewer_itself(shared, clients):
    give_way(shared)
    shared.engine.stats.cells[CONNECTIONS_OPEN] -= 1
    shared.engine.on_connection_closed()
    assert shared.watched == [shared.sock.sock]
    assert shared.engine.on_connection_closed is None
    assert list(shared.reactor.wheel.expired(shared.reactor.now + 60)) == []


def test_whoever_waits_for_a_place_is_told_of_it_rather_than_who_gives_way(shared, clients):
    waiting = shared.engine.on_connection_closed = lambda: None
    give_way(shared)
    assert shared.engine.on_connection_closed is waiting
    shared.reactor.now += spread.PAUSE
    assert list(shared.reactor.wheel.expired(shared.reactor.now)) == [shared.acceptor]
    shared.acceptor.on_deadline(0)
    assert shared.watched == [shared.sock.sock]
    assert shared.engine.on_connection_closed is waiting


def test_without_others_it_asks_again_only_if_there_were_as_many_as_it_had_asked_for(shared, clients):
    asked = []
    alone = Keeping(shared.engine, shared.sock, None, None)
    alone.opened = shared.opened
    accept = alone._accept

    class Asking(Keeping):
        __slots__ = ()

        def _accept(self, most):
            asked.append(most)
            return accept(most)

    alone.__class__ = Asking
    for _ in range(4):
        alone.on_event(1)
    assert (asked, len(shared.opened)) == ([1, 2, 4, 8], 7)
    with socket.create_connection(shared.sock.address, timeout=20):
        alone.on_event(1)
    assert (asked[4:], len(shared.opened)) == ([1], 8)


def test_no_connection_waits_with_its_last_segment_and_none_is_told_so_anew(shared, clients):
    shared.acceptor.start()
    sock, _ = shared.sock.sock.accept()
    with sock:
        assert shared.acceptor._set_no_delay(sock)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert shared.acceptor._inherits_no_delay
