import copy
import logging
import pickle
import threading

import pytest

from demijohn import (
    Blueprint,
    Demijohn,
    Response,
    before_render_template,
    current_app,
    g,
    got_request_exception,
    render_template_string,
    request,
    request_finished,
    request_started,
    request_tearing_down,
    template_rendered,
    url_for,
)
from demijohn.app.debughints import FormDataRoutingRedirect
from demijohn.app.requests import Request
from demijohn.http.errors import BadRequestKeyError, Forbidden, HTTPException, InternalServerError, NotFound
from demijohn.routing import RequestRedirect
from demijohn.testing import RecordingExchange, create_environ, run_wsgi_app


def test_hello(app, client):
    app.add_url_rule("/", "hello", lambda: "Hello")
    response = client.get("/")
    assert (response.status, response.text, response.content_type) == ("200 OK", "Hello", "text/html; charset=utf-8")


def test_methods_head_and_options_are_answered(app, client):
    @app.route("/x", methods=["get", "POST"])
    def view():
        return request.method

    assert client.get("/x").text == "GET"
    assert client.post("/x").text == "POST"
    head = client.head("/x")
    assert (head.text, head.content_length) == ("", 4)
    assert set(client.options("/x").allow) == {"GET", "HEAD", "OPTIONS", "POST"}
    refused = client.put("/x")
    assert refused.status_code == 405
    assert set(refused.allow) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_automatic_options_can_be_had_and_refused(app, client):
    app.add_url_rule("/own", "own", lambda: "own options", methods=["GET", "OPTIONS"])
    app.add_url_rule("/none", "none", lambda: "x", provide_automatic_options=False)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/config", "config", lambda: "x")
    app.add_url_rule("/forced", "forced", lambda: "x", provide_automatic_options=True, methods=["GET", "OPTIONS"])
    assert client.options("/own").text == "own options"
    assert client.options("/none").status_code == 405
    assert client.options("/config").status_code == 405
    assert client.options("/forced").text == ""


def test_a_view_may_carry_its_methods(app, client):
    def view():
        return request.method

    view.methods = ["PUT"]
    view.required_methods = ["PATCH"]
    app.add_url_rule("/x", view_func=view)
    assert [client.open("/x", method=name).status_code for name in ("PUT", "PATCH", "GET")] == [200, 200, 405]


def test_an_endpoint_may_get_its_view_later(app, client):
    app.add_url_rule("/x", "later")
    assert app.endpoint("later")(lambda: "view")() == "view"
    assert client.get("/x").text == "view"


def test_a_rule_without_a_view_is_an_error_of_the_server(app, client):
    app.add_url_rule("/x", "nowhere")
    app.testing = True
    with pytest.raises(KeyError, match="nowhere"):
        client.get("/x")


@pytest.mark.parametrize("door", ["wsgi", "native"])
def test_both_doors(app, door):
    @app.post("/<int:number>")
    def view(number):
        g.number = number
        return {"number": g.number, "data": request.get_data(as_text=True), "app": current_app.name}

    if door == "wsgi":
        chunks, status, _ = run_wsgi_app(app, create_environ("/5", method="POST", data="body"))
        text = b"".join(chunks).decode()
    else:
        exchange = RecordingExchange("POST", "/5", body=b"body")
        app.exchange_handler()(exchange)
        status, text = exchange.status, exchange.body_sent.decode()
    assert status == "200 OK"
    assert text == '{"app":"under_test","data":"body","number":5}\n'


@pytest.mark.parametrize("way", ["instance", "subclass", "call", "context"])
def test_wrapped_applications_are_not_served_past_their_wrapping(way):
    class Sub(Demijohn):
        pass

    app = Sub("x")
    assert app.exchange_handler() is not None
    if way == "instance":
        app.wsgi_app = lambda environ, start_response: []
    elif way == "subclass":
        Sub.wsgi_app = lambda self, environ, start_response: []
    elif way == "call":
        Sub.__call__ = lambda self, environ, start_response: []
    else:
        app.request_context = Demijohn.request_context.__get__(app)
    assert app.exchange_handler() is None


