"""Requests of a known label are left to other threads: in a long row without a look at each label, and none is lost or kept."""

import contextlib
import math
import threading
from collections.abc import Iterator

import pytest
from engines.oddities import nobody_polls, wait_until
from engines.serving import TIMEOUT, Client, Running, serving

from demijohn.serve.runner.blocking import SAMPLE, STREAK
from demijohn.serve.runner.slot import Role

GET = b"GET /%b HTTP/1.1\r\nHost: test\r\n\r\n"

pytestmark = pytest.mark.usefixtures("each_way")


class Site:
    """The first part of a path is its label; `slow` is known to block."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.threads: dict[str, threading.Thread] = {}  # by path
        self.is_open = threading.Event()

    def __call__(self, exchange) -> None:
        path = exchange.head.path
        self.threads[path] = threading.current_thread()
        if path.endswith("/wait"):
            assert self.is_open.wait(TIMEOUT)
        exchange.respond("200 OK", [], path.encode())

    def label(self, head) -> str:
        label = head.path.split("/")[1]
        self.labels.append(label)
        return label

    def serve(self, **options):
        # What this machine makes slow must teach nothing.
        return serving(self, "late", promote_after_ms=60_000, hand_over_after_ms=60_000, **options)

    @contextlib.contextmanager
    def in_a_row(self, count: int) -> Iterator[tuple[Running, Client]]:
        """Serve, and have so many requests left to others."""
        with self.serve(threads=16) as running, Client(running) as client:
            learn(running)
            ask(client, count)
            yield running, client


def learn(running) -> None:
    blockers = running.server._engine.runner._blockers
    blockers.learn("slow", 0.0, is_sure=True)
    blockers.known["slow"].left = 10**9


def ask(client: Client, count: int) -> None:
    for number in range(count):
        assert client.get(f"/slow/{number}").body == b"/slow/%d" % number


def test_after_many_in_a_row_few_labels_are_made():
    site, count = Site(), 400
    with site.in_a_row(count) as (running, _):
        stats = running.server.stats
        # Where all others were still busy with what comes behind an answer, a request waited for whoever was ready first.
        assert stats.hand_overs + stats.queued == count
        assert len(site.labels) == STREAK + math.ceil((stats.hand_overs - STREAK) / SAMPLE)


def test_another_label_is_soon_served_without_them_again():
    site = Site()
    with site.in_a_row(3 * STREAK) as (running, client):
        before = running.server.stats.hand_overs
        for number in range(50):
            assert client.get(f"/quick/{number}").status == 200
        assert running.server.stats.hand_overs - before < SAMPLE
        client.get("/slow/once")
        client.get("/quick/once")
        assert site.labels[-2:] == ["slow", "quick"]  # it was no row any more


def test_a_label_that_is_learnt_ends_the_row():
    site = Site()
    with site.in_a_row(2 * STREAK) as (running, client):
        learn(running)
        del site.labels[:]
        ask(client, STREAK)
        assert len(site.labels) == STREAK


def test_several_threads_have_what_one_round_left_to_them():
    site, names = Site(), [f"slow/{number}/wait" for number in range(3)]
    with site.serve(threads=4) as running:
        learn(running)
        clients = {name: Client(running) for name in names}
        with Client(running) as other:
            ask(other, 2 * STREAK)
            with nobody_polls(running):
                for name, client in clients.items():
                    client.send(GET % name.encode())
            wait_until(lambda: len(site.threads) == 2 * STREAK + 3)
            assert len({site.threads[f"/{name}"] for name in names}) == 3
            assert other.get("/slow/meanwhile").status == 200
            site.is_open.set()
            for name, client in clients.items():
                assert client.read_answer().body == b"/" + name.encode()
                client.close()
        assert not running.server._engine.runner.queue.jobs


def test_nothing_is_taken_from_the_queue_while_somebody_is_at_it():
    site = Site()
    with site.serve(threads=2) as running, Client(running) as client:
        learn(running)
        assert client.get("/slow/first").status == 200
        runner = running.server._engine.runner
        with runner.queue._lock:
            client.send(GET % b"slow/then")
            wait_until(lambda: runner.queue.jobs and any(slot.role is Role.LATE for slot in runner._slots))
            assert all(slot.job is None for slot in runner._slots)
        assert client.read_answer().body == b"/slow/then"


def test_a_request_that_waited_too_long_is_refused():
    site = Site()
    with site.serve(threads=2, max_queue_age=5) as running, Client(running) as client:
        learn(running)
        runner = running.server._engine.runner
        with runner.queue._lock:
            client.send(GET % b"slow/late")
            wait_until(lambda: len(runner.queue.jobs) == 1)
            runner.queue.jobs[0].queued_at -= 6
        assert client.read_answer().status == 503
        assert client.get("/slow/next").status == 200
        assert "/slow/late" not in site.threads


def test_quick_ones_are_noted_while_a_label_is_on_probation():
    site = Site()
    with site.serve(threads=16) as running, Client(running) as client:
        blockers = running.server._engine.runner._blockers
        blockers.learn("slow", 0.0, is_sure=False)
        record = blockers.known["slow"]
        record.left = 10**9
        ask(client, 20)
        wait_until(lambda: record.quick_runs == 20)
        blockers.is_probing = False
        ask(client, 20)
        assert (record.quick_runs, record.slow_runs) == (20, 0)
