"""Slow attacks on loopback: `python -m bench.slow [--each 333] [--seconds 15] [--runner late]`; a minute at most.

Normal clients ask for a page over and over, first alone, then beside attackers of three kinds: heads that trickle, bodies that
trickle, and answers that are hardly read. An attacker that is dropped comes back at once. Printed are the times of the normal
requests in both phases, what became of the attackers, and the server's memory and threads before the attack and at its end.

The server's deadlines are a tenth of the defaults, so that seconds show what minutes would. Everything is bounded: connections,
time, memory. Server and attackers are processes of their own, so that each has its own interpreter; with two cores or less the
attackers' own work is in the figures, too.
"""

import argparse
import multiprocessing
import os
import resource
import selectors
import socket
import statistics
import threading
import time
from collections import Counter
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from demijohn import Demijohn
from demijohn.doors.choose import handler_for
from demijohn.serve import Listener, Server, ServerOptions

Address = tuple[str, int]

NORMAL_CLIENTS = 8
THINK_SECONDS = 0.005
TRICKLE_SECONDS = 0.5
ARRIVAL_SECONDS = 2.0  # all of them; so that they are not all dropped in one moment either
LARGE = bytes(1_000_000)

ATTACKS = {
    "head": b"GET / HTTP/1.1\r\nHost: a\r\n",
    "body": b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n",
    "read": b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
}
TRICKLE = {"head": b"X: y\r\n", "body": b"x", "read": b""}
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def serve(pipe: Connection, runner: str) -> None:
    """Be the server: say where, then answer questions until told to stop."""
    app = Demijohn(__name__)
    app.add_url_rule("/", "page", lambda: "Hello, World!")
    app.add_url_rule("/large", "large", lambda: LARGE)
    app.add_url_rule("/upload", "upload", lambda: "uploaded", methods=["POST"])
    listener = Listener.tcp("127.0.0.1", 0)
    listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)  # loopback's buffers would take all of it
    options = ServerOptions(
        runner=runner,  # type: ignore[arg-type]  # argparse has checked it
        threads=4,
        head_timeout=2.0,
        body_timeout=3.0,
        write_timeout=3.0,
    )
    server = Server(handler_for(app), [listener], options)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    pipe.send(listener.address)
    while pipe.recv():
        with open("/proc/self/statm") as file:
            kib = int(file.read().split()[1]) * (os.sysconf("SC_PAGE_SIZE") // 1024)
        pipe.send((kib, threading.active_count(), server.gauges().snapshot(), server.stats.snapshot()))
    server.shutdown_now()
    thread.join(10)


class Attacker:
    """One slow connection after another."""

    def __init__(self, kind: str, address: Address, counts: Counter[str]) -> None:
        self.kind = kind
        self._address = address
        self._counts = counts
        self.open()

    def open(self) -> None:
        """Connect and begin."""
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.connect(self._address)
        self.sock.setblocking(False)
        self.sock.send(ATTACKS[self.kind])
        self._counts[f"{self.kind} opened"] += 1

    def trickle(self) -> None:
        """Send or take next to nothing; come back if dropped."""
        try:
            if self.kind == "read":
                if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or not self.sock.recv(16):
                    raise ConnectionResetError
            else:
                self.sock.send(TRICKLE[self.kind])
                if not self.sock.recv(1000, socket.MSG_PEEK):
                    raise ConnectionResetError
                raise ConnectionResetError  # a 408
        except BlockingIOError:
            pass
        except OSError:
            self._counts[f"{self.kind} dropped"] += 1
            self.sock.close()
            self.open()


def attack(address: Address, each: int, stop: Event, pipe: Connection) -> None:
    """Be the attackers until told to stop."""
    counts: Counter[str] = Counter()
    attackers = []
    for _ in range(each):
        attackers += [Attacker(kind, address, counts) for kind in ATTACKS]
        time.sleep(ARRIVAL_SECONDS / each)
    pipe.send(len(attackers))
    pace = TRICKLE_SECONDS / len(attackers)
    while not stop.is_set():
        began = time.monotonic()
        for number, attacker in enumerate(attackers):
            attacker.trickle()
            ahead = began + number * pace - time.monotonic()
            if ahead > 0.005:
                time.sleep(ahead)
    for attacker in attackers:
        attacker.sock.close()
    pipe.send(counts)


def visit(address: Address, seconds: float) -> list[float]:
    """Be the normal clients: return the milliseconds of each request, sorted."""
    times: list[float] = []
    until = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for _ in range(NORMAL_CLIENTS):
            selector.register(socket.create_connection(address, timeout=20), selectors.EVENT_READ, [0.0])
        socks = [key.fileobj for key in selector.get_map().values()]
        asked: dict[object, float] = {}
        while time.monotonic() < until:
            for sock in socks:
                if sock not in asked and isinstance(sock, socket.socket):
                    asked[sock] = time.monotonic()
                    sock.sendall(REQUEST)
            for key, _ in selector.select(0.1):
                sock = key.fileobj
                if isinstance(sock, socket.socket) and sock.recv(65536) and sock in asked:
                    times.append((time.monotonic() - asked.pop(sock)) * 1000)
            time.sleep(THINK_SECONDS)
        for sock in socks:
            if isinstance(sock, socket.socket):
                sock.close()
    return sorted(times)


def line(name: str, times: list[float], kib: int, threads: int) -> str:
    """Return a row of the table."""
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    return f"| {name} | {len(times):,} | {p50:.2f} | {p99:.2f} | {times[-1]:.2f} | {kib:,} | {threads} |"


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.slow", description=__doc__)
    parser.add_argument("--each", type=int, default=333, help="attackers of each of three kinds (333)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each phase, 20 at most (15)")
    parser.add_argument("--runner", choices=["inline", "late", "pool"], default="late")
    options = parser.parse_args()
    seconds = min(options.seconds, 20.0)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 3 * options.each + 500), hard))
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs, options.runner), daemon=True)
    server.start()
    address: Address = ours.recv()
    visit(address, 1.0)  # plans, caches
    alone = visit(address, seconds)
    ours.send(True)
    before = ours.recv()
    stop = context.Event()
    mine, yours = context.Pipe()
    attackers = context.Process(target=attack, args=(address, options.each, stop, yours), daemon=True)
    attackers.start()
    count: int = mine.recv()
    beside = visit(address, seconds)
    ours.send(True)
    after = ours.recv()
    stop.set()
    counts: Counter[str] = mine.recv()
    ours.send(False)
    attackers.join(10)
    server.join(15)
    print(
        "| normal requests | count | p50 ms | p99 ms | max ms | server KiB | threads |\n|---|--:|--:|--:|--:|--:|--:|"
    )
    print(line("alone", alone, before[0], before[1]))
    print(line(f"beside {count:,} attackers", beside, after[0], after[1]))
    ratio = beside[int(len(beside) * 0.99)] / alone[int(len(alone) * 0.99)]
    print(f"\np99 beside / alone: {ratio:.2f}; attackers: {dict(sorted(counts.items()))}")
    print(f"at the end of the attack: {after[2]}")


if __name__ == "__main__":
    main()
