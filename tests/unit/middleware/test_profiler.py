"""ProfilerMiddleware: the answer stays the same, the statistics appear."""

import io
import pstats

import pytest

from demijohn.middleware import ProfilerMiddleware
from demijohn.testing import Client


def work_of_the_view():
    return b"body"


@pytest.fixture
def application():
    closed = []

    class Body:
        def __iter__(self):
            yield work_of_the_view()
            yield b"!"

        def close(self):
            closed.append(True)

    def application(environ, start_response):
        start_response("200 OK", [("X-A", "1")])(b"written ")
        return Body()

    application.closed = closed
    return application


def test_statistics_are_printed(application):
    stream = io.StringIO()
    response = Client(ProfilerMiddleware(application, stream)).get("/some/path")
    assert (response.text, response.headers["X-A"]) == ("written body!", "1")
    assert application.closed == [True]
    assert "PATH: '/some/path'" in stream.getvalue()
    assert "work_of_the_view" in stream.getvalue()


def test_restrictions(application):
    stream = io.StringIO()
    Client(ProfilerMiddleware(application, stream, sort_by=["calls"], restrictions=["nothing like this"])).get("/")
    assert "work_of_the_view" not in stream.getvalue()


@pytest.mark.parametrize(("path", "begin"), [("/", "GET.root."), ("/a/b", "GET.a.b.")])
def test_data_is_saved(application, tmp_path, path, begin):
    Client(ProfilerMiddleware(application, None, profile_dir=str(tmp_path))).get(path)
    (saved,) = tmp_path.iterdir()
    assert saved.name.startswith(begin)
    assert saved.name.endswith(".prof")
    assert any(name == "work_of_the_view" for _, _, name in pstats.Stats(str(saved)).stats)


def test_filename_from_a_function(application, tmp_path):
    def name(environ):
        assert set(environ["werkzeug.profiler"]) == {"elapsed", "time"}
        return "mine"

    Client(ProfilerMiddleware(application, None, profile_dir=str(tmp_path), filename_format=name)).get("/")
    assert (tmp_path / "mine").exists()


def test_error_escapes_and_the_next_request_works(application):
    fails = [True]

    def failing(environ, start_response):
        if fails.pop():
            raise ZeroDivisionError
        return application(environ, start_response)

    fails.insert(0, False)
    client = Client(ProfilerMiddleware(failing, None))
    with pytest.raises(ZeroDivisionError):
        client.get("/")
    assert client.get("/").text == "written body!"
