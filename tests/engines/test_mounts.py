"""Mounted applications over real sockets: contexts and sessions apart, streams, uploads, and what runs behind an answer."""

import threading

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, current_app, g, request, session, stream_with_context, url_for
from demijohn.app.globals import _cv_app
from demijohn.doors.choose import handler_for


def make(name):
    app = Demijohn(name)
    app.secret_key = name
    app.done = []
    app.is_done = threading.Event()

    @app.before_request
    def begin():
        assert "owner" not in g
        g.owner = name

    @app.teardown_request
    def end(error):
        assert current_app.name == g.owner == name
        app.done.append(f"teardown {request.script_root}{request.path}")
        app.is_done.set()

    @app.route("/where/<path:what>", methods=["GET", "POST"])
    def where(what):
        app.after_response(lambda: app.done.append(f"after {request.path} of {current_app.name}"))
        return [current_app.name, request.script_root, what, url_for("where", what="x"), request.get_data(as_text=True)]

    @app.get("/stream")
    def stream():
        @stream_with_context
        def chunks():
            for number in range(3):
                yield f"{g.owner} {current_app.name} {number}\n"

        return chunks()

    @app.get("/count")
    def count():
        session["count"] = session.get("count", 0) + 1
        return f"{name} {session['count']}"

    return app


def plain(environ, start_response):
    assert _cv_app.get(None) is None
    start_response("200 OK", [])
    body = environ["wsgi.input"].read()
    return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']} ".encode() + body]


@pytest.fixture(params=["native", "wsgi"])
def door(request):
    return request.param


def test_all_of_them(runner, door):
    outer, inner = make("outer"), make("inner")
    inner.mount("/plain", plain)
    outer.mount("/in", inner)
    outer.mount("/", inner, host="in.test")
    with serving(handler_for(outer, door), runner, threads=4) as running, Client(running) as client:
        assert client.request("POST", "/where/a", b"data").body == b'["outer","","a","/where/x","data"]\n'
        assert (
            client.request("POST", "/in/where/a%2Fb?q=1", b"data").body
            == b'["inner","/in","a/b","/in/where/x","data"]\n'
        )
        assert client.request("POST", "/in/plain/a%20b", b"data").body == b"/in/plain /a b data"
        assert client.get("/stream").body == b"outer outer 0\nouter outer 1\nouter outer 2\n"
        assert client.get("/in/stream").body == b"inner inner 0\ninner inner 1\ninner inner 2\n"
        assert client.get("/in/nowhere").status == 404
        assert client.get("/inner").status == 404
        client.send(b"GET /where/a HTTP/1.1\r\nHost: IN.test:80\r\n\r\n")
        assert client.read_answer("GET").body == b'["inner","","a","/where/x",""]\n'
        assert inner.is_done.wait(TIMEOUT)
    assert "after /where/a/b of inner" in inner.done
    assert inner.done[:2] == ["after /where/a/b of inner", "teardown /in/where/a/b"]
    assert [one for one in outer.done if "/in" in one] == ["teardown /inner"]


def test_sessions(runner, door):
    outer, inner = make("outer"), make("inner")
    outer.mount("/in", inner)
    with serving(handler_for(outer, door), runner) as running, Client(running) as client:
        cookies = {}
        for number in range(1, 4):
            for path, name in (("/count", "outer"), ("/in/count", "inner")):
                # As a browser does: the cookie with the longer path first, and only where its path is.
                sent = [cookies[where] for where in ("/in", "/") if where in cookies and path.startswith(where)]
                answer = client.get(path, **({"Cookie": "; ".join(sent)} if sent else {}))
                assert answer.body.decode() == f"{name} {number}"
                value, *attributes = next(v for n, v in answer.headers.items() if n.lower() == "set-cookie").split("; ")
                cookies[next(one for one in attributes if one.startswith("Path="))[5:]] = value
        assert set(cookies) == {"/", "/in"}
