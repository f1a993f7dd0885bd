import json
import logging
import os
import sys

from demijohn.serve import JSONFormatter, LineFormatter


def record(message="hello %s", args=("you",), error=None, **extra):
    exc_info = None
    if error is not None:
        try:
            raise error
        except type(error):
            exc_info = sys.exc_info()
    made = logging.LogRecord("demijohn.error", logging.ERROR, __file__, 1, message, args, exc_info)
    made.created = 1_700_000_000.5
    vars(made).update(extra)
    return made


def test_json_has_everything_in_one_line():
    odd = object()
    error = ValueError("two\r\nlines")
    line = JSONFormatter().format(record("a\nb", (), error, request_id="id-7", status=None, odd=odd))
    assert "\n" not in line
    said = json.loads(line)
    assert said.pop("exception").endswith("ValueError: two\r\nlines")
    assert said == {
        "time": "2023-11-14T22:13:20.500Z",
        "level": "ERROR",
        "logger": "demijohn.error",
        "message": "a\nb",
        "pid": os.getpid(),
        "thread": "MainThread",
        "request_id": "id-7",
        "status": None,
        "odd": repr(odd),
    }


def test_a_line_has_the_request_id():
    head = f"2023-11-14T22:13:20.500Z [{os.getpid()}] ERROR "
    assert LineFormatter().format(record()) == head + "hello you"
    assert LineFormatter().format(record(request_id="id\n7")) == head + "hello you [id\\x0A7]"
    assert LineFormatter().format(record("hello [id-7]", (), request_id="id-7")) == head + "hello [id-7]"


def test_no_line_of_a_message_or_an_exception_passes_for_a_record():
    forged = "x\r\n2023-11-14T22:13:20.500Z [1] ERROR forged\x1b[2J"
    lines = LineFormatter().format(record(forged, (), ValueError(forged), stack_info="Stack\n  f")).split("\n")
    assert "\\x0D\\x0A2023" in lines[0]
    assert len(lines) > 4
    assert all(line.startswith("    ") for line in lines[1:])
    assert all(line.isprintable() for line in lines)
