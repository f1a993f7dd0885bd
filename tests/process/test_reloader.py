"""The reloader with real processes: the port never closes, whatever the files and the program do."""

import contextlib
import http.client
import json
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import termios
import textwrap
import threading
import time

import pytest
from bench import edits

pytestmark = pytest.mark.slow

PATIENCE = 20.0

APP = """
import os
from demijohn import Demijohn
app = Demijohn(__name__)
VALUE = {value!r}
{more}
@app.get("/")
def tell():
    return VALUE + " " + str(os.getpid())
"""


class Site:
    """A project in a directory, and a server of it."""

    def __init__(self, directory, start):
        self.directory = directory
        self._start = start
        self.context = None
        self.write()

    def write(self, value="one", more="", name="app.py"):
        (self.directory / name).write_text(APP.format(value=value, more=more))

    def run(self, *options, port=0, **environ):
        words = ("-m", "demijohn", "run", self.directory / "app.py", "--reload", *options)
        return self.start(*words, *(() if port is None else ("--port", port)), **environ)

    def start(self, *words, **environ):
        self.server = self._start(*words, cwd=self.directory, **environ)
        found = self.server.wait_for(r"Running on (https?)://127\.0\.0\.1:(\d+)")[0]
        self.port = int(found[2])
        return self.server

    def ask(self, path="/", accept="application/json"):
        if self.context is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        else:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=self.context)
        try:
            connection.request("GET", path, headers={"Accept": accept})
            with connection.getresponse() as answer:
                return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_for(self, words, status=200):
        """Ask until the answer has these words; return it. Every request is answered meanwhile."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found, body = self.ask()
            assert found in {200, 500}
            if found == status and words in body:
                return body
        raise AssertionError(f"{body!r} has not {words!r} in it\n{self.server.output()}")

    def pid(self):
        return int(self.ask()[1].split()[1])


@pytest.fixture
def site(tmp_path, start):
    return Site(tmp_path, start)


def test_an_edit_is_served_and_errors_are_shown_until_the_next_one(site):
    server = site.run()
    assert site.ask()[1].startswith("one ")
    site.write("two")
    site.wait_for("two ")
    server.wait_for(r"^ \* Reloaded because app\.py changed \(\d+ ms\)$")
    site.write("three", more="x = = 1")
    error = json.loads(site.wait_for("SyntaxError", 500))
    assert error["error"]["type"] == "SyntaxError"
    status, page = site.ask(accept="text/html")
    assert status == 500
    assert "<!doctype html>" in page
    site.write("four", more="import nowhere_at_all")
    assert "nowhere_at_all" in site.wait_for("ModuleNotFoundError", 500)
    (site.directory / "nowhere_at_all.py").write_text("")
    site.wait_for("four ")
    server.stop()
    assert len(server.wait_for("Running on")) == 1, "said once"


@pytest.mark.parametrize(
    "more, words",
    [
        ("os._exit(3)", "exit code 3"),
        ("import sys; sys.exit(255)", "SystemExit"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("app.on_startup(lambda: 1 / 0)", "ZeroDivisionError"),
    ],
)
def test_whatever_ends_it_the_port_stays_open(site, more, words):
    site.write(more=more)
    server = site._start(
        "-m", "demijohn", "run", site.directory / "app.py", "--reload", "--port", 0, cwd=site.directory
    )
    site.server = server
    site.port = int(server.wait_for(r"http://127\.0\.0\.1:(\d+) shows why")[0][1])
    site.wait_for(words, 500)
    site.write("mended")
    site.wait_for("mended ")
    server.wait_for("Running on http://127")
    server.send(signal.SIGINT)
    assert server.wait() == 0


def test_a_program_that_never_gets_ready_is_started_anew_all_the_same(site):
    site.run()
    site.write(more="while True: pass")
    site.server.wait_for("Stopping once")
    site.write("back")
    site.wait_for("back ")


def test_sighup_starts_anew(site):
    server = site.run()
    before = site.pid()
    server.send(signal.SIGHUP)
    server.wait_for(r"^ \* Reloaded \(\d+ ms\)$")
    assert site.pid() != before


def test_a_request_in_flight_is_finished_by_the_old_code_and_one_that_comes_later_waits_for_the_new(site, gate):
    site.write(
        "one",
        more=f"""
