"""The `demijohn` command and `app.run` as a shell sees them: output, errors and exit codes."""

import http.client
import signal
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from demijohn.manage.cli import main

pytestmark = pytest.mark.slow


def demijohn(*words, cwd=None, **environ):
    import os

    command = [sys.executable, "-m", "demijohn", *map(str, words)]
    environ = {name: value for name, value in os.environ.items() if name not in {"FLASK_APP", "DEMIJOHN_APP"}} | environ
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=cwd, env=environ)
    return done.returncode, done.stdout, done.stderr


def test_the_start_is_announced(run):
    server = run("--threads", "4", "--processes", "2")
    server.wait_for(r"^ \* Running on http://127\.0\.0\.1:\d+$")
    server.wait_for(r"^ \* 2 processes x 4 threads, late promotion$")


def test_a_taken_port_is_told_with_its_holder(sites):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, out, err = demijohn("run", sites / "gate.py", "--port", port)
    assert code == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("options", [(), ("--processes", "2")])
def test_an_application_that_cannot_be_imported(sites, options):
    code, out, err = demijohn("run", sites / "broken_import.py", "--port", 0, *options)
    assert code == 3
    assert 'json.loads("{not json")' in err
    assert "JSONDecodeError" in err
    assert "loading.py" not in err, "the traceback begins where the application's code does"
    assert "Importing 'broken_import' raised an error." in err


def test_a_syntax_error_shows_the_line(tmp_path):
    (tmp_path / "app.py").write_text("def app(:\n")
    code, out, err = demijohn("run", cwd=tmp_path)
    assert code == 3
    assert "def app(:" in err
    assert "SyntaxError" in err


def test_an_application_that_is_not_there(tmp_path, monkeypatch):
    (tmp_path / "shop.py").write_text("")
    code, out, err = demijohn("run", "shop:app", cwd=tmp_path)
    assert code == 2
    assert "'shop' has no attribute 'app'" in err
    assert "Traceback" not in err
    monkeypatch.chdir(tmp_path)
    # Nothing is imported, so these need no process of their own.
    for words in (("run",), ("routes", "nowhere.py"), ("run", "shopp:app")):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 2
        assert "shop" in result.stderr


def test_an_unguarded_app_run_does_not_serve_while_it_is_imported(tmp_path, sites):
    (tmp_path / "app.py").write_text("from demijohn import Demijohn\napp = Demijohn('shop')\napp.run(port=0)\n")
    code, out, err = demijohn("routes", cwd=tmp_path)
    assert code == 0
    assert "static" in out


def test_routes(tmp_path):
    (tmp_path / "app.py").write_text(
        "from demijohn import Demijohn\n"
        "app = Demijohn('shop', static_folder=None)\n"
        "@app.route('/b/<int:number>', methods=['GET', 'POST'])\n"
        "def zebra(number): ...\n"
        "@app.route('/z')\n"
        "def ape(): ...\n"
    )
    code, out, err = demijohn("routes", cwd=tmp_path)
    assert code == 0
    assert out.splitlines() == [
        "Endpoint  Methods    Rule",
        "--------  ---------  ---------------",
        "ape       GET        /z",
        "zebra     GET, POST  /b/<int:number>",
    ]
    out = demijohn("routes", "--sort", "rule", "--all-methods", cwd=tmp_path)[1]
    assert out.splitlines()[2].split() == ["zebra", "GET,", "HEAD,", "OPTIONS,", "POST", "/b/<int:number>"]


def test_routes_of_what_has_none(sites):
    code, out, err = demijohn("routes", sites / "gate.py")
    assert code == 2
    assert "has no routes" in err


def test_version_and_help():
    code, out, err = demijohn("--version")
    assert code == 0
    assert out.startswith("demijohn ")
    code, out, err = demijohn("run", "--help")
    assert "--processes" in out


def test_help_imports_no_server_and_no_templates():
    script = (
        "import sys\nfrom demijohn.manage.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name.startswith(('demijohn.serve', 'demijohn.wire', 'jinja2'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_bad_port_or_number_is_a_usage_error(sites):
    assert demijohn("run", sites / "gate.py", "--port", "http")[0] == 2
    for option in (("--port", "70000"), ("--threads", "0"), ("--processes", "-1"), ("--nope",)):
        assert CliRunner().invoke(main, ["run", str(sites / "gate.py"), *option]).exit_code == 2


def test_debug_reaches_the_application_and_logs_requests(start, sites):
    server = start("-m", "demijohn", "run", sites / "app_run.py", "--port", 0, "--debug")
    assert server.get("/").endswith(" True")
    server.wait_for('"GET / HTTP/1.1" 200')
    quiet = start("-m", "demijohn", "run", sites / "app_run.py", "--port", 0)
    assert quiet.get("/").endswith(" False")
    quiet.send(signal.SIGTERM)
    assert quiet.wait() == 0
    assert "GET /" not in quiet.output()


@pytest.mark.parametrize("words", [(), ("debug",), ("processes",), ("debug", "processes")])
def test_app_run(start, sites, words):
    server = start(sites / "app_run.py", *words)
    pid, is_multiprocess, is_debug = server.get("/").split()
    assert (int(pid) == server.pid) is (not words), "with debug it is a child of the reloader"
    assert is_multiprocess == str("processes" in words)
    assert is_debug == str("debug" in words)
    if "debug" in words:
        server.wait_for("Debugger PIN: ")
        server.wait_for(r"^ \* Reloader: \d+ files are watched \(\w+\)$")
    server.send(signal.SIGINT)
    assert server.wait() == 0
    assert "Traceback" not in server.output()


@pytest.mark.parametrize("options", [(), ("--processes", "2", "--threads", "4")])
def test_the_guestbook(start, tmp_path, sites, options):
    guestbook = sites.parents[2] / "examples" / "guestbook" / "guestbook.py"
    server = start(
        "-m", "demijohn", "run", f"{guestbook}:app", "--port", 0, *options, GUESTBOOK_DATA=str(tmp_path / "data")
    )
    assert "No entries yet" in server.get("/")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for number in range(3):
        connection.request(
            "POST",
            "/api/entries",
            '{"name": "Ada", "message": "Hello %d"}' % number,
            {"Content-Type": "application/json"},
        )
        with connection.getresponse() as answer:
            assert answer.status == 201
            answer.read()
    connection.close()
    page = server.get("/")
    assert "3 entries" in page
    assert "Hello 2" in page
    server.stop()
