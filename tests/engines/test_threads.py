"""Threads: a blocking handler delays nobody, all threads can be used at once, and no thread's fault or death is felt by others."""

import ctypes
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from engines.serving import TIMEOUT, Client, serving


class Gate:
    """A handler that blocks on `/block` until the test opens the gate, and answers everything else at once."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)
        self.order: list[str] = []

    def __call__(self, exchange) -> None:
        path = exchange.head.path
        if path.startswith("/block"):
            self.entered.release()
            assert self.open.wait(TIMEOUT)
        self.order.append(path)
        exchange.respond("200 OK", [], path.encode())

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.entered.acquire(timeout=TIMEOUT)


def test_a_blocking_view_delays_nobody(threaded_runner):
    gate = Gate()
    with serving(gate, threaded_runner, threads=2) as running, Client(running) as blocked, Client(running) as other:
        blocked.send(b"GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
        gate.wait_for(1)
        for number in range(50):
            assert other.get(f"/{number}").body == b"/%d" % number
        gate.open.set()
        assert blocked.read_answer().body == b"/block"
        assert gate.order == [*[f"/{number}" for number in range(50)], "/block"]


def test_a_blocking_view_is_noticed_among_quick_ones(threaded_runner):
    """The watcher looks less closely while one handler after the other is begun."""
    gate = Gate()
    answered = threading.Semaphore(0)
    over = threading.Event()

    def ask_again_and_again():
        with Client(running) as other:
            while not over.is_set():
                assert other.get("/quick").status == 200
                answered.release()

    with serving(gate, threaded_runner, threads=2) as running, Client(running) as blocked:
        thread = threading.Thread(target=ask_again_and_again)
        thread.start()
        for number in range(3):
            for _ in range(100):
                assert answered.acquire(timeout=TIMEOUT)
            gate.open.clear()
            blocked.send(b"GET /block/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
            gate.wait_for(1)
            for _ in range(100):
                assert answered.acquire(timeout=TIMEOUT)
            gate.open.set()
            assert blocked.read_answer().body == b"/block/%d" % number
        over.set()
        thread.join(TIMEOUT)


@pytest.mark.slow
def test_signals_do_not_keep_the_watcher_from_its_work():
    """It waits in the main thread: a wait with a limit that a signal interrupts still has it."""
    command = [sys.executable, str(Path(__file__).with_name("launch_signalled.py"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3 * TIMEOUT, check=False)
    assert (done.stdout, done.returncode) == ("served\n", 0), done.stderr


def test_a_blocking_view_delays_no_new_connection(threaded_runner):
    gate = Gate()
    with serving(gate, threaded_runner, threads=2) as running, Client(running) as blocked:
        blocked.send(b"GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
        gate.wait_for(1)
        for number in range(20):
            with Client(running) as other:
                assert other.get(f"/{number}").status == 200
        gate.open.set()
        assert blocked.read_answer().body == b"/block"


@pytest.mark.parametrize("again", [False, True], ids=["unknown", "known to block"])
def test_all_threads_can_be_in_handlers_at_once(threaded_runner, again):
    """64 handlers meet at one barrier: nobody passes unless all have arrived."""
    count = 64
    barrier = threading.Barrier(count)

    def handler(exchange):
        barrier.wait(TIMEOUT)
        exchange.respond("200 OK", [], b"met")

    with serving(handler, threaded_runner, threads=count) as running:
        clients = [Client(running) for _ in range(count)]
        for _ in range(2 if again else 1):
            for client in clients:
                client.send(b"GET /meet HTTP/1.1\r\nHost: a\r\n\r\n")
            assert [client.read_answer().body for client in clients] == [b"met"] * count
        for client in clients:
            client.close()
        stats = running.server.stats
        if threaded_runner == "late":
            assert stats.promotions + stats.hand_overs >= count - 1
        assert stats.queued == 0


def test_with_all_threads_busy_requests_are_read_and_wait_their_turn(threaded_runner):
    gate = Gate()
    with serving(gate, threaded_runner, threads=3) as running:
        blocked = [Client(running) for _ in range(3)]
        for number, client in enumerate(blocked):
            client.send(b"GET /block/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
        gate.wait_for(3)
        waiting = [Client(running) for _ in range(10)]
        for number, client in enumerate(waiting):
            client.send(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
        # Accepting, reading and refusing go on although no thread is free.
        with Client(running) as bad:
            bad.send(b"BAD\r\n\r\n")
            assert bad.read_answer().status == 400
        assert gate.order == []
        gate.open.set()
        assert {client.read_answer().body for client in blocked} == {b"/block/0", b"/block/1", b"/block/2"}
        assert [client.read_answer().body for client in waiting] == [b"/%d" % number for number in range(10)]
        for client in (*blocked, *waiting):
            client.close()


def test_a_late_thread_serves_its_connection_again():
    gate = Gate()
    with serving(gate, "late", threads=4) as running, Client(running) as client, Client(running) as other:
        client.send(b"GET /block HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        gate.wait_for(1)
        assert other.get("/o").status == 200
        client.send(b"GET /third HTTP/1.1\r\nHost: a\r\n\r\n")  # arrives while the handler owns the connection
        gate.open.set()
        assert [client.read_answer().body for _ in range(3)] == [b"/block", b"/next", b"/third"]
        for number in range(10):
            assert client.get(f"/{number}").status == 200


def test_known_blockers_hand_over_before_they_run_and_are_forgotten_when_fast():
    slow = threading.Event()
    slow.set()
    never = threading.Event()

    def handler(exchange):
        if slow.is_set():
            never.wait(0.1)
        exchange.respond("200 OK", [], b"")

    # A fast handler on a loaded machine may well take some milliseconds; it must not look slow for that.
    with serving(handler, "late", threads=4, hand_over_after_ms=40) as running, Client(running) as client:
        stats = running.server.stats
        for _ in range(5):
            client.get("/view?x=1")
        assert stats.promotions >= 1
        learned = stats.hand_overs
        assert learned >= 3
        slow.clear()
        for _ in range(50):
            client.get("/view?x=2")
        settled = stats.hand_overs
        for _ in range(50):
            client.get("/view")
        assert stats.hand_overs == settled, "a handler that became fast still costs a hand-over each time"


def test_a_label_that_takes_long_to_make_delays_nobody():
    """It is the application's: whoever waits for it neither polls nor holds what others need."""
    gate, is_asked, goes_on = Gate(), threading.Event(), threading.Event()

    class Labelled:
        def __call__(self, exchange) -> None:
            gate(exchange)

        def label(self, head) -> str:
            if head.path == "/block":
                is_asked.set()
                assert goes_on.wait(TIMEOUT)
            return head.path

    with serving(Labelled(), "late", threads=1) as running, Client(running) as blocked, Client(running) as other:
        blocked.send(b"GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
        assert is_asked.wait(TIMEOUT)
        # The only thread for handlers is taken: the leader has to put this one into the queue, which takes the lock.
        other.send(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        until = time.monotonic() + TIMEOUT
        while not running.server.stats.queued and time.monotonic() < until:
            time.sleep(0.002)
        assert running.server.stats.queued == 1
        gate.open.set()
        assert blocked.read_answer().body == b"/block"
        assert other.read_answer().body == b"/next"
        goes_on.set()


def kill(thread: threading.Thread) -> None:
    """Raise SystemExit in a thread, from outside, when it next runs Python code."""
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)) == 1


