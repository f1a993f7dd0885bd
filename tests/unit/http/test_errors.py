import pickle
from datetime import datetime, timedelta, timezone

import pytest

from demijohn.http import errors
from demijohn.http.errors import (
    Aborter,
    BadRequest,
    BadRequestKeyError,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    abort,
    default_exceptions,
)

CODES = (
    [400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 428, 429]
    + [431, 451, 500, 501, 502, 503, 504, 505]
)  # fmt: skip


class FakeResponse:
    status_code = 299

    def __call__(self, environ, start_response):
        start_response("299 FAKE", [])
        return [b"fake"]


def header(error, name):
    return [value for key, value in error.get_headers() if key == name]


def test_every_code_has_its_exception():
    assert sorted(default_exceptions) == CODES
    for code, cls in default_exceptions.items():
        error = cls()
        assert error.code == code
        assert error.description
        assert str(error) == f"{code} {error.name}: {error.description}"
        assert repr(error) == f"<{cls.__name__} '{code}: {error.name}'>"


def test_the_general_exception_of_400_is_bad_request():
    assert default_exceptions[400] is BadRequest
    assert issubclass(errors.SecurityError, BadRequest)
    assert issubclass(errors.BadHost, BadRequest)
    assert issubclass(errors.ClientDisconnected, BadRequest)


def test_an_error_without_a_code():
    error = HTTPException("why")
    assert str(error) == "??? Unknown Error: why"
    assert repr(error) == "<HTTPException '???: Unknown Error'>"
    assert error.get_description() == "<p>why</p>"
    assert HTTPException().get_description() == "<p></p>"


def test_the_page_is_escaped():
    error = NotFound("<script>\nnext & 'last'")
    assert error.get_description() == "<p>&lt;script&gt;<br>next &amp; &#39;last&#39;</p>"
    assert error.get_body() == (
        "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
        "<p>&lt;script&gt;<br>next &amp; &#39;last&#39;</p>\n"
    )
    assert error.get_headers() == [("Content-Type", "text/html; charset=utf-8")]


def test_a_subclass_may_render_its_own_description():
    class Own(NotFound):
        def get_description(self, environ=None, scope=None):
            return f"<b>{environ['x']}</b>"

    assert "<b>1</b>" in Own().get_body({"x": 1})


def test_key_error_is_both():
    error = BadRequestKeyError("field")
    assert isinstance(error, KeyError)
    assert isinstance(error, BadRequest)
    assert error.args == ("field",)
    assert "field" not in error.description
    error.show_exception = True
    assert error.description.endswith("\nKeyError: 'field'")
    assert BadRequestKeyError().args == ()
    described = BadRequestKeyError("field", "own words")
    assert described.description == "own words"
    assert BadRequestKeyError("other").description == BadRequest.description


def test_the_default_of_show_exception_is_the_class_s():
    class Shown(BadRequestKeyError):
        show_exception = True

    assert "'key'" in Shown("key").description


def test_method_not_allowed():
    assert header(MethodNotAllowed(["GET", "HEAD"]), "Allow") == ["GET, HEAD"]
    assert header(MethodNotAllowed(), "Allow") == []
    assert MethodNotAllowed(["GET"], "why").description == "why"


def test_range_not_satisfiable():
    assert header(RequestedRangeNotSatisfiable(0), "Content-Range") == ["bytes */0"]
    assert header(RequestedRangeNotSatisfiable(7, "lines"), "Content-Range") == ["lines */7"]
    assert header(RequestedRangeNotSatisfiable(), "Content-Range") == []


@pytest.mark.parametrize("cls", [TooManyRequests, ServiceUnavailable])
@pytest.mark.parametrize(
    ("after", "value"),
    [
        (20, ["20"]),
        (0, []),
        (None, []),
        (datetime(2020, 1, 4, 18, 52, 16), ["Sat, 04 Jan 2020 18:52:16 GMT"]),
        (datetime(2020, 1, 4, 18, 52, 16, tzinfo=timezone(timedelta(hours=2))), ["Sat, 04 Jan 2020 16:52:16 GMT"]),
    ],
)
def test_retry_after(cls, after, value):
    assert header(cls(retry_after=after), "Retry-After") == value


