"""Control of real servers: what is in flight over all workers, workers that stand still, reload, scale, stop, and who may."""

import fcntl
import http.client
import json
import os
import pty
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import time

import pytest
from click.testing import CliRunner

from demijohn.manage.cli import main
from demijohn.manage.control.client import ControlClient
from demijohn.manage.control.place import ControlListener
from demijohn.manage.control.server import ControlServer

pytestmark = pytest.mark.slow


@pytest.fixture
def serve(start, gate, sites, tmp_path):
    """`demijohn run` of sites/parked.py on a free port, with its control socket at `tmp_path/control`."""

    def serve_parked(*options):
        words = ("-m", "demijohn", "run", sites / "parked.py", "--port", 0, "--control-socket", tmp_path / "control")
        server = start(*words, *options, GATES=str(gate.directory))
        assert server.port, "it can be asked once it is announced"
        return server

    return serve_parked


@pytest.fixture
def ctl(tmp_path, monkeypatch):
    """Run a command of `demijohn` for that socket, in this process; returns the result, its exit code and its output."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return CliRunner().invoke(main, [*map(str, words), "--socket", str(tmp_path / "control")])

    return run


@pytest.fixture
def ask(tmp_path):
    def ask_once(command, **arguments):
        with ControlClient(str(tmp_path / "control"), timeout=20) as client:
            return client.ask(command, **arguments)

    return ask_once


def line_of(sites, name):
    """Return the number of the line of parked.py that is marked with a name."""
    lines = (sites / "parked.py").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith(f"# line: {name}"))


PARKED = {
    "/park/order/1": ("order", "order"),
    "/park/order/2": ("order", "order"),
    "/park/item/x": ("item", "deep"),
    "/park/item/y": ("item", "deep"),
    "/park/report": ("report", "report"),
}


@pytest.mark.parametrize(
    "options", [("--workers", "2", "--threads", "8"), ("--threads", "8")], ids=["workers", "alone"]
)
def test_top_lists_all_parked_requests_with_their_routes_and_lines(serve, gate, ctl, sites, until, options):
    server = serve(*options)
    answers = [server.get_later(path) for path in PARKED]

    def look(*words):
        result = ctl("top", *words)
        assert result.exit_code == 0, result.output
        return result

    def all_parked():
        seen = json.loads(look("--json").output)
        places = {one["path"]: one["where"] for one in seen["requests"]}
        is_there = {
            path: (place is not None and place["line"] == line_of(sites, PARKED[path][1]))
            for path, place in places.items()
        }
        # The other worker may still be booting, and says nothing of phases then.
        has_said = all("phases" in one for one in seen["workers"])
        return seen if has_said and len(is_there) == len(PARKED) and all(is_there.values()) else None

    seen = until(all_parked)
    pids = {one["pid"] for one in seen["workers"]}
    assert len(pids) == (2 if "--workers" in options else 1)
    assert all(one["is_responsive"] for one in seen["workers"])
    assert sum(one["phases"]["handler"] for one in seen["workers"]) == len(PARKED)
    assert sum(one["in_flight"] for one in seen["workers"]) == len(PARKED)
    for one in seen["requests"]:
        route, mark = PARKED[one["path"]]
        assert (one["route"], one["phase"], one["method"]) == (route, "handler", "GET")
        assert one["pid"] in pids
        assert (one["where"]["file"], one["where"]["line"]) == (str(sites / "parked.py"), line_of(sites, mark))
        assert one["client"] == "127.0.0.1"
        assert one["stack"] == []

    # On a machine that is busy a worker may be late with an answer.
    def both_items():
        found = json.loads(look("--json", "--stacks", "--route", "item").output)["requests"]
        return found if len(found) == 2 else None

    items = until(both_items)
    for one in items:
        functions = [place["function"] for place in one["stack"] if place["file"] == str(sites / "parked.py")]
        assert functions == ["item", "wait_for_byte"]
        assert "gate.read(1)" in one["stack"][-1]["source"]
    assert until(lambda: f"parked.py:{line_of(sites, 'order')} in order" in look("--once").output)
    for _ in PARKED:
        gate.release()
    for answer in answers:
        assert answer() == "ok"
    assert until(lambda: not json.loads(look("--json").output)["requests"])


def test_a_worker_that_stands_still_is_shown_as_silent_with_what_the_board_has(serve, gate, ctl, ask, until, request):
    server = serve("--workers", "2", "--threads", "4")
    server.workers(2)
    for _ in range(6):
        server.get("/")
    # A client may have its answer a little before the worker has counted that.
    until(lambda: not any(one["in_flight"] for one in ask("workers")))
    before = {one["pid"]: one["requests"] for one in ask("workers")}
    frozen = socket.create_connection(("127.0.0.1", server.port))
    request.addfinalizer(frozen.close)
    frozen.sendall(b"GET /freeze HTTP/1.1\r\nHost: test\r\n\r\n")
    seen = until(
        lambda: (
            (seen := json.loads(ctl("top", "--json").output))
            and not all(one["is_responsive"] for one in seen["workers"])
            and seen
        )
    )
    (silent,) = [one for one in seen["workers"] if not one["is_responsive"]]
    (other,) = [one for one in seen["workers"] if one["is_responsive"]]
    assert (silent["requests"], silent["in_flight"]) == (before[silent["pid"]] + 1, 1)
    assert "phases" not in silent
    assert silent["heartbeat_age"] > 0.9, "it was silent for as long as it was waited for"
    assert silent["memory_bytes"] > 1 << 20
    assert f"No answer from: {silent['pid']}" in ctl("top", "--once").output
    # Its interpreter answers nobody; code in C can still say where it is.
    result = ctl("ctl", "stacks", silent["pid"])
    assert result.exit_code == 0, result.output
    assert " in freeze" in result.output
    result = ctl("ctl", "log-level", "demijohn.test", "error")
    assert (result.exit_code, str(silent["pid"]) in result.output) == (6, True)
    assert ctl("ctl", "stacks", 1).exit_code == 1
    assert "no worker of this server" in ctl("ctl", "stacks", 1).output


def test_reload_waits_for_the_outcome_and_shows_why_it_failed(serve, gate, ctl, ask):
    server = serve("--workers", "2", "--threads", "2")
    old = set(server.workers(2))
    result = ctl("ctl", "reload")
    assert result.exit_code == 0, result.output
    assert "generation 2 serves" in result.output
    assert {one["generation"] for one in ask("workers") if one["state"] == "serving"} == {2}
    (gate.directory / "broken").touch()
    result = ctl("ctl", "reload")
    assert result.exit_code == 1
    assert "LookupError: broken on purpose" in result.output
    assert "what served before goes on serving" in result.output
    result = ctl("ctl", "reload", "--json")
    assert json.loads(result.output)["code"] == "failed"
    assert int(server.get("/")) not in old
    status = ctl("ctl", "status").output
    assert "The last reload came to nothing" in status
    assert "broken on purpose" in status
    assert ask("status")["reload_failures"] == 2


def test_scale_log_level_stacks_and_stop(serve, ctl, ask, until):
    server = serve("--workers", "2", "--threads", "2")
    server.workers(2)
    assert json.loads(ctl("ctl", "scale", 3, "--json").output) == {"wanted": 3, "before": 2}
    assert until(lambda: [one["state"] for one in ask("workers")] == ["serving"] * 3)
    assert ctl("ctl", "log-level", "demijohn.test", "17").exit_code == 0
    assert server.get("/level") == "17"
    pid = ask("workers")[0]["pid"]
    assert "Thread demijohn-stopwatch" in ctl("ctl", "stacks", pid).output
    lines = ctl("ctl", "workers").output.splitlines()
    assert len(lines) == 4
    assert "3 workers wanted, there are: 3 serving" in ctl("ctl", "status").output
    result = ctl("ctl", "stop")
    assert (result.exit_code, result.output) == (0, "Stopped.\n")
    assert server.wait() == 0
    assert ctl("ctl", "status").exit_code == 4


@pytest.mark.parametrize("loading", [(), ("--preload",)])
def test_a_log_level_is_also_that_of_workers_that_come_later(serve, ctl, ask, until, loading):
    server = serve("--workers", "1", "--log-level", "info", *loading)
    (first,) = server.workers(1)
    assert server.get("/level") == "20"
    assert ctl("ctl", "log-level", "demijohn.test", "17").exit_code == 0
    assert ctl("ctl", "log-level", "demijohn", "warning").exit_code == 0
    os.kill(first, signal.SIGKILL)
    until(lambda: [(one["state"], one["pid"] == first) for one in ask("workers")] == [("serving", False)])
    assert server.get("/level") == "17"
    assert ctl("ctl", "reload").exit_code == 0
    until(lambda: [one["generation"] for one in ask("workers")] == [2])
    assert server.get("/level") == "17"
    assert server.get("/level?demijohn") == "30", "the settings of the reload do not count"
    assert "Reloaded" not in server.output(), "nor in the supervisor, once they were read"
    assert ctl("ctl", "stop").exit_code == 0


def test_one_process_says_what_it_cannot_do(serve, gate, ctl, tmp_path):
    server = serve("--no-threads")
    answer = server.get_later("/park/item/x")
    assert f"process {server.pid}, serving" in ctl("ctl", "status").output
    for words in (("reload",), ("scale", 2)):
        result = ctl("ctl", *words)
        assert (result.exit_code, "without a supervisor" in result.output) == (1, True)
    assert ctl("ctl", "log-level", "no-such-level").exit_code == 2
    gate.release()
    assert answer() == "ok"
    assert ctl("ctl", "stop", "--now").exit_code == 0
    server.wait()
    assert not (tmp_path / "control").exists()


def test_the_only_server_is_found_at_the_default_place(start, gate, sites, tmp_path):
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    server = start(
        "-m",
        "demijohn",
        "run",
        sites / "parked.py",
        "--port",
        0,
        GATES=str(gate.directory),
        XDG_RUNTIME_DIR=str(tmp_path),
    )
    assert server.port
    path = tmp_path / "demijohn" / f"{server.pid}.sock"
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.lstat(path.parent).st_mode) == 0o700
    command = [sys.executable, "-m", "demijohn", "ctl", "status", "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environ, cwd=tmp_path, timeout=60)
    assert json.loads(done.stdout)["pid"] == server.pid


def as_nobody(function):
    """Run a function in a child that is nobody; return what it says."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.write(write, function().encode())
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as file:
        said = file.read()
    assert os.waitpid(pid, 0)[1] == 0
    return said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("mode", [0o600, 0o666], ids=["by its permissions", "by who asks"])
