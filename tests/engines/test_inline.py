"""One thread: handlers run between two polls, in the order their requests came, for some time; who waits too long is told so."""

import contextlib

import pytest
from engines.oddities import StandingClock, links, nobody_polls
from engines.serving import Client, serving

GET = b"GET /%b HTTP/1.1\r\nHost: test\r\n\r\n"

pytestmark = pytest.mark.usefixtures("each_way")


class Site:
    """A server of one thread whose handlers take as long as a test says, by the clock that it is given."""

    def __init__(self, **options) -> None:
        self.clock = StandingClock()
        self.seconds: dict[str, float] = {}
        self.seen: list[str] = []
        self.polls: list[int] = []  # how often there had been one when each handler began
        self._serving = serving(self.handle, "inline", clock=self.clock, **options)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Site":
        self.running = self._stack.enter_context(self._serving)
        reactor = self.running.server._engine.reactor
        poll, self.count = reactor._poller.poll, 0

        class Poller(type(reactor._poller)):
            __slots__ = ()

            def poll(_, timeout):
                self.count += 1
                return poll(timeout)

        reactor._poller.__class__ = Poller
        return self

    def __exit__(self, *error) -> None:
        self._stack.__exit__(*error)

    def handle(self, exchange) -> None:
        name = exchange.head.path[1:]
        self.seen.append(name)
        self.polls.append(self.count)
        self.clock.at += self.seconds.get(name, 0.0)
        exchange.respond("200 OK", [], name.encode())

    def round(self, *names: str) -> dict[str, Client]:
        """Have one poll find a request for each name, on a connection of its own."""
        clients = {name: self._stack.enter_context(Client(self.running)) for name in names}
        for client in clients.values():
            assert client.get("/warm-up").status == 200
        self.seen.clear()
        self.polls.clear()
        with nobody_polls(self.running):
            for name, client in clients.items():
                client.send(GET % name.encode())
        return clients


def test_handlers_run_in_order_and_all_answers_come():
    with Site() as site:
        names = [f"page-{number}" for number in range(20)]
        clients = site.round(*names)
        assert [clients[name].read_answer().body.decode() for name in names] == names
        assert sorted(site.seen) == sorted(names)
        assert len(set(site.polls)) == 1
        for client in clients.values():
            assert client.get("/again").body == b"again"


def test_after_some_milliseconds_it_is_polled_again_and_the_rest_is_not_forgotten():
    with Site() as site:
        site.seconds = dict.fromkeys("abcde", 0.006)
        clients = site.round(*"abcde")
        assert {client.read_answer().body for client in clients.values()} == {b"a", b"b", b"c", b"d", b"e"}
        first = site.polls[0]
        assert [count - first for count in site.polls] == [0, 0, 1, 1, 2]


def test_who_has_waited_too_long_is_refused_and_goes_on():
    with Site(max_queue_age=5) as site:
        site.seconds = dict.fromkeys("abc", 5.5)
        clients = site.round(*"abc")
        answers = {name: client.read_answer() for name, client in clients.items()}
        (first,) = site.seen
        for name, answer in answers.items():
            assert answer.status == (200 if name == first else 503)
            assert name == first or int(answer.headers["retry-after"]) >= 1
        for client in clients.values():
            assert client.get("/next").body == b"next"


def test_only_so_many_wait():
    with Site(max_queued_requests=2) as site:
        clients = site.round(*"abcd")
        assert sorted(client.read_answer().status for client in clients.values()) == [200, 200, 503, 503]
        assert len(site.seen) == 2


def test_a_handler_that_fails_keeps_nobody_from_being_served(caplog):
    with Site() as site:
        handle = site.running.server._engine.handler

        def fail(exchange) -> None:
            if exchange.head.path == "/b":
                raise RuntimeError("a fault of the application")
            handle(exchange)

        site.running.server._engine.handler = fail
        clients = site.round(*"abc")
        assert [client.read_answer().status for client in clients.values()] == [200, 500, 200]
        assert len(links(site.running)) == 3
    assert "a fault of the application" in caplog.text


def test_requests_behind_one_another_on_one_connection():
    with Site() as site:
        clients = site.round("a", "b")
        with nobody_polls(site.running):
            for name, client in clients.items():
                client.send(b"".join(GET % f"{name}{number}".encode() for number in range(40)))
        for name, client in clients.items():
            assert client.read_answer().body == name.encode()
            assert [client.read_answer().body for _ in range(40)] == [
                f"{name}{number}".encode() for number in range(40)
            ]
