"""Answers to pipelined requests go out together: what waits in the system for the next one, and that it waits for nothing else."""

import fcntl
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable

import pytest
from engines.oddities import StandingClock, let_turn, links, wait_until
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, Response
from demijohn.app.compiled import TWINS
from demijohn.doors.choose import handler_for
from demijohn.seam import Feed
from demijohn.serve import Listener
from demijohn.serve.reactor import HOLD_SECONDS

pytestmark = pytest.mark.skipif(
    not (TWINS.are_used and sys.platform.startswith("linux")), reason="only compiled twins cork, and only on Linux"
)

UNSENT = 0x894B
"""SIOCOUTQNSD, see tcp(7) of Linux: bytes that the system was given and has not sent. After 200 ms it sends them in any case."""

GET = b"GET /%b HTTP/1.1\r\nHost: test\r\n\r\n"


class Site:
    """A server with one client; `was_corked` has for each view, in turn, whether what was answered before it waits."""

    def __init__(self, runner: str = "late", **options) -> None:
        self.views: dict[str, Callable[[], object]] = {}
        self.was_corked: list[bool] = []
        self.clock = StandingClock()
        self.app = Demijohn("site", static_folder=None)
        self.app.route("/<name>", methods=["GET", "POST"])(self.view)
        # What this machine makes slow is nobody's who blocks.
        options = {"threads": 3, "promote_after_ms": 60_000, "hand_over_after_ms": 60_000, **options}
        self._serving = serving(handler_for(self.app), runner, clock=self.clock, **options)

    def __enter__(self) -> "Site":
        self.running = self._serving.__enter__()
        self.client = Client(self.running)
        assert self.client.get("/warm-up").status == 200
        self.was_corked.clear()
        return self

    def __exit__(self, *error) -> None:
        self.client.close()
        self._serving.__exit__(*error)

    @property
    def link(self):
        (link,) = links(self.running)
        return link

    @property
    def runner(self):
        return self.running.server._engine.runner

    @property
    def waits(self) -> bool:
        """Something that was answered is still kept back."""
        return fcntl.ioctl(self.link.sock, UNSENT, bytes(4)) != bytes(4)

    def view(self, name: str) -> object:
        self.was_corked.append(self.link.corked_since is not None)
        return self.views.get(name, lambda: name)()

    def take_long(self, name: str, seconds: float) -> None:
        """Have a view take so long."""

        def take() -> str:
            self.clock.at += seconds
            return name

        self.views[name] = take

    def send(self, *names: str) -> None:
        """Send several requests at once."""
        self.client.send(b"".join(GET % name.encode() for name in names))

    def read(self, count: int) -> list[bytes]:
        return [self.client.read_answer().body for _ in range(count)]


def test_each_waits_for_the_next_and_all_are_sent_with_the_last():
    with Site() as site:
        site.send("a", "b", "c")
        assert site.read(3) == [b"a", b"b", b"c"]
        assert site.was_corked == [False, True, True]
        let_turn(site.running)
        assert not site.waits
        # And once more: nothing of it stays.
        site.send("a", "b")
        assert site.read(2) == [b"a", b"b"]
        assert site.was_corked == [False, True, True, False, True]


@pytest.mark.parametrize("without", ["inline", "pool", "late+tls"])
def test_nothing_waits_where_nobody_would_see_that_the_next_one_blocks_nor_over_tls(without):
    with Site(without) as site:
        site.send("a", "b", "c")
        assert site.read(3) == [b"a", b"b", b"c"]
        assert site.was_corked == [False] * 3


def test_over_a_unix_socket(tmp_path):
    with Site(listener=Listener.unix(str(tmp_path / "s"))) as site:
        for _ in range(2):
            site.client.send(GET % b"a" + GET % b"b" + (GET % b"c")[:-1])
            assert site.read(2) == [b"a", b"b"]
            wait_until(lambda: site.link.corked_since is None)
            site.client.send(b"\n")
            assert site.read(1) == [b"c"]


@pytest.mark.parametrize(
    ("begin", "rest"),
    [
        (b"G", (GET % b"b")[1:]),
        ((GET % b"b")[:-1], b"\n"),
        (b"POST /b HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\n12", b"3"),
        (b"POST /b HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n", b"\r\n"),
    ],
)
def test_what_follows_has_not_come_whole(begin, rest):
    with Site() as site:
        site.client.send(GET % b"a" + begin)
        let_turn(site.running)
        assert not site.waits
        assert site.read(1) == [b"a"]
        site.client.send(rest)
        assert site.read(1) == [b"b"]


def test_what_follows_is_refused():
    with Site() as site:
        site.client.send(GET % b"a" + b"GET / HTTP/1.1\r\nHost test\r\n\r\n")
        assert site.read(1) == [b"a"]
        assert site.client.read_answer().status == 400


def test_others_are_between_them():
    with Site() as site:
        site.views["stream"] = lambda: Response(iter(["st", "ream"]))
        site.views["empty"] = lambda: ("", 204)
        site.views["fails"] = lambda: 1 / 0
        site.send("a", "stream", "b", "empty", "c", "fails", "d")
        assert site.read(3) == [b"a", b"stream", b"b"]
        assert [site.client.read_answer().status for _ in range(4)] == [204, 200, 500, 200]


