"""Fields of a request that have a grammar of their own."""

from datetime import UTC, datetime

from demijohn.http.accept import Accept, CharsetAccept, LanguageAccept, MIMEAccept
from demijohn.http.auth import Authorization
from demijohn.http.cache_control import RequestCacheControl
from demijohn.http.etag import ETags
from demijohn.http.headerset import HeaderSet
from demijohn.http.ranges import IfRange, Range

DATE = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


def test_what_the_client_accepts(make_request):
    request = make_request(
        fields=[
            (b"Accept", b"text/html, application/json;q=0.5"),
            (b"Accept-Charset", b"utf-8"),
            (b"Accept-Encoding", b"gzip, br;q=0.9"),
            (b"Accept-Language", b"de, en;q=0.3"),
        ]
    )
    assert type(request.accept_mimetypes) is MIMEAccept
    assert request.accept_mimetypes.best == "text/html"
    assert request.accept_mimetypes.accept_json
    assert type(request.accept_charsets) is CharsetAccept
    assert "UTF-8" in request.accept_charsets
    assert type(request.accept_encodings) is Accept
    assert request.accept_encodings.best_match(["br", "gzip"]) == "gzip"
    assert type(request.accept_languages) is LanguageAccept
    assert request.accept_languages.best_match(["en-GB", "de-AT"]) == "de-AT"


def test_conditions_and_ranges(make_request):
    request = make_request(
        fields=[
            (b"If-Match", b'"a", W/"b"'),
            (b"If-None-Match", b"*"),
            (b"If-Modified-Since", b"Sun, 06 Nov 1994 08:49:37 GMT"),
            (b"If-Unmodified-Since", b"Sun, 06 Nov 1994 08:49:37 GMT"),
            (b"If-Range", b'"x"'),
            (b"Range", b"bytes=0-4"),
        ]
    )
    assert request.if_match == ETags(["a"], ["b"])
    assert request.if_none_match.star_tag
    assert request.if_modified_since == request.if_unmodified_since == DATE
    assert request.if_range == IfRange("x")
    assert request.range == Range("bytes", [(0, 5)])


def test_credentials_and_caches(make_request):
    request = make_request(
        fields=[
            (b"Authorization", b"Basic dTpw"),
            (b"Cache-Control", b"max-age=0, no-cache"),
            (b"Pragma", b"no-cache"),
            (b"Access-Control-Request-Headers", b"X-A, X-B"),
        ]
    )
    assert type(request.authorization) is Authorization
    assert (request.authorization.username, request.authorization.password) == ("u", "p")
    assert type(request.cache_control) is RequestCacheControl
    assert (request.cache_control.max_age, bool(request.cache_control.no_cache)) == (0, True)
    assert "no-cache" in request.pragma
    assert type(request.access_control_request_headers) is HeaderSet
    assert list(request.access_control_request_headers) == ["X-A", "X-B"]


def test_what_is_missing_is_empty(make_request):
    request = make_request()
    for name in (
        "accept_mimetypes",
        "accept_charsets",
        "accept_encodings",
        "accept_languages",
        "pragma",
        "cache_control",
    ):
        assert list(getattr(request, name)) == []
    assert not request.if_match
    assert not request.if_none_match
    assert request.if_range == IfRange()
    for name in ("if_modified_since", "if_unmodified_since", "range", "authorization"):
        assert getattr(request, name) is None
    assert request.access_control_request_headers is None


def test_values_are_kept(make_request):
    request = make_request(fields=[(b"Accept", b"text/html")])
    assert request.accept_mimetypes is request.accept_mimetypes
