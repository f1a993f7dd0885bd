"""Small applications made from a spec, and what they answer to a list of requests, with the trace of their hooks."""

import asyncio
import copy

from differential.plain import Told, attempt, plain

HIDDEN = {"Date", "Server"}


class BoomError(Exception):
    """What hooks and views of generated applications raise."""


class QuietError(BoomError):
    """A narrower one."""


# --- generated applications


def traced(lib, spec, requests):
    """Build an application of hooks that log and raise; the answers and the traces of these requests.

    With `async` everything that may be a coroutine function is one.
    """
    log = []
    app = lib.Flask("generated", static_folder=None)
    app.secret_key = "secret"
    if spec.get("propagate"):
        app.config["PROPAGATE_EXCEPTIONS"] = True
    app.logger.disabled = True
    scopes = add_scope(lib, app, app, spec, "", log)
    app.teardown_appcontext(lambda error: log.append(f"teardown appcontext {type(error).__name__}"))
    for signal in ("request_started", "request_finished", "got_request_exception", "request_tearing_down"):
        connect(lib, app, signal, log)
    client = app.test_client()
    return [{"answer": attempt(visit, client, *asked), "trace": drain(log)} for asked in requests], scopes


def connect(lib, app, name, log):
    def receive(sender, **extra):
        log.append(f"signal {name}")

    # Held by its application, and gone with it: signals are shared by all applications of a process, and a receiver
    # that stays makes every later request of other tests send them.
    app.extensions.setdefault("receivers", []).append(receive)
    getattr(lib.flask, name).connect(receive, app)


def drain(log):
    taken = list(log)
    log.clear()
    return taken


def add_scope(lib, app, scope, spec, name, log):
    """Hooks, views and nested blueprints of an application or a blueprint."""
    color = asynced if spec.get("async") else lambda function: function
    for kind, actions in spec["hooks"].items():
        for number, action in enumerate(actions):
            add_hook(lib, scope, kind, f"{name or 'app'}.{kind}{number}", action, log, color)
    for what, action in spec["handlers"]:
        add_handler(scope, what, f"{name or 'app'} handles {what}", action, log, color)
    for number, view in enumerate(spec["views"]):
        add_view(lib, scope, number, view, name, log, color)
    count = len(spec["views"])
    for number, child in enumerate(spec["children"]):
        child_name = f"{name}b{number}"
        blueprint = lib.Blueprint(child_name, "generated")
        count += add_scope(lib, app, blueprint, child, child_name, log)
        prefix = child.get("prefix")
        scope.register_blueprint(blueprint, **({"url_prefix": prefix} if prefix else {}))
        if child.get("again"):
            scope.register_blueprint(blueprint, name=child["again"], url_prefix=f"/{child['again']}")
    return count


def asynced(function):
    """A coroutine function that lets others run before it does what `function` does."""

    async def call(*arguments, **options):
        await asyncio.sleep(0)
        return function(*arguments, **options)

    return call


def act(lib, action, label):
    """What a hook does once it has logged: nothing, or what its action says."""
    if action == "raise":
        raise BoomError(label)
    if action == "quiet":
        raise QuietError(label)
    if action == "key":
        raise KeyError(label)
    if isinstance(action, int):
        lib.flask.abort(action)
    if action == "answer":
        return f"early {label}"
    if action == "after":
        lib.after_this_request(lambda response: marked(response, f"this-{label}"))
    return None


def marked(response, text):
    response.headers.add("X-Marked", text)
    return response


def add_hook(lib, scope, kind, label, action, log, color):
    def plain_hook(*arguments):
        log.append(label)
        return act(lib, action, label)

    def after(response):
        log.append(f"{label} {response.status_code}")
        act(lib, action, label)
        return marked(response, label)

    def teardown(error):
        log.append(f"{label} {type(error).__name__}")

    def values(endpoint, arguments):
        log.append(f"{label} {endpoint}")
        act(lib, action, label)

    if kind in ("url_value_preprocessor", "app_url_value_preprocessor"):
        color = lambda function: function  # noqa: E731 - these are never async
        hook = values
    elif "after" in kind:
        hook = after
    elif "teardown" in kind:
        hook = teardown
    else:
        hook = plain_hook
    if kind.startswith(("before_app", "after_app", "teardown_app", "app_")) and not hasattr(scope, kind):
        kind = kind.replace("_app_", "_").removeprefix("app_")
    getattr(scope, kind)(color(hook))


