"""Answers of one round go out together: which wait, for how long, and that none is lost, late or out of order."""

import socket
import threading
from collections.abc import Callable, Iterable

import pytest
from engines.oddities import StandingClock, links, nobody_polls, reset, wait_until
from engines.serving import TIMEOUT, Client, Running, serving

from demijohn import Demijohn, Response, request
from demijohn._base.clock import SystemClock
from demijohn.app.compiled import TWINS
from demijohn.doors.choose import handler_for
from demijohn.serve.reactor import DIRECT_TIMES, HOLD_SECONDS

pytestmark = pytest.mark.skipif(not TWINS.are_used, reason="only compiled twins hold answers")

HOLDING = ["inline", "late"]
GET = b"GET /%b HTTP/1.1\r\nHost: test\r\n\r\n"


class Site:
    """A server whose views a test gives, by name; `round` has it see several requests at once."""

    def __init__(self, runner: str, clock: SystemClock | None = None, **options) -> None:
        self.clock = clock
        self.views: dict[str, Callable[[], object]] = {}
        # What is done in a round's requests, in the order in which they are found; `handled` has the names of those before.
        self.steps: list[Callable[[], object]] = []
        self.handled: list[str] = []
        app = Demijohn("site", static_folder=None)
        app.get("/<name>")(self.view)
        self.app = app
        self._serving = serving(handler_for(app), runner, clock=clock, threads=3, **options)
        self.clients: dict[str, Client] = {}
        self.sent_before: dict[str, int] = {}

    def __enter__(self) -> "Site":
        self.running: Running = self._serving.__enter__()
        return self

    def __exit__(self, *error) -> None:
        for client in self.clients.values():
            client.close()
        self._serving.__exit__(*error)

    def view(self, name: str) -> object:
        if self.steps:
            self.steps.pop(0)()
            self.handled.append(name)
        return self.views.get(name, lambda: name)()

    @property
    def reactor(self):
        return self.running.server._engine.reactor

    def round(self, *names: str, steps: Iterable[Callable[[], object]] = ()) -> None:
        """Send a request for each name, on a connection of its own, all of which one poll finds; `steps` as above."""
        for name in names:
            if name not in self.clients:
                self.clients[name] = Client(self.running)
                assert self.clients[name].get("/warm-up").status == 200
        with nobody_polls(self.running):
            if self.clock is None:
                self.reactor.direct_until = 0.0  # the warm-up may have taken long
            self.steps[:] = steps
            self.sent_before = {name: self.sent_bytes(name) for name in names}
            self.handled.clear()
            for name in names:
                self.clients[name].send(GET % name.encode())

    def sent_bytes(self, name: str) -> int:
        port = self.clients[name].sock.getsockname()[1]
        (link,) = (link for link in links(self.running) if link.peer.remote[1] == port)
        return link.sent_bytes

    def is_sent(self, name: str) -> bool:
        """Whether something has been sent since the round began."""
        return self.sent_bytes(name) > self.sent_before[name]

    def answer(self, name: str) -> bytes:
        return self.clients[name].read_answer().body


@pytest.fixture(params=HOLDING)
def holding(request) -> str:
    return request.param


def nothing() -> None:
    """Do nothing."""


def test_answers_of_a_round_go_out_together(holding):
    seen = []
    with Site(holding, StandingClock(), promote_after_ms=60_000) as site:
        site.round("a", "b", "c", steps=[nothing, nothing, lambda: seen.extend(map(site.is_sent, site.handled))])
        assert [site.answer(name) for name in "abc"] == [b"a", b"b", b"c"]
        assert seen == [False, False]
        # And once more: nothing of it stays.
        site.round("a", "b", "c")
        assert [site.answer(name) for name in "cba"] == [b"c", b"b", b"a"]
        wait_until(lambda: not any(link.is_handled for link in links(site.running)))
        assert not site.reactor.held
        assert [link.held for link in links(site.running)] == [None] * 3