GATES = {str(gate.directory)!r}
@app.get("/slow")
def slow():
    with open(GATES + "/started", "wb", buffering=0) as file:
        file.write(b"1")
    with open(GATES + "/release", "rb", buffering=0) as file:
        file.read(1)
    return VALUE
""",
    )
    site.run("--threads", "4", "--reloader-drain", "15")
    answers = {}
    slow = threading.Thread(target=lambda: answers.update(slow=site.ask("/slow")))
    slow.start()
    gate.wait_started()
    site.write("two")
    site.server.wait_for("Stopping once")
    later = threading.Thread(target=lambda: answers.update(later=site.ask("/")))
    # What it asks before the old one has closed its door, the old one may answer: wait until that is closed.
    later.start()
    gate.release()
    slow.join(PATIENCE)
    later.join(PATIENCE)
    assert answers["slow"] == (200, "one")
    assert answers["later"][0] == 200
    site.wait_for("two ")


def test_a_request_without_end_does_not_keep_the_new_code_away(site, gate):
    site.write(
        "one",
        more=f"""
import time
@app.get("/slow")
def slow():
    with open({str(gate.directory)!r} + "/started", "wb", buffering=0) as file:
        file.write(b"1")
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
""",
    )
    site.run("--threads", "2", "--reloader-drain", "0.2")
    client = socket.create_connection(("127.0.0.1", site.port))
    client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    gate.wait_started()
    site.write("two")
    site.wait_for("two ")
    client.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
def test_both_end_together(site, wait_gone, number):
    server = site.run()
    child = site.pid()
    server.send(number)
    assert server.wait() == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    wait_gone(child)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE).close()
    assert "Traceback" not in server.output()


def test_several_processes(site, wait_gone):
    server = site.run("--processes", "2", "--threads", "2")
    server.wait_for(r"2 processes x 2 threads")
    before = site.pid()
    site.write("two")
    site.wait_for("two ")
    wait_gone(before)
    site.write("three", more="app.on_worker_start(lambda: 1 / 0)")
    site.wait_for("ZeroDivisionError", 500)
    site.write("four")
    site.wait_for("four ")
    server.stop()


def test_tls_on_the_spot_has_one_certificate_over_all_restarts(site):
    server = site.run("--certfile", "adhoc")
    certificates = set()

    def certificate():
        return ssl.get_server_certificate(("127.0.0.1", site.port))

    site.context = ssl._create_unverified_context()
    certificates.add(certificate())
    site.write("two")
    site.wait_for("two ")
    certificates.add(certificate())
    site.write("three", more="x = = 1")
    site.wait_for("SyntaxError", 500)
    certificates.add(certificate())
    assert len(certificates) == 1
    server.stop()


def test_several_addresses_and_a_unix_socket(site):
    path = site.directory / "sock"
    server = site.run("--bind", "127.0.0.1:0", "--bind", "127.0.0.1:0", "--bind", f"unix:{path}", port=None)
    ports = [int(found[1]) for found in server.wait_for(r"Running on http://127\.0\.0\.1:(\d+)", 2)]

    def ask_all():
        answers = []
        for port in ports:
            site.port = port
            answers.append(site.ask()[1].split()[0])
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(str(path))
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nConnection: close\r\n\r\n")
            answers.append(sock.makefile("rb").read().partition(b"\r\n\r\n")[2].decode().split()[0])
        return answers

    assert ask_all() == ["one"] * 3
    site.write("two")
    site.wait_for("two ")
    assert ask_all() == ["two"] * 3
    site.write("three", more="x = = 1")
    site.wait_for("SyntaxError", 500)
    assert len(set(ask_all())) == 1
    assert path.exists()
    server.stop()
    assert not path.exists()


def test_sockets_of_systemd_are_kept(site):
    script = """
        import os, socket, sys
        sock = socket.create_server(("127.0.0.1", 0))
        os.dup2(os.dup(sock.fileno()), 3, inheritable=True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
        os.execv(sys.executable, [sys.executable, "-m", "demijohn", "run", *sys.argv[1:]])
    """
    site.start("-c", textwrap.dedent(script), site.directory / "app.py", "--reload")
    site.write("two")
    site.wait_for("two ")


def test_random_edits_under_load_lose_no_request():
    """A few of them; `python -m bench.edits` makes hundreds, for each way of watching."""
    run = edits.Run("watchfiles", edits=4, seed=3, clients=2)()
    assert run.losses == []
    assert sum(run.answers.values()) > 0


# ---------------------------------------------------------------------- how programs are started


def packaged(site, sites, name):
    """Lay sites/reloaded.py out as a package, with or without `__init__.py`."""
    package = site.directory / name
    package.mkdir()
    (package / "__main__.py").write_text((sites / "reloaded.py").read_text())
    (package / "part.py").write_text("")
    return package


@pytest.mark.parametrize("how", ["script", "package", "namespace", "entry", "directory", "code"])
def test_every_way_to_start_a_program_is_repeated(site, sites, how):
    options = json.dumps({"threads": 2})
    (site.directory / "prog.py").write_text((sites / "reloaded.py").read_text())
    package = packaged(site, sites, "pkg")
    if how == "package":
        (package / "__init__.py").write_text("")
    words = {
        "script": ("prog.py",),
        "module": ("-m", "prog"),
        "package": ("-m", "pkg"),
        "namespace": ("-m", "pkg"),
        "directory": ("pkg",),
        "entry": ("./entry",),
        "code": (
            "-c",
            "import json, sys; from prog import app, run_simple; run_simple('127.0.0.1', 0, app, use_reloader=True)",
        ),
    }[how]
    if how == "entry":
        (site.directory / "entry").write_text(
            f"#!{sys.executable}\nimport runpy, sys\nsys.exit(runpy.run_path({str(site.directory / 'prog.py')!r}, run_name='__main__') and 0)\n"
        )
    server = site.start("-X", "utf8", *words, options, PYTHONPATH=str(site.directory / "lib"))
    said = json.loads(site.ask()[1]) if how != "code" else None
    if said is not None:
        assert said["parent"] == server.pid
        assert said["argv"][1:] == [options]
        assert said["from_reloader"] is True
        assert said["path"] == str(site.directory / "lib"), "it is put back"
        assert said["left"] == []
        assert said["package"] == (
            "pkg" if how in {"package", "namespace"} else "" if how in {"module", "directory"} else said["package"]
        )
    changed = package / "__main__.py" if how in {"package", "namespace", "directory"} else site.directory / "prog.py"
    changed.write_text(changed.read_text() + "\n# changed\n")
    server.wait_for(r"Reloaded because \S+ changed")
    site.ask()
    server.stop()


def test_an_error_before_anything_of_ours_is_imported_is_shown(site, sites):
    prog = site.directory / "prog.py"
    text = (sites / "reloaded.py").read_text()
    prog.write_text(text)
    server = site.start("prog.py", "{}")
    prog.write_text("def broken(:\n" + text)
    site.wait_for("SyntaxError", 500)
    prog.write_text("import nowhere_at_all\n" + text)
    assert "ModuleNotFoundError" in site.wait_for("nowhere_at_all", 500)
    prog.write_text(text)
    site.wait_for("pid")
    server.stop()


def test_what_sites_customize_is_still_done(site, sites):
    lib = site.directory / "lib"
    lib.mkdir()
    (lib / "sitecustomize.py").write_text("import os; os.environ['CUSTOMIZED'] = __file__\n")
    prog = site.directory / "prog.py"
    prog.write_text(
        (sites / "reloaded.py").read_text().replace('"left":', '"custom": os.environ.get("CUSTOMIZED"), "left":')
    )
    site.start("prog.py", "{}", PYTHONPATH=str(lib))
    assert json.loads(site.ask()[1])["custom"] == str(lib / "sitecustomize.py")


# ---------------------------------------------------------------------- inside and below other programs


def test_a_program_that_a_child_starts_is_no_child(site, sites):
    (site.directory / "prog.py").write_text((sites / "reloaded.py").read_text())
    site.write(
        more=f"""
import subprocess, sys
@app.get("/nested")
def nested():
    inner = subprocess.Popen([sys.executable, "prog.py", "{{}}"], cwd={str(site.directory)!r}, stderr=subprocess.PIPE, text=True, close_fds=False)
    for line in inner.stderr:
        if "Running on" in line:
            break
    import urllib.request
    with urllib.request.urlopen(line.split()[-1]) as answer:
        found = answer.read().decode()
    inner.terminate()
    inner.stderr.close()
    return found + " " + str(inner.wait()) + " " + line
"""
    )
    site.run()
    status, body = site.ask("/nested")
    assert status == 200
    found, code, line = re.fullmatch(r"(\{.*\})\s+(-?\d+)\s+(.*)\s*", body, re.DOTALL).groups()
    assert code == "0"
    assert f":{site.port}" not in line, "it listens for itself"
    assert json.loads(found)["parent"] != site.pid()


@pytest.mark.parametrize("fd", ["", "77"])
def test_inherited_variables_of_others_do_no_harm(site, sites, fd):
    (site.directory / "prog.py").write_text((sites / "reloaded.py").read_text())
    environ = {"WERKZEUG_RUN_MAIN": "true", "DEMIJOHN_RELOADER": '{"parent": 1}'}
    if fd:
        environ["WERKZEUG_SERVER_FD"] = fd
    server = site.start("prog.py", "{}", **environ)
    assert json.loads(site.ask()[1])["parent"] == server.pid
    server.stop()


def test_off_the_main_thread_it_is_refused(tmp_path):
    script = """
        import threading
        from demijohn.manage.devserver import run_simple
        def serve():
            try:
                run_simple("127.0.0.1", 0, lambda environ, start: [], use_reloader=True)
            except ValueError as error:
                print(error)
        thread = threading.Thread(target=serve)
        thread.start()
        thread.join()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    assert "main thread only" in done.stdout


def test_a_missing_library_is_named(site):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            textwrap.dedent("""
            import importlib.util, sys
            find = importlib.util.find_spec
            importlib.util.find_spec = lambda name: None if name == "watchfiles" else find(name)
            from demijohn.manage.cli import main
            main(["run", "app.py", "--reload", "--reloader-type", "watchfiles", "--port", "0"])
        """),
        ],
        cwd=site.directory,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "pip install demijohn[reload]" in done.stderr


