"""The debugger as a developer uses it. Pictures of its pages are kept in build/browser/ (`debugger-*.png`): look at them."""

import os
import sys
from pathlib import Path

import pytest
from browser.accessibility import axe
from services import own_address

SHOP = Path(__file__).parent / "sites" / "shop" / "shop.py"
PIN = "123-456-789"

pytestmark = pytest.mark.slow


def start_shop(place, name, *words, **environ):
    """`demijohn run --debug` of the shop; its address as a URL."""
    address = own_address()
    process = place.start(
        name,
        *(sys.executable, "-m", "demijohn", "run", SHOP, "--debug", "--no-reload", "--host", address, "--port", 8000),
        *words,
        env={**os.environ, "DEMIJOHN_DEBUG_PIN": PIN, **environ},
    )
    place.wait_listening(process, (address, 8000))
    return f"http://{address}:8000"


@pytest.fixture(scope="module")
def site(module_place):
    return start_shop(module_place, "shop", DEMIJOHN_EDITOR="vscode")


def open_console(page, name="show_order"):
    """Open the console in the frame of a function; return the selector of where code is typed."""
    page.click(f'.console[data-name="{name}"] button')
    return f'.console[data-name="{name}"] textarea'


def give_pin(page, pin=PIN):
    page.wait_for("dialog[open]")
    page.fill("#pin-input", pin)
    page.press("Enter")


def run(page, field, code):
    page.wait_for(field)
    page.fill(field, code)
    page.press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_how_it_looks_and_that_everybody_can_use_it(site, page, scheme):
    page.scheme(scheme)
    for path in ("deep", "page", "many", "orders/7"):
        assert page.goto(f"{site}/{path}") == 500
        page.screenshot(f"debugger-{path.replace('/', '-')}", scheme)
    # With causes, notes, variables, and a frame of a library that is opened.
    page.evaluate("document.querySelectorAll('.fold, .fold > .frame:first-of-type').forEach(one => one.open = true)")
    assert axe(page) == []
    field = open_console(page)
    page.wait_for("dialog[open]")
    page.screenshot("debugger-pin", scheme)
    assert axe(page) == []
    give_pin(page)
    page.click(".fold > summary")
    run(page, field, "order")
    page.wait_for('js=document.querySelector(".log").innerText.includes("Ada")')
    run(page, field, "dump(order)")
    page.wait_for(".log .box")
    run(page, field, "order.lines['cards']")
    page.wait_for(".log .traceback")
    page.screenshot("debugger-console", scheme)
    assert axe(page) == []
    page.goto(f"{site}/console")
    run(page, ".console textarea", "app.url_map")
    page.wait_for(".log .object")
    page.screenshot("debugger-console-alone", scheme)
    assert axe(page) == []


def test_on_a_small_screen(site, page):
    page.goto(f"{site}/orders/7")
    page.screenshot("debugger-small", width=400)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_error_is_what_one_sees_first(site, page):
    page.goto(f"{site}/orders/7")
    assert page.text("h1") == "shop.OrderError"
    assert "one of its lines has no pieces." in page.text(".top .message")
    assert "sent back" in page.text(".note")
    assert "/orders/<int:number>" in page.text(".facts")
    # The source of our own frames is open, libraries are folded; nothing was asked of anybody else.
    assert "raise problem from error" in page.text(".frame.own[open] .current")
    assert page.evaluate("document.querySelector('.fold').open") is False
    assert "swordfish" not in page.text("main").replace('database_password = "swordfish"', "")
    assert {url for _, url in page.requests} <= {f"{site}/orders/7", f"{site}/favicon.ico"}
    assert [text for text in page.messages if "500" not in text] == []
    link = page.evaluate("document.querySelector('a.editor').href")
    assert link.startswith("vscode://file/") and ":" in link.rpartition("shop.py")[2]


def test_frames_open_and_close_with_the_keyboard_too(site, page):
    page.goto(f"{site}/orders/7")
    fold = "document.querySelector('.fold')"
    page.click(".fold > summary")
    page.wait_for(f"js={fold}.open")
    assert page.evaluate(f"{fold}.querySelector('.source').checkVisibility()") is False
    page.click(".fold > .frame > summary")
    page.wait_for(f"js={fold}.querySelector('.source').checkVisibility()")
    page.press("Enter")
    page.wait_for(f"js=!{fold}.querySelector('.source').checkVisibility()")
    page.click(".frame.own[open] .locals:not([open]) > summary")
    page.wait_for("js=document.querySelector('.locals[open] .variables').innerText.includes('Ada Lovelace')")
    page.press("Tab")
    assert page.evaluate("document.activeElement.className") == "scroll"


