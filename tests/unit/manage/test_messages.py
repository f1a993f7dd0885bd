"""What the server says on standard error: formats, levels, and a pipe that nobody reads."""

import json
import logging
import os
import subprocess
import sys

import pytest

from demijohn.manage.messages import MessageHandler, configure_logging, own_handler
from demijohn.manage.settings.load import settings_of_call

ours = logging.getLogger("demijohn")


@pytest.fixture(autouse=True)
def loggers(monkeypatch):
    """Loggers as in a process that has just begun, and as before afterwards."""
    access = logging.getLogger("demijohn.access")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr(access, "handlers", [])
    monkeypatch.setattr(access, "filters", [])
    monkeypatch.setattr(access, "propagate", True)
    before = ours.handlers[:], ours.level, access.level, ours.propagate
    ours.handlers, ours.propagate = [], False
    ours.setLevel(logging.NOTSET)
    access.setLevel(logging.NOTSET)
    yield
    ours.handlers, level, access_level, ours.propagate = before
    ours.setLevel(level)
    access.setLevel(access_level)


def configure(*, is_debug=False, **keywords):
    # pytest adds handlers of its own between the fixtures and the test.
    ours.handlers = [each for each in ours.handlers if type(each) in {MessageHandler, logging.NullHandler}]
    configure_logging(settings_of_call(keywords, "f"), is_debug=is_debug)


def test_plain_messages(capsys):
    configure()
    logging.getLogger("demijohn.manage").info("hello")
    logging.getLogger("demijohn.manage").debug("nothing")
    logging.getLogger("demijohn.access").info("a line")
    assert capsys.readouterr().err == "hello\na line\n"


def test_with_time_and_process(capsys):
    configure(error_log_file="-")
    logging.getLogger("demijohn.manage").info("hello")
    logging.getLogger("demijohn.access").info("a line")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith(f"[{os.getpid()}] INFO hello")
    assert lines[1] == "a line"


def test_json(capsys):
    configure(log_format="json")
    logging.getLogger("demijohn.manage").info("hello")
    logging.getLogger("demijohn.access").info('{"a": 1}')
    lines = capsys.readouterr().err.splitlines()
    assert json.loads(lines[0])["message"] == "hello"
    assert lines[1] == '{"a": 1}'


def test_levels():
    configure(log_level="warning")
    assert ours.level == logging.WARNING
    configure()
    assert ours.level == logging.WARNING, "what was there stays"
    configure(log_level="debug", access_log=False)
    assert ours.level == logging.DEBUG
    assert logging.getLogger("demijohn.access").level == logging.NOTSET
    configure(log_level="error", access_log=True)
    assert logging.getLogger("demijohn.access").level == logging.INFO, "whoever wants lines has them"


def say_something():
    manage, access = logging.getLogger("demijohn.manage"), logging.getLogger("demijohn.access")
    manage.info("plain")
    manage.info("quit", extra={"style": "yellow"})
    manage.warning("careful")
    access.info('x "GET / HTTP/1.1" 404 2', extra={"status": 404})
    access.info('x "GET / HTTP/1.1" 200 2', extra={"status": 200})


