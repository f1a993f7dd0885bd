"""Fields of responses as attributes."""

from datetime import UTC, datetime, timedelta

import pytest

from demijohn.http.auth import WWWAuthenticate
from demijohn.message import Response
from demijohn.message.cross_origin import COEP, COOP

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
