"""Debian's Chromium without a window, spoken to over a pipe in its own protocol: nothing between, no port, no version to match.

One process serves all tests of a file; each page has a context of its own (cookies, storage). It finds no host but this one:
names that end in `.test` are 127.0.0.1, all others do not exist.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import threading

import pytest
from services import PATIENCE, find

_NAMES = ("chromium", "chromium-browser", "google-chrome")

_OPTIONS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
    "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.*, EXCLUDE localhost",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
)

# Chromium reads commands from descriptor 3 and writes answers to descriptor 4.
_LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)


def find_chromium():
    """Where Chromium is; without it the test is skipped."""
    for name in _NAMES:
        if path := find(name):
            return path
    pytest.skip("chromium is not installed; scripts/services installs it on Debian")


class ProtocolError(Exception):
    """What Chromium says of a command that it did not carry out."""


class Chromium:
    """One browser; `call` sends a command and waits for its answer. Events go to the page that they are about."""

    def __init__(self, place):
        program = find_chromium()
        command_end, self._commands = _high_pipe()
        self._answers_fd, answer_end = _high_pipe()
        options = list(_OPTIONS)
        if os.getuid() == 0:
            options.append("--no-sandbox")
        home = place.directory / "home"
        home.mkdir()
        launch = (sys.executable, "-I", "-S", "-c", _LAUNCH, command_end, answer_end)
        self._place = place
        self._process = place.start(
            "chromium",
            *launch,
            program,
            *options,
            f"--user-data-dir={home / 'profile'}",
            "about:blank",
            pass_fds=(command_end, answer_end),
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(home), "TZ": "UTC", "LANG": "C.UTF-8"},
        )
        os.close(command_end)
        os.close(answer_end)
        self.news = threading.Condition()
        """Notified when an answer or an event has come."""
        self._last = 0
        self._results = {}
        self._listeners = {}  # session -> function that takes an event
        self._has_ended = False
        self._reader = threading.Thread(target=self._read, name="chromium")
        self._reader.start()
        self.call("Browser.getVersion")

    def call(self, method, session=None, **parameters):
        """Send a command and return its result.

        Raises:
            ProtocolError: Chromium could not do it.
        """
        with self.news:
            self._last += 1
            number = self._last
            message = {"id": number, "method": method, "params": parameters}
            if session is not None:
                message["sessionId"] = session
            data = memoryview(json.dumps(message).encode() + b"\0")
            while data:
                data = data[os.write(self._commands, data) :]
            self.wait(lambda: number in self._results, f"an answer to {method}")
            answer = self._results.pop(number)
        if "error" in answer:
            raise ProtocolError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def listen(self, session, function):
        """Have `function(method, parameters)` called for each event of a session, holding `news`, on another thread."""
        self._listeners[session] = function

    def wait(self, is_true, what):
        """Wait, holding `news`, until something is true that an answer or event makes true."""
        self.news.wait_for(lambda: self._has_ended or is_true(), PATIENCE)
        assert is_true(), f"Chromium did not give {what}:\n{self._place.log('chromium')[-2000:]}"

    def close(self):
        """End the browser, gently if it listens."""
        try:
            if not self._has_ended:
                with contextlib.suppress(AssertionError, OSError):  # it may end before it answers
                    self.call("Browser.close")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(PATIENCE)
        finally:
            self._place.kill(self._process)
            os.close(self._commands)
            self._reader.join(PATIENCE)
            assert not self._reader.is_alive(), "a process of Chromium's is left"
            os.close(self._answers_fd)

    def _read(self):
        rest = b""
        while data := os.read(self._answers_fd, 1 << 16):
            *messages, rest = (rest + data).split(b"\0")
            with self.news:
                for message in map(json.loads, messages):
                    if "id" in message:
                        self._results[message["id"]] = message
                    elif listener := self._listeners.get(message.get("sessionId")):
                        listener(message["method"], message["params"])
                self.news.notify_all()
        with self.news:
            self._has_ended = True
            self.news.notify_all()


def _high_pipe():
    """Both ends of a pipe, where they are not in the way of descriptors 3 and 4."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high
