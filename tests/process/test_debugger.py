"""The debugger in real servers: one process and several; and what starts without it, or not at all."""

import glob
import html
import http.client
import json
import os
import re
import signal
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import pytest

SHOP = Path(__file__).parents[1] / "browser" / "sites" / "shop" / "shop.py"
PIN = {"WERKZEUG_DEBUG_PIN": "", "DEMIJOHN_DEBUG_PIN": "123-456-789"}

pytestmark = pytest.mark.slow


class Browser:
    """One that keeps its cookie, and asks on a connection of its own each time, so that any process may answer."""

    def __init__(self, server):
        self.server = server
        self.cookie = None
        page = self.ask("GET", "/orders/7", Accept="text/html")[1]
        self.secret = re.search(r'data-secret="([^"]+)"', page)[1]
        self.frame = re.search(r'data-frame="([\d-]+)" data-name="show_order"', page)[1]

    def ask(self, method, path, body=None, **headers):
        if self.cookie is not None:
            headers["Cookie"] = self.cookie
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            with connection.getresponse() as answer:
                if "Set-Cookie" in answer.headers:
                    self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
                return answer.status, answer.read().decode()
        finally:
            connection.close()

    def post(self, **fields):
        body = urlencode({"s": self.secret, **fields})
        return self.ask("POST", "/?__debugger__=yes", body, **{"Content-Type": "application/x-www-form-urlencoded"})

    def try_pin(self, pin):
        return json.loads(self.post(cmd="pinauth", pin=pin)[1])

    def run(self, code):
        status, text = self.post(cmd=code, frm=self.frame)
        return status, html.unescape(re.sub("<[^>]+>", "", text)).removeprefix(f">>> {code}\n")


def start_shop(start, *words, **environ):
    return start("-m", "demijohn", "run", SHOP, "--port", 0, "--no-reload", *words, **PIN, **environ)


def test_one_process(start):
    server = start_shop(start, "--debug")
    server.wait_for("Debugger PIN: 123-456-789")
    browser = Browser(server)
    status, text = browser.ask("GET", "/orders/7", Accept="*/*")
    assert status == 500
    assert text.startswith("Traceback") and "shop.OrderError: The prices of order 7" in text
    assert (
        json.loads(browser.ask("GET", "/orders/7", Accept="application/json")[1])["error"]["type"] == "shop.OrderError"
    )
    assert browser.run("1") == (403, "The console is locked. Give the PIN first.")
    assert browser.try_pin("123456789")["auth"]
    assert browser.run("order.customer, __import__('os').getpid()")[1] == f"('Ada Lovelace', {server.pid})"
    assert server.get("/") == str(server.pid)
    browser.post(cmd="printpin")
    server.wait_for("wants to use the debugger's console. Its PIN: 123-456-789")
    server.send(signal.SIGTERM)
    assert server.wait() == 0


@pytest.mark.parametrize("more", [(), ("--threads", "4")])
def test_the_process_that_holds_the_frame_is_asked(start, more):
    server = start_shop(start, "--debug", "--processes", "3", *more)
    workers = server.workers(3)
    browser = Browser(server)
    holder = browser.frame.partition("-")[0]
    assert int(holder) in workers
    assert browser.try_pin("123-456-789")["auth"]
    # Each of these comes to any of the three.
    for number in range(12):
        assert browser.run("count = globals().get('count', 0) + 1; (count, __import__('os').getpid())") == (
            200,
            f"({number + 1}, {holder})",
        )
    assert "Ada Lovelace" in browser.post(show="locals", frm=browser.frame)[1]
    assert "data-more" in browser.post(cmd="for x in range(2):", frm=browser.frame)[1]
    browser.post(cmd="    print(x)", frm=browser.frame)
    assert browser.post(cmd="", frm=browser.frame)[1] == "... \n0\n1\n"
    console = re.search(r'data-frame="([\d-]+)"', browser.ask("GET", "/console")[1])[1]
    browser.frame = console
    for number in range(6):
        assert browser.run("count = globals().get('count', 0) + 1; count") == (200, str(number + 1))
    # Its socket is nobody else's, and is not left behind.
    (directory,) = [
        place for place in glob.glob(f"{tempfile.gettempdir()}/demijohn-debug-*") if Path(place, holder).exists()
    ]
    assert os.stat(directory).st_mode & 0o777 == 0o700
    server.send(signal.SIGTERM)
    assert server.wait() == 0
    assert not os.path.exists(directory)