ERRORS = {"boom": BoomError, "quiet": QuietError, "key": KeyError, "exception": Exception}


def add_handler(scope, what, label, action, log, color):
    def handle(error):
        log.append(f"{label}: {type(error).__name__}")
        if action == "raise":
            raise QuietError(label)
        if action == "same":
            raise error
        if action == "return":
            return error if hasattr(error, "get_response") else (label, 500)
        return label, 400 + len(label) % 50

    scope.register_error_handler(ERRORS.get(what, what), color(handle))


def add_view(lib, scope, number, action, name, log, color):
    def view(**values):
        log.append(f"view {name}.{number} {sorted(values.items())}")
        early = act(lib, action, f"view {name}.{number}")
        return early or f"body {lib.request.endpoint} {lib.request.blueprints}"

    scope.add_url_rule(f"/v{number}", f"v{number}", color(view), methods=["GET", "POST"])
    scope.add_url_rule(f"/v{number}/<int:x>", f"w{number}", color(view))


def visit(client, method, path, options):
    """One request, read to its end and closed."""
    options = copy.deepcopy(options)
    if "data" in options and isinstance(options["data"], str):
        options["data"] = options["data"].encode()
    with client.open(path, method=method, **options) as response:
        return shown(response)


def shown(response):
    fields = [shown_field(name, value) for name, value in response.headers if name not in HIDDEN]
    fields.sort(key=lambda pair: pair[0].lower())  # the order of different fields means nothing
    body = response.get_data()
    is_page = response.status_code >= 300 and response.mimetype == "text/html"
    if is_page and (not body or body.startswith(b"<!doctype html>")):
        # The words of error pages and of redirects are each side's own, and so is their length.
        fields = [pair for pair in fields if pair[0] != "Content-Length"]
        body = b"" if response.status_code < 400 else body.partition(b"</h1>")[0]
    return Told(status=response.status, headers=fields, body=plain(body))


def shown_field(name, value):
    return [name, sorted(value.split(", "))] if name == "Allow" else [name, value]


# --- written applications


def served(lib, name, config, requests):
    """A written application of this probe file, with a client that keeps cookies."""
    config = dict(config)
    app = lib.Flask("written", static_folder=config.pop("static_folder", None))
    app.secret_key = config.pop("secret_key", "secret")
    app.logger.disabled = True
    app.config.update(config)
    log = []
    WRITTEN[name](lib, app, log)
    client = app.test_client()
    return [{"answer": attempt(visit, client, *asked), "trace": drain(log)} for asked in requests]


