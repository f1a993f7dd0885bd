"""The compiled dispatch does what the Python one does: the same answers, and the same seen by every hook, whatever is replaced."""

import logging
import re
import sys
from collections.abc import Callable

import pytest
from engines.serving import Client, serving

from demijohn import (
    Blueprint,
    Demijohn,
    Request,
    Response,
    abort,
    after_this_request,
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    current_app,
    g,
    request,
    request_finished,
    request_started,
    request_tearing_down,
    session,
    stream_with_context,
    url_for,
)
from demijohn.app.compiled import TWINS
from demijohn.app.globals import _cv_app
from demijohn.doors.choose import handler_for
from demijohn.serve import TWINS as SERVER_TWINS

pytestmark = pytest.mark.skipif(not TWINS.are_used, reason="the package was built without a compiler")

Record = list[object]
Build = Callable[[Demijohn, Record], None]

BUILDS: dict[str, Build] = {}


def build(function: Build) -> Build:
    BUILDS[function.__name__] = function
    return function


def site(record: Record) -> Demijohn:
    """What all of them have."""
    app = Demijohn("site", static_folder=None)
    app.secret_key = "k"

    @app.get("/")
    def hello():
        record.append(("view", request.path, request.endpoint, dict(request.view_args), hasattr(g, "left")))
        g.left = True
        return "Hello"

    @app.route("/number/<int:number>", methods=["GET", "POST"], defaults={"extra": 7})
    def number(number, extra):
        return {"number": number, "extra": extra, "url": url_for("hello"), "name": current_app.name}

    @app.get("/with-defaults", defaults={"a": [1]})
    def with_defaults(a):
        a.append(2)
        return repr(a)

    @app.get("/slash/")
    def slash():
        return "slash"

    app.get("/abort", endpoint="abort")(lambda: abort(418))
    app.get("/error", endpoint="error")(lambda: 1 / 0)
    app.get("/none", endpoint="none")(lambda: None)
    app.get("/tuple", endpoint="tuple")(lambda: ("body", 201, {"X-A": "b"}))
    app.get("/response", endpoint="response")(lambda: Response("own", 202))
    app.get("/session", endpoint="session")(lambda: session.setdefault("a", "b"))
    app.get("/peek", endpoint="peek")(lambda: session.get("a", "nothing"))
    app.get("/stream", endpoint="stream")(lambda: stream_with_context(iter([request.path, "!"])))

    @app.get("/exit")
    def leave():
        raise SystemExit

    @app.get("/later")
    def later():
        @after_this_request
        def add(response):
            response.headers["X-Later"] = "1"
            return response

        return "later"

    @app.get("/left-over")
    def left_over():
        app.app_context().push()
        return "left over"

    @app.get("/upload")
    def upload():
        return repr(sorted(request.files))

    @app.get("/own-close")
    def own_close():
        response = app.make_response("own close")
        # Not into the record: the client may be on with its next request.
        response.close = lambda: logging.getLogger("own close").error("closed")
        return response

    @app.get("/own-block")
    def own_block():
        response = app.make_response("own block")
        response.prepare_block = lambda method: ("203 Own", [("X-Own", method), ("Content-Length", "3")], b"own")
        return response

    @app.get("/async")
    async def coroutine():
        return "async"

    return app


ASKED = [
    *(
        "/",
        "/",
        "/number/3",
        "/number/x",
        "/with-defaults",
        "/with-defaults",
        "/slash",
        "/slash/",
        "/nowhere",
        "/abort",
        "/error",
    ),
    *(
        "/none",
        "/tuple",
        "/response",
        "/session",
        "/peek",
        "/stream",
        "/exit",
        "/later",
        "/left-over",
        "/",
        "/upload",
        "/async",
        "/own-close",
        "/own-block",
    ),
    *("//", "/?a=b", "/%2e", "/"),
]
_SESSION = re.compile(r"session=[^;]+")


def observe(build: Build, *, is_compiled: bool) -> tuple[list[object], Record]:
    """Serve, ask for everything, and return the answers and what hooks have recorded."""
    for twins in (TWINS, SERVER_TWINS):
        twins.use() if is_compiled else twins.drop()
    record: Record = []
    answers: list[object] = []
    app = site(record)
    build(app, record)
    try:
        with serving(handler_for(app), threads=1) as running:
            client = Client(running)
            cookie: dict[str, str] = {}
            for path in ASKED:
                for method in ("GET", "HEAD", "POST", "OPTIONS") if path in {"/", "/number/3"} else ("GET",):
                    record.append((method, path))
                    answer = client.request(method, path, b"x=1" if method == "POST" else None, **cookie)
                    headers = {name: value for name, value in answer.headers.items() if name != "date"}
                    if found := _SESSION.search(headers.pop("set-cookie", "")):
                        cookie = {"Cookie": found[0]}
                        headers["set-cookie"] = "a session"
                    body = re.sub(rb"<code>.*</code>", b"", answer.body)
                    if body != answer.body:
                        del headers["content-length"]  # the request's id is as long as there were many
                    answers.append((method, path, answer.status, headers, body))
                    if headers.get("connection") == "close":
                        client.reconnect()
            client.close()
        assert _cv_app.get(None) is None
    finally:
        for twins in (TWINS, SERVER_TWINS):
            twins.use()
    return answers, record


