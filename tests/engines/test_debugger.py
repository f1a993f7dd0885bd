"""Errors of streams through the debugger, on every runner: a page as long as nothing is out, a cut answer then."""

import http.client

import pytest
from engines.serving import serving

from demijohn import Demijohn, request, stream_with_context
from demijohn.debug import DebuggedApplication
from demijohn.doors.choose import handler_for


@pytest.fixture
def app():
    app = Demijohn(__name__)
    app.debug = True

    @app.get("/stream/<int:before>")
    def stream(before):
        def body():
            for _ in range(before):
                yield "x" * 10
            raise ValueError("in the stream")

        return stream_with_context(body())

    @app.post("/upload", stream_body=True)
    def upload():
        return str(len(request.stream.read()))

    return app


def get(address, path, **headers):
    connection = http.client.HTTPConnection(*address, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_streams(app, runner):
    with serving(handler_for(DebuggedApplication(app, evalex=True)), runner) as running:
        status, page = get(running.address, "/stream/0", Accept="text/html", Host="localhost")
        assert status == 500
        assert "in the stream" in page and "data-secret" in page
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            get(running.address, "/stream/2")
        connection = http.client.HTTPConnection(*running.address, timeout=20)
        connection.request("POST", "/upload", b"y" * 100_000)
        with connection.getresponse() as answer:
            assert answer.read() == b"100000"
        connection.close()
