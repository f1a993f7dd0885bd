"""`Page`: a tab of the browser, as a test uses it. Whatever has to come true is waited for, up to `PATIENCE` seconds."""

import base64
import json
import time
from pathlib import Path

from browser.chromium import ProtocolError
from services import PATIENCE

ARTEFACTS = Path(__file__).parents[2] / "build" / "browser"
"""Where screenshots are kept; ignored by git."""

_LOOK_EVERY = 0.03

_KEYS = {
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
    "Escape": {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27},
    "Space": {"key": " ", "code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
    "ArrowUp": {"key": "ArrowUp", "code": "ArrowUp", "windowsVirtualKeyCode": 38},
    "ArrowDown": {"key": "ArrowDown", "code": "ArrowDown", "windowsVirtualKeyCode": 40},
}


class ScriptError(AssertionError):
    """What a script of the test's raised in the page."""


class Page:
    """One tab. Its `context` (cookies, storage) is its own, or that of another page."""

    def __init__(self, browser, context=None):
        self._browser = browser
        self.context = context or browser.call("Target.createBrowserContext")["browserContextId"]
        self._is_owner = context is None
        self._target = browser.call(
            "Target.createTarget", url="about:blank", browserContextId=self.context, width=1200, height=900
        )["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        self._loaded = set()
        self.messages = []
        """What the page wrote to the console, uncaught exceptions and what the browser refused, as text."""
        self.requests = []
        """`(method, url)` of each request that the page sent."""
        self.answers = []
        """`(url, status)` of each answer that it got."""
        browser.listen(self._session, self._on_event)
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.call(f"{domain}.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        self.scheme("light")

    def call(self, method, **parameters):
        """Send a command of Chromium's protocol to this tab."""
        return self._browser.call(method, self._session, **parameters)

    def close(self):
        self._browser.call("Target.closeTarget", targetId=self._target)
        if self._is_owner:
            self._browser.call("Target.disposeBrowserContext", browserContextId=self.context)

    # ------------------------------------------------------------------ where it is

    def goto(self, url):
        """Open a page and wait until it is loaded; return the status of the answer."""
        del self.answers[:]
        answer = self.call("Page.navigate", url=url)
        assert not answer.get("errorText"), f"{url}: {answer['errorText']}"
        loader = answer["loaderId"]
        with self._browser.news:
            self._browser.wait(lambda: loader in self._loaded, f"all of {url}")
        return next((status for at, status in self.answers if at == url.partition("#")[0]), None)

    def reload(self):
        """Load the page again, past the cache, and wait for it."""
        with self._browser.news:
            before = len(self._loaded)
        self.call("Page.reload", ignoreCache=True)
        with self._browser.news:
            self._browser.wait(lambda: len(self._loaded) > before, "the page again")

    @property
    def url(self):
        return self.evaluate("location.href")

    # ------------------------------------------------------------------ what it shows

    def evaluate(self, script):
        """Run JavaScript in the page and return its value; a promise is waited for.

        Raises:
            ScriptError: the script raised something.
            ProtocolError: the page went away meanwhile.
        """
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if failure := answer.get("exceptionDetails"):
            raise ScriptError(failure.get("exception", {}).get("description") or failure["text"])
        return answer["result"].get("value")

    def text(self, selector="body"):
        """The visible text of the first element; waits for it."""
        self.wait_for(selector)
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def has(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}) !== null")

    def count(self, selector):
        return self.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")

    def wait_for(self, what):
        """Wait for an element (a CSS selector), a text (`text=...`), or until a condition holds (`js=...`, or a function)."""
        if callable(what):
            script = None
        elif what.startswith("js="):
            script = f"!!({what[3:]})"
        elif what.startswith("text="):
            script = f"document.body !== null && document.body.innerText.includes({json.dumps(what[5:])})"
        else:
            script = f"document.querySelector({json.dumps(what)}) !== null"
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if what() if script is None else self.evaluate(script):
                    return
            except ProtocolError:
                pass  # between two pages
            assert time.monotonic() < deadline, f"{what} never came true; the page shows:\n{self._shown()}"
            time.sleep(_LOOK_EVERY)

    # ------------------------------------------------------------------ what a user does

    def click(self, selector):
        """Click with the mouse in the middle of the first element; waits for it."""
        self.wait_for(selector)
        x, y = self.evaluate(
            f"""(() => {{
                const element = document.querySelector({json.dumps(selector)});
                element.scrollIntoView({{block: "center", behavior: "instant"}});
                const box = element.getClientRects()[0];
                if (!box) throw new Error("not visible: " + {json.dumps(selector)});
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        where = {"x": x, "y": y}
        self.call("Input.dispatchMouseEvent", type="mouseMoved", **where)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **where)

    def fill(self, selector, text):
        """Type into a field in place of what is in it."""
        self.wait_for(selector)
        self.evaluate(
            f"(() => {{ const field = document.querySelector({json.dumps(selector)}); field.focus(); field.select(); }})()"
        )
        self.call("Input.insertText", text=text)

    def press(self, key):
        """Press a key where the focus is: `Enter`, `Tab`, `Escape`, `Space`, an arrow."""
        event = _KEYS[key]
        self.call("Input.dispatchKeyEvent", type="keyDown" if "text" in event else "rawKeyDown", **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", **{name: event[name] for name in ("key", "code")})

    def scheme(self, name):
        """Prefer `light` or `dark`."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, name, scheme=None, width=None):
        """Keep a picture of the whole page in build/browser/; return its path. `scheme` and `width` hold from then on."""
        if scheme is not None:
            self.scheme(scheme)
            name = f"{name}-{scheme}"
        if width is not None:
            self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        path.write_bytes(base64.b64decode(picture["data"]))
        return path

    # ------------------------------------------------------------------ inside

    def _on_event(self, method, event):
        if method == "Page.lifecycleEvent":
            if event["name"] == "load":
                self._loaded.add(event["loaderId"])
        elif method == "Network.requestWillBeSent":
            self.requests.append((event["request"]["method"], event["request"]["url"]))
        elif method == "Network.responseReceived":
            self.answers.append((event["response"]["url"], event["response"]["status"]))
        elif method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            self.messages.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded":
            self.messages.append(event["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.messages.append(" ".join(str(one.get("value", one.get("description"))) for one in event["args"]))

    def _shown(self):
        try:
            return self.evaluate("location.href + '\\n' + (document.body ? document.body.innerText : '')")[:2000]
        except (ProtocolError, ScriptError) as error:
            return str(error)
