"""Features of applications as Flask's documentation shows them, each a small application of its own."""

import os
import sys
import tempfile
from pathlib import Path

from differential.plain import attempt, plain
from differential.probes.setups import answers, new_app

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def run(lib, name):
    """The outcome of one case."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in FILES.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_text(text)
        return attempt(CASES[name], lib, folder)


FILES = {
    "templates/page.html": "app page {{ x }} {% include 'part.html' %}",
    "templates/part.html": "app part",
    "templates/base.html": "[{% block body %}{% endblock %}]",
    "templates/child.html": "{% extends 'base.html' %}{% block body %}{{ x }}{% endblock %}",
    "templates/plain.txt": "{{ x }}",
    "templates/macro.html": "{% macro hi(n) %}hi {{ n }}{% endmacro %}",
    "bp/templates/page.html": "bp page",
    "bp/templates/bp_only.html": "bp only {{ x }}",
    "bp/static/b.txt": "bp static",
    "static/a.txt": "app static",
    "static/sub/c.css": "p {}",
}


def app_in(lib, folder, **options):
    return lib.Flask("set_up", root_path=folder, **options)


@case
def blueprint_folders(lib, folder):
    app = app_in(lib, folder)
    blueprint = lib.Blueprint(
        "bp", "set_up", root_path=f"{folder}/bp", template_folder="templates", static_folder="static", url_prefix="/bp"
    )
    blueprint.add_url_rule(
        "/", "i", lambda: lib.flask.render_template("page.html", x="<") + lib.flask.render_template("bp_only.html", x=2)
    )
    blueprint.add_url_rule(
        "/url", "u", lambda: lib.url_for(".static", filename="b.txt") + lib.url_for("static", filename="a.txt")
    )
    app.register_blueprint(blueprint)
    return answers(
        app,
        "/bp/",
        "/bp/url",
        "/bp/static/b.txt",
        "/static/a.txt",
        "/static/sub/c.css",
        "/static/../templates/page.html",
        "/static/",
    )


@case
def template_functions(lib, folder):
    app = app_in(lib, folder)
    with app.test_request_context():
        found = [lib.flask.render_template(name, x="<&>") for name in ("page.html", "child.html", "plain.txt")]
        found.append(str(lib.flask.get_template_attribute("macro.html", "hi")("<")))
        found.append(lib.flask.render_template(["missing.html", "child.html"], x=1))
        found.append("".join(lib.flask.stream_template("child.html", x=2)))
        found.append(sorted(app.jinja_env.list_templates()))
    return found


@case
def template_signals(lib, folder):
    app = app_in(lib, folder)
    app.secret_key = "s"
    log = []

    def before(sender, template, context, **extra):
        log.append(["before", template.name, sorted(set(context) & {"x", "g", "request", "session"})])

    def rendered(sender, template, context, **extra):
        log.append(["rendered", template.name])

    def flashed(sender, message, category, **extra):
        log.append(["flashed", message, category])

    lib.flask.before_render_template.connect(before, app)
    lib.flask.template_rendered.connect(rendered, app)
    lib.flask.message_flashed.connect(flashed, app)
    with app.test_request_context():
        lib.flash("m", "c")
        lib.flask.render_template("child.html", x=1)
    return log


@case
def resources(lib, folder):
    app = app_in(lib, folder)
    with app.open_resource("static/a.txt") as file:
        found = [file.read()]
    found += [attempt(app.open_resource, "missing"), attempt(app.open_resource, "static/a.txt", "w")]
    with app.open_resource("static/a.txt", "r", encoding="utf-8") as file:
        found.append(file.read())
    with app.test_request_context():
        response = app.send_static_file("a.txt")
        found += [response.status, response.headers["Cache-Control"]]
        response.close()
    return [plain(item) for item in found]


@case
def language_codes(lib, folder):
    app = new_app(lib)

    @app.url_defaults
    def add(endpoint, values):
        if app.url_map.is_endpoint_expecting(endpoint, "lang") and "lang" not in values and "lang" in lib.g:
            values["lang"] = lib.g.lang

    @app.url_value_preprocessor
    def pull(endpoint, values):
        lib.g.lang = values.pop("lang", None) if values else None

    app.add_url_rule("/<lang>/", "index", lambda: f"{lib.g.lang} {lib.url_for('about')} {lib.url_for('plain')}")
    app.add_url_rule("/<lang>/about", "about", lambda: lib.url_for("index", lang="xx"))
    app.add_url_rule("/plain", "plain", lambda: "plain")
    return answers(app, "/en/", "/de/about", "/plain")


@case
def limits_of_one_request(lib, folder):
    app = new_app(lib)

    @app.before_request
    def limit():
        if lib.request.path == "/small":
            lib.request.max_content_length = 3
        if lib.request.path == "/parts":
            lib.request.max_form_parts = 1
        if lib.request.path == "/memory":
            lib.request.max_form_memory_size = 2

    app.add_url_rule("/<name>", "any", lambda name: str(sorted(lib.request.form.items())), methods=["POST"])
    client = app.test_client()
    bodies = [{"a": "1"}, {"a": "1", "b": "2"}, {"a": "long value"}]
    found = [client.post(f"/{name}", data=body).status_code for name in ("small", "other") for body in bodies]
    multipart = [
        client.post(f"/{name}", data=body, content_type="multipart/form-data").status_code
        for name in ("parts", "other")
        for body in bodies
    ]
    app.config["MAX_CONTENT_LENGTH"] = 2
    return [*found, *multipart, client.post("/other", data={"a": "1"}).status_code]


@case
def error_handlers_of_blueprints_for_all(lib, folder):
    app = new_app(lib)
    blueprint = lib.Blueprint("bp", "set_up")

    @blueprint.app_errorhandler(404)
    def missing(error):
        return "bp says missing", 404

    @blueprint.errorhandler(405)
    def refused(error):
        return "bp says refused", 405

    blueprint.post("/only")(lambda: "posted")
    app.register_blueprint(blueprint)
    return answers(app, "/nothing", "/only")


@case
def own_session_interface(lib, folder):
    app = new_app(lib)
    interface = type(app.session_interface)
    log = []

    class Own(interface):
        def open_session(self, app, request):
            log.append("open")
            return None if request.path == "/null" else self.session_class({"from": "own"})

        def save_session(self, app, session, response):
            log.append(f"save {sorted(session)}")

    app.session_interface = Own()
    app.add_url_rule("/", "r", lambda: str(lib.session.get("from")))
    app.add_url_rule("/null", "n", lambda: str(lib.session.get("from")))

    @app.get("/write")
    def write():
        lib.session["x"] = 1
        return "w"

    return [answers(app, "/", "/null", "/write"), sorted(set(log))]


@case
def secret_key_fallbacks(lib, folder):
    app = new_app(lib)
    app.secret_key = "old"
    app.add_url_rule("/set", "s", lambda: lib.session.update(a=1) or "set")
    app.add_url_rule("/get", "g", lambda: str(lib.session.get("a")))
    client = app.test_client()
    client.get("/set")
    found = [client.get("/get").get_data(as_text=True)]
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", "old"])
    found.append(client.get("/get").get_data(as_text=True))
    app.config.update(SECRET_KEY_FALLBACKS=[])
    return [*found, client.get("/get").get_data(as_text=True)]


@case
def command_line(lib, folder):
    import click

    app = new_app(lib)

    @app.cli.command("hello")
    @click.argument("name")
    @click.option("--loud", is_flag=True)
    def hello(name, loud):
        click.echo(f"hello {name} {loud} {lib.flask.current_app.name}")

    blueprint = lib.Blueprint("bp", "set_up")
    inline = lib.Blueprint("inline", "set_up", cli_group=None)
    named = lib.Blueprint("named", "set_up", cli_group="other")
    for each in (blueprint, inline, named):
        each.cli.command(f"of-{each.name}")(lambda each=each: click.echo(each.name))
        app.register_blueprint(each)
    runner = app.test_cli_runner()
    calls = [["hello", "x", "--loud"], ["hello"], ["bp", "of-bp"], ["of-inline"], ["other", "of-named"], ["nope"]]
    results = [runner.invoke(args=call) for call in calls]
    return [[result.exit_code, result.output if result.exit_code == 0 else ""] for result in results] + [
        sorted(app.cli.commands)
    ]


@case
def own_json_and_aborter(lib, folder):
    app = new_app(lib)
    provider = type(app.json)

    class Loud(provider):
        def dumps(self, value, **options):
            return super().dumps(value, **options).upper()

    app.json = Loud(app)
    app.add_url_rule("/", "i", lambda: {"a": "b"})
    app.add_url_rule("/redirect", "r", lambda: lib.flask.redirect("/x", 303))
    app.add_url_rule("/status/<int:code>", "s", lambda code: ("", code))
    return answers(app, "/", "/redirect", "/status/204", "/status/304", "/status/599")


@case
def stacked_decorators(lib, folder):
    app = new_app(lib)
    log = []

    @app.before_request
    @app.after_request
    @app.teardown_request
    def everything(*arguments):
        log.append(len(arguments))
        return arguments[0] if arguments else None

    @app.route("/a")
    @app.route("/b", methods=["GET", "POST"])
    def view():
        return lib.request.url_rule.rule

    return [answers(app, "/a", "/b"), log]


@case
def methods_of_requests(lib, folder):
    app = new_app(lib)

    @app.route("/<path:rest>", methods=["GET", "POST"])
    def view(rest):
        request = lib.request
        return lib.jsonify(
            [
                request.endpoint,
                request.blueprint,
                request.blueprints,
                request.view_args,
                str(request.url_rule),
                request.routing_exception is None,
            ]
            + [
                request.is_json,
                request.accept_mimetypes.best,
                str(request.user_agent),
                request.referrer,
                request.values.to_dict(),
            ]
        )

    client = app.test_client()
    headers = {"Accept": "text/html,*/*;q=0.1", "User-Agent": "x", "Referer": "http://r/"}
    return [
        client.get("/a/b?c=d", headers=headers).json,
        client.post("/x", data={"e": "f"}, headers=headers).json,
        client.post("/x?g=h", json={}, headers=headers).json,
    ]


@case
def user_agent_of_the_client(lib, folder):
    app = new_app(lib)
    app.add_url_rule("/", "i", lambda: str(lib.request.user_agent))
    return answers(app, "/")


@case
def requests_inside_of_a_context(lib, folder):
    app = new_app(lib)
    app.add_url_rule("/", "i", lambda: str(lib.flask.current_app.name))
    order = []
    app.teardown_appcontext(lambda error: order.append("down"))
    with app.app_context():
        with app.app_context():
            lib.g.x = "inner"
        found = [lib.g.get("x"), answers(app, "/")]
    return [*found, len(order) >= 2, lib.flask.has_app_context()]


@case
def nested_clients(lib, folder):
    app = new_app(lib)
    app.secret_key = "s"
    app.add_url_rule("/inner", "inner", lambda: lib.request.path + str(lib.g.get("x")))

    @app.get("/outer")
    def outer():
        lib.g.x = "outer"
        before = lib.request.path
        inside = app.test_client().get("/inner").get_data(as_text=True)
        return f"{before} {inside} {lib.request.path} {lib.g.x}"

    return answers(app, "/outer")


@case
def url_for_without_request(lib, folder):
    app = new_app(lib)
    app.config.update(SERVER_NAME="example.com", APPLICATION_ROOT="/r", PREFERRED_URL_SCHEME="https")
    app.add_url_rule("/x/<a>", "x", lambda a: "")
    with app.app_context():
        found = [
            lib.url_for("x", a=1),
            lib.url_for("x", a=1, _external=False),
            lib.url_for("x", a=1, _scheme="ftp"),
            attempt(lib.url_for, ".x", a=1),
        ]
    with app.test_request_context("/y", base_url="http://example.com/other"):
        return [
            *found,
            lib.url_for("x", a=1),
            lib.url_for("x", a="b c", _external=True),
            lib.url_for("x", a=1, _anchor="z", q=[1, 2]),
        ]


@case
def session_interfaces(lib, folder):
    """One of the application's own: opened first of all, saved last, whether somebody touches the session or not."""
    log = []

    class Kept(dict, lib.SessionMixin):
        pass

    class Interface(lib.SessionInterface):
        def open_session(self, app, request):
            log.append(f"open {request.path} {request.endpoint}")
            if request.path == "/fails":
                raise KeyError("no session")
            return None if request.path == "/null" else Kept(seen="yes")

        def save_session(self, app, session, response):
            log.append(f"save {sorted(session.items())} {response.status_code}")

    class Converter(lib.BaseConverter):
        def to_python(self, value):
            log.append("convert")
            return value + lib.session["seen"]

    app = new_app(lib)
    app.session_interface = Interface()
    app.url_map.converters["own"] = Converter
    app.before_request(lambda: log.append("before"))
    app.teardown_request(lambda error: log.append(f"teardown {type(error).__name__}"))
    app.add_url_rule("/", "untouched", lambda: "untouched")
    app.add_url_rule("/touched", "touched", lambda: lib.session.setdefault("a", "b"))
    app.add_url_rule("/null", "null", lambda: attempt(lib.session.update, a=1))
    app.add_url_rule("/fails", "fails", lambda: "never")
    app.add_url_rule("/own/<own:x>", "own", lambda x: x)
    found = answers(app, "/", "/touched", "/null", "/missing", "/fails", "/own/x")
    with app.test_request_context("/"):
        log.append("inside")
    return found, log


