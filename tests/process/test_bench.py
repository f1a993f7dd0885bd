"""A short run of the benchmarks with our own server alone: everything that `make bench` does, once."""

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.contestants import DEFAULT, INLINE, Command, Contestant, Kind, Setting, check
from services import need

ROOT = Path(__file__).parents[2]
HTML = "text/html; charset=utf-8"


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2, reason="it needs two cores, and Linux"
)
def test_our_own_server_is_measured(tmp_path):
    for program in ("wrk", "taskset"):
        need(program)
    command = [sys.executable, "-m", "bench", "--quick", "--only", DEFAULT, "--workload", "hello", "mixed", "idle"]
    command += ["--idle", "50", "--port", str(16384 + os.getpid() % 8192), "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert "about" in done.stderr
    assert done.stdout.strip() == (tmp_path / "compare.md").read_text().strip()
    document = json.loads((tmp_path / "compare.json").read_text())
    assert document["failures"] == []
    figures = {one["workload"]: one["runs"][0] for one in document["results"]}
    assert list(figures) == ["hello", "mixed", "idle"]
    for workload in ("hello", "mixed"):
        assert figures[workload]["rate"] > 0
        assert figures[workload]["errors"] == 0
        assert 0 < figures[workload]["p50_ms"] <= figures[workload]["p99_ms"]
    assert figures["idle"]["kib_each"] >= 0
    assert figures["idle"]["p99_ms"] > 0


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="it needs Linux")
def test_our_own_server_answers_what_is_compared(tmp_path):
    for program in ("wrk", "taskset"):
        need(program)
    command = [sys.executable, "-m", "bench", "--check", "--only", DEFAULT, INLINE, "--port", "18865"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.stdout.splitlines() == [f"{name}: answers as it should" for name in (DEFAULT, INLINE)], done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("key", "body", "kind", "problem"),
    [
        ("hello", b"Hello, World", HTML, "b'Hello, World', not b'Hello, World!'"),
        ("hello", b"Hello, World!", "text/plain", "content type text/plain"),
        ("hello", b"Hello, World!", "text/html", "content type text/html"),
        ("stream", b"x" * (10 << 20), "text/plain", "content type text/plain"),
        ("json", b'{"number": "17", "q": "abc"}', "application/json", "{'number': '17', 'q': 'abc'}"),
        ("page", b"x" * 6000, HTML, "values are missing, or not escaped"),
        ("session", b"1", HTML, "no cookie is set"),
        ("static304", b"", "text/plain", "no validator"),
        ("upload", b"0", HTML, "b'0', not b'1048576'"),
    ],
)
def test_wrong_answers_are_told(monkeypatch, tmp_path, key, body, kind, problem):
    headers = http.client.HTTPMessage()
    headers["Content-Type"] = kind
    monkeypatch.setattr(check.Client, "ask", lambda *args, **more: check.Answer(200, headers, body))
    contestant = Contestant("x", Kind.OURS, "", frozenset({key}), (), lambda setting: Command([], {}))
    assert check.problems(contestant, Setting(1, tmp_path, tmp_path)) == {key: problem}