def outcomes(lib, app, log):
    """Every kind of value that a view may return."""
    kinds = {
        "text": lambda: "text",
        "bytes": lambda: b"bytes",
        "bytearray": lambda: bytearray(b"array"),
        "dict": lambda: {"b": 1, "a": [None, "\u00fc"]},
        "list": lambda: [1, {"x": "y"}],
        "none": lambda: None,
        "number": lambda: 5,
        "empty": lambda: "",
        "tuple2": lambda: ("x", 201),
        "tuple2headers": lambda: ("x", {"X-A": "b"}),
        "tuple2list": lambda: ("x", [("X-A", "b"), ("X-A", "c")]),
        "tuple3": lambda: ("x", 202, {"X-A": "b", "Content-Type": "text/x"}),
        "tuple1": lambda: ("x",),
        "tuple4": lambda: ("x", 1, 2, 3),
        "status text": lambda: ("x", "299 Nice"),
        "dict status": lambda: ({"a": 1}, 400),
        "none tuple": lambda: (None, 200),
        "response": lambda: lib.flask.Response("r", 203, mimetype="text/csv"),
        "response tuple": lambda: (lib.flask.Response("r"), 299, {"X": "y"}),
        "werkzeug": lambda: lib.Response("w", 201),
        "wsgi": lambda: lambda environ, start: (start("202 Fine", [("X-W", "1")]), [b"wsgi"])[1],
        "generator": lambda: (piece for piece in ("a", "b")),
        "iterator": lambda: iter([b"a", b"b"]),
        "stream": lambda: lib.flask.Response(lib.stream_with_context(lib.request.path for _ in range(2))),
        "jsonify": lambda: lib.jsonify(a=1, b=[2]),
        "jsonify list": lambda: lib.jsonify(1, 2),
        "jsonify none": lambda: lib.jsonify(),
        "make_response": lambda: lib.make_response("m", 201),
        "redirect": lambda: lib.flask.redirect("/elsewhere"),
        "error": lambda: lib.NotFound("gone"),
        "aborted": lambda: lib.flask.abort(418),
        "aborted response": lambda: lib.flask.abort(lib.make_response("own", 409)),
        "raised": lambda: 1 / 0,
        "html": lambda: lib.render_template_string("<p>{{ x }} {{ request.path }}</p>", x="<&>"),
        "streamed": lambda: lib.flask.stream_template_string("{% for i in range(3) %}{{ i }}{% endfor %}"),
        "set": lambda: {1},
        "date": lambda: {
            "d": __import__("datetime").datetime(1994, 11, 6),
            "u": __import__("uuid").UUID(int=1),
            "x": __import__("decimal").Decimal("1.5"),
        },
        "object": object,
        "nested error": lambda: lib.make_response(lib.NotFound()),
    }

    def add(index, kind):
        app.add_url_rule(f"/{kind}", f"e{index}", lambda: kinds[kind](), methods=["GET", "POST"])

    for index, kind in enumerate(kinds):
        add(index, kind)


def sessions(lib, app, log):
    """Views that read and write the session, and flash."""

    @app.get("/set/<key>/<value>")
    def put(key, value):
        lib.session[key] = value
        return "set"

    @app.get("/get/<key>")
    def get(key):
        return str(lib.session.get(key))

    @app.get("/nested")
    def nested():
        lib.session.setdefault("list", []).append(1)
        log.append([lib.session.modified, lib.session.new, lib.session.permanent, lib.session.accessed])
        return "nested"

    @app.get("/touch")
    def touch():
        lib.session["list"].append(2)
        lib.session.modified = True
        return "touched"

    @app.get("/permanent")
    def permanent():
        lib.session.permanent = True
        return "permanent"

    @app.get("/clear")
    def clear():
        lib.session.clear()
        return "cleared"

    @app.get("/pop/<key>")
    def pop(key):
        return str(lib.session.pop(key, "nothing"))

    @app.get("/untouched")
    def untouched():
        return "untouched"

    @app.get("/rich")
    def rich():
        import datetime
        import uuid

        lib.session["rich"] = {
            "t": (1, 2),
            "b": b"\xff",
            "d": datetime.datetime(1994, 11, 6),
            "u": uuid.UUID(int=7),
            " t": {"x": 1},
        }
        return "rich"

    @app.get("/rich/read")
    def read_rich():
        log.append(plain(lib.session["rich"]))
        return repr(sorted(lib.session["rich"], key=str))

    @app.get("/flash/<text>")
    def flash(text):
        lib.flash(text)
        lib.flash("other", "warning")
        return "flashed"

    @app.get("/flashed")
    def flashed():
        return lib.jsonify(lib.get_flashed_messages(with_categories=True))

    @app.get("/flashed/warning")
    def flashed_warning():
        return lib.jsonify(lib.get_flashed_messages(category_filter=["warning"]))


def urls(lib, app, log):
    """`url_for` in all its forms."""
    blueprint = lib.Blueprint("bp", "written", url_prefix="/bp")
    inner = lib.Blueprint("inner", "written", url_prefix="/in")

    @app.route("/")
    def index():
        return "index"

    @app.route("/item/<int:number>/")
    def item(number):
        return "item"

    @app.get("/shared/", defaults={"page": 1})
    @app.get("/shared/<int:page>")
    def shared(page):
        return f"page {page}"

    @blueprint.route("/view")
    def view():
        return urls_of(lib)

    @inner.route("/<name>")
    def deep(name):
        return urls_of(lib)

    @app.url_defaults
    def defaults(endpoint, values):
        values.setdefault("lang", "en")

    @app.url_build_error_handlers.append
    def build_error(error, endpoint, values):
        if endpoint == "external":
            return "/external/" + str(sorted(values))
        raise error

    @app.get("/urls")
    def all_urls():
        return urls_of(lib)

    @app.post("/only/post")
    def only_post():
        return "posted"

    blueprint.register_blueprint(inner)
    app.register_blueprint(blueprint)
    app.register_blueprint(inner, name="again", url_prefix="/again")


