"""The run: all contestants' workloads, round after round, whatever becomes of one of them; and how long that will take.

In a round each workload is done by all contestants, one after the other, each with a server that has done nothing before; every
second round goes in the other direction. So a drift of the machine's speed meets all alike.
"""

import contextlib
import http.client
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..contestants import Contestant, NotPossible, Setting
from ..contestants.check import problems
from ..processes import cpu_list
from .measure import Plan, Subject, measure
from .results import Results
from .serving import Server, ServerFailed, free_port, running
from .workload import Kind, Workload, chosen

TROUBLES = (ServerFailed, OSError, ValueError, http.client.HTTPException, subprocess.SubprocessError, RuntimeError)
"""What a contestant may cause; a bug of ours that is none of these ends the run."""

(PLAIN,) = chosen(["hello"])
"""With the setting that answers are checked with."""

START_SECONDS = 2.0
"""What starting and ending a server takes, about."""
CHECK_SECONDS = 3.0
"""What starting it once more and asking for everything takes, about; modules are compiled then, too."""
HOLD_SECONDS = 8.0
"""What opening and asking 10,000 connections takes, about."""


class Run:
    """One run."""

    def __init__(
        self,
        contestants: Sequence[Contestant],
        workloads: Sequence[Workload],
        plan: Plan,
        *,
        files: Path,
        certificate: tuple[Path, Path],
        after_round: Callable[[Results], object],
    ) -> None:
        """`files` is what is served below /static/. `after_round` is called after each, with all figures so far."""
        self.results = Results()
        self._contestants = contestants
        self._workloads = workloads
        self._plan = plan
        self._files = files
        self._certificate = certificate
        self._after_round = after_round
        self._ports = itertools.count(plan.port)
        self._done = self._count = 0

    def check(self, tell: Callable[[str], None]) -> Results:
        """See first that all answer the same. What somebody answers otherwise is a failure, and is not measured."""
        for contestant in self._contestants:
            try:
                with self._started(contestant, PLAIN) as (_, setting):
                    found = problems(contestant, setting)
                said = "; ".join(f"{key}: {problem}" for key, problem in found.items()) or "answers as it should"
            except (NotPossible, *TROUBLES) as error:
                said = reason(error)
                found = dict.fromkeys(contestant.workloads, said)
            for workload in self._workloads:
                if workload.needs in found:
                    self.results.failures[contestant.name, workload.key] = found[workload.needs]
            tell(f"{contestant.name}: {said}")
        return self.results

    def go(self) -> Results:
        """All rounds. A contestant's trouble is in the results."""
        todo = measurements(self._contestants, self._workloads)
        self._count = self._plan.rounds * sum(not self._has_failed(*one) for one in todo)
        for number in range(self._plan.rounds):
            for contestant, workload in reversed(todo) if number % 2 else todo:
                if not self._has_failed(contestant, workload):
                    self._serve(contestant, workload)
            self._after_round(self.results)
            say(f"round {number + 1} of {self._plan.rounds} done")
        return self.results

    def _has_failed(self, contestant: Contestant, workload: Workload) -> bool:
        return (contestant.name, workload.key) in self.results.failures

    def _serve(self, contestant: Contestant, workload: Workload) -> None:
        try:
            with self._started(contestant, workload) as (server, _):
                figures = measure(Subject(server, workload, self._plan, contestant.importing))
            self.results.add(contestant.name, workload.key, figures)
        except (NotPossible, *TROUBLES) as error:
            self.results.failures[contestant.name, workload.key] = reason(error)
        self._tell(contestant, workload)

    @contextlib.contextmanager
    def _started(self, contestant: Contestant, workload: Workload) -> Iterator[tuple[Server, Setting]]:
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as scratch:
            setting = self._setting(workload, Path(scratch))
            command = contestant.command(setting)
            cpus = cpu_list(workload.server_cores)
            is_tls = setting.certificate is not None
            with running(command.argv, port=setting.port, cpus=cpus, environ=command.environ, is_tls=is_tls) as server:
                yield server, setting

    def _setting(self, workload: Workload, scratch: Path) -> Setting:
        return Setting(
            port=free_port(next(self._ports)),
            scratch=scratch,
            files=self._files,
            threads=workload.threads,
            processes=workload.processes,
            certificate=self._certificate if workload.is_tls else None,
            connections=self._plan.idle if workload.kind is Kind.IDLE else None,
        )

    def _tell(self, contestant: Contestant, workload: Workload) -> None:
        self._done += 1
        key = contestant.name, workload.key
        if failure := self.results.failures.get(key):
            said = failure
        else:
            column = workload.columns[0]
            said = f"{self.results.runs[key][-1][column.figure]:,.{column.digits}f} {column.title}"
        say(f"{self._done}/{self._count} {contestant.name}: {workload.title}: {said}")


def say(what: str) -> None:
    """Tell of progress."""
    print(time.strftime("%H:%M:%S"), what, file=sys.stderr, flush=True)


def reason(error: BaseException) -> str:
    """Why something could not be measured, in one line."""
    if isinstance(error, subprocess.CalledProcessError):
        said = str(error.stderr or error.stdout or "").strip().splitlines()
        return f"{error.cmd[0]} ended with {error.returncode}: {said[-1] if said else 'it said nothing'}"
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 500 else f"{text[:500]}..."


def measurements(contestants: Sequence[Contestant], workloads: Sequence[Workload]) -> list[tuple[Contestant, Workload]]:
    """Return what is measured in a round, in order: each workload with all who can do it before the next.

    What is compared is measured within minutes. The speed of a machine that others use, too, may be another one after that.
    """
    return [(one, workload) for workload in workloads for one in contestants if workload.needs in one.workloads]


def estimate(contestants: Sequence[Contestant], workloads: Sequence[Workload], plan: Plan) -> float:
    """Seconds that a run will take, about."""
    total = 0.0
    for _, workload in measurements(contestants, workloads):
        total += START_SECONDS
        if workload.kind is Kind.IDLE:
            total += 1 + 2 * plan.seconds + HOLD_SECONDS * plan.idle / 10_000
        elif workload.kind is not Kind.START:
            total += plan.seconds + (0 if plan.is_quick else 1)
    return CHECK_SECONDS * len(contestants) + total * plan.rounds
