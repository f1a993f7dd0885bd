"""What `demijohn top` costs: `python -m bench.control`. Needs wrk and taskset, and Linux.

One supervised server under load all the time. Rounds with a client that asks for all requests in flight each second, as `top`
does, and rounds without one take turns, in the order A B B A, so that whatever else the machine does meets both alike. Shown are
requests per second, and the processor time that all processes of the server took for each request, which other loads
change less. At last many looks in a row, at a server that does nothing else: what one of them costs.

`--count` counts instead, which is the same on any machine and under any load: Python calls for a request to the view that sleeps,
with looks beside it and without, and Python calls for one look at as many sleeping requests as there are threads.
"""

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from socket import create_connection
from types import FrameType
from typing import Any, Self

from demijohn import Demijohn
from demijohn.doors.choose import handler_for
from demijohn.manage.control.answers import requests
from demijohn.manage.control.client import ControlClient
from demijohn.serve import Listener, Server, ServerOptions

from .load import run_wrk
from .processes import tree

LOOKS = 100
RUNS = 51
SLEEP_SECONDS = 0.01
"""Of the view in bench/apps."""


def sleep() -> str:
    """A view that waits for something."""
    time.sleep(SLEEP_SECONDS)
    return "slept"


class Polling:
    """A `top` that asks each second while it is entered, with the stack of one request."""

    def __init__(self, path: str) -> None:
        self._client = ControlClient(path)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.looks = 0
        self.requests = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._client.close()

    def _work(self) -> None:
        chosen: list[str] = []
        while not self._stop.is_set():
            seen = self._client.ask("top", stacks_of=chosen)
            chosen = [one["id"] for one in seen["requests"][:1]]
            self.looks += 1
            self.requests += len(seen["requests"])
            self._stop.wait(1.0)


def processor_seconds(pid: int) -> float:
    """Processor time of a process and its descendants so far, with a resolution of nanoseconds."""
    return sum(
        int((task / "schedstat").read_text().split()[0]) / 1e9
        for one in tree(pid)
        for task in Path(f"/proc/{one}/task").iterdir()
    )


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=8471)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=int, default=4, help="of each round")
    parser.add_argument("--pairs", type=int, default=8, help="of rounds, an even number")
    parser.add_argument("--path", default="/", help="/sleep has requests that wait")
    parser.add_argument("--count", action="store_true", help="count calls instead of measuring times")
    arguments = parser.parse_args()
    if arguments.count:
        count_calls(arguments.threads)
        return
    with tempfile.TemporaryDirectory() as directory:
        socket = f"{directory}/control"
        command = [sys.executable, "-m", "demijohn", "run", "bench.apps.flaskapp:app", "--control-socket", socket]
        for name in ("port", "workers", "threads"):
            command += [f"--{name}", str(getattr(arguments, name))]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            measure(server, socket, arguments)
        finally:
            server.terminate()
            server.wait()


def measure(server: "subprocess.Popen[bytes]", socket: str, arguments: argparse.Namespace) -> None:
    """Take turns."""
    url = f"http://127.0.0.1:{arguments.port}{arguments.path}"
    rates: dict[bool, list[float]] = {False: [], True: []}
    costs: dict[bool, list[float]] = {False: [], True: []}
    deadline = time.monotonic() + 30
    while not Path(socket).exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not start")
        time.sleep(0.1)
    load(url, arguments, 2)
    looks = requests = 0
    for number in range(2 * arguments.pairs):
        is_watched = number % 4 in {1, 2}
        before = processor_seconds(server.pid)
        if is_watched:
            with Polling(socket) as polling:
                rate, count = load(url, arguments, arguments.seconds)
            looks += polling.looks
            requests += polling.requests
        else:
            rate, count = load(url, arguments, arguments.seconds)
        rates[is_watched].append(rate)
        costs[is_watched].append(1e6 * (processor_seconds(server.pid) - before) / count)
        print(
            f"{'top ' if is_watched else 'none'}  {rates[is_watched][-1]:8.0f}/s  {costs[is_watched][-1]:7.2f} us/request"
        )
    for name, found, better in (("requests/s", rates, 1), ("us of processor time/request", costs, -1)):
        without, with_top = (statistics.median(found[is_watched]) for is_watched in (False, True))
        # Of four rounds in a row, two each: what changes slowly meets both alike.
        quads = zip(found[False][::2], found[False][1::2], found[True][::2], found[True][1::2], strict=True)
        change = 100 * better * statistics.median(1 - (c + d) / (a + b) for a, b, c, d in quads)
        print(f"{name}: median {without:.2f} without, {with_top:.2f} with top; four by four {change:+.2f} % worse")
    print(f"{looks} looks, {requests / max(1, looks):.1f} requests in flight seen in each")
    with ControlClient(socket) as client, contextlib.ExitStack() as stack:
        for _ in range(arguments.connections):
            # Half a request each: seen, and described.
            sock = stack.enter_context(create_connection(("127.0.0.1", arguments.port)))
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1")
        while len(client.ask("top")["requests"]) < arguments.connections:
            time.sleep(0.1)
        before = processor_seconds(server.pid)
        for _ in range(LOOKS):
            client.ask("top", stacks_of=None)
        took = 1e3 * (processor_seconds(server.pid) - before) / LOOKS
    print(
        f"one look at {arguments.connections} requests: {took:.2f} ms of processor time, in all processes of the server together"
    )


