import logging

import pytest

from demijohn import Demijohn, RequestIdFilter, request, request_id
from demijohn.seam import is_request_id, new_request_id
from demijohn.testing.exchange import RecordingExchange


@pytest.fixture
def app():
    app = Demijohn(__name__)

    @app.get("/")
    def index():
        return {"one": request_id(), "two": request.request_id}

    return app


def test_ids_are_new_and_could_come_back():
    ids = {new_request_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(map(is_request_id, ids))


@pytest.mark.parametrize("text", ["", "a" * 129, "a b", "a\n", "a\r\nb", '"', "a,b", "ä", "a;b", "<b>"])
def test_what_is_no_id(text):
    assert not is_request_id(text)


def test_there_is_none_outside_of_requests(app):
    assert request_id() is None
    with app.app_context():
        assert request_id() is None


def test_it_is_the_same_wherever_it_is_asked_for(app):
    answer = app.test_client().get("/").json
    assert answer["one"] == answer["two"]
    assert is_request_id(answer["one"])
    assert app.test_client().get("/").json["one"] != answer["one"]


def test_the_environ_says_it(app):
    environ = {"demijohn.request_id": "from-outside"}
    assert app.test_client().get("/", environ_base=environ).json == {"one": "from-outside", "two": "from-outside"}
    with app.test_request_context("/"):
        made = request.request_id
        assert request.environ["demijohn.request_id"] == made


def test_the_exchange_says_it(app):
    from demijohn.doors.choose import handler_for

    exchange = RecordingExchange().run(handler_for(app))
    assert exchange.request_id.encode() in exchange.body_sent


def test_log_records_get_it(app, caplog):
    caplog.handler.addFilter(filter := RequestIdFilter())
    try:
        with app.test_request_context("/"):
            app.logger.error("inside")
            expected = request.request_id
        logging.getLogger("other").error("outside")
        logging.getLogger("other").error("given", extra={"request_id": "mine"})
    finally:
        caplog.handler.removeFilter(filter)
    assert [record.request_id for record in caplog.records] == [expected, "-", "mine"]
