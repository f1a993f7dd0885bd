"""The server that `bench.runners` and the other load scripts start: `python -m bench.runner_app RUNNER THREADS PORT`.

The application is ours for both runners; only who runs its handlers differs.
"""

import itertools
import sys
import threading
import time

from demijohn import Demijohn, request
from demijohn.manage.appserver import AppServer
from demijohn.serve import Listener, RunnerName, ServerOptions

app = Demijohn(__name__)
numbers = itertools.count()


def compute(seconds: float) -> None:
    """Hold the interpreter's lock for some time of this thread's."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(100))


@app.get("/")
def hello() -> str:
    """Plain text."""
    return "Hello, World!"


@app.get("/sometimes")
def sometimes() -> str:
    """Slow, 20 ms, once in fifty times: a cache that is missed."""
    if next(numbers) % 50 == 0:
        time.sleep(0.02)
    return "done"


@app.get("/sleep")
def sleep() -> str:
    """Always waits, 10 ms."""
    time.sleep(0.01)
    return "slept"


@app.get("/compute")
def compute_5_ms() -> str:
    """Computes for 5 ms."""
    compute(0.005)
    return "computed"


@app.get("/mixed/<int:number>")
def mixed(number: int) -> str:
    """Of ten pages, one waits and one computes."""
    if number % 10 == 0:
        time.sleep(0.01)
    elif number % 10 == 1:
        compute(0.002)
    return "done"


@app.get("/json")
def answer() -> dict[str, object]:
    """Some JSON."""
    return {"numbers": list(range(20)), "name": "demijohn"}


LARGE = b"x" * (1 << 20)


@app.get("/large")
def large() -> bytes:
    """1 MiB."""
    return LARGE


@app.post("/upload")
def upload() -> str:
    """Takes a body."""
    return str(len(request.get_data()))


def main() -> None:
    """Serve until SIGTERM."""
    runner: RunnerName = "pool" if sys.argv[1] == "pool" else "late" if sys.argv[1] == "late" else "inline"
    options = ServerOptions(runner=runner, threads=int(sys.argv[2]), max_queue_age=60.0)
    server = AppServer(app, [Listener.tcp("127.0.0.1", int(sys.argv[3]))], options, 1)
    server.serve_until_signalled(lambda: print(threading.get_native_id(), flush=True))


if __name__ == "__main__":
    main()
