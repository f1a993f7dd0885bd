"""LintMiddleware: right applications pass in silence, each fault gives its warning."""

import io
import warnings

import pytest

from demijohn import Demijohn
from demijohn.middleware import LintMiddleware
from demijohn.middleware.lint import HTTPWarning, WSGIWarning
from demijohn.testing import Client, create_environ, run_wsgi_app


def answering(status="200 OK", headers=(("Content-Type", "text/plain"),), body=(b"x",)):
    def application(environ, start_response):
        start_response(status, list(headers))
        return body

    return application


def run(application, **environ):
    given = {**create_environ(), **environ}
    return b"".join(run_wsgi_app(LintMiddleware(application), given, buffered=True)[0])


def test_right_application_passes_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(answering()) == b"x"
        assert run(answering(headers=[("Content-Length", "1"), ("ETag", 'W/"x"')])) == b"x"
        assert run(answering("304 NOT MODIFIED", [("Expires", "x"), ("ETag", '"x"')], [])) == b""
        assert run(answering("204 NO CONTENT", [], [])) == b""
        assert run(answering(headers=[("Content-Length", "5")], body=[]), REQUEST_METHOD="HEAD") == b""


def test_demijohn_is_right():
    app = Demijohn(__name__)
    app.secret_key = "key"

    @app.post("/<name>")
    def view(name):
        from demijohn import request, session

        session["x"] = request.form["a"]
        return name

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = Client(LintMiddleware(app))
        response = client.post("/hello", data={"a": "b"}, buffered=True)
        assert response.text == "hello"
        assert client.get("/nothing/here", buffered=True).status_code == 404


@pytest.mark.parametrize(
    ("application", "text"),
    [
        (answering("20 OK"), "three digits"),
        (answering("200"), "a reason"),
        (answering("099 Low"), "begin with 100"),
        (answering(headers=[("Status", "200")]), "CGI"),
        (answering(body="text"), "chunk"),
    ],
)
@pytest.mark.filterwarnings("ignore::Warning")
def test_wrong_answers(application, text):
    with pytest.warns(WSGIWarning, match=text):
        LintMiddleware(application)(create_environ(), lambda *args: None).close()


@pytest.mark.parametrize(
    ("status", "headers", "body", "text"),
    [
        ("304 NOT MODIFIED", [("Content-Type", "x")], [], "entity header 'Content-Type'"),
        ("304 NOT MODIFIED", [], [b"x"], "304 has a body"),
        ("204 NO CONTENT", [], [b"x"], "204 has a body"),
        ("204 NO CONTENT", [("Content-Length", "1")], [], "not 0"),
        ("200 OK", [("ETag", "x")], [], "quotes"),
        ("200 OK", [("ETag", 'w/"x"')], [], "upper-case"),
        ("302 FOUND", [("Location", "/x")], [], "Absolute"),
    ],
)
def test_wrong_http(status, headers, body, text):
    with pytest.warns(HTTPWarning, match=text):
        run(answering(status, headers, body))


def test_wrong_length():
    with pytest.warns(WSGIWarning, match="Content-Length is 5, but 1 bytes"):
        run(answering(headers=[("Content-Length", "5")]))


def test_written_bytes_count():
    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "2")])(b"a")
        return [b"b"]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(application)


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (lambda environ: environ["wsgi.input"].read(), "without a size"),
        (lambda environ: environ["wsgi.input"].readline(), "without a size"),
        (lambda environ: list(environ["wsgi.input"]), "iterating"),
        (lambda environ: environ["wsgi.input"].close(), "closed wsgi.input"),
        (lambda environ: environ["wsgi.errors"].close(), "closed wsgi.errors"),
    ],
)
def test_wrong_use_of_streams(use, text):
    def application(environ, start_response):
        use(environ)
        return answering()(environ, start_response)

    with pytest.warns(WSGIWarning, match=text):
        run(application, **{"wsgi.errors": io.StringIO()})


def test_right_use_of_streams():
    errors = io.StringIO()

    def application(environ, start_response):
        assert environ["wsgi.input"].read(2) == b"ab"
        assert environ["wsgi.input"].readline(5) == b"c\n"
        environ["wsgi.errors"].write("one")
        environ["wsgi.errors"].writelines(["two", "three"])
        environ["wsgi.errors"].flush()
        return answering()(environ, start_response)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(application, **{"wsgi.errors": errors, "wsgi.input": io.BytesIO(b"abc\n")})
    assert errors.getvalue() == "onetwothree"


@pytest.mark.parametrize(
    ("environ", "text"),
    [({"wsgi.version": (2, 0)}, "version"), ({"PATH_INFO": "x"}, "slash"), ({"SCRIPT_NAME": "x"}, "slash")],
)
def test_wrong_environ(environ, text):
    with pytest.warns(WSGIWarning, match=text):
        run(answering(), **environ)


def test_missing_variable():
    environ = create_environ()
    del environ["wsgi.run_once"]
    with pytest.warns(WSGIWarning, match="wsgi.run_once"):
        run_wsgi_app(LintMiddleware(answering()), environ, buffered=True)


def test_body_that_is_not_closed():
    body = LintMiddleware(answering())(create_environ(), lambda *args: None)
    assert list(body) == [b"x"]
    with pytest.warns(WSGIWarning, match="did not close"):
        del body


def test_body_used_after_closing_or_before_start_response():
    body = LintMiddleware(answering())(create_environ(), lambda *args: None)
    body.close()
    with pytest.warns(WSGIWarning, match="after it was closed"):
        next(body)

    def late(environ, start_response):
        yield b"x"
        start_response("200 OK", [])

    body = LintMiddleware(late)(create_environ(), lambda *args: None)
    with pytest.warns(WSGIWarning, match="before start_response"):
        next(body)
    body.close()


def test_arguments_that_are_too_many_are_told_and_not_passed_on():
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")], None, "more")
        return [b"x"]

    with pytest.warns(WSGIWarning, match="start_response"):
        assert run(application) == b"x"