def urls_of(lib):
    """Many calls of `url_for`, as the view sees them."""
    calls = [
        ("index", {}),
        ("index", {"_external": True}),
        ("index", {"_scheme": "https"}),
        ("index", {"_scheme": "https", "_external": False}),
        ("index", {"_anchor": "a b/\u00fc"}),
        ("index", {"q": ["a", "b"], "z": None, "u": "\u00fc &"}),
        ("item", {"number": 5}),
        ("item", {}),
        ("item", {"number": "x"}),
        ("item", {"number": -1}),
        ("shared", {}),
        ("shared", {"page": 1}),
        ("shared", {"page": 2}),
        ("bp.view", {}),
        (".view", {}),
        (".index", {}),
        (".deep", {"name": "n/m"}),
        ("bp.inner.deep", {"name": "\u00fc"}),
        ("again.deep", {"name": "x"}),
        ("only_post", {"_method": "POST"}),
        ("only_post", {"_method": "GET"}),
        ("external", {"a": 1}),
        ("nope", {}),
        ("static", {"filename": "x.css"}),
    ]
    found = [
        attempt(lambda endpoint=endpoint, values=values: lib.url_for(endpoint, **values)) for endpoint, values in calls
    ]
    return lib.jsonify(found)


def errors(lib, app, log):
    """Handlers by code and class, on the application and on a blueprint."""
    blueprint = lib.Blueprint("bp", "written", url_prefix="/bp")

    def report(label):
        def handler(error):
            log.append(f"{label}: {type(error).__name__} {getattr(error, 'code', None)}")
            return label, getattr(error, "code", 500)

        return handler

    app.register_error_handler(404, report("app 404"))
    app.register_error_handler(lib.HTTPException, report("app http"))
    app.register_error_handler(LookupError, report("app lookup"))
    app.register_error_handler(500, report("app 500"))
    blueprint.register_error_handler(404, report("bp 404"))
    blueprint.register_error_handler(lib.Forbidden, report("bp forbidden"))
    blueprint.register_error_handler(KeyError, report("bp key"))
    blueprint.register_error_handler(BoomError, report("bp boom"))
    for scope in (app, blueprint):
        add_failing(lib, scope)
    app.register_blueprint(blueprint)


def add_failing(lib, scope):
    @scope.route("/abort/<int:code>")
    def aborting(code):
        lib.flask.abort(code)

    @scope.route("/raise/<name>")
    def raising(name):
        raise {"key": KeyError, "index": IndexError, "boom": BoomError, "quiet": QuietError, "value": ValueError}[name](
            name
        )

    @scope.route("/form", methods=["GET", "POST"])
    def form():
        return lib.request.form["missing"]

    @scope.route("/json", methods=["POST"])
    def json():
        return lib.jsonify(lib.request.get_json())

    @scope.route("/arg")
    def arg():
        return lib.request.args["missing"]


