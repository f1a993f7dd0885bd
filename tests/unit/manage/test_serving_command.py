"""`python -m demijohn.serving`."""

import pytest
from click.testing import CliRunner

from demijohn.manage.cli import serving
from demijohn.manage.cli.serving import serving_command


@pytest.fixture
def told(monkeypatch):
    """The words that `demijohn` is told, in the place of serving."""
    told = []
    monkeypatch.setattr(serving, "run_demijohn", lambda words, prog_name: told.extend(words))
    return told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["shop:app"], ["run", "shop:app", "--bind", "localhost:5000", "--no-reload"]),
        (["-b", "0.0.0.0:80", "shop:app"], ["run", "shop:app", "--bind", "0.0.0.0:80", "--no-reload"]),
        (["--bind", ":1", "-d", "-r", "x:y"], ["run", "x:y", "--bind", ":1", "--debug", "--debugger", "--reload"]),
        (["--debug", "x:y"], ["run", "x:y", "--bind", "localhost:5000", "--debug", "--debugger", "--no-reload"]),
        (["x:y", "--reload"], ["run", "x:y", "--bind", "localhost:5000", "--reload"]),
    ],
)
def test_words(told, words, expected):
    assert CliRunner().invoke(serving_command, words).exit_code == 0
    assert told == expected


@pytest.mark.parametrize("words", [[], ["--nope", "x:y"], ["x:y", "z"]])
def test_wrong_words(told, words):
    assert CliRunner().invoke(serving_command, words).exit_code == 2
    assert told == []


def test_help():
    output = CliRunner().invoke(serving_command, ["-h"]).output
    for option in ("-b, --bind", "-d, --debug", "-r, --reload", "-h, --help"):
        assert option in output
