"""The run: all contestants' workloads, round after round, whatever becomes of one of them; and how long that will take.

Rounds are interleaved, every second one in the other direction, so that a drift of the machine's speed meets all alike.
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
        self._count = self._plan.rounds * sum(len(self._left(one, group)) for one, group in self._groups())
        for number in range(self._plan.rounds):
            for contestant, group in self._groups(is_backwards=number % 2 == 1):
                self._serve(contestant, group)
            self._after_round(self.results)
            say(f"round {number + 1} of {self._plan.rounds} done")
        return self.results

    def _groups(self, *, is_backwards: bool = False) -> Iterator[tuple[Contestant, list[Workload]]]:
        for contestant in reversed(self._contestants) if is_backwards else self._contestants:
            for group in groups(contestant, self._workloads):
                yield contestant, group

    def _left(self, contestant: Contestant, group: list[Workload]) -> list[Workload]:
        return [workload for workload in group if (contestant.name, workload.key) not in self.results.failures]

    def _serve(self, contestant: Contestant, group: list[Workload]) -> None:
        """Measure workloads that one server can do; after trouble the rest of them on a new one."""
        left = self._left(contestant, group)
        while left:
            is_up = False
            try:
                with self._started(contestant, left[0]) as (server, _):
                    is_up = True
                    is_first = True
                    while left:
                        subject = Subject(server, left[0], self._plan, is_first, contestant.importing)
                        self.results.add(contestant.name, left[0].key, measure(subject))
                        self._tell(contestant, left.pop(0))
                        is_first = False
            except (NotPossible, *TROUBLES) as error:
                # Before the server was up nothing that it is asked for can be measured.
                failed = left[:1] if is_up else list(left)
                del left[: len(failed)]
                for workload in failed:
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


def groups(contestant: Contestant, workloads: Sequence[Workload]) -> Iterator[list[Workload]]:
    """Those that it can do, each list to be asked of one server."""
    able = [workload for workload in workloads if workload.needs in contestant.workloads]
    for _, group in itertools.groupby(able, key=lambda workload: workload.group):
        yield list(group)


def estimate(contestants: Sequence[Contestant], workloads: Sequence[Workload], plan: Plan) -> float:
    """Seconds that a run will take, about."""
    total = 0.0
    for contestant in contestants:
        for group in groups(contestant, workloads):
            total += START_SECONDS
            for workload in group:
                if workload.kind is Kind.IDLE:
                    total += 1 + 2 * plan.seconds + HOLD_SECONDS * plan.idle / 10_000
                elif workload.kind is not Kind.START:
                    total += plan.seconds + (0 if plan.is_quick else 1)
    return CHECK_SECONDS * len(contestants) + total * plan.rounds
