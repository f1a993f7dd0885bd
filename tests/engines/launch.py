"""Serves the probe application in a process of its own: `launch.py RUNNER THREADS PROCESSES DOOR RECORD`.

Prints the port. Appends a line to the file RECORD for whatever happens where the client cannot see it: teardowns, and contexts
that are on a thread before or after a request.
"""

import asyncio
import os
import random
import sys
import threading
import time

from demijohn import Demijohn, current_app, g, request, session
from demijohn.app.globals import _cv_app
from demijohn.doors.choose import handler_for
from demijohn.local import Local, release_local
from demijohn.manage.appserver import AppServer
from demijohn.serve import Listener, ServerOptions

runner, threads, processes, door, record = sys.argv[1:6]
# One write of a short line with O_APPEND is whole, whatever other processes do.
record_fd = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def note(*words: object) -> None:
    os.write(record_fd, (" ".join(map(str, words)) + "\n").encode())


app = Demijohn(__name__)
app.secret_key = "a secret"
local = Local()
kept: list = []
done: list = []


@app.get("/login/<token>")
def login(token: str) -> str:
    session["token"] = token
    return token


@app.get("/probe/<token>")
def probe(token: str):
    strange = []
    if hasattr(g, "token") or hasattr(local, "token"):
        strange.append("something was here before")
    g.token = local.token = token
    time.sleep(random.uniform(0.001, 0.006))
    seen = {
        "view": token,
        "g": g.token,
        "local": local.token,
        "args": request.args["token"],
        "path": request.path.rpartition("/")[2],
        "session": session["token"],
        "header": request.headers["X-Token"],
    }
    strange += [f"{name} is {value}" for name, value in seen.items() if value != token]
    if current_app._get_current_object() is not app:
        strange.append("another application")
    return {"token": token, "strange": strange, "thread": threading.get_ident(), "pid": os.getpid()}


@app.get("/stream/<token>")
def stream(token: str):
    g.token = token
    return (f"{token}," for _ in range(50))


@app.get("/loop")
async def loop():
    """Which event loop this is, and how many tasks that earlier requests left on it have run."""
    earlier = len(done)

    async def later():
        done.append(None)

    kept.append(asyncio.create_task(later()))
    await asyncio.sleep(0)
    return {"pid": os.getpid(), "loop": id(asyncio.get_running_loop()), "earlier": earlier}


@app.get("/slow")
def slow() -> str:
    note("slow")
    time.sleep(0.4)
    return "slow but whole"


@app.teardown_request
def teardown(error: BaseException | None) -> None:
    if hasattr(g, "token"):
        note("teardown", g.token)
    release_local(local)


def watched(handler):
    """Look at the thread's context before and after each request."""

    def handle(exchange) -> None:
        if _cv_app.get(None) is not None:
            note("leak before", exchange.head.target)
        try:
            handler(exchange)
        finally:
            if _cv_app.get(None) is not None:
                note("leak after", exchange.head.target)

    return handle


if __name__ == "__main__":
    options = ServerOptions(
        runner=runner,
        threads=int(threads),
        is_multiprocess=int(processes) > 1,
        linger_timeout=0.5,
        max_connections=2000,
    )
    server = AppServer(app, [Listener.tcp("127.0.0.1", 0)], options, int(processes))
    server._handler = watched(handler_for(app, door))
    server.serve_until_signalled(lambda: print(server.port, flush=True))
    sys.exit(server.exit_code)
