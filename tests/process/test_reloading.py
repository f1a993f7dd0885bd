"""Reloads in real processes: fresh code and settings, broken ones, hung workers, renewal; each with and without a loader."""

import http.client
import os
import pty
import select
import signal
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="loaders are Linux's")]

LOADING = [(), ("--preload",)]


class Site:
    """An application whose code the test changes."""

    def __init__(self, directory):
        self.directory = directory
        self.count = 0

    def write(self, code):
        # Another size each time: what Python has compiled is known by seconds and size.
        self.count += 1
        (self.directory / "app.py").write_text(f"{code}\n" + "#" * self.count + "\n")

    def say(self, text, more=""):
        """Write an application whose page says `text`, and `more` of its code."""
        self.write(
            f"from demijohn import Demijohn\napp = Demijohn('x')\n@app.get('/')\ndef index(): return {text!r}\n{more}"
        )


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    site.say("one")
    return site


@pytest.fixture
def serve(start, site):
    def serve_site(*options, **environ):
        command = ("-m", "demijohn", "run", f"{site.directory}/app.py", "--port", 0, "--workers", 2, "--threads", 2)
        return start(*command, *options, PYTHONDONTWRITEBYTECODE="1", **environ)

    return serve_site


@pytest.mark.parametrize("loading", LOADING)
def test_a_reload_serves_the_code_of_today(serve, site, loading):
    server = serve(*loading)
    old = server.workers(2)
    assert server.get() == "one"
    site.say("two")
    server.send(signal.SIGHUP)
    server.wait_for("Reloaded: generation 2 takes over")
    server.wait_for(rf"Worker ({old[0]}|{old[1]}) exited with code 0", 2)
    assert {server.get() for _ in range(5)} == {"two"}
    server.stop()
    assert len(server.workers(4)) == 4


@pytest.mark.parametrize("loading", LOADING)
@pytest.mark.parametrize("code", ["def app(:", "import os; os._exit(7)", "raise LookupError('no base')"])
def test_a_reload_of_a_broken_application_changes_nothing(serve, site, loading, code):
    server = serve(*loading)
    old = server.workers(2)
    site.write(code)
    server.send(signal.SIGHUP)
    (found,) = server.wait_for(r"The reload came to nothing; what served before goes on. Generation 2: (.*)")
    assert "in 3 attempts" in found[1]
    assert {server.get() for _ in range(5)} == {"one"}
    assert len(server.workers(2)) == 2
    site.say("three")
    server.send(signal.SIGHUP)
    server.wait_for("Reloaded: generation 3 takes over")
    # These: a worker of the generation that came to nothing may have ended in order, too.
    server.wait_for(rf"Worker ({old[0]}|{old[1]}) exited with code 0", 2)
    assert server.get() == "three"
    server.stop()


def test_with_a_loader_a_replaced_worker_has_the_code_of_its_generation(serve, site):
    server = serve("--preload")
    workers = server.workers(2)
    site.write("def app(:")
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    server.workers(4)
    assert server.get() == "one"
    loader = int(server.wait_for(r"Loader (\d+) is ready")[0][1])
    site.say("two")
    os.kill(loader, signal.SIGKILL)
    server.wait_for(r"Loader \d+ is ready", 2)
    assert server.get() == "one", "the workers go on"
    server.stop()


def test_a_reload_reads_the_settings_anew(serve, site, tmp_path):
    config = tmp_path / "settings.toml"
    config.write_text('access_log_file = "a.log"\nwarmup = ["/"]\n')
    server = serve("--config", str(config), "--chdir", str(tmp_path))
    server.workers(2)
    config.write_text('access_log_file = "b.log"\nbacklog = 7\nmax_requests = "many"\n')
    server.send(signal.SIGHUP)
    server.wait_for("max_requests is 'many'; it must be")
    (tmp_path / "admin.py").write_text(
        "from demijohn import Demijohn\napp = Demijohn('y')\n@app.get('/')\ndef index(): return 'admin'\n"
    )
    mount = '[mount]\n"/admin" = "admin.py"\n'
    config.write_text(f'access_log_file = "b.log"\nbacklog = 7\nmax_requests = 1000\n{mount}')
    server.send(signal.SIGHUP)
    server.wait_for("A reload does not change backlog")
    server.wait_for("Reloaded: generation 3")
    server.wait_for(r"Worker \d+ exited with code 0", 2)
    assert server.get() == "one"
    assert server.get("/admin/") == "admin", "what is mounted is a setting, too"
    server.stop()
    assert "GET / " in (tmp_path / "b.log").read_text()
    assert "GET / " not in (tmp_path / "a.log").read_text()