def workers() -> dict[str, threading.Thread]:
    return {
        thread.name: thread
        for thread in threading.enumerate()
        if re.fullmatch(r"demijohn-\d+", thread.name) and thread.ident
    }


@pytest.mark.parametrize("victims", ["idle", "polling"])
def test_a_thread_that_dies_is_replaced(threaded_runner, victims, caplog):
    """Threads that wait are killed; whatever they were about to be given is done by their successors."""
    if threaded_runner == "pool" and victims == "polling":
        pytest.skip("the pool's polling thread is the caller's own")
    count = 4 if threaded_runner == "late" else 3
    gate = Gate()
    with serving(gate, threaded_runner, threads=3) as running, Client(running) as client:
        while len(workers()) < count:
            client.get("/warm-up")
        before = workers()
        if threaded_runner == "late":
            leader = running.server._runner._leader
            idle = [thread for name, thread in before.items() if name != f"demijohn-{leader.number}"]
            killed = idle if victims == "idle" else [leader.thread]
            # The last answer is out before its thread polls again.
            while not running.server._engine.reactor._is_polling:
                threading.Event().wait(0.001)
        else:
            killed = list(before.values())
        for thread in killed:
            kill(thread)
        # Block all threads at once: the struck ones strike when they are promoted.
        clients = [Client(running) for _ in range(3)]
        for number, each in enumerate(clients):
            each.send(b"GET /block/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
        gate.wait_for(3)
        gate.open.set()
        assert {each.read_answer().body for each in clients} == {b"/block/0", b"/block/1", b"/block/2"}
        for each in clients:
            each.close()
        # Its own connection: the last thread of the warm-up may have been struck before it let go of that one.
        with Client(running) as last:
            for number in range(50):
                assert last.get(f"/{number}").status == 200
        assert running.server.stats.threads_replaced >= 1
        assert len(workers()) == count
        assert any(thread not in before.values() for thread in workers().values())
    assert "another takes its place" in caplog.text


def test_a_handler_that_is_struck_by_an_exception_from_outside_costs_its_own_request(threaded_runner):
    struck = []

    def handler(exchange):
        if exchange.head.path == "/victim":
            struck.append(threading.current_thread())
            kill(struck[0])
            for _ in range(1000):
                pass
        exchange.respond("200 OK", [], b"fine")

    with serving(handler, threaded_runner, threads=2) as running, Client(running) as client:
        assert client.get("/victim").status == 500
        assert client.get("/").body == b"fine"
        assert running.server.stats.threads_replaced == 0


def test_a_view_that_never_returns_costs_one_thread_and_not_the_stop():
    forever = threading.Event()
    entered = threading.Event()

    def handler(exchange):
        if exchange.head.path == "/forever":
            entered.set()
            forever.wait(TIMEOUT * 3)
        exchange.respond("200 OK", [], b"fine")

    with serving(handler, "late", threads=2, drain_timeout=0.2) as running:
        stuck = Client(running)
        stuck.send(b"GET /forever HTTP/1.1\r\nHost: a\r\n\r\n")
        assert entered.wait(TIMEOUT)
        with Client(running) as client:
            for _ in range(100):
                assert client.get("/").body == b"fine"
    stuck.close()
    forever.set()


def test_shutdown_finishes_what_is_in_flight_and_closes_the_rest(runner):
    gate = Gate()
    if runner == "inline":
        gate.open.set()
    with serving(gate, runner, threads=4, linger_timeout=0.1) as running:
        idle = Client(running)
        assert idle.get("/x").status == 200
        busy = Client(running)
        busy.send(b"GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
        gate.wait_for(1)
        running.server.shutdown()
        assert idle.is_closed()
        gate.open.set()
        answer = busy.read_answer()
        assert answer.body == b"/block"
        assert busy.is_closed()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()
        with pytest.raises((ConnectionError, TimeoutError, EOFError)):
            # The listener is the caller's and still open, so a connection may be made; nobody serves it.
            with Client(running) as late:
                late.sock.settimeout(0.05)
                late.get("/late")
        idle.close()
        busy.close()


def test_shutdown_from_a_handler(runner):
    def handler(exchange):
        running.server.shutdown()
        exchange.respond("200 OK", [], b"last")

    with serving(handler, runner, threads=2, linger_timeout=0.1) as running, Client(running) as client:
        assert client.get("/").body == b"last"
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()
