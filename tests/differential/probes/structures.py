"""What applications are made of: blueprints in blueprints, view classes, subclasses of the application, contexts, commands."""

import collections

import click
from differential.cases import Cases
from differential.plain import attempt
from differential.probes.setups import new_app

CASES = Cases()
case, run = CASES.add, CASES.run


def full_blueprint(lib, name, trace, **options):
    """A blueprint with a hook of every kind."""
    made = lib.Blueprint(name, "x", **options)
    made.before_request(lambda: trace.append(f"before {name}"))
    made.before_app_request(lambda: trace.append(f"app before {name}"))
    made.after_request(lambda response: (trace.append(f"after {name}"), response)[1])
    made.teardown_request(lambda error: trace.append(f"teardown {name}"))
    made.context_processor(lambda: {name: name})
    made.app_context_processor(lambda: {f"{name}_app": 1})
    made.errorhandler(404)(lambda error: (f"404 {name}", 299))
    made.app_errorhandler(403)(lambda error: (f"403 {name}", 298))
    made.app_template_filter(f"{name}_filter")(lambda value: name)
    made.app_template_test(f"{name}_test")(lambda value: True)
    made.app_template_global(f"{name}_global")(lambda: name)
    made.url_defaults(lambda endpoint, values: values.setdefault("d", name))
    made.app_url_defaults(lambda endpoint, values: values.setdefault("ad", name))
    made.url_value_preprocessor(lambda endpoint, values: trace.append(f"values {name} {endpoint} {values}"))
    made.app_url_value_preprocessor(lambda endpoint, values: trace.append(f"app values {name} {endpoint}"))
    made.record(lambda state: trace.append(["record", name, state.first_registration, state.url_prefix, state.name]))
    made.record_once(lambda state: trace.append(f"once {name}"))

    def index(**values):
        request = lib.request
        return f"{request.endpoint} {request.blueprint} {request.blueprints} {lib.url_for('.index')} {values}"

    def template(**values):
        return lib.render_template_string(
            "{{ p }}{{ c }}{{ cc }}{{ p_app }}{{ 1|p_filter }}{{ cc_global() }}{{ 1 is c_test }}"
        )

    made.add_url_rule("/", "index", index)
    made.add_url_rule("/template", "template", template)
    made.add_url_rule("/404", "missing", lambda **values: lib.flask.abort(404))
    made.add_url_rule("/403", "forbidden", lambda **values: lib.flask.abort(403))
    return made


@case
def blueprint_trees(lib):
    app, trace = new_app(lib), []
    app.before_request(lambda: trace.append("before"))
    outer = full_blueprint(lib, "p", trace, url_prefix="/p")
    inner = full_blueprint(lib, "c", trace, url_prefix="/c", url_defaults={"z": 1})
    innermost = full_blueprint(lib, "cc", trace)
    inner.register_blueprint(innermost, url_prefix="/cc")
    outer.register_blueprint(inner)
    outer.register_blueprint(inner, name="c2", url_prefix="/c2")
    outer.register_blueprint(innermost, name="ccx", url_prefix="ccx")
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again", url_prefix="/again", url_defaults={"k": 2})
    found = [attempt(app.register_blueprint, outer), attempt(app.register_blueprint, outer, name="again")]
    found.append(sorted(app.blueprints))
    found.append(sorted([rule.rule, rule.endpoint, str(rule.defaults)] for rule in app.url_map.iter_rules()))
    found.append(trace.copy())
    client = app.test_client()
    for prefix in ("/p", "/p/c", "/p/c/cc", "/p/c2", "/p/c2/cc", "/p/ccx", "/again", "/again/c/cc"):
        for path in ("/", "/template", "/404", "/403", "/none"):
            trace.clear()
            answer = client.get(prefix + path)
            body = answer.get_data(as_text=True) if answer.status_code < 300 else ""
            found.append([prefix + path, answer.status_code, body, trace.copy()])
    return found