def test_a_process_that_has_ended_is_said_to_be_gone(start):
    server = start_shop(start, "--debug", "--processes", "2")
    server.workers(2)
    browser = Browser(server)
    assert browser.try_pin("123456789")["auth"]
    os.kill(int(browser.frame.partition("-")[0]), signal.SIGKILL)
    server.workers(3)
    status, text = browser.run("1")
    assert status == 410
    assert "Load the page again" in text


def test_ten_pins_may_be_tried_at_all_processes_together(start):
    server = start_shop(start, "--debug", "--processes", "3")
    server.workers(3)
    browser = Browser(server)
    answers = [browser.try_pin(f"{number:09d}") for number in range(30)]
    assert [answer["exhausted"] for answer in answers] == [False] * 10 + [True] * 20
    assert browser.try_pin("123-456-789") == {"auth": False, "exhausted": True}
    assert browser.run("open('/tmp/never', 'w')")[0] == 403


@pytest.mark.parametrize("words", [("--debugger",), ("--debugger", "--no-debug"), ("--debugger", "--processes", "2")])
def test_no_production_start_with_the_debugger(start, words):
    server = start_shop(start, *words)
    assert server.wait() == 2
    assert "only in debug mode" in server.output()


def test_a_variable_that_was_forgotten_starts_nothing(start):
    server = start_shop(start, DEMIJOHN_DEBUGGER="1")
    assert server.wait() == 2
    assert "DEMIJOHN_DEBUGGER" in server.output()


@pytest.mark.parametrize("words", [(), ("--debug", "--no-debugger")])
def test_without_the_debugger(start, words):
    server = start_shop(start, *words)
    assert server.port
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/orders/7", headers={"Accept": "text/html"})
    with connection.getresponse() as answer:
        assert answer.status == 500
        assert b"swordfish" not in (body := answer.read()) and b"data-secret" not in body
    connection.request("GET", "/console")
    with connection.getresponse() as answer:
        assert answer.status == 404
    connection.close()
    assert "Debugger" not in server.output()


def test_an_address_for_everybody(start):
    server = start("-m", "demijohn", "run", SHOP, "--host", "0.0.0.0", "--port", 0, "--debug", "--no-reload", **PIN)
    server.wait_for("Others can reach the debugger: .* the PIN; it answers for localhost, 127.0.0.1$")
    port = int(server.wait_for(r"Running on http://[\d.]+:(\d+)")[0][1])
    for host, has_console in ((f"0.0.0.0:{port}", False), (f"127.0.0.1:{port}", True), ("evil.example", False)):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/orders/7", headers={"Accept": "text/html", "Host": host})
        with connection.getresponse() as answer:
            assert (b"data-secret" in answer.read()) is has_console
        connection.close()


def test_more_hosts_and_no_console(start):
    server = start_shop(start, "--debug", "--debugger-hosts", "shop.example")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/orders/7", headers={"Accept": "text/html", "Host": "shop.example"})
    with connection.getresponse() as answer:
        assert b"data-secret" in answer.read()
    connection.close()
    server = start_shop(start, "--debug", "--no-debugger-console")
    server.wait_for("Debugger is active, without consoles")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/orders/7", headers={"Accept": "text/html"})
    with connection.getresponse() as answer:
        page = answer.read()
        assert b"data-secret" not in page and b"OrderError" in page
    connection.close()
