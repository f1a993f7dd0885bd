import json
from datetime import timedelta

import pytest

from demijohn import Config, Demijohn

FLASK_KEYS = """
APPLICATION_ROOT DEBUG EXPLAIN_TEMPLATE_LOADING MAX_CONTENT_LENGTH MAX_COOKIE_SIZE MAX_FORM_MEMORY_SIZE MAX_FORM_PARTS
PERMANENT_SESSION_LIFETIME PREFERRED_URL_SCHEME PROPAGATE_EXCEPTIONS PROVIDE_AUTOMATIC_OPTIONS SECRET_KEY
SECRET_KEY_FALLBACKS SEND_FILE_MAX_AGE_DEFAULT SERVER_NAME SESSION_COOKIE_DOMAIN SESSION_COOKIE_HTTPONLY
SESSION_COOKIE_NAME SESSION_COOKIE_PARTITIONED SESSION_COOKIE_PATH SESSION_COOKIE_SAMESITE SESSION_COOKIE_SECURE
SESSION_REFRESH_EACH_REQUEST TEMPLATES_AUTO_RELOAD TESTING TRAP_BAD_REQUEST_ERRORS TRAP_HTTP_EXCEPTIONS TRUSTED_HOSTS
USE_X_SENDFILE
""".split()


@pytest.fixture
def config(tmp_path):
    (tmp_path / "settings.py").write_text("KEY = 1\nsmall = 2\nOTHER = __file__\n")
    (tmp_path / "settings.json").write_text('{"KEY": 3, "small": 4}')
    (tmp_path / "broken.py").write_text("KEY = 1 / 0\n")
    return Config(tmp_path)


def test_an_application_starts_with_every_key_of_flask():
    assert sorted(Demijohn("x").config) == FLASK_KEYS


def test_a_python_file_gives_its_upper_case_names(config, tmp_path):
    assert config.from_pyfile("settings.py")
    assert config == {"KEY": 1, "OTHER": str(tmp_path / "settings.py")}


@pytest.mark.parametrize("name", ["missing.py", "settings.py/below.py", "."])
def test_a_missing_file_may_be_passed_over(config, name):
    assert not config.from_pyfile(name, silent=True)
    with pytest.raises(OSError, match="configuration file"):
        config.from_pyfile(name)


def test_an_error_in_the_file_is_never_silent(config):
    with pytest.raises(ZeroDivisionError):
        config.from_pyfile("broken.py", silent=True)


def test_a_file_of_any_format(config):
    assert config.from_file("settings.json", json.load)
    assert config == {"KEY": 3}
    assert config.from_file("settings.json", lambda file: {"TYPE": type(file.read())}, text=False)
    assert config["TYPE"] is bytes
    assert not config.from_file("missing.json", json.load, silent=True)
    with pytest.raises(FileNotFoundError, match="configuration file"):
        config.from_file("missing.json", json.load)


def test_the_environment_may_name_the_file(config, monkeypatch):
    monkeypatch.setenv("SETTINGS", "settings.py")
    assert config.from_envvar("SETTINGS")
    assert config["KEY"] == 1
    assert not config.from_envvar("NO_SUCH_SETTINGS", silent=True)
    with pytest.raises(RuntimeError, match="NO_SUCH_SETTINGS"):
        config.from_envvar("NO_SUCH_SETTINGS")


def test_prefixed_environment_variables_are_json_or_text(config, monkeypatch):
    for name, value in {"A": "1", "B": "text", "C": "[true]", "D__E": "2", "D__F__G": "x", "D__H": '{"a": 1}'}.items():
        monkeypatch.setenv(f"PRE_{name}", value)
    config["D"] = {"kept": True}
    assert config.from_prefixed_env("PRE")
    assert config == {
        "A": 1,
        "B": "text",
        "C": [True],
        "D": {"kept": True, "E": 2, "F": {"G": "x"}, "H": {"a": 1}},
    }


def test_prefixed_environment_variables_with_another_parser(config, monkeypatch):
    monkeypatch.setenv("PRE_A", "1")
    config.from_prefixed_env("PRE", loads=lambda text: text * 2)
    assert config["A"] == "11"


def test_objects_names_and_mappings(config):
    class Settings:
        KEY = 1
        small = 2

    config.from_object(Settings)
    assert config == {"KEY": 1}
    config.from_object("demijohn.app.config.DEFAULT_CONFIG")
    assert config == {"KEY": 1}
    config.from_mapping({"MORE": 2, "small": 3}, KEY=4, tiny=5)
    assert config == {"KEY": 4, "MORE": 2}


def test_a_namespace_is_a_dict_of_its_own(config):
    config.update(IMAGE_TYPE="png", IMAGE_SIZE=3, OTHER=1)
    assert config.get_namespace("IMAGE_") == {"type": "png", "size": 3}
    assert config.get_namespace("IMAGE_", lowercase=False, trim_namespace=False) == {
        "IMAGE_TYPE": "png",
        "IMAGE_SIZE": 3,
    }


def test_attributes_of_the_application_are_keys():
    app = Demijohn("x")
    app.secret_key = "k"
    app.testing = True
    app.permanent_session_lifetime = 60
    assert app.config["SECRET_KEY"] == "k"
    assert app.config["TESTING"] is True
    assert app.permanent_session_lifetime == timedelta(seconds=60)


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("true", True), ("0", False), ("no", False), ("", False)])
@pytest.mark.parametrize("name", ["DEMIJOHN_DEBUG", "FLASK_DEBUG"])
def test_debug_mode_by_the_environment(monkeypatch, name, value, expected):
    monkeypatch.delenv("DEMIJOHN_DEBUG", raising=False)
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    monkeypatch.setenv(name, value)
    assert Demijohn("x").debug is expected


class TestTyped:
    def test_the_setting_if_it_is_of_the_type(self):
        config = Config("/", {"N": 3, "T": "x", "F": 1.5, "ON": True, "L": [1]})
        assert [config.typed(*one) for one in (("N", int), ("T", str), ("F", float), ("ON", bool), ("L", list))] == [
            3,
            "x",
            1.5,
            True,
            [1],
        ]
        as_float = config.typed("N", float)
        assert (as_float, type(as_float)) == (3.0, float)
        assert config.typed("N", object) == 3

    @pytest.mark.parametrize("config", [{}, {"N": None}])
    def test_what_is_missing(self, config):
        config = Config("/", config)
        assert config.typed("N", int, 7) == 7
        assert config.typed("N", int, None) is None
        with pytest.raises(KeyError, match="'N' is missing; a value of type int"):
            config.typed("N", int)

    @pytest.mark.parametrize(
        ("value", "kind"), [("3x", int), (True, int), (False, float), (1, bool), (1, str), (2.0, int)]
    )
    def test_another_type(self, value, kind):
        with pytest.raises(TypeError, match=f"'N' has to be of type {kind.__name__}; it is"):
            Config("/", {"N": value}).typed("N", kind, 5)