@case
def too_late(lib):
    app, blueprint = new_app(lib), lib.Blueprint("b", "x")
    named = lambda: ""  # noqa: E731 - it gets a name that no endpoint may have
    named.__name__ = "a.b"
    found = [
        attempt(lib.Blueprint, "a.b", "x"),
        attempt(lib.Blueprint, "", "x"),
        attempt(blueprint.register_blueprint, blueprint),
        attempt(blueprint.add_url_rule, "/", "e.x", named),
        attempt(app.add_url_rule, "/x"),
        attempt(blueprint.add_url_rule, "/y", view_func=named),
    ]
    app.register_blueprint(blueprint)
    found += [attempt(blueprint.add_url_rule, "/z", "z", named), attempt(blueprint.record, named)]
    app.test_client().get("/")
    for method, arguments in {
        "register_blueprint": (lib.Blueprint("late", "x"),),
        "before_request": (named,),
        "add_url_rule": ("/n", "n", named),
        "register_error_handler": (404, named),
        "shell_context_processor": (named,),
        "teardown_appcontext": (named,),
        "context_processor": (named,),
        "url_defaults": (named,),
        "add_template_filter": (named,),
    }.items():
        found.append([method, attempt(getattr(app, method), *arguments)])
    return found


@case
def registries(lib):
    """Edited and replaced directly, in between of requests."""
    app, log, found = new_app(lib), [], []
    blueprint = lib.Blueprint("b", "x")
    blueprint.add_url_rule("/b", "index", lambda: "b")
    app.register_blueprint(blueprint)
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/zero", "zero", lambda: 1 / 0)
    client = app.test_client()

    def noted(name):
        return lambda *arguments: (log.append(name), arguments[0] if name == "after" else None)[1]

    def look(what):
        log.clear()
        answers = [client.get(path) for path in ("/", "/b", "/zero", "/none")]
        texts = [answer.get_data(as_text=True) for answer in answers if answer.status_code < 300]
        found.append([what, [answer.status_code for answer in answers], texts, log.copy()])

    def edit(what, change, *arguments):
        change(*arguments)
        look(what)

    before = app.before_request_funcs
    look("as set up")
    edit("append", before.setdefault(None, []).append, noted("one"))
    edit("insert", before[None].insert, 0, noted("first"))
    edit("assign a list", before.__setitem__, "b", [noted("b")])
    edit("extend", before["b"].extend, [noted("b2")])
    edit("slice", before[None].__setitem__, slice(0, 0), [noted("slice")])
    edit("reverse", before[None].reverse)
    edit("delete", before[None].__delitem__, 0)
    edit("update", before.update, {"b": [noted("update")]})
    app.before_request_funcs |= {None: [noted("merged")]}
    look("merge")
    for name, replacement in {
        "before_request_funcs": {None: [noted("dict")]},
        "after_request_funcs": {None: [noted("after")], "b": [noted("after")]},
        "teardown_request_funcs": collections.defaultdict(list),
        "url_value_preprocessors": {"b": [noted("values")]},
    }.items():
        edit(f"replace {name}", setattr, app, name, replacement)
    edit("append to what was replaced", app.before_request_funcs[None].append, noted("appended"))
    edit("append to a default", app.teardown_request_funcs[None].append, noted("teardown"))
    edit("view", app.view_functions.update, {"index": lambda: "other"})
    edit("views", setattr, app, "view_functions", {**app.view_functions, "b.index": lambda: "replaced"})
    edit("handler", app.error_handler_spec[None][None].__setitem__, ZeroDivisionError, lambda error: ("zero", 299))
    edit("handler of a blueprint", app.error_handler_spec["b"][404].__setitem__, lib.NotFound, lambda error: "never")
    edit("rule", app.url_map.add, lib.Rule("/none", endpoint="index"))
    return found