def test_middleware_sees_environ_and_response(app, client):
    app.add_url_rule("/", "view", lambda: request.environ["added"])
    inner = app.wsgi_app

    def middleware(environ, start_response):
        environ["added"] = "by middleware"
        return inner(environ, start_response)

    app.wsgi_app = middleware
    assert client.get("/").text == "by middleware"


def test_overridden_steps_are_called():
    steps = "full_dispatch_request preprocess_request dispatch_request finalize_request make_response process_response"
    steps = (steps + " do_teardown_request do_teardown_appcontext create_url_adapter").split()
    called = []

    def override(name):
        def method(self, *args, **kwargs):
            called.append(name)
            return getattr(Demijohn, name)(self, *args, **kwargs)

        return method

    app = type("Sub", (Demijohn,), {name: override(name) for name in steps})("x")
    app.add_url_rule("/", "view", lambda: "x")
    assert app.test_client().get("/").text == "x"
    assert sorted(called) == sorted(steps)


def test_a_request_class_of_ones_own(app):
    class MyRequest(Request):
        def __init__(self, environ, *args, **kwargs):
            super().__init__(environ, *args, **kwargs)
            self.mine = "mine"

    class MyResponse(Response):
        default_mimetype = "text/x-mine"

    app.request_class, app.response_class = MyRequest, MyResponse
    app.add_url_rule("/", "view", lambda: request.mine)
    exchange = RecordingExchange()
    app.exchange_handler()(exchange)
    assert exchange.body_sent == b"mine"
    assert ("Content-Type", "text/x-mine; charset=utf-8") in list(exchange.headers)
    assert type(app.test_client().get("/missing").mimetype) is str


@pytest.mark.parametrize("door", ["wsgi", "native"])
@pytest.mark.parametrize("way", ["property", "init"])
def test_routes_are_found_by_the_method_that_was_sent(app, door, way):
    if way == "property":

        class MyRequest(Request):
            method = property(lambda self: "DELETE", lambda self, value: None)

    else:

        class MyRequest(Request):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.method = "DELETE"

    app.request_class = MyRequest
    app.add_url_rule("/x/", "get", lambda: f"{request.method} {url_for('item')}")
    app.add_url_rule("/a", "item", methods=["DELETE"])
    app.add_url_rule("/b", "item", methods=["GET"])
    if door == "wsgi":
        assert app.test_client().get("/x", follow_redirects=True).text == "DELETE /b"
    else:
        exchange = RecordingExchange("GET", "/x/")
        app.exchange_handler()(exchange)
        assert exchange.body_sent == b"DELETE /b"


def test_a_hook_may_choose_another_rule(app, client):
    blueprint = Blueprint("inner", __name__)
    seen = []
    blueprint.add_url_rule("/other", "other", lambda: f"other {request.endpoint}")
    blueprint.after_request(lambda response: seen.append("after") or response)
    blueprint.teardown_request(lambda error: seen.append("teardown"))
    app.register_blueprint(blueprint)
    app.add_url_rule("/", "index", lambda: "index")

    @app.before_request
    def choose():
        request.url_rule = next(app.url_map.iter_rules("inner.other"))
        request.view_args = {}
        request.routing_exception = None

    assert client.get("/").text == client.get("/nowhere").text == "other inner.other"
    assert seen == ["after", "teardown"] * 2


# Registries


def test_changes_after_the_first_request_are_honoured(app, client):
    app.add_url_rule("/", "view", lambda: "first")
    assert client.get("/").text == "first"
    app.view_functions["view"] = lambda: "second"
    assert client.get("/").text == "second"
    app.before_request_funcs.setdefault(None, []).append(lambda: "intercepted")
    assert client.get("/").text == "intercepted"
    app.before_request_funcs[None].clear()
    assert client.get("/").text == "second"
    app.before_request_funcs[None] = [lambda: "assigned"]
    assert client.get("/").text == "assigned"
    app.before_request_funcs.pop(None)
    app.after_request_funcs.setdefault(None, []).insert(0, lambda response: Response("after"))
    assert client.get("/").text == "after"
    del app.after_request_funcs[None][0]
    torn = []
    app.teardown_request_funcs[None].append(torn.append)
    app.teardown_appcontext_funcs.append(torn.append)
    assert client.get("/").text == "second"
    assert torn == [None, None]
    app.error_handler_spec[None][404][NotFound] = lambda error: "not found"
    assert client.get("/missing").text == "not found"


