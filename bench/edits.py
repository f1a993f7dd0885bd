"""Random edits of a served project while clients send requests: nothing is lost, and what is there last is what is served.

    python -m bench.edits [--edits 200] [--seed 1] [--way stat --way watchdog --way watchfiles]

Valid edits, syntax errors, exits, deleted, renamed and new modules, templates and static files, some of them in bursts. After
each edit or burst the answer must become that of the files as they are; meanwhile each request must be answered: by 200, or by
the error page. Says how long it took until the new state was served, and exits with 1 if a request was lost.
"""

import argparse
import http.client
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

WAYS = ("stat", "watchdog", "watchfiles")
PATIENCE = 60.0

APP = """
import importlib, os, pkgutil
import plugins, parts.one, parts.two
from demijohn import Demijohn, render_template

app = Demijohn(__name__)
found = {{}}
for info in pkgutil.iter_modules(plugins.__path__):
    found[info.name] = importlib.import_module("plugins." + info.name).VALUE
{trouble}

@app.get("/")
def tell():
    return {{
        "app": {value}, "one": parts.one.VALUE, "two": parts.two.VALUE, "plugins": found,
        "page": render_template("page.html"), "pid": os.getpid(),
    }}
"""

TROUBLES = {
    "SyntaxError": "x = = 1",
    "ModuleNotFoundError": "import not_there_at_all",
    "ZeroDivisionError": "1 / 0",
    "exit code 3": "os._exit(3)",
    "SIGKILL": "os.kill(os.getpid(), 9)",
}


class Project:
    """Files, and what they should answer."""

    def __init__(self, directory: Path, rng: random.Random) -> None:
        self.directory = directory
        self.rng = rng
        self.count = 0
        self.values = {"app": 0, "one": 0, "two": 0}
        self.plugins: dict[str, int] = {}
        self.page = 0
        self.style = 0
        self.trouble: str | None = None
        self.is_gone = False
        for name in ("parts", "plugins", "templates", "static", "node_modules"):
            (directory / name).mkdir()
        (directory / "plugins/__init__.py").write_text("")
        self._write_app()
        self._write_part("one")
        self._write_part("two")
        self._write_page()
        self._write_style()

    def edit(self) -> str:
        """Make a random change and return its name."""
        self.count += 1
        changes: list[Callable[[], None]] = [
            self.change_app,
            self.change_part,
            self.change_part,
            self.replace_part,
            self.break_app,
            self.delete_part,
            self.add_plugin,
            self.rename_plugin,
            self.delete_plugin,
            self.change_page,
            self.change_style,
            self.touch_foreign,
        ]
        change = self.rng.choice(changes)
        if (self.trouble is not None or self.is_gone) and self.rng.random() < 0.7:
            change = self.repair  # most of the time, it should serve
        change()
        return change.__name__

    def change_app(self) -> None:
        self.values["app"] = self.count
        self.trouble = None
        self._write_app()

    def break_app(self) -> None:
        self.trouble = self.rng.choice(list(TROUBLES))
        self.values["app"] = self.count
        self._write_app()

    def repair(self) -> None:
        self.change_app()
        self.is_gone = False
        self.values["two"] = self.count
        self._write_part("two")

    def change_part(self) -> None:
        name = self.rng.choice(["one", "two"])
        self.values[name] = self.count
        self._write_part(name)
        if name == "two":
            self.is_gone = False

    def replace_part(self) -> None:
        """As most editors save: a new file takes the place of the old one."""
        self.values["one"] = self.count
        path = self.directory / "parts/one.py"
        path.with_suffix(".tmp").write_text(f"VALUE = {self.count}\n")
        os.replace(path.with_suffix(".tmp"), path)

    def delete_part(self) -> None:
        (self.directory / "parts/two.py").unlink(missing_ok=True)
        self.is_gone = True

    def add_plugin(self) -> None:
        name = f"p{self.count}"
        self.plugins[name] = self.count
        (self.directory / f"plugins/{name}.py").write_text(f"VALUE = {self.count}\n")

    def rename_plugin(self) -> None:
        if not self.plugins:
            return
        name = self.rng.choice(list(self.plugins))
        new = f"q{self.count}"
        self.plugins[new] = self.plugins.pop(name)
        (self.directory / f"plugins/{name}.py").rename(self.directory / f"plugins/{new}.py")

    def delete_plugin(self) -> None:
        if self.plugins:
            name = self.rng.choice(list(self.plugins))
            del self.plugins[name]
            (self.directory / f"plugins/{name}.py").unlink()

    def change_page(self) -> None:
        self.page = self.count
        self._write_page()

    def change_style(self) -> None:
        self.style = self.count
        self._write_style()

    def touch_foreign(self) -> None:
        """Nothing is to happen."""
        (self.directory / "node_modules/x.py").write_text(str(self.count))
        (self.directory / "notes.txt").write_text(str(self.count))

    def is_served(self, status: int, body: str, style: str) -> bool:
        """Tell whether an answer is that of the files as they are."""
        if self.is_gone:
            # An import above it may fail first; the application's own trouble comes later.
            return status == 500 and ("parts.two" in body or self._is_syntax(body))
        if self.trouble is not None:
            return status == 500 and self.trouble in body
        if status != 200:
            return False
        said = json.loads(body)
        said.pop("pid")
        expected = {**self.values, "plugins": self.plugins, "page": f"page {self.page}"}
        return bool(said == expected and style == f"/* {self.style} */")

    def _is_syntax(self, body: str) -> bool:
        return self.trouble == "SyntaxError" and "SyntaxError" in body

    def _write_app(self) -> None:
        trouble = "" if self.trouble is None else TROUBLES[self.trouble]
        (self.directory / "app.py").write_text(APP.format(value=self.values["app"], trouble=trouble))

    def _write_part(self, name: str) -> None:
        (self.directory / f"parts/{name}.py").write_text(f"VALUE = {self.values[name]}\n")

    def _write_page(self) -> None:
        (self.directory / "templates/page.html").write_text(f"page {self.page}")

    def _write_style(self) -> None:
        (self.directory / "static/style.css").write_text(f"/* {self.style} */")