class Calls:
    """Counts Python calls of the threads that have it as their profile function."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        self.count += event == "call"


def count_calls(threads: int) -> None:
    """Serve in this process, and count."""
    released = threading.Event()
    app = Demijohn(__name__)
    app.get("/sleep")(sleep)

    @app.get("/park")
    def park() -> str:
        released.wait()
        return ""

    listener = Listener.tcp("127.0.0.1", 0)
    host, port = str(listener.address[0]), int(listener.address[1])
    server = Server(handler_for(app), [listener], ServerOptions(threads=threads))
    on_server, on_looks = Calls(), Calls()
    threading.setprofile(on_server)  # its threads, whenever they start
    serving = threading.Thread(target=server.serve_forever)
    serving.start()

    def look(chosen: list[str]) -> list[dict[str, Any]]:  # Any: what JSON has
        seen: list[dict[str, Any]] = requests(server, {"stacks_of": chosen})["requests"]
        return seen

    with create_connection((host, port)) as sock:
        costs: dict[bool, float] = {}
        for is_watched in (False, False, True):  # at first the runner learns that this view waits
            counts = []
            for _ in range(RUNS):
                before = on_server.count
                sock.sendall(b"GET /sleep HTTP/1.1\r\nHost: a\r\n\r\n")
                if is_watched:
                    look([])
                sock.recv(65536)
                counts.append(on_server.count - before)
            costs[is_watched] = statistics.median(counts)
    with contextlib.ExitStack() as stack:
        for _ in range(threads):
            parked = stack.enter_context(create_connection((host, port)))
            parked.sendall(b"GET /park HTTP/1.1\r\nHost: a\r\n\r\n")
        while server.inspect().phases["handler"] < threads:
            time.sleep(0.01)
        chosen = [one["id"] for one in look([])[:1]]
        spent = []
        for _ in range(RUNS):
            before_look = time.thread_time()
            look(chosen)
            spent.append(time.thread_time() - before_look)
        sys.setprofile(on_looks)
        look(chosen)
        sys.setprofile(None)
        released.set()
    server.shutdown()
    serving.join()
    threading.setprofile(None)
    most, took = threads / SLEEP_SECONDS, statistics.median(spent)
    print(f"a request to the view that sleeps: {costs[False]:.0f} Python calls, {costs[True]:.0f} with a look at it")
    print(
        f"a look at {threads} of them, with one stack: {on_looks.count} Python calls, {1e3 * took:.2f} ms of processor time"
    )
    print(
        f"one look a second beside the {most:.0f} requests/s that {threads} threads can do: "
        f"{100 * on_looks.count / (most * costs[False]):.2f} % more calls, {100 * took:.2f} % of a processor"
    )


def load(url: str, arguments: argparse.Namespace, seconds: int) -> tuple[float, int]:
    """Ask for some seconds; return requests per second, and how many there were."""
    found = run_wrk(url, connections=arguments.connections, seconds=seconds, cpu=1)
    return found.requests_per_second, found.count


if __name__ == "__main__":
    main()
