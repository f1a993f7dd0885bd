"""Redis that is not there, goes away, comes back or does not answer; and processes that fork."""

import os
import time

import pytest
from services import Redis

from demijohn import Demijohn
from demijohn.sessions import RedisSessionInterface, SessionUnavailable, session
from demijohn.sessions.settings import RedisSessionSettings
from demijohn.sessions.store import RedisStore


@pytest.fixture
def redis(place):
    return Redis(place)


@pytest.fixture
def make_app(redis):
    made = []

    def make(**config):
        app = Demijohn("under_test", root_path="/nowhere")
        app.config.update({"SESSION_REDIS_URL": redis.url, **config})
        app.session_interface = RedisSessionInterface()
        made.append(app)

        @app.get("/untouched")
        def untouched():
            return "-"

        @app.get("/read")
        def read():
            return str(session.get("n"))

        @app.get("/write")
        def write():
            session["n"] = 1
            return "written"

        @app.get("/dies")
        def dies():
            session["n"] = 2
            redis.stop()
            return "written"

        @app.errorhandler(503)
        def unavailable(error):
            # A page's layout looks into the session, too.
            return f"later, {session.get('n')}", 503, error.get_headers()

        return app

    yield make
    for app in made:
        app.session_interface.close(app)


def test_down(make_app, redis, caplog):
    client = make_app().test_client()
    client.get("/write")
    redis.stop()
    for path in ("/read", "/write"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (503, "later, None")
        assert answer.headers["Retry-After"] == "1"
        assert "Set-Cookie" not in answer.headers
    assert client.get("/untouched").status_code == 200
    assert caplog.text.count("Sessions are unavailable") == 1
    redis.start()
    assert client.get("/write").status_code == 200
    assert client.get("/read").text == "1"
    assert caplog.text.count("answers again") == 1


def test_down_and_empty(make_app, redis):
    client = make_app(SESSION_REDIS_DOWN="empty").test_client()
    client.get("/write")
    redis.stop()
    assert client.get("/read").text == "None"
    assert client.get("/write").status_code == 503
    # The cookie is still worth something.
    assert client.get_cookie("session") is not None


@pytest.mark.parametrize("down", ["fail", "empty"])
def test_it_dies_during_a_request(make_app, down):
    """The view has run, but what it changed is lost: the client must hear of it."""
    client = make_app(SESSION_REDIS_DOWN=down).test_client()
    client.get("/write")
    answer = client.get("/dies")
    assert answer.status_code == 503
    assert "written" not in answer.text


def test_a_restart_between_two_requests_is_not_noticed(make_app, redis):
    client = make_app().test_client()
    assert client.get("/write").status_code == 200
    redis.stop()
    redis.start()
    assert client.get("/write").status_code == 200


def test_who_does_not_answer_keeps_one_request_waiting(make_app, redis):
    app = make_app(SESSION_REDIS_TIMEOUT=0.1, SESSION_REDIS_PAUSE=60)
    client = app.test_client()
    client.get("/write")
    redis.suspend()
    try:
        assert client.get("/read").status_code == 503
    finally:
        redis.resume()
    # It would answer now, but is not asked for a minute.
    assert client.get("/read").status_code == 503


def test_the_pause_ends(redis):
    now = 1000.0
    settings = RedisSessionSettings(redis_url=redis.url, redis_timeout=0.1, redis_pause=5)
    store = RedisStore(settings, 60, monotonic=lambda: now)
    redis.suspend()
    try:
        with pytest.raises(SessionUnavailable):
            store.load("x", prolong=False)
    finally:
        redis.resume()
    with pytest.raises(SessionUnavailable):
        store.load("x", prolong=False)
    now += 5
    assert store.load("x", prolong=False) is None
    store.close()


def test_no_memory_left(make_app, redis):
    import redis as library

    client = make_app().test_client()
    client.get("/write")
    raw = library.Redis.from_url(redis.url)
    raw.config_set("maxmemory", 1)
    assert client.get("/write").status_code == 503
    raw.close()


def test_a_forked_process_has_connections_of_its_own(redis):
    store = RedisStore(RedisSessionSettings(redis_url=redis.url), 60)
    saved = store.save("parent", None, user="", clears=False, removed=[], changed={"who": '"parent"'})
    assert saved == 2
    pid = os.fork()
    if not pid:
        code = 1
        try:
            for _ in range(50):
                assert store.load("parent", prolong=True) == ({"who": '"parent"'}, None)
            code = 0
        finally:
            os._exit(code)
    for _ in range(50):
        assert store.load("parent", prolong=True) == ({"who": '"parent"'}, None)
    assert os.waitpid(pid, 0)[1] == 0
    store.close()


def test_saving_again_after_a_lost_answer_does_no_harm(redis):
    store = RedisStore(RedisSessionSettings(redis_url=redis.url), 60)
    for _ in range(2):
        assert store.save("a", None, user="=ada", clears=False, removed=[], changed={"n": "1"}) == 2
    for _ in range(2):
        assert store.save("b", "a", user="", clears=False, removed=[], changed={"n": "2"}) == 2
    assert store.load("a", prolong=False) is None
    assert store.load("b", prolong=False) == ({"n": "2"}, "ada")
    store.close()


def test_expired(redis):
    store = RedisStore(RedisSessionSettings(redis_url=redis.url, idle_lifetime=0.05), 60)
    store.save("a", None, user="=ada", clears=False, removed=[], changed={"n": "1"})
    deadline = time.monotonic() + 20
    while store.load("a", prolong=False) is not None:
        assert time.monotonic() < deadline
    assert store.save("a", "a", user="", clears=False, removed=[], changed={"n": "2"}) == 0
    assert store.revoke("a") is False
    store.close()
