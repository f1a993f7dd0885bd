"""Static folders of applications and blueprints, and their settings."""

import pytest

from demijohn import Blueprint, Demijohn, send_file, send_from_directory
from demijohn.message import FilePolicy, Siblings, filesource


@pytest.fixture
def app(tmp_path):
    (tmp_path / "static").mkdir()
    for name in ("app.js", "app.js.br", "app.3f2a9c1b.js", ".env", "lib-1.2.js"):
        (tmp_path / "static" / name).write_text(name)
    app = Demijohn("files", root_path=str(tmp_path))
    blueprint = Blueprint("b", "files", root_path=str(tmp_path), static_folder="static", static_url_path="/more")
    app.register_blueprint(blueprint)
    return app


def get(app, path, **fields):
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    with app.test_client().get(path, headers=headers) as response:
        return response.status_code, response.get_data(as_text=True), response.headers


@pytest.mark.parametrize("prefix", ["/static", "/more"])
def test_packed_siblings_are_sent_unless_switched_off(app, prefix):
    status, text, headers = get(app, f"{prefix}/app.js", Accept_Encoding="br")
    assert (status, text, headers["Content-Encoding"]) == (200, "app.js.br", "br")
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert headers["Vary"] == "Accept-Encoding"
    app.config["STATIC_PRECOMPRESSED"] = False
    status, text, headers = get(app, f"{prefix}/app.js", Accept_Encoding="br")
    assert (status, text, headers.get("Vary")) == (200, "app.js", None)


@pytest.mark.parametrize("prefix", ["/static", "/more"])
def test_names_that_never_change(app, prefix):
    cached = {
        (setting, name): get(app, f"{prefix}/{name}")[2]["Cache-Control"]
        for setting in (None, False, True, r"-[0-9.]+\.js$")
        for name in ("app.3f2a9c1b.js", "lib-1.2.js", "app.js")
        if app.config.__setitem__("STATIC_IMMUTABLE", setting) is None
    }
    kept = {key for key, value in cached.items() if value == "public, max-age=31536000, immutable"}
    assert kept == {(True, "app.3f2a9c1b.js"), (r"-[0-9.]+\.js$", "lib-1.2.js")}
    assert {value for key, value in cached.items() if key not in kept} == {"no-cache"}


def test_the_age_that_is_set_holds_for_other_names(app):
    app.config.update(STATIC_IMMUTABLE=True, SEND_FILE_MAX_AGE_DEFAULT=50)
    assert get(app, "/static/app.js")[2]["Cache-Control"] == "public, max-age=50"
    assert get(app, "/static/app.3f2a9c1b.js")[2]["Cache-Control"].endswith("immutable")
    app.config["STATIC_IMMUTABLE"] = False
    assert get(app, "/static/app.3f2a9c1b.js")[2]["Cache-Control"] == "public, max-age=50"


@pytest.mark.parametrize("wrong", ["(", 5])
def test_wrong_expressions(app, wrong):
    app.config.update(STATIC_IMMUTABLE=wrong, TESTING=True)
    with pytest.raises(ValueError, match="STATIC_IMMUTABLE"):
        get(app, "/static/app.js")


def test_hidden_files_and_nosniff(app):
    status, _, headers = get(app, "/static/.env")
    assert status == 404
    assert "X-Content-Type-Options" not in get(app, "/static/app.js")[2]
    app.config.update(STATIC_DOTFILES=True, STATIC_NOSNIFF=True)
    status, text, headers = get(app, "/static/.env")
    assert (status, text, headers["X-Content-Type-Options"]) == (200, ".env", "nosniff")


def test_views_decide_by_a_policy(app):
    policy = FilePolicy(dotfiles=True, siblings=Siblings())
    app.add_url_rule("/from/<path:name>", "from", lambda name: send_from_directory("static", name))
    app.add_url_rule("/own/<path:name>", "own", lambda name: send_from_directory("static", name, policy=policy))
    app.add_url_rule("/file", "file", lambda: send_file("static/app.js"))
    app.add_url_rule("/packed", "packed", lambda: send_file("static/app.js", policy=policy))
    # What others may have uploaded beside a file is not sent in its place.
    for path in ("/from/app.js", "/file"):
        assert get(app, path, Accept_Encoding="br")[1] == "app.js"
    for path in ("/own/app.js", "/packed"):
        assert get(app, path, Accept_Encoding="br")[1] == "app.js.br"
    assert get(app, "/from/.env")[0] == 404
    assert get(app, "/own/.env")[:2] == (200, ".env")


def test_files_that_may_not_be_read(app, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(filesource.os, "open", refuse)
    assert get(app, "/static/app.js")[0] == 403


def test_a_system_at_its_limits_is_an_error_that_is_logged(app, monkeypatch, caplog):
    def refuse(path, flags):
        raise OSError(24, "Too many open files", path)

    monkeypatch.setattr(filesource.os, "open", refuse)
    assert get(app, "/static/app.js")[0] == 500
    assert "Too many open files" in caplog.text


def test_several_ranges_and_none(app):
    status, _, headers = get(app, "/static/app.js", Range="bytes=0-1,4-")
    assert (status, headers["Content-Type"].partition(";")[0]) == (206, "multipart/byteranges")
    status, _, headers = get(app, "/static/app.js", Range="bytes=99-,88-")
    assert (status, headers["Content-Range"]) == (416, "bytes */6")