# ------------------------------------------------------------------------------------------------------------ what may be different


@build
def nothing(app, record):
    pass


@build
def hooks(app, record):
    app.url_value_preprocessor(lambda endpoint, values: record.append(("values", endpoint, values)))
    app.before_request(lambda: record.append(("before", request.endpoint)))

    @app.after_request
    def after(response):
        record.append(("after", response.status, request.path))
        response.headers["X-After"] = "1"
        return response

    app.teardown_request(lambda error: record.append(("teardown", type(error).__name__, request.path, sorted(vars(g)))))
    app.teardown_appcontext(lambda error: record.append(("teardown app", type(error).__name__)))


@build
def early_answers(app, record):
    app.before_request(lambda: "early" if request.path != "/number/3" else None)


@build
def failing_hooks(app, record):
    @app.before_request
    def before():
        if request.path == "/tuple":
            abort(403)
        if request.path == "/response":
            raise LookupError("before")

    @app.after_request
    def after(response):
        if request.path == "/session":
            raise LookupError("after")
        return response


@build
def failing_teardown(app, record):
    @app.teardown_request
    def teardown(error):
        record.append(type(error).__name__)
        if request.path == "/tuple":
            raise LookupError("teardown")


@build
def error_handlers(app, record):
    @app.errorhandler(ZeroDivisionError)
    def divided(error):
        record.append((sys.exc_info()[0], error.args, request.path))
        return "divided", 500

    app.register_error_handler(404, lambda error: ("not here", 404))
    app.register_error_handler(405, lambda error: (str(error.valid_methods), 405))
    app.register_error_handler(418, lambda error: 1 / 0)


@build
def propagated(app, record):
    app.config["PROPAGATE_EXCEPTIONS"] = True


@build
def debug(app, record):
    app.debug = True


def _listens_to(signal):
    def listens(app, record):
        # The sender keeps it.
        app.listener = lambda sender, **more: record.append((signal.name, sorted(more)))
        signal.connect(app.listener, app)

    listens.__name__ = f"listener to {signal.name}"
    return listens


for _signal in (
    *(appcontext_popped, appcontext_pushed, appcontext_tearing_down, request_finished, request_started),
    request_tearing_down,
):
    build(_listens_to(_signal))


@build
def a_listener_that_comes_with_the_view(app, record):
    @app.before_request
    def before():
        if not hasattr(app, "listener"):
            app.listener = lambda sender, response: record.append(response.status)
            request_finished.connect(app.listener, app)


_STEPS = (
    *("full_dispatch_request", "preprocess_request", "dispatch_request", "finalize_request", "make_response"),
    *(
        "process_response",
        "do_teardown_request",
        "do_teardown_appcontext",
        "create_url_adapter",
        "handle_user_exception",
    ),
    *(
        "handle_exception",
        "make_default_options_response",
        "raise_routing_exception",
        "should_ignore_error",
        "ensure_sync",
    ),
)


def _replaces(name, where):
    def replaced(app, record):
        plain = getattr(type(app), name)

        def step(self, *args, **kwargs):
            record.append(name)
            return plain(self, *args, **kwargs)

        if where == "subclass":
            app.__class__ = type("Own", (Demijohn,), {name: step})
        else:
            app.__dict__[name] = step.__get__(app)

    replaced.__name__ = f"{name} replaced on the {where}"
    return replaced


for _name in _STEPS:
    for _where in ("subclass", "object"):
        build(_replaces(_name, _where))


@build
def a_step_replaced_in_the_middle(app, record):
    @app.before_request
    def before():
        if request.path == "/with-defaults":
            app.do_teardown_request = lambda *args: record.append("own teardown")

    app.get("/replaces", endpoint="replaces")(lambda: "unused")


@build
def own_classes(app, record):
    class OwnRequest(Request):
        def close(self):
            record.append(("closed", self.path))
            super().close()

    class OwnResponse(Response):
        default_mimetype = "text/x-own"

    app.request_class = OwnRequest
    app.response_class = OwnResponse


@build
def a_request_with_a_method_of_its_own(app, record):
    class OwnRequest(Request):
        method = property(lambda self: "GET", lambda self, value: None)

    app.request_class = OwnRequest


@build
def another_rule_is_chosen(app, record):
    @app.before_request
    def before():
        if request.path == "/tuple":
            request.url_rule = next(app.url_map.iter_rules("hello"))
            request.view_args = {}


@build
def a_blueprint(app, record):
    inner = Blueprint("inner", __name__)
    inner.before_request(lambda: record.append("inner before"))
    inner.get("/nowhere", endpoint="somewhere")(lambda: "somewhere")
    app.register_blueprint(inner)


