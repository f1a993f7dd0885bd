"""Responses as WSGI applications."""

import pickle

import pytest

from demijohn.message import Response

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "wsgi.url_scheme": "http",
    "SERVER_NAME": "h",
    "SERVER_PORT": "80",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/dir/page",
    "QUERY_STRING": "q",
}


def lines(response):
    return list(response.headers)


# As a WSGI application


def call(response, **environ):
    seen = []
    body = response({**ENVIRON, **environ}, lambda *args: seen.append(args))
    chunks = list(body)
    if hasattr(body, "close"):
        body.close()
    ((status, headers),) = seen
    return status, headers, chunks


def test_a_response_is_a_wsgi_application():
    status, headers, chunks = call(Response(["a", "ö"], 201))
    assert status == "201 CREATED"
    assert headers == [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "3")]
    assert chunks == [b"a", "ö".encode()]


def test_headers_are_not_changed_by_being_sent():
    response = Response(["a"], headers={"Location": "/ö"})
    before = lines(response)
    call(response)
    assert lines(response) == before


@pytest.mark.parametrize("status", [100, 204, 304])
def test_some_answers_have_no_body(status):
    response = Response("abc", status, {"Last-Modified": "x", "Expires": "y"})
    closed = []
    response.call_on_close(lambda: closed.append(True))
    _, headers, chunks = call(response)
    assert chunks == []
    assert "Content-Length" not in dict(headers)
    assert ("Content-Type" in dict(headers)) == (status != 304)
    assert dict(headers)["Expires"] == "y"
    assert closed == [True]


def test_head_has_the_fields_of_get():
    _, headers, chunks = call(Response("abc"), REQUEST_METHOD="HEAD")
    assert dict(headers)["Content-Length"] == "3"
    assert chunks == []


@pytest.mark.parametrize(
    ("location", "sent", "corrected"),
    [
        ("/x", "/x", "http://h/x"),
        ("x?y", "x?y", "http://h/dir/x?y"),
        ("/ä b", "/%C3%A4%20b", "http://h/%C3%A4%20b"),
        ("http://ö.example/", "http://xn--nda.example/", "http://xn--nda.example/"),
        ("//other/x", "//other/x", "http://other/x"),
    ],
)
def test_locations(location, sent, corrected):
    class Absolute(Response):
        autocorrect_location_header = True

    given = {"Location": location, "Content-Location": "/ö"}
    assert dict(call(Response("", 302, given))[1])["Location"] == sent
    assert dict(call(Absolute("", 302, given))[1])["Location"] == corrected
    assert dict(call(Response("", 302, given))[1])["Content-Location"] == "/%C3%B6"


def test_no_length_where_the_class_wants_none():
    class Bare(Response):
        automatically_set_content_length = False

    assert "Content-Length" not in dict(call(Bare(["abc"]))[1])


def test_a_passed_through_body_is_the_body_itself():
    body = iter([b"a"])
    response = Response(body, direct_passthrough=True)
    assert response.get_app_iter(ENVIRON) is body
    assert response.get_wsgi_response(ENVIRON)[1] == "200 OK"


def test_a_passed_through_body_runs_what_is_to_run_on_close():
    closed = []

    class Body:
        def __iter__(self):
            return iter([b"a"])

        def close(self):
            closed.append("body")

    response = Response(Body(), direct_passthrough=True)
    response.call_on_close(lambda: closed.append("callback"))
    assert call(response)[2] == [b"a"]
    assert closed == ["body", "callback"]


def test_closing_the_body_closes_the_response():
    closed = []
    response = Response(iter(["a"]))
    response.call_on_close(lambda: closed.append(True))
    call(response)
    assert closed == [True]


def test_force_type():
    class Mine(Response):
        pass

    response = Response("a")
    assert Mine.force_type(response) is response
    assert type(response) is Mine
    made = Mine.force_type(Response("b", 404).__call__, ENVIRON)
    assert (type(made), made.status, made.data) == (Mine, "404 NOT FOUND", b"b")
    with pytest.raises(TypeError):
        Mine.force_type(lambda environ, start_response: [])


def test_from_app():
    made = Response.from_app(Response("b", 404), ENVIRON, buffered=True)
    assert (made.status, made.data, made.headers["Content-Type"]) == (
        "404 NOT FOUND",
        b"b",
        "text/plain; charset=utf-8",
    )


def test_a_frozen_response_can_be_pickled():
    response = Response(iter(["a", "b"]))
    response.freeze()
    assert response.headers["Content-Length"] == "2"
    again = pickle.loads(pickle.dumps(response))
    assert (again.data, again.status, lines(again)) == (b"ab", "200 OK", lines(response))


def test_the_short_way_hands_over_fields_of_its_own_and_closes():
    seen, closed = [], []
    response = Response("text")
    response.call_on_close(lambda: closed.append(1))
    body = response(ENVIRON, lambda *args: seen.append(args))
    seen[0][1].clear()
    assert len(response.headers) == 2
    assert next(body) == b"text"
    body.close()
    assert closed == [1]


def test_a_subclass_may_replace_any_step():
    class Own(Response):
        @property
        def status(self):
            return "299 OWN"

        @status.setter
        def status(self, value):
            self._status, self._status_code = "200 OK", 200

        def close(self):
            closed.append(1)

    closed = []
    seen = []
    body = Own("text")(ENVIRON, lambda *args: seen.append(args))
    assert list(body) == [b"text"]
    body.close()
    assert seen[0][0] == "299 OWN"
    assert closed == [1]
    assert Own("text").prepare("GET", lambda: "", lambda: ENVIRON)[0] == "299 OWN"


@pytest.mark.parametrize("body", ["text", [], ["a", "b"]])
def test_fields_may_be_assigned_as_a_dict(body):
    response = Response(body)
    response.headers = {"X-A": "1", "Content-Type": "text/html"}
    started = []
    chunks = response(ENVIRON, lambda status, headers: started.extend(headers))
    assert {("X-A", "1"), ("Content-Type", "text/html")} <= set(started)
    assert b"".join(chunks) == "".join(body).encode()
