"""`python -m bench`: demijohn in its four ways beside gunicorn gthread + Flask and nginx, in one run. Needs wrk, nginx, taskset.

Rounds are interleaved, so that a drift of the machine's speed meets all alike; medians are shown, and their ratios.
"""

import argparse
import json
import platform
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from .contestants import HERE, Contestant, contestants, guestbooks, prepare_rivals, running
from .load import Load, run_wrk

SERVER_CPU, CLIENT_CPU = 0, 1
WORKLOADS = {
    "plain text": ("/", 64),
    "JSON": ("/json/17?q=abc", 64),
    "sleep 10 ms": ("/sleep", 256),
}
GUESTBOOK = {"guestbook page": ("/", 64)}
Results = dict[tuple[str, str], list[Load]]


def main() -> None:
    """Measure, print, and write `bench/out/compare.{json,md}`."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each")
    parser.add_argument("--guestbook", action="store_true", help="only the example application")
    parser.add_argument("--port", type=int, default=8765)
    options = parser.parse_args()
    missing = [tool for tool in ("wrk", "nginx", "taskset") if shutil.which(tool) is None]
    if missing:
        sys.exit(f"Not found: {', '.join(missing)}. On Debian: apt-get install wrk nginx-light util-linux")
    prepare_rivals()
    results: Results = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        everyone = [] if options.guestbook else contestants(options.port, Path(scratch))
        for number in range(options.rounds):
            for contestant in everyone:
                measure(contestant, WORKLOADS, options, results)
            for contestant in guestbooks(options.port):
                measure(contestant, GUESTBOOK, options, results)
            print(f"round {number + 1} of {options.rounds} done", file=sys.stderr)
    text = render(results, options)
    out = HERE / "out"
    out.mkdir(exist_ok=True)
    (out / "compare.md").write_text(text)
    rows = [
        {"contestant": name, "workload": workload, "runs": [vars(load) for load in loads]}
        for (name, workload), loads in results.items()
    ]
    (out / "compare.json").write_text(json.dumps(rows, indent=1))
    print(text)


def measure(
    contestant: Contestant, workloads: dict[str, tuple[str, int]], options: argparse.Namespace, results: Results
) -> None:
    """One round of one contestant."""
    with running(contestant, options.port, SERVER_CPU) as url:
        for workload, (path, connections) in workloads.items():
            if contestant.is_reference and path != "/":
                continue
            # A warm-up of few connections: what they leave unanswered must not be served in the time that is measured.
            run_wrk(url + path, connections=8, seconds=1, cpu=CLIENT_CPU)
            load = run_wrk(url + path, connections=connections, seconds=options.seconds, cpu=CLIENT_CPU)
            results.setdefault((contestant.name, workload), []).append(load)


def render(results: Results, options: argparse.Namespace) -> str:
    """A Markdown table for each workload."""
    setting = f"Python {platform.python_version()}, {options.rounds} rounds of {options.seconds} s, medians"
    lines = [f"{setting}; the server on one core, wrk on another; keep-alive."]
    for workload in [*WORKLOADS, *GUESTBOOK]:
        rows = {name: loads for (name, which), loads in results.items() if which == workload}
        if not rows:
            continue
        rate = {name: statistics.median(load.requests_per_second for load in loads) for name, loads in rows.items()}
        rival = max((value for name, value in rate.items() if name.startswith("Flask")), default=None)
        nginx = max((value for name, value in rate.items() if name.startswith("nginx")), default=None)
        lines += ["", f"### {workload}", ""]
        lines.append("| | requests/s | min - max | p50 ms | p99 ms | x best gunicorn gthread | x nginx | errors |")
        lines.append("|---|--:|--:|--:|--:|--:|--:|--:|")
        for name, loads in rows.items():
            rates = [load.requests_per_second for load in loads]
            lines.append(
                f"| {name} | {rate[name]:,.0f} | {min(rates):,.0f} - {max(rates):,.0f} |"
                f" {statistics.median(load.p50_ms for load in loads):.2f} |"
                f" {statistics.median(load.p99_ms for load in loads):.2f} |"
                f" {ratio(rate[name], rival)} | {ratio(rate[name], nginx)} | {sum(load.errors for load in loads)} |"
            )
    return "\n".join(lines) + "\n"


def ratio(value: float, of: float | None) -> str:
    """Two digits, or nothing to compare with."""
    return "" if of is None else f"{value / of:.2f}"


if __name__ == "__main__":
    main()
