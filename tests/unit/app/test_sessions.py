import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import itsdangerous
import pytest
from markupsafe import Markup

from demijohn import Demijohn, render_template_string, session
from demijohn.app.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionInterface

# Signed by Flask 3.1.3 with the key below, at 1700000000 seconds.
FLASK_COOKIE = (
    ".eJx9kDELwjAUhP9KuDnDsypqUMFJEASHbhpK1NQW0jikBaH0v_uSFtzMcLxcvncc6eGhZhItVA_BeuWLgR4k7slixeGy3oGdJjms2N730eiSwQr6f1aR"
    "fiaaFXnVSUGZOBkvMspI0FzRQtFSHM95RF0qMjXK9KAlPuN2PRYtikjogdlbR2Q3nBqH8gGJonQmVDYwMkWgsSGYl-XHqkbK829voXznHM82tDbVM79_4PDh"
    "C7s7S_A.ZVPxAA.VSpEktMMsmJDMIjP_DyJLD7Gcig"
)
FLASK_SESSION = {
    "n": 1,
    "t": (1, "a"),
    "b": b"\x00\xff",
    "m": Markup("<b>"),
    "u": uuid.UUID(int=7),
    "d": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
    "l": [1, (2,)],
    "x": {" t": [1]},
    "é": "ü",
    "_flashes": [("message", "hi")],
    "none": None,
    "nested": {"a": (1,)},
}


@pytest.fixture
def app(app):
    app.add_url_rule("/untouched", "untouched", lambda: "-")
    app.add_url_rule("/in", "in", lambda: str("user" in session))
    app.add_url_rule("/read", "read", lambda: str(session.get("user")))
    app.add_url_rule("/template", "template", lambda: render_template_string("{{ 1 }}"))
    app.add_url_rule("/template-read", "template-read", lambda: render_template_string("{{ session.user }}"))

    @app.get("/write/<user>")
    def write(user):
        session["user"] = user
        return "-"

    @app.get("/permanent")
    def permanent():
        session.permanent = True
        return "-"

    @app.get("/clear")
    def clear():
        session.clear()
        return "-"

    return app


def serializer(**changes):
    app = Demijohn("x")
    app.secret_key = "golden key"
    app.config.update(changes)
    return app.session_interface.get_signing_serializer(app)


def test_a_cookie_of_flask_is_read():
    assert serializer().loads(FLASK_COOKIE) == FLASK_SESSION


def test_a_cookie_is_written_as_flask_writes_it(monkeypatch):
    monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda signer: 1_700_000_000)
    assert serializer().dumps(FLASK_SESSION) == FLASK_COOKIE


def test_old_keys_read_and_the_new_one_signs():
    new = serializer(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["golden key", "older"])
    assert new.loads(FLASK_COOKIE) == FLASK_SESSION
    with pytest.raises(itsdangerous.BadSignature):
        serializer().loads(new.dumps({}))
    assert serializer(SECRET_KEY="new").loads(new.dumps({"a": 1})) == {"a": 1}


def test_an_untouched_session_costs_nothing(client):
    response = client.get("/untouched")
    assert "Vary" not in response.headers
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", ["/in", "/read", "/template-read"])
def test_looking_into_the_session_varies_by_cookie(client, path):
    response = client.get(path)
    assert response.headers["Vary"] == "Cookie"
    assert "Set-Cookie" not in response.headers


def test_a_template_that_does_not_use_the_session_leaves_it_alone(client):
    assert "Vary" not in client.get("/template").headers


def test_a_change_sets_the_cookie_and_comes_back(client):
    response = client.get("/write/joe")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("session=")
    assert "HttpOnly" in cookie
    assert "Path=/" in cookie
    assert "Expires" not in cookie
    assert response.headers["Vary"] == "Cookie"
    assert client.get("/read").text == "joe"
    assert "Set-Cookie" not in client.get("/read").headers


def test_cookie_settings(app, client):
    app.config.update(
        SESSION_COOKIE_NAME="sid",
        SESSION_COOKIE_DOMAIN="localhost",
        SESSION_COOKIE_PATH="/x",
        SESSION_COOKIE_HTTPONLY=False,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_PARTITIONED=True,
    )
    cookie = client.get("/write/joe").headers["Set-Cookie"]
    assert cookie.startswith("sid=")
    for part in ("Domain=localhost", "Path=/x", "Secure", "SameSite=Strict", "Partitioned"):
        assert part in cookie
    assert "HttpOnly" not in cookie


def test_a_permanent_session_is_refreshed_by_requests_that_do_not_touch_it(app, client):
    assert "Expires" in client.get("/permanent").headers["Set-Cookie"]
    response = client.get("/untouched")
    assert "Expires" in response.headers["Set-Cookie"]
    assert response.headers["Vary"] == "Cookie"
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    response = client.get("/untouched")
    assert "Set-Cookie" not in response.headers


