"""Functions of the start and the end of serving, in real processes: when, where, and what becomes of an error."""

import os
import re
import signal

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def run_hooks(start, sites):
    def run(*options, **environ):
        return start("-m", "demijohn", "run", sites / "hooks.py", "--port", 0, *options, **environ)

    return run


def hooks(server):
    return [tuple(found) for found in re.findall(r"hook (\w+) (\d+) hooks", server.output())]


@pytest.mark.parametrize("threads", [("--no-threads",), ("--threads", "4")])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_process(run_hooks, threads, number):
    server = run_hooks(*threads)
    pid = server.get("/")
    server.send(number)
    assert server.wait() == 0
    moments = ["startup", "worker_start", "after", "worker_stop", "shutdown"]
    assert hooks(server) == [(moment, pid) for moment in moments]
    lines = server.lines
    begun = next(index for index, line in enumerate(lines) if "Running on" in line)
    assert "worker_start" in lines[begun - 1], "announced once it is ready"


@pytest.mark.parametrize("loading", [(), ("--preload",)])
def test_workers(run_hooks, loading):
    server = run_hooks("--processes", "2", "--threads", "2", *loading)
    workers = server.workers(2)
    os.kill(workers[0], signal.SIGKILL)
    workers += server.workers(3)[2:]
    answered = server.get("/")
    server.wait_for(r"hook after")
    server.stop()
    seen = hooks(server)
    assert not [one for one in seen if one[1] == str(server.pid)], "the supervisor loads nothing"
    if loading:
        loader = server.wait_for(r"Loader (\d+) is ready")[0][1]
        assert [one for one in seen if one[1] == loader] == [("startup", loader), ("shutdown", loader)]
        assert seen[0] == ("startup", loader)
        assert seen[-1] == ("shutdown", loader)
    for pid in map(str, workers):
        expected = ["worker_start"]
        expected += ["after"] if pid == answered else []
        expected += ["worker_stop"] if pid != str(workers[0]) else []  # killed
        if not loading:
            expected = ["startup", *expected] + (["shutdown"] if pid != str(workers[0]) else [])
        assert [moment for moment, where in seen if where == pid] == expected


@pytest.mark.parametrize("options", [(), ("--processes", "2"), ("--processes", "2", "--preload")])
@pytest.mark.parametrize("moment", ["startup", "worker_start"])
def test_a_failed_start_is_shown_and_ends_the_command(run_hooks, options, moment):
    server = run_hooks(*options, FAIL=moment)
    assert server.wait() == 3
    assert f"LookupError: {moment} went wrong" in server.output()
    assert 'in say\n    raise LookupError(f"{what} went wrong")' in server.output()
    assert ("shutdown" in dict(hooks(server))) is (moment == "worker_start"), "what began is ended"


@pytest.mark.parametrize("moment", ["worker_stop", "shutdown", "after"])
def test_a_failed_end_is_logged(run_hooks, moment):
    server = run_hooks(FAIL=moment)
    server.get("/")
    server.wait_for(r"hook after")
    server.stop()
    assert f"LookupError: {moment} went wrong" in server.output()
    assert [one for one, _ in hooks(server)] == ["startup", "worker_start", "after", "worker_stop", "shutdown"]


def test_a_stop_in_haste_leaves_the_end_out(run_hooks):
    server = run_hooks()
    server.get("/")
    server.send(signal.SIGQUIT)
    server.wait()
    assert "worker_stop" not in dict(hooks(server))
