"""Timing two libraries turn and turn about, each in its own interpreter, and the table of ratios."""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from timeit import timeit

from .contestants.environments import ROOT, build, python

Case = Callable[[], object]
Cases = Callable[[bool], dict[str, Case]]
"""What is timed: given whether this is the rival's interpreter, the cases by name."""


def microseconds(case: Case) -> float:
    """Return the microseconds of one call, the best of 50 short slices: on a machine with neighbours few long ones are quiet."""
    number = 1
    while timeit(case, number=number) < 0.002:
        number *= 2
    return min(timeit(case, number=number) for _ in range(50)) / number * 1e6


def compare(module: str, description: str | None, rival: str, cases: Cases) -> dict[str, tuple[float, float]] | None:
    """Be `python -m bench.<module>`: measure some rounds, print a Markdown table of the best of each, and return it.

    `None` if this is one of the interpreters that measure.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bench.{module}", description=description)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", choices=["own", "rival"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        json.dump({name: microseconds(case) for name, case in cases(options.worker == "rival").items()}, sys.stdout)
        return None
    build("flask")
    own: list[dict[str, float]] = []
    other: list[dict[str, float]] = []
    for _ in range(options.rounds):
        for runs, which, program in ((own, "own", sys.executable), (other, "rival", python("flask"))):
            command = [program, "-m", f"bench.{module}", "--worker", which]
            runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout))
    best = {}
    print(f"| case | ours, us | {rival}, us | ratio |\n|---|--:|--:|--:|")
    for name in own[0]:
        ours, theirs = min(run[name] for run in own), min(run[name] for run in other)
        best[name] = ours, theirs
        print(f"| {name} | {ours:,.2f} | {theirs:,.2f} | {theirs / ours:.2f} |")
    ratios = [theirs / ours for ours, theirs in best.values()]
    print(f"\nmedian {statistics.median(ratios):.2f}, least {min(ratios):.2f}")
    return best
