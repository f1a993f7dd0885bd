import asyncio
import contextvars
import threading

import pytest

import demijohn
from demijohn import (
    Demijohn,
    app_ctx,
    appcontext_popped,
    appcontext_pushed,
    current_app,
    flash,
    g,
    has_app_context,
    has_request_context,
    render_template_string,
    request,
    request_ctx,
    session,
    url_for,
)
from demijohn.app.context import AppContext, RequestContext
from demijohn.app.globals import _app_ctx_stack, _cv_app, _cv_request, _request_ctx_stack
from demijohn.app.sessions import SessionMixin


@pytest.mark.parametrize(
    "use",
    [
        lambda: current_app.name,
        lambda: g.x,
        lambda: url_for("x"),
        lambda: render_template_string("x"),
        lambda: app_ctx.app,
    ],
)
def test_no_application_context_says_what_to_do(use):
    with pytest.raises(
        RuntimeError, match=r"^Working outside of application context\.(.|\n)*with app\.app_context\(\)"
    ):
        use()


@pytest.mark.parametrize(
    "use", [lambda: request.path, lambda: session["x"], lambda: flash("x"), lambda: request_ctx.request]
)
@pytest.mark.parametrize("inside", [True, False])
def test_no_request_context_says_what_to_do(app, use, inside):
    ctx = app.app_context()
    if inside:
        ctx.push()
    with pytest.raises(RuntimeError, match=r"^Working outside of request context\.(.|\n)*test_request_context"):
        use()
    assert not request
    if inside:
        ctx.pop()


@pytest.mark.parametrize("inside", [True, False])
def test_unbound_proxies_can_be_looked_at(app, inside):
    if inside:
        app.app_context().push()
    for proxy in (request, session, request_ctx):
        assert "unbound" in repr(proxy)
        assert not proxy
        assert not isinstance(proxy, dict)
        assert dir(proxy) == []
        assert proxy != 1
        with pytest.raises(RuntimeError, match="outside of request context"):
            proxy._get_current_object()
    if inside:
        app_ctx.pop()


def test_bound_proxies_are_what_they_stand_for(app):
    with app.test_request_context("/"):
        assert isinstance(request, demijohn.Request)
        assert isinstance(session, dict)
        session["a"] = 1
        assert dict(session) == {"a": 1}
        assert len(session) == 1
        assert session._get_current_object() == {"a": 1}
        request.extra = 1
        assert request._get_current_object().extra == 1


def test_an_application_context(app):
    assert not has_app_context()
    with app.app_context() as ctx:
        assert has_app_context()
        assert not has_request_context()
        assert current_app._get_current_object() is app
        assert app_ctx._get_current_object() is ctx
        assert not ctx.has_request
    assert not has_app_context()


def test_contexts_nest_and_each_has_its_own_g(app):
    other = Demijohn("other")
    with app.app_context():
        g.x = 1
        with other.app_context():
            assert current_app.name == "other"
            assert "x" not in g
            with app.app_context():
                assert "x" not in g
        assert g.x == 1
        assert current_app.name == app.name


def test_g_is_a_namespace(app):
    with app.app_context():
        g.a = 1
        assert g.get("a") == 1
        assert g.get("b", 2) == 2
        assert g.setdefault("c", 3) == 3
        assert sorted(g) == ["a", "c"]
        assert g.pop("c") == 3
        assert g.pop("c", 4) == 4
        with pytest.raises(KeyError):
            g.pop("c")
        del g.a
        with pytest.raises(AttributeError):
            g.a  # noqa: B018
        with pytest.raises(AttributeError):
            del g.a
        assert "under_test" in repr(g)


def test_a_class_of_ones_own_for_g(app):
    class Globals(demijohn.app.appglobals._AppCtxGlobals):
        def __getattr__(self, name):
            return f"no {name}"

    app.app_ctx_globals_class = Globals
    with app.app_context():
        assert g.thing == "no thing"