@case
def view_classes(lib):
    app, log = new_app(lib), []

    def logged(view):
        def call(**values):
            log.append("decorator")
            return view(**values)

        return call

    class Base(lib.MethodView):
        decorators = [logged]

        def __init__(self, *arguments, **options):
            log.append(["init", list(arguments), sorted(options)])

        def get(self, **values):
            return f"get {values}"

        def post(self):
            return "post"

    class Narrowed(Base):
        methods = ["GET", "PUT"]

        def put(self):
            return "put"

        def options(self):
            return "own options"

    class Kept(Base):
        init_every_request = False

        def head(self):
            return lib.flask.Response(headers={"X-Head": "own"})

    class Plain(lib.View):
        methods = ["GET", "POST"]
        provide_automatic_options = False

        def dispatch_request(self, x):
            return f"plain {x} {lib.request.method}"

    class Nothing(lib.View):
        pass

    class Odd(lib.MethodView):
        def propfind(self):
            return "never"

        def trace(self):
            return "trace"

    class Both(Narrowed, Kept):
        def delete(self):
            return "delete"

    kinds = [Base, Narrowed, Kept, Nothing, Odd, Both]
    for kind in kinds:
        app.add_url_rule(f"/{kind.__name__}", view_func=kind.as_view(kind.__name__))
    app.add_url_rule("/Base/<int:number>", view_func=Base.as_view("with_arguments", 1, x=2))
    app.add_url_rule("/Plain/<x>", view_func=Plain.as_view("plain"))
    app.add_url_rule("/get-only", view_func=Base.as_view("get_only"), methods=["GET"])
    found = [[kind.__name__, sorted(kind.methods) if kind.methods else None] for kind in [*kinds, Plain]]
    client = app.test_client()
    for path in [*(f"/{kind.__name__}" for kind in kinds), "/Base/3", "/Plain/q", "/get-only"]:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
            log.clear()
            answer = client.open(path, method=method)
            body = answer.get_data(as_text=True) if answer.status_code == 200 else ""
            found.append(
                [path, method, answer.status_code, sorted(answer.allow), body, answer.headers.get("X-Head"), log.copy()]
            )
    view = Base.as_view("name")
    found.append([view.__name__, view.view_class is Base, view.__module__ == Base.__module__, sorted(view.methods)])
    return found


OVERRIDDEN = """full_dispatch_request preprocess_request dispatch_request make_response process_response finalize_request
handle_user_exception handle_exception handle_http_exception inject_url_defaults raise_routing_exception trap_http_exception
make_default_options_response redirect do_teardown_request do_teardown_appcontext request_context""".split()


@case
def subclasses(lib):
    """Every step that a subclass may replace is called, in the same order."""
    log = []

    def noted(name):
        def method(self, *arguments, **options):
            log.append(name)
            return getattr(super(App, self), name)(*arguments, **options)

        return method

    class App(lib.Flask):
        class request_class(lib.flask.Request):
            mine = "mine"

            def on_json_loading_failed(self, error):
                return {"failed": error is not None}

        class response_class(lib.flask.Response):
            default_mimetype = "text/own"

        class app_ctx_globals_class:
            a = "g"

            def get(self, name, default=None):
                return getattr(self, name, default)

        def log_exception(self, exc_info):
            log.append("log_exception")

        def should_ignore_error(self, error):
            log.append("should_ignore_error")
            return False

    for name in OVERRIDDEN:
        setattr(App, name, noted(name))
    app = App("subclass", static_folder=None)
    app.add_url_rule("/", "index", lambda: lib.request.mine + lib.g.a + lib.url_for("index"))
    app.add_url_rule("/zero", "zero", lambda: 1 / 0)
    app.add_url_rule("/abort", "abort", lambda: lib.flask.abort(404))
    app.add_url_rule("/json", "json", lambda: str(lib.request.get_json()), methods=["POST"])
    app.add_url_rule("/redirect", "redirect", lambda: lib.flask.redirect("/"))
    found = []
    for method, path, options in [
        ("GET", "/", {}),
        ("GET", "/zero", {}),
        ("GET", "/abort", {}),
        ("GET", "/none", {}),
        ("OPTIONS", "/", {}),
        ("POST", "/json", {"data": "{", "content_type": "application/json"}),
        ("POST", "/json", {}),
        ("GET", "/redirect", {}),
    ]:
        log.clear()
        answer = app.test_client().open(path, method=method, **options)
        body = answer.get_data(as_text=True) if answer.status_code == 200 else ""
        found.append([path, answer.status_code, answer.mimetype, body, log.copy()])
    return found


