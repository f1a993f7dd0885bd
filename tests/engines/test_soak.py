"""Late promotion and the pool under strain: disturbed in every way that we know of, they answer everybody else, and stop.

The amount of each test is a count and not a time. `DEMIJOHN_SOAK=50` does fifty times as much.
"""

import collections
import ctypes
import gc
import os
import random
import resource
import threading
import time

import pytest
from engines.oddities import links, wait_until
from engines.serving import TIMEOUT, Client, serving
from engines.test_leaks import descriptors, workers

from demijohn.seam import HandlerTimeout

pytestmark = pytest.mark.slow

MUCH = int(os.environ.get("DEMIJOHN_SOAK", "1"))
LONG = TIMEOUT * (1 + MUCH)


class Site:
    """`/echo/...` answers with its own target; the other paths are disturbances."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.stuck = threading.Semaphore(0)
        self.seen: collections.Counter[str] = collections.Counter()

    def streams(self, head) -> bool:
        return head.path.startswith("/slow-body")

    def __call__(self, exchange) -> None:
        kind = exchange.head.path.split("/")[1]
        self.seen[kind] += 1
        if kind == "forever":
            self.stuck.release()
            self.release.wait(LONG)
        elif kind == "compute":
            compute(0.01)
        elif kind == "sleep":
            self.release.wait(0.004)
        elif kind in ("body", "slow-body"):
            while exchange.body.read(20_000):
                self.release.wait(0.001)
        exchange.respond("200 OK", [], exchange.head.target.encode())


def compute(seconds: float) -> None:
    """Hold the interpreter's lock as a view does that computes."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(200))


class Traffic:
    """Clients that ask for numbered pages, one after the other, and look at each answer. Entered: they run; left: all is done."""

    def __init__(self, running, clients: int, count: int, kinds=("echo",), *, seed: int = 0) -> None:
        self.running = running
        self.count = count * MUCH
        self.kinds = kinds
        self.answered = 0
        self.refused: collections.Counter[int] = collections.Counter()  # by status
        self.lost = 0  # connections that ended without an answer
        self.wrong: list[str] = []
        self._lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self._run, args=(number, random.Random(seed * 1000 + number)))
            for number in range(clients)
        ]

    def __enter__(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc) -> None:
        for thread in self.threads:
            thread.join(LONG)
            assert not thread.is_alive(), "a client waits in vain"

    def _run(self, number: int, generator: random.Random) -> None:
        client = Client(self.running)
        for serial in range(self.count):
            target = f"/{generator.choice(self.kinds)}/{number}/{serial}"
            try:
                answer = client.get(target)
            except (EOFError, ConnectionError, AssertionError):
                with self._lock:
                    self.lost += 1
                client.reconnect()
                continue
            if answer.headers.get("connection") == "close":
                client.reconnect()
            with self._lock:
                if answer.status != 200:
                    self.refused[answer.status] += 1
                elif answer.body != target.encode():
                    self.wrong.append(f"{target} was answered with {answer.body[:50]!r}")
                else:
                    self.answered += 1
        client.close()

    @property
    def total(self) -> int:
        return len(self.threads) * self.count

    def assert_all_answered(self) -> None:
        assert self.wrong == []
        assert self.refused == {}
        assert self.lost == 0
        assert self.answered == self.total


def test_views_that_never_return_cost_their_thread_and_nothing_else(threaded_runner):
    site = Site()
    with serving(site, threaded_runner, threads=4, drain_timeout=0.5) as running:
        stuck = [Client(running) for _ in range(3)]
        for client in stuck:
            client.send(b"GET /forever HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in stuck:
            assert site.stuck.acquire(timeout=TIMEOUT)
        with Traffic(running, 6, 80, ("echo", "sleep")) as traffic:
            pass
        traffic.assert_all_answered()
        if threaded_runner == "late":
            assert running.server.stats.promotions + running.server.stats.hand_overs >= 3
        began = time.monotonic()
    assert time.monotonic() - began < 10, "the stop waited for what never returns"
    for client in stuck:
        client.close()
    site.release.set()
    wait_until(lambda: not workers(), "the threads that were left behind end when they can")


def test_views_that_compute_and_hold_the_lock(threaded_runner):
    with serving(Site(), threaded_runner, threads=4) as running:
        with Traffic(running, 4, 15, ("compute",)) as computing, Traffic(running, 4, 60) as traffic:
            pass
        computing.assert_all_answered()
        traffic.assert_all_answered()


def test_promotion_storm():
    """Handlers that end about when they are promoted away from, on pages that are all unknown."""
    site = Site()

    class Unlearnable:
        @staticmethod
        def label(head) -> str:
            return head.target

        def __call__(self, exchange) -> None:
            threading.Event().wait(random.Random(exchange.head.target).uniform(0, 0.004))
            site(exchange)

    with serving(Unlearnable(), "late", threads=4, promote_after_ms=1.0, hand_over_after_ms=1000) as running:
        with Traffic(running, 12, 60) as traffic:
            pass
        traffic.assert_all_answered()
        stats = running.server.stats
        assert stats.promotions > 30
        assert stats.hand_overs == 0
        assert stats.threads_replaced == 0


def test_threads_that_die_at_any_moment(threaded_runner):
    """Exceptions from outside strike threads wherever they are: whoever was being served may lose the connection, nobody else."""
    site, generator = Site(), random.Random(7)
    gc.collect()
    fds = descriptors()
    with serving(site, threaded_runner, threads=4) as running:
        name = "demijohn-"
        with Traffic(running, 6, 120, ("echo", "echo", "sleep")) as traffic:
            struck: set[threading.Thread] = set()
            for _ in range(25 * MUCH):
                if not any(thread.is_alive() for thread in traffic.threads):
                    break
                threads = [one for one in threading.enumerate() if one.name.startswith(name) and one.name[9:].isdigit()]
                if victims := [one for one in threads if one.ident and one not in struck]:
                    victim = generator.choice(victims)
                    struck.add(victim)  # once: it is not to die of a second blow while it sees to its successor
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(victim.ident), ctypes.py_object(SystemExit)
                    )
                threading.Event().wait(0.01)
            killed = len(struck)
        assert traffic.wrong == []
        assert killed > 0
        # Each blow costs one request at most; that of a thread that waits strikes when it is given something to do.
        assert traffic.lost + sum(traffic.refused.values()) <= killed
        assert set(traffic.refused) <= {500}
        with Traffic(running, 6, 60, ("echo", "sleep")) as after:
            pass
        assert after.wrong == []
        assert after.answered >= after.total - len(workers())
        with Traffic(running, 4, 20) as quiet:
            pass
        quiet.assert_all_answered()
        # A blow that struck a handler has cost an answer, any other the thread.
        assert running.server.stats.threads_replaced + traffic.lost + traffic.refused[500] > 0
        wait_until(lambda: not links(running), "no connection is lost track of")
    assert workers() == []
    assert descriptors() == fds


