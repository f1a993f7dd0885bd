"""A short run of the benchmarks with our own server alone: everything that `make bench` does, once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.contestants import DEFAULT
from services import need

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2, reason="it needs two cores, and Linux"
)
def test_our_own_server_is_measured(tmp_path):
    for program in ("wrk", "taskset"):
        need(program)
    command = [sys.executable, "-m", "bench", "--quick", "--only", DEFAULT, "--workload", "hello", "mixed", "idle"]
    command += ["--idle", "50", "--port", "18765", "--out", str(tmp_path)]
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
    assert figures["idle"]["opened"] == figures["idle"]["alive"] == 50
