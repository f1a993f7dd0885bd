import pytest
from services import Place, Redis

from demijohn import Demijohn
from demijohn.sessions import RedisSessionInterface


@pytest.fixture(scope="package")
def _redis():
    own = Place()
    try:
        yield Redis(own)
    finally:
        own.clean_up()


@pytest.fixture
def raw(_redis):
    """A client of the server that the sessions are in, which is empty."""
    import redis

    client = redis.Redis.from_url(_redis.url, decode_responses=True)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def make_app(_redis, raw):
    made = []

    def make(**config):
        app = Demijohn("under_test", root_path="/nowhere")
        app.config.update({"SESSION_REDIS_URL": _redis.url, **config})
        app.session_interface = RedisSessionInterface()
        made.append(app)
        return app

    yield make
    for app in made:
        app.session_interface.close(app)