@case
def adapters(lib):
    """Of the application's own: by a subclass of the map, a subclass of the application, and by assignment."""

    def shouting(urls):
        match = urls.match
        urls.match = lambda path_info=None, *arguments, **options: match(
            (path_info or urls.path_info).lower(), *arguments, **options
        )
        return urls

    class Map(lib.Map):
        def bind_to_environ(self, *arguments, **options):
            return shouting(super().bind_to_environ(*arguments, **options))

    class WithMap(lib.Flask):
        url_map_class = Map

    class WithMethod(lib.Flask):
        def create_url_adapter(self, request):
            urls = super().create_url_adapter(request)
            return urls if urls is None else shouting(urls)

    found = []
    for cls in (lib.Flask, WithMap, WithMethod):
        app = cls("adapters", static_folder=None)
        app.add_url_rule("/path", "path", lambda: lib.url_for("path"))
        client = app.test_client()
        found.append([client.get(path).status for path in ("/path", "/PATH", "/other")])
    app = new_app(lib)
    app.add_url_rule("/path", "path", lambda: lib.url_for("path"))
    found.append(app.test_client().get("/PATH").status)
    create = app.create_url_adapter
    app.create_url_adapter = lambda request: shouting(create(request)) if request else None
    return [*found, app.test_client().get("/PATH").status]


@case
def signals(lib):
    app, log, receivers = new_app(lib), [], []
    for name in """request_started request_finished request_tearing_down got_request_exception appcontext_pushed
        appcontext_popped appcontext_tearing_down""".split():

        def receive(sender, name=name, **values):
            log.append([name, sorted(key for key in values if key[0] != "_"), sender is app])

        receivers.append(receive)
        getattr(lib.flask, name).connect(receive, app)
    app.before_request(lambda: log.append("before"))
    app.after_request(lambda response: (log.append("after"), response)[1])
    app.teardown_request(lambda error: log.append(f"teardown {type(error).__name__}"))
    app.teardown_appcontext(lambda error: log.append(f"app teardown {type(error).__name__}"))
    app.add_url_rule("/", "index", lambda: "x")
    app.add_url_rule("/zero", "zero", lambda: 1 / 0)
    for path in ("/", "/zero", "/none"):
        app.test_client().get(path)
    for context in (app.app_context(), app.test_request_context()):
        with context:
            log.append("in a context")
    return log


@case
def commands(lib):
    app = new_app(lib)

    @app.cli.command("hi")
    @click.option("--name", default="you")
    def hi(name):
        click.echo(f"hi {name} {lib.flask.current_app.name}")

    @app.cli.command("bad")
    def bad():
        raise ValueError

    @app.cli.command("outside", with_appcontext=False)
    def outside():
        click.echo(str(lib.flask.has_app_context()))

    @app.cli.group()
    def group():
        pass

    @group.command()
    def inner():
        click.echo(lib.flask.current_app.name)

    for name, made_with, registered_with in [
        ("plain", {}, {}),
        ("merged", {"cli_group": None}, {}),
        ("called", {"cli_group": "other"}, {}),
        ("late", {}, {"cli_group": "later"}),
        ("unmerged", {"cli_group": None}, {"cli_group": "again"}),
        ("named", {}, {"name": "renamed"}),
        ("empty", {}, {}),
    ]:
        blueprint = lib.Blueprint(name, "x", **made_with)
        if name != "empty":
            blueprint.cli.command(f"say-{name}")(lambda name=name: click.echo(name))
        app.register_blueprint(blueprint, **registered_with)
    runner = app.test_cli_runner()
    found = [sorted(app.cli.commands)]
    for words in """hi;hi --name Ada;bad;outside;group inner;plain say-plain;say-merged;other say-called;later say-late
        again say-unmerged;renamed say-named;named say-named;nope""".replace("\n", ";").split(";"):
        result = runner.invoke(args=words.split())
        output = result.output if result.exit_code == 0 else ""
        found.append([words.split(), result.exit_code, output, type(result.exception).__name__])
    return [*found, runner.invoke(hi, ["--name", "q"]).output]
