import logging

import pytest
from jinja2 import DictLoader, Environment, TemplateNotFound

from demijohn import (
    Blueprint,
    Demijohn,
    flash,
    g,
    get_flashed_messages,
    get_template_attribute,
    message_flashed,
    render_template,
    render_template_string,
    session,
    stream_template,
    stream_template_string,
)


@pytest.fixture
def app(app):
    app.jinja_env.loader = DictLoader(
        {
            "page.html": "{{ x }} {{ v }} {{ request.path }} {{ g.y }} {{ config.TESTING }} {{ url_for('p') }}",
            "page.txt": "{{ x }}",
            "macros.html": "{% macro m(a) %}{{ a }}{{ request.path }}{{ session.z }}{% endmacro %}{% set one = 1 %}",
            "imports.html": "{% import 'macros.html' as macros %}{{ macros.m('a') }}",
        }
    )
    app.add_url_rule("/p", "p")
    return app


def test_variables_and_escaping(app):
    @app.context_processor
    def variables():
        return {"v": "processed", "x": "the caller's wins"}

    with app.test_request_context("/path"):
        g.y = "on g"
        assert render_template("page.html", x="<b>") == "&lt;b&gt; processed /path on g False /p"
        assert render_template("page.txt", x="<b>") == "<b>"
        assert render_template(["missing.html", "page.txt"], x=1) == "1"
        assert render_template_string("{{ x }}", x="<b>") == "&lt;b&gt;"
        with pytest.raises(TemplateNotFound):
            render_template("missing.html")


def test_imported_templates_have_request_and_session(app):
    with app.test_request_context("/path"):
        session["z"] = "!"
        assert render_template("imports.html") == "a/path!"


def test_outside_of_a_request(app):
    with app.app_context():
        g.y = 1
        assert render_template_string("{{ g.y }}{{ request is defined }}") == "1True"


def test_attributes_of_templates(app):
    with app.test_request_context("/p"):
        session["z"] = ""
        assert get_template_attribute("macros.html", "m")("a") == "a/p"
        assert get_template_attribute("macros.html", "one") == 1
        with pytest.raises(AttributeError):
            get_template_attribute("macros.html", "nothing")


def test_streams(app, client):
    torn = []
    app.teardown_request(torn.append)
    app.add_url_rule("/s", "s", lambda: stream_template("page.html", x="<b>"))
    app.add_url_rule("/ss", "ss", lambda: stream_template_string("{{ request.path }}{{ x }}", x="<b>"))
    assert client.get("/s").text == "&lt;b&gt;  /s  False /p"
    assert client.get("/ss").text == "/ss&lt;b&gt;"
    assert torn == [None, None]
    with app.app_context():
        assert "".join(stream_template_string("{{ x }}", x=1)) == "1"


@pytest.mark.parametrize("brackets", [True, False])
def test_filters_tests_and_globals(app, brackets):
    def add(decorator, function):
        assert (decorator()(function) if brackets else decorator(function)) is function

    def twice(text):
        return text * 2

    def big(number):
        return number > 5

    def one():
        return 1

    add(app.template_filter, twice)
    add(app.template_test, big)
    add(app.template_global, one)
    app.template_filter("named")(twice)
    with app.app_context():
        assert render_template_string("{{ 'a'|twice }}{{ 'b'|named }} {{ 6 is big }} {{ one() }}") == "aabb True 1"


@pytest.mark.parametrize(
    ("name", "escapes"),
    [
        (None, True),
        ("a.html", True),
        ("a.svg", True),
        ("a.xml", True),
        ("a.htm", True),
        ("a.xhtml", True),
        ("a.txt", False),
    ],
)
def test_which_templates_are_escaped(app, name, escapes):
    assert app.select_jinja_autoescape(name) is escapes


@pytest.mark.parametrize(
    ("setting", "debug", "expected"), [(None, False, False), (None, True, True), (False, True, False)]
)
def test_reloading_follows_debug_mode_unless_set(setting, debug, expected):
    app = Demijohn("x")
    app.config["TEMPLATES_AUTO_RELOAD"] = setting
    app.debug = debug
    assert app.jinja_env.auto_reload is expected
    if setting is None:
        app.debug = not debug
        assert app.jinja_env.auto_reload is not expected


def test_an_environment_of_ones_own():
    class Own(Environment):
        def __init__(self, app, **options):
            super().__init__(**options)

    class App(Demijohn):
        jinja_environment = Own
        jinja_options = {"trim_blocks": True}

    app = App("x")
    assert type(app.jinja_env) is Own
    assert app.jinja_env.trim_blocks
    assert issubclass(Demijohn.jinja_environment, Environment)


def test_json_in_templates_is_the_applications(app):
    app.json.default = lambda value: "by default"
    with app.app_context():
        assert (
            render_template_string("{{ {'b': x, 'a': '<'}|tojson }}", x=object())
            == '{"a": "\\u003c", "b": "by default"}'
        )


def test_loading_explained(tmp_path, caplog):
    for folder in ("templates", "pages"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.html").write_text(folder)
    app = Demijohn("x", root_path=str(tmp_path))
    app.register_blueprint(Blueprint("bp", __name__, root_path=str(tmp_path), template_folder="pages"))
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    with app.app_context(), caplog.at_level(logging.INFO):
        assert render_template("a.html") == "templates"
        with pytest.raises(TemplateNotFound):
            render_template("b.html")
    found, missing = (record.getMessage() for record in caplog.records)
    assert "application 'x'" in found
    assert "blueprint 'bp'" in found
    assert "2 folders have it" in found
    assert "Error: the template could not be found" in missing
    assert app.jinja_env.list_templates() == ["a.html"]


def test_flashed_messages(app, client):
    heard = []

    def receiver(sender, message, category, **extra):
        heard.append((message, category))

    message_flashed.connect(receiver, app)

    @app.get("/flash")
    def flashing():
        flash("one")
        flash("two", "error")
        return "-"

    @app.get("/show")
    def show():
        return {
            "all": get_flashed_messages(),
            "again": get_flashed_messages(with_categories=True),
            "errors": get_flashed_messages(category_filter=["error"]),
            "template": render_template_string("{{ get_flashed_messages()|join(',') }}"),
        }

    client.get("/flash")
    assert heard == [("one", "message"), ("two", "error")]
    shown = client.get("/show").json
    assert shown["all"] == ["one", "two"]
    assert [tuple(pair) for pair in shown["again"]] == [("message", "one"), ("error", "two")]
    assert shown["errors"] == ["two"]
    assert shown["template"] == "one,two"
    assert client.get("/show").json["all"] == []
