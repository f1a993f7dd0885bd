"""`demijohn ctl`: which server is asked, how errors are told, and exit codes; with a server that says what a test wants."""

import json
import threading

import pytest
from click.testing import CliRunner

from demijohn.manage.cli import main
from demijohn.manage.control.place import ControlListener
from demijohn.manage.control.protocol import Code, ControlError
from demijohn.manage.control.server import ControlServer


class Talking:
    """A control server on a thread, which gives the answers of a dict by command."""

    def __init__(self, path):
        self.answers = {}
        self.asked = []
        self._is_over = False
        self._server = ControlServer(ControlListener.open(path), self._dispatch)
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _dispatch(self, message, reply):
        self.asked.append(message)
        answer = self.answers.get(message["command"])
        if isinstance(answer, ControlError):
            raise answer
        reply.give(answer)

    def _work(self):
        while not self._is_over:
            self._server.turn(0.02)

    def close(self):
        self._is_over = True
        self._thread.join()
        self._server.close()


@pytest.fixture
def talking(tmp_path):
    talking = Talking(str(tmp_path / "s"))
    yield talking
    talking.close()


@pytest.fixture
def ctl(tmp_path, monkeypatch):
    monkeypatch.delenv("DEMIJOHN_CONTROL_SOCKET", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["ctl", *words])


def test_the_place_is_what_the_option_says(talking, ctl):
    talking.answers["scale"] = {"wanted": 3, "before": 2}
    result = ctl("scale", "3", "--socket", "s")
    assert (result.exit_code, result.output) == (0, "3 workers wanted, instead of 2.\n")
    assert talking.asked == [{"command": "scale", "workers": 3}]


def test_the_place_is_what_the_settings_say(talking, ctl, tmp_path, monkeypatch):
    talking.answers["scale"] = {"wanted": 3, "before": 2}
    assert ctl("scale", "3").exit_code == 4
    (tmp_path / "pyproject.toml").write_text('[tool.demijohn]\ncontrol_socket = "s"\n')
    assert ctl("scale", "3").exit_code == 0
    monkeypatch.setenv("DEMIJOHN_CONTROL_SOCKET", "auto")
    assert ctl("scale", "3").exit_code == 4, "the variable comes first"
    monkeypatch.setenv("DEMIJOHN_CONTROL_SOCKET", "none")
    result = ctl("scale", "3")
    assert (result.exit_code, "no control socket" in result.output) == (2, True)
    monkeypatch.setenv("DEMIJOHN_CONTROL_SOCKET", str(tmp_path / "s"))
    assert ctl("scale", "3").exit_code == 0


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [(Code.FAILED, 1), (Code.BAD_QUESTION, 2), (Code.FORBIDDEN, 5), (Code.UNRESPONSIVE, 6), (Code.BUSY, 6)],
)
def test_errors_have_their_exit_codes_and_are_json_if_that_was_asked_for(talking, ctl, code, exit_code):
    talking.answers["reload"] = ControlError("Not today:\n\x1b[2Jevil", code)
    result = ctl("reload", "--socket", "s")
    assert (result.exit_code, result.stderr) == (exit_code, "Error: Not today:\n?[2Jevil\n")
    result = ctl("reload", "--socket", "s", "--json")
    assert result.exit_code == exit_code
    assert json.loads(result.stdout) == {"error": "Not today:\n?[2Jevil", "code": code}


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(talking, ctl, monkeypatch):
    monkeypatch.setattr(talking, "_dispatch", None)
    talking._server.dispatch = lambda message, reply: None
    result = ctl("reload", "--timeout", "0.05", "--socket", "s")
    assert (result.exit_code, "does not answer" in result.output) == (6, True)


@pytest.mark.parametrize(
    "words", [(), ("scale",), ("scale", "0"), ("stacks", "x"), ("log-level", "a", "b", "c"), ("jump",)]
)
def test_words_without_sense_reach_no_server(talking, ctl, words):
    assert ctl(*words).exit_code == 2
    assert not talking.asked