def test_who_is_alone_waits_for_nobody(holding):
    seen = []
    with Site(holding, StandingClock(), promote_after_ms=60_000) as site:
        site.views["a"] = lambda: seen.append([link.held for link in links(site.running)]) or "a"
        site.round("a")
        assert site.answer("a") == b"a"
    assert seen == [[None]]


def test_after_a_handler_that_took_long_nothing_is_held_for_a_while(holding):
    clock = StandingClock()
    seen = []

    def take_long():
        clock.at += HOLD_SECONDS * 1.5

    def look():
        seen.append(site.is_sent(site.handled[-1]))

    with Site(holding, clock, promote_after_ms=60_000, hand_over_after_ms=60_000) as site:
        site.round("a", "b", "c", steps=[take_long, nothing, look])
        assert [site.answer(name) for name in "abc"] == [b"a", b"b", b"c"]
        assert site.reactor.direct_until == pytest.approx(clock.at + HOLD_SECONDS * 1.5 * DIRECT_TIMES)
        clock.at = site.reactor.direct_until
        site.round("a", "b", "c", steps=[nothing, nothing, look])
        assert [site.answer(name) for name in "abc"] == [b"a", b"b", b"c"]
    assert seen == [True, False]


def test_what_is_held_waits_no_longer_than_it_may(holding):
    clock = StandingClock()
    seen = []

    def let_pass():
        clock.at += HOLD_SECONDS * 0.7
        if site.handled:
            seen.append(site.is_sent(site.handled[0]))

    with Site(holding, clock, promote_after_ms=60_000, hand_over_after_ms=60_000) as site:
        site.round("a", "b", "c", "d", steps=[let_pass] * 4)
        assert [site.answer(name) for name in "abcd"] == [b"a", b"b", b"c", b"d"]
    assert seen == [False, False, True]


def test_a_view_that_blocks_keeps_no_answer_back():
    """Another thread takes over polling, and sends first."""
    left = threading.Event()
    with Site("late") as site:
        site.views["blocks"] = lambda: left.wait(TIMEOUT) and "blocked"
        site.round("a", "blocks", "c")
        assert site.answer("a") == b"a"
        assert site.answer("c") == b"c"
        assert not site.is_sent("blocks")
        left.set()
        assert site.answer("blocks") == b"blocked"


def test_a_view_that_has_lost_the_lead_sends_its_own_answer():
    """It was allowed to hold it, and nobody would send it."""
    led = []

    def blocks():
        runner = site.running.server._engine.runner
        slot = runner._leader
        led.append(
            slot.thread is threading.current_thread()
        )  # unless the machine was so slow that a warm-up seemed to block
        if led[0]:
            wait_until(lambda: runner._leader is not slot)
        return "blocked"

    with Site("late") as site:
        site.views["blocks"] = blocks
        site.round("blocks", "b")
        assert site.answer("b") == b"b"
        assert site.answer("blocks") == b"blocked"
        wait_until(lambda: site.reactor.direct_until > 0 or not led[0])


def test_what_is_left_to_be_done_after_an_answer_finds_it_sent(holding):
    seen = []

    def closing():
        response = Response("closing")
        response.call_on_close(lambda: seen.append(site.is_sent("closing")))
        return response

    with Site(holding, StandingClock(), promote_after_ms=60_000) as site:
        site.views["closing"] = closing
        site.round("closing", "b")
        assert [site.answer(name) for name in ("closing", "b")] == [b"closing", b"b"]
    assert seen == [True]


def test_a_stream_is_not_held_and_comes_behind_what_was_sent_before(holding):
    with Site(holding, StandingClock(), promote_after_ms=60_000) as site:
        site.views["stream"] = lambda: Response(iter(["a", "b"]))
        site.round("a", "stream", "c")
        assert [site.answer(name) for name in ("a", "stream", "c")] == [b"a", b"ab", b"c"]


