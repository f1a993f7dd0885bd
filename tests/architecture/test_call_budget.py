"""How many Python calls a request costs, from bytes to bytes: the budget that keeps demijohn fast on any machine.

Counted, not timed: the number of Python functions entered between two polls of the reactor, on the default runner, for a request
on a kept-alive connection. A budget is lowered when the code gets better and never raised without a reason in the commit.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from demijohn import Demijohn, request, session, url_for
from demijohn._base.compiled import PURE
from demijohn.app.compiled import TWINS
from demijohn.doors.choose import handler_for
from demijohn.serve import TWINS as SERVER_TWINS
from demijohn.serve import Listener, Server, ServerOptions

FOLDER = Path(__file__).parent
app = Demijohn(__name__, static_folder=str(FOLDER), static_url_path="/files")
app.secret_key = "k"


@app.get("/")
def hello():
    return "Hello, World!"


@app.get("/json/<int:number>")
def answer(number):
    return {"number": number, "q": request.args.get("q")}


@app.get("/session")
def read_session():
    return session.get("name", "nobody")


@app.get("/login")
def write_session():
    session["name"] = "zoe"
    return ""


@app.get("/urls")
def urls():
    return url_for("answer", number=1) + url_for("hello", x=2)


@app.post("/form")
def form():
    return request.form["a"]


def get(target: str, more: str = "") -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: localhost:5000\r\nUser-Agent: x\r\nAccept: */*\r\n{more}\r\n".encode()


POST = (
    b"POST /form HTTP/1.1\r\nHost: localhost:5000\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 7\r\n\r\na=1&b=2"
)

COOKIE = f"Cookie: session={app.session_interface.get_signing_serializer(app).dumps({'name': 'zoe'})}\r\n"

# The request, and the calls it may cost: in Python alone, and with the compiled twins.
BUDGET = {
    "hello": (get("/"), 46, 4),
    "json": (get("/json/17?q=abc"), 61, 23),
    "not found": (get("/nowhere"), 77, 47),
    "session that is not there": (get("/session"), 60, 20),
    "session read": (get("/session", COOKIE), 86, 46),
    "session written": (get("/login"), 93, 53),
    "two url_for": (get("/urls"), 80, 38),
    "form": (POST, 106, 73),
    "static file": (get("/files/test_sizes.py"), 111, 75),
    "static file, not changed": (get("/files/test_sizes.py", "If-None-Match: *\r\n"), 137, 108),
}


class Counter:
    """Counts calls on the server's threads, poll by poll."""

    def __init__(self) -> None:
        self.polls: list[int] = []
        self.count = 0

    def __call__(self, frame, event, arg) -> None:
        if event == "call":
            self.count += 1
            if frame.f_code.co_qualname == "Reactor._poll":
                self.polls.append(self.count)
                self.count = 0


def measure() -> dict[str, int]:
    """Serve in this process, and return what each request cost."""
    counter = Counter()
    listener = Listener.tcp("127.0.0.1", 0)
    server = Server(
        handler_for(app),
        [listener],
        # A handler that the machine holds up must not be taken for a late one: handing over costs calls.
        ServerOptions(threads=1, promote_after_ms=60_000, hand_over_after_ms=60_000),
    )
    threading.setprofile(counter)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with socket.create_connection(server.addresses[0], timeout=20) as sock:
            return {name: cost_of(data, sock, counter) for name, (data, _, _) in BUDGET.items()}
    finally:
        threading.setprofile(None)
        server.shutdown()
        thread.join(20)
        listener.close()


def cost_of(data: bytes, sock: socket.socket, counter: Counter) -> int:
    for _ in range(5):  # plans, caches
        sock.sendall(data)
        assert sock.recv(65536).startswith(b"HTTP/1.1 ")
    del counter.polls[:]
    for _ in range(25):  # the last one's poll may not be counted yet
        sock.sendall(data)
        sock.recv(65536)
    # Of twenty requests the cheapest: once a second a date is rendered. Polls beside them cost less than any request.
    return sorted(counter.polls)[-20]


def is_compiled() -> bool:
    return TWINS.are_used and SERVER_TWINS.are_used


@pytest.fixture(scope="module", params=["pure", "compiled"])
def costs(request):
    """Measured in a process of its own: what other tests have left in this one, such as receivers of signals, costs calls."""
    if request.param == "compiled" and not is_compiled():
        pytest.skip("the package was built without a compiler")
    environ = {**os.environ, PURE: "1" if request.param == "pure" else ""}
    command = [sys.executable, __file__]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    return request.param, json.loads(done.stdout)


@pytest.mark.parametrize("name", BUDGET)
def test_a_request_stays_within_its_budget(costs, name):
    kind, found = costs
    _, pure, compiled = BUDGET[name]
    most = pure if kind == "pure" else compiled
    assert most // 2 < found[name] <= most, f"{name} takes {found[name]} Python calls, {kind}"


if __name__ == "__main__":
    json.dump(measure(), sys.stdout)