def test_colours(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    configure()
    say_something()
    assert capsys.readouterr().err.splitlines() == [
        "plain",
        "\x1b[33mquit\x1b[0m",
        "\x1b[1;31mcareful\x1b[0m",
        'x "\x1b[33mGET / HTTP/1.1\x1b[0m" 404 2',
        'x "GET / HTTP/1.1" 200 2',
    ]


@pytest.mark.parametrize(
    ("variable", "keywords"), [("NO_COLOR", {}), ("FORCE_COLOR", {"log_format": "json"}), (None, {})]
)
def test_no_colours(capsys, monkeypatch, variable, keywords):
    if variable is not None:
        monkeypatch.setenv(variable, "1")
    configure(**keywords)
    say_something()
    assert "\x1b" not in capsys.readouterr().err


class TestWerkzeugsLogger:
    """What people do to the logger of Werkzeug's lines, they do to ours."""

    @pytest.fixture
    def theirs(self):
        logger = logging.getLogger("werkzeug")
        before = logger.level, logger.disabled, logger.handlers[:], logger.filters[:], logger.propagate
        yield logger
        logger.level, logger.disabled, logger.handlers[:], logger.filters[:], logger.propagate = before

    def lines(self, capsys):
        logging.getLogger("demijohn.access").info("a line")
        logging.getLogger("demijohn.access").info("a ping")
        return capsys.readouterr().err

    def test_nothing_done(self, theirs, capsys):
        configure(is_debug=True)
        assert self.lines(capsys) == "a line\na ping\n"

    def test_silenced_by_its_level(self, theirs, capsys):
        theirs.setLevel(logging.ERROR)
        configure(is_debug=True)
        assert self.lines(capsys) == ""

    def test_disabled(self, theirs, capsys):
        theirs.disabled = True
        configure(is_debug=True)
        assert self.lines(capsys) == ""

    def test_a_handler_and_a_filter(self, theirs, capsys, tmp_path):
        handler = logging.FileHandler(tmp_path / "log")
        theirs.addHandler(handler)
        theirs.addFilter(lambda record: "ping" not in record.getMessage())
        theirs.propagate = False
        configure(is_debug=True)
        assert self.lines(capsys) == ""
        handler.close()
        assert (tmp_path / "log").read_text() == "a line\n"

    def test_who_asks_for_lines_has_them(self, theirs, capsys):
        theirs.setLevel(logging.ERROR)
        configure(is_debug=True, access_log=True)
        assert self.lines(capsys) == "a line\na ping\n"

    def test_outside_of_debug_mode_it_is_not_looked_at(self, theirs, capsys):
        theirs.setLevel(logging.ERROR)
        configure()
        assert self.lines(capsys) == "a line\na ping\n"


def test_one_handler_however_often():
    configure()
    handler = own_handler()
    configure(log_format="json")
    assert ours.handlers == [handler]


def test_an_application_that_has_arranged_its_own_logging():
    ours.addHandler(logging.NullHandler())
    configure()
    assert own_handler() is None


def test_a_stream_in_the_place_of_standard_error_has_no_writer(capsys):
    handler = MessageHandler()
    handler.start_writer(1000)
    handler.emit(logging.makeLogRecord({"msg": "at once"}))
    assert capsys.readouterr().err == "at once\n"
    handler.stop_writer()


BLOCKED = """
import logging, os, sys
from demijohn.manage import messages
from demijohn.manage.messages import configure_logging, own_handler, writing_aside
from demijohn.manage.settings.load import settings_of_call

messages._PATIENCE_MS = 1
configure_logging(settings_of_call({}, "f"))
log = logging.getLogger("demijohn.manage")
os.set_blocking(2, False)
try:
    while True:
        os.write(2, b"x" * 4095 + b"\\n")
except BlockingIOError:
    os.set_blocking(2, True)
for number in range(3):
    log.info("dropped %d", number)
with writing_aside(4096):
    for number in range(1000):
        log.info("waiting %d", number)
    print("nobody waited", flush=True)
    sys.stdin.readline()
log.info("at last")
"""


@pytest.mark.slow
def test_a_pipe_that_nobody_reads():
    process = subprocess.Popen(
        [sys.executable, "-c", BLOCKED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "nobody waited\n"
        out, err = process.communicate("go on\n", timeout=60)
    finally:
        process.kill()
        process.wait()
    lines = [line for line in err.splitlines() if not line.startswith("xxx")]
    assert process.returncode == 0
    assert lines[0] == "waiting 0"
    assert lines[-1] == "at last"
    assert "3 messages were dropped: standard error did not take them in time." in lines
    assert any("lines of the log - were dropped" in line for line in lines)
