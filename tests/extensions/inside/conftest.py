"""A site on each runner, in a process of its own, and a browser for it. Runs in the environment of the extensions."""

import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# runner -> options of `demijohn run`
RUNNERS = {
    "inline": ("--threads", "1"),
    "late": ("--threads", "4", "--runner", "late"),
    "pool": ("--threads", "4", "--runner", "pool"),
    "processes": ("--threads", "2", "--processes", "2"),
}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.url = response.url
        self.data = response.read()
        self.text = self.data.decode(errors="replace")


class _ErrorsAreAnswers(urllib.request.HTTPErrorProcessor):
    def http_response(self, request, response):
        if response.status in {301, 302, 303, 307, 308}:
            return super().http_response(request, response)
        return response


class Browser:
    """Keeps cookies and follows redirects."""

    def __init__(self, base):
        self.base = base
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies), _ErrorsAreAnswers()
        )

    def open(self, path, data=None, method=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with self.opener.open(request, timeout=20) as response:
            return Answer(response)

    def post(self, path, **fields):
        return self.open(path, urllib.parse.urlencode(fields).encode())


class Site:
    def __init__(self, process, base):
        self.process = process
        self.base = base

    def browser(self):
        return Browser(self.base)


@pytest.fixture(params=RUNNERS, scope="module")
def runner(request):
    return request.param


@pytest.fixture(scope="module")
def serve(runner, tmp_path_factory):
    """`serve("module:app", **environment)` starts a site and returns it once it listens."""
    running = []
    logs = tmp_path_factory.mktemp("logs")

    def start(application, **environ):
        log = logs / str(len(running))
        with open(log, "wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "demijohn", "run", application, "--port", "0", *RUNNERS[runner]],
                cwd=HERE, env={**os.environ, **environ}, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            )  # fmt: skip
        running.append((process, log))
        while not (found := re.search(r"Running on (http://[\d.:]+)", log.read_text())):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)
                pytest.fail(log.read_text())
        return Site(process, found[1])

    yield start
    for process, log in running:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()


def run_command(application, *words, **environ):
    """Run a command of an application with `flask`."""
    subprocess.run(
        [Path(sys.executable).with_name("flask"), "--app", application, *words],
        cwd=HERE, env={**os.environ, **environ}, check=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="session")
def command():
    return run_command