@pytest.mark.parametrize(
    "change",
    [
        lambda hooks: hooks.append(1),
        lambda hooks: hooks.extend([1]),
        lambda hooks: hooks.insert(0, 1),
        lambda hooks: hooks.__setitem__(slice(None), []),
        lambda hooks: hooks.__iadd__([1]),
        lambda hooks: hooks.reverse(),
        lambda hooks: hooks.sort(key=id),
        lambda hooks: hooks.remove(0),
        lambda hooks: hooks.pop(),
        lambda hooks: hooks.__imul__(2),
        lambda hooks: hooks.__delitem__(0),
        lambda hooks: hooks.clear(),
    ],
)
def test_every_change_of_a_hook_list_drops_the_plans(app, change):
    hooks = app.before_request_funcs[None]
    hooks.append(0)
    plans = app._revision.plans
    change(hooks)
    assert app._revision.plans is not plans


def test_registries_are_dicts_and_lists(app):
    hooks = app.before_request_funcs
    assert hooks.get("nowhere") is None
    assert hooks.setdefault("a", [1]) == [1]
    assert hooks.setdefault("a", [2]) == [1]
    assert hooks["b"] == []
    hooks.update({"c": [3]})
    hooks["c"].append(4)
    assert dict(hooks) == {"a": [1], "b": [], "c": [3, 4]}
    assert type(copy.copy(hooks["c"])) is list
    assert copy.deepcopy(hooks["c"]) == [3, 4]
    assert pickle.loads(pickle.dumps(hooks["c"])) == [3, 4]


@pytest.mark.parametrize(
    "change",
    [
        lambda views: views.__setitem__("a", 1),
        lambda views: views.update(b=1),
        lambda views: views.setdefault("c", 1),
        lambda views: views.__ior__({"d": 1}),
        lambda views: views.pop("x"),
        lambda views: views.popitem(),
        lambda views: views.__delitem__("x"),
        lambda views: views.clear(),
    ],
)
def test_every_change_of_the_views_drops_the_plans(app, change):
    app.view_functions["x"] = 0
    plans = app._revision.plans
    change(app.view_functions)
    assert app._revision.plans is not plans


def test_changes_while_requests_are_answered_are_never_lost(app):
    app.add_url_rule("/", "view", lambda: "view")
    is_over = threading.Event()
    answers = set()

    def ask():
        client = app.test_client()
        while not is_over.is_set():
            answers.add(client.get("/").text)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        client = app.test_client()
        for _ in range(50):
            app.before_request_funcs[None].append(lambda: "hook")
            assert client.get("/").text == "hook"
            app.before_request_funcs[None].clear()
            assert client.get("/").text == "view"
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert answers <= {"view", "hook"}


def test_setup_is_over_with_the_first_request(app, client):
    client.get("/")
    for register in (
        lambda: app.route("/x"),
        lambda: app.before_request(print),
        lambda: app.register_blueprint(Blueprint("b", __name__)),
        lambda: app.teardown_appcontext(print),
        lambda: app.template_filter(),
        lambda: app.errorhandler(404),
    ):
        with pytest.raises(AssertionError, match=r"The setup method '\w+' can no longer be called"):
            register()


# Errors