def test_a_stream_that_has_nothing_yet_keeps_no_answer_back():
    feeds = []

    def handler(exchange):
        if exchange.head.path == "/feed":
            feeds.append(Feed())
            exchange.stream("200 OK", [], feeds[-1])
        else:
            application(exchange)

    with Site() as site:
        application, site.running.server._engine.handler = site.running.server._engine.handler, handler
        site.send("a", "feed")
        wait_until(lambda: feeds)
        let_turn(site.running)
        assert not site.waits
        assert site.read(1) == [b"a"]
        assert site.client.read_head()[0] == 200
        feeds[0].send(b"news")
        feeds[0].end()
        assert b"".join(site.client.chunks()) == b"news"


def test_a_view_that_blocks_keeps_no_answer_back():
    seen = threading.Event()
    with Site(promote_after_ms=5) as site:
        site.views["blocks"] = lambda: seen.wait(TIMEOUT) and "blocked"
        site.send("a", "blocks", "c")
        assert site.read(1) == [b"a"]
        wait_until(lambda: not site.waits)
        seen.set()
        assert site.read(2) == [b"blocked", b"c"]


@pytest.mark.parametrize("has_followers", [True, False])
def test_the_watcher_sees_to_it_whether_or_not_somebody_can_take_over(has_followers):
    seen = []

    def blocks():
        idle, leader = site.runner._idle, site.runner._leader
        if not has_followers:
            site.runner._idle = deque(
                maxlen=0
            )  # stays empty, though a thread that starts only now looks for followers, too
        site.runner._take_over(None, is_tardy=False)
        seen.append((site.waits, site.runner._leader is leader))
        site.runner._idle = idle
        return "blocked"

    with Site() as site:
        site.views["blocks"] = blocks
        site.send("a", "blocks", "c")
        assert site.read(3) == [b"a", b"blocked", b"c"]
    assert seen == [(False, not has_followers)]
    # The thread that was late does not leave its own answer behind either.
    assert site.was_corked == [False, True, not has_followers]


def test_a_view_that_is_left_to_another_thread_keeps_no_answer_back():
    seen = threading.Event()
    with Site() as site:
        site.running.server._engine.label_of = lambda head: head.path
        blockers = site.runner._blockers
        site.views["learns"] = lambda: blockers.learn("/blocks", site.clock.at, is_sure=True) or "learnt"
        site.views["blocks"] = lambda: seen.wait(TIMEOUT) and "blocked"
        site.send("learns", "blocks")
        assert site.read(1) == [b"learnt"]
        wait_until(lambda: len(site.was_corked) == 2)
        assert site.was_corked == [False, False]
        assert not site.waits
        seen.set()
        assert site.read(1) == [b"blocked"]
        assert site.running.server.stats.hand_overs == 1


def test_after_a_handler_that_took_long_nothing_waits_for_a_while():
    with Site() as site:
        site.take_long("long", HOLD_SECONDS * 1.5)
        site.send("a", "long", "b", "c")
        assert site.read(4) == [b"a", b"long", b"b", b"c"]
        assert site.was_corked == [False, True, True, False]
        site.clock.at = site.running.server._engine.reactor.direct_until
        site.send("a", "b")
        assert site.read(2) == [b"a", b"b"]
        assert site.was_corked[4:] == [False, True]


def test_what_waits_waits_no_longer_than_it_may():
    with Site() as site:
        site.take_long("passed", HOLD_SECONDS * 0.7)
        site.send(*["passed"] * 7)
        assert site.read(7) == [b"passed"] * 7
    # The third answer takes those before it along, and so does the sixth.
    assert site.was_corked == [False, True, True, False, True, True, False]


def test_a_connection_that_is_reset_has_sent_what_was_answered_before():
    with Site() as site:
        site.views["breaks"] = lambda: site.link.abandon() or "never seen"
        site.send("a", "breaks")
        assert site.read(1) == [b"a"]
        assert site.client.is_closed()
        assert site.was_corked == [False, True]


def test_a_client_that_has_gone_harms_nobody(caplog):
    with Site() as site:
        site.views["gone"] = lambda: site.client.close() or "gone"
        site.send("a", "gone", "b", "c")
        wait_until(lambda: not links(site.running))
        site.client = Client(site.running)
        assert site.client.get("/a").body == b"a"
    assert not caplog.records


def test_one_that_was_closed_is_uncorked_all_the_same():
    with Site() as site:
        link = site.link
        site.client.close()
        wait_until(lambda: not links(site.running))
        link.corked_since = 0.0
        link.uncork()
        assert link.corked_since is None


@pytest.mark.parametrize("size", [10, 3_000, 60_000])
def test_more_than_the_client_takes_arrives_whole_and_in_order(size):
    """More requests, too, than one client gets answered in a row."""
    names = [f"{number:03}" for number in range(50)]
    with Site() as site:
        for name in names:
            site.views[name] = lambda name=name: name + "x" * size
        site.link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        site.send(*names)
        wait_until(lambda: site.link.outbox.size or not site.link.h1.has_buffered)
        assert site.read(len(names)) == [(name + "x" * size).encode() for name in names]
        assert site.client.get("/a").body == b"a"


def test_byte_by_byte():
    with Site() as site:
        for byte in GET % b"a" + GET % b"b":
            site.client.send(bytes([byte]))
        assert site.read(2) == [b"a", b"b"]
