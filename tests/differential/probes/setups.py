"""What goes wrong, or is odd, while an application is set up or used outside of a request. Each case is a function."""

import copy
import pickle

from differential.plain import attempt, plain

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def run(lib, name):
    """The outcome of one case."""
    return attempt(CASES[name], lib)


def new_app(lib, **options):
    app = lib.Flask("set_up", **{"static_folder": None, **options})
    app.logger.disabled = True
    return app


def answers(app, *paths, **options):
    client = app.test_client()
    found = []
    for path in paths:
        with client.get(path, **options) as answer:
            found.append((answer.status_code, "" if answer.location else answer.get_data(as_text=True)[:40]))
    return found


@case
def endpoint_twice(lib):
    app = new_app(lib)
    app.add_url_rule("/a", "same", lambda: "a")
    app.add_url_rule("/b", "same", lambda: "b")


@case
def endpoint_twice_same_view(lib):
    app = new_app(lib)

    def view():
        return "same"

    app.add_url_rule("/a", view_func=view)
    app.add_url_rule("/b", view_func=view)
    return answers(app, "/a", "/b")


@case
def rule_without_view(lib):
    app = new_app(lib)
    app.add_url_rule("/a", "later")
    app.view_functions["later"] = lambda: "late"
    return answers(app, "/a")


@case
def rule_without_view_ever(lib):
    app = new_app(lib)
    app.add_url_rule("/a", "never")
    return answers(app, "/a")


@case
def rule_without_endpoint_or_view(lib):
    new_app(lib).add_url_rule("/a")


@case
def methods_as_text(lib):
    new_app(lib).add_url_rule("/a", "e", lambda: "", methods="GET")


@case
def method_decorator_with_methods(lib):
    new_app(lib).get("/a", methods=["POST"])


@case
def rule_without_slash(lib):
    new_app(lib).add_url_rule("a", "e", lambda: "")


@case
def lambda_views(lib):
    app = new_app(lib)
    app.add_url_rule("/a", view_func=lambda: "a")
    app.add_url_rule("/b", view_func=lambda: "b")


@case
def view_that_needs_methods(lib):
    app = new_app(lib)

    def view():
        return lib.request.method

    view.methods = ["POST", "PUT"]
    view.required_methods = ["PATCH"]
    view.provide_automatic_options = False
    app.add_url_rule("/a", view_func=view)
    return sorted((rule.rule, sorted(rule.methods)) for rule in app.url_map.iter_rules())


@case
def rules_with_static(lib):
    app = lib.Flask("set_up", static_url_path="/s", static_folder="x")
    app.add_url_rule("/a/<int:x>", "a", lambda x: "", defaults={"y": 1}, strict_slashes=False)
    return sorted(
        (rule.rule, rule.endpoint, sorted(rule.methods), plain(rule.defaults)) for rule in app.url_map.iter_rules()
    )


@case
def setup_after_first_request(lib):
    app = new_app(lib)
    app.add_url_rule("/a", "e", lambda: "")
    answers(app, "/a")
    found = [attempt(app.before_request, lambda: None), attempt(app.add_url_rule, "/b", "f", lambda: "")]
    found += [
        attempt(app.register_blueprint, lib.Blueprint("b", "set_up")),
        attempt(app.register_error_handler, 404, lambda error: ""),
    ]
    return [outcome.get("raised") if isinstance(outcome, dict) else outcome for outcome in found]


@case
def blueprint_names(lib):
    return [
        attempt(lambda name=name: lib.Blueprint(name, "set_up").name)
        for name in ("ok", "dotted.name", "", "with space")
    ]


@case
def blueprint_endpoint_with_dot(lib):
    blueprint = lib.Blueprint("b", "set_up")
    return [attempt(blueprint.add_url_rule, "/", "a.b", lambda: ""), attempt(blueprint.add_url_rule, "/", "e", None)]


@case
def blueprint_twice(lib):
    app = new_app(lib)
    blueprint = lib.Blueprint("b", "set_up")
    blueprint.add_url_rule("/x", "x", lambda: lib.url_for(".x"))
    app.register_blueprint(blueprint)
    again = attempt(app.register_blueprint, blueprint, url_prefix="/other")
    app.register_blueprint(blueprint, name="second", url_prefix="/second")
    return [again, sorted(app.blueprints), answers(app, "/x", "/second/x", "/other/x")]


