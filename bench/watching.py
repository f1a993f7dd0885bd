"""The reloader over 20,000 files: how much of a core it takes when nothing happens, and how long until an edit is noticed.

    python -m bench.watching [--files 20000] [--edits 6] [--seconds 15]

Ours in its three ways and Werkzeug's in its two, in turns on the same project, each with `run_with_reloader` and an interval of a
second. Idle time is that of all processes of the reloader. An edit is noticed when the program is ended; the new one
imports its reloader, and 200 of the modules. Needs the environment of the originals with watchdog in it:
.venv/originals/bin/python -m pip install watchdog.
"""

import argparse
import math
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PER_DIRECTORY = 50
IMPORTED = 200
PATIENCE = 60.0
ORIGINALS = Path(__file__).parents[1] / ".venv/originals/bin/python"

PROGRAM = """
import atexit, importlib, os, sys, threading

def work():
    for number in range({imported}):
        importlib.import_module(f"d{{number}}.m{{number}}")
    atexit.register(print, "DOWN", flush=True)
    print("UP", flush=True)
    threading.Event().wait()

if __name__ == "__main__":
    from {module} import run_with_reloader
    run_with_reloader(work, interval=1, reloader_type=sys.argv[1])
"""

CONTESTANTS = {
    **{
        f"demijohn {way}": (sys.executable, "demijohn.manage.reloader.start", way)
        for way in ("stat", "watchdog", "watchfiles")
    },
    **{f"Werkzeug {way}": (str(ORIGINALS), "werkzeug._reloader", way) for way in ("stat", "watchdog")},
}


class Program:
    """One reloader, running."""

    def __init__(self, project: Path, python: str, module: str, way: str) -> None:
        script = project / f"prog_{module.partition('.')[0]}.py"
        if not script.exists():
            script.write_text(PROGRAM.format(module=module, imported=IMPORTED))
        self._said: list[str] = []
        self._news = threading.Condition()
        began = time.monotonic()
        self.process = subprocess.Popen(
            [python, script.name, way],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self._wait("UP", 1)
        self.start = time.monotonic() - began

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._news:
                self._said.append(line.strip())
                self._news.notify_all()

    def _wait(self, word: str, count: int) -> None:
        with self._news:
            if not self._news.wait_for(lambda: self._said.count(word) >= count, PATIENCE):
                raise TimeoutError

    def edit(self, path: Path) -> tuple[float, float]:
        """Change a file; return the seconds until the program is ended, and until it is up again."""
        count = self._said.count("UP")
        path.write_text(path.read_text() + "# edited\n")
        began = time.monotonic()
        try:
            self._wait("DOWN", count)
            noticed = time.monotonic() - began
            self._wait("UP", count + 1)
        except TimeoutError:
            return math.inf, math.inf  # never, as far as somebody would wait
        return noticed, time.monotonic() - began

    def busy(self) -> float:
        """Return the processor seconds of all its processes so far."""
        total = 0.0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:  # its session
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()


def make_project(directory: Path, files: int) -> list[Path]:
    paths = []
    for number in range(files):
        # Each of the first has a directory of its own, so that what is imported is not in one place.
        folder = directory / f"d{number % (files // PER_DIRECTORY)}"
        folder.mkdir(exist_ok=True)
        path = folder / f"m{number}.py"
        path.write_text(f"VALUE = {number}\n")
        paths.append(path)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--edits", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    rng = random.Random(1)
    print(
        f"| {options.files} files | first start, s | idle, % of a core | noticed, s: median, longest | new program, s |"
    )
    print("|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        paths = make_project(Path(folder), options.files)
        time.sleep(3)  # so that no file is young any more
        for name, (python, module, way) in CONTESTANTS.items():
            program = Program(Path(folder), python, module, way)
            try:
                time.sleep(2)
                before, began = program.busy(), time.monotonic()
                time.sleep(options.seconds)
                idle = (program.busy() - before) / (time.monotonic() - began)
                times = []
                for _ in range(options.edits):
                    time.sleep(rng.uniform(1.0, 2.0))
                    times.append(program.edit(rng.choice(paths)))
            finally:
                program.end()
            columns = [f"{statistics.median(each):.2f}, {max(each):.2f}" for each in zip(*times, strict=True)]
            print(f"| {name} | {program.start:.2f} | {idle * 100:.2f} | {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    main()
