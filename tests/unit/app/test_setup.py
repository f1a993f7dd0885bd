"""Settings, folders, resources, logging, commands, requests' limits: what an application is besides dispatch."""

import io
import logging
import os
import subprocess
import sys
import warnings
from datetime import timedelta

import pytest

import demijohn
from demijohn import Demijohn, Response, current_app, request, send_file, send_from_directory
from demijohn.app.logging import default_handler, has_level_handler
from demijohn.app.resources import get_root_path
from demijohn.app.setup import find_package
from demijohn.http.errors import NotFound


def test_the_public_names_are_flasks():
    flask_names = """
    Blueprint Config Request Response abort after_this_request appcontext_popped appcontext_pushed appcontext_tearing_down
    before_render_template copy_current_request_context current_app flash g get_flashed_messages get_template_attribute
    got_request_exception has_app_context has_request_context json jsonify make_response message_flashed redirect
    render_template render_template_string request request_finished request_started request_tearing_down send_file
    send_from_directory session stream_template stream_template_string stream_with_context template_rendered url_for
    """.split()
    assert set(flask_names) <= set(demijohn.__all__)
    assert sorted(demijohn.__all__) == demijohn.__all__
    assert all(hasattr(demijohn, name) for name in demijohn.__all__)


def test_importing_is_light():
    code = (
        "import sys, demijohn; demijohn.Demijohn('x');"
        "print([name for name in ('jinja2', 'click', 'asyncio', 'demijohn.serve', 'demijohn.testing') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == "[]\n"


# Names and folders


def test_names_and_static_folders(tmp_path):
    app = Demijohn("pkg.mod", root_path=str(tmp_path), static_folder="assets/")
    assert (app.name, app.static_url_path, app.has_static_folder) == ("pkg.mod", "/assets", True)
    assert app.static_folder == str(tmp_path / "assets")
    assert repr(app) == "<Demijohn 'pkg.mod'>"
    app.static_url_path = "/other/"
    assert app.static_url_path == "/other"
    without = Demijohn("x", static_folder=None)
    assert (without.static_folder, without.static_url_path, without.has_static_folder) == (None, None, False)
    assert list(without.url_map.iter_rules()) == []
    with pytest.raises(RuntimeError, match="static_folder"):
        without.send_static_file("x")


def test_root_paths(tmp_path, monkeypatch):
    assert get_root_path("demijohn.app.setup") == os.path.dirname(demijohn.app.setup.__file__)
    assert get_root_path("email") == os.path.dirname(sys.modules.get("email", __import__("email")).__file__)
    assert get_root_path("no_such_module_here") == os.getcwd()
    (tmp_path / "lonely_module.py").write_text("")
    (tmp_path / "name_space").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert get_root_path("lonely_module") == str(tmp_path)
    __import__("name_space")
    with pytest.raises(RuntimeError, match="root_path"):
        get_root_path("name_space")


@pytest.mark.parametrize(
    ("folder", "prefix"),
    [
        ("somewhere", None),
        ("usr/lib/python3/site-packages", "usr"),
        ("venv/Lib/site-packages", "venv"),
        ("odd/site-packages", "odd"),
    ],
)
@pytest.mark.parametrize("kind", ["module", "package", "inside a package"])
def test_instance_folders(tmp_path, monkeypatch, folder, prefix, kind):
    place = tmp_path / folder
    place.mkdir(parents=True)
    name = f"installed_{abs(hash((folder, kind)))}"
    if kind == "module":
        (place / f"{name}.py").write_text("")
    else:
        (place / name).mkdir()
        (place / name / "__init__.py").write_text("")
        (place / name / "inner.py").write_text("")
    monkeypatch.syspath_prepend(str(place))
    import_name = f"{name}.inner" if kind == "inside a package" else name
    expected_prefix = None if prefix is None else str(tmp_path / prefix)
    assert find_package(import_name) == (expected_prefix, str(place))
    path = Demijohn(import_name, root_path=str(place)).instance_path
    assert path == (
        str(place / "instance") if prefix is None else os.path.join(expected_prefix, "var", f"{import_name}-instance")
    )


def test_a_script_is_named_after_its_file(monkeypatch):
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__file__", "/somewhere/shop.py", raising=False)
    assert Demijohn("__main__", root_path="/").name == "shop"
    monkeypatch.delattr(main, "__file__")
    assert Demijohn("__main__", root_path="/").name == "__main__"


def test_packages_of_the_interpreter_and_of_namespaces(tmp_path, monkeypatch):
    assert find_package("pytest")[0] == os.path.abspath(sys.prefix)
    for number in (1, 2):
        (tmp_path / str(number) / "shared_space" / f"part{number}").mkdir(parents=True)
        (tmp_path / str(number) / "shared_space" / f"part{number}" / "__init__.py").write_text("")
        monkeypatch.syspath_prepend(str(tmp_path / str(number)))
    assert find_package("shared_space.part1") == (None, str(tmp_path / "1"))
    assert find_package("shared_space.part2") == (None, str(tmp_path / "2"))
    assert find_package("shared_space") == (None, str(tmp_path / "2"))
    assert find_package("no_such_package_here") == (None, os.getcwd())


def test_an_instance_path_is_absolute(tmp_path):
    with pytest.raises(ValueError, match="absolute"):
        Demijohn("x", instance_path="relative")
    (tmp_path / "settings.py").write_text("KEY = 1")
    (tmp_path / "note.txt").write_text("é", encoding="utf-8")
    app = Demijohn("x", instance_path=str(tmp_path), instance_relative_config=True)
    app.config.from_pyfile("settings.py")
    assert app.config["KEY"] == 1
    with app.open_instance_resource("note.txt", "r") as file:
        assert file.read() == "é"
    with app.open_instance_resource("new.bin", "wb") as file:
        file.write(b"x")
    assert (tmp_path / "new.bin").read_bytes() == b"x"


def test_resources_are_opened_for_reading(tmp_path):
    (tmp_path / "a.txt").write_text("é", encoding="utf-8")
    app = Demijohn("x", root_path=str(tmp_path))
    with app.open_resource("a.txt") as file:
        assert file.read() == "é".encode()
    with app.open_resource("a.txt", "r", encoding="utf-8") as file:
        assert file.read() == "é"
    with pytest.raises(ValueError, match="reading"):
        app.open_resource("a.txt", "w")


@pytest.mark.parametrize("options", [{"static_host": "a"}, {"host_matching": True}])
def test_static_hosts_need_host_matching(options):
    with pytest.raises(AssertionError, match="static"):
        Demijohn("x", **options)


# Files


@pytest.fixture
def files_app(tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.txt").write_text("hello world")
    (tmp_path / "secret.txt").write_text("secret")
    return Demijohn("files", root_path=str(tmp_path))


def get(app, path, **options):
    with app.test_client().get(path, **options) as response:
        return response.status_code, response.get_data(as_text=True), response.headers


def test_static_files(files_app):
    status, text, headers = get(files_app, "/static/a.txt")
    assert (status, text, headers["Cache-Control"]) == (200, "hello world", "no-cache")
    assert get(files_app, "/static/a.txt", headers={"Range": "bytes=0-4"})[:2] == (206, "hello")
    assert get(files_app, "/static/a.txt", headers={"If-None-Match": headers["ETag"]})[0] == 304
    for path in (
        "/static/missing",
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/",
        "/static//etc/passwd",
    ):
        assert get(files_app, path)[0] in {404, 308}


@pytest.mark.parametrize("age", [77, timedelta(seconds=77)])
def test_files_may_be_kept_for_a_while(files_app, age):
    files_app.config["SEND_FILE_MAX_AGE_DEFAULT"] = age
    assert get(files_app, "/static/a.txt")[2]["Cache-Control"] == "public, max-age=77"
    files_app.get_send_file_max_age = lambda name: 5
    assert "max-age=5" in get(files_app, "/static/a.txt")[2]["Cache-Control"]


def test_files_from_views(files_app):
    files_app.add_url_rule("/file", "file", lambda: send_file("secret.txt", as_attachment=True, max_age=3))
    files_app.add_url_rule("/memory", "memory", lambda: send_file(io.BytesIO(b"x"), mimetype="text/plain"))
    files_app.add_url_rule("/from/<path:name>", "from", lambda name: send_from_directory("static", name))
    status, text, headers = get(files_app, "/file")
    assert (status, text) == (200, "secret")
    assert headers["Content-Disposition"] == "attachment; filename=secret.txt"
    assert "max-age=3" in headers["Cache-Control"]
    assert get(files_app, "/memory")[1] == "x"
    assert get(files_app, "/from/a.txt")[1] == "hello world"
    assert get(files_app, "/from/../secret.txt")[0] == 404
    with files_app.test_request_context("/"), pytest.raises(NotFound):
        send_from_directory("static", "/etc/passwd")
    with pytest.raises(RuntimeError, match="outside of application context"):
        send_file("x")
    with files_app.app_context(), pytest.raises(RuntimeError, match="outside of request context"):
        send_file("x")


# Logging


def test_the_logger(monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    app = Demijohn("a_logger_of_its_own")
    app.debug = True
    assert app.logger.name == "a_logger_of_its_own"
    assert app.logger.level == logging.DEBUG
    assert default_handler in app.logger.handlers
    assert has_level_handler(app.logger)
    child = logging.getLogger("a_logger_of_its_own.child")
    assert has_level_handler(child)
    child.propagate = False
    assert not has_level_handler(child)
    errors = io.StringIO()
    with app.test_request_context("/", errors_stream=errors):
        app.logger.error("to wsgi.errors")
    assert "to wsgi.errors" in errors.getvalue()


def test_a_logger_with_handlers_gets_none():
    logger = logging.getLogger("a_logger_with_handlers")
    logger.addHandler(logging.NullHandler())
    app = Demijohn("a_logger_with_handlers")
    assert app.logger is logger
    assert default_handler not in logger.handlers


# Requests and responses


def test_limits_come_from_the_config_and_may_be_set_for_a_request(app, client):
    @app.post("/")
    def view():
        if "limit" in request.args:
            request.max_content_length = int(request.args["limit"])
        return request.get_data()

    @app.post("/form")
    def form():
        return {"parts": len(request.form), "limits": [request.max_form_parts, request.max_form_memory_size]}

    assert client.post("/?limit=3", data=b"1234").status_code == 413
    app.config["MAX_CONTENT_LENGTH"] = 3
    assert client.post("/", data=b"1234").status_code == 413
    assert client.post("/", data=b"123").data == b"123"
    assert client.post("/?limit=9", data=b"1234").data == b"1234"
    app.config.update(MAX_CONTENT_LENGTH=None, MAX_FORM_PARTS=2, MAX_FORM_MEMORY_SIZE=10)
    post = {"method": "POST", "content_type": "multipart/form-data"}
    assert client.open("/form", data={"a": "1", "b": "2"}, **post).json == {"parts": 2, "limits": [2, 10]}
    assert client.open("/form", data={"a": "1", "b": "2", "c": "3"}, **post).status_code == 413
    assert client.open("/form", data={"a": "x" * 11}, **post).status_code == 413


def test_limits_outside_of_an_application():
    from demijohn.testing import EnvironBuilder

    fresh = demijohn.Request(EnvironBuilder().get_environ())
    assert (fresh.max_content_length, fresh.max_form_memory_size, fresh.max_form_parts) == (None, 500_000, 1000)
    fresh.max_form_parts = fresh.max_form_memory_size = 5
    assert (fresh.max_form_parts, fresh.max_form_memory_size) == (5, 5)
    assert (fresh.endpoint, fresh.blueprint, fresh.blueprints, fresh.view_args) == (None, None, [], None)


@pytest.mark.parametrize(("debug", "explains"), [(True, True), (False, False)])
def test_only_debug_mode_says_what_is_wrong_with_json(app, client, debug, explains):
    app.debug = debug
    app.add_url_rule("/", "view", lambda: request.get_json(), methods=["POST"])
    response = client.post("/", data="{", content_type="application/json")
    assert response.status_code == 400
    assert ("Failed to decode JSON object" in response.text) is explains
    assert client.post("/", data="{}").status_code == 415


def test_big_cookies_warn_by_the_config(app):
    with app.app_context():
        app.config["MAX_COOKIE_SIZE"] = 100
        with pytest.warns(UserWarning, match="cookie"):
            Response().set_cookie("a", "x" * 200)
        app.config["MAX_COOKIE_SIZE"] = 0
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            Response().set_cookie("a", "x" * 5000)
    assert Response().max_cookie_size == 4093


# Running and commands


def test_run_passes_settings_on(app, monkeypatch):
    calls = []
    monkeypatch.setattr("demijohn.app.upward.run_simple", lambda *args, **options: calls.append((args, options)))
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    monkeypatch.delenv("DEMIJOHN_DEBUG", raising=False)
    app.run()
    app.config["SERVER_NAME"] = "example.com:81"
    app.run(debug=True, threaded=False, processes=3)
    app.run("0.0.0.0", 0)
    assert calls == [
        (("127.0.0.1", 5000, app), {"use_reloader": False, "use_debugger": False, "threaded": True}),
        (
            ("example.com", 81, app),
            {"use_reloader": True, "use_debugger": True, "threaded": False, "processes": 3},
        ),
        (("0.0.0.0", 0, app), {"use_reloader": True, "use_debugger": True, "threaded": True}),
    ]
    monkeypatch.setenv("DEMIJOHN_RUN_FROM_CLI", "true")
    app.run()
    assert len(calls) == 3


def test_run_reads_dotenv_files(app, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("DEMIJOHN_DEBUG=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEMIJOHN_DEBUG", "")  # to be restored
    monkeypatch.delenv("DEMIJOHN_DEBUG")
    monkeypatch.setattr("demijohn.app.upward.run_simple", lambda *args, **options: None)
    app.run(load_dotenv=False)
    assert not app.debug
    monkeypatch.setenv("DEMIJOHN_SKIP_DOTENV", "1")
    app.run()
    assert not app.debug
    monkeypatch.delenv("DEMIJOHN_SKIP_DOTENV")
    app.run()
    assert app.debug


def test_commands_run_in_the_context_of_the_application(app):
    @app.cli.command("inside")
    def inside():
        print(current_app.name)

    @app.cli.command("outside", with_appcontext=False)
    def outside():
        print(demijohn.has_app_context())

    @app.cli.group()
    def group():
        pass

    @group.command("deep")
    def deep():
        print(f"deep {current_app.name}")

    runner = app.test_cli_runner()
    assert runner.invoke(args=["inside"]).output == "under_test\n"
    assert runner.invoke(args=["outside"]).output == "False\n"
    assert runner.invoke(args=["group", "deep"]).output == "deep under_test\n"


def test_a_shell_starts_with_names(app):
    app.shell_context_processor(lambda: {"mine": 1})
    context = app.make_shell_context()
    assert context["app"] is app
    assert context["mine"] == 1
    assert "g" in context
