"""JSON bodies, and the ways requests are made and answered."""

import pytest

from demijohn.http.errors import BadRequest, UnsupportedMediaType
from demijohn.message import Request

JSON = (b"Content-Type", b"application/json")

# JSON


def test_json(post):
    request = post(b'{"a": 1}', JSON)
    assert request.json == {"a": 1}
    assert request.get_json() is request.json
    assert request.get_data() == b'{"a": 1}'


def test_json_of_another_type(post):
    with pytest.raises(UnsupportedMediaType):
        _ = post(b"{}").json
    assert post(b"{}").get_json(silent=True) is None
    assert post(b"{}").get_json(force=True) == {}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 200_000])
def test_json_that_is_none(post, body):
    with pytest.raises(BadRequest, match="JSON"):
        _ = post(body, JSON).json
    request = post(body, JSON)
    assert request.get_json(silent=True) is None
    assert request.get_json(silent=True) is None
    with pytest.raises(BadRequest):
        request.get_json()


def test_json_without_cache(post):
    request = post(b"[1]", JSON)
    first = request.get_json(cache=True)
    assert request.get_json() is first
    assert request.get_json(cache=False) is not first
    request = post(b"[1]", JSON)
    assert request.get_json(cache=False) == [1]
    assert request.get_data() == b""


def test_what_a_subclass_makes_of_bad_json(post):
    class Lenient(Request):
        def on_json_loading_failed(self, error):
            return {"error": type(error).__name__}

    assert post(b"{", JSON, cls=Lenient).json == {"error": "JSONDecodeError"}
    assert post(b"{", cls=Lenient).json == {"error": "NoneType"}
    request = post(b"{", JSON, cls=Lenient)
    assert request.get_json(silent=True) is None
    assert request.get_json() == {"error": "JSONDecodeError"}
    assert request.get_json(silent=True) is None


def test_another_json_module(post):
    class Upper:
        @staticmethod
        def loads(data):
            return data.decode().upper()

    class Mine(Request):
        json_module = Upper

    assert post(b"abc", JSON, cls=Mine).json == "ABC"


# Making one, answering with one


def test_application_decorator():
    from demijohn.http.errors import NotFound
    from demijohn.message import Response
    from demijohn.message.runwsgi import run_application

    @Request.application
    def application(request):
        """Doc."""
        if request.path == "/missing":
            raise NotFound
        return Response(request.path)

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/x"}
    chunks, status, _ = run_application(application, environ)
    assert (b"".join(chunks), status, application.__doc__) == (b"/x", "200 OK", "Doc.")
    assert run_application(application, {**environ, "PATH_INFO": "/missing"})[1] == "404 NOT FOUND"

    class Site:
        @Request.application
        def application(self, request):
            return Response(f"{type(self).__name__} {type(request).__name__}")

    assert b"".join(run_application(Site().application, environ)[0]) == b"Site Request"


def test_from_values_needs_its_builder(monkeypatch):
    from demijohn.message import request as module

    monkeypatch.setattr(module, "environ_builder", None)
    with pytest.raises(RuntimeError, match="testing"):
        Request.from_values("/")

    class Builder:
        def __init__(self, path):
            self.path = path
            self.closed = False

        def get_request(self, cls):
            return cls({"PATH_INFO": self.path})

        def close(self):
            closed.append(self.path)

    closed = []
    monkeypatch.setattr(module, "environ_builder", Builder)
    assert Request.from_values("/x").path == "/x"
    assert closed == ["/x"]