@case
def errors_without_a_code(lib, folder):
    class Codeless(lib.HTTPException):
        pass

    def view():
        raise Codeless

    app = new_app(lib)
    app.add_url_rule("/", "view", view)
    return app.test_client().get("/").status_code


@case
def errors_with_a_response_of_their_own(lib, folder):
    """They may have no code: nobody asks for it."""

    class Answering(lib.HTTPException):
        def get_response(self, environ=None, scope=None):
            return lib.flask.Response("own", 203)

    def view():
        raise Answering

    app = new_app(lib)
    app.register_error_handler(lib.HTTPException, lambda error: "never")
    app.add_url_rule("/", "view", view)
    return answers(app, "/")


@case
def teardown_that_raises(lib, folder):
    app, log = new_app(lib), []

    def note(name, error=None):
        def teardown(exc):
            log.append(name)
            if error is not None:
                raise error

        return teardown

    app.teardown_appcontext(note("application"))
    app.teardown_request(note("first"))
    app.teardown_request(note("second", KeyError("second")))
    app.add_url_rule("/", "view", lambda: "view")
    return [attempt(app.test_client().get, "/"), log]


@case
def teardown_in_client_blocks(lib, folder):
    app, log = new_app(lib), []
    app.teardown_request(lambda error: log.append(lib.request.path))
    app.add_url_rule("/<name>", "view", lambda name: name)
    with app.test_client() as client:
        client.get("/one")
        log.append("asked for one")
        client.get("/two")
        log.append("asked for two")
    return log