def test_somebody_else_gets_nowhere(mode, caplog):
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        listener = ControlListener.open(f"{directory}/control")
        server = ControlServer(listener, lambda message, reply: reply.give("a secret"))
        os.chmod(listener.path, mode)

        def connect():
            with socket.socket(socket.AF_UNIX) as sock:
                try:
                    sock.connect(listener.path)
                    return "connected"
                except PermissionError:
                    return "not permitted"

        said = as_nobody(connect)
        server.turn()
        assert said == ("not permitted" if mode == 0o600 else "connected")
        assert not server._clients
        assert ("User 65534" in caplog.text) == (mode == 0o666)
        server.close()


def test_the_live_view_shows_requests_obeys_keys_and_leaves_the_terminal_as_it_was(serve, gate, tmp_path, sites):
    pytest.importorskip("rich")
    server = serve("--threads", "4")
    answer = server.get_later("/park/item/x")
    gate_line = f"parked.py:{line_of(sites, 'deep')} in"
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "demijohn", "top", "--interval", "0.1", "--socket", tmp_path / "control"]
    environ = {**os.environ, "TERM": "xterm", "PYTHONWARNINGS": "error"}
    top = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environ, cwd=tmp_path)
    try:
        screen = Screen(ours)
        screen.wait_for(gate_line)
        os.write(ours, b"\r")
        screen.wait_for("gate.read(1)")
        os.write(ours, b"/nothing like it\r")
        screen.wait_for("Nothing of 1 is shown")
        server.process.kill()
        screen.wait_for("There is no server")
        os.write(ours, b"q")
        screen.drain_until(top)
        assert top.returncode == 0, top.stderr.read()
        assert termios.tcgetattr(theirs) == before
    finally:
        if top.poll() is None:
            top.kill()
            top.wait(20)
        top.stderr.close()
        os.close(theirs)
        os.close(ours)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        answer()


class Screen:
    """What a program writes to a terminal, as it comes."""

    def __init__(self, fd):
        self._fd = fd
        self._text = ""

    def wait_for(self, part):
        deadline = time.monotonic() + 20
        while part not in self._text:
            assert self._read(deadline - time.monotonic()), f"no {part!r} in {self._text!r}"
        self._text = ""

    def drain_until(self, process):
        """Take what comes until a process has ended: it must not wait for the terminal."""
        deadline = time.monotonic() + 20
        while process.poll() is None:
            assert time.monotonic() < deadline, "it does not end"
            self._read(0.05)

    def _read(self, seconds):
        ready, _, _ = select.select([self._fd], [], [], max(0.0, seconds))
        if ready:
            self._text += os.read(self._fd, 65536).decode("utf-8", "replace")
        return bool(ready)