def test_values_show_their_rest(site, page):
    page.goto(f"{site}/orders/7")
    page.evaluate("document.querySelectorAll('.locals').forEach(one => one.open = true)")
    assert "line 39" not in page.text("main")
    page.evaluate(
        "[...document.querySelectorAll('.frame[open] .variables tr')].find(row => row.cells[0].innerText === 'notes')"
        ".querySelector('button.more').id = 'more'"
    )
    page.click("#more")
    page.wait_for("text=line 39")


def test_the_traceback_as_text(site, page):
    page.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.goto(f"{site}/orders/7")
    page.evaluate(
        "navigator.clipboard ??= null; window.copied = []; document.addEventListener('copy', () => copied.push(String(getSelection())))"
    )
    page.click("#copy")
    page.wait_for("text=Copied")
    assert page.text("#copied") == "The traceback was copied."
    page.click(".plain > summary")
    assert page.text("#plain").startswith("Traceback (most recent call last):")
    assert "The above exception was the direct cause" in page.text("#plain")


def test_code_runs_in_a_frame_behind_the_pin(site, page):
    page.goto(f"{site}/orders/7")
    field = open_console(page)
    give_pin(page, "999-999-999")
    page.wait_for("text=That is not the PIN.")
    give_pin(page)
    run(page, field, "order.customer")
    page.wait_for('js=document.querySelector(".log").innerText.includes("Ada Lovelace")')
    # Several lines, and what was typed before.
    page.fill(field, "for name in order.lines:\n    print(name.upper())")
    page.press("Enter")
    page.wait_for("text=PUNCHED CARDS")
    page.press("ArrowUp")
    page.press("ArrowUp")
    assert page.evaluate(f"document.querySelector('{field}').value") == "order.customer"
    run(page, field, "1 / 0")
    page.wait_for("text=ZeroDivisionError: division by zero")
    # Another frame has its own variables, and the browser is known now.
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    run(page, open_console(page, "price_per_piece"), "total * 2")
    page.wait_for("text=7200")
    assert not page.has("dialog[open]")
    page.reload()
    run(page, open_console(page), "request.path")
    page.wait_for("text=NameError")
    assert not page.has("dialog[open]")


def test_the_dialog_may_be_left(site, page):
    page.goto(f"{site}/orders/7")
    open_console(page)
    page.wait_for("dialog[open]")
    assert page.evaluate("document.activeElement.id") == "pin-input"
    page.press("Escape")
    page.wait_for("js=!document.querySelector('dialog[open]')")
    assert not page.has(".console textarea")


def test_after_too_many_wrong_pins_it_is_locked(place, page):
    site = start_shop(place, "locked")
    page.goto(f"{site}/orders/7")
    open_console(page)
    for number in range(10):
        give_pin(page, f"00{number}")
        page.wait_for("text=That is not the PIN.")
        page.evaluate("document.getElementById('pin-message').textContent = ''")
    give_pin(page)
    page.wait_for("text=Too many wrong PINs")
    page.screenshot("debugger-locked")
    assert page.evaluate("document.getElementById('pin-input').disabled")
    page.press("Escape")
    assert not page.has(".console textarea")


def test_the_console_of_its_own(site, page):
    page.goto(f"{site}/console")
    run(page, ".console textarea", "app.name")
    give_pin(page)
    page.wait_for("text='shop'")
    assert page.messages == []


def test_several_processes(place, page):
    site = start_shop(place, "several", "--processes", "3")
    page.goto(f"{site}/orders/7")
    field = open_console(page)
    give_pin(page)
    for number in range(8):
        run(page, field, f"seen = globals().get('seen', []) + [{number}]; len(seen), 'so far'")
        page.wait_for(f"text=({number + 1}, 'so far')")


def test_a_page_of_another_site_can_do_nothing(site, place, page):
    """It knows all there is to know, even the secret, and its user has given the PIN."""
    page.goto(f"{site}/orders/7")
    run_here = open_console(page)
    give_pin(page)
    run(
        page,
        run_here,
        "__import__('shop').app.shown.append(1); 'ran here'",
    )
    page.wait_for("text='ran here'")
    secret = page.evaluate("document.body.dataset.secret")
    frame = page.evaluate("document.querySelector('.console').dataset.frame")
    other = start_shop(place, "other")
    page.goto(f"{other}/")
    fields = f"new URLSearchParams({{s: {secret!r}, frm: {frame!r}, cmd: \"__import__('shop').app.shown.append(2)\"}})"
    page.evaluate(
        f"""Promise.all([
            fetch("{site}/?__debugger__=yes", {{method: "POST", mode: "no-cors", credentials: "include", body: {fields}}}),
            fetch("{site}/?__debugger__=yes&" + {fields}, {{mode: "no-cors", credentials: "include"}}),
            new Promise(done => {{
                const image = new Image();
                image.onload = image.onerror = done;
                image.src = "{site}/?__debugger__=yes&" + {fields};
            }}),
        ])"""
    )
    page.goto(f"{site}/orders/7")
    run(page, open_console(page), "'shown', __import__('shop').app.shown")
    page.wait_for("text=('shown', [1])")