MODULES = {
    "several": """
app = make("app")
other = make("other")
def create_app(a="d", b=None): return make(f"created{a}{b}")
def needs(x): return make("needs")
def boom(): raise ValueError("boom")
def wrong(): return 5
class space: app = make("nested")
""",
    "second": "application = make('application')",
    "only": "z = make('only')",
    "two": "z, y = make('z'), make('y')",
    "maker": "def make_app(): return make('made')",
    "factory_that_needs": "def create_app(x): return make('never')",
    "imports_nothing": "import nothing_like_this",
    "wrong_syntax": "x =",
    "raises": "raise RuntimeError('while it is imported')",
    "empty": "",
    "package/__init__": "app = make('package')",
    "package/module": "app = make('module')",
    "package/inner/__init__": "app = make('inner')",
    "app": "app = make('default')",
}
SPECS = """several several:app several:other several:create_app several:create_app() several:create_app('x')
several:create_app('x',b=3) several:create_app(a='k') several:create_app(1+1) several:create_app(name) several:needs
several:needs() several:boom several:boom() several:wrong several:space several:nope several:app.x several.py several.py:other
./several.py:app several:create_app( several:1x second only two maker factory_that_needs imports_nothing wrong_syntax raises empty
package package.module package.module:app package/module.py package/inner package/inner/__init__.py package.nowhere nowhere
nowhere.deep""".split()


