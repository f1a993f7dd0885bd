"""The flame graph of ProfilerMiddleware, with a mouse, by keys, and for everybody."""

import threading
import time
import urllib.request

import pytest
from browser.accessibility import axe
from services import own_address

from demijohn import Demijohn
from demijohn.middleware import ProfilerMiddleware
from demijohn.serving import make_server

pytestmark = pytest.mark.slow


def inner():
    time.sleep(0.002)  # something to see


def outer():
    inner()
    for number in range(100):
        str(number)


@pytest.fixture(scope="module")
def site():
    """An application with its profiler, served by this process; two requests are profiled."""
    app = Demijohn(__name__)
    app.add_url_rule("/orders/<int:number>", "order", lambda number: outer() or f"order {number}")
    app.wsgi_app = ProfilerMiddleware(app.wsgi_app, None, flame_path="/__profile__")
    server = make_server(own_address(), 0, app, threads=2)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for number in (1, 2):
        with urllib.request.urlopen(f"{server.url}/orders/{number}", timeout=20) as answer:
            assert answer.status == 200
    yield server.url
    server.shutdown()
    thread.join(20)


def selected(page):
    return page.evaluate("document.querySelector('.bar[tabindex=\"0\"]').getAttribute('aria-label')")


def test_from_the_list_to_a_function_by_keys(site, page):
    assert page.goto(f"{site}/__profile__") == 200
    page.click("a[href$='/2']")
    page.wait_for("#graph .bar")
    assert "GET /orders/2" in page.text("h1")
    assert selected(page).startswith("request,")
    page.evaluate("document.querySelector('.bar[tabindex=\"0\"]').focus()")
    for _ in range(60):
        if selected(page).startswith("inner,"):
            break
        page.press("ArrowDown")
    assert "test_profile.py:" in page.text("#detail")
    assert "1 call" in page.text("#detail")
    before = page.count(".bar")
    page.press("Enter")
    page.wait_for("js=document.querySelectorAll('.bar.behind').length > 0")
    assert selected(page).startswith("inner,")
    page.press("ArrowUp")
    assert selected(page).startswith("outer,")
    page.press("Escape")
    page.wait_for("js=document.querySelectorAll('.bar.behind').length === 0")
    assert page.count(".bar") == before
    assert page.messages == []


def test_with_the_mouse(site, page):
    page.goto(f"{site}/__profile__/1")
    page.fill("#find", "outer")
    page.wait_for("js=document.querySelectorAll('.bar.hit').length > 0")
    assert " found, " in page.text("#found")
    page.click(".bar.hit")
    page.wait_for("js=!document.querySelector('#out').disabled")
    page.click("#out")
    page.wait_for("js=document.querySelector('#out').disabled")
    assert page.messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(site, page, scheme):
    page.scheme(scheme)
    for path, name in (("", "list"), ("/2", "graph")):
        page.goto(f"{site}/__profile__{path}")
        page.screenshot(f"profile-{name}", scheme, width=1200)
        assert axe(page) == []