def test_a_request_context_has_everything(app):
    app.add_url_rule("/user/<int:number>", "user")
    with app.test_request_context("/user/5?a=b") as ctx:
        assert isinstance(ctx, RequestContext)
        assert isinstance(ctx, AppContext)
        assert request.path == "/user/5"
        assert request.endpoint == "user"
        assert request.view_args == {"number": 5}
        assert request_ctx._get_current_object() is app_ctx._get_current_object() is ctx
        assert _cv_request.get() is _cv_app.get() is ctx
        assert g._get_current_object() is ctx.g
        assert ctx.url_adapter.build("user", {"number": 6}) == "/user/6"
    assert _cv_request.get(None) is None
    with pytest.raises(LookupError):
        _cv_request.get()


def test_what_matching_ends_in_is_kept_for_dispatch(app):
    with app.test_request_context("/nothing"):
        assert request.url_rule is None
        assert request.endpoint is None
        assert request.blueprints == []
        assert request.routing_exception.code == 404


def test_a_context_may_be_pushed_several_times(app):
    torn = []
    app.teardown_appcontext(torn.append)
    ctx = app.app_context()
    ctx.push()
    ctx.push()
    ctx.pop()
    assert has_app_context()
    assert torn == []
    ctx.pop()
    assert not has_app_context()
    assert torn == [None]


def test_popping_what_is_not_current_is_an_error(app):
    outer, inner = app.app_context(), app.app_context()
    with pytest.raises(AssertionError, match="current context is None"):
        outer.pop()
    with outer:
        with inner, pytest.raises(AssertionError, match="was popped"):
            outer.pop()
        assert app_ctx._get_current_object() is outer


def test_teardown_gets_the_exception(app):
    torn = []
    app.teardown_request(lambda error: torn.append(("request", type(error))))
    app.teardown_appcontext(lambda error: torn.append(("app", type(error))))
    with pytest.raises(KeyError), app.test_request_context("/"):
        raise KeyError
    try:
        raise ValueError
    except ValueError:
        ctx = app.app_context()
        ctx.push()
        ctx.pop()
    assert torn == [("request", KeyError), ("app", KeyError), ("app", ValueError)]


def test_every_teardown_runs_and_what_failed_is_raised(app):
    ran = []

    def failing(number):
        def teardown(error):
            ran.append(number)
            raise ValueError(number)

        return teardown

    app.teardown_request(failing(1))
    app.teardown_request(ran.append)
    app.teardown_request(failing(2))
    app.teardown_appcontext(failing(3))
    with pytest.raises(ExceptionGroup) as caught, app.test_request_context("/"):
        pass
    assert ran == [2, None, 1, 3]
    in_request, in_app = caught.value.exceptions
    assert [error.args for error in in_request.exceptions] == [(2,), (1,)]
    assert in_app.args == (3,)
    assert not has_app_context()


def test_a_single_failing_teardown_is_raised_as_it_is(app):
    app.teardown_appcontext(lambda error: 1 / 0)
    with pytest.raises(ZeroDivisionError), app.app_context():
        pass
    assert not has_app_context()


