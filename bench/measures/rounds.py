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
from ..processes import CLIENT_CPU, SERVER_CPU
from .measure import Plan, Subject, measure
from .results import Results
from .serving import Server, ServerFailed, free_port, running
from .workload import Kind, Workload

TROUBLES = (ServerFailed, OSError, ValueError, http.client.HTTPException, subprocess.SubprocessError, RuntimeError)
"""What a contestant may cause; a bug of ours that is none of these ends the run."""

START_SECONDS = 2.0
"""What starting and ending a server takes, about."""
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
        after_round: Callable[[int, Results], None],
    ) -> None:
        """`files` is what is served below /static/. `after_round` is told of each that is done, and of all figures so far."""
        self.results = Results()
        self._contestants = contestants
        self._workloads = workloads
        self._plan = plan
        self._files = files
        self._certificate = certificate
        self._after_round = after_round
        self._ports = itertools.count(plan.port)
        self._done = 0

    def go(self) -> Results:
        """All rounds. A contestant's trouble is in the results."""
        for number in range(self._plan.rounds):
            for contestant in self._contestants if number % 2 == 0 else reversed(self._contestants):
                for group in groups(contestant, self._workloads):
                    self._serve(contestant, group)
            self._after_round(number + 1, self.results)
        return self.results

    def _serve(self, contestant: Contestant, group: list[Workload]) -> None:
        """Measure workloads that one server can do; after trouble the rest of them on a new one."""
        left = [workload for workload in group if (contestant.name, workload.key) not in self.results.failures]
        while left:
            is_up = False
            try:
                if left[0].kind is Kind.START and (contestant.name, left[0].key) not in self.results.runs:
                    with self._started(contestant, left[0]):
                        """Compiles what is not compiled yet."""
                with self._started(contestant, left[0]) as server:
                    is_up = True
                    is_first = True
                    while left:
                        subject = Subject(server, left[0], self._plan, is_first, contestant.importing)
                        self.results.add(contestant.name, left[0].key, measure(subject))
                        self._tell(contestant, left.pop(0))
                        is_first = False
            except (NotPossible, *TROUBLES) as error:
                # Before the server was up nothing that it is asked for can be measured.
                for workload in [left.pop(0)] if is_up else list(left):
                    self.results.failures[contestant.name, workload.key] = reason(error)
                    self._tell(contestant, workload)
                if not is_up:
                    return

    @contextlib.contextmanager
    def _started(self, contestant: Contestant, workload: Workload) -> Iterator[Server]:
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
            setting = self._setting(workload, Path(scratch))
            command = contestant.command(setting)
            cpus = f"{SERVER_CPU}" if setting.processes == 1 else f"{SERVER_CPU},{CLIENT_CPU}"
            is_tls = setting.certificate is not None
            with running(command.argv, port=setting.port, cpus=cpus, environ=command.environ, is_tls=is_tls) as server:
                yield server

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
        count = self._plan.rounds * sum(map(len, _all_groups(self._contestants, self._workloads)))
        key = contestant.name, workload.key
        if failure := self.results.failures.get(key):
            said = failure
        else:
            column = workload.columns[0]
            said = f"{self.results.runs[key][-1][column.figure]:,.{column.digits}f} {column.title}"
        moment = time.strftime("%H:%M:%S")
        print(f"{moment} {self._done}/{count} {contestant.name}: {workload.title}: {said}", file=sys.stderr, flush=True)


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


def _all_groups(contestants: Sequence[Contestant], workloads: Sequence[Workload]) -> Iterator[list[Workload]]:
    for contestant in contestants:
        yield from groups(contestant, workloads)


def estimate(contestants: Sequence[Contestant], workloads: Sequence[Workload], plan: Plan) -> float:
    """Seconds that a run will take, about."""
    total = 0.0
    for group in _all_groups(contestants, workloads):
        total += START_SECONDS
        for workload in group:
            if workload.kind is Kind.IDLE:
                total += 1 + 2 * plan.seconds + HOLD_SECONDS * plan.idle / 10_000
            elif workload.kind is not Kind.START:
                total += plan.seconds + (0 if plan.is_quick else 1)
    return total * plan.rounds
