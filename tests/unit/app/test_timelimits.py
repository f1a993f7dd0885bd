"""Time limits of routes without a server: what is asked of the exchange, and what is refused."""

import pytest

from demijohn import Demijohn, RequestTimedOut, request
from demijohn.doors.native import native_handler
from demijohn.seam import HandlerTimeout
from demijohn.testing.exchange import RecordingExchange


@pytest.fixture
def app():
    return Demijohn(__name__)


def run(app, path="/"):
    exchange = RecordingExchange(target=path)
    exchange.run(native_handler(app))
    return exchange


def test_a_route_limits_its_exchange_and_lifts_it_before_teardown(app):
    seen = []

    @app.get("/", timeout=5)
    def view():
        seen.append((request.deadline is not None, request._exchange.time_limit.error))
        return "x"

    @app.teardown_request
    def teardown(error):
        seen.append(request._exchange.time_limit.is_over)

    exchange = run(app)
    assert exchange.status == "200 OK"
    assert seen == [(True, RequestTimedOut), True]


def test_without_one_nothing_is_limited(app):
    app.add_url_rule("/", "view", lambda: str(request.deadline))
    exchange = run(app)
    assert exchange.body_sent == b"None"
    assert "limit_time" not in exchange.calls


def test_the_config_is_the_default(app):
    app.config["REQUEST_TIMEOUT"] = 3
    app.add_url_rule("/", "view", lambda: "")
    app.add_url_rule("/free", "free", lambda: "", timeout=None)
    assert "limit_time" in run(app).calls
    assert "limit_time" not in run(app, "/free").calls


def test_a_limit_of_the_servers_is_named_by_the_application(app):
    exchange = RecordingExchange()
    exchange.limit_time(9)
    assert exchange.time_limit.error is HandlerTimeout
    app.add_url_rule("/", "view", lambda: request._exchange.time_limit.error.__name__)
    exchange.run(native_handler(app))
    assert exchange.body_sent == b"RequestTimedOut"


@pytest.mark.parametrize(
    ("timeout", "error"),
    [(0, ValueError), (-1, ValueError), (float("nan"), ValueError), ("5", TypeError), (True, TypeError)],
)
def test_what_is_no_time_is_refused(app, timeout, error):
    with pytest.raises(error, match="timeout"):
        app.get("/", timeout=timeout)(lambda: "")


def test_the_test_client_is_never_gone(app):
    @app.get("/")
    def view():
        request.on_disconnect(lambda: 1 / 0)
        return str(request.disconnected)

    assert app.test_client().get("/").text == "False"


def test_waitress_tells_too(app):
    app.add_url_rule("/", "view", lambda: str(request.disconnected))
    client = app.test_client()
    assert client.get("/", environ_overrides={"waitress.client_disconnected": lambda: True}).text == "True"
