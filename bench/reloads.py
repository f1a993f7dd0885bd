"""`python -m bench.reloads`: a supervisor is reloaded, robbed of workers, scaled, upgraded, stopped; its load keeps books.

Nothing may fail, be lost or be done twice, but for requests inside workers that were killed, which are counted.
"""

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .ledger import APPLICATION, Load, Result

PATIENCE = 60.0
"""Seconds to wait for anything."""

BROKEN = ("def app(:\n", "raise LookupError('no database')\n", "import os; os._exit(1)\n")


@dataclass(frozen=True)
class Plan:
    """How much of each."""

    reloads: int = 20
    broken: int = 5
    """Of these."""
    kills: int = 20
    scalings: int = 4
    workers: int = 2
    clients: int = 8
    preload: bool = False
    seed: int = 1

    def events(self) -> list[str]:
        """Return what happens, in order."""
        events = ["broken"] * self.broken + ["reload"] * (self.reloads - self.broken)
        events += ["kill"] * self.kills + ["scale"] * self.scalings
        random.Random(self.seed).shuffle(events)
        # In the middle: the successor has to go through the same.
        events.insert(len(events) // 2, "upgrade")
        return events


class Run:
    """One supervisor under load."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        self._plan = plan
        self._directory = directory
        self._writes = 0
        self._random = random.Random(plan.seed)
        self._log_at = 0
        self.write("one")
        self._log = directory / "log"
        options = ["--port", "0", "--workers", str(plan.workers), "--threads", "4"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "demijohn", "run", "app.py", *options, *(["--preload"] if plan.preload else [])],
                cwd=directory,
                env={**os.environ, "LEDGER": str(directory / "ledger"), "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        self.supervisor = self._process.pid
        self.wait_for(r"Worker \d+ is ready", plan.workers)
        port = int(re.findall(r"Running on http://127\.0\.0\.1:(\d+)", self.output())[0])
        self.load = Load(port, plan.clients, plan.seed)

    def write(self, generation: str | None) -> None:
        """Write the application anew, or a broken one."""
        code = self._random.choice(BROKEN) if generation is None else APPLICATION.replace("GENERATION", generation)
        self._writes += 1
        (self._directory / "app.py").write_text(code + "#" * self._writes)

    def output(self) -> str:
        """Return what was logged so far."""
        return self._log.read_text(errors="replace")

    def mark(self) -> None:
        """Wait for what is logged from now on."""
        self._log_at = len(self.output())

    def wait_for(self, pattern: str, count: int = 1) -> list[str]:
        """Wait until so many new lines match."""
        found: list[str] = []

        def is_there() -> bool:
            found[:] = re.findall(pattern, self.output()[self._log_at :])
            return len(found) >= count

        self.until(is_there, pattern)
        return found

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until it is true."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Not seen: {what}\n{self.output()[-4000:]}")
            time.sleep(0.02)

    def some_answers(self, count: int = 30) -> None:
        """Let the load go on for a while."""
        before = self.load.answered
        self.until(lambda: self.load.answered >= before + count, f"{count} more answers")

    # ------------------------------------------------------------------ events

    def happen(self, number: int, event: str) -> None:
        """Let one thing happen, and see it through."""
        self.mark()
        match event:
            case "reload":
                self.write(f"g{number}")
                os.kill(self.supervisor, signal.SIGHUP)
                self.wait_for(r"Reloaded: generation \d+ takes over")
            case "broken":
                self.write(None)
                os.kill(self.supervisor, signal.SIGHUP)
                self.wait_for(r"The reload came to nothing; what served before goes on")
                self.write(f"g{number}")  # a worker that is replaced loads what is there
            case "kill":
                self.until(lambda: self.load.recent_pids - self.load.kills.keys(), "a worker that answers")
                pid = self._random.choice(sorted(self.load.recent_pids - self.load.kills.keys()) or [0])
                if pid:
                    self.load.kill_noted(pid)
                    with contextlib.suppress(ProcessLookupError):  # it has left by itself, after an old generation
                        os.kill(pid, signal.SIGKILL)
            case "scale":
                for sent in (signal.SIGTTIN, signal.SIGTTOU):
                    os.kill(self.supervisor, sent)
                    self.wait_for(rf"{sent.name}: \d+ workers wanted")
            case "upgrade":
                os.kill(self.supervisor, signal.SIGUSR2)
                (successor,) = self.wait_for(r"Upgrading: process (\d+) is started")
                self.wait_for("The new supervisor serves")
                self.supervisor = int(successor)
        self.some_answers()

    def stop(self) -> Result:
        """Stop with requests in flight, and close the books."""
        self.mark()
        self.load.finish()
        self.until(lambda: self.load.is_finishing(self._directory / "ledger"), "last requests")
        os.kill(self.supervisor, signal.SIGTERM)
        self.load.join()
        self.until(
            lambda: not _lives(self.supervisor) and self._process.poll() is not None, "the end of the supervisors"
        )
        return self.load.close(self._directory / "ledger")

    def clean_up(self) -> None:
        """Leave nobody behind."""
        self.load.finish()
        for pid in {self.supervisor, self._process.pid}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # One that has ended and that nobody has waited for is gone, too.
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False


def run(plan: Plan, directory: Path, say: Callable[[str], object] = str) -> Result:
    """Go through a plan; return what the books say."""
    one = Run(plan, directory)
    try:
        one.some_answers()
        for number, event in enumerate(plan.events()):
            one.happen(number, event)
            say(f"{number + 1}. {event}: {one.load.answered} answers")
        return one.stop()
    finally:
        one.clean_up()


def main() -> None:
    """Run the full plan, or what options say; exit with 1 if something was lost."""
    parser = argparse.ArgumentParser(prog="python -m bench.reloads", description=__doc__)
    parser.add_argument("--reloads", type=int, default=Plan.reloads)
    parser.add_argument("--broken", type=int, default=Plan.broken)
    parser.add_argument("--kills", type=int, default=Plan.kills)
    parser.add_argument("--workers", type=int, default=Plan.workers)
    parser.add_argument("--clients", type=int, default=Plan.clients)
    parser.add_argument("--preload", action="store_true")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    options = parser.parse_args()
    plan = Plan(
        options.reloads, options.broken, options.kills, Plan.scalings, options.workers, options.clients, options.preload,
        options.seed,
    )  # fmt: skip
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        result = run(plan, Path(directory), print)
    print(f"{result} in {time.monotonic() - start:.0f} s")
    for line in result.failed:
        print(line)
    sys.exit(bool(result.failed or result.lost or result.duplicated))


if __name__ == "__main__":
    main()