@case
def blueprint_into_itself(lib):
    blueprint = lib.Blueprint("b", "set_up")
    blueprint.register_blueprint(blueprint)


@case
def blueprint_changed_after_registration(lib):
    app = new_app(lib)
    blueprint = lib.Blueprint("b", "set_up")
    app.register_blueprint(blueprint)
    outcome = attempt(blueprint.add_url_rule, "/x", "x", lambda: "x")
    return [outcome.get("raised") if isinstance(outcome, dict) else outcome, answers(app, "/x")]


@case
def blueprint_options(lib):
    app = new_app(lib)
    blueprint = lib.Blueprint("b", "set_up", url_prefix="/p", url_defaults={"x": 1})
    blueprint.add_url_rule("/", "root", lambda x: f"root {x}")
    blueprint.add_url_rule("", "bare", lambda x: f"bare {x}")
    blueprint.add_url_rule("/<y>", "y", lambda x, y: f"y {x} {y}")
    app.register_blueprint(blueprint, url_prefix="/q/", url_defaults={"x": 2})
    return [sorted(rule.rule for rule in app.url_map.iter_rules()), answers(app, "/q/", "/q", "/q/z", "/p/z")]


@case
def nested_blueprints(lib):
    app = new_app(lib)
    outer = lib.Blueprint("outer", "set_up", url_prefix="/outer")
    inner = lib.Blueprint("inner", "set_up", url_prefix="/inner")
    inner.add_url_rule("/", "i", lambda: str(lib.request.blueprints) + lib.request.endpoint)
    outer.register_blueprint(inner)
    outer.register_blueprint(inner, name="more", url_prefix="/more")
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again", url_prefix="/again")
    return [sorted(app.blueprints), answers(app, "/outer/inner/", "/outer/more/", "/again/inner/", "/again/more/")]


