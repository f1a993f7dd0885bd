"""Making responses, and their bodies."""

import json

import pytest

from demijohn.http.headers import Headers
from demijohn.message import Request, Response
from demijohn.message.mediatype import get_content_type


def lines(response):
    return list(response.headers)


# Making one


def test_defaults():
    response = Response()
    assert (response.status, response.status_code, response.data) == ("200 OK", 200, b"")
    assert lines(response) == [("Content-Type", "text/plain; charset=utf-8")]


@pytest.mark.parametrize("body", ["aö", "aö".encode(), bytearray("aö".encode())])
def test_text_and_bytes_have_a_length(body):
    response = Response(body)
    assert response.response == ["aö".encode()]
    assert response.headers["Content-Length"] == "3"
    assert response.get_data(as_text=True) == "aö"


def test_lists_and_iterables_have_none_yet():
    assert "Content-Length" not in Response(["a", b"b"]).headers
    assert "Content-Length" not in Response(iter(["a"])).headers


@pytest.mark.parametrize(
    ("status", "line", "code"),
    [
        (404, "404 NOT FOUND", 404),
        ("404", "404 NOT FOUND", 404),
        ("201 Made It", "201 Made It", 201),
        (999, "999 UNKNOWN", 999),
        ("wow", "0 wow", 0),
    ],
)
def test_status(status, line, code):
    response = Response("x", status)
    assert (response.status, response.status_code) == (line, code)
    response = Response("x")
    response.status = status
    assert (response.status, response.status_code) == (line, code)


def test_an_empty_status_is_refused():
    with pytest.raises(ValueError):
        Response("x", "")


def test_status_code_sets_the_reason():
    response = Response()
    response.status_code = 304
    assert response.status == "304 NOT MODIFIED"


def test_class_defaults():
    class Made(Response):
        default_status = 201
        default_mimetype = "application/xml"

    assert Made("x").status == "201 CREATED"
    assert Made("x").headers["Content-Type"] == "application/xml; charset=utf-8"

    class Bare(Response):
        default_mimetype = None
        automatically_set_content_length = False

    assert lines(Bare("x")) == []


@pytest.mark.parametrize(
    ("mimetype", "content_type"),
    [
        ("text/html", "text/html; charset=utf-8"),
        ("application/javascript", "application/javascript; charset=utf-8"),
        ("image/svg+xml", "image/svg+xml; charset=utf-8"),
        ("application/json", "application/json"),
        ("image/png", "image/png"),
    ],
)
def test_mimetypes(mimetype, content_type):
    assert get_content_type(mimetype) == content_type
    response = Response("x", mimetype=mimetype)
    assert response.content_type == content_type
    assert response.mimetype == mimetype


def test_who_decides_about_the_content_type():
    given = {"content-type": "a/b"}
    assert Response("x", headers=given).content_type == "a/b"
    assert Response("x", headers=given, mimetype="text/css").content_type == "text/css; charset=utf-8"
    assert Response("x", headers=given, mimetype="text/css", content_type="c/d").content_type == "c/d"


def test_headers_are_taken_as_they_are_or_copied():
    headers = Headers([("X-A", "1")])
    assert Response(headers=headers).headers is headers
    pairs = [("X-A", "1"), ("X-A", "2")]
    assert Response(headers=pairs).headers.getlist("x-a") == ["1", "2"]
    assert Response(headers={"X-A": ["1", "2"]}).headers.getlist("x-a") == ["1", "2"]


def test_the_headers_of_a_request_are_copied():
    response = Response("abc", headers=Request({"HTTP_X_A": "1"}).headers)
    assert sorted(name for name, _ in response.headers) == ["Content-Length", "Content-Type", "X-A"]
    response.headers["X-A"] = "2"


def test_fields_cannot_start_another_line():
    for bad in ("a\r\nB: c", "a\n", "a\0"):
        with pytest.raises(ValueError):
            Response(headers={"X": bad})
        with pytest.raises(ValueError):
            Response(content_type=bad)
        with pytest.raises(ValueError):
            Response(mimetype=bad)


def test_set_data_of_a_subclass_is_used():
    class Shouting(Response):
        def set_data(self, value):
            super().set_data(value.upper())

    assert Shouting("a").data == b"A"


def test_a_subclass_may_have_its_own_status():
    class Traced(Response):
        @property
        def status(self):
            return Response.status.fget(self)

        @status.setter
        def status(self, value):
            self.seen = value
            Response.status.fset(self, value)

    assert Traced("a").seen == 200


# Bodies


def test_data_replaces_body_and_length():
    response = Response("abc")
    response.data = "ö"
    assert (response.data, response.headers["Content-Length"]) == ("ö".encode(), "2")


def test_a_streamed_body_is_read_into_a_list_when_it_is_looked_at():
    closed = []

    def body():
        try:
            yield "a"
            yield b"b"
        finally:
            closed.append(True)

    response = Response(body())
    assert (response.is_streamed, response.is_sequence) == (True, False)
    assert response.calculate_content_length() == 2
    assert (response.is_streamed, response.is_sequence) == (False, True)
    assert response.response == [b"a", b"b"]
    response.close()
    assert closed == [True]


def test_a_streamed_body_that_must_not_be_read():
    response = Response(iter(["a"]), direct_passthrough=True)
    with pytest.raises(RuntimeError):
        response.get_data()
    assert response.calculate_content_length() is None

    class Strict(Response):
        implicit_sequence_conversion = False

    response = Strict(iter(["a"]))
    with pytest.raises(RuntimeError):
        response.get_data()
    response.make_sequence()
    assert response.get_data() == b"a"


def test_repr():
    assert repr(Response("abc", 404)) == "<Response 3 bytes [404 NOT FOUND]>"
    assert repr(Response(iter(["a"]))) == "<Response streamed [200 OK]>"
    assert repr(Response(range(3))) == "<Response likely-streamed [200 OK]>"


def test_the_stream_appends():
    response = Response("ab")
    stream = response.stream
    assert stream is response.stream
    assert stream.write(b"cd") == 2
    stream.writelines([b"e", b"f"])
    assert (response.data, stream.tell(), stream.encoding) == (b"abcdef", 6, "utf-8")
    assert "Content-Length" not in response.headers
    assert stream.isatty() is False
    stream.flush()
    stream.close()
    for use in (lambda: stream.write(b"x"), stream.flush, stream.isatty):
        with pytest.raises(ValueError):
            use()
    response = Response(("a",))
    response.stream.write(b"b")
    assert response.data == b"ab"


def test_json():
    response = Response('{"a": 1}', mimetype="application/problem+json")
    assert response.is_json
    assert response.json == {"a": 1}
    assert Response("{}").json is None
    assert Response("{}").get_json(force=True) == {}
    bad = Response("{", mimetype="application/json")
    assert bad.get_json(silent=True) is None
    with pytest.raises(json.JSONDecodeError):
        bad.get_json()


def test_closing():
    seen = []

    class Body(list):
        def close(self):
            seen.append("body")

    response = Response(Body())

    @response.call_on_close
    def first():
        seen.append("first")

    response.call_on_close(lambda: seen.append("second"))
    with response:
        pass
    assert seen == ["body", "first", "second"]
    assert first() is None
