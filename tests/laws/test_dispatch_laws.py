"""Laws of dispatch: hooks run in the documented order, and it does not matter by which door a request comes.

Applications are generated: blueprints nested in a chain, hooks of every kind in every scope, some of which answer or raise.
The expected trace is written down here from the documentation alone, without looking at how dispatch does it.
"""

from urllib.parse import quote

from hypothesis import example, given, settings
from hypothesis import strategies as st

from demijohn import Blueprint, Demijohn, after_this_request, redirect, request, session, url_for
from demijohn.doors.choose import handler_for
from demijohn.testing import RecordingExchange


class Boom(Exception):
    pass


PASS, ANSWER, RAISE = "pass", "answer", "raise"

scope_specs = st.fixed_dictionaries(
    {
        "values": st.integers(0, 2),
        "before": st.lists(st.sampled_from([PASS, PASS, PASS, ANSWER, RAISE]), max_size=2),
        "app_before": st.integers(0, 1),
        "after": st.lists(st.sampled_from([PASS, PASS, PASS, RAISE]), max_size=2),
        "teardown": st.integers(0, 2),
        "handles": st.booleans(),
    }
)
app_specs = st.fixed_dictionaries(
    {
        "scopes": st.lists(
            scope_specs, min_size=1, max_size=4
        ),  # the application, then blueprints, each in the one before
        "view": st.sampled_from([PASS, PASS, RAISE]),
        "after_this": st.integers(0, 2),
        "handles_500": st.booleans(),
    }
)


def build(spec, log):
    """Make the application of a spec; its hooks write to `log`."""
    app = Demijohn("generated", static_folder=None)
    scopes = [app, *(Blueprint(f"b{number}", "generated") for number in range(1, len(spec["scopes"])))]
    for number, (scope, hooks) in enumerate(zip(scopes, spec["scopes"], strict=True)):
        register(scope, number, hooks, log)

    def view():
        log.append("view")
        for number in range(spec["after_this"]):
            after_this_request(logging_after(log, f"this{number}", PASS))
        if spec["view"] == RAISE:
            raise Boom
        return "view"

    scopes[-1].add_url_rule("/", "view", view)
    for outer, inner in reversed(list(zip(scopes[1:], scopes[2:], strict=False))):
        outer.register_blueprint(inner)
    if len(scopes) > 1:
        app.register_blueprint(scopes[1])
    if spec["handles_500"]:
        app.register_error_handler(500, lambda error: (log.append("500"), ("500", 500))[1])
    app.teardown_appcontext(lambda error: log.append(f"app teardown {type(error).__name__}"))
    return app


def logging_after(log, name, action):
    def after(response):
        log.append(f"{name}")
        if action == RAISE:
            raise Boom
        return response

    return after


def logging_before(log, name, action):
    def before():
        log.append(name)
        if action == RAISE:
            raise Boom
        return "early" if action == ANSWER else None

    return before


def register(scope, number, hooks, log):
    def teardown(index):
        return lambda error: log.append(f"teardown{number}.{index} {type(error).__name__}")

    def values(index):
        return lambda endpoint, args: log.append(f"values{number}.{index}")

    for index in range(hooks["values"]):
        scope.url_value_preprocessor(values(index))
    for index, action in enumerate(hooks["before"]):
        scope.before_request(logging_before(log, f"before{number}.{index}", action))
    for index, action in enumerate(hooks["after"]):
        scope.after_request(logging_after(log, f"after{number}.{index}", action))
    for index in range(hooks["teardown"]):
        scope.teardown_request(teardown(index))
    if number and hooks["app_before"]:
        scope.before_app_request(logging_before(log, f"app before{number}", PASS))
    if hooks["handles"]:
        scope.register_error_handler(Boom, lambda error: (log.append(f"handler{number}"), f"handled{number}")[1])


def expected_trace(spec):
    """What the documentation says happens; returns the trace, status and body, `None` for an exception that gets out."""
    scopes = list(enumerate(spec["scopes"]))
    trace = []
    status, body = 200, None
    is_raised = False
    for number, hooks in scopes:
        trace += [f"values{number}.{index}" for index in range(hooks["values"])]
    befores = []
    for number, hooks in scopes:
        befores += [(f"before{number}.{index}", action) for index, action in enumerate(hooks["before"])]
        if number == 0:
            # Registered on the application, behind its own: when the blueprints were registered, outer ones first.
            befores += [(f"app before{inner}", PASS) for inner, spec_ in scopes if inner and spec_["app_before"]]
    for name, action in befores:
        trace.append(name)
        if action == RAISE:
            is_raised = True
        if action == ANSWER:
            body = "early"
        if action != PASS:
            break
    called_view = not is_raised and body is None
    if called_view:
        trace.append("view")
        is_raised = spec["view"] == RAISE
        body = "view"
    afters = [(f"this{index}", PASS) for index in range(spec["after_this"])] if called_view else []
    for number, hooks in reversed(scopes):
        afters += [(f"after{number}.{index}", action) for index, action in reversed(list(enumerate(hooks["after"])))]
    unhandled = False
    if is_raised:
        handlers = [number for number, hooks in reversed(scopes) if hooks["handles"]]
        if handlers:
            trace.append(f"handler{handlers[0]}")
            body = f"handled{handlers[0]}"
        else:
            unhandled = True
    if not unhandled:
        for name, action in afters:
            trace.append(name)
            if action == RAISE:
                unhandled = True
                break
    if unhandled:
        status, body = 500, None
        if spec["handles_500"]:
            trace.append("500")
            body = "500"
        # The answer to an error goes through the after functions once more; what raises there is logged and ends them.
        for name, action in afters:
            trace.append(name)
            if action == RAISE:
                break
    error = "Boom" if unhandled else "NoneType"
    for number, hooks in reversed(scopes):
        trace += [f"teardown{number}.{index} {error}" for index in reversed(range(hooks["teardown"]))]
    trace.append(f"app teardown {error}")
    return trace, status, body