def handlers_app():
    class Own(NotFound):
        pass

    class Base(Exception):
        pass

    class Sub(Base):
        pass

    app = Demijohn("handlers")
    inner, outer = Blueprint("inner", __name__), Blueprint("outer", __name__)
    app.register_error_handler(404, lambda error: ("app 404", 404))
    app.register_error_handler(Own, lambda error: ("app Own", 404))
    app.register_error_handler(HTTPException, lambda error: (f"app HTTP {error.code}", error.code))
    app.register_error_handler(Exception, lambda error: f"app Exception {type(error).__name__}")
    outer.register_error_handler(404, lambda error: ("outer 404", 404))
    outer.register_error_handler(Base, lambda error: "outer Base")
    inner.register_error_handler(HTTPException, lambda error: (f"inner HTTP {error.code}", error.code))
    inner.register_error_handler(Sub, lambda error: "inner Sub")

    def raising(error):
        def view():
            raise error

        return view

    for scope in (app, outer, inner):
        for error in (NotFound, Own, Forbidden, Base, Sub, KeyError):
            scope.add_url_rule(f"/{scope.name}/{error.__name__}", error.__name__, raising(error))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("handlers/NotFound", "app 404"),
        ("handlers/Own", "app Own"),
        ("handlers/Forbidden", "app HTTP 403"),
        ("handlers/Base", "app Exception Base"),
        ("outer/NotFound", "outer 404"),
        ("outer/Own", "outer 404"),  # a blueprint's handler for the code goes before the application's for the class
        ("outer/Sub", "outer Base"),
        ("inner/NotFound", "outer 404"),  # the code in an outer blueprint before any class without a code
        ("inner/Forbidden", "inner HTTP 403"),
        ("inner/Sub", "inner Sub"),
        ("inner/Base", "outer Base"),
        ("inner/KeyError", "app Exception KeyError"),
        ("nowhere", "app 404"),
    ],
)
def test_which_handler_is_taken(path, text):
    assert handlers_app().test_client().get(f"/{path}").text == text


def test_an_unhandled_exception_is_logged_and_answered_500(app, client, caplog):
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)
    with caplog.at_level(logging.ERROR):
        response = client.get("/boom")
    assert response.status_code == 500
    assert "division" not in response.text
    assert caplog.records[0].getMessage() == "Exception on /boom [GET]"
    assert caplog.records[0].exc_info[0] is ZeroDivisionError


def test_an_exception_may_be_handed_over_outside_of_its_handler(app):
    with app.test_request_context("/"):
        app.testing = True
        with pytest.raises(ValueError, match="handed over"):
            app.handle_exception(ValueError("handed over"))
        app.testing = False
        app.logger.disabled = True
        assert app.handle_exception(ValueError("handed over")).status_code == 500
        app.logger.disabled = False


def test_a_path_cannot_forge_lines_of_the_log(app, client, caplog):
    app.add_url_rule("/<rest>", "boom", lambda rest: 1 / 0)
    with caplog.at_level(logging.ERROR):
        client.get("/a%0AERROR%1B[0m%E2%80%A8b")
    assert caplog.records[0].getMessage() == "Exception on /a\\nERROR\\x1b[0m\\u2028b [GET]"


def test_the_handler_of_500_gets_the_original_exception(app, client):
    app.logger.disabled = True
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)

    @app.errorhandler(InternalServerError)
    def handler(error):
        return f"{type(error).__name__} {type(error.original_exception).__name__}", 500

    assert client.get("/boom").text == "InternalServerError ZeroDivisionError"
    app.logger.disabled = False


@pytest.mark.parametrize(("key", "value"), [("TESTING", True), ("DEBUG", True), ("PROPAGATE_EXCEPTIONS", True)])
def test_exceptions_are_passed_on(app, client, key, value):
    app.config[key] = value
    torn = []
    app.teardown_request(torn.append)
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        client.get("/boom")
    assert type(torn[0]) is ZeroDivisionError


def test_an_error_while_answering_an_error_is_logged(app, client, caplog):
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)

    @app.after_request
    def after(response):
        raise KeyError("after")

    with caplog.at_level(logging.ERROR):
        assert client.get("/boom").status_code == 500
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError, KeyError]


def test_bad_request_key_errors_name_the_key_in_debug_mode_only(app, client):
    app.add_url_rule("/", "view", lambda: request.form["missing"], methods=["POST"])
    response = client.post("/")
    assert response.status_code == 400
    assert "missing&" not in response.text
    assert "KeyError" not in response.text
    app.config["TRAP_BAD_REQUEST_ERRORS"] = True
    app.testing = True
    with pytest.raises(BadRequestKeyError, match="missing"):
        client.post("/")
    app.config.update(TRAP_BAD_REQUEST_ERRORS=None, TESTING=False, DEBUG=True)
    with pytest.raises(BadRequestKeyError, match="missing"):
        client.post("/")
    app.config["TRAP_BAD_REQUEST_ERRORS"] = False
    assert "KeyError" in client.post("/").text