class Challenge:
    """Like `WWWAuthenticate`: item access that never fails, which would pass for an endless iterable."""

    def __init__(self, text):
        self.text = text

    def __getitem__(self, key):
        return None

    def to_header(self):
        return self.text

    __str__ = to_header


def test_www_authenticate():
    one, two = Challenge("Basic realm=a"), Challenge("Digest")
    assert header(Unauthorized(www_authenticate=one), "WWW-Authenticate") == ["Basic realm=a"]
    assert header(Unauthorized(www_authenticate=[one, two]), "WWW-Authenticate") == ["Basic realm=a", "Digest"]
    assert header(Unauthorized(), "WWW-Authenticate") == []


def test_original_exception():
    cause = RuntimeError()
    assert InternalServerError(original_exception=cause).original_exception is cause
    assert InternalServerError().original_exception is None


def test_abort_by_code():
    with pytest.raises(NotFound) as caught:
        abort(404, "no such thing")
    assert caught.value.description == "no such thing"
    with pytest.raises(MethodNotAllowed) as caught:
        abort(405, valid_methods=["PUT"])
    assert caught.value.valid_methods == ["PUT"]


@pytest.mark.parametrize("unknown", [999, 200, "404", None])
def test_abort_with_an_unknown_code(unknown):
    with pytest.raises(LookupError, match="No error has the code"):
        abort(unknown)


def test_abort_with_a_response():
    response = FakeResponse()
    with pytest.raises(HTTPException) as caught:
        abort(response)
    assert caught.value.get_response() is response
    assert caught.value.get_response({}) is response


def test_aborter_with_its_own_mapping():
    class Own(HTTPException):
        code = 499

    with pytest.raises(Own):
        Aborter(extra={499: Own})(499)
    with pytest.raises(NotFound):
        Aborter(extra={499: Own})(404)
    with pytest.raises(LookupError):
        Aborter({499: Own})(404)
    assert 499 not in default_exceptions


def test_responses_are_made_by_the_hook(monkeypatch):
    made = []

    def factory(error, environ):
        made.append((error, environ))
        return FakeResponse()

    monkeypatch.setattr(errors, "response_factory", factory)
    error = NotFound()
    started = []
    assert list(error({"a": 1}, lambda status, headers: started.append(status))) == [b"fake"]
    assert started == ["299 FAKE"]

    class FakeRequest:
        environ = {"b": 2}

    error.get_response(FakeRequest())
    error.get_response()
    assert made == [(error, {"a": 1}), (error, {"b": 2}), (error, None)]


def test_the_page_may_depend_on_an_asgi_scope(monkeypatch):
    class Own(NotFound):
        def get_body(self, environ=None, scope=None):
            return f"{environ} {scope['path']}"

        def get_headers(self, environ=None, scope=None):
            return [("X-Path", scope["path"])]

    monkeypatch.setattr(
        errors,
        "response_factory",
        lambda error, environ: (error.code, error.get_body(environ), error.get_headers(environ)),
    )
    assert Own().get_response(scope={"path": "/a"}) == (404, "None /a", [("X-Path", "/a")])


def test_without_the_hook_the_reason_is_told(monkeypatch):
    monkeypatch.setattr(errors, "response_factory", None)
    with pytest.raises(RuntimeError, match="demijohn.message"):
        NotFound().get_response()


@pytest.mark.parametrize(
    "error", [NotFound("x"), MethodNotAllowed(["GET"]), BadRequestKeyError("k"), TooManyRequests(retry_after=3)]
)
def test_errors_can_be_pickled(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert copy.description == error.description
    assert copy.get_headers() == error.get_headers()
    assert copy.args == error.args
