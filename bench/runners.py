"""`late` against `pool`, with the same application and the same threads: `python -m bench.runners`. Needs wrk and taskset.

Rounds are interleaved, so that a drift of the machine's speed meets both alike; medians are shown. The server has one core, wrk
the other. `mixed` asks for ten pages in turn, of which one waits and one computes; `2 % slow` is one page that is slow at times,
so that no runner can know beforehand.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from .load import Load, run_wrk
from .measures.serving import running
from .processes import CLIENT_CPU, SERVER_CPU

MIXED = """
local number = 0
request = function()
  number = number + 1
  return wrk.format("GET", "/mixed/" .. number)
end
"""

WORKLOADS = {
    "plain text, 64 connections": ("/", 64, None),
    "plain text, 1 connection": ("/", 1, None),
    "2 % slow (20 ms), 64 connections": ("/sometimes", 64, None),
    "sleep 10 ms, 256 connections": ("/sleep", 256, None),
    "compute 5 ms, 64 connections": ("/compute", 64, None),
    "mixed, 64 connections": ("/mixed/", 64, MIXED),
}


def command(runner: str, threads: int, port: int) -> list[str]:
    """A server with that runner."""
    return [sys.executable, "-m", "bench.runner_app", runner, str(threads), str(port)]


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.runners", description=__doc__)
    parser.add_argument("--seconds", type=int, default=2, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each")
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--port", type=int, default=8766)
    options = parser.parse_args()
    missing = [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]
    if missing:
        sys.exit(f"Not found: {', '.join(missing)}. On Debian: apt-get install wrk util-linux")
    results: dict[tuple[str, str], list[Load]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        script = Path(scratch) / "mixed.lua"
        script.write_text(MIXED)
        for number in range(options.rounds):
            for runner in ("late", "pool"):
                argv = command(runner, options.threads, options.port)
                with running(argv, port=options.port, cpus=str(SERVER_CPU)) as server:
                    for workload, (path, connections, lua) in WORKLOADS.items():
                        more = [] if lua is None else ["-s", str(script)]
                        run_wrk(server.url + path, connections=8, seconds=1, cpu=CLIENT_CPU, more=more)
                        load = run_wrk(
                            server.url + path,
                            connections=connections,
                            seconds=options.seconds,
                            cpu=CLIENT_CPU,
                            more=more,
                        )
                        results.setdefault((workload, runner), []).append(load)
            print(f"round {number + 1} of {options.rounds} done", file=sys.stderr)
    print(render(results))


def render(results: dict[tuple[str, str], list[Load]]) -> str:
    """A row for each workload, ratios late / pool last."""
    lines = [
        "| | late, requests/s | pool | late p50 ms | pool | late p99 ms | pool | rate ratio | p99 ratio | errors |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for workload in WORKLOADS:
        late, pool = results[workload, "late"], results[workload, "pool"]
        rates = [statistics.median(load.requests_per_second for load in loads) for loads in (late, pool)]
        middles = [statistics.median(load.p50_ms for load in loads) for loads in (late, pool)]
        tails = [statistics.median(load.p99_ms for load in loads) for loads in (late, pool)]
        errors = sum(load.errors for load in late + pool)
        lines.append(
            f"| {workload} | {rates[0]:,.0f} | {rates[1]:,.0f} | {middles[0]:.2f} | {middles[1]:.2f} |"
            f" {tails[0]:.2f} | {tails[1]:.2f} | {rates[0] / rates[1]:.2f} | {tails[0] / tails[1]:.2f} | {errors} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
