"""Werkzeug's private reloader, for programs that run it by themselves."""

import os
import subprocess
import sys
import time

import pytest

from demijohn.manage.reloaderloops import (
    EXIT_RELOAD,
    StatReloaderLoop,
    find_stat_paths,
    find_watchdog_paths,
    reloader_loops,
)

PROGRAM = """
import os, sys, threading
from demijohn.manage.reloaderloops import StatReloaderLoop

def main():
    with open("starts.txt", "a") as file:
        file.write("x")
    with open("part.py") as file:
        if "leave" in file.read():
            os._exit(7)
    threading.Event().wait()

loop = StatReloaderLoop(interval=0.05)
if os.environ.get("WERKZEUG_RUN_MAIN") != "true":
    sys.exit(loop.restart_with_reloader())
with loop:
    threading.Thread(target=main, daemon=True).start()
    loop.run()
"""


def test_files_and_directories(tmp_path, monkeypatch):
    inner = tmp_path / "package"
    inner.mkdir()
    for file in (tmp_path / "a.py", inner / "b.py"):
        file.write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    files = find_stat_paths({"extra.cfg"}, set())
    assert {str(tmp_path / "a.py"), str(inner / "b.py"), os.path.abspath("extra.cfg"), __file__} <= files
    assert str(inner / "b.py") not in find_stat_paths(set(), {f"{inner}*"})
    directories = find_watchdog_paths(set(), set())
    assert str(tmp_path) in directories
    assert str(inner) not in directories


def test_a_change_ends_the_process():
    with pytest.raises(SystemExit) as raised, StatReloaderLoop() as loop:
        loop.trigger_reload("x.py")
    assert raised.value.code == EXIT_RELOAD
    assert reloader_loops["auto"] in {reloader_loops["stat"], reloader_loops["watchdog"]}


@pytest.mark.slow
def test_a_program_is_started_again_until_it_ends_otherwise(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "part.py").write_text("")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "program.py"], cwd=tmp_path, env=environ)
    try:
        deadline = time.monotonic() + 30
        starts = tmp_path / "starts.txt"
        written = 0
        while process.poll() is None and time.monotonic() < deadline:
            started = len(starts.read_text()) if starts.exists() else 0
            if started > written:
                # Now that it has started: again, and the third time it leaves.
                written = started
                (tmp_path / "part.py").write_text("# leave" if started == 2 else "# again")
            time.sleep(0.02)
        assert process.wait(timeout=10) == 7
        assert starts.read_text() == "xxx"
    finally:
        process.kill()
        process.wait()