QUIET = {"values": 0, "before": [], "app_before": 0, "after": [], "teardown": 0, "handles": False}


@settings(deadline=None)
@example({"scopes": [{**QUIET, "after": [RAISE]}], "view": RAISE, "after_this": 1, "handles_500": True})
@example(
    {
        "scopes": [QUIET, {**QUIET, "before": [RAISE], "handles": True}],
        "view": PASS,
        "after_this": 0,
        "handles_500": False,
    }
)
@given(app_specs)
def test_hooks_run_in_the_documented_order(spec):
    log = []
    app = build(spec, log)
    app.logger.disabled = True
    response = app.test_client().get("/")
    trace, status, body = expected_trace(spec)
    assert log == trace
    assert response.status_code == status
    if body is not None:
        assert response.text == body


@settings(deadline=None, max_examples=25)
@given(app_specs)
def test_the_second_request_takes_the_same_way_as_the_first(spec):
    log = []
    app = build(spec, log)
    app.logger.disabled = True
    client = app.test_client()
    client.get("/")
    first = log.copy()
    log.clear()
    client.get("/")
    assert log == first


def twin_app():
    app = Demijohn("twins", static_folder=None)
    app.secret_key = "k"
    app.logger.disabled = True

    @app.route("/text/<path:rest>", methods=["GET", "POST", "PUT"])
    def text(rest):
        return f"{rest} {request.method} {request.url} {request.args} {request.form} {url_for('text', rest=rest, _external=True)}"

    @app.route("/json/<int:number>", methods=["GET", "POST"])
    def answer(number):
        return {"number": number, "body": request.get_data(as_text=True), "json": request.get_json(silent=True)}

    @app.route("/session")
    def in_session():
        session["seen"] = request.path
        return session["seen"]

    app.add_url_rule("/branch/", "branch", lambda: "branch")
    app.add_url_rule("/stream", "stream", lambda: iter(["a", "é", "c"]))
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)
    app.add_url_rule("/empty", "empty", lambda: ("", 204))
    app.add_url_rule("/redirect", "redirect", lambda: redirect("/é?a=ü"))
    return app


TWINS = twin_app()
paths = st.one_of(
    st.sampled_from(
        ["/", "/branch", "/branch/", "/stream", "/boom", "/empty", "/redirect", "/session", "//session", "/json/7"]
    ),
    st.builds("/json/{}".format, st.integers(-5, 10**30)),
    st.builds(lambda rest: "/text/" + quote(rest), st.text(max_size=8)),
    st.text("/%2eEabn0C3A9.", max_size=12).map("/{}".format),
)


@settings(deadline=None)
@given(
    paths,
    st.one_of(st.just(""), st.text("a=&%20é+?", max_size=8).map(lambda text: "?" + quote(text, safe="=&%+?"))),
    st.sampled_from(["GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "get"]),
    st.sampled_from(["localhost", "Example.com:80", "example.com:8000", "a b", "[::1]"]),
    st.sampled_from(["", "application/json", "application/x-www-form-urlencoded", "text/plain"]),
    st.sampled_from([b"", b"{}", b"a=1&b=%C3%A9", b"\xff"]),
)
def test_both_doors_give_the_same_answer(path, query, method, host, content_type, body):
    headers = {"Host": host, **({"Content-Type": content_type} if content_type else {})}
    native = RecordingExchange(method, path + query, headers, body)
    TWINS.exchange_handler()(native)
    wsgi = RecordingExchange(method, path + query, headers, body)
    handler_for(TWINS, "wsgi")(wsgi)
    assert native.status == wsgi.status
    assert native.body_sent == wsgi.body_sent
    assert _fields(native) == _fields(wsgi)


def _fields(exchange):
    # Signatures have the time in them.
    return sorted(
        (name, value.partition("=")[0] if name == "Set-Cookie" else value) for name, value in exchange.headers
    )
