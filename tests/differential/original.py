"""The originals behind a pipe: one worker process for each test session."""

import json
import os
import selectors
import subprocess
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PYTHON = Path(os.environ.get("DEMIJOHN_ORIGINALS", HERE.parent.parent / ".venv" / "originals")) / "bin" / "python"
SECONDS = 60.0


class OriginalFailedError(Exception):
    """The worker is missing, died or does not answer."""


class Original:
    """Calls of probes in the worker. Not for several threads."""

    def __init__(self) -> None:
        if not PYTHON.exists():
            raise OriginalFailedError(
                f"There is no {PYTHON}: run `make test`, which builds the originals' environment."
            )
        self._process = subprocess.Popen(
            [PYTHON, "-X", "utf8", HERE / "worker.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)

    def run(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        """The outcomes of these calls, in order.

        Raises:
            OriginalFailedError: the worker died, or did not answer in time and was ended.
        """
        try:
            self._process.stdin.write(json.dumps(calls).encode() + b"\n")
        except BrokenPipeError:
            raise self._died(calls) from None
        return json.loads(self._answer(calls))

    def _answer(self, calls: list[tuple[str, list[Any]]]) -> bytes:
        answer = bytearray()
        deadline = time.monotonic() + SECONDS
        while not answer.endswith(b"\n"):
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                self._process.kill()
                self.close()
                raise OriginalFailedError(f"No answer within {SECONDS} seconds to {calls!r:.2000}")
            chunk = os.read(self._process.stdout.fileno(), 1 << 20)
            if not chunk:
                raise self._died(calls)
            answer += chunk
        return bytes(answer)

    def _died(self, calls: list[tuple[str, list[Any]]]) -> OriginalFailedError:
        return OriginalFailedError(f"The worker died ({self._process.wait()}) at {calls!r:.2000}")

    @property
    def is_ended(self) -> bool:
        """Whether the worker is gone."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the worker. May be called again."""
        self._selector.close()
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
