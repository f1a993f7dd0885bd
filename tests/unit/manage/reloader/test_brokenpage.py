"""What the parent answers while no child can."""

import http.client
import json
import socket

import pytest

from demijohn.manage.reloader.brokenpage import BrokenPage, chosen_kind
from demijohn.manage.reloader.failure import Failure
from demijohn.serve import Listener


@pytest.fixture
def listener():
    listener = Listener.tcp("127.0.0.1", 0)
    yield listener
    listener.close()


@pytest.fixture
def page(listener):
    page = BrokenPage([listener])
    yield page
    page.take_away()


def ask(listener, accept=None, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", listener.address[1], timeout=20)
    connection.request(
        method,
        "/any/path?x=1",
        body=b"x" * 100_000 if method == "POST" else None,
        headers={"Accept": accept} if accept else {},
    )
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_everything_is_answered_with_the_error(page, listener):
    page.show(Failure.of_text("SyntaxError: <bad>", "where it is"))
    answer, body = ask(listener, "text/html,application/xhtml+xml,*/*;q=0.8")
    assert answer.status == 500
    assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
    assert answer.getheader("Retry-After") == "1"
    assert answer.getheader("Cache-Control") == "no-store"
    assert "default-src 'none'" in answer.getheader("Content-Security-Policy")
    assert "SyntaxError: &lt;bad&gt;" in body
    answer, body = ask(listener, "application/json", "POST")
    assert (answer.status, answer.getheader("Content-Type")) == (500, "application/json")
    assert json.loads(body) == {"error": "SyntaxError: <bad>", "traceback": "where it is"}
    answer, body = ask(listener)
    assert answer.getheader("Content-Type") == "text/plain; charset=utf-8"
    assert body == "SyntaxError: <bad>\nwhere it is\n"
    assert ask(listener, method="HEAD")[1] == ""


def test_who_comes_after_it_was_taken_away_waits(page, listener):
    page.show(Failure.of_text("one", ""))
    page.take_away()
    with socket.create_connection(("127.0.0.1", listener.address[1]), timeout=20) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        page.show(Failure.of_text("two", ""))
        sock.settimeout(20)
        assert b"two" in sock.makefile("rb").read()


def test_taking_away_what_is_not_shown_does_nothing(page):
    page.take_away()


def test_without_listeners_nothing_is_shown():
    page = BrokenPage([])
    page.show(Failure.of_text("one", ""))
    page.take_away()


@pytest.mark.parametrize(
    "accept, kind",
    [
        (None, "text/plain"),
        ("*/*", "text/plain"),
        ("text/html", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("image/png", "text/plain"),
        (",,;;", "text/plain"),
    ],
)
def test_the_form_is_the_clients_choice(accept, kind):
    assert chosen_kind(accept) == kind
