"""Redis, HAProxy and nginx for tests: each started by the test that needs it, in a directory and on an address of its own.

`scripts/services` installs them. A test that needs one that is not there is skipped, and says so.
"""

import contextlib
import http.client
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

PATIENCE = 20.0  # seconds; far more than anything here takes
DEPLOY = Path(__file__).parents[1] / "deploy"
SITES = Path(__file__).parent / "deploy" / "sites"
_PLACES = (os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin")


def find(program):
    return shutil.which(program, path=os.pathsep.join(_PLACES))


def need(program):
    """Where a program is; without it the test is skipped."""
    path = find(program)
    if path is None:
        pytest.skip(f"{program} is not installed; scripts/services installs it on Debian")
    return path


def own_address():
    """An address of the loopback network that nobody else listens on, so that a port that is free stays so."""
    lucky = random.SystemRandom()
    return f"127.{lucky.randint(1, 254)}.{lucky.randint(0, 255)}.{lucky.randint(1, 254)}"


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def until(attempt, what="it"):
    """Repeat until `attempt` returns something true; return that."""
    deadline = time.monotonic() + PATIENCE
    while not (result := attempt()):
        assert time.monotonic() < deadline, f"{what} never came true"
        time.sleep(0.01)
    return result


class Place:
    """A short directory (the path of a Unix socket has 107 bytes), and processes that belong to it."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="dj-"))
        self.processes = []

    def start(self, name, *command, **options):
        log = open(self.directory / f"{name}.log", "ab")
        with log:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.directory,
                **options,
            )
        self.processes.append(process)
        process.name = name
        return process

    def log(self, name):
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def wait_listening(self, process, address):
        """Wait until a process that has just been started takes connections; `address` is a path or (host, port)."""
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET

        def connects():
            assert process.poll() is None, f"{process.name} ended:\n{self.log(process.name)}"
            with socket.socket(family) as client, contextlib.suppress(OSError):
                client.settimeout(PATIENCE)
                client.connect(address)
                return True
            return False

        until(connects, f"that {process.name} listens on {address}")

    def kill(self, process, number=signal.SIGKILL):
        """End a process and its children; its session is its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(PATIENCE)

    def clean_up(self):
        for process in reversed(self.processes):
            self.kill(process)
        shutil.rmtree(self.directory, ignore_errors=True)


class Redis:
    """A redis-server on a Unix socket, without persistence."""

    def __init__(self, place, *options):
        self.program = need("redis-server")
        self.place = place
        self.options = options
        self.socket = str(place.directory / "redis.sock")
        self.url = f"unix://{self.socket}?db=0"
        self.process = None
        self.start()

    def start(self):
        quiet = ("--port", 0, "--save", "", "--appendonly", "no", "--daemonize", "no")
        self.process = self.place.start(
            "redis", self.program, *quiet, "--unixsocket", self.socket, "--dir", self.place.directory, *self.options
        )
        self.place.wait_listening(self.process, self.socket)

    def stop(self):
        self.place.kill(self.process)

    def suspend(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)


class Nginx:
    """nginx in one process in the foreground; `http` is what stands in its http block."""

    def __init__(self, place, http):
        program = need("nginx")
        config = self.write_config(place, http)
        self.process = place.start("nginx", program, "-p", place.directory, "-c", config, "-e", "stderr")

    @staticmethod
    def write_config(place, http):
        """Write a whole configuration, with everything in the directory of the test, and return its path."""
        directory = place.directory
        temporary = "".join(
            f"{kind}_temp_path {directory}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;\n" if os.getuid() == 0 else ""
        path = directory / "nginx.conf"
        path.write_text(
            f"{user}daemon off;\nmaster_process off;\npid {directory}/nginx.pid;\nerror_log stderr;\n"
            f"events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n{temporary}{http}\n}}\n"
        )
        return path


class HAProxy:
    """haproxy in the foreground with a configuration of the test's."""

    def __init__(self, place, config):
        program = need("haproxy")
        path = place.directory / "haproxy.cfg"
        path.write_text(config)
        self.process = place.start("haproxy", program, "-f", path, "-db")


def deployed(name, changes):
    """The text of a file in deploy/ with the addresses of a test; each of `changes` stands in it once."""
    text = (DEPLOY / name).read_text()
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} in deploy/{name}"
        text = text.replace(old, new)
    return text


class Node:
    """`demijohn run` of deploy/sites/node.py with ops endpoints, on an address of its own."""

    def __init__(self, place, name, *options, bind=None, **environ):
        self.place = place
        self.name = name
        self.address = own_address()
        self.command = (
            *(sys.executable, "-m", "demijohn", "run", SITES / "node.py", "--bind", bind or f"{self.address}:8000"),
            *("--ops-bind", f"{self.address}:8081", *options),
        )
        self.environ = {**os.environ, "NODE": name, "PYTHONWARNINGS": "error", **environ}
        self.process = None
        self.start()

    def start(self):
        self.process = self.place.start(self.name, *self.command, env=self.environ)

    def wait_ready(self):
        """Wait until workers take requests."""

        def is_ready():
            assert self.process.poll() is None, self.place.log(self.name)
            with closing(http.client.HTTPConnection(self.address, 8081, timeout=PATIENCE)) as connection:
                try:
                    connection.request("GET", "/readyz")
                except ConnectionRefusedError:
                    return False
                with connection.getresponse() as answer:
                    return answer.status == 200

        until(is_ready, f"that {self.name} is ready")