def test_a_generation_whose_warm_up_fails_is_broken(serve, site):
    server = serve("--warmup", "/")
    server.workers(2)
    site.say("two")
    site.write((site.directory / "app.py").read_text().replace("return 'two'", "1/0"))
    server.send(signal.SIGHUP)
    server.wait_for("The reload came to nothing")
    server.wait_for("The warm-up request for / is answered with 500")
    assert server.get() == "one"
    server.stop()


@pytest.mark.parametrize("loading", LOADING)
def test_workers_are_renewed_after_so_many_requests(serve, loading):
    server = serve("--max-requests", "3", *loading)
    old = server.workers(2)
    for _ in range(8):
        assert server.get() == "one"
    server.wait_for(r"Worker \d+ is replaced: it has taken \d+ requests")
    server.wait_for(rf"Worker ({old[0]}|{old[1]}) exited with code 0")
    server.stop()


def test_a_hung_worker_says_where_it_is_and_is_replaced(serve, site):
    site.write(
        "import ctypes, threading, os\n"
        "from demijohn import Demijohn\n"
        "app = Demijohn('x')\n"
        "@app.get('/')\n"
        "def index(): return str(os.getpid())\n"
        "def hold_the_lock_of_the_interpreter():\n"
        "    ctypes.PyDLL(None).sleep(60)\n"  # PyDLL does not let go of the GIL
        "@app.get('/hang')\n"
        "def hang(): hold_the_lock_of_the_interpreter()\n"
        "def wait_beside(): threading.Event().wait()\n"
        "app.on_worker_start(lambda: threading.Thread(target=wait_beside, daemon=True).start())\n"
    )
    server = serve("--worker-timeout", "2")
    server.workers(2)
    with pytest.raises((OSError, http.client.HTTPException)):
        server.get("/hang")
    server.wait_for(r"Worker \d+ is hung: its interpreter stands still")
    server.wait_for(r"in hold_the_lock_of_the_interpreter")
    server.wait_for(r"in wait_beside")
    (killed,) = server.wait_for(r"Worker (\d+) was killed by SIGKILL")
    server.workers(3)
    assert server.get() != killed[1]
    server.stop()


def test_a_busy_worker_is_not_hung(serve, site):
    site.write(
        "import os, time\n"
        "from demijohn import Demijohn\n"
        "app = Demijohn('x')\n"
        "@app.get('/')\n"
        "def index():\n"
        "    end = time.process_time() + 3\n"
        "    while time.process_time() < end: pass\n"
        "    return str(os.getpid())\n"
    )
    server = serve("--worker-timeout", "2.5")
    server.workers(2)
    assert int(server.get("/")) in server.workers(2)
    assert "hung" not in server.output()
    server.stop()


def test_usr1_opens_the_logs_of_all_workers_anew(serve, tmp_path, until):
    log = tmp_path / "access.log"
    server = serve("--access-log-file", str(log))
    server.workers(2)
    server.get("/?one")
    until(lambda: "?one" in log.read_text())
    log.rename(tmp_path / "moved.log")
    server.send(signal.SIGUSR1)
    until(log.exists)

    def is_in_the_new_one():
        server.get("/?two")
        return "?two" in log.read_text()

    until(is_in_the_new_one)
    server.stop()


def test_winch_of_a_daemon_stops_the_workers_and_hup_starts_them(serve):
    server = serve()
    server.workers(2)
    server.send(signal.SIGWINCH)
    server.wait_for(r"Worker \d+ exited with code 0", 2)
    server.send(signal.SIGHUP)
    server.workers(4)
    assert server.get() == "one"
    server.stop()


