"""PINs: the same each time, set, or off."""

import os
import re

import pytest

from demijohn import Demijohn
from demijohn.debug import get_machine_id, get_pin_and_cookie_name, hash_pin
from demijohn.debug.attempts import Attempts
from demijohn.debug.pin import make_pin


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch):
    for name in ("DEMIJOHN_DEBUG_PIN", "WERKZEUG_DEBUG_PIN"):
        monkeypatch.delenv(name, raising=False)


def test_a_pin_is_the_same_each_time_and_another_for_another_application():
    pin = make_pin("a", "b")
    assert re.fullmatch(r"\d{3}-\d{3}-\d{3}", pin.text)
    assert make_pin("a", "b") == pin
    for other in (make_pin("a", "c"), make_pin("ab"), make_pin("a", "b", "")):
        assert (other.text, other.cookie_name, other.key) != (pin.text, pin.cookie_name, pin.key)
        assert other.key != pin.key


@pytest.mark.parametrize("name", ["DEMIJOHN_DEBUG_PIN", "WERKZEUG_DEBUG_PIN"])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("123-456-789", "123-456-789"),
        ("123456789", "123-456-789"),
        ("1-2", "1-2"),
        ("123", "123"),
        ("12345678901", "12345678901"),
        ("off", None),
        ("OFF", None),
    ],
)
def test_a_pin_that_is_set(monkeypatch, name, value, text):
    monkeypatch.setenv(name, value)
    assert make_pin("a").text == text


def test_ours_comes_before_werkzeugs(monkeypatch):
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "off")
    monkeypatch.setenv("DEMIJOHN_DEBUG_PIN", "123")
    assert make_pin("a").text == "123"


@pytest.mark.parametrize("value", ["abc", "12a", "١٢٣", "--"])
def test_what_is_no_pin_is_said(monkeypatch, caplog, value):
    made_up = make_pin("a").text
    monkeypatch.setenv("DEMIJOHN_DEBUG_PIN", value)
    assert make_pin("a").text == made_up
    assert "DEMIJOHN_DEBUG_PIN is no PIN" in caplog.text
    assert value not in caplog.text


@pytest.mark.parametrize(
    ("given", "is_right"),
    [
        ("123-456-789", True),
        ("123456789", True),
        (" 123 456 789 ", True),
        ("123-456-78", False),
        ("123-456-7890", False),
        ("", False),
        ("ü", False),
    ],
)
def test_how_a_pin_may_be_typed(monkeypatch, given, is_right):
    monkeypatch.setenv("DEMIJOHN_DEBUG_PIN", "123-456-789")
    assert make_pin("a").is_right(given) is is_right


def test_a_cookie_of_another_pin_or_machine_is_none(monkeypatch):
    before, other = make_pin("a"), make_pin("b")
    cookie = before.make_cookie(1000)
    assert before.takes_cookie(cookie, 1001)
    assert not other.takes_cookie(cookie, 1001)
    monkeypatch.setenv("DEMIJOHN_DEBUG_PIN", "123")
    assert not make_pin("a").takes_cookie(cookie, 1001)


@pytest.mark.parametrize("value", [None, "", "|", "x|y", "1000|", "ü|ü"])
def test_what_is_no_cookie(value):
    assert not make_pin("a").takes_cookie(value, 1000)


def test_names_of_werkzeug(monkeypatch):
    app = Demijohn(__name__)
    pin, cookie = get_pin_and_cookie_name(app)
    assert get_pin_and_cookie_name(app) == (pin, cookie)
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "off")
    assert get_pin_and_cookie_name(app) == (None, None)
    assert hash_pin("123") == hash_pin("123") != hash_pin("124")
    assert get_machine_id() is None or get_machine_id() == get_machine_id() != b""


def test_attempts_are_counted_over_forks():
    attempts = Attempts(5)
    assert attempts.take()
    pid = os.fork()
    if pid == 0:
        taken = sum(attempts.take() for _ in range(3))
        os._exit(taken)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
    assert [attempts.take(), attempts.take(), attempts.take()] == [True, False, False]
    attempts.restore()
    assert [attempts.take() for _ in range(6)] == [True] * 5 + [False]
