"""Sessions in a real Redis: what a request sees and stores, what the cookie does, and who may not come back."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from demijohn import flash, get_flashed_messages, request
from demijohn.sessions import ServerSession, SessionTooLarge, session


def view(app, path):
    """Register a function that gets nothing and answers what it returns, as text."""
    return lambda function: app.add_url_rule(path, path, lambda: str(function()), methods=["GET", "POST"])


@pytest.fixture
def app(make_app):
    app = make_app()
    view(app, "/untouched")(lambda: "-")
    view(app, "/seen")(lambda: sorted(dict(session).items()))
    view(app, "/clear")(lambda: session.clear())
    view(app, "/revoke")(lambda: session.revoke())

    @app.get("/set/<name>/<value>")
    def set_value(name, value):
        session[name] = value
        return "set"

    @app.get("/login/<user>")
    def login(user):
        session.regenerate(user=user)
        return "in"

    return app


@pytest.fixture
def client(app):
    return app.test_client()


def cookie_of(client):
    cookie = client.get_cookie("session")
    return None if cookie is None else cookie.value


def keys(raw):
    return sorted(key for key in raw.keys("*") if ":user:" not in key)


def seen(client):
    return client.get("/seen").text


def test_a_session_is_an_id_in_the_cookie_and_a_hash_in_redis(client, raw):
    answer = client.get("/set/name/ada")
    session_id = cookie_of(client)
    assert len(session_id) == 43
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert answer.headers["Vary"] == "Cookie"
    (key,) = keys(raw)
    assert session_id not in key  # who reads Redis has no cookie to send
    assert raw.hget(key, "dname") == '"ada"'
    assert 30 * 86400 < raw.ttl(key) <= 31 * 86400
    assert seen(client) == "[('name', 'ada')]"


def test_types_of_tagged_json_come_back(app, client):
    values = {
        "tuple": (1, "a"), "bytes": b"\x00\xff", "markup": Markup("<b>"), "uuid": uuid.UUID(int=7),
        "date": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), "looks like a tag": {" t": [1]}, "é": "ü", "none": None,
    }  # fmt: skip
    view(app, "/store")(lambda: session.update(values))
    view(app, "/same")(lambda: dict(session) == values)
    client.get("/store")
    assert client.get("/same").text == "True"


def test_what_nobody_touches_costs_nothing(client, raw):
    answer = client.get("/untouched")
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers
    assert keys(raw) == []


def test_looking_varies_and_stores_nothing(client, raw):
    answer = client.get("/seen")
    assert answer.headers["Vary"] == "Cookie"
    assert "Set-Cookie" not in answer.headers
    assert keys(raw) == []


def test_requests_of_one_session_do_not_undo_each_other(app):
    """Sixteen at once, each reads the session first and adds a key of its own: all are there."""
    everybody_has_read = threading.Barrier(16, timeout=20)

    @app.get("/add/<name>")
    def add(name):
        len(session)
        everybody_has_read.wait()
        session[name] = 1
        return "added"

    client = app.test_client()
    client.get("/set/first/1")
    session_id = cookie_of(client)

    def ask(number):
        other = app.test_client()
        other.set_cookie("session", session_id)
        return other.get(f"/add/{number:02}").status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(ask, range(16))) == {200}
    assert seen(client).count("1)") == 16
    assert seen(client).startswith("[('00', 1)")


def test_a_key_that_another_request_removed_stays_removed(app, client):
    @app.get("/slow")
    def slow():
        assert session["a"] == "1"
        client.get("/pop")
        session["c"] = "3"
        return "done"

    view(app, "/pop")(lambda: session.pop("a"))
    client.get("/set/a/1")
    client.get("/set/b/2")
    other = app.test_client()
    other.set_cookie("session", cookie_of(client))
    other.get("/slow")
    assert seen(client) == "[('b', '2'), ('c', '3')]"


def test_change_loses_no_increment(app):
    view(app, "/count")(lambda: session.change("n", lambda n: n + 1, 0))
    client = app.test_client()
    client.get("/set/first/1")
    session_id = cookie_of(client)

    def count(_):
        other = app.test_client()
        other.set_cookie("session", session_id)
        return [int(other.get("/count").text) for _ in range(10)]

    with ThreadPoolExecutor(4) as pool:
        results = sum(pool.map(count, range(4)), [])
    assert sorted(results) == list(range(1, 41))


def test_change_of_a_session_that_is_not_stored_yet(app, client):
    view(app, "/count")(lambda: session.change("n", lambda n: n + 1, 0))
    assert [client.get("/count").text for _ in range(3)] == ["1", "2", "3"]


def test_a_change_inside_of_a_value_is_stored_if_it_is_said(app, client):
    def grow(says):
        session["list"].append(1)
        session.modified = session.modified or says

    view(app, "/begin")(lambda: session.update(list=[]))
    view(app, "/silently")(lambda: grow(False))
    view(app, "/saying")(lambda: grow(True))
    client.get("/begin")
    client.get("/silently")
    assert seen(client) == "[('list', [])]"
    client.get("/saying")
    assert seen(client) == "[('list', [1])]"


def test_flashes(app, client):
    view(app, "/flash")(lambda: flash("hello"))
    view(app, "/flashed")(lambda: get_flashed_messages())
    client.get("/flash")
    assert client.get("/flashed").text == "['hello']"
    assert client.get("/flashed").text == "[]"


def test_emptied(client, raw):
    client.get("/set/a/1")
    answer = client.get("/clear")
    assert cookie_of(client) is None
    assert answer.headers["Vary"] == "Cookie"
    assert keys(raw) == []


def test_clear_takes_the_user_too(client, raw):
    client.get("/login/ada")
    client.get("/clear")
    assert raw.keys("*") == []


def test_revoked_at_once_and_for_good(app, client, raw):
    client.get("/set/a/1")
    thief = app.test_client()
    thief.set_cookie("session", cookie_of(client))
    client.get("/revoke")
    assert keys(raw) == []
    assert cookie_of(client) is None
    assert seen(thief) == "[]"


def test_what_is_set_after_revoke_begins_a_new_session(app, client, raw):
    @app.get("/logout")
    def logout():
        session.revoke()
        flash("bye")
        return "out"

    client.get("/login/ada")
    before = cookie_of(client)
    client.get("/logout")
    assert cookie_of(client) not in (None, before)
    assert seen(client) == "[('_flashes', [('message', 'bye')])]"
    assert len(keys(raw)) == 1


def test_a_request_in_flight_does_not_bring_a_revoked_session_back(app, client, raw):
    @app.get("/slow")
    def slow():
        session["a"] = "2"
        client.get("/revoke")
        return "done"

    client.get("/set/a/1")
    other = app.test_client()
    other.set_cookie("session", cookie_of(client))
    answer = other.get("/slow")
    assert keys(raw) == []
    # Nor does it touch the cookie: the browser may have a newer one.
    assert "Set-Cookie" not in answer.headers


def test_login_gives_a_new_id_and_keeps_what_is_in_it(app, client, raw):
    client.get("/set/cart/3")
    before = cookie_of(client)
    client.get("/login/ada")
    assert cookie_of(client) != before
    assert seen(client) == "[('cart', '3')]"
    assert len(keys(raw)) == 1
    old = app.test_client()
    old.set_cookie("session", before)
    assert seen(old) == "[]"


def test_login_before_anything_was_stored(app, client):
    view(app, "/who")(lambda: session.user)
    client.get("/login/ada")
    assert client.get("/who").text == "ada"


def test_a_slow_answer_does_not_bring_the_id_of_before_a_login_back(app, client):
    @app.get("/slow")
    def slow():
        session["slow"] = 1
        return "done"

    client.get("/set/a/1")
    assert "Set-Cookie" not in client.get("/slow").headers


@pytest.mark.parametrize("made_up", ["A" * 43, "a/../b", "x", "é" * 43, "A" * 44])
def test_an_id_that_the_client_made_up_is_not_used(client, made_up):
    client.get("/untouched")
    client.set_cookie("session", made_up)
    client.get("/set/a/1")
    assert cookie_of(client) != made_up
    assert len(cookie_of(client)) == 43


def test_all_sessions_of_a_user(app, raw):
    view(app, "/others")(lambda: session.revoke_others())
    view(app, "/who")(lambda: session.user)
    clients = [app.test_client() for _ in range(4)]
    for number, client in enumerate(clients):
        client.get("/login/" + ("eve" if number == 3 else "ada"))
    assert clients[0].get("/others").text == "2"
    assert [client.get("/who").text for client in clients] == ["ada", "None", "None", "eve"]
    assert app.session_interface.revoke_user(app, "ada") == 1
    assert app.session_interface.revoke_user(app, "ada") == 0
    assert clients[0].get("/who").text == "None"
    assert raw.keys("session:user:*") == ["session:user:eve"]


def test_a_session_changes_its_user(app, client, raw):
    client.get("/login/ada")
    client.get("/login/eve")
    assert app.session_interface.revoke_user(app, "ada") == 0
    assert app.session_interface.revoke_user(app, "eve") == 1
    assert raw.keys("*") == []


def test_keys_are_text(app, client):
    @app.get("/bad")
    def bad():
        with pytest.raises(TypeError, match="not 1"):
            session[1] = "one"
        with pytest.raises(KeyError):
            del session["missing"]
        return "refused"

    assert client.get("/bad").text == "refused"


def test_new(app, client):
    view(app, "/new")(lambda: session.new)
    assert client.get("/new").text == "True"
    client.get("/set/a/1")
    assert client.get("/new").text == "False"


def test_the_representation_has_no_secret(app, client):
    view(app, "/repr")(lambda: repr(session))
    client.get("/set/a/1")
    assert cookie_of(client) not in client.get("/repr").text


def test_session_transaction(app, client):
    with client.session_transaction() as stored:
        assert isinstance(stored, ServerSession)
        stored["a"] = "1"
    assert seen(client) == "[('a', '1')]"


def test_lifetimes(make_app, raw):
    app = make_app(SESSION_IDLE_LIFETIME=100, PERMANENT_SESSION_LIFETIME=timedelta(seconds=1000))

    @app.get("/set/<permanent>")
    def set_permanent(permanent):
        session.permanent = permanent == "yes"
        return "set"

    client = app.test_client()
    assert "Expires" not in client.get("/set/no").headers["Set-Cookie"]
    (key,) = keys(raw)
    assert 90 < raw.ttl(key) <= 100
    assert "Expires" in client.get("/set/yes").headers["Set-Cookie"]
    assert 990 < raw.ttl(key) <= 1000
    assert "Expires" not in client.get("/set/no").headers["Set-Cookie"]
    assert 90 < raw.ttl(key) <= 100


@pytest.mark.parametrize("refreshes", [True, False])
def test_use_lets_it_live_on_or_not(make_app, raw, refreshes):
    app = make_app(SESSION_IDLE_LIFETIME=1000, SESSION_REFRESH_EACH_REQUEST=refreshes)
    view(app, "/set")(lambda: session.update(a=1))
    view(app, "/read")(lambda: session["a"])
    client = app.test_client()
    client.get("/set")
    (key,) = keys(raw)
    raw.expire(key, 10)
    client.get("/read")
    assert (raw.ttl(key) > 10) is refreshes
    client.get("/set")
    assert raw.ttl(key) > 10


def test_a_permanent_session_that_nobody_touches_lives_on(make_app, raw):
    app = make_app()
    view(app, "/set")(lambda: setattr(session, "permanent", True))
    view(app, "/untouched")(lambda: "-")
    client = app.test_client()
    client.get("/set")
    (key,) = keys(raw)
    raw.expire(key, 10)
    answer = client.get("/untouched")
    assert "Expires" in answer.headers["Set-Cookie"]
    assert answer.headers["Vary"] == "Cookie"
    assert raw.ttl(key) > 10


def test_no_session_outlives_the_absolute_lifetime(make_app, raw):
    app = make_app(SESSION_ABSOLUTE_LIFETIME=1000)
    view(app, "/login")(lambda: session.regenerate(user="ada"))
    view(app, "/who")(lambda: session.user)
    client = app.test_client()
    client.get("/login")
    (key,) = keys(raw)
    assert raw.ttl(key) <= 1000
    # As if it had begun 990 seconds ago, and then 1001.
    raw.hincrby(key, "c", -990_000)
    assert client.get("/who").text == "ada"
    assert raw.ttl(key) <= 10
    raw.hincrby(key, "c", -11_000)
    assert client.get("/who").text == "None"
    assert raw.keys("*") == []


def test_too_large(make_app, raw):
    app = make_app(SESSION_MAX_BYTES=1000, TESTING=True)

    @app.get("/set/<int:size>")
    def set_size(size):
        session["a"] = "x" * size
        return "set"

    view(app, "/change")(lambda: session.change("a", lambda a: a + "x" * 100))
    client = app.test_client()
    assert client.get("/set/900").status_code == 200
    with pytest.raises(SessionTooLarge, match="1003 bytes"):
        client.get("/change")
    with pytest.raises(SessionTooLarge, match="SESSION_MAX_BYTES"):
        client.get("/set/1000")
    assert raw.hstrlen(keys(raw)[0], "da") == 902


def test_a_value_that_is_no_json_ends_the_session(client, raw, caplog):
    client.get("/set/a/1")
    raw.hset(keys(raw)[0], "da", "{")
    assert seen(client) == "[]"
    assert "cannot be read" in caplog.text
    client.get("/set/a/2")
    assert seen(client) == "[('a', '2')]"


def test_prefixes_keep_applications_apart(make_app):
    clients = []
    for prefix in ("one:", "two:"):
        app = make_app(SESSION_REDIS_PREFIX=prefix)
        view(app, "/set")(lambda: session.update(path=request.path))
        view(app, "/read")(lambda: session.get("path"))
        clients.append(app.test_client())
    clients[0].get("/set")
    clients[1].set_cookie("session", cookie_of(clients[0]))
    assert [client.get("/read").text for client in clients] == ["/set", "None"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("SESSION_REDIS_URL", "localhost:secret", "must begin with redis://"),
        ("SESSION_REDIS_DOWN", "ignore", "'fail' or 'empty'"),
        ("SESSION_REDIS_TIMEOUT", 0, "more than 0"),
        ("SESSION_REDIS_PAUSE", -1, "negative"),
        ("SESSION_MAX_BYTES", 0, "at least 1"),
        ("SESSION_IDLE_LIFETIME", timedelta(0), "more than 0"),
        ("SESSION_ABSOLUTE_LIFETIME", -5, "more than 0"),
    ],
)
def test_settings_that_are_not_possible(make_app, key, value, message):
    app = make_app(TESTING=True, **{key: value})
    view(app, "/seen")(lambda: len(session))
    with pytest.raises(ValueError, match=message) as raised:
        app.test_client().get("/seen")
    assert "secret" not in str(raised.value)
