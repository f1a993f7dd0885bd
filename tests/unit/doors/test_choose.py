"""Which door an application goes through."""

import pytest

from demijohn import Demijohn
from demijohn.doors import handler_for
from demijohn.doors.choose import is_foreign_flask, why_wsgi
from demijohn.testing import RecordingExchange


def wsgi(environ, start_response):
    start_response("200 OK", [])
    return [b"by wsgi"]


def native(exchange):
    exchange.respond("200 OK", [], b"natively")


class Both:
    handler = staticmethod(native)

    def exchange_handler(self):
        return self.handler

    def __call__(self, environ, start_response):
        return wsgi(environ, start_response)


class Replaced(Both):
    handler = None


def answer(handler):
    return RecordingExchange().run(handler).body_sent


def test_native_where_offered():
    assert answer(handler_for(Both())) == b"natively"
    assert answer(handler_for(Both(), "native")) == b"natively"


def test_wsgi_where_asked_for_or_nothing_else_is_offered():
    assert answer(handler_for(Both(), "wsgi")) == b"by wsgi"
    assert answer(handler_for(Replaced())) == b"by wsgi"
    assert answer(handler_for(wsgi)) == b"by wsgi"


def test_class_that_is_a_wsgi_callable():
    class Application:
        def __init__(self, environ, start_response):
            start_response("200 OK", [])

        def __iter__(self):
            return iter([b"by a class"])

        def exchange_handler(self):
            raise AssertionError("only of an instance")

    assert answer(handler_for(Application)) == b"by a class"


def test_native_cannot_be_had():
    with pytest.raises(TypeError, match=r"wsgi_app was replaced"):
        handler_for(Replaced(), "native")
    with pytest.raises(TypeError, match=r"no exchange_handler"):
        handler_for(wsgi, "native")


@pytest.mark.parametrize("application", [None, "module:app", 5, object()])
def test_what_cannot_be_served(application):
    with pytest.raises(TypeError, match=r"expected a Demijohn application or a WSGI callable") as caught:
        handler_for(application)
    assert type(application).__name__ in str(caught.value)


def test_unknown_door():
    with pytest.raises(ValueError, match="'asgi'"):
        handler_for(wsgi, "asgi")


def test_why_an_application_is_served_through_wsgi():
    app = Demijohn("x")
    assert app.why_wsgi() is None
    app.wsgi_app = lambda environ, start_response: []
    assert why_wsgi(app) == "its wsgi_app is replaced by a function"

    class Own(Demijohn):
        def request_context(self, environ):
            return super().request_context(environ)

    assert why_wsgi(Own("x")) == "its class Own has a request_context of its own"
    assert why_wsgi(lambda environ, start_response: []) == "it is a WSGI application"

    class Foreign:
        __module__ = "flask.app"

    Foreign.__name__ = "Flask"
    assert is_foreign_flask(Foreign())
    assert "--drop-in" in why_wsgi(Foreign())
    assert not is_foreign_flask(app)