def test_an_emptied_session_deletes_the_cookie(client):
    client.get("/write/joe")
    response = client.get("/clear")
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert response.headers["Vary"] == "Cookie"
    assert client.get("/read").text == "None"


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", FLASK_COOKIE, "é", "." * 5000])
def test_a_cookie_that_is_not_ours_is_an_empty_session(client, cookie):
    response = client.get("/read", headers={"Cookie": f"session={cookie}"})
    assert response.text == "None"


def test_an_old_cookie_is_an_empty_session(app, client, monkeypatch):
    monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda signer: 1_000_000_000)
    client.get("/write/joe")
    monkeypatch.undo()
    assert client.get("/read").text == "None"
    app.permanent_session_lifetime = timedelta(days=36500)
    assert client.get("/read").text == "joe"


def test_without_a_key_reading_is_empty_and_writing_says_what_to_do(app, client):
    app.secret_key = None
    assert client.get("/read").text == "None"
    assert "Set-Cookie" not in client.get("/read").headers
    app.testing = True
    with pytest.raises(RuntimeError, match="no secret key"):
        client.get("/write/joe")


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.__setitem__("a", 1),
        lambda s: s.__delitem__("a"),
        lambda s: s.update(a=1),
        lambda s: s.pop("a"),
        lambda s: s.setdefault("a"),
        lambda s: s.clear(),
        lambda s: s.popitem(),
        lambda s: s.__ior__({"a": 1}),
    ],
)
def test_every_way_to_write_a_null_session_is_refused(change):
    null = SessionInterface().make_null_session(None)
    with pytest.raises(RuntimeError, match="secret key"):
        change(null)


def test_a_cookie_session_notices_changes_of_itself_only():
    opened = SecureCookieSession({"list": []})
    assert not opened.modified
    opened["list"].append(1)
    assert not opened.modified
    opened["x"] = 1
    assert opened.modified
    assert opened.accessed


class Recording(SessionInterface):
    """Keeps sessions on the server; asks for every one to be opened and saved."""

    def __init__(self):
        self.calls = []
        self.kept = SecureCookieSession({"user": "stored"})

    def open_session(self, app, request):
        self.calls.append("open")
        return self.kept

    def save_session(self, app, session, response):
        self.calls.append("save")


def test_another_interface_opens_and_saves_each_time(app, client):
    app.session_interface = Recording()
    client.get("/untouched")
    assert app.session_interface.calls == ["open", "save"]
    assert client.get("/read").text == "stored"


def test_an_interface_that_opens_nothing_gives_a_null_session(app, client):
    class Nothing(Recording):
        def open_session(self, app, request):
            return None

    app.session_interface = Nothing()
    assert client.get("/read").text == "None"
    assert app.session_interface.calls == []


def test_a_subclass_that_decides_about_saving_is_always_asked():
    class Never(SecureCookieSessionInterface):
        def save_session(self, app, session, response):
            pass

    class Renamed(SecureCookieSessionInterface):
        def get_cookie_name(self, app):
            return "other"

    assert not Never.is_lazy
    assert Renamed.is_lazy


def test_serializers_are_kept_but_not_for_ever():
    interface = SecureCookieSessionInterface()
    app = Demijohn("x")
    for number in range(100):
        app.secret_key = str(number)
        serializer = interface.get_signing_serializer(app)
        assert interface.get_signing_serializer(app) is serializer
        assert serializer.loads(serializer.dumps({"a": number})) == {"a": number}
    assert len(interface._serializers) <= 16


@pytest.mark.parametrize(
    ("key", "fallbacks"), [(bytearray(b"key"), None), ("new", [bytearray(b"key")]), (bytearray(b"new"), ("key",))]
)
def test_keys_may_be_bytearrays(app, key, fallbacks):
    app.secret_key = "key"
    interface = SecureCookieSessionInterface()
    cookie = interface.get_signing_serializer(app).dumps({"a": 1})
    app.secret_key = key
    app.config["SECRET_KEY_FALLBACKS"] = fallbacks
    serializer = interface.get_signing_serializer(app)
    assert serializer.loads(cookie) == serializer.loads(serializer.dumps({"a": 1})) == {"a": 1}
    if isinstance(key, bytearray):
        key[:] = b"another"
        with pytest.raises(itsdangerous.BadSignature):
            interface.get_signing_serializer(app).loads(serializer.dumps({"a": 1}))


def test_a_response_that_varies_already_varies_by_cookie_too(app, client):
    @app.get("/language")
    def language():
        return str(session.get("user")), {"Vary": "Accept-Language"}

    assert client.get("/language").headers["Vary"] == "Accept-Language, Cookie"


def test_expiry_is_that_of_permanent_sessions():
    interface = SecureCookieSessionInterface()
    app = SimpleNamespace(permanent_session_lifetime=timedelta(hours=1))
    opened = SecureCookieSession()
    assert interface.get_expiration_time(app, opened) is None
    opened.permanent = True
    left = interface.get_expiration_time(app, opened) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_the_key_of_a_subclass():
    class Application(Demijohn):
        secret_key = "in the body of the class"

    app = Application("x")

    @app.get("/")
    def index():
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    client = app.test_client()
    assert [client.get("/").text, client.get("/").text] == ["1", "2"]