@build
def requests_that_their_view_changes(app, record):
    def nested(number, extra):
        inner = app.test_client().get("/slash/").text
        return f"{inner} in {request.path}, {request.endpoint}, {request.view_args}"

    def closed():
        request.close = lambda: logging.getLogger("own close of a request").error("closed")
        return "closed"

    def failed():
        request.routing_exception = ValueError("set by the view")
        return "failed"

    def without_values(a):
        request.view_args = None
        return f"{a} {request.view_args}"

    def other():
        """A request that another thread, or nobody, is about to answer."""
        with app.test_request_context("/none", method="POST"):
            return request.path

    app.view_functions |= {
        "number": nested,
        "slash": closed,
        "peek": failed,
        "with_defaults": without_values,
        "none": other,
    }
    app.view_functions["tuple"] = lambda: request.environ["PATH_INFO"]


@build
def responses_that_are_changed_in_place(app, record):
    closed = logging.getLogger("closed")
    changes = {
        "/": lambda response: response.response.__setitem__(0, b"HELLO"),
        "/with-defaults": lambda response: response.call_on_close(lambda: closed.error("called on close")),
        "/slash/": lambda response: setattr(response, "status_code", 204),
        "/peek": lambda response: setattr(response, "close", lambda: closed.error("own close")),
        "/number/3": lambda response: response.headers.add("X-Added", "in place"),
        "/tuple": lambda response: response.set_data("other data"),
        "/left-over": lambda response: app.make_response("another one"),
    }

    @app.after_request
    def change(response):
        if response.status_code == 200:
            changes.get(request.path, lambda response: None)(response)
        return response


@build
def time_limits(app, record):
    app.config["REQUEST_TIMEOUT"] = 1000
    app.get("/nowhere", endpoint="unlimited", timeout=None)(lambda: "unlimited")


@build
def trusted_hosts(app, record):
    app.config["TRUSTED_HOSTS"] = ["example.org"]


@build
def host_matching(app, record):
    app.url_map.host_matching = True


@build
def sessions_that_are_not_lazy(app, record):
    app.session_interface.is_lazy = False


@build
def no_refresh(app, record):
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False


@build
def a_session_that_is_permanent(app, record):
    app.before_request(lambda: setattr(session, "permanent", True) if request.path == "/session" else None)


@build
def routes_that_come_later(app, record):
    @app.before_request
    def before():
        if request.path == "/nowhere" and "later" not in app.view_functions:
            app._got_first_request = False
            app.add_url_rule("/slash/later", "later", lambda: "later")


def logged(caplog) -> list[tuple[str, str, str]]:
    """What has been logged, without what differs each time; and nothing of it from then on."""
    found = [(one.name, one.levelname, repr((one.exc_info or [None])[0])) for one in caplog.records]
    caplog.clear()
    return found


@pytest.mark.parametrize("name", BUILDS)
def test_both_do_the_same(name, caplog):
    expected, expected_record = observe(BUILDS[name], is_compiled=False)
    expected_logs = logged(caplog)
    told, record = observe(BUILDS[name], is_compiled=True)
    assert told == expected
    assert record == expected_record
    assert logged(caplog) == expected_logs
    assert len(told) > len(ASKED)


def test_a_method_that_is_replaced_on_the_class_later_is_called():
    """What was found out about a class holds until the class is changed."""
    app = Demijohn("site")
    app.__class__ = kind = type("Own", (Demijohn,), {})
    app.get("/")(lambda: "plain")
    with serving(handler_for(app), threads=1) as running, Client(running) as client:
        assert client.get("/").body == b"plain"
        kind.make_response = lambda self, rv: Response(f"made of {rv}")
        assert client.get("/").body == b"made of plain"
        del kind.make_response
        assert client.get("/").body == b"plain"
        plain = Demijohn.process_response
        Demijohn.process_response = lambda self, response: Response("processed")
        try:
            assert client.get("/").body == b"processed"
        finally:
            Demijohn.process_response = plain
        assert client.get("/").body == b"plain"


def test_contexts_and_requests_are_freed_without_the_garbage_collector():
    import gc
    import weakref

    seen = []
    app = Demijohn("site")

    @app.get("/")
    def view():
        seen.extend((weakref.ref(_cv_app.get()), weakref.ref(request._get_current_object())))
        return "x"

    gc.disable()
    try:
        with serving(handler_for(app), threads=1) as running, Client(running) as client:
            for _ in range(3):
                assert client.get("/").body == b"x"
            assert client.get("/nowhere").status == 404
        assert len(seen) == 6
        assert [one() for one in seen] == [None] * 6
    finally:
        gc.enable()


def test_the_traceback_of_a_view_ends_in_the_view(caplog):
    app = Demijohn("traceback")
    app.get("/")(lambda: 1 / 0)
    with serving(handler_for(app), threads=1) as running, Client(running) as client:
        assert client.get("/").status == 500
    (found,) = [one for one in caplog.records if one.exc_info]
    traceback = found.exc_info[2]
    names = []
    while traceback is not None:
        names.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    assert names[-1] == "<lambda>"
