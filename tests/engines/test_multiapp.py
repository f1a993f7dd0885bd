"""Several applications behind one address: each with its own contexts and config, calls from one into the other included."""

import threading

from engines.serving import Client

from demijohn import Demijohn, current_app, g, request, session, url_for
from demijohn.manage.devserver import make_server
from demijohn.middleware.dispatcher import DispatcherMiddleware
from demijohn.testing.run import create_environ, run_wsgi_app


def make_application(name: str) -> Demijohn:
    app = Demijohn(name)
    app.config.update(SECRET_KEY=name, NAME=name, SESSION_COOKIE_NAME=f"session_{name}")
    app.torn_down = []

    @app.before_request
    def mark() -> None:
        assert not hasattr(g, "owner")
        g.owner = name

    @app.teardown_appcontext
    def tear_down(error) -> None:
        app.torn_down.append(g.owner)

    @app.get("/")
    def index():
        session["seen"] = session.get("seen", 0) + 1
        return {
            "app": current_app.name,
            "config": current_app.config["NAME"],
            "g": g.owner,
            "root": request.root_path,
            "url": url_for("index"),
            "seen": session["seen"],
        }

    return app


def with_nested_call(app: Demijohn, other: Demijohn) -> None:
    @app.get("/nested")
    def nested():
        before = (current_app.name, g.owner, request.path)
        body, status, _ = run_wsgi_app(other, create_environ("/", "http://inner/"))
        assert (current_app.name, g.owner, request.path) == before, "the inner call left something behind"
        return b"".join(body), int(status[:3])


def served(application, **options):
    server = make_server("127.0.0.1", 0, application, **options)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    class Running:
        def __enter__(self):
            return self

        def __exit__(self, *exc) -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        def connect(self):
            import socket

            return socket.create_connection(server.server_address, timeout=20)

    return Running()


def test_two_applications_behind_one_dispatcher():
    import json

    main, admin = make_application("main"), make_application("admin")
    with_nested_call(main, admin)
    with_nested_call(admin, main)
    for options in ({"threaded": True}, {"threaded": False}):
        main.torn_down.clear()
        admin.torn_down.clear()
        with served(DispatcherMiddleware(main, {"/admin": admin}), **options) as running, Client(running) as client:
            first = json.loads(client.get("/").body)
            assert first == {"app": "main", "config": "main", "g": "main", "root": "", "url": "/", "seen": 1}
            answer = client.get("/admin/")
            second = json.loads(answer.body)
            assert second["app"] == second["config"] == second["g"] == "admin"
            assert second["root"] == "/admin"
            assert second["url"] == "/admin/"
            assert answer.headers["set-cookie"].startswith("session_admin=")
            assert json.loads(client.get("/nested").body)["app"] == "admin"
            assert json.loads(client.get("/admin/nested").body)["app"] == "main"
            assert client.get("/adminx").status == 404
        assert main.torn_down == ["main"] * 4  # the two requests, the inner one, and /adminx
        assert admin.torn_down == ["admin"] * 3


def test_nested_application_contexts():
    one, two = make_application("one"), make_application("two")
    with one.app_context():
        g.owner = "outer"
        with two.app_context():
            g.owner = "inner"
            assert current_app.name == "two"
            with one.app_context():
                assert not hasattr(g, "owner")
                g.owner = "innermost"
                assert current_app.name == "one"
            assert (current_app.name, g.owner) == ("two", "inner")
        assert (current_app.name, g.owner) == ("one", "outer")
    assert one.torn_down == ["innermost", "outer"]
    assert two.torn_down == ["inner"]
