"""ProfilerMiddleware: the answer stays the same, the statistics appear."""

import io
import json
import pstats
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from demijohn.middleware import DispatcherMiddleware, ProfilerMiddleware, flames
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


def test_an_application_that_asks_itself():
    """Once this waited for ever: one profiler, and the outer request had it."""

    def application(environ, start_response):
        if environ["PATH_INFO"] == "/outer":
            body = client.get("/inner").data
        else:
            body = work_of_the_view()
        start_response("200 OK", [])
        return [body]

    stream = io.StringIO()
    client = Client(ProfilerMiddleware(application, stream))
    assert client.get("/outer").text == "body"
    assert stream.getvalue().count("PATH:") == 1
    assert client.get("/inner").text == "body"
    assert stream.getvalue().count("PATH:") == 2


def test_concurrent_requests_are_all_answered():
    barrier = threading.Barrier(3)

    def application(environ, start_response):
        barrier.wait(20)
        start_response("200 OK", [])
        return [work_of_the_view()]

    for options in ({}, {"flame_path": "/p"}):
        middleware = ProfilerMiddleware(application, None, **options)
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _, app=middleware: Client(app).get("/").text, range(3)))
        assert answers == ["body"] * 3
        if options:
            assert Client(middleware).get("/p").text.count("GET /") == 3


class TestFlames:
    @pytest.fixture
    def client(self, application):
        return Client(ProfilerMiddleware(application, None, flame_path="/__profile__", flame_requests=3))

    def test_off_by_default(self, application):
        assert Client(ProfilerMiddleware(application, None)).get("/__profile__").text == "written body!"

    def test_the_list_and_a_request(self, client):
        assert "None yet" in client.get("/__profile__").text
        assert client.get("/some/<path>?x=1").text == "written body!"
        answer = client.get("/__profile__")
        assert "GET /some/&lt;path&gt;" in answer.text
        assert 'href="/__profile__/1"' in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        page = client.get("/__profile__/1")
        assert page.status_code == 200
        assert "200 OK" in page.text
        assert "<code>work_of_the_view</code>" in page.text

    def test_its_stacks_as_data_and_as_text(self, client):
        client.get("/")
        page = client.get("/__profile__/1").text
        data = json.loads(re.search(r'<script type="application/json" id="calls">(.*?)</script>', page)[1])
        names = [data["places"][node[1]][0] for node in data["nodes"]]
        assert names[0] == "request"
        assert "work_of_the_view" in names
        for index, (parent, _, total, own, calls) in enumerate(data["nodes"]):
            assert parent < index
            assert total >= own >= 0
            assert calls >= 1
        lines = client.get("/__profile__/1.folded").text.splitlines()
        assert all(re.fullmatch(r"request\S*(?: \S+)* [0-9]+", line) for line in lines)

    def test_only_the_last_are_kept(self, client):
        for number in range(5):
            client.get(f"/{number}")
        text = client.get("/__profile__").text
        assert re.findall(r"GET /(\d)", text) == ["4", "3", "2"]
        assert client.get("/__profile__/1").status_code == 404

    @pytest.mark.parametrize("path", ["/__profile__/x", "/__profile__/1.svg", "/__profile__/999"])
    def test_what_is_not_there(self, client, path):
        client.get("/")
        assert client.get(path).status_code == 404
        assert client.post("/__profile__").status_code == 405
        assert client.get("/__profile__x").text == "written body!"

    def test_below_a_prefix(self, application):
        mounted = DispatcherMiddleware(None, {"/app": ProfilerMiddleware(application, None, flame_path="/p/")})
        client = Client(mounted)
        client.get("/app/x")
        assert 'href="/app/p/1"' in client.get("/app/p").text
        assert 'href="/app/p"' in client.get("/app/p/1").text

    def test_nothing_in_a_path_ends_the_script(self, client):
        def evil(environ, start_response):
            start_response("200 OK", [])
            namespace = {}
            exec(compile("def f(): pass", "</script><script>alert(1)</script>", "exec"), namespace)
            namespace["f"]()
            return [b""]

        client = Client(ProfilerMiddleware(evil, None, flame_path="/p"))
        client.get("/</script><script>alert(1)")
        for path in ("/p", "/p/1"):
            assert "<script>alert" not in client.get(path).text

    def test_statistics_and_files_come_of_it_too(self, application, tmp_path):
        stream = io.StringIO()
        Client(ProfilerMiddleware(application, stream, profile_dir=str(tmp_path), flame_path="/p")).get("/")
        assert "work_of_the_view" in stream.getvalue()
        (saved,) = tmp_path.iterdir()
        assert any(name == "work_of_the_view" for _, _, name in pstats.Stats(str(saved)).stats)

    def test_many_stacks(self, monkeypatch, application):
        monkeypatch.setattr(flames, "MOST_NODES", 3)
        client = Client(ProfilerMiddleware(application, None, flame_path="/p"))
        client.get("/")
        page = client.get("/p/1").text
        assert "Not all stacks are here" in page
        assert len(json.loads(re.search(r'id="calls">(.*?)</script>', page)[1])["nodes"]) == 3

    @pytest.mark.parametrize(
        "arguments", [{"flame_path": "x"}, {"flame_path": "/"}, {"flame_path": "/p", "flame_requests": 0}]
    )
    def test_wrong_arguments(self, application, arguments):
        with pytest.raises(ValueError, match="must be"):
            ProfilerMiddleware(application, None, **arguments)
