"""`@app.route(..., timeout=...)`, `REQUEST_TIMEOUT`, `request.disconnected` and `on_disconnect`: over sockets, both doors, all runners."""

import asyncio
import threading
import time

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn import Blueprint, Demijohn, RequestTimedOut, g, request
from demijohn.app.globals import _cv_app
from demijohn.doors.choose import handler_for

LIMIT = 0.05
SURE = 0.2  # where the view must have begun when it is reached


def spin() -> None:
    until = time.monotonic() + TIMEOUT
    while time.monotonic() < until:
        pass


class Site:
    """An application that is slow in several places."""

    def __init__(self, **config) -> None:
        self.app = app = Demijohn("site")
        app.config.update(config)
        self.seen: list[str] = []
        self.event = threading.Event()
        self.gone = threading.Event()
        app.teardown_request(self.teardown)
        app.get("/spins", timeout=SURE)(self.spins)
        app.get("/sleeps", timeout=LIMIT)(self.sleeps)
        app.get("/sleeps-async", timeout=SURE)(self.sleeps_async)
        app.get("/by-default")(self.by_default)
        app.get("/unlimited", timeout=None)(self.unlimited)
        app.get("/quick", timeout=60)(self.quick)
        app.get("/slow-after", timeout=LIMIT)(self.slow_after)
        app.get("/asks")(self.asks)
        app.get("/is-told")(self.is_told)
        inner = Blueprint("inner", __name__, url_prefix="/inner")
        inner.add_url_rule("/spins", "spins", spin, timeout=LIMIT)
        app.register_blueprint(inner)
        app.after_request(self.after)

    def teardown(self, error: BaseException | None) -> None:
        # Nothing interrupts teardown, however long ago the limit was.
        if request.path == "/spins":
            until = time.monotonic() + 2 * LIMIT
            while time.monotonic() < until:
                pass
        self.seen.append(f"teardown {type(error).__name__}")
        self.event.set()

    def spins(self):
        g.left = "behind"
        try:
            spin()
        except RequestTimedOut:
            self.seen.append("interrupted")
            raise

    def sleeps(self):
        self.event.wait(TIMEOUT)
        return "nobody hears this"

    async def sleeps_async(self):
        try:
            await asyncio.sleep(TIMEOUT)
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            self.gone.set()
            raise

    def by_default(self):
        spin()

    def unlimited(self):
        time.sleep(3 * LIMIT)
        return str(request.deadline)

    def quick(self):
        assert request.deadline is not None
        return str(50 < request.deadline - time.monotonic() <= 60)

    def slow_after(self):
        return "made"

    def after(self, response):
        if request.path == "/slow-after" and response.status_code == 200:
            spin()
        return response

    def asks(self):
        self.event.set()
        until = time.monotonic() + TIMEOUT
        while not request.disconnected and time.monotonic() < until:
            time.sleep(0.002)
        self.seen.append(str(request.disconnected))
        self.gone.set()
        return ""

    def is_told(self):
        @request.on_disconnect
        def told() -> None:
            self.seen.append(f"{request.path} {_cv_app.get().app.name}")
            self.gone.set()

        self.event.set()
        self.gone.wait(TIMEOUT)
        return ""


@pytest.fixture(params=["native", "wsgi"])
def door(request):
    return request.param


@pytest.fixture
def site():
    site = Site()
    yield site
    site.event.set()
    site.gone.set()


@pytest.mark.parametrize("path", ["/spins", "/inner/spins", "/slow-after"])
def test_a_view_that_overstays_is_answered_with_504(runner, door, site, path):
    with serving(handler_for(site.app, door), runner, threads=2) as running, Client(running) as client:
        answer = client.get(path)
        assert answer.status == 504
        assert b"did not answer this request in time" in answer.body
        # On a machine that is busy the watchdog may have answered in the view's place, and ended the connection.
        with Client(running) as another:
            assert another.get("/quick").body == b"True"
    if path == "/spins":
        assert site.seen[:2] == ["interrupted", "teardown NoneType"]
    assert _cv_app.get(None) is None


@pytest.mark.usefixtures("in_time")
def test_error_handlers_answer_it(runner, door, site):
    @site.app.errorhandler(504)
    def late(error):
        return f"sorry: {type(error).__name__}", 504

    with serving(handler_for(site.app, door), runner, threads=2) as running, Client(running) as client:
        assert client.get("/spins").body == b"sorry: RequestTimedOut"


@pytest.mark.usefixtures("in_time")
def test_an_async_view_is_cancelled(runner, door, site, caplog):
    with serving(handler_for(site.app, door), runner, threads=2) as running, Client(running) as client:
        assert client.get("/sleeps-async").status == 504
        assert site.gone.wait(TIMEOUT)
        assert client.get("/quick").body == b"True"
    assert "cancelled" in site.seen
    assert "await asyncio.sleep" in caplog.text, "where the coroutine was"


def test_a_view_stuck_in_c_is_answered_for(threaded_runner, door, site):
    with serving(handler_for(site.app, door), threaded_runner, threads=2) as running, Client(running) as client:
        answer = client.get("/sleeps")
        assert (answer.status, answer.headers["connection"]) == (504, "close")
        site.event.set()
        assert client.is_closed()
        client.reconnect()
        assert client.get("/quick").body == b"True"


@pytest.mark.usefixtures("in_time")
def test_defaults(runner, door):
    site = Site(REQUEST_TIMEOUT=LIMIT)
    with serving(handler_for(site.app, door), runner, threads=2) as running, Client(running) as client:
        assert client.get("/by-default").status == 504
        assert client.get("/unlimited").body == b"None"
        assert client.get("/quick").body == b"True"


@pytest.mark.usefixtures("in_time")
def test_the_server_has_a_default_too(runner, door, site):
    with (
        serving(handler_for(site.app, door), runner, threads=2, request_timeout=SURE) as running,
        Client(running) as client,
    ):
        answer = client.get("/by-default")
        assert answer.status == 504
        assert b"did not answer this request in time" in answer.body
        assert client.get("/unlimited").body == b"None"


def test_a_view_can_ask_whether_its_client_is_there(runner, door, site):
    with serving(handler_for(site.app, door), runner, threads=2) as running:
        with Client(running) as client:
            client.send(b"GET /asks HTTP/1.1\r\nHost: test\r\n\r\n")
            assert site.event.wait(TIMEOUT)
        assert site.gone.wait(TIMEOUT)
    assert site.seen[0] == "True"


def test_a_view_is_told_when_its_client_leaves(runner, door, site):
    with serving(handler_for(site.app, door), runner, threads=2) as running:
        with Client(running) as client:
            client.send(b"GET /is-told HTTP/1.1\r\nHost: test\r\n\r\n")
            assert site.event.wait(TIMEOUT)
        assert site.gone.wait(TIMEOUT)
    assert site.seen[0] == "/is-told site"
