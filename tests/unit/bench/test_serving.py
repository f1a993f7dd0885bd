"""Why a server did not start, from what it wrote."""

import socket

import pytest
from bench.measures.serving import environment, free_port, summary

GUNICORN = """[2026-11-26 02:32:31 +0000] [19245] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/x/gunicorn/arbiter.py", line 608, in spawn_worker
    worker.init_process()
ModuleNotFoundError: No module named 'flaskapp'
[2026-11-26 02:32:31 +0000] [19225] [ERROR] Worker (pid:19245) exited with code 3.
[2026-11-26 02:32:31 +0000] [19225] [ERROR] Shutting down: Master
"""


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("", ""),
        (GUNICORN, "ModuleNotFoundError: No module named 'flaskapp'"),
        ("one\n\ntwo\n three \nfour\n", "two | three | four"),
        ("[2026-11-26 02:32:31 +0000] [19225] [ERROR] Shutting down: Master", "Shutting down: Master"),
        ("Error: no such option\n", "Error: no such option"),
        ("the Error: is not at its start", "the Error: is not at its start"),
    ],
)
def test_what_a_server_said(output, told):
    assert summary(output) == told


def test_a_port_of_somebody_else_is_passed_over():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        taken = sock.getsockname()[1]
        assert taken < free_port(taken) < taken + 1000


def test_servers_find_compiled_modules(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    found = environment({"BENCH_FILES": "/files"})
    assert "PYTHONDONTWRITEBYTECODE" not in found
    assert found["PYTHONPYCACHEPREFIX"].endswith("bench/out/pycache")
    assert found["BENCH_FILES"] == "/files"
