"""What applications, requests and responses had in older versions: it works, and warns at the line that uses it."""

import io
import json
import threading

import pytest

from demijohn import Blueprint, Demijohn, jsonify, request, send_file, send_from_directory
from demijohn.compat.older.encoding import JSONEncoder


@pytest.fixture
def app():
    return Demijohn("older")


def warned(text):
    return pytest.warns(DeprecationWarning, match=text)


class Set(JSONEncoder):
    def default(self, o):
        return sorted(o) if isinstance(o, set) else super().default(o)


def test_the_warning_is_at_the_line_that_uses_the_name(app):
    with warned("before_first_request") as caught:
        app.before_first_request(lambda: None)
    assert [each.filename for each in caught] == [__file__]


def test_before_first_request_runs_once_in_the_context_of_the_request_before_all_hooks(app):
    seen = []
    app.before_request(lambda: seen.append("before"))
    with warned("before_first_request"):
        app.before_first_request(lambda: seen.append(request.path))
    app.add_url_rule("/a", "a", lambda: "a")
    client = app.test_client()
    assert client.get("/a").text == client.get("/a").text == "a"
    assert seen == ["/a", "before", "before"]
    assert app.before_request_funcs[None] != [], "only the one that has run is gone"
    assert len(app.before_request_funcs[None]) == 1


def test_others_wait_for_the_first_request(app):
    entered, go = threading.Event(), threading.Event()
    seen = []

    def first():
        entered.set()
        assert go.wait(20)
        seen.append("first")

    with warned("before_first_request"):
        app.before_first_request(first)
    app.add_url_rule("/", "index", lambda: seen.append("view") or "x")
    threads = [threading.Thread(target=lambda: app.test_client().get("/")) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert entered.wait(20)
    assert seen == []
    go.set()
    for thread in threads:
        thread.join(20)
    assert seen == ["first", "view", "view", "view"]


def test_a_first_function_that_fails_is_called_again(app):
    calls = []

    def first():
        calls.append(None)
        if len(calls) == 1:
            raise ValueError

    with warned("before_first_request"):
        app.before_first_request(first)
    app.add_url_rule("/", "index", lambda: "x")
    client = app.test_client()
    assert [client.get("/").status_code for _ in range(3)] == [500, 200, 200]
    assert len(calls) == 2


def test_of_a_blueprint_and_on_demand(app):
    seen = []
    bp = Blueprint("bp", "older")
    with warned("before_app_first_request"):
        bp.before_app_first_request(lambda: seen.append(1))
    with warned("before_first_request"):
        app.register_blueprint(bp)
    with warned("try_trigger"):
        app.try_trigger_before_first_request_functions()
    with warned("got_first_request"):
        assert app.got_first_request is False
    app.test_client().get("/")
    with warned("got_first_request"):
        assert app.got_first_request is True
    assert seen == [1]


def test_json_encoder_and_decoder(app):
    with warned("json_encoder"):
        app.json_encoder = Set
    with warned("json_decoder"):
        app.json_decoder = type("Decoder", (json.JSONDecoder,), {"decode": lambda self, s: ["decoded", s]})
    with app.test_request_context(data="{}", content_type="application/json"):
        assert jsonify(a={2, 1}).get_data() == b'{"a":[1,2]}\n'
        assert request.get_json() == ["decoded", "{}"]
    with warned("json_encoder"):
        assert app.json_encoder is Set


def test_json_encoder_of_a_class():
    with warned("json_encoder"):

        class Application(Demijohn):
            json_encoder = Set

    app = Application("older")
    app.json.sort_keys = False
    with app.app_context():
        assert app.json.dumps({"b": {1}, "a": None}) == '{"b": [1], "a": null}'


@pytest.mark.parametrize("how", ["item", "update", "from_mapping", "from_object"])
def test_json_settings(app, how):
    values = {
        "JSON_AS_ASCII": False,
        "JSON_SORT_KEYS": False,
        "JSONIFY_MIMETYPE": "application/x",
        "JSONIFY_PRETTYPRINT_REGULAR": True,
    }
    with warned("JSON"):
        if how == "item":
            for key, value in values.items():
                app.config[key] = value
        elif how == "from_object":
            app.config.from_object(type("Settings", (), values))
        else:
            getattr(app.config, how)(values)
    with app.app_context():
        response = app.json.response({"b": "ä", "a": 1})
    assert response.get_data(as_text=True) == '{\n  "b": "ä",\n  "a": 1\n}\n'
    assert response.mimetype == "application/x"


def test_settings_that_nobody_set(app, monkeypatch):
    monkeypatch.delenv("FLASK_ENV", raising=False)
    with warned("JSON_SORT_KEYS"):
        assert app.config["JSON_SORT_KEYS"] is True
    with warned("env"):
        assert app.env == "production"
    with warned("env"):
        app.env = "development"
    assert app.config["ENV"] == "development"
    with pytest.raises(KeyError, match="OTHER"):
        app.config["OTHER"]
    assert "JSON_SORT_KEYS" not in app.config


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("session_cookie_name", "SESSION_COOKIE_NAME", "s"),
        ("send_file_max_age_default", "SEND_FILE_MAX_AGE_DEFAULT", 5),
        ("use_x_sendfile", "USE_X_SENDFILE", True),
        ("propagate_exceptions", "PROPAGATE_EXCEPTIONS", True),
        ("templates_auto_reload", "TEMPLATES_AUTO_RELOAD", True),
    ],
)
def test_attributes_that_are_settings(app, name, key, value):
    with warned(name):
        setattr(app, name, value)
    assert app.config[key] == value
    with warned(name):
        assert getattr(app, name) == value


def test_methods_that_moved(app):
    app.secret_key = "k"
    with app.test_request_context() as ctx, warned("session"):
        session = app.open_session(ctx.request)
        session["a"] = 1
        response = app.response_class()
        app.save_session(session, response)
        assert response.headers["Set-Cookie"].startswith("session=")
        assert app.session_interface.is_null_session(app.make_null_session())
    with warned("logger_name"):
        assert app.logger_name == "older"
    with warned("preserve_context"):
        assert app.preserve_context_on_exception is False


def test_parameters_of_files(app, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with app.test_request_context():
        with warned("attachment_filename|cache_timeout|add_etags"):
            response = send_file(
                io.BytesIO(b"x"),
                "text/plain",
                as_attachment=True,
                attachment_filename="b.txt",
                cache_timeout=7,
                add_etags=False,
            )
        assert "b.txt" in response.headers["Content-Disposition"]
        assert response.cache_control.max_age == 7
        with warned("filename|cache_timeout|add_etags"):
            response = send_from_directory(tmp_path, filename="a.txt", cache_timeout=9, add_etags=False)
        response.direct_passthrough = False
        assert (response.get_data(), response.cache_control.max_age, response.get_etag()) == (b"x", 9, (None, None))
        response.close()
        with pytest.raises(TypeError, match="'nonsense'"):
            send_file(io.BytesIO(b"x"), "text/plain", nonsense=1)


def test_requests_and_responses(app):
    with app.test_request_context(headers={"X-Requested-With": "XMLHttpRequest"}):
        with warned("is_xhr"):
            assert request.is_xhr
        with warned("charset"):
            assert (request.charset, request.url_charset, app.response_class().charset) == ("utf-8",) * 3
        with warned("encoding_errors"):
            assert request.encoding_errors == "replace"
