"""What pages of other sites get from a server in debug mode: nothing, also where no PIN is asked for and they know the secret."""

import json
import os
import sys
from pathlib import Path

import pytest
from services import free_port

SHOP = Path(__file__).parent / "sites" / "shop" / "shop.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def port(module_place):
    """The shop in debug mode with everything that belongs to it, but a PIN; on 127.0.0.1, where all names in `.test` lead."""
    port = free_port("127.0.0.1")
    process = module_place.start(
        "shop",
        *(sys.executable, "-m", "demijohn", "run", SHOP, "--debug", "--port", port),
        env={**os.environ, "DEMIJOHN_DEBUG_PIN": "off"},
    )
    module_place.wait_listening(process, ("127.0.0.1", port))
    return port


@pytest.fixture
def own(port, page):
    """The developer's own page of an error; secret and frame are in it."""
    page.goto(f"http://127.0.0.1:{port}/orders/7")
    page.wait_for(".console")
    return page


def command(page, code):
    """The query that has the debugger run something in a frame, by one who knows all that is needed."""
    secret = page.evaluate("document.body.dataset.secret")
    frame = page.evaluate("document.querySelector('.console').dataset.frame")
    assert secret
    fields = json.dumps({"s": secret, "frm": frame, "cmd": code})
    return f"__debugger__=yes&{page.evaluate(f'new URLSearchParams({fields}).toString()')}"


def ask(page, url):
    """Status and text of what a script of the page gets."""
    return page.evaluate(f"fetch({url!r}).then(async answer => [answer.status, await answer.text()])")


def shown(page):
    """What the application says that code was run for: status and text."""
    return ask(page, "/?" + command(page, "__import__('shop').app.shown"))


def test_a_name_that_is_made_to_lead_here_learns_and_does_nothing(port, own, open_page):
    """DNS rebinding: to the browser, a page of evil.test is of the same origin as all that this server answers."""
    order = command(own, "__import__('shop').app.shown.append('rebound')")
    assert "rebound" not in shown(own)[1]
    evil = open_page()
    evil.goto(f"http://evil.test:{port}/orders/7")
    assert not evil.evaluate("document.body.dataset.secret")
    assert "__demijohn__" not in evil.evaluate("document.documentElement.outerHTML")
    for path in (f"/?{order}", "/__demijohn__/refresh", "/__demijohn__/refresh.js"):
        status, text = ask(evil, path)
        assert status in {400, 403, 404}, (path, status, text)
    assert not evil.evaluate("fetch('/console').then(a => a.text()).then(text => text.includes('data-secret=\"'))")
    status, text = shown(own)
    assert status == 200
    assert "rebound" not in text
    # The same order of the developer's own page is carried out: it was a good one.
    assert ask(own, f"/?{order}")[0] == 200
    assert "rebound" in shown(own)[1]


def test_another_origin_hears_of_no_change(port, own, open_page):
    site = f"http://127.0.0.1:{port}"
    other = open_page()
    # Another host's name is another origin.
    other.goto(f"http://localhost:{port}/__demijohn__/nothing")
    result = other.evaluate(
        f"""Promise.all([
            new Promise(done => {{
                const source = new EventSource("{site}/__demijohn__/refresh");
                source.onopen = () => done("open");
                source.onerror = () => done("refused");
            }}),
            new Promise(done => {{
                const script = document.createElement("script");
                script.onload = () => done("loaded");
                script.onerror = () => done("refused");
                script.src = "{site}/__demijohn__/refresh.js";
                document.head.append(script);
            }}),
        ])"""
    )
    assert result == ["refused", "refused"]
    assert ask(own, "/__demijohn__/refresh.js")[0] == 200