@case
def subdomains(lib):
    app = new_app(lib, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.com"
    blueprint = lib.Blueprint("b", "set_up", subdomain="api")
    blueprint.add_url_rule("/", "i", lambda: lib.url_for(".i") + lib.url_for("home"))
    app.add_url_rule("/", "home", lambda: lib.url_for("b.i"))
    app.add_url_rule("/", "any", lambda name: name, subdomain="<name>")
    app.register_blueprint(blueprint)
    return [
        answers(app, "/", base_url=url)
        for url in ("http://example.com", "http://api.example.com", "http://x.example.com", "http://other.org")
    ]


@case
def host_matching(lib):
    app = new_app(lib, host_matching=True)
    app.add_url_rule("/", "a", lambda: "a", host="a.example")
    app.add_url_rule("/", "b", lambda name: name, host="<name>.b.example")
    return [answers(app, "/", base_url=url) for url in ("http://a.example", "http://x.b.example", "http://c.example")]


@case
def error_handler_keys(lib):
    app = new_app(lib)

    def handler(error):
        return "handled"

    keys = [
        404,
        999,
        200,
        "404",
        ValueError,
        ValueError(),
        lib.NotFound,
        lib.NotFound(),
        lib.HTTPException,
        object,
        BaseException,
        None,
    ]
    return [attempt(app.register_error_handler, key, handler) for key in keys]


@case
def outside_of_a_request(lib):
    app = new_app(lib)
    names = ["request", "session", "g", "current_app"]
    found = [attempt(lambda name=name: getattr(lib.flask, name).anything) for name in names]
    found += [attempt(lambda name=name: bool(getattr(lib.flask, name))) for name in names]
    found += [attempt(lambda name=name: repr(getattr(lib.flask, name))) for name in names]
    found += [attempt(lib.url_for, "x"), attempt(lib.flask.has_request_context), attempt(lib.flask.has_app_context)]
    found += [
        attempt(lib.after_this_request, lambda response: response),
        attempt(lib.flask.copy_current_request_context, lambda: 1),
    ]
    found += [attempt(lib.flask.get_flashed_messages), attempt(lib.flask.render_template_string, "x")]
    with app.app_context():
        found += [attempt(lambda name=name: getattr(lib.flask, name).anything) for name in ["request", "session", "g"]]
        found += [attempt(lib.url_for, "x"), lib.flask.has_app_context(), lib.flask.has_request_context()]
        found += [
            attempt(lib.flask.render_template_string, "{{ 1 + 1 }}{{ config.TESTING }}" + end)
            for end in ("", "{{ request }}")
        ]
    return found


@case
def namespace_g(lib):
    app = new_app(lib)
    with app.app_context():
        g = lib.g
        g.a = 1
        found = [
            "a" in g,
            "b" in g,
            g.get("a"),
            g.get("b", 5),
            g.setdefault("c", 6),
            g.pop("a"),
            attempt(g.pop, "zz"),
            g.pop("zz", 7),
            sorted(g),
        ]
        found += [attempt(lambda: g.missing), attempt(delattr, g, "missing")]
    return found


@case
def request_contexts(lib):
    app = new_app(lib)
    app.secret_key = "s"
    app.add_url_rule("/x/<int:n>", "x", lambda n: f"n {n}", methods=["GET", "POST"])
    order = []
    app.before_request(lambda: order.append("before"))
    app.teardown_request(lambda error: order.append(f"teardown {error!r}"))
    app.teardown_appcontext(lambda error: order.append(f"app teardown {error!r}"))
    found = []
    with app.test_request_context("/x/5?q=1", method="POST", data={"a": "b"}, headers={"X-A": "c"}):
        request = lib.request
        found += [
            request.path,
            request.method,
            request.endpoint,
            request.view_args,
            request.args,
            request.form,
            request.headers["X-A"],
        ]
        found += [lib.url_for("x", n=2), attempt(app.preprocess_request), list(order)]
        found += [attempt(lambda: app.full_dispatch_request().get_data()), list(order)]
    found.append(list(order))
    try:
        with app.test_request_context("/missing"):
            found.append(plain(lib.request.routing_exception))
            raise ValueError("inside")
    except ValueError:
        found.append(list(order))
    return found


@case
def session_transactions(lib):
    app = new_app(lib)
    app.secret_key = "s"
    app.add_url_rule("/", "r", lambda: repr(dict(lib.session)))
    client = app.test_client()
    with client.session_transaction() as session:
        session["a"] = [1, 2]
    first = client.get("/").get_data(as_text=True)
    with client.session_transaction() as session:
        found = dict(session)
        session.clear()
    return [
        first,
        found,
        client.get("/").get_data(as_text=True),
        attempt(new_app(lib).test_client(use_cookies=False).session_transaction().__enter__),
    ]


@case
def preserved_context(lib):
    app = new_app(lib)

    @app.get("/")
    def index():
        lib.g.x = "kept"
        return "i"

    with app.test_client() as client:
        client.get("/?a=b")
        inside = [lib.request.args["a"], lib.g.x]
    return [inside, lib.flask.has_request_context()]


@case
def defaults_of_configuration(lib):
    return sorted((key, plain(value)) for key, value in new_app(lib).config.items())


@case
def class_views(lib):
    class Base(lib.MethodView):
        def get(self):
            return "get"

    class More(Base):
        decorators = [lambda function: lambda **values: "decorated " + str(function(**values))]

        def post(self):
            return "post"

    class Given(lib.MethodView):
        def __init__(self, text):
            self.text = text

        def get(self):
            return self.text

    app = new_app(lib)
    app.add_url_rule("/more", view_func=More.as_view("more"))
    app.add_url_rule("/given", view_func=Given.as_view("given", "words"))
    client = app.test_client()
    found = [client.open("/more", method=method).get_data(as_text=True)[:20] for method in ("GET", "POST", "HEAD")]
    return [*found, sorted(More.methods), client.open("/more", method="DELETE").status_code, answers(app, "/given")]


@case
def json_provider(lib):
    app = new_app(lib)
    found = []
    values = [
        {"b": 1, "a": 2},
        {1: 2, "x": 3},
        {"u": "\u00fc"},
        (1, 2),
        {"x": {1}},
        float("nan"),
        {"d": lib.flask.json.dumps([1])},
    ]
    with app.test_request_context():
        for ascii_only in (True, False):
            app.json.ensure_ascii = ascii_only
            found += [attempt(lambda value=value: app.json.dumps(value)) for value in values]
        app.json.sort_keys = False
        app.json.compact = False
        found += [attempt(lambda value=value: lib.jsonify(value).get_data()) for value in values[:1]]
        found += [
            attempt(lib.jsonify, 1, a=2),
            lib.jsonify(a=1, b=2).get_data(),
            attempt(app.json.loads, "{"),
            app.json.loads(b'{"a": 1}'),
        ]
    return found


@case
def shell_and_names(lib):
    app = new_app(lib)
    app.shell_context_processor(lambda: {"extra": 1})
    return [
        app.name,
        app.import_name,
        app.has_static_folder,
        app.static_url_path,
        app.debug,
        app.testing,
        app.secret_key,
        sorted(set(app.make_shell_context()) - {"app"}),
        app.template_folder,
    ]


@case
def exceptions_of_handlers(lib):
    app = new_app(lib)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.errorhandler(500)
    def handle(error):
        return f"{type(error).__name__} {type(error.original_exception).__name__}", 500

    @app.get("/")
    def index():
        raise ValueError("x")

    @app.get("/abort")
    def aborting():
        lib.flask.abort(500)

    return answers(app, "/", "/abort")


@case
def testing_mode(lib):
    app = new_app(lib)
    app.testing = True

    @app.get("/")
    def index():
        raise ValueError("x")

    return attempt(app.test_client().get, "/")


@case
def custom_classes(lib):
    class Request(lib.flask.Request):
        @property
        def shout(self):
            return self.path.upper()

    class Response(lib.flask.Response):
        default_mimetype = "text/plain"
        default_status = 299

    class App(lib.Flask):
        request_class = Request
        response_class = Response

        def make_default_options_response(self):
            response = super().make_default_options_response()
            response.headers["X-Own"] = "1"
            return response

    app = App("set_up", static_folder=None)
    app.add_url_rule("/a", "a", lambda: lib.request.shout)
    client = app.test_client()
    first, second = client.get("/a"), client.options("/a")
    return [
        first.status_code,
        first.mimetype,
        first.get_data(),
        second.headers["X-Own"],
        first.headers.get("Content-Type"),
    ]


@case
def wsgi_middleware(lib):
    app = new_app(lib)
    app.add_url_rule("/", "i", lambda: lib.request.environ.get("X_OWN", "none"))
    inner = app.wsgi_app

    def middleware(environ, start_response):
        environ["X_OWN"] = "wrapped"
        return inner(environ, start_response)

    app.wsgi_app = middleware
    return answers(app, "/")


@case
def copied_values(lib):
    errors = [lib.NotFound("x"), lib.MethodNotAllowed(["GET"])]
    return [
        [type(copy.copy(error)).__name__ for error in errors],
        [attempt(lambda error=error: pickle.loads(pickle.dumps(error)).description) for error in errors[:1]],
    ]


@case
def templates(lib):
    app = new_app(lib)
    app.jinja_env.trim_blocks = True
    app.add_template_global(lambda: "global", "called")
    app.add_template_test(lambda value: value == 3, "three")
    app.context_processor(lambda: {"a": "processor", "b": "processor"})
    sources = [
        "{{ a }}{{ b }}",
        "{{ called() }}",
        "{{ 3 is three }}",
        "{{ '<'|safe }}{{ '<' }}",
        "{{ missing }}",
        "{{ missing.x }}",
        "{% if %}",
        "{{ url_for('nope') }}",
        "{{ get_flashed_messages() }}",
    ]
    app.secret_key = "s"
    with app.test_request_context():
        return [attempt(lib.flask.render_template_string, source, b="given") for source in sources] + [
            attempt(lib.flask.render_template, name) for name in ("missing.html", ["a", "b"])
        ]


@case
def streams(lib):
    app = new_app(lib)
    order = []
    app.teardown_request(lambda error: order.append("teardown"))

    @app.get("/kept")
    def kept():
        @lib.stream_with_context
        def generate():
            yield lib.request.path
            order.append("between")
            yield lib.request.args.get("a", "none")

        return generate()

    @app.get("/lost")
    def lost():
        return (lib.request.path for _ in range(1))

    client = app.test_client()
    first = client.get("/kept?a=b").get_data(as_text=True)
    return [first, order, attempt(lambda: client.get("/lost").get_data(as_text=True))]
