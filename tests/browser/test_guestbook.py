"""The example application as people see it."""

import os
import sys
from pathlib import Path

import pytest
from browser.accessibility import axe
from services import own_address

GUESTBOOK = Path(__file__).parents[2] / "examples" / "guestbook" / "guestbook.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(module_place):
    """`demijohn run` of the guestbook; its address as a URL."""
    address = own_address()
    process = module_place.start(
        "guestbook",
        *(sys.executable, "-m", "demijohn", "run", f"{GUESTBOOK}:app", "--host", address, "--port", 8000),
        env={**os.environ, "GUESTBOOK_DATA": str(module_place.directory / "data")},
    )
    module_place.wait_listening(process, (address, 8000))
    return f"http://{address}:8000"


def test_a_visitor_signs_and_reads_what_was_written(site, page):
    assert page.goto(f"{site}/") == 200
    page.fill("[name=name]", "Ada <b>Lovelace</b>")
    page.fill("[name=message]", "Good afternoon.")
    page.click("form button")
    page.wait_for("text=Good afternoon.")
    assert "Ada <b>Lovelace</b>" in page.text("main")
    page.wait_for('js=getComputedStyle(document.body).fontFamily.startsWith("system-ui")')
    assert page.messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(site, page, scheme):
    page.scheme(scheme)
    for path, name in (("/", "index"), ("/entries/999999", "error")):
        page.goto(f"{site}{path}")
        page.screenshot(f"guestbook-{name}", scheme)
        assert axe(page) == []
