"""What a run was measured with: the machine, the programs, the settings. Linux."""

import os
import platform
import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from ..measures.measure import Plan
from ..measures.results import Results

_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"])
DEBIAN = {"wrk": "wrk", "taskset": "util-linux"}
"""Programs without which there is no run, and their packages."""


def find(program: str) -> str | None:
    """Where a program is, also if it is one of the administrator's."""
    return shutil.which(program, path=_PLACES)


def describe(plan: Plan, results: Results) -> dict[str, str]:
    """Names and values, to be read."""
    cores = len(os.sched_getaffinity(0))
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{processor(Path('/proc/cpuinfo').read_text())}, {cores} cores, {platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "programs": ", ".join(version for program in ("wrk", "nginx") if (version := version_of(program))),
        "load average at the end": ", ".join(f"{load:.1f}" for load in os.getloadavg()),
        "others on the server's core": interference(results),
        "rounds": f"{plan.rounds} of {plan.seconds} s each, interleaved; figures are medians, with the least and the most",
        "cores": (
            "the server has one core, the client another; with 2 processes server and client share both, and with the 1 process"
            " that these are compared with they share one"
        ),
        "connections": "64, keep-alive, if not said otherwise; 16 for the upload and the streamed answer",
        "demijohn is better by": "the ratio to demijohn's default threaded mode; more than 1 is in favour of demijohn",
    }


def interference(results: Results) -> str:
    """How much of the server's core others had, while it was the server's alone: what these figures are to be trusted."""
    shares = [run["others_percent"] for runs in results.runs.values() for run in runs if "others_percent" in run]
    if not shares:
        return "not measured"
    return f"took {statistics.median(shares):.0f} % of its time in the median measurement, {max(shares):.0f} % in the worst"


def processor(cpuinfo: str) -> str:
    """The model's name in /proc/cpuinfo."""
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def version_of(program: str) -> str | None:
    """What a program says of itself. `None` if it is not there."""
    path = find(program)
    if path is None:
        return None
    # Both say it on standard error or output, and wrk ends with 1 when it is asked.
    done = subprocess.run([path, "-v"], capture_output=True, text=True, check=False)
    found = re.search(r"wrk \S+|nginx/\S+", done.stdout + done.stderr)
    return found.group() if found else program
