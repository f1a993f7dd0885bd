"""Methods that subclasses override with the signatures of Flask 0.12 to 3.1: each is called, and `super()` works, at both doors."""

import pytest
from engines.serving import Client, serving

from demijohn import Demijohn, current_app
from demijohn.doors.choose import handler_for

CALLED = (
    "full_dispatch_request", "preprocess_request", "dispatch_request", "finalize_request", "make_response", "process_response",
    "do_teardown_request", "do_teardown_appcontext", "create_url_adapter", "ensure_sync",
)  # fmt: skip


class Old(Demijohn):
    def __init__(self, *args, **kwargs):
        self.calls = []
        super().__init__(*args, **kwargs)

    def full_dispatch_request(self):
        self.calls.append("full_dispatch_request")
        return super().full_dispatch_request()

    def preprocess_request(self):
        self.calls.append("preprocess_request")
        return super().preprocess_request()

    def dispatch_request(self):
        self.calls.append("dispatch_request")
        return super().dispatch_request()

    def finalize_request(self, rv, from_error_handler=False):
        self.calls.append("finalize_request")
        return super().finalize_request(rv, from_error_handler)

    def make_response(self, rv):
        self.calls.append("make_response")
        return super().make_response("nothing" if rv is None else rv)

    def process_response(self, response):
        self.calls.append("process_response")
        response.headers["X-Processed"] = "1"
        return super().process_response(response)

    def do_teardown_request(self, exc=None):
        self.calls.append("do_teardown_request")
        super().do_teardown_request(exc)

    def do_teardown_appcontext(self, exc=None):
        self.calls.append("do_teardown_appcontext")
        super().do_teardown_appcontext(exc)

    def create_url_adapter(self, request):
        self.calls.append("create_url_adapter")
        return super().create_url_adapter(request)

    def ensure_sync(self, func):
        self.calls.append("ensure_sync")
        return super().ensure_sync(func)

    def handle_exception(self, e):
        self.calls.append("handle_exception")
        return super().handle_exception(e)

    def handle_user_exception(self, e):
        self.calls.append("handle_user_exception")
        return super().handle_user_exception(e)

    def handle_http_exception(self, e):
        self.calls.append("handle_http_exception")
        return super().handle_http_exception(e)

    def log_exception(self, exc_info):
        self.calls.append("log_exception")


@pytest.fixture
def app():
    app = Old("overridden", static_folder=None)
    app.add_url_rule("/", "index", lambda: None)
    app.add_url_rule("/wrong", "wrong", lambda: current_app.nothing)
    return app


def answers(app, door, *paths):
    if door == "wsgi":
        client = app.test_client()
        return [(answer.status_code, answer.get_data()) for answer in map(client.get, paths)]
    with serving(handler_for(app, "native")) as running, Client(running) as client:
        return [(answer.status, answer.body) for answer in map(client.get, paths)]


@pytest.mark.parametrize("door", ["native", "wsgi"])
def test_each_override_is_called(app, door):
    assert answers(app, door, "/") == [(200, b"nothing")]
    assert set(CALLED) <= set(app.calls)
    assert "handle_exception" not in app.calls


@pytest.mark.parametrize("door", ["native", "wsgi"])
def test_overrides_about_errors(app, door):
    (missing, _), (wrong, _) = answers(app, door, "/nowhere", "/wrong")
    assert (missing, wrong) == (404, 500)
    assert {"handle_user_exception", "handle_http_exception", "handle_exception", "log_exception"} <= set(app.calls)
