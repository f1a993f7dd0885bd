"""Sockets that a process is started with, TLS with several workers, and a listener for each of them."""

import http.client
import os
import re
import socket
import ssl
import sys

import pytest
from engines import certs

pytestmark = pytest.mark.slow

APP = """
import os
from demijohn import Demijohn, request

app = Demijohn(__name__)

@app.get("/")
def tell():
    return {"pid": os.getpid(), "scheme": request.scheme, "left": sorted(n for n in os.environ if n.startswith("LISTEN_"))}
"""

HAND_OVER = """
import os, socket, sys

fds = []
for port in sys.argv[1].split(","):
    sock = socket.socket()
    sock.bind(("127.0.0.1", int(port)))
    sock.listen(5)
    fds.append(os.dup(sock.fileno()))
copies = [os.dup(fd) for fd in fds]  # out of the way of the numbers that they will have
for number, fd in enumerate(copies):
    os.dup2(fd, 3 + number, inheritable=True)
{variables}
os.execv(sys.executable, [sys.executable, "-m", "demijohn", "run", *sys.argv[2:]])
"""

SYSTEMD = HAND_OVER.format(variables="os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)))")
RELOADER = HAND_OVER.format(variables="os.environ.update(WERKZEUG_RUN_MAIN='true', WERKZEUG_SERVER_FD='3')")


@pytest.fixture
def app(tmp_path):
    path = tmp_path / "told.py"
    path.write_text(APP)
    return path


def get(port: int, context=None):
    import json

    if context is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    else:
        connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.status == 200
        return json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("options", [(), ("--processes", "2")])
def test_systemd_hands_its_sockets_over(start, app, options):
    server = start("-c", SYSTEMD, "0,0", app, *options)
    ports = [int(found[1]) for found in server.wait_for(r"Running on http://127\.0\.0\.1:(\d+)", 2)]
    if options:
        server.workers(2)
    for port in ports:
        assert get(port)["left"] == []
    server.stop()


def test_what_is_said_on_the_command_line_counts_more(start, app):
    server = start("-c", SYSTEMD, "0", app, "--bind", "fd://3", "--bind", "127.0.0.1:0")
    found = server.wait_for(r"Running on http://127\.0\.0\.1:(\d+)", 2)
    for match in found:
        get(int(match[1]))


def test_the_reloaders_socket_is_taken_over(start, app):
    server = start("-c", RELOADER, "0", app)
    assert get(server.port)["scheme"] == "http"


def test_workers_speak_tls_and_look_after_the_certificates(start, tmp_path, until, app):
    site = certs.Authority(str(tmp_path))
    files = site.make("server", "localhost", "before.test")
    script = tmp_path / "serve.py"
    script.write_text(
        "from demijohn.manage.devserver import run_simple\n"
        "from demijohn.serve.certificates import CertificateFiles, TlsOptions\n"
        "from told import app\n"
        f"tls = TlsOptions(CertificateFiles({files.certfile!r}, {files.keyfile!r}), reload_interval=0.001)\n"
        "run_simple('127.0.0.1', 0, app, processes=2, threads=2, ssl_context=tls)\n"
    )
    server = start(script)
    server.workers(2)
    port = int(server.wait_for(r"Running on https://127\.0\.0\.1:(\d+)")[0][1])
    context = ssl.create_default_context(cafile=site.ca_file)
    assert get(port, context)["scheme"] == "https"
    site.make("server", "localhost", "after.test")
    seen = {}

    def everybody_has_the_new_one():
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as sock:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                pid = int(re.search(rb'"pid": ?(\d+)', sock.makefile("rb").read())[1])
                names = {value for _, value in sock.getpeercert()["subjectAltName"]}
        seen[pid] = "after.test" in names
        return len(seen) == 2 and all(seen.values())

    until(everybody_has_the_new_one)
    server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_each_worker_may_listen_for_itself(start, app, until):
    server = start("-m", "demijohn", "run", app, "--port", "0", "--processes", "2", "--reuse-port")
    server.workers(2)
    port = server.port

    def listening():
        with open("/proc/net/tcp", encoding="ascii") as table:
            return [line for line in table if f":{port:04X} 00000000:0000 0A" in line]

    assert len(listening()) == 2
    pids = set()
    until(lambda: pids.add(get(port)["pid"]) or len(pids) == 2)
    server.stop()
    assert listening() == []


def test_a_certificate_that_cannot_be_used_is_a_usage_error(start, app, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    server = start("-m", "demijohn", "run", app, "--cert", tmp_path / "empty.pem")
    assert server.wait() == 2
    assert f"Cannot use the certificate {tmp_path}{os.sep}empty.pem" in server.output()
    assert "Traceback" not in server.output()
