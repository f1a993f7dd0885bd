"""Who gets in when all places are taken, or one client has too many, or there are no descriptors."""

import errno
import os

import pytest
from engines.oddities import JumpingClock, let_turn, links, wait_until
from engines.serving import Client, serving
from engines.test_overload import Site, occupy

from demijohn.serve.clients import client_key
from demijohn.serve.link import Link
from demijohn.serve.phase import Phase

GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"


def idle_clients(running, clock, count: int) -> list[Client]:
    """Open connections that have been idle since one after another."""
    clients = []
    for _ in range(count):
        client = Client(running)
        assert client.get("/").status == 200
        wait_until(lambda count=len(clients) + 1: sum(link.phase is Phase.IDLE for link in links(running)) == count)
        clock.jump(1, running)
        let_turn(running)
        clients.append(client)
    return clients


def test_idle_connections_leave_for_new_clients(runner, monkeypatch):
    monkeypatch.setattr("demijohn.serve.admission._BATCH", 2)
    clock = JumpingClock()
    with serving(Site(), runner, clock, max_connections=4) as running:
        clients = idle_clients(running, clock, 4)
        with Client(running) as new:
            assert new.get("/").status == 200
            # The two that were idle longest have left, the others are as they were.
            assert clients[0].is_closed()
            assert clients[1].is_closed()
            assert clients[2].get("/").status == 200
            assert clients[3].get("/").status == 200
        assert running.server.stats.evictions == 2
        for client in clients:
            client.close()


def test_heads_that_do_not_come_leave_after_a_while_and_not_before(runner):
    clock = JumpingClock()
    with (
        serving(Site(), runner, clock, max_connections=2) as running,
        Client(running) as slow,
        Client(running) as young,
    ):
        slow.send(b"GET / HTTP/1.1\r\n")
        wait_until(lambda: len(links(running)) == 2)
        wait_until(lambda: any(link.h1.has_buffered for link in links(running)))
        with Client(running) as new:
            new.send(GET % b"")
            wait_until(lambda: not running.server._acceptors[0]._is_watching)
            clock.jump(1, running)
            let_turn(running)
            assert running.server.stats.evictions == 0
            clock.jump(3.1, running)
            assert new.read_answer().status == 200
            assert slow.is_closed()
            assert young.is_closed()


def test_a_place_is_taken_as_soon_as_it_is_free(threaded_runner):
    """The clock stands still, so no pause is over: the connection that closes lets the next one in."""
    site, clock = Site(), JumpingClock()
    with serving(site, threaded_runner, clock, threads=4, max_connections=2) as running:
        clock.monotonic = lambda now=clock.monotonic(): now
        busy = occupy(running, site, 2)
        waiting = [Client(running) for _ in range(3)]
        for client in waiting:
            client.send(GET % b"")
        wait_until(lambda: not running.server._acceptors[0]._is_watching)
        assert running.server.stats.connections_accepted == 2
        site.go.set()
        for client in busy:
            # Idle it would only be in the way.
            assert client.read_answer().headers["connection"] == "close"
            client.close()
        for client in waiting:
            assert client.read_answer().status == 200
            client.close()
        wait_until(lambda: not links(running))
        with Client(running) as client:
            assert "connection" not in client.get("/").headers
        assert running.server._engine.refusals.snapshot()["max_connections"] >= 1


def test_one_client_may_have_so_many_connections(runner):
    options = {"max_connections_per_client": 2, "trusted_peers": ()}
    with serving(Site(), runner, **options) as running, Client(running) as first, Client(running) as second:
        assert first.get("/").status == 200
        assert second.get("/").status == 200
        with Client(running) as third:
            assert third.is_closed()
        first.close()
        wait_until(lambda: len(links(running)) == 1)
        with Client(running) as fourth:
            assert fourth.get("/").status == 200
        assert running.server._engine.refusals.snapshot() == {"max_connections_per_client": 1}
        second.close()
        clients = running.server._engine.clients
        wait_until(lambda: not clients._counts and not clients._keys)


def test_trusted_peers_may_have_any_number(runner):
    with serving(Site(), runner, max_connections_per_client=1) as running, Client(running) as first:
        assert first.get("/").status == 200
        with Client(running) as second:
            assert second.get("/").status == 200


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("somebody", "somebody"),
    ],
)
def test_who_counts_as_one_client(address, key):
    assert client_key(address) == key


class Exhausted:
    """A listening socket in a process that has no descriptors, but for the spare one."""

    def __init__(self, sock, admission) -> None:
        self._sock = sock
        self._admission = admission
        self.is_exhausted = True
        self.attempts = 0

    def __getattr__(self, name):
        return getattr(self._sock, name)

    def accept(self):
        self.attempts += 1
        if self.is_exhausted and self._admission._spare is not None:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return self._sock.accept()


def test_without_descriptors_clients_are_turned_away_and_not_left_hanging(runner):
    site, clock = Site(), JumpingClock()
    with serving(site, runner, clock) as running:
        with Client(running) as client:
            assert client.get("/").status == 200
        wait_until(lambda: not links(running))
        sock = running.listener.sock = Exhausted(running.listener.sock, running.server._admission)
        waiting = [Client(running) for _ in range(3)]
        wait_until(lambda: not running.server._acceptors[0]._is_watching)
        assert sock.attempts == 1
        clock.jump(2.1, running)  # nobody has left meanwhile
        for client in waiting:
            assert client.is_closed()
            client.close()
        sock.is_exhausted = False
        clock.jump(2.1, running)
        with Client(running) as client:
            assert client.get("/").status == 200
        assert running.server._engine.refusals.snapshot() == {"open files": 3}


def test_without_descriptors_idle_connections_give_theirs(runner, monkeypatch):
    clock = JumpingClock()
    with serving(Site(), runner, clock) as running:
        (idle,) = idle_clients(running, clock, 1)
        sock = running.listener.sock = Exhausted(running.listener.sock, running.server._admission)
        close = Link.close

        def close_and_free(link) -> None:
            close(link)
            sock.is_exhausted = False

        monkeypatch.setattr(Link, "close", close_and_free)
        with Client(running) as client:
            assert client.get("/").status == 200
            assert idle.is_closed()
        idle.close()
