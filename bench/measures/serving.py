"""A contestant's processes: started on given cores, awaited, and ended with all their children. Linux."""

import contextlib
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from ..asking import Answer, Client

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds until the first answer; rivals with compiled parts take a second or two

_STAMP = re.compile(r"^\[[^\]]*\] \[\d+\] \[\w+\] ")
"""Before gunicorn's lines."""
_EXCEPTION = re.compile(r"[\w.]*(Error|Exception|Exit)(: |$)")
"""The end of a traceback."""


class ServerFailed(RuntimeError):
    """A server did not start, ended by itself, or answers what it should not; says so with the end of its output."""


class Server:
    """A running contestant, which has given its first answer."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, is_tls: bool, output: IO[bytes]) -> None:
        self.pid = process.pid
        self.port = port
        self.url = f"http{'s' if is_tls else ''}://127.0.0.1:{port}"
        self.start_seconds = 0.0
        """From the command to the first answer."""
        self._process = process
        self._client = Client(port, _anybody() if is_tls else None)
        self._output = output

    def ask(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """See `Client.ask`."""
        return self._client.ask(path, headers=headers)

    def check(self) -> None:
        """Raise `ServerFailed` if it has ended."""
        code = self._process.poll()
        if code is not None:
            raise ServerFailed(f"the server ended with {_reason(code)}{self.said()}")

    def said(self) -> str:
        """What its output says about its end, one line, to be part of a message."""
        self._output.seek(0)
        told = summary(self._output.read().decode(errors="replace"))
        return f": {told}" if told else ""

    def wait_for_first_answer(self, began: float) -> None:
        """Ask again and again until it answers. Raises `ServerFailed`."""
        while True:
            try:
                # Servers of files alone have no page here, but an answer.
                self.ask("/")
            except (OSError, http.client.HTTPException):
                self.check()
                if time.monotonic() - began > PATIENCE:
                    raise ServerFailed(f"no answer within {PATIENCE:.0f} s{self.said()}") from None
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.002)
            else:
                self.start_seconds = time.monotonic() - began
                return


def _anybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reason(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit status {code}"


def summary(output: str) -> str:
    """The last exception in a server's output; without one its last lines."""
    lines = [_STAMP.sub("", line).strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if _EXCEPTION.match(line)]
    return errors[-1] if errors else " | ".join(lines[-3:])


@contextlib.contextmanager
def running(
    argv: Sequence[str],
    *,
    port: int,
    cpus: str,
    environ: Mapping[str, str] | None = None,
    is_tls: bool = False,
) -> Iterator[Server]:
    """Start a server on these cores (as taskset names them), yield it once it answers, and end it and its children."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            ["taskset", "-c", cpus, *argv],
            cwd=ROOT,
            env=environment(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            server = Server(process, port, is_tls, output)
            server.wait_for_first_answer(began)
            yield server
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end; then make sure of it and of all that it started."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Ours and more; with compiled modules kept apart, so that sources beside which there are none start as fast as others do."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(ROOT / "bench" / "out" / "pycache"), **kept, **more}


def free_port(first: int) -> int:
    """The first port from here on that nobody listens on, so that nobody else is measured."""
    for port in range(first, first + 1000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerFailed(f"no port from {first} to {first + 999} is free")
