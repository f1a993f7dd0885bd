"""Status, fields and bodies of responses, and what WSGI sees of them."""

import json
import pickle
from datetime import UTC, datetime, timedelta

import pytest

from demijohn.http.auth import WWWAuthenticate
from demijohn.http.headers import Headers
from demijohn.message import Request, Response
from demijohn.message.cross_origin import COEP, COOP
from demijohn.message.mediatype import get_content_type

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


# Fields


def test_plain_fields():
    response = Response()
    response.location = "/ö"
    response.content_length = 5
    response.content_location = "/c"
    response.content_encoding = "gzip"
    response.content_md5 = "x"
    response.accept_ranges = "none"
    response.age = 5
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    response.date = response.expires = response.last_modified = moment
    response.access_control_allow_origin = "*"
    response.access_control_max_age = 60
    assert response.location == "/ö"
    assert (response.content_length, response.access_control_max_age) == (5, 60)
    assert response.age == timedelta(seconds=5)
    assert response.date == response.expires == response.last_modified == moment
    assert response.headers["Date"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    response.location = response.content_length = response.age = None
    assert not {"Location", "Content-Length", "Age"} & {name for name, _ in response.headers}


def test_retry_after():
    response = Response()
    assert response.retry_after is None
    response.retry_after = 60
    assert response.headers["Retry-After"] == "60"
    assert timedelta(seconds=50) < response.retry_after - datetime.now(UTC) < timedelta(seconds=70)
    response.retry_after = datetime(2026, 1, 2, tzinfo=UTC)
    assert response.retry_after == datetime(2026, 1, 2, tzinfo=UTC)
    response.retry_after = "9" * 30
    assert response.retry_after is None
    response.retry_after = "9" * 5000
    assert response.retry_after is None
    response.retry_after = None
    assert "Retry-After" not in response.headers


def test_media_type_parameters_write_back():
    response = Response(content_type="text/html; charset=utf-8")
    assert response.mimetype_params == {"charset": "utf-8"}
    response.mimetype_params["level"] = "1"
    assert response.content_type == "text/html; charset=utf-8; level=1"
    response.mimetype = "text/css"
    assert response.content_type == "text/css; charset=utf-8"
    del response.content_type
    assert response.mimetype is None


@pytest.mark.parametrize(
    ("name", "field"), [("vary", "Vary"), ("allow", "Allow"), ("content_language", "Content-Language")]
)
def test_sets_write_back(name, field):
    response = Response()
    getattr(response, name).add("One")
    assert response.headers[field] == "One"
    setattr(response, name, ["A", "B"])
    assert response.headers[field] == "A, B"
    assert "a" in getattr(response, name)
    setattr(response, name, "X, Y")
    getattr(response, name).clear()
    assert field not in response.headers
    setattr(response, name, None)
    assert field not in response.headers


def test_cache_control_writes_back():
    response = Response()
    response.cache_control.max_age = 60
    response.cache_control.public = True
    assert response.headers["Cache-Control"] == "max-age=60, public"
    response.cache_control.clear()
    assert "Cache-Control" not in response.headers


def test_etag():
    response = Response()
    assert response.get_etag() == (None, None)
    response.set_etag("x", weak=True)
    assert response.headers["ETag"] == 'W/"x"'
    assert response.get_etag() == ("x", True)
    with pytest.raises(ValueError):
        response.set_etag('a"b')


def test_content_range_writes_back():
    response = Response()
    assert not response.content_range
    response.content_range.set(0, 5, 10)
    assert response.headers["Content-Range"] == "bytes 0-4/10"
    assert response.content_range.length == 10
    response.content_range.unset()
    assert "Content-Range" not in response.headers
    response.content_range = "bytes */5"
    assert response.content_range.length == 5
    response.content_range = response.content_range
    response.content_range = None
    assert "Content-Range" not in response.headers


def test_www_authenticate_writes_back():
    response = Response()
    response.www_authenticate.realm = "here"
    assert response.headers["WWW-Authenticate"] == "Basic realm=here"
    challenge = WWWAuthenticate("digest", {"realm": "a"})
    response.www_authenticate = challenge
    challenge.realm = "b"
    assert "realm=" in response.headers["WWW-Authenticate"]
    assert response.www_authenticate.realm == "b"
    response.www_authenticate = [WWWAuthenticate("basic", {"realm": "x"}), WWWAuthenticate("negotiate")]
    assert len(response.headers.getlist("WWW-Authenticate")) == 2
    response.www_authenticate = None
    del response.www_authenticate
    assert "WWW-Authenticate" not in response.headers


@pytest.mark.parametrize("suffix", ["", "_report_only"])
def test_content_security_policies_write_back(suffix):
    response = Response()
    name = "content_security_policy" + suffix
    field = name.replace("_", "-")
    getattr(response, name).default_src = "'self'"
    assert response.headers[field] == "default-src 'self'"
    getattr(response, name).default_src = None
    assert field not in response.headers
    setattr(response, name, "img-src *")
    assert getattr(response, name).img_src == "*"
    setattr(response, name, getattr(response, name))
    setattr(response, name, None)
    assert field not in response.headers


def test_cors():
    response = Response()
    assert response.access_control_allow_credentials is False
    response.access_control_allow_credentials = True
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    response.access_control_allow_credentials = False
    assert response.access_control_allow_credentials is False
    response.access_control_allow_methods = ["GET", "PUT"]
    response.access_control_allow_headers = ["X-A"]
    response.access_control_expose_headers = ["X-B"]
    assert response.headers["Access-Control-Allow-Methods"] == "GET, PUT"
    assert "get" in response.access_control_allow_methods
    assert list(response.access_control_allow_headers) == ["X-A"]
    assert list(response.access_control_expose_headers) == ["X-B"]


def test_cross_origin_policies():
    response = Response()
    assert response.cross_origin_opener_policy is COOP.UNSAFE_NONE
    assert response.cross_origin_embedder_policy is COEP.UNSAFE_NONE
    response.cross_origin_opener_policy = COOP.SAME_ORIGIN
    response.cross_origin_embedder_policy = COEP.REQUIRE_CORP
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    response.headers["Cross-Origin-Opener-Policy"] = "nonsense"
    assert response.cross_origin_opener_policy is COOP.UNSAFE_NONE


def test_cookies():
    response = Response()
    response.set_cookie("a", "b", max_age=3, path="/p", secure=True, httponly=True, samesite="lax", partitioned=True)
    response.delete_cookie("c", domain="example.com")
    first, second = response.headers.getlist("Set-Cookie")
    assert first.startswith("a=b; ")
    assert {"Max-Age=3", "Path=/p", "Secure", "HttpOnly", "SameSite=Lax", "Partitioned"} <= set(first.split("; "))
    assert {"c=", "Max-Age=0", "Domain=example.com", "Path=/"} <= set(second.split("; "))


def test_a_cookie_too_big_warns():
    class Small(Response):
        max_cookie_size = 10

    with pytest.warns(UserWarning):
        Small().set_cookie("name", "x" * 20)


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