def test_what_is_open_when_the_workers_are_forked_is_named(serve, site):
    site.write(
        "import gc, threading, socket\n"
        "from demijohn import Demijohn\n"
        "app = Demijohn('x')\n"
        "poller = threading.Thread(target=threading.Event().wait, daemon=True)\n"
        "poller.start()\n"
        "@app.on_startup\n"
        "def connect():\n"
        "    app.sock = socket.create_server(('127.0.0.1', 0))\n"
        "@app.get('/')\n"
        "def index(): return str(gc.get_freeze_count())\n"
    )
    server = serve("--preload")
    server.wait_for(
        r"Fork audit: A thread, .* made at .*/app.py:5, is not there in the workers. Make it in .*on_worker_start"
    )
    server.wait_for(r"Fork audit: A socket made at .*/app.py:8, is shared by all workers")
    assert int(server.get()) > 10_000, "what was loaded is never collected in a worker, and so its pages stay shared"
    server.stop()


def test_a_worker_with_a_stuck_thread_is_replaced(serve, site):
    site.say("one", "import ctypes\n@app.get('/stuck', timeout=0.2)\ndef stuck(): ctypes.CDLL(None).sleep(60)\n")
    server = serve("--stuck-after", "0.2")
    first = server.workers(2)
    with pytest.raises(AssertionError, match="504"):
        server.get("/stuck")
    (replaced,) = server.wait_for(r"Worker (\d+) is replaced: a thread of it is stuck")
    assert int(replaced[1]) in first
    server.workers(3)
    assert server.get() == "one"


def test_a_worker_that_takes_too_much_memory_is_replaced(serve):
    server = serve("--max-memory", "1MiB")
    server.workers(2)
    server.wait_for(r"Worker \d+ is replaced: it takes \d+ MiB of memory")
    server.wait_for(r"max_memory is 1 MiB, but worker \d+ took \d+ MiB when it had just booted")
    server.workers(3)
    assert server.get() == "one"
    server.stop()


def test_a_worker_that_crashes_says_where(serve, site):
    site.say("one", "import ctypes\n@app.get('/crash')\ndef crash(): ctypes.string_at(0)\n")
    server = serve()
    server.workers(2)
    with pytest.raises((OSError, http.client.HTTPException)):
        server.get("/crash")
    server.wait_for(r"Worker \d+ was killed by SIGSEGV")
    server.wait_for("Fatal Python error: Segmentation fault")
    server.wait_for(" in crash")
    server.stop()


@pytest.mark.parametrize("loading", LOADING)
def test_reloads_leave_no_descriptors_open(serve, site, until, loading):
    server = serve(*loading)
    server.workers(2)

    def descriptors():
        return len(os.listdir(f"/proc/{server.pid}/fd"))

    before = descriptors()
    for generation in (2, 3):
        server.send(signal.SIGHUP)
        server.wait_for(f"Reloaded: generation {generation}")
    site.write("def app(:")
    server.send(signal.SIGHUP)
    server.wait_for("The reload came to nothing")
    server.wait_for(r"Worker \d+ exited with code 0", 4)
    until(lambda: descriptors() == before)
    server.stop()


def test_an_application_object_is_not_loaded_anew_and_that_is_said(start, sites):
    server = start(sites / "app_run.py", "processes")
    server.workers(2)
    server.send(signal.SIGHUP)
    server.wait_for("a reload makes new workers, with the same code")
    server.wait_for("Reloaded: generation 2")
    server.stop()


@pytest.mark.parametrize(
    ("workers", "up", "count"),
    [(("--workers", "2"), b"is ready", 2), ((), b"CTRL+C to quit", 1)],
    ids=["workers", "alone"],
)
def test_a_terminal_that_goes_away_ends_the_server(sites, workers, up, count):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "demijohn", "run", str(sites / "gate.py"), "--port", "0", *workers]
    take_terminal = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", take_terminal, *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as server:
        os.close(theirs)
        output = b""
        try:
            while output.count(up) < count:
                ready, _, _ = select.select([ours], [], [], 20)
                assert ready, output
                output += os.read(ours, 4096)
        finally:
            os.close(ours)  # the kernel sends SIGHUP
        assert server.wait(20) == 0