def test_http_errors_can_be_trapped(app, client):
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    app.testing = True
    with pytest.raises(NotFound):
        client.get("/missing")


def test_a_raised_response_is_not_changed_for_the_next_request(app, client):
    shared = Response("shared", 400)

    @app.get("/")
    def view():
        from demijohn import abort

        abort(shared)

    @app.after_request
    def after(response):
        response.headers.add("X-Count", "1")
        return response

    assert client.get("/").headers.getlist("X-Count") == ["1"]
    assert client.get("/").headers.getlist("X-Count") == ["1"]
    assert "X-Count" not in shared.headers


def test_errors_ignored_by_the_application_do_not_reach_teardown():
    class Ignoring(Demijohn):
        def should_ignore_error(self, error):
            return isinstance(error, ZeroDivisionError)

    app = Ignoring("x")
    app.testing = True
    torn = []
    app.teardown_request(torn.append)
    app.add_url_rule("/", "view", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/")
    assert torn == [None]


def test_debug_mode_explains_redirects_that_lose_a_form(app, client):
    app.debug = True
    app.add_url_rule("/branch/", "branch", lambda: "x", methods=["GET", "POST"])

    @app.before_request
    def moved():
        if "late" not in request.args:
            return
        request.routing_exception = RequestRedirect("http://localhost/branch/")
        request.routing_exception.code = 301

    assert client.get("/branch").status_code == 308
    assert client.post("/branch").status_code == 308  # keeps method and body
    assert client.get("/branch?late").status_code == 301
    with pytest.raises(FormDataRoutingRedirect, match=r"POST(.|\n)*/branch/(.|\n)*slash at its end"):
        client.post("/branch?late")
    app.debug = False
    assert client.post("/branch?late").status_code == 301


def test_debug_mode_explains_forms_without_multipart(app, client):
    app.debug = True
    app.add_url_rule("/", "view", lambda: request.files["picture"].filename, methods=["POST"])
    with pytest.raises(KeyError, match="multipart/form-data(.|\n)*cat.png"):
        client.post("/", data={"picture": "cat.png"})


# Signals


def test_signals_in_their_order(app, client):
    heard = []
    app.add_url_rule("/", "view", lambda: render_template_string("x", a=1))
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)
    app.logger.disabled = True
    signals = {
        "started": request_started,
        "before_render": before_render_template,
        "rendered": template_rendered,
        "exception": got_request_exception,
        "finished": request_finished,
        "tearing_down": request_tearing_down,
    }
    receivers = []
    for name, sig in signals.items():

        def receiver(sender, name=name, **extra):
            extra.pop("_async_wrapper", None)
            heard.append((name, sorted(extra)))

        receivers.append(receiver)
        sig.connect(receiver, app)
    client.get("/")
    assert heard == [
        ("started", []),
        ("before_render", ["context", "template"]),
        ("rendered", ["context", "template"]),
        ("finished", ["response"]),
        ("tearing_down", ["exc"]),
    ]
    heard.clear()
    client.get("/boom")
    assert [name for name, _ in heard] == ["started", "exception", "finished", "tearing_down"]
    app.logger.disabled = False


# Several applications


def test_one_application_may_call_another(app, client):
    other = Demijohn("other")
    other.add_url_rule("/inner", "inner", lambda: f"{current_app.name} {request.path} {'x' in g}")

    @app.get("/outer")
    def outer():
        g.x = 1
        inner = other.test_client().get("/inner").text
        return f"{inner} | {current_app.name} {request.path} {g.x}"

    assert client.get("/outer").text == "other /inner False | under_test /outer 1"


def test_a_subclass_may_replace_the_teardown():
    class Own(Demijohn):
        def do_teardown_request(self, *args):
            seen.append("request")
            super().do_teardown_request(*args)

        def do_teardown_appcontext(self, *args):
            seen.append("context")
            super().do_teardown_appcontext(*args)

    seen = []
    app = Own(__name__)
    app.add_url_rule("/", "index", lambda: "")
    app.test_client().get("/")
    assert seen == ["request", "context"]
