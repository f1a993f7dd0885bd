"""Real processes: started, watched line by line, and never left behind. Nothing sleeps; everything waits with a deadline."""

import contextlib
import http.client
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

SITES = Path(__file__).parent / "sites"
PATIENCE = 20.0  # seconds; far more than anything here takes


class Running:
    """A process whose stderr is read as it comes."""

    def __init__(self, command, environ, cwd=None):
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "error", **environ},
            start_new_session=True,
        )
        self.lines = []
        self._news = threading.Condition()
        self._has_ended = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._has_ended = True
            self._news.notify_all()

    @property
    def pid(self):
        return self.process.pid

    def wait_for(self, pattern, count=1):
        """Wait until `count` lines match; return their matches."""

        def matches():
            return [found for line in self.lines if (found := re.search(pattern, line))]

        with self._news:
            self._news.wait_for(lambda: self._has_ended or len(matches()) >= count, PATIENCE)
            found = matches()
        assert len(found) >= count, "\n".join([f"no {pattern!r} in:", *self.lines])
        return found

    @property
    def port(self):
        return int(self.wait_for(r"Running on http://127\.0\.0\.1:(\d+)")[0][1])

    def workers(self, count):
        """Process ids of the first `count` workers that got ready."""
        return [int(found[1]) for found in self.wait_for(r"Worker (\d+) is ready", count)]

    def get(self, path="/"):
        """Ask on a connection of its own; return the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            with connection.getresponse() as answer:
                assert answer.status == 200
                return answer.read().decode()
        finally:
            connection.close()

    def get_later(self, path):
        """Ask on a thread; the returned function waits for the answer."""
        pool = ThreadPoolExecutor(1)
        answer = pool.submit(self.get, path)
        pool.shutdown(wait=False)
        return partial(answer.result, PATIENCE)

    def send(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Wait for the end; return the exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive(), "somebody still holds our stderr"
        return code

    def stop(self):
        """Stop it in order."""
        self.send(signal.SIGTERM)
        assert self.wait() == 0

    def output(self):
        """What has been read so far, which is everything only after `wait()`; to look for something before, use `wait_for`."""
        return "\n".join(self.lines)

    def clean_up(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # its session is its own: workers that are left
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()


class Gate:
    """Holds the requests to /slow of sites/gate.py."""

    def __init__(self, directory):
        self.directory = directory
        for name in ("started", "release"):
            os.mkfifo(directory / name)
        # Open for both directions, so that opening the other ends never waits.
        self._started = os.open(directory / "started", os.O_RDWR)
        self._release = os.open(directory / "release", os.O_RDWR)

    def wait_started(self):
        ready, _, _ = select.select([self._started], [], [], PATIENCE)
        assert ready, "no request arrived"
        os.read(self._started, 1)

    def release(self):
        os.write(self._release, b"1")

    def close(self):
        os.close(self._started)
        os.close(self._release)


@pytest.fixture
def start():
    """Start a Python process; `start("-m", "demijohn", ...)`."""
    running = []

    def start_python(*words, cwd=None, **environ):
        running.append(Running([sys.executable, *map(str, words)], environ, cwd))
        return running[-1]

    yield start_python
    for one in running:
        one.clean_up()


@pytest.fixture
def gate(tmp_path):
    gate = Gate(tmp_path)
    yield gate
    gate.close()


@pytest.fixture
def run(start, gate):
    """`demijohn run` of sites/gate.py on a free port."""

    def run_gate(*options):
        return start("-m", "demijohn", "run", SITES / "gate.py", "--port", 0, *options, GATES=str(gate.directory))

    return run_gate


@pytest.fixture
def sites():
    return SITES


@pytest.fixture
def wait_gone():
    """Wait for the end of a process that is not our child."""

    def wait(pid):
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            ready, _, _ = select.select([fd], [], [], PATIENCE)
        finally:
            os.close(fd)
        assert ready, f"process {pid} is still there"

    return wait


@pytest.fixture
def until():
    """Repeat something that itself waits for the server, until it returns true."""

    def repeat(attempt):
        deadline = time.monotonic() + PATIENCE
        while not (result := attempt()):
            assert time.monotonic() < deadline, "it never came true"
        return result

    return repeat
