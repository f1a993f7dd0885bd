import pytest

from demijohn import Demijohn


@pytest.fixture
def app():
    app = Demijohn("under_test", root_path="/nowhere")
    app.secret_key = "test key"
    return app


@pytest.fixture
def client(app):
    return app.test_client()
