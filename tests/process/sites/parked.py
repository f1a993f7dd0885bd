"""Requests that stay where they are until they are let go: each to `/park/...` waits for a byte from the FIFO `$GATES/release`."""

import asyncio
import ctypes
import logging
import os
import threading

from demijohn import Demijohn, request

app = Demijohn(__name__)
GATES = os.environ["GATES"]


def wait_for_byte():
    with open(f"{GATES}/release", "rb", buffering=0) as gate:
        gate.read(1)  # line: deep


@app.get("/")
def pid():
    return str(os.getpid())


@app.get("/park/order/<int:number>")
def order(number):
    with open(f"{GATES}/release", "rb", buffering=0) as gate:
        gate.read(1)  # line: order
    return "ok"


@app.get("/park/item/<name>")
def item(name):
    wait_for_byte()
    return "ok"


@app.get("/park/report")
async def report():
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait():
        wait_for_byte()
        loop.call_soon_threadsafe(event.set)

    threading.Thread(target=wait, daemon=True).start()
    await event.wait()  # line: report
    return "ok"


@app.get("/freeze")
def freeze():
    """Stand still, and let no other thread of this process run."""
    ctypes.PyDLL(None).pause()  # line: freeze
    return "never"


@app.get("/level")
def level():
    name = request.query_string.decode() or "demijohn.test"
    return str(logging.getLogger(name).getEffectiveLevel())


if os.path.exists(f"{GATES}/broken"):
    raise LookupError("broken on purpose")
