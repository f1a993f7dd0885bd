"""Why a program does not run, in three forms."""

import json
import sys

import pytest

from demijohn.manage.reloader.failure import Failure


def failure_of(function):
    try:
        function()
    except BaseException as error:
        return Failure.of(error)
    raise AssertionError("it raised nothing")


def test_an_exception():
    def fail():
        raise RuntimeError("<no> & why")

    failure = failure_of(fail)
    assert failure.title == "RuntimeError: <no> & why"
    assert "&lt;no&gt;" in failure.html
    assert "<no> & why" not in failure.html
    assert failure.text.startswith("Traceback")
    assert "<no> & why" in json.loads(failure.json)["error"]["message"]
    assert __file__ in failure.files


def test_a_syntax_error_names_its_file(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("x = = 1\n")
    failure = failure_of(lambda: compile(path.read_text(), str(path), "exec"))
    assert failure.title == "SyntaxError: invalid syntax"
    assert str(path) in failure.files


def test_causes_and_groups_name_their_files(tmp_path):
    paths = [tmp_path / name for name in ("one.py", "two.py")]
    errors = []
    for path in paths:
        path.write_text("x = = 1\n")
        try:
            compile(path.read_text(), str(path), "exec")
        except SyntaxError as error:
            errors.append(error)

    def fail():
        raise RuntimeError("outside") from ExceptionGroup("several", errors)

    assert {str(path) for path in paths} <= set(failure_of(fail).files)


@pytest.mark.parametrize(
    "code, title",
    [
        (0, "The application ended with exit code 0"),
        (3, "The application ended with exit code 3"),
        (255, "The application ended with exit code 255"),
        (-11, "The application was ended by SIGSEGV"),
        (-64, "The application was ended by signal 64"),
    ],
)
def test_an_exit_code(code, title):
    failure = Failure.of_exit(code) if code != -64 or sys.platform == "linux" else None
    assert failure.title in {title, "The application was ended by SIGRTMAX"}
    assert "terminal" in failure.text
    assert json.loads(failure.json)["error"] == failure.title


def test_a_text():
    failure = Failure.of_text("No <app>", "There is no application.")
    assert "No &lt;app&gt;" in failure.html
    assert failure.text == "No <app>\nThere is no application.\n"


def test_it_goes_to_another_process():
    failure = Failure.of_text("a", "b")
    assert Failure.from_message(json.loads(json.dumps(failure.message))) == failure
