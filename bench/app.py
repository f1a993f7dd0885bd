"""The application that is measured; the same source on demijohn and on Flask (`BENCH_FRAMEWORK=flask`)."""

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING or os.environ.get("BENCH_FRAMEWORK") != "flask":
    from demijohn import Demijohn, request
else:
    from flask import Flask as Demijohn, request

app = Demijohn(__name__)


@app.get("/")
def hello() -> str:
    """Plain text."""
    return "Hello, World!"


@app.get("/json/<int:number>")
def answer(number: int) -> dict[str, object]:
    """A converter, a query argument, JSON."""
    return {"number": number, "q": request.args.get("q")}


@app.get("/sleep")
def sleep() -> str:
    """A view that waits for something, 10 ms."""
    time.sleep(0.01)
    return "slept"