def test_handlers_that_read_their_body_slowly(threaded_runner):
    body = b"x" * 300_000
    with serving(Site(), threaded_runner, threads=4, body_memory_bytes=100_000) as running:
        posters = []

        def post(kind: str) -> None:
            with Client(running) as client:
                for number in range(3 * MUCH):
                    assert client.request("POST", f"/{kind}/{number}", body).body == f"/{kind}/{number}".encode()
            posters.append(kind)

        threads = [threading.Thread(target=post, args=(kind,)) for kind in ("body", "slow-body", "slow-body")]
        for thread in threads:
            thread.start()
        with Traffic(running, 4, 50) as traffic:
            pass
        for thread in threads:
            thread.join(LONG)
        traffic.assert_all_answered()
        assert sorted(posters) == ["body", "slow-body", "slow-body"]


def test_a_thousand_connections_for_each_thread(threaded_runner):
    """All ask at once, while all threads are busy; each is answered in its turn, and asks again."""
    count = 1000 * min(MUCH, 5)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = 2 * count + 300
    if hard != resource.RLIM_INFINITY and hard < need:
        pytest.skip(f"{need} descriptors are not to be had")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))
    site = Site()
    try:
        with serving(site, threaded_runner, threads=1, max_queue_age=LONG, max_queued_requests=None) as running:
            clients = [Client(running) for _ in range(count)]
            for turn in range(2):
                blocking = Client(running)
                site.release.clear()
                blocking.send(b"GET /forever HTTP/1.1\r\nHost: a\r\n\r\n")
                assert site.stuck.acquire(timeout=TIMEOUT)
                for number, client in enumerate(clients):
                    client.send(b"GET /echo/%d/%d HTTP/1.1\r\nHost: a\r\n\r\n" % (turn, number))
                wait_until(lambda: running.server.gauges().queued == count)
                wait_until(lambda: running.server.gauges().oldest_queued > 0)
                site.release.set()
                for number, client in enumerate(clients):
                    assert client.read_answer().body == b"/echo/%d/%d" % (turn, number)
                gauges = running.server.gauges()
                assert (gauges.queued, gauges.oldest_queued) == (0, 0)
                blocking.close()
            assert running.server.stats.connections_accepted == count + 2
            for client in clients:
                client.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_time_limits_and_promotion_together(threaded_runner):
    """Handlers are interrupted while they lead, when they are late, and in the moment in between; others never are."""
    site = Site()

    def handler(exchange) -> None:
        kind = exchange.head.path.split("/")[1]
        if kind == "limited":
            exchange.limit_time(random.Random(exchange.head.target).uniform(0.001, 0.008))
            compute(0.004)
        elif kind == "swallows":
            exchange.limit_time(0.004)
            try:
                compute(0.05)
            except HandlerTimeout:
                compute(0.001)
        elif kind == "stuck":
            exchange.limit_time(0.004)
            time.sleep(0.08)  # in C: it cannot be interrupted, the server answers
        site(exchange)

    with serving(handler, threaded_runner, threads=6) as running:
        kinds = ("limited", "limited", "echo", "echo", "echo", "swallows", "stuck")
        with Traffic(running, 6, 40, kinds) as traffic, Traffic(running, 3, 60, ("echo", "sleep")) as unlimited:
            pass
        unlimited.assert_all_answered()
        assert traffic.wrong == []
        assert set(traffic.refused) == {504}
        assert traffic.answered + traffic.refused[504] + traffic.lost == traffic.total
        assert traffic.lost == 0
        assert running.server.stats.threads_replaced == 0, "an interruption struck a thread between two requests"
