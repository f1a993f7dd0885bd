import pytest

from demijohn import Response, abort, jsonify, make_response, redirect
from demijohn.http.errors import NotFound
from demijohn.message.response import Response as MessageResponse


def wsgi(environ, start_response):
    start_response("201 CREATED", [("Content-Type", "text/plain"), ("X-A", environ["REQUEST_METHOD"])])
    return [b"wsgi"]


@pytest.mark.parametrize(
    ("value", "status", "headers", "body"),
    [
        ("é", 200, {"Content-Type": "text/html; charset=utf-8", "Content-Length": "2"}, "é".encode()),
        (b"\xff", 200, {"Content-Type": "text/html; charset=utf-8"}, b"\xff"),
        (bytearray(b"x"), 200, {}, b"x"),
        ("", 200, {"Content-Length": "0"}, b""),
        ({"b": 1, "a": None}, 200, {"Content-Type": "application/json"}, b'{"a":null,"b":1}\n'),
        ([1, "é"], 200, {"Content-Type": "application/json"}, b'[1,"\\u00e9"]\n'),
        (("x", 201), 201, {}, b"x"),
        (("x", "201 Made Here"), 201, {}, b"x"),
        (({}, "201 Made Here"), 201, {}, b"{}\n"),
        (({}, b"201 Made Here"), 201, {}, b"{}\n"),
        (("x", {"X-A": "1"}), 200, {"X-A": "1"}, b"x"),
        (("x", [("X-A", "1"), ("X-B", "2")]), 200, {"X-A": "1", "X-B": "2"}, b"x"),
        (("x", 404, {"Content-Type": "text/plain"}), 404, {"Content-Type": "text/plain"}, b"x"),
        (({"a": 1}, 201), 201, {"Content-Type": "application/json"}, b'{"a":1}\n'),
        ((iter(["a", "b"]), 202), 202, {}, b"ab"),
        (Response("r", 203, {"X-A": "1"}), 203, {"X-A": "1"}, b"r"),
        ((Response("r", 203, {"X-A": "1"}), 204 + 2, {"X-A": "2"}), 206, {"X-A": "2"}, b"r"),
        (MessageResponse("m", 203), 203, {"Content-Type": "text/plain; charset=utf-8"}, b"m"),
        (wsgi, 201, {"X-A": "GET"}, b"wsgi"),
        ((wsgi, 202), 202, {"X-A": "GET"}, b"wsgi"),
        (NotFound(), 404, {"Content-Type": "text/html; charset=utf-8"}, None),
    ],
)
def test_what_a_view_may_return(app, client, value, status, headers, body):
    app.add_url_rule("/", "view", lambda: value)
    response = client.get("/")
    assert response.status_code == status
    for name, expected in headers.items():
        assert response.headers[name] == expected
    if body is not None:
        assert response.data == body


def test_fields_may_come_several_times(app, client):
    app.add_url_rule("/", "view", lambda: ("x", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]))
    assert client.get("/").headers.getlist("Set-Cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, r"None \(did it end"),
        ((None, 200), "None"),
        (5, "something else: it was a int"),
        (("x",), "a tuple of 1"),
        ((1, 2, 3, 4), "a tuple of 4"),
        ({1, 2}, "something else: it was a set"),
        (lambda environ: [], "something else: it was a function"),
    ],
)
def test_errors_name_the_endpoint_and_the_fault(app, client, value, message):
    app.add_url_rule("/", "some.view", lambda: value)
    app.testing = True
    with pytest.raises(TypeError, match=f"'some.view' gave nothing that can be answered: it returned {message}"):
        client.get("/")


def test_a_response_becomes_one_of_the_applications_class(app, client):
    class Own(Response):
        pass

    app.response_class = Own
    seen = []
    app.after_request(lambda response: (seen.append(type(response)), response)[1])
    app.add_url_rule("/<kind>", "view", lambda kind: {"plain": Response("x"), "error": NotFound(), "json": {}}[kind])
    for path in ("/plain", "/error", "/json"):
        client.get(path)
    assert seen == [Own] * 3


def test_make_response_outside_of_the_return(app):
    with app.test_request_context("/"):
        assert make_response().status_code == 200
        assert make_response("x").data == b"x"
        assert make_response("x", 201, {"X-A": "1"}).headers["X-A"] == "1"
        assert make_response(jsonify(1), 202).status_code == 202


def test_redirects(app):
    with app.app_context():
        assert redirect("/x").location == "/x"
        assert redirect("/x", 303).status_code == 303
        assert type(redirect("/x")) is app.response_class
    assert redirect("/x").status_code == 302
    assert type(redirect("/x", Response=Response)) is Response


def test_abort_asks_the_application(app):
    with pytest.raises(NotFound):
        abort(404)
    app.aborter.mapping[404] = KeyError
    with app.app_context(), pytest.raises(KeyError):
        abort(404)


def test_an_error_that_renders_itself_has_the_environ_and_others_need_none(app, client):
    class Own(NotFound):
        def get_description(self, environ=None, scope=None):
            return f"<p>{environ['PATH_INFO']}</p>"

    @app.get("/own")
    def own():
        raise Own

    @app.get("/plain")
    def plain():
        raise NotFound("a <b>\nc")

    assert "<p>/own</p>" in client.get("/own").text
    assert client.get("/plain").text.endswith("<p>a &lt;b&gt;<br>c</p>\n")


def test_without_a_request(app):
    """Extensions make responses in a context of the application, too (Flask-Compress)."""
    with app.app_context():
        response = make_response("gone", 410)
        assert (response.status_code, response.data) == (410, b"gone")
        with pytest.raises(RuntimeError, match="outside of request context"):
            make_response(None)
