"""Browser refresh as a developer meets it: files are edited, and the pages that are open follow by themselves."""

import http.client
import os
import sys

import pytest
from services import own_address, until

pytestmark = pytest.mark.slow

APP = """
from demijohn import Demijohn, render_template, request

app = Demijohn(__name__)
WORD = {word!r}


@app.route("/", methods=["GET", "POST"])
def page():
    return render_template("page.html", word=WORD, method=request.method)


@app.get("/wrong")
def wrong():
    return {wrong}
"""

PAGE = """<!doctype html>
<html lang="en"><head><title>Edited</title><link rel="stylesheet" href="/static/style.css"></head>
<body><h1>first {{ word }} {{ method }}</h1><img alt="" src="/static/dot.svg">
<form method="post"><button>Send</button></form></body></html>
"""

DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="9"></svg>'


class Site:
    """A project that is edited, and its server."""

    def __init__(self, place, name, *options):
        self.directory = place.directory / name
        for folder in ("templates", "static"):
            (self.directory / folder).mkdir(parents=True)
        self.write("app.py", APP.format(word="one", wrong="1 / 0"))
        self.write("templates/page.html", PAGE)
        self.write("static/style.css", "h1 { color: rgb(1, 2, 3) }")
        self.write("static/dot.svg", DOT.format(9))
        self.address = own_address()
        process = place.start(
            name,
            *(sys.executable, "-m", "demijohn", "run", self.directory / "app.py", "--host", self.address),
            *("--port", 8000, *options),
            env={**os.environ, "DEMIJOHN_DEBUG_PIN": "off"},
        )
        place.wait_listening(process, (self.address, 8000))
        self.url = f"http://{self.address}:8000/"

    def write(self, name, text):
        (self.directory / name).write_text(text)

    def get(self, path, **headers):
        connection = http.client.HTTPConnection(self.address, 8000, timeout=20)
        try:
            connection.request("GET", path, headers=headers)
            with connection.getresponse() as answer:
                return answer.status, answer.read()
        finally:
            connection.close()


def mark(page):
    """Leave something in a page that only a reload takes away, once it listens."""
    page.wait_for(
        lambda: any(
            "/__demijohn__/refresh" in url and status == 200 for url, status in page.answers if "refresh.js" not in url
        )
    )
    page.evaluate("window.marked = true")


def is_marked(page):
    return page.evaluate("window.marked === true")


@pytest.mark.parametrize("options", [(), ("--processes", 2)], ids=["one process", "two processes"])
def test_pages_follow_what_is_edited(place, open_page, options):
    site = Site(place, "site", "--debug", *options)
    page, beside = open_page(), open_page()
    for one in (page, beside):
        assert one.goto(site.url) == 200
        assert one.text("h1") == "first one GET"
    # A template: whatever is shown again.
    page.call("Page.bringToFront")
    mark(page)
    site.write("templates/page.html", PAGE.replace("first", "second"))
    page.wait_for("text=second one")
    # A style is exchanged, and nothing else happens.
    mark(page)
    site.write("static/style.css", "h1 { color: rgb(4, 5, 6) }")
    page.wait_for('js=getComputedStyle(document.querySelector("h1")).color === "rgb(4, 5, 6)"')
    page.wait_for("js=document.querySelectorAll('link').length === 1")
    assert is_marked(page)
    # Another static file: the page is loaded anew.
    site.write("static/dot.svg", DOT.format(42))
    page.wait_for("js=document.images[0]?.naturalWidth === 42 && !window.marked")
    # Code: another process serves.
    site.write("app.py", APP.format(word="two", wrong="1 / 0"))
    page.wait_for("text=second two")
    # Code that cannot be loaded, and then can.
    site.write("app.py", "def broken(:")
    page.wait_for("text=SyntaxError")
    site.write("app.py", APP.format(word="three", wrong="1 / 0"))
    page.wait_for("text=second three")
    # The tab that nobody looked at has missed all of it, until somebody does.
    beside.call("Page.bringToFront")
    beside.wait_for("text=second three")


def test_an_error_goes_away_when_it_is_mended_and_a_form_is_not_sent_again_unasked(place, page):
    site = Site(place, "site", "--debug")
    assert page.goto(f"{site.url}wrong") == 500
    page.wait_for("text=ZeroDivisionError")
    site.write("app.py", APP.format(word="one", wrong="'mended'"))
    page.wait_for("text=mended")
    page.goto(site.url)
    page.click("form button")
    page.wait_for("text=first one POST")
    mark(page)
    site.write("templates/page.html", PAGE.replace("first", "second"))
    page.wait_for("#demijohn-refresh button")
    assert is_marked(page)
    posts = [request for request in page.requests if request[0] == "POST"]
    assert len(posts) == 1


def test_nothing_is_put_in_where_it_is_not_wanted(place):
    browser = {"Accept": "text/html", "Sec-Fetch-Dest": "document"}
    plain = PAGE.replace("{{ word }}", "one").replace("{{ method }}", "GET").rstrip("\n").encode()
    debug = Site(place, "debug", "--debug")
    status, body = debug.get("/", **browser)
    assert (status, body.count(b"__demijohn__")) == (200, 1)
    assert debug.get("/", Accept="*/*") == (200, plain)
    for name, options in (
        ("off", ("--debug", "--no-browser-refresh")),
        ("unloaded", ("--debug", "--no-reload")),
        ("reload", ("--reload",)),
        ("production", ()),
    ):
        site = Site(place, name, *options)
        assert site.get("/", **browser) == (200, plain)
        assert until(lambda site=site: site.get("/__demijohn__/refresh.js"))[0] == 404
