"""Workers that die, stop, fail to boot or lose their supervisor: with real processes and signals."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="uses pidfd or /proc")

FOUR_WAYS = [
    ("--no-threads",),
    ("--threads", "4"),
    ("--no-threads", "--processes", "2"),
    ("--threads", "4", "--processes", "2"),
]


@pytest.mark.parametrize("threads", [("--no-threads",), ("--threads", "4")])
def test_killed_workers_are_replaced_and_the_server_goes_on_answering(run, threads):
    server = run("--processes", "2", *threads)
    first = set(server.workers(2))
    killed = set()
    for count in range(1, 5):
        pid = int(server.get("/"))
        assert pid not in killed
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
        server.wait_for(r"Worker \d+ was killed by SIGKILL", count)
    assert killed - first, "a replacement has answered"
    assert int(server.get("/")) not in killed
    server.stop()


def test_an_application_that_ends_its_process_is_no_failed_boot(run):
    server = run("--processes", "2", "--threads", "4")
    server.workers(2)
    for count in range(1, 5):
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            server.get("/die")
        server.wait_for(r"Worker \d+ exited with code 3", count)
    assert int(server.get("/")) in server.workers(6)  # two, and one for each that died
    server.stop()


@pytest.mark.parametrize("options", FOUR_WAYS)
def test_sys_exit_in_a_view_is_an_error_of_that_request_only(run, options):
    server = run(*options)
    before = server.get("/")
    with pytest.raises(AssertionError, match="500"):
        server.get("/exit")
    assert server.get("/")
    assert "exited" not in server.output()
    assert before
    server.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("options", FOUR_WAYS)
def test_a_stop_signal_lets_the_request_in_flight_finish(run, gate, options, number):
    server = run(*options)
    answer = server.get_later("/slow")
    gate.wait_started()
    server.send(number)
    server.wait_for("[Ss]topping once the requests in flight are answered")
    gate.release()
    assert int(answer()) > 0
    assert server.wait() == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


@pytest.mark.parametrize("options", [("--threads", "4"), ("--threads", "4", "--processes", "2")])
def test_while_it_stops_nobody_new_is_let_in(run, gate, until, options):
    server = run(*options)
    answer = server.get_later("/slow")
    gate.wait_started()
    server.send(signal.SIGTERM)

    def is_refused():
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        except TimeoutError:
            return False  # the system had no place for it while the listener ended; it is to be refused all the same
        except ConnectionError:
            return True
        return False

    until(is_refused)
    gate.release()
    assert int(answer()) > 0
    assert server.wait() == 0


@pytest.mark.parametrize("options", [("--threads", "4"), ("--threads", "4", "--processes", "2")])
def test_a_second_signal_waits_for_nobody(run, gate, options):
    server = run(*options)
    server.get_later("/slow")
    gate.wait_started()
    server.send(signal.SIGINT)
    server.wait_for("topping once")
    server.send(signal.SIGINT)
    assert server.wait() == 0


def test_a_thread_that_never_returns_does_not_keep_the_process(run, gate):
    server = run("--no-threads")
    server.get_later("/slow")
    gate.wait_started()
    server.send(signal.SIGINT)
    server.wait_for("topping once")
    server.send(signal.SIGINT)
    assert server.wait() == 1
    assert "did not stop in time" in server.output()


@linux_only
def test_workers_notice_the_death_of_their_supervisor(run, wait_gone):
    server = run("--processes", "2")
    workers = server.workers(2)
    # A worker that was forked later has inherited more of the supervisor's descriptors.
    os.kill(workers[0], signal.SIGKILL)
    workers = server.workers(3)[1:]
    server.process.kill()
    for pid in workers:
        wait_gone(pid)
    server.wait_for("The supervisor is gone", 2)  # what they wrote may be read later than they are gone
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", server.port))


@linux_only
def test_an_orphaned_worker_answers_the_request_in_flight_first(run, gate, wait_gone):
    server = run("--processes", "2")
    workers = server.workers(2)
    answer = server.get_later("/slow")
    gate.wait_started()
    server.process.kill()
    server.wait_for("The supervisor is gone", 2)
    gate.release()
    assert int(answer()) in workers
    for pid in workers:
        wait_gone(pid)


def test_ttin_and_ttou_change_the_number_of_workers(run):
    server = run("--processes", "2", "--threads", "2")
    server.workers(2)
    server.send(signal.SIGTTIN)
    server.workers(3)
    for wanted in (2, 1):
        server.send(signal.SIGTTOU)
        server.wait_for(f"SIGTTOU: {wanted} workers wanted")
    left = {int(found[1]) for found in server.wait_for(r"Worker (\d+) exited with code 0", 2)}
    assert {int(server.get("/"))} == set(server.workers(3)) - left
    server.stop()


@pytest.mark.parametrize(("what", "cause"), [("raise", "LookupError: no database"), ("exit", "SystemExit: 7")])
def test_workers_that_never_boot_are_given_up_with_the_cause(start, sites, tmp_path, what, cause):
    server = start(sites / "boots.py", what, tmp_path / "report")
    assert server.wait() == 3
    assert "No worker could boot in 3 attempts; giving up." in server.output()
    assert cause in server.output().rpartition("giving up")[2]
    assert len((tmp_path / "report").read_text().splitlines()) <= 6


def test_one_worker_that_boots_keeps_the_supervisor_going(start, sites, tmp_path):
    server = start(sites / "boots.py", "once", tmp_path / "report")
    server.workers(1)
    server.wait_for(r"Worker \d+ exited with code 3", 5)
    server.stop()


def test_workers_that_do_not_stop_are_killed(start, sites, tmp_path):
    server = start(sites / "boots.py", "stubborn", tmp_path / "report")
    server.workers(2)
    server.stop()
    assert len(server.wait_for("is still there after 0.2 s; killing it")) == 2


def test_workers_do_not_share_their_random_numbers(start, sites, tmp_path):
    server = start(sites / "boots.py", "idle", tmp_path / "report")
    pids = server.workers(2)
    reports = dict(line.split() for line in (tmp_path / "report").read_text().splitlines())
    assert set(map(int, reports)) == set(pids)
    assert len(set(reports.values())) == 2
    server.send(signal.SIGQUIT)
    assert server.wait() == 0


def test_a_supervisor_off_the_main_thread(start, sites):
    server = start(sites / "thread_host.py")
    assert server.wait() == 0, server.output()
    assert server.process.stdout.read() == "done\n"


def can_unshare():
    command = ["unshare", "--pid", "--fork", "--mount-proc", "true"]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def states_of_children(pid):
    states = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(FileNotFoundError):  # reaped meanwhile
            states.append(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0])
    return states


@linux_only
def test_as_process_1_strangers_are_reaped_and_not_taken_for_workers(start, sites, tmp_path):
    if not can_unshare():
        pytest.skip("no permission to make a process id namespace")
    # The inner program becomes process 1 of its namespace.
    inner = [sys.executable, "-m", "demijohn", "run", str(sites / "gate.py"), "--port", "0", "--processes", "2"]
    server = start(
        "-c",
        f"import os; os.execvp('unshare', ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', *{inner!r}])",
    )
    first = server.workers(2)
    for _ in range(5):
        assert int(server.get("/orphan")) in first
    children = f"/proc/{server.pid}/task/{server.pid}/children"
    with open(children) as file:
        (supervisor,) = map(int, file.read().split())
    os.kill(supervisor, signal.SIGTTIN)
    server.workers(3)  # the supervisor has gone round its loop since
    # An orphan may still be ending; each is gone in the end, and the workers are left.
    until = time.monotonic() + 20
    while len(states := states_of_children(supervisor)) != 3 or "Z" in states:
        assert time.monotonic() < until, states
        time.sleep(0.02)
    assert "exited" not in server.output()
    os.kill(supervisor, signal.SIGTERM)
    assert server.wait() == 0


@pytest.mark.parametrize("options", FOUR_WAYS)
def test_ctrl_c_reaches_workers_and_supervisor_alike_and_is_still_graceful(run, gate, options):
    server = run(*options)
    answer = server.get_later("/slow")
    gate.wait_started()
    os.killpg(server.pid, signal.SIGINT)  # what a terminal does
    server.wait_for("[Ss]topping once the requests in flight are answered")
    gate.release()
    assert int(answer()) > 0
    assert server.wait() == 0
    assert "Traceback" not in server.output()


@pytest.mark.parametrize("options", FOUR_WAYS)
def test_a_signal_right_after_the_announcement_is_a_stop_in_order(run, options):
    server = run(*options)
    assert server.port
    server.stop()


def test_one_worker_that_is_asked_for_has_a_supervisor(run):
    server = run("--workers", 1)
    (worker,) = server.workers(1)
    server.wait_for("1 worker process x 16 threads")
    assert int(server.get("/")) == worker
    server.send(signal.SIGHUP)
    server.wait_for("Reloaded: generation 2 takes over")
    server.wait_for(rf"Worker {worker} exited with code 0")
    assert int(server.get("/")) == server.workers(2)[1]
    server.stop()


def test_a_process_without_a_supervisor_survives_the_signals_that_are_for_one(run, tmp_path, until):
    log = tmp_path / "access.log"
    server = run("--access-log-file", log)
    assert int(server.get("/?one")) == server.pid
    until(lambda: "?one" in log.read_text())
    log.rename(tmp_path / "moved.log")
    server.send(signal.SIGHUP)
    server.wait_for("SIGHUP: log files are opened anew and certificates read anew; .* start it with --supervise")
    assert int(server.get("/?two")) == server.pid
    until(lambda: "?two" in log.read_text())
    server.send(signal.SIGUSR2)
    server.wait_for("SIGUSR2: only a supervisor can hand its sockets to another: start it with --supervise")
    assert int(server.get("/")) == server.pid
    server.stop()


def test_a_worker_leaves_a_hang_up_to_its_supervisor(run):
    server = run("--workers", 1)
    (worker,) = server.workers(1)
    os.kill(worker, signal.SIGHUP)
    os.kill(worker, signal.SIGUSR1)  # taken behind it
    assert int(server.get("/")) == worker
    server.stop()
    assert server.workers(1) == [worker]