def test_any_function_may_be_run_again(site, wait_gone):
    prog = site.directory / "prog.py"
    text = """
import os, sys, time
from demijohn.manage.reloader.start import run_with_reloader
def work():
    os.write(2, b"VALUE one %d\\n" % os.getpid())  # in one piece: the reloader writes, too
    {end}
if __name__ == "__main__":
    run_with_reloader(work, exclude_patterns=["gen"], interval=0.2, reloader_type="stat")
"""
    prog.write_text(text.format(end="time.sleep(60)"))
    server = site._start("prog.py", cwd=site.directory)
    server.wait_for("VALUE one")
    (site.directory / "gen").mkdir()
    (site.directory / "gen/a.py").write_text("")
    prog.write_text(text.format(end="return").replace("one", "two"))
    server.wait_for("VALUE two")
    server.wait_for(r"The application ended with exit code 0\. It is started again when a file changes\.")
    prog.write_text(text.format(end="time.sleep(60)").replace("one", "three"))
    child = int(server.wait_for(r"VALUE three (\d+)")[0][1])
    server.send(signal.SIGTERM)
    assert server.wait() == 0
    wait_gone(child)
    assert len(server.wait_for("VALUE")) == 3


def test_ctrl_c_at_a_terminal_ends_both_at_once_and_leaves_it_as_it_was(site):
    pid, terminal = os.forkpty()
    if pid == 0:
        os.chdir(site.directory)
        os.execv(sys.executable, [sys.executable, "-m", "demijohn", "run", "app.py", "--reload", "--port", "0"])
    said = b""
    try:
        while b"Reloader:" not in said:
            assert select.select([terminal], [], [], PATIENCE)[0], said
            said += os.read(terminal, 4096)
        attributes = termios.tcgetattr(terminal)
        site.port = int(re.search(rb":(\d+)", said)[1])
        child = site.pid()
        without_echo = termios.tcgetattr(terminal)
        without_echo[3] &= ~termios.ECHO  # as a debugger does while it reads a line
        termios.tcsetattr(terminal, termios.TCSANOW, without_echo)
        os.write(terminal, b"\x03")
        with contextlib.suppress(OSError):  # how the end of a terminal is told
            while select.select([terminal], [], [], PATIENCE)[0] and (data := os.read(terminal, 4096)):
                said += data
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert b"Traceback" not in said
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
        assert termios.tcgetattr(terminal) == attributes
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        os.close(terminal)
