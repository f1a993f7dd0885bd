"""How a program is started again."""

import os
import sys

import pytest

from demijohn.manage.reloader import commandline
from demijohn.manage.reloader.commandline import EARLY, Command, own_command


def test_what_is_imported_first_stands_in_front():
    command = Command(("python", "app.py"), "/")
    assert command.environ({"A": "1"}, {"B": "2"}) == {"A": "1", "B": "2", "PYTHONPATH": EARLY}
    environ = command.environ({"PYTHONPATH": "/lib"}, {})
    assert environ["PYTHONPATH"] == f"{EARLY}{os.pathsep}/lib"
    assert environ["DEMIJOHN_RELOADER_PYTHONPATH"] == "/lib"
    assert os.path.isfile(os.path.join(EARLY, "sitecustomize.py"))


def test_the_same_words_again(monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-X", "dev", "-m", "shop", "--port", "80"])
    monkeypatch.setattr(sys, "argv", ["/site/shop/__main__.py", "--port", "80"])
    assert own_command().words == (sys.executable, "-X", "dev", "-m", "shop", "--port", "80")


@pytest.mark.parametrize("words, argv", [([], []), (["python3"], [""]), (["python3", "-"], ["-"])])
def test_what_was_typed_in_cannot_be_started_again(monkeypatch, words, argv):
    monkeypatch.setattr(sys, "orig_argv", words)
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(RuntimeError, match="not started from a file"):
        own_command()


def test_a_script_is_found_although_the_program_has_gone_elsewhere(monkeypatch, tmp_path):
    script = tmp_path / "app.py"
    script.write_text("")
    monkeypatch.setattr(commandline, "STARTED_IN", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(sys, "orig_argv", ["python3", "app.py", "-v"])
    monkeypatch.setattr(sys, "argv", ["app.py", "-v"])
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    assert own_command().words == (sys.executable, str(script), "-v")
