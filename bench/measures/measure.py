"""One measurement of one running contestant: a function for each kind of workload. Figures are medians of nothing yet."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..load import Load, run_wrk
from ..processes import SERVER_CPU, cpu_list, proportional_bytes, resident_bytes
from .accounting import Account
from .holding import holding
from .results import Figures
from .serving import ROOT, Server, ServerFailed, environment
from .workload import Kind, Workload

LUA = Path(__file__).parent / "lua"
SAMPLE_SECONDS = 0.1
QUICK_WARM_UP = 50  # requests


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int = 3
    seconds: int = 3
    """Of each measurement; wrk takes whole ones."""
    is_quick: bool = False
    """Hardly any warm-up."""
    idle: int = 10_000
    """Connections of the workload idle."""
    port: int = 8765
    """The first to try."""


@dataclass(frozen=True)
class Subject:
    """What is measured, and with which part of the machine."""

    server: Server
    workload: Workload
    plan: Plan
    importing: tuple[str, ...] = ()
    """The command that does nothing but import the framework; none, and it is not measured."""

    @property
    def client_cpus(self) -> str:
        """The client's cores, as taskset names them."""
        return cpu_list(self.workload.client_cores)


def measure(subject: Subject) -> Figures:
    """Do it. Raises `ServerFailed`, `OSError`, `ValueError`, `http.client.HTTPException` and `subprocess.SubprocessError`."""
    figures = _MEASURES[subject.workload.kind](subject)
    subject.server.check()
    return figures


def _load(subject: Subject) -> Figures:
    server, workload, plan = subject.server, subject.workload, subject.plan
    more = _wrk_arguments(server, workload)
    url = server.url + workload.path
    if plan.is_quick:
        for _ in range(QUICK_WARM_UP):
            server.ask("/")
    else:
        # A warm-up of few connections: what they leave unanswered must not be served in the time that is measured.
        run_wrk(url, connections=8, seconds=1, cpu=subject.client_cpus, more=more)
    account = Account(server.pid, workload.server_cores)
    load = run_wrk(url, connections=workload.connections, seconds=plan.seconds, cpu=subject.client_cpus, more=more)
    spent = account.close()
    _refuse_bad(load)
    figures = {
        "rate": load.requests_per_second,
        "p50_ms": load.p50_ms,
        "p99_ms": load.p99_ms,
        "errors": load.errors,
        "server_us": spent.server / load.count * 1e6,
    }
    if not workload.is_shared:
        figures["others_percent"] = 100 * spent.others / (spent.elapsed * spent.cores)
    return figures


def _refuse_bad(load: Load) -> None:
    if load.refused:
        raise ServerFailed(f"{load.refused} of {load.count} answers had a status from 400 on")
    if not load.count:
        raise ServerFailed(f"no answer came; {load.errors} errors")


def _wrk_arguments(server: Server, workload: Workload) -> list[str]:
    headers = list(workload.headers)
    if workload.brings == "cookie":
        cookie = server.ask(workload.path).headers.get("Set-Cookie")
        if cookie is None:
            raise ServerFailed("the first answer sets no cookie")
        headers.append(f"Cookie: {cookie.partition(';')[0]}")
    if workload.brings == "validator":
        headers.append(_condition(server, workload.path))
    more = [word for header in headers for word in ("-H", header)]
    if workload.script is not None:
        return [*more, "-s", str(LUA / workload.script)]
    # Before wrk counts statuses: one look at what they are.
    expected = 304 if workload.brings == "validator" else 200
    answer = server.ask(workload.path, dict(header.split(": ", 1) for header in headers))
    if answer.status != expected:
        raise ServerFailed(f"{workload.path} answers {answer.status}, not {expected}: {answer.body[:200]!r}")
    return more


def _condition(server: Server, path: str) -> str:
    headers = server.ask(path).headers
    if tag := headers.get("ETag"):
        return f"If-None-Match: {tag}"
    if date := headers.get("Last-Modified"):
        return f"If-Modified-Since: {date}"
    raise ServerFailed(f"the answer for {path} has no validator")


def _mixed(subject: Subject) -> Figures:
    def run(connections: int, seconds: int) -> Figures:
        words = [str(word) for word in (subject.server.port, connections, seconds)]
        command = ["taskset", "-c", subject.client_cpus, sys.executable, "-m", "bench.measures.mixed", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + 60, check=False)
        if done.returncode:
            raise ServerFailed(f"the client gave up: {done.stderr.strip().splitlines()[-1:]}")
        figures: Figures = json.loads(done.stdout)
        return figures

    if not subject.plan.is_quick:
        run(8, 1)
    return run(subject.workload.connections, subject.plan.seconds)


def _start(subject: Subject) -> Figures:
    figures = {"start_ms": subject.server.start_seconds * 1000}
    if subject.importing:
        command = ["taskset", "-c", str(SERVER_CPU), *subject.importing]
        began = time.monotonic()
        subprocess.run(command, cwd=ROOT, env=environment({}), check=True, capture_output=True, timeout=60)
        figures["import_ms"] = (time.monotonic() - began) * 1000
    return figures


def _memory(subject: Subject) -> Figures:
    pid = subject.server.pid
    figures = {"idle_mib": _mib(resident_bytes(pid)), "idle_pss_mib": _mib(proportional_bytes(pid))}
    samples: list[int] = []
    is_over = threading.Event()

    def sample() -> None:
        # A server that ends meanwhile is told of by who looks after it.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            while not is_over.wait(SAMPLE_SECONDS):
                samples.append(resident_bytes(pid))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        load = run_wrk(
            subject.server.url,
            connections=subject.workload.connections,
            seconds=subject.plan.seconds,
            cpu=subject.client_cpus,
        )
    finally:
        is_over.set()
        thread.join()
    _refuse_bad(load)
    samples.append(resident_bytes(pid))
    figures |= {
        "loaded_mib": _mib(max(samples)),
        "loaded_pss_mib": _mib(proportional_bytes(pid)),
        "errors": load.errors,
    }
    return figures


def _idle(subject: Subject) -> Figures:
    server, plan = subject.server, subject.plan

    def ask() -> Load:
        load = run_wrk(
            server.url, connections=subject.workload.connections, seconds=plan.seconds, cpu=subject.client_cpus
        )
        _refuse_bad(load)
        return load

    run_wrk(server.url, connections=subject.workload.connections, seconds=1, cpu=subject.client_cpus)
    alone = ask()
    before = resident_bytes(server.pid)
    with holding(server.port, plan.idle, subject.client_cpus) as holder:
        grown = resident_bytes(server.pid) - before
        beside = ask()
        alive = holder.close()
    if min(holder.opened, alive) < plan.idle:
        # What each connection costs cannot be told from fewer of them, least of all to be compared.
        words = f"{holder.opened:,} could be opened, {alive:,} were open at the end"
        raise ServerFailed(f"of {plan.idle:,} idle connections {words}")
    return {
        "kib_each": grown / 1024 / holder.opened,
        "alone_p50_ms": alone.p50_ms,
        "alone_p99_ms": alone.p99_ms,
        "p50_ms": beside.p50_ms,
        "p99_ms": beside.p99_ms,
        "rate": beside.requests_per_second,
        "errors": alone.errors + beside.errors,
    }


def _mib(count: int) -> float:
    return count / (1 << 20)


_MEASURES: dict[Kind, Callable[[Subject], Figures]] = {
    Kind.LOAD: _load,
    Kind.MIXED: _mixed,
    Kind.START: _start,
    Kind.MEMORY: _memory,
    Kind.IDLE: _idle,
}