class Clients:
    """Ask all the time, each request on a connection of its own, and count what comes."""

    def __init__(self, port: int, count: int) -> None:
        self.answers: Counter[int] = Counter()
        self.losses: list[str] = []
        self._port = port
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while not self._is_over.wait(0.01):
            try:
                status, _ = ask(self._port, "/")
            except (OSError, http.client.HTTPException) as error:
                self.losses.append(repr(error))
            else:
                self.answers[status] += 1

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Run:
    """One server with one way of watching, and what became of the edits."""

    def __init__(self, way: str, edits: int, seed: int, clients: int = 3) -> None:
        self.rng = random.Random(seed)
        self.way = way
        self.edits = edits
        self.count = clients
        self.times: list[float] = []
        self.kinds: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.losses: list[str] = []
        self.starts = 0

    def __call__(self) -> "Run":
        with tempfile.TemporaryDirectory() as folder:
            project = Project(Path(folder), self.rng)
            command = [sys.executable, "-m", "demijohn", "run", "--debug", "--threads", "4", "--port", "0"]
            command += ["--reloader-type", self.way, "--reloader-interval", "0.2", "--no-debugger", "app.py"]
            server = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
            lines: list[str] = []
            reader = threading.Thread(target=lambda: lines.extend(server.stderr or ()), daemon=True)
            try:
                port = self._port(server)
                reader.start()
                clients = Clients(port, self.count)
                try:
                    self._edit(project, port)
                finally:
                    clients.stop()
                self.answers, self.losses = clients.answers, clients.losses
            except BaseException:
                print("".join(lines[-60:]), file=sys.stderr)
                raise
            finally:
                server.terminate()
                server.wait(PATIENCE)
                reader.join(PATIENCE)
                if server.stderr is not None:
                    server.stderr.close()
            self.starts = sum("Reloaded" in line for line in lines)
        return self

    @staticmethod
    def _port(server: "subprocess.Popen[str]") -> int:
        for line in server.stderr or ():
            found = re.search(r"Running on http://127\.0\.0\.1:(\d+)", line)
            if found is not None:
                return int(found[1])
        raise RuntimeError("the server does not start")

    def _edit(self, project: Project, port: int) -> None:
        done = 0
        while done < self.edits:
            names = [project.edit() for _ in range(self.rng.choice([1, 1, 1, 2, 4]))]
            done += len(names)
            self.kinds.update(names)
            began = time.monotonic()
            while True:
                status, body = ask(port, "/")
                style = ask(port, "/static/style.css")[1] if status == 200 else ""
                if project.is_served(status, body, style):
                    break
                if time.monotonic() - began > PATIENCE:
                    raise AssertionError(f"after {names}, {project.__dict__}: {status} {body[-500:]}")
                time.sleep(0.01)
            self.times.append(time.monotonic() - began)
            time.sleep(self.rng.choice([0, 0, 0.05, 0.3]))

    @property
    def report(self) -> str:
        times = sorted(self.times)
        return (
            f"{self.way:10} {sum(self.kinds.values()):4} edits, {self.starts} reloads told; served after"
            f" {statistics.median(times) * 1000:.0f} ms (median), {times[-1] * 1000:.0f} ms (longest);"
            f" {sum(self.answers.values())} answers beside ({dict(self.answers)}), {len(self.losses)} lost"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", action="append", choices=WAYS)
    options = parser.parse_args()
    lost = 0
    for way in options.way or WAYS:
        run = Run(way, options.edits, options.seed)()
        print(run.report, *run.losses[:5], sep="\n  ", flush=True)
        lost += len(run.losses)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
