"""demijohn and Flask, one source: BENCH_FRAMEWORK names the package."""

import os
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import content

framework: Any = import_module(os.environ.get("BENCH_FRAMEWORK", "demijohn"))  # Any: one of two packages
app: Any = (getattr(framework, "Demijohn", None) or framework.Flask)(  # Any: of one of two classes
    "bench", root_path=str(Path(__file__).parent), static_folder=content.FILES, static_url_path="/static"
)
app.secret_key = content.SECRET


@app.get("/")
def hello() -> str:
    """Plain text."""
    return "Hello, World!"


@app.get("/json/<int:number>")
def answer(number: int) -> dict[str, object]:
    """A converter, a query argument, JSON."""
    return {"number": number, "q": framework.request.args.get("q")}


@app.get("/session")
def count() -> str:
    """Read and write the session."""
    session = framework.session
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.get("/page")
def page() -> str:
    """A template."""
    text: str = framework.render_template("page.html", title="Guestbook", rows=content.ROWS)
    return text


@app.post("/form")
def form() -> str:
    """A field of a form."""
    text: str = framework.request.form["a"]
    return text


@app.post("/upload")
def upload() -> str:
    """A body."""
    return str(len(framework.request.get_data(cache=False)))


@app.get("/stream")
def stream() -> Iterator[bytes]:
    """A generator."""
    return content.chunks()


@app.get("/sleep")
def sleep() -> str:
    """Wait for something."""
    time.sleep(content.SLEEP)
    return "slept"


@app.get("/mixed/<int:number>")
def mixed(number: int) -> str:
    """One of fifty waits."""
    if content.is_slow(number):
        time.sleep(content.SLOW)
        return "slow"
    return "fast"


if __name__ == "__main__":
    # Werkzeug's own server, as `flask run` has it.
    certificate = os.environ.get("BENCH_CERTIFICATE")
    app.run(
        port=int(sys.argv[1]),
        threaded=True,
        use_reloader=False,
        ssl_context=tuple(certificate.split(os.pathsep)) if certificate else None,
    )