def test_a_teardown_that_fails_closes_the_response(app):
    closed = []

    @app.get("/")
    def view():
        response = demijohn.Response("x")
        response.call_on_close(lambda: closed.append(True))
        return response

    app.teardown_request(lambda error: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/")
    assert closed == [True]
    assert not has_app_context()


def test_signals_of_a_context(app):
    heard = []

    def pushed(sender):
        heard.append(("pushed", has_app_context()))

    def popped(sender):
        heard.append(("popped", has_app_context()))

    with appcontext_pushed.connected_to(pushed, app), appcontext_popped.connected_to(popped, app):
        ctx = app.app_context()
        with ctx, ctx:
            pass
    assert heard == [("pushed", True), ("popped", False)]


def test_attributes_of_ones_own_on_a_context(app):
    with app.app_context():
        app_ctx.database = "open"
        assert app_ctx._get_current_object().database == "open"
        with pytest.raises(AttributeError):
            app_ctx.other  # noqa: B018


def test_threads_do_not_see_each_others_context(app):
    seen = []
    with app.app_context():
        thread = threading.Thread(target=lambda: seen.append(has_app_context()))
        thread.start()
        thread.join()
    assert seen == [False]


def test_uploads_are_closed_with_the_context_of_the_request_only(app):
    with app.test_request_context("/", method="POST", data={"f": (__file__,)}) as ctx:
        file = request.files["f"]
        with ctx.copy():
            pass
        assert not file.stream.closed
    assert file.stream.closed


def test_the_environ_and_the_native_way_agree(app):
    from demijohn.testing import RecordingExchange

    @app.get("/x/<name>")
    def view(name):
        return f"{name} {request.args['a']} {request.host} {url_for('view', name='b', _external=True)}"

    exchange = RecordingExchange("GET", "/x/%C3%A9?a=%20", {"Host": "example.com"})
    app.exchange_handler()(exchange)
    by_client = app.test_client().get("/x/é?a=%20", headers={"Host": "example.com"})
    assert by_client.text == "é   example.com http://example.com/x/b"
    assert exchange.body_sent.decode() == by_client.text


def test_contexts_that_a_view_leaves_behind_are_popped_and_named(app, client, caplog):
    torn = []
    app.teardown_appcontext(lambda error: torn.append("app"))
    app.teardown_request(lambda error: torn.append("request"))

    @app.get("/")
    def view():
        session["kept"] = "yes"
        app.app_context().push()
        app.app_context().__enter__()
        flash("kept too")
        return "answered"

    app.add_url_rule("/read", "read", lambda: f"{session['kept']} {demijohn.get_flashed_messages()}")
    assert client.get("/").text == "answered"
    assert torn == ["app", "app", "request", "app"]
    assert not has_app_context()
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert all("not popped" in message and "test_contexts.py:" in message for message in messages)
    assert client.get("/read").text == "yes ['kept too']"


def push_with_a_teardown_that_fails(app):
    failures = [ZeroDivisionError()]

    def teardown(error):
        if failures:
            raise failures.pop()

    app.teardown_appcontext_funcs.append(teardown)
    app.app_context().push()


def push_in_another_task(app):
    ctx = app.app_context()
    contextvars.copy_context().run(ctx.push)
    _cv_app.set(ctx)


@pytest.mark.parametrize("push", [push_with_a_teardown_that_fails, push_in_another_task])
def test_what_is_left_behind_may_fail_to_go(app, client, caplog, push):
    torn = []
    app.teardown_request(torn.append)
    app.add_url_rule("/", "view", lambda: (push(app), "answered")[1])
    assert client.get("/").text == "answered"
    assert "Popping" in caplog.text
    assert torn == [None]
    assert not has_app_context()


@pytest.mark.parametrize("leave", [lambda: _cv_app.set(None), lambda: Demijohn("other").app_context().push()])
def test_a_view_that_breaks_the_current_context_breaks_its_own_request_only(app, client, caplog, leave):
    app.add_url_rule("/", "view", lambda: (leave(), "answered")[1])
    app.add_url_rule("/fine", "fine", lambda: "fine")
    with pytest.raises(RuntimeError, match="outside of request context"):
        client.get("/")
    assert not has_app_context()
    assert "not popped" in caplog.text
    assert client.get("/fine").text == "fine"


def test_a_context_of_the_application_does_not_hide_the_request(app, client):
    torn = []
    app.teardown_request(lambda error: torn.append("request"))
    app.teardown_appcontext(lambda error: torn.append("app"))

    @app.get("/")
    def view():
        g.x = 1
        ctx = app.app_context()
        with ctx, app.app_context():
            assert "x" not in g
            assert request.path == "/"
            assert has_request_context()
            assert url_for("view") == "/"
            session["inside"] = True
            flash("message")
            assert demijohn.get_flashed_messages() == ["message"]
            demijohn.after_this_request(lambda response: (response.headers.add("X-After", "1"), response)[1])
        assert torn == ["app", "app"]
        assert not ctx.has_request
        with Demijohn("other").app_context():
            assert not has_request_context()
        assert demijohn.get_flashed_messages() == ["message"]
        return str(session["inside"])

    response = client.get("/")
    assert response.text == "True"
    assert response.headers["X-After"] == "1"
    assert "session=" in response.headers["Set-Cookie"]
    assert torn == ["app", "app", "request", "app"]


def test_the_stacks_of_old_are_views(app):
    assert (_app_ctx_stack.top, _request_ctx_stack.top, _request_ctx_stack.pop()) == (None, None, None)
    ctx = app.app_context()
    _app_ctx_stack.push(ctx)
    assert _app_ctx_stack.top is ctx
    assert _request_ctx_stack.top is None
    with app.test_request_context("/") as inner:
        assert _app_ctx_stack.top is ctx
        assert _request_ctx_stack.top is inner
    assert _app_ctx_stack.pop() is ctx
    assert not has_app_context()


def test_the_stacks_of_old_show_what_is_pushed(app):
    assert demijohn._app_ctx_stack._local.__storage__ == demijohn._request_ctx_stack._local.__storage__ == {}
    with pytest.raises(AttributeError):
        _ = _app_ctx_stack._local.stack
    other = Demijohn("other")
    with app.app_context() as first, other.app_context() as second, first, app.test_request_context("/") as third:
        ident = threading.get_ident()
        assert _app_ctx_stack._local.__ident_func__() == ident
        assert _app_ctx_stack._local.__storage__ == {ident: {"stack": [first, second, first, third]}}
        assert _request_ctx_stack._local.__storage__ == {ident: {"stack": [third]}}
        assert [ctx.app.name for ctx in _app_ctx_stack._local.stack] == [
            "under_test",
            "other",
            "under_test",
            "under_test",
        ]
        seen = []
        thread = threading.Thread(target=lambda: seen.append(_app_ctx_stack._local.__storage__))
        thread.start()
        thread.join()
        assert seen == [{}]
    assert _app_ctx_stack._local.__storage__ == {}


def test_steps_of_dispatch_by_hand(app):
    trace = []
    app.before_request(lambda: trace.append("before"))
    app.after_request(lambda response: (trace.append("after"), response)[1])
    app.add_url_rule("/x", "x", lambda: "view")
    with app.test_request_context("/x"):
        assert app.preprocess_request() is None
        assert app.dispatch_request() == "view"
        response = app.make_response("made")
        assert app.process_response(response) is response
        assert app.full_dispatch_request().get_data() == b"view"
    assert trace == ["before", "after", "before", "after"]


def test_a_client_in_a_with_block_keeps_the_context(app):
    torn = []
    app.teardown_request(torn.append)
    app.add_url_rule("/<name>", "view", lambda name: (setattr(g, "name", name), name)[1])
    with app.test_client() as client:
        client.get("/one")
        assert (request.path, g.name, torn) == ("/one", "one", [])
        client.get("/two")
        assert (request.path, g.name, torn) == ("/two", "two", [None])
    assert torn == [None, None]
    assert not has_app_context()


def test_a_request_made_in_a_context_of_its_application_has_that_one():
    """Flask-SQLAlchemy has a session for each: what a test adds in the context, the requests of its client find."""
    app = Demijohn(__name__)
    seen = []
    app.get("/")(lambda: seen.append((app_ctx._get_current_object(), _app_ctx_stack.top)) or "page")
    app.teardown_appcontext(lambda error: seen.append(app_ctx._get_current_object()))
    with app.app_context() as outer:
        app.test_client().get("/")
        with app.test_request_context() as inner:
            assert app_ctx._get_current_object() is _app_ctx_stack.top is outer
            assert request_ctx._get_current_object() is _request_ctx_stack.top is inner
            with app.app_context() as own:
                assert app_ctx._get_current_object() is _app_ctx_stack.top is own
    assert seen == [(outer, outer), own, outer]
    with app.test_request_context() as alone:
        assert app_ctx._get_current_object() is _app_ctx_stack.top is alone


class TestAContextOfTheApplicationEndsBelowARequest:
    """A test client keeps the last request's context, and whoever pushed the application's around it is done sooner."""

    def test_its_teardown_runs_and_the_request_stays(self):
        app = Demijohn(__name__)
        torn = []
        app.teardown_request(lambda error: torn.append("request"))
        app.teardown_appcontext(lambda error: torn.append("app"))

        @app.get("/<name>")
        def page(name):
            g.seen = name
            return name

        with app.test_client() as client:
            with app.app_context():
                client.get("/first")
                client.get("/second")
                assert torn == ["request"]
            assert torn == ["request", "app"]
            assert (request.path, g.seen) == ("/second", "second")
        assert torn == ["request", "app", "request"]
        assert not has_app_context()

    def test_the_one_before_is_current_again(self):
        app, outer = Demijohn(__name__), Demijohn("outer")
        app.get("/")(lambda: "page")
        with outer.app_context():
            with app.test_client() as client, app.app_context():
                client.get("/")
            assert current_app._get_current_object() is outer
        assert not has_app_context()

    def test_what_its_teardown_raises_is_raised_and_leaves_nothing(self):
        app = Demijohn(__name__)
        app.get("/")(lambda: "page")

        @app.teardown_appcontext
        def fail(error):
            raise LookupError("torn")

        with app.test_client() as client:
            context = app.app_context()
            context.push()
            client.get("/")
            with pytest.raises(LookupError, match="torn"):
                context.pop()
            with pytest.raises(AssertionError, match="was popped"):
                context.pop()
        assert not has_app_context()

    def test_it_may_be_pushed_again(self):
        app = Demijohn(__name__)
        app.get("/")(lambda: "page")
        context = app.app_context()
        for _ in range(2):
            with app.test_client() as client, context:
                client.get("/")
                assert g._get_current_object() is context.g
            assert not has_app_context()

    def test_the_request_around_it_is_given_back(self):
        app = Demijohn(__name__)
        app.get("/")(lambda: "page")
        with app.test_request_context("/around"):
            context = app.app_context()
            context.push()
            assert context.has_request
            with app.test_client() as client:
                client.get("/")
                context.pop()
                assert not context.has_request
            assert request.path == "/around"
        assert not has_app_context()

    def test_another_application_above_it_is_still_an_error(self):
        app, other = Demijohn(__name__), Demijohn("other")
        context = app.app_context()
        context.push()
        with other.app_context(), pytest.raises(AssertionError, match="was popped"):
            context.pop()
        context.pop()
        assert not has_app_context()


class TestMessagesSayWhere:
    def message(self):
        with pytest.raises(RuntimeError) as caught:
            _ = request.path
        return str(caught.value)

    def test_the_main_thread(self):
        assert self.message().endswith("It happened in the main thread.")

    def test_a_thread_and_its_function(self):
        seen = []

        def work():
            seen.append(self.message())

        thread = threading.Thread(target=work, name="worker")
        thread.start()
        thread.join()
        assert seen[0].endswith(f"the thread 'worker', started to run {work.__module__}.{work.__qualname__}.")

    def test_a_task_and_its_coroutine(self):
        async def fetch():
            return self.message()

        async def main():
            return await asyncio.create_task(fetch(), name="fetching")

        assert f"the task 'fetching', made of {fetch.__qualname__}, in the main thread." in asyncio.run(main())

    def test_a_callback(self):
        async def main():
            seen = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(lambda: seen.set_result(self.message()))
            return await seen

        assert asyncio.run(main()).endswith("a callback of the event loop of the main thread.")

    def test_every_way_to_ask(self):
        for ask in (url_for, lambda: g.x, lambda: current_app.name, lambda: session["x"]):
            with pytest.raises(RuntimeError, match="It happened in the main thread"):
                ask("x") if ask is url_for else ask()


@pytest.mark.parametrize("is_open", [False, True])
def test_a_session_put_in_the_place_of_the_other_is_seen(is_open):
    """Flask-SocketIO does this for each event, so that a session lives as long as its connection."""
    app = Demijohn(__name__)
    app.secret_key = "k"
    with app.test_request_context() as ctx:
        if is_open:
            session["a"] = 1
        ctx._session = mine = type("Managed", (dict, SessionMixin), {})(mine=1)
        assert session["mine"] == 1
        assert "a" not in session
        assert ctx.session is ctx._session is mine
