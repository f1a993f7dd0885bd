"""What is compared, and how each is started: one core, the settings its own documentation recommends."""

import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
RIVALS = HERE / "out" / "rivals"
"""A virtual environment with Flask and gunicorn, made at the first run."""

RIVAL_PACKAGES = ["flask==3.1.3", "werkzeug==3.1.9", "gunicorn==27.0.1", "granian==2.8.7"]

NGINX = """
daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type text/plain; return 200 "Hello, World!"; }}
  }}
}}
"""


@dataclass(frozen=True)
class Contestant:
    """One server with one application."""

    name: str
    command: list[str]
    environ: dict[str, str] = field(default_factory=dict)
    is_reference: bool = False
    """Only the plain text workload makes sense."""


def contestants(port: int, scratch: Path) -> list[Contestant]:
    """All of them; each listens on `port`."""
    own = [sys.executable, "-m", "demijohn", "run", str(HERE / "app.py"), "--port", str(port)]
    (scratch / "nginx.conf").write_text(NGINX.format(dir=scratch, port=port))
    gunicorn = [str(RIVALS / "bin" / "gunicorn"), "-b", f"127.0.0.1:{port}", "--no-control-socket", "bench.app:app"]
    return [
        Contestant("demijohn, one thread (threaded=False)", [*own, "--no-threads"]),
        Contestant("demijohn, 16 threads (the default)", [*own, "--threads", "16"]),
        Contestant("demijohn, 64 threads", [*own, "--threads", "64"]),
        Contestant("demijohn, 2 processes", [*own, "--no-threads", "--processes", "2"]),
        Contestant("demijohn, 2 processes x 16 threads", [*own, "--threads", "16", "--processes", "2"]),
        Contestant(
            "Flask on gunicorn gthread, 16 threads",
            [*gunicorn, "-k", "gthread", "--threads", "16"],
            {"BENCH_FRAMEWORK": "flask"},
        ),
        Contestant(
            "Flask on gunicorn gthread, 64 threads",
            [*gunicorn, "-k", "gthread", "--threads", "64"],
            {"BENCH_FRAMEWORK": "flask"},
        ),
        Contestant(
            "nginx `return 200`", ["nginx", "-p", str(scratch), "-c", str(scratch / "nginx.conf")], is_reference=True
        ),
    ]


def guestbooks(port: int) -> list[Contestant]:
    """The example application, whose page opens SQLite and renders a template, in the four ways to run."""
    app = ROOT / "examples" / "guestbook" / "guestbook.py"
    own = [sys.executable, "-m", "demijohn", "run", f"{app}:app", "--port", str(port)]
    return [
        Contestant("one thread (threaded=False)", [*own, "--no-threads"]),
        Contestant("16 threads (the default)", [*own, "--threads", "16"]),
        Contestant("2 processes", [*own, "--no-threads", "--processes", "2"]),
        Contestant("2 processes x 16 threads", [*own, "--threads", "16", "--processes", "2"]),
    ]


def prepare_rivals() -> None:
    """Build the rivals' environment once."""
    if not (RIVALS / "bin" / "granian").exists():
        subprocess.run([sys.executable, "-m", "venv", str(RIVALS)], check=True)
        subprocess.run([str(RIVALS / "bin" / "pip"), "install", "--quiet", *RIVAL_PACKAGES], check=True)


@contextmanager
def running(contestant: Contestant, port: int, cpu: int) -> Iterator[str]:
    """Start a contestant on one core, yield its URL once it answers, and end it."""
    with running_process(contestant, port, cpu) as (url, _):
        yield url


@contextmanager
def running_process(contestant: Contestant, port: int, cpu: int) -> Iterator[tuple[str, int]]:
    """The same, with the id of the process, too."""
    with tempfile.TemporaryDirectory(prefix="bench-") as data:
        environ = {**os.environ, "GUESTBOOK_DATA": data, **contestant.environ}
        process = subprocess.Popen(
            ["taskset", "-c", str(cpu), *contestant.command],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_it_answers(url, process)
            yield url, process.pid
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(2000):
        if process.poll() is not None:
            _, errors = process.communicate()
            raise RuntimeError(f"{process.args!r} ended: {errors.decode(errors='replace')}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            try:
                process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
    raise RuntimeError(f"{url} did not answer")