def discovered(lib, folder, specs):
    """The name of the application that each of these words leads to."""
    home = lib.Flask.__module__.partition(".")[0]
    begin = (
        f"from {home} import {lib.Flask.__name__}\nmake = lambda name: {lib.Flask.__name__}(name, static_folder=None)\n"
    )
    for name, source in MODULES.items():
        path = Path(folder) / "found" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(begin + source)
    here, search, known, found = os.getcwd(), sys.path.copy(), set(sys.modules), []
    try:
        os.chdir(Path(folder) / "found")
        for spec in specs:
            try:
                found.append([spec, lib.ScriptInfo(spec).load_app().name])
            except Exception:
                found.append([spec, None])
            for name in set(sys.modules) - known:
                if str(getattr(sys.modules[name], "__file__", "")).startswith(os.path.realpath(folder)):
                    del sys.modules[name]
            sys.path[:] = search
    finally:
        os.chdir(here)
        sys.path[:] = search
    return found


@case
def discovery(lib, folder):
    return discovered(lib, folder, [*SPECS, None])


@case
def discovery_of_more(lib, folder):
    return discovered(lib, folder, ["several:space.app", "several:", "several:app()"])


@case
def check_sums(lib, folder):
    """A view that puts a stream of its own around the body."""
    app = new_app(lib)

    class Summing:
        def __init__(self, stream):
            self._stream = stream
            self.seen = b""

        def read(self, *arguments):
            data = self._stream.read(*arguments)
            self.seen += data
            return data

    @app.post("/<how>")
    def view(how):
        request = lib.request
        summing = request.environ["wsgi.input"] = Summing(request.environ["wsgi.input"])
        read = {"form": lambda: request.form.to_dict(), "data": lambda: len(request.get_data())}[how]()
        return [read, summing.seen.decode()]

    client = app.test_client()
    return [client.post(f"/{how}", data={"a": "1", "b": "2"}).get_json() for how in ("form", "data")]


@case
def dotenv_files(lib, folder):
    texts = {
        "own.env": "A=own\nexport B='${A} $A'\nNAME\nC=\"x\\ty\" # z\nD = ${DEMIJOHN_MISSING:-d}\nHOME=own\nE=${HOME}",
        "hides.env": "F\nG",
        "empty.env": "# nothing\n",
        ".env": "A=env\nF=env\nG=${F}${A}",
        ".flaskenv": "F=flask\nH=flask\nI=\n",
    }
    for name, text in texts.items():
        (Path(folder) / name).write_text(text)
    before, here = dict(os.environ), os.getcwd()
    found = []
    try:
        os.chdir(folder)
        os.environ["HOME"] = "/home"
        for arguments in [
            ("own.env", False),
            ("own.env",),
            ("hides.env",),
            ("empty.env", False),
            ("nope", False),
            ("nope",),
            (),
        ]:
            kept = dict(os.environ)
            told = lib.load_dotenv(*arguments)
            found.append([told, sorted((key, value) for key, value in os.environ.items() if kept.get(key) != value)])
            os.environ.clear()
            os.environ.update(kept)
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
    return found
