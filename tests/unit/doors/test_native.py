"""The native door: every shape of response reaches the exchange, and everything is closed once."""

import io
import sys
from contextvars import ContextVar

import pytest

from demijohn import Demijohn, request
from demijohn.doors import native_handler
from demijohn.message.request import Request
from demijohn.message.response import Response
from demijohn.message.wsgi import FileWrapper
from demijohn.testing import RecordingExchange


class Application:
    """Answers with what it is told to; keeps the responses and counts their closings."""

    request_class = Request
    current_context = ContextVar("context").get

    def __init__(self, make):
        self.make = make
        self.closed = 0
        self.request = None

    def respond(self, request):
        self.request = request
        response = self.make()
        response.call_on_close(self.count)
        return response

    def endpoint_for(self, head):
        return f"endpoint of {head.path}"

    def count(self):
        self.closed += 1


def serve(make, *args, **kwargs):
    application = Application(make)
    exchange = RecordingExchange(*args, **kwargs)
    exchange.run(native_handler(application))
    assert application.closed == 1
    return exchange


@pytest.mark.parametrize("body", ["hello", b"hello", ["hel", b"lo"]])
def test_known_body_goes_out_in_one_write(body):
    exchange = serve(lambda: Response(body))
    assert exchange.calls == ["respond"]
    assert exchange.status == "200 OK"
    assert exchange.header("Content-Length") == "5"
    assert exchange.body_sent == b"hello"


def test_head_keeps_the_length():
    exchange = serve(lambda: Response("hello"), "HEAD")
    assert exchange.header("Content-Length") == "5"
    assert exchange.pieces == []


def test_head_of_a_stream_claims_no_length():
    exchange = serve(lambda: Response(iter(["a", "b"])), "HEAD")
    assert exchange.header("Content-Length") is None
    assert exchange.pieces == []


def test_iterable_is_streamed():
    exchange = serve(lambda: Response(iter(["a", b"b"])))
    assert exchange.calls == ["stream"]
    assert exchange.pieces == [b"a", b"b"]


def test_file_is_sent_as_a_file(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    file = open(path, "rb")
    exchange = serve(lambda: Response(FileWrapper(file), direct_passthrough=True))
    assert exchange.calls == ["send_file"]
    assert exchange.body_sent == b"0123456789"
    assert file.closed


def test_file_in_memory_is_streamed():
    exchange = serve(lambda: Response(FileWrapper(io.BytesIO(b"data")), direct_passthrough=True))
    assert exchange.calls == ["stream"]
    assert exchange.body_sent == b"data"


def test_no_content():
    exchange = serve(lambda: Response(status=204))
    assert exchange.status.startswith("204")
    assert exchange.header("Content-Length") is None


def test_error_in_a_stream_escapes_after_closing():
    def body():
        yield "a"
        raise ValueError("boom")

    application = Application(lambda: Response(body()))
    exchange = RecordingExchange()
    with pytest.raises(ValueError, match="boom"):
        exchange.run(native_handler(application))
    assert application.closed == 1


def test_invalid_status_escapes_after_closing():
    application = Application(lambda: Response("x", status="200 a\nb"))
    exchange = RecordingExchange()
    with pytest.raises(ValueError, match="status"):
        exchange.run(native_handler(application))
    assert application.closed == 1
    assert not exchange.has_started


def test_error_while_the_answer_is_prepared_closes_it():
    class Broken(Response):
        def get_wsgi_headers(self, environ):
            raise ValueError("boom")

    application = Application(lambda: Broken("x"))
    with pytest.raises(ValueError, match="boom"):
        RecordingExchange().run(native_handler(application))
    assert application.closed == 1


def test_error_of_the_application_escapes():
    def fail():
        raise ZeroDivisionError

    exchange = RecordingExchange()
    with pytest.raises(ZeroDivisionError):
        exchange.run(native_handler(Application(fail)))
    assert not exchange.has_started


def test_request_is_the_exchanges():
    application = Application(lambda: Response())
    RecordingExchange("POST", "/a%20b?c=d", {"X-A": "1"}, b"body").run(native_handler(application))
    request = application.request
    assert (request.method, request.path, request.args["c"], request.headers["X-A"]) == ("POST", "/a b", "d", "1")
    assert request.get_data() == b"body"


def test_location_and_subclass_hooks_see_the_request():
    class Absolute(Response):
        autocorrect_location_header = True

    exchange = serve(lambda: Absolute(status=302, headers={"Location": "b"}), "GET", "/x/a?q", {"Host": "h"})
    assert exchange.header("Location") == "http://h/x/b"

    class Hooked(Response):
        def get_wsgi_headers(self, environ):
            headers = super().get_wsgi_headers(environ)
            headers["X-Path"] = environ["PATH_INFO"]
            return headers

    assert serve(lambda: Hooked("x"), target="/p").header("X-Path") == "/p"


def test_label_is_the_endpoint():
    handler = native_handler(Application(Response))
    assert handler.label(RecordingExchange(target="/x").head) == "endpoint of /x"


def hello():
    app = Demijohn(__name__)

    @app.route("/")
    def index():
        return f"Hello {request.method}"

    return app


def test_application_by_both_doors():
    from demijohn.doors import handler_for

    app = hello()
    answers = [RecordingExchange().run(handler_for(app, door)) for door in ("native", "wsgi")]
    assert answers[0].body_sent == answers[1].body_sent == b"Hello GET"
    assert answers[0].status == answers[1].status
    assert answers[0].headers == answers[1].headers


def test_few_calls_between_exchange_and_response():
    """What the door itself adds to a request: its own frame, one to make the request, one to prepare the answer."""
    calls = []

    def count(frame, event, arg):
        if event == "call":
            calls.append(frame.f_code.co_qualname)

    response = Response("x")
    application = Application(lambda: response)
    application.respond = lambda request: response
    handler = native_handler(application)

    class Quiet(RecordingExchange):
        def respond(self, status, headers, body):
            pass

    exchange = Quiet()
    sys.setprofile(count)
    try:
        handler(exchange)
    finally:
        sys.setprofile(None)
    names = [name.rpartition(".")[2] for name in calls]
    assert names == ["__call__", "from_exchange", "<lambda>", "prepare_block", "respond", "close"]
