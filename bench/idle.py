"""Idle keep-alive connections on one worker, and normal requests beside them: `python -m bench.idle`. Needs wrk and taskset.

A process of its own opens the connections, has a request answered on each, and holds them. Memory is what the server's processes
have grown by, for each connection; latency is that of 16 busy connections, without the idle ones and beside them. At the end each
idle connection is asked once more: those that were closed meanwhile are counted. Sources are several addresses of the loopback
interface, so that ports do not run out.
"""

import argparse
import contextlib
import resource
import shutil
import socket
import subprocess
import sys

from .contestants import HERE, RIVALS, Contestant, prepare_rivals, running_process
from .load import Load, run_wrk
from .processes import resident_bytes

SERVER_CPU, CLIENT_CPU = 0, 1
SOURCES = 8
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
BODY = b"Hello, World!"


def contestants(port: int, most: int) -> list[Contestant]:
    """One worker each, with 16 threads and room for that many connections."""
    own = [sys.executable, "-m", "demijohn", "run", str(HERE / "app.py"), "--port", str(port), "--keep-alive", "600"]
    flask = {"BENCH_FRAMEWORK": "flask"}
    gunicorn = [str(RIVALS / "bin" / "gunicorn"), "-b", f"127.0.0.1:{port}", "--no-control-socket", "bench.app:app"]
    granian = [str(RIVALS / "bin" / "granian"), "--interface", "wsgi", "--port", str(port), "bench.app:app"]
    room = str(most)
    return [
        Contestant("demijohn, 16 threads", [*own, "--threads", "16", "--max-connections", room]),
        Contestant("demijohn, one thread", [*own, "--threads", "1", "--max-connections", room]),
        Contestant(
            "Flask on gunicorn gthread, 16 threads",
            [*gunicorn, "-k", "gthread", "--threads", "16", "--worker-connections", room, "--keep-alive", "600"],
            flask,
        ),
        Contestant(
            "Flask on granian, 16 blocking threads",
            [*granian, "--blocking-threads", "16", "--backlog", "4096", "--backpressure", room],
            flask,
        ),
    ]


def hold(port: int, count: int) -> None:
    """Be the process that holds connections: `ready N` once they are open, and at the end of its input how many still were."""
    open_ones: list[socket.socket] = []
    for number in range(count):
        sock = socket.socket()
        try:
            sock.bind((f"127.0.0.{2 + number % SOURCES}", 0))
            sock.settimeout(10)
            sock.connect(("127.0.0.1", port))
            if is_answered(sock):
                open_ones.append(sock)
        except OSError:
            sock.close()
    print("ready", len(open_ones), flush=True)
    sys.stdin.read()
    print("alive", sum(is_answered(sock) for sock in open_ones), flush=True)


def is_answered(sock: socket.socket) -> bool:
    """Send a request and take its answer."""
    data = b""
    with contextlib.suppress(OSError):
        sock.sendall(REQUEST)
        while not data.endswith(BODY) and (part := sock.recv(4096)):
            data += part
    return data.startswith(b"HTTP/1.1 200")


def measure(contestant: Contestant, options: argparse.Namespace) -> str:
    """Measure one, and return its row."""
    with running_process(contestant, options.port, SERVER_CPU) as (url, pid):

        def ask() -> Load:
            runs = [
                run_wrk(url, connections=16, seconds=options.seconds, cpu=CLIENT_CPU) for _ in range(options.rounds)
            ]
            return sorted(runs, key=lambda load: load.p99_ms)[len(runs) // 2]

        run_wrk(url, connections=16, seconds=1, cpu=CLIENT_CPU)
        alone = ask()
        before = resident_bytes(pid)
        command = [sys.executable, "-m", "bench.idle", "--hold", str(options.port), "--count", str(options.count)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            if holder.stdin is None or holder.stdout is None:
                raise RuntimeError("it was started with pipes")
            count = int(holder.stdout.readline().split()[1])
            grown = resident_bytes(pid) - before
            beside = ask()
            holder.stdin.close()
            alive = int(holder.stdout.readline().split()[1])
    kib = grown / 1024 / max(1, count)
    return (
        f"| {contestant.name} | {count:,} | {alive:,} | {kib:.1f} | {alone.p50_ms:.2f} | {beside.p50_ms:.2f} |"
        f" {alone.p99_ms:.2f} | {beside.p99_ms:.2f} | {alone.requests_per_second:,.0f} | {beside.requests_per_second:,.0f} |"
        f" {beside.errors} |"
    )


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="idle connections")
    parser.add_argument("--seconds", type=int, default=2, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements; the one of the middle p99 is shown")
    parser.add_argument("--port", type=int, default=8767)
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--hold", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = options.count + 500
    if hard != resource.RLIM_INFINITY and hard < need:
        sys.exit(f"{need} open files are needed, and {hard} allowed: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))
    if options.hold is not None:
        hold(options.hold, options.count)
        return
    missing = [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]
    if missing:
        sys.exit(f"Not found: {', '.join(missing)}. On Debian: apt-get install wrk util-linux")
    prepare_rivals()
    print(f"{options.count:,} connections\n")
    print(
        "| | opened | open at the end | KiB each | p50 ms alone | beside | p99 ms alone | beside |"
        " requests/s alone | beside | errors |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for contestant in contestants(options.port, options.count + 200):
        if options.only in contestant.name:
            print(measure(contestant, options), flush=True)


if __name__ == "__main__":
    main()