def test_pipelined_requests_are_answered_in_order(holding):
    with Site(holding, StandingClock(), promote_after_ms=60_000) as site:
        site.views["stream"] = lambda: Response(iter(["a", "b"]))
        site.clients["a"] = Client(site.running)
        site.clients["b"] = Client(site.running)
        for client in site.clients.values():
            assert client.get("/warm-up").status == 200
        with nobody_polls(site.running):
            for client in site.clients.values():
                client.send(GET % b"1" + GET % b"stream" + GET % b"2" + GET % b"3")
        for name in "ab":
            assert [site.answer(name) for _ in range(4)] == [b"1", b"ab", b"2", b"3"]


def test_a_held_answer_that_the_socket_does_not_take_at_once_arrives_whole(holding):
    large = "x" * 60_000
    with Site(holding, StandingClock(), promote_after_ms=60_000) as site:
        site.views["large"] = lambda: large
        site.clients["large"] = Client(site.running)
        assert site.clients["large"].get("/warm-up").status == 200
        (link,) = links(site.running)
        link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        site.round("large", "b")
        assert site.answer("b") == b"b"
        assert site.answer("large") == large.encode()
        assert site.clients["large"].get("/b").body == b"b"


def test_a_client_that_sends_on_is_read_again(holding, monkeypatch):
    """Of a link whose job waits, and of which an event comes, the socket is watched no more."""
    clock = StandingClock()
    monkeypatch.setattr("demijohn.serve.reactor.DIRECT_TIMES", 0)

    def send_on():
        for client in site.clients.values():
            client.send(GET % b"again")
        clock.at += 1.0  # the inline runner polls again before it runs the next

    with Site(holding, clock, promote_after_ms=60_000, hand_over_after_ms=60_000) as site:
        site.round("a", "b", "c", steps=[send_on])
        for name in "abc":
            assert [site.answer(name), site.answer(name)] == [name.encode(), b"again"]


@pytest.mark.parametrize("ends", [lambda client: client.close(), reset])
def test_a_client_that_has_gone_harms_nobody(holding, ends, caplog):
    with Site(holding, StandingClock(), promote_after_ms=60_000) as site:
        site.views["b"] = lambda: ends(site.clients["gone"]) or "b"
        site.round("gone", "b", "c")
        assert [site.answer(name) for name in "bc"] == [b"b", b"c"]
        wait_until(lambda: len(links(site.running)) == 2)
    assert not caplog.records


def test_a_server_that_is_stopped_at_once_sends_what_it_has(holding):
    with Site(holding, StandingClock(), promote_after_ms=60_000) as site:
        site.round("a", "b", "c", steps=[nothing, site.running.server.shutdown_now])
        wait_until(lambda: site.handled)
        first = site.handled[0]
        assert site.answer(first) == first.encode()


def test_one_that_fails_to_be_sent_is_told_and_the_others_are_sent(holding, monkeypatch, caplog):
    with Site(holding, StandingClock(), promote_after_ms=60_000) as site:
        site.views["c"] = lambda: site.reactor.held.appendleft(Broken()) or "c"
        site.round("a", "b", "c")
        assert [site.answer(name) for name in "abc"] == [b"a", b"b", b"c"]
    (record,) = caplog.records
    assert "Internal error" in record.message
    assert Broken.failed


class Broken:
    """What no connection is."""

    failed = False

    def send_held(self) -> None:
        raise RuntimeError("broken")

    def fail(self) -> None:
        Broken.failed = True


def test_every_request_of_many_clients_gets_its_own_answer(holding):
    """Real time: some are held, some are not."""
    with Site(holding) as site:
        site.app.get("/echo/<path:what>", endpoint="echo")(lambda what: f"{what} {request.headers['X-Number']}")
        failures = []

        def ask(number):
            with Client(site.running) as client:
                for turn in range(100):
                    answer = client.get(f"/echo/{number}/{turn}", X_Number=str(number)).body
                    if answer != f"{number}/{turn} {number}".encode():
                        failures.append(answer)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT)
        assert not any(thread.is_alive() for thread in threads)
    assert not failures
