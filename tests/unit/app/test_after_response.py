"""`app.after_response`: order, contexts, errors, teardown, through WSGI and the native door."""

import gc

import pytest

from demijohn import Demijohn, copy_current_request_context, g, request, session, stream_with_context
from demijohn.app.globals import _cv_app
from demijohn.doors.choose import handler_for
from demijohn.testing.exchange import RecordingExchange
from demijohn.testing.run import create_environ, run_wsgi_app


@pytest.fixture
def app():
    app = Demijohn(__name__)
    app.secret_key = "k"
    app.seen = []
    app.teardown_request(lambda error: app.seen.append(f"teardown {g.get('mark')} {error!r}"))
    return app


def native(app, target="/"):
    return RecordingExchange(target=target).run(handler_for(app, "native"))


def wsgi(app, target="/"):
    body, status, _ = run_wsgi_app(app, create_environ(target))
    text = b"".join(body)
    app.seen.append("answered")
    if hasattr(body, "close"):
        body.close()
    return text, status


@pytest.mark.parametrize("ask", [native, wsgi])
def test_it_runs_behind_the_answer_and_before_the_teardown(app, ask):
    @app.get("/")
    def index():
        g.mark = "m"
        session["a"] = 1
        app.after_response(
            lambda *args, **kwargs: app.seen.append((args, kwargs, request.path, g.mark, session["a"])), 1, b=2
        )
        app.after_response(app.seen.append, "second")
        return "x"

    ask(app)
    assert [one for one in app.seen if one != "answered"] == [
        ((1,), {"b": 2}, "/", "m", 1),
        "second",
        "teardown m None",
    ]
    if ask is wsgi:
        assert app.seen[0] == "answered"
    assert _cv_app.get(None) is None


def test_the_native_door_leaves_the_moment_to_the_server(app):
    @app.get("/")
    def index():
        app.after_response(app.seen.append, "after")
        return "x"

    assert native(app).calls == ["after", "respond"]


@pytest.mark.parametrize("ask", [native, wsgi])
def test_what_it_raises_is_logged_and_the_others_still_run(app, ask, caplog):
    @app.get("/")
    def index():
        app.after_response(int, "x")
        app.after_response(app.seen.append, "second")
        return "x"

    ask(app)
    assert "second" in app.seen
    assert [record.exc_info[0] for record in caplog.records] == [ValueError]
    assert "Exception on / [GET]" in caplog.text


@pytest.mark.parametrize("ask", [native, wsgi])
def test_a_request_that_fails(app, ask):
    @app.get("/")
    def index():
        app.after_response(app.seen.append, "after")
        raise KeyError("x")

    ask(app)
    assert "after" in app.seen
    assert [one for one in app.seen if one.startswith("teardown")] == ["teardown None KeyError('x')"]


@pytest.mark.parametrize("ask", [native, wsgi])
def test_an_error_that_goes_through(app, ask):
    app.testing = True

    @app.get("/")
    def index():
        app.after_response(app.seen.append, "after")
        raise KeyError("x")

    with pytest.raises(KeyError):
        ask(app)
    assert app.seen == ["after", "teardown None KeyError('x')"]


@pytest.mark.parametrize("ask", [native, wsgi])
def test_a_stream(app, ask):
    @app.get("/")
    def index():
        @stream_with_context
        def chunks():
            yield "a"
            app.seen.append(f"streaming {request.path}")
            yield "b"

        app.after_response(app.seen.append, "after")
        return chunks()

    ask(app)
    assert [one for one in app.seen if one != "answered"] == ["streaming /", "after", "teardown None None"]


def test_a_function_may_add_another(app):
    @app.get("/")
    def index():
        app.after_response(lambda: app.after_response(app.seen.append, "inner"))
        return "x"

    native(app)
    assert app.seen == ["inner", "teardown None None"]


def test_async_functions(app):
    async def later(what):
        app.seen.append(f"{what} {request.path}")

    app.add_url_rule("/", "index", lambda: app.after_response(later, "async") or "x")
    native(app)
    assert app.seen[0] == "async /"


def test_hooks_may_call_it(app):
    app.before_request(lambda: app.after_response(app.seen.append, "before"))
    app.after_request(lambda response: app.after_response(app.seen.append, "behind") or response)
    app.add_url_rule("/", "index", lambda: "x")
    native(app)
    assert app.seen[:2] == ["before", "behind"]


def test_the_test_clients_block_keeps_the_context_longer(app):
    app.add_url_rule("/", "index", lambda: app.after_response(app.seen.append, "after") or "x")
    with app.test_client() as client:
        client.get("/").close()
        assert request.path == "/"
        assert app.seen == []
    assert app.seen == ["after", "teardown None None"]


def test_a_context_that_was_pushed_by_hand(app):
    with app.test_request_context("/"):
        app.after_response(app.seen.append, "after")
    assert app.seen == ["after", "teardown None None"]


def test_a_body_that_nobody_closes(app):
    app.add_url_rule("/", "index", lambda: app.after_response(app.seen.append, "after") or "x")
    app(create_environ("/"), lambda status, headers: None)
    while not app.seen:
        gc.collect()  # does nothing while another thread collects
    assert app.seen == ["after", "teardown None None"]


def test_outside_of_a_request(app):
    with pytest.raises(RuntimeError, match="outside of request context"):
        app.after_response(print)


def test_in_a_copy_of_the_context(app):
    with app.test_request_context("/"):
        attempt = copy_current_request_context(lambda: app.after_response(print))
        with pytest.raises(RuntimeError, match="own thread"):
            attempt()
