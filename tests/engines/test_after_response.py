"""`app.after_response` over real sockets: the client has its whole answer before, whatever the runner and the answer's size."""

import threading

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, request
from demijohn.app.globals import _cv_app
from demijohn.doors.choose import handler_for

pytestmark = pytest.mark.over_tls

SIZE = 20 << 20  # more than socket buffers take: the rest is sent while the client reads


class Held:
    """An application whose functions behind the answer wait until the test lets them go on."""

    def __init__(self):
        self.app = app = Demijohn(__name__)
        self.may_go_on = threading.Event()
        self.seen = []
        self.is_done = threading.Event()
        app.add_url_rule("/small", "small", lambda: self.answer("small"))
        app.add_url_rule("/big", "big", lambda: self.answer(b"x" * SIZE))
        app.add_url_rule("/stream", "stream", lambda: self.answer(b"x" * 65536 for _ in range(100)))
        app.add_url_rule("/broken", "broken", self.broken)
        app.teardown_request(lambda error: self.seen.append("teardown"))

    def answer(self, what):
        self.app.after_response(self.behind)
        return what

    def broken(self):
        self.app.after_response(self.behind)
        raise SystemExit("as bad as it gets")

    def behind(self):
        assert self.may_go_on.wait(TIMEOUT)
        self.seen.append(request.path)
        self.is_done.set()


@pytest.fixture
def held():
    held = Held()
    yield held
    held.may_go_on.set()


@pytest.fixture(params=["native", "wsgi"])
def door(request):
    return request.param


@pytest.mark.parametrize("path, length", [("/small", 5), ("/big", SIZE), ("/stream", 6553600), ("/broken", None)])
def test_the_whole_answer_comes_first(runner, door, held, path, length):
    with serving(handler_for(held.app, door), runner) as running, Client(running) as client:
        # Nothing lets the function go on before the client has read the last byte.
        answer = client.get(path)
        assert length is None or len(answer.body) == length
        assert held.seen == []
        held.may_go_on.set()
        assert held.is_done.wait(TIMEOUT)
    assert held.seen == [path, "teardown"]
    assert _cv_app.get(None) is None


def test_a_client_that_goes_away(runner, door, held):
    held.may_go_on.set()
    with serving(handler_for(held.app, door), runner) as running:
        with Client(running) as client:
            client.send(b"GET /big HTTP/1.1\r\nHost: test\r\n\r\n")
            client.sock.recv(1)
        assert held.is_done.wait(TIMEOUT)
    assert held.seen == ["/big", "teardown"]


def test_the_connection_goes_on_afterwards(runner, door, held):
    held.may_go_on.set()
    with serving(handler_for(held.app, door), runner) as running, Client(running) as client:
        for _ in range(3):
            assert client.get("/small").body == b"small"
    assert held.seen == ["/small", "teardown"] * 3


def test_an_orderly_stop_waits_for_it(runner, door, held):
    with serving(handler_for(held.app, door), runner, drain_idle_grace=0) as running:
        with Client(running) as client:
            client.get("/small")
            running.server.shutdown()
            assert running.thread.is_alive()
            held.may_go_on.set()
        running.thread.join(TIMEOUT)
        assert held.seen == ["/small", "teardown"]


def test_other_clients_are_answered_meanwhile(threaded_runner, held):
    with serving(handler_for(held.app), threaded_runner, threads=2) as running:
        with Client(running) as first, Client(running) as second:
            first.get("/small")
            second.sock.settimeout(TIMEOUT)
            assert second.get("/small").body == b"small"
            held.may_go_on.set()
    assert held.seen.count("teardown") == 2


def test_several_applications_behind_one_answer(runner, door):
    """One asks another within its request, and hands on the environ with all that the server put into it."""
    inner, outer = Held(), Held()
    inner.may_go_on.set()
    outer.may_go_on.set()

    @outer.app.get("/nested")
    def nested():
        body = inner.app({**request.environ, "PATH_INFO": "/small"}, lambda status, headers, exc_info=None: None)
        text = b"".join(body)
        body.close()
        return outer.answer(text)

    with serving(handler_for(outer.app, door), runner) as running, Client(running) as client:
        assert client.get("/nested").body == b"small"
        assert outer.is_done.wait(TIMEOUT)
    assert outer.seen == ["/nested", "teardown"]
    assert sorted(inner.seen) == ["/small", "teardown"]


def test_what_it_raises_ends_nothing(runner, door, caplog):
    app = Demijohn(__name__)
    seen = []

    @app.get("/")
    def index():
        app.after_response(int, "x")
        app.after_response(seen.append, "second")
        return "x"

    @app.get("/exit")
    def leave():
        app.after_response(raise_system_exit)
        return "x"

    def raise_system_exit():
        raise SystemExit(1)

    with serving(handler_for(app, door), runner) as running, Client(running) as client:
        for path in ("/", "/exit", "/"):
            assert client.get(path).body == b"x"
    assert seen == ["second"] * 2
    assert [record.exc_info[0] for record in caplog.records] == [ValueError, SystemExit, ValueError]
