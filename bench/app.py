"""The application that is measured; the same source on demijohn and on Flask (`BENCH_FRAMEWORK=flask`)."""

import os
import time
from importlib import import_module
from typing import Any

framework: Any = import_module(os.environ.get("BENCH_FRAMEWORK", "demijohn"))  # Any: one of two modules
app: Any = (getattr(framework, "Demijohn", None) or framework.Flask)(__name__)  # Any: of one of two classes


def hello() -> str:
    """Plain text."""
    return "Hello, World!"


def answer(number: int) -> dict[str, object]:
    """A converter, a query argument, JSON."""
    return {"number": number, "q": framework.request.args.get("q")}


def sleep() -> str:
    """A view that waits for something, 10 ms."""
    time.sleep(0.01)
    return "slept"


app.get("/")(hello)
app.get("/json/<int:number>")(answer)
app.get("/sleep")(sleep)
