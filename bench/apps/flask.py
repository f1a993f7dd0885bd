"""The application on demijohn, and on Flask with `BENCH_FRAMEWORK=flask`: one source."""

import os
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from .rows import CHUNK, CHUNKS, ROWS, TITLE

framework: Any = import_module(os.environ.get("BENCH_FRAMEWORK", "demijohn"))  # Any: one of two modules
App: Any = getattr(framework, "Demijohn", None) or framework.Flask  # Any: one of two classes
app = App(
    __name__,
    static_folder=os.environ.get("BENCH_FILES"),
    static_url_path="/static",
    root_path=str(Path(__file__).parent),
)
app.secret_key = "a secret of the benchmarks, which is none"


def hello() -> str:
    """Plain text."""
    return "Hello, World!"


def answer(number: int) -> dict[str, object]:
    """A converter, a query argument, JSON."""
    return {"number": number, "q": framework.request.args.get("q")}


def count() -> str:
    """Reads the session and writes it."""
    framework.session["count"] = framework.session.get("count", 0) + 1
    return str(framework.session["count"])


def page() -> str:
    """A Jinja2 page of 5 kB."""
    text: str = framework.render_template("page.html", title=TITLE, rows=ROWS)
    return text


def form() -> str:
    """A form's field."""
    field: str = framework.request.form["a"]
    return field


def upload() -> str:
    """The length of a body."""
    return str(len(framework.request.get_data()))


def stream() -> Any:
    """10 MiB from a generator. Any: a response of one of two frameworks."""

    def chunks() -> Iterator[bytes]:
        for _ in range(CHUNKS):
            yield CHUNK

    return framework.Response(chunks(), mimetype="application/octet-stream")


def sleep() -> str:
    """A view that waits for something, 10 ms."""
    time.sleep(0.01)
    return "slept"


def mixed(number: int) -> str:
    """Two of a hundred are slow."""
    if number % 50:
        return "fast"
    time.sleep(0.1)
    return "slow"


app.get("/")(hello)
app.get("/json/<int:number>")(answer)
app.get("/session")(count)
app.get("/page")(page)
app.post("/form")(form)
app.post("/upload")(upload)
app.get("/stream")(stream)
app.get("/sleep")(sleep)
app.get("/mixed/<int:number>")(mixed)
