"""The load client: wrk, pinned to its cores."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What one run of the client saw."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    count: int
    """Answers that came."""
    refused: int = 0
    """Of the errors: answers with a status from 400 on."""


_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def run_wrk(url: str, *, connections: int, seconds: int, cpu: int | str, more: Sequence[str] = ()) -> Load:
    """Ask `url` over keep-alive connections for some whole seconds (wrk takes no others). `more` are arguments for wrk.

    `cpu` is the client's core, or several as taskset names them, such as `0,1`: then it has a thread on each.
    """
    threads = str(cpu).count(",") + 1
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", *more, url]
    command = ["taskset", "-c", str(cpu), *command]
    return parse_wrk(subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout)


def parse_wrk(text: str) -> Load:
    """Read what wrk prints."""
    rate = float(_one(r"Requests/sec:\s+([\d.]+)", text).group(1))
    errors = refused = 0
    if found := re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text):
        errors += sum(map(int, found.groups()))
    if found := re.search(r"Non-2xx or 3xx responses: (\d+)", text):
        refused = int(found.group(1))
    count = int(_one(r"^\s+(\d+) requests in", text).group(1))
    return Load(rate, _percentile("50", text), _percentile("99", text), errors + refused, count, refused)


def _percentile(which: str, text: str) -> float:
    found = _one(rf"^\s+{which}%\s+([\d.]+)(us|ms|s|m)\s*$", text)
    return float(found.group(1)) * _UNITS[found.group(2)]


def _one(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"wrk printed nothing like {pattern!r}:\n{text}")
    return found
