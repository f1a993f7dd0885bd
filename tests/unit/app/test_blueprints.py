import pytest

from demijohn import Blueprint, Demijohn, g, render_template_string, request, url_for
from demijohn.http.errors import NotFound


def test_prefixes_names_and_relative_endpoints(app, client):
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")

    @inner.get("/<int:number>")
    def view(number):
        return f"{request.endpoint} {request.blueprint} {request.blueprints} {url_for('.view', number=number + 1)}"

    @outer.get("")
    def root():
        return url_for("outer.inner.view", number=1)

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again", url_prefix="/again/")
    assert client.get("/outer/inner/1").text == "outer.inner.view outer.inner ['outer.inner', 'outer'] /outer/inner/2"
    assert client.get("/again/inner/1").text == "again.inner.view again.inner ['again.inner', 'again'] /again/inner/2"
    assert client.get("/outer").text == "/outer/inner/1"
    assert list(app.blueprints) == ["outer", "outer.inner", "again", "again.inner"]
    assert list(app.iter_blueprints()) == [outer, inner, outer, inner]


@pytest.mark.parametrize(
    ("outer_prefix", "inner_prefix", "given", "path"),
    [
        ("/o", "/i", {}, "/o/i/x"),
        (None, "/i", {}, "/i/x"),
        ("/o", None, {}, "/o/x"),
        (None, None, {}, "/x"),
        ("/o/", "i/", {}, "/o/i/x"),
        ("/o", "/i", {"url_prefix": "/given"}, "/o/given/x"),
    ],
)
def test_prefixes_of_nested_blueprints(app, client, outer_prefix, inner_prefix, given, path):
    outer = Blueprint("outer", __name__, url_prefix=outer_prefix)
    inner = Blueprint("inner", __name__, url_prefix=inner_prefix)
    inner.add_url_rule("/x", "x", lambda: "x")
    outer.register_blueprint(inner, **given)
    app.register_blueprint(outer)
    assert client.get(path).text == "x"


def test_subdomains_of_nested_blueprints():
    app = Demijohn("x", subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.com"
    outer = Blueprint("outer", __name__, subdomain="outer")
    inner = Blueprint("inner", __name__, subdomain="inner")
    inner.add_url_rule("/x", "x", lambda: request.host)
    outer.add_url_rule("/x", "x", lambda: request.host)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    client = app.test_client()
    for host in ("outer.example.com", "inner.outer.example.com"):
        assert client.get("/x", base_url=f"http://{host}").text == host
    assert client.get("/x", base_url="http://example.com").status_code == 404


def test_defaults_of_urls(app, client):
    blueprint = Blueprint("bp", __name__, url_defaults={"a": 1, "b": 2})

    @blueprint.route("/x", defaults={"b": 3})
    def view(a, b, c):
        return f"{a} {b} {c}"

    app.register_blueprint(blueprint, url_defaults={"c": 4})
    assert client.get("/x").text == "1 3 4"


def test_values_taken_out_of_urls_and_put_back(app, client):
    blueprint = Blueprint("bp", __name__, url_prefix="/<language>")

    @blueprint.url_value_preprocessor
    def take(endpoint, values):
        g.language = values.pop("language")

    @blueprint.url_defaults
    def put(endpoint, values):
        values.setdefault("language", g.language)

    @blueprint.get("/")
    def index():
        return f"{g.language} {url_for('.index')} {url_for('bp.index', language='fr')}"

    app.register_blueprint(blueprint)
    assert client.get("/de/").text == "de /de/ /fr/"


def test_hooks_for_the_whole_application(app, client):
    blueprint = Blueprint("bp", __name__)
    trace = []

    @blueprint.before_app_request
    def before():
        trace.append("before")

    @blueprint.after_app_request
    def after(response):
        trace.append("after")
        return response

    @blueprint.teardown_app_request
    def teardown(error):
        trace.append("teardown")

    @blueprint.app_url_value_preprocessor
    def values(endpoint, args):
        trace.append("values")

    @blueprint.app_url_defaults
    def defaults(endpoint, args):
        args["added"] = 1

    @blueprint.app_errorhandler(404)
    def handler(error):
        return render_template_string("{{ variable }} {{ 'x'|twice }} {{ 2 is even }} {{ one() }}")

    @blueprint.app_context_processor
    def variables():
        return {"variable": "v"}

    @blueprint.app_template_filter
    def twice(text):
        return text * 2

    @blueprint.app_template_test("even")
    def is_even(number):
        return number % 2 == 0

    @blueprint.app_template_global()
    def one():
        return 1

    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="again")  # what is for the whole application is not registered twice
    app.add_url_rule("/", "view", lambda: url_for("view"))
    assert client.get("/").text == "/?added=1"
    assert trace == ["values", "before", "after", "teardown"]
    assert client.get("/missing").text == "v xx True 1"


