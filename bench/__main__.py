"""`python -m bench`: demijohn beside what its users would pick instead, in one run on one machine.

Printed and written to bench/out (compare.md, compare.json with every figure, compare.svg): a table for each workload, ratios,
and whether the targets were met. A contestant that cannot be installed, does not start, or breaks is named with its reason, and
the rest goes on. Progress is told on standard error. Needs Linux with two cores, wrk and nginx.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from .contestants import DEFAULT, GTHREAD, INLINE, NGINX, POOL, Contestant, everyone, prepare, versions
from .measures.holding import allow_files
from .measures.measure import Plan
from .measures.results import Results
from .measures.rounds import Run, estimate, say
from .measures.setting import certificate, files
from .measures.workload import IDLE, QUICK_IDLE, WORKLOADS, chosen, shown
from .report.files import write
from .report.machine import DEBIAN, describe, find
from .report.tables import Report
from .report.targets import judge, roles

OUT = Path(__file__).parent / "out"


def arguments() -> argparse.ArgumentParser:
    """What can be asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="contestants whose names have one of these in them"
    )
    parser.add_argument(
        "--workload",
        nargs="+",
        default=[],
        metavar="KEY",
        help=f"of {', '.join(workload.key for workload in WORKLOADS)}",
    )
    parser.add_argument("--rounds", type=int, help="measurements of each (3; quick: 1)")
    parser.add_argument("--seconds", type=int, help="length of one measurement (3; quick: 1)")
    parser.add_argument("--quick", action="store_true", help="a pass over everything that takes minutes; says less")
    parser.add_argument("--idle", type=int, help=f"idle connections ({IDLE}; quick: {QUICK_IDLE})")
    parser.add_argument("--port", type=int, default=Plan.port, help="the first to try (%(default)s)")
    parser.add_argument("--check", action="store_true", help="measure nothing: compare what all of them answer")
    parser.add_argument("--list", action="store_true", help="say who would take part, and end")
    parser.add_argument("--out", type=Path, default=OUT, help="directory for the results (bench/out)")
    return parser


def plan_of(options: argparse.Namespace) -> Plan:
    """How much is measured; what was not said depends on --quick."""
    once = 1 if options.quick else 3
    idle = QUICK_IDLE if options.quick else IDLE
    return Plan(
        rounds=options.rounds or once,
        seconds=options.seconds or once,
        is_quick=options.quick,
        idle=options.idle or idle,
        port=options.port,
    )


def selected(contestants: list[Contestant], words: list[str]) -> list[Contestant]:
    """Those with one of these words in their names; all, without any. A `ValueError` names a word that nobody has."""
    for word in words:
        if not any(word.lower() in one.name.lower() for one in contestants):
            raise ValueError(f"nobody is called {word!r}. There are: {'; '.join(one.name for one in contestants)}")
    return [one for one in contestants if not words or any(word.lower() in one.name.lower() for word in words)]


def main() -> None:
    """Measure, print, and write."""
    parser = arguments()
    options = parser.parse_args()
    plan = plan_of(options)
    try:
        contestants = selected(everyone(), options.only)
        workloads = chosen(options.workload)
        allow_files(plan.idle)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    if options.list:
        print("\n".join(f"{one.name}: {one.settings}" for one in contestants))
        return
    needed = [program for program in DEBIAN if find(program) is None]
    if needed:
        sys.exit(
            f"Not found: {', '.join(needed)}. On Debian: apt-get install {' '.join(DEBIAN[one] for one in needed)}"
        )
    unavailable = prepare(contestants)
    contestants = [one for one in contestants if one.name not in unavailable]
    for name, why in unavailable.items():
        say(f"{name}: cannot be installed: {why}")
    taking_part = {one.name: versions(one) for one in contestants}
    who = roles(everyone(), default=DEFAULT, inline=INLINE, pool=POOL, gthread=GTHREAD, nginx=NGINX)

    def save(results: Results) -> str:
        verdicts = judge(results, who)
        report = Report(
            results, contestants, shown(workloads), who, verdicts, describe(plan, results), taking_part, unavailable
        )
        return write(report, options.out)

    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        place = Path(scratch)
        run = Run(contestants, workloads, plan, files=files(place), certificate=certificate(place), after_round=save)
        minutes = estimate(contestants, workloads, plan) / 60
        say(f"{len(contestants)} contestants, {len(workloads)} workloads: about {minutes:.0f} minutes")
        if options.check:
            sys.exit(1 if run.check(print).failures else 0)
        try:
            run.check(say)
            run.go()
        except KeyboardInterrupt:
            say("interrupted: this is what was measured until now")
        print(save(run.results))


if __name__ == "__main__":
    main()