def methods(lib, app, log):
    """Methods, automatic answers, view classes, converters, static rules, host information."""

    class Thing(lib.MethodView):
        init_every_request = False

        def get(self, key=None):
            return f"get {key}"

        def post(self):
            return "post", 201

        def delete(self, key):
            return "", 204

    view = Thing.as_view("thing")
    app.add_url_rule("/thing", view_func=view, methods=["GET", "POST"])
    app.add_url_rule("/thing/<int:key>", view_func=view, methods=["GET", "DELETE"])

    @app.route("/echo", methods=["GET", "POST", "PUT"])
    @app.route("/echo/<path:rest>", methods=["GET", "POST", "PUT"])
    def echo(rest=None):
        request = lib.request
        return lib.jsonify(
            method=request.method,
            path=request.path,
            full=request.full_path,
            url=request.url,
            args=request.args.to_dict(flat=False),
            form=request.form.to_dict(flat=False),
            files={key: [file.filename, file.read().decode("latin-1")] for key, file in request.files.items()},
            cookies=request.cookies,
            endpoint=request.endpoint,
            rule=str(request.url_rule),
            view_args=request.view_args,
            blueprint=request.blueprint,
            data=request.get_data(as_text=True),
            json=request.get_json(silent=True),
            root=request.script_root,
            host=request.host,
            type=request.content_type,
            length=request.content_length,
        )

    @app.route("/slash/")
    def slash():
        return "slash"

    @app.route("/options", methods=["GET", "OPTIONS"])
    def options():
        return lib.request.method

    @app.route("/none", methods=["GET"], provide_automatic_options=False)
    def none():
        return "none"

    @app.route("/later")
    def later():
        lib.after_this_request(lambda response: marked(response, "one"))
        lib.after_this_request(lambda response: marked(response, "two"))
        return "later"

    @app.route("/cookies")
    def cookies():
        response = lib.make_response("cookies")
        response.set_cookie("a", "b c", max_age=60, httponly=True, samesite="Lax")
        response.set_cookie("d", "e", path="/echo")
        response.delete_cookie("gone")
        return response

    @app.route("/file")
    def file():
        return lib.flask.send_file(
            __file__, mimetype="text/plain", download_name="x.py", last_modified=784111777, etag="fixed"
        )

    @app.route("/file/<path:name>")
    def directory(name):
        return lib.flask.send_from_directory(app.config.get("FOLDER", "."), name, max_age=5)

    @app.before_request
    def count():
        lib.g.count = lib.g.get("count", 0) + 1
        log.append(["g", lib.g.count, "nope" in lib.g])

    @app.context_processor
    def context():
        return {"given": "by processor"}

    @app.template_filter("twice")
    def twice(value):
        return value * 2

    @app.route("/template")
    def template():
        return lib.render_template_string(
            "{{ given }} {{ 'x'|twice }} {{ g.count }} {{ config.DEBUG }} {{ session }} {{ url_for('slash') }} {{ {'a': '<'}|tojson }} {{ '<' }}"
        )


WRITTEN = {"outcomes": outcomes, "sessions": sessions, "urls": urls, "errors": errors, "methods": methods}


def session_cookie(lib, values):
    """The session cookie of an application that stores these values."""
    app = lib.Flask("written", static_folder=None)
    app.secret_key = "shared secret"

    @app.get("/")
    def store():
        lib.session.update(values)
        return ""

    client = app.test_client()
    client.get("/")
    return client.get_cookie("session").value


def read_session(lib, cookie):
    """What an application with the same secret finds in a session cookie."""
    app = lib.Flask("written", static_folder=None)
    app.secret_key = "shared secret"
    app.add_url_rule("/", "read", lambda: lib.jsonify(plain(dict(lib.session))))
    client = app.test_client()
    client.set_cookie("session", cookie)
    return client.get("/").get_json()


def config(lib, steps):
    """Loading of configuration, step by step."""
    import os
    import tempfile
    from pathlib import Path

    found = lib.Config(tempfile.gettempdir(), {"DEFAULT": 1})
    told = []
    for name, *arguments in steps:
        if name == "environ":
            os.environ.update(arguments[0])
            continue
        if name == "file":
            path = Path(tempfile.gettempdir()) / f"differential-{os.getpid()}.cfg"
            path.write_text(arguments[0])
            told.append(attempt(found.from_pyfile, str(path)))
            path.unlink()
        elif name == "json":
            path = Path(tempfile.gettempdir()) / f"differential-{os.getpid()}.json"
            path.write_text(arguments[0])
            told.append(attempt(lambda path=path: found.from_file(str(path), load=lib.flask.json.load)))
            path.unlink()
        else:
            told.append(attempt(getattr(found, name), *arguments[0], **(arguments[1] if len(arguments) > 1 else {})))
    for name, *arguments in steps:
        if name == "environ":
            for key in arguments[0]:
                del os.environ[key]
    return [told, sorted((key, plain(value)) for key, value in found.items())]


def tagged(lib, text_or_values, is_text):
    """Tagged JSON, written or read."""
    serializer = lib.TaggedJSONSerializer()
    return plain(serializer.loads(text_or_values) if is_text else serializer.dumps(text_or_values))