def test_recorded_functions_see_the_registration(app):
    blueprint = Blueprint("bp", __name__)
    seen = []
    blueprint.record(lambda state: seen.append((state.name, state.first_registration, state.options.get("option"))))
    blueprint.record_once(lambda state: seen.append("once"))
    app.register_blueprint(blueprint, option=1)
    app.register_blueprint(blueprint, name="again")
    assert seen == [("bp", True, 1), "once", ("again", False, None)]


def test_hooks_of_a_blueprint_registered_twice_run_once_each(app, client):
    blueprint = Blueprint("bp", __name__)
    trace = []
    blueprint.before_request(lambda: trace.append(request.blueprint))
    blueprint.add_url_rule("/x", "x", lambda: "x")
    app.register_blueprint(blueprint, url_prefix="/1")
    app.register_blueprint(blueprint, url_prefix="/2", name="two")
    client.get("/1/x")
    client.get("/2/x")
    assert trace == ["bp", "two"]


def test_an_endpoint_decorator_names_the_whole_endpoint(app, client):
    blueprint = Blueprint("bp", __name__)
    blueprint.add_url_rule("/x", "x")
    blueprint.endpoint("bp.x")(lambda: "x")
    app.register_blueprint(blueprint)
    assert client.get("/x").text == "x"


def test_static_files_and_templates_of_a_blueprint(app, client, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("static")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_text("template {{ v }}")
    blueprint = Blueprint(
        "bp", __name__, root_path=str(tmp_path), static_folder="files", template_folder="pages", url_prefix="/bp"
    )

    @blueprint.context_processor
    def variables():
        return {"v": "of bp"}

    @blueprint.get("/page")
    def page():
        from demijohn import render_template

        return render_template("a.html")

    app.register_blueprint(blueprint)
    with client.get("/bp/files/a.txt") as response:
        assert response.text == "static"
    assert client.get("/bp/page").text == "template of bp"
    with app.test_request_context("/"):
        assert url_for("bp.static", filename="a.txt") == "/bp/files/a.txt"


@pytest.mark.parametrize(
    "register",
    [
        lambda: Blueprint("a.b", __name__),
        lambda: Blueprint("", __name__),
        lambda: Blueprint("a", __name__).add_url_rule("/", "x.y", lambda: 1),
        lambda: Blueprint("a", __name__).add_url_rule("/", view_func=type("V", (), {"__name__": "x.y"})()),
        lambda: (bp := Blueprint("a", __name__)).register_blueprint(bp),
    ],
)
def test_names_that_cannot_be(register):
    with pytest.raises(ValueError, match=r"name|dot|itself"):
        register()


def test_a_name_is_taken_once(app):
    blueprint = Blueprint("bp", __name__)
    app.register_blueprint(blueprint)
    with pytest.raises(ValueError, match="this blueprint"):
        app.register_blueprint(blueprint)
    with pytest.raises(ValueError, match="another blueprint"):
        app.register_blueprint(Blueprint("bp", __name__))


def test_a_registered_blueprint_takes_nothing_more(app):
    blueprint = Blueprint("bp", __name__)
    app.register_blueprint(blueprint)
    with pytest.raises(AssertionError, match="The setup method 'get' can no longer be called on the blueprint 'bp'"):
        blueprint.get("/")


def test_shortcuts_fix_the_method(app):
    with pytest.raises(TypeError, match="methods"):
        app.get("/", methods=["POST"])


def test_methods_is_a_list(app):
    with pytest.raises(TypeError, match="list"):
        app.add_url_rule("/", "x", lambda: 1, methods="GET")


def test_an_endpoint_has_one_view(app):
    app.add_url_rule("/a", "x", print)
    app.add_url_rule("/b", "x", print)
    with pytest.raises(AssertionError, match="'x' has a view already"):
        app.add_url_rule("/c", "x", repr)
    with pytest.raises(AssertionError, match="endpoint or a view"):
        app.add_url_rule("/d")


@pytest.mark.parametrize(
    ("key", "error"),
    [(999, ValueError), (KeyError(), TypeError), ("x", TypeError), (int, ValueError), (NotFound(), TypeError)],
)
def test_handlers_are_for_codes_and_classes(app, key, error):
    with pytest.raises(error):
        app.register_error_handler(key, print)


@pytest.mark.parametrize(
    ("cli_group", "commands"),
    [("own", {"own": {"hello"}}), (None, {"hello": None}), ("default", {"bp": {"hello"}})],
)
def test_commands_of_a_blueprint(app, cli_group, commands):
    blueprint = Blueprint("bp", __name__) if cli_group == "default" else Blueprint("bp", __name__, cli_group=cli_group)

    @blueprint.cli.command("hello")
    def hello():
        from demijohn import current_app

        print(f"hello from {current_app.name}")

    app.register_blueprint(blueprint)
    assert {
        name: set(command.commands) if hasattr(command, "commands") else None
        for name, command in app.cli.commands.items()
    } == commands
    words = ["hello"] if cli_group is None else [*commands, "hello"]
    result = app.test_cli_runner().invoke(args=words)
    assert result.output == "hello from under_test\n"
