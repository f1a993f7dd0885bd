"""What is asked of each contestant: the workloads, as data. Nothing is measured here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from ..processes import CLIENT_CPU, SERVER_CPU

QUICK_IDLE, IDLE = 2_000, 10_000
MANY_THREADS = 64
"""Where views wait."""

SLEEP_SECONDS = 0.01
"""Of the workload sleep: what so many threads can do of these is known beforehand."""


class Kind(Enum):
    """How a workload is measured: measures/measure.py has a function for each."""

    LOAD = auto()
    MIXED = auto()
    START = auto()
    MEMORY = auto()
    IDLE = auto()


@dataclass(frozen=True)
class Column:
    """A figure of a workload, and how its median is shown."""

    figure: str
    title: str
    digits: int = 0


RATE = Column("rate", "requests/s")
P50, P99 = Column("p50_ms", "p50 ms", 2), Column("p99_ms", "p99 ms", 2)
COST = Column("server_us", "us of server's time each", 1)


@dataclass(frozen=True)
class Workload:
    """One thing to measure. The first column is what contestants are compared by."""

    key: str
    title: str
    needs: str
    """What a contestant must be able to do, a key of its `workloads`."""
    path: str = "/"
    connections: int = 64
    threads: int | None = None
    """Of the server; `None` is what is recommended for the contestant."""
    processes: int = 1
    is_shared: bool = False
    """The client has the server's cores, and none of its own."""
    is_tls: bool = False
    script: str | None = None
    """For wrk, in measures/lua."""
    headers: tuple[str, ...] = ()
    brings: Literal["cookie", "validator"] | None = None
    """What the first answer gave is sent along with each request."""
    kind: Kind = Kind.LOAD
    columns: tuple[Column, ...] = field(default=(RATE, P50, P99, COST))
    is_more_better: bool = True

    @property
    def server_cores(self) -> list[int]:
        """Those that the server may use."""
        return [SERVER_CPU] if self.processes == 1 else [SERVER_CPU, CLIENT_CPU]

    @property
    def client_cores(self) -> list[int]:
        """The client's."""
        return self.server_cores if self.is_shared else [CLIENT_CPU]


WORKLOADS = (
    Workload(
        "start",
        "time to the first answer",
        "hello",
        kind=Kind.START,
        columns=(Column("start_ms", "start ms"), Column("import_ms", "of which import ms")),
        is_more_better=False,
    ),
    Workload(
        "memory",
        "memory of all processes, idle and loaded",
        "hello",
        kind=Kind.MEMORY,
        columns=(
            Column("loaded_mib", "loaded: RSS, MiB", 1),
            Column("idle_mib", "idle: RSS, MiB", 1),
            Column("loaded_pss_mib", "loaded, shared pages counted once", 1),
            Column("idle_pss_mib", "idle, shared pages counted once", 1),
        ),
        is_more_better=False,
    ),
    Workload("hello", "plain text", "hello"),
    Workload("json", "JSON, a path converter and a query argument", "json", "/json/17?q=abc"),
    Workload("session", "a session read and written", "session", "/session", brings="cookie"),
    Workload("page", "a Jinja2 page of 5 kB", "page", "/page"),
    Workload("form", "form post", "form", "/form", script="form.lua"),
    Workload("upload", "upload of 1 MiB", "upload", "/upload", connections=16, script="upload.lua"),
    Workload("static10k", "static file of 10 kB", "static10k", "/static/10k.bin"),
    Workload("static1m", "static file of 1 MiB", "static1m", "/static/1m.bin"),
    Workload("static304", "static file that has not changed (304)", "static304", "/static/10k.bin", brings="validator"),
    Workload("stream", "a streamed answer of 10 MiB", "stream", "/stream", connections=16),
    Workload("close", "a new connection for each request", "hello", headers=("Connection: close",)),
    Workload("pipelined", "16 requests at a time, pipelined", "hello", script="pipelined.lua", columns=(RATE, COST)),
    Workload(
        "mixed",
        "2 % slow views (100 ms) among fast ones, 64 threads",
        "mixed",
        "/mixed/",
        # As many as connections. With fewer all of them wait at times and nobody is answered: the longer, the faster a server is.
        threads=MANY_THREADS,
        kind=Kind.MIXED,
        columns=(
            Column("p99_ms", "p99 ms of the fast", 2),
            Column("p50_ms", "p50 ms of the fast", 2),
            Column("slow_p50_ms", "p50 ms of the slow", 1),
            RATE,
        ),
        is_more_better=False,
    ),
    Workload(
        "sleep", "sleep 10 ms, 256 connections, 64 threads", "sleep", "/sleep", connections=256, threads=MANY_THREADS
    ),
    Workload("tls", "plain text over TLS", "hello", is_tls=True),
    # With two processes the client has no core of its own. So it has none with one process, either, where the two are compared.
    Workload("hello1", "plain text, 1 process and the client on one core", "hello", is_shared=True),
    Workload("page1", "a Jinja2 page of 5 kB, 1 process and the client on one core", "page", "/page", is_shared=True),
    Workload("hello2", "plain text, 2 processes and the client on both cores", "hello", processes=2, is_shared=True),
    Workload(
        "page2",
        "a Jinja2 page of 5 kB, 2 processes and the client on both cores",
        "page",
        "/page",
        processes=2,
        is_shared=True,
    ),
    Workload(
        "idle",
        "idle connections",
        "hello",
        connections=16,
        kind=Kind.IDLE,
        columns=(
            Column("kib_each", "KiB each", 1),
            Column("alone_p99_ms", "p99 ms of others, alone", 2),
            Column("p99_ms", "p99 ms of others, beside", 2),
        ),
        is_more_better=False,
    ),
)


def chosen(keys: list[str]) -> list[Workload]:
    """Those of these keys, in the order they are measured; all, without any. A `ValueError` names what is not known."""
    unknown = set(keys) - {workload.key for workload in WORKLOADS}
    if unknown:
        known = ", ".join(workload.key for workload in WORKLOADS)
        raise ValueError(f"no such workload: {', '.join(sorted(unknown))}. There are: {known}")
    return [workload for workload in WORKLOADS if not keys or workload.key in keys]


def shown(workloads: Iterable[Workload]) -> list[Workload]:
    """As a reader wants them: what is measured of a server before and after all else comes last."""
    return sorted(workloads, key=lambda workload: workload.kind in {Kind.START, Kind.MEMORY, Kind.IDLE})
