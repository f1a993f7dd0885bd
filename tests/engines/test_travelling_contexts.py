"""Contexts that leave the view and contexts that are left behind: over real sockets, in every runner, through both doors.

The reproducers of flask#6123, #5252 and #5396, what a careless view or generator leaves, and ten thousand abandoned streams.
"""

import gc
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, copy_current_request_context, g, has_app_context, request, session, stream_with_context
from demijohn.app.globals import _cv_app
from demijohn.doors.choose import handler_for


@pytest.fixture(params=["native", "wsgi"])
def door(request):
    return request.param


class Site:
    """An application that counts its teardowns by token, and a handler that looks at its thread before and after each request."""

    def __init__(self):
        self.app = app = Demijohn("site")
        app.secret_key = "k"
        self.leaks = []
        self.torn_down = Counter()
        self._news = threading.Condition()
        app.before_request(self.begin)
        app.teardown_request(self.tear_down)
        app.add_url_rule("/context", "context", lambda: str(getattr(g, "mine", "clean")))

    def begin(self):
        g.token = request.args.get("token", request.path)

    def tear_down(self, error):
        if "token" not in g:
            return  # a copy of the context for another thread: its `g` is its own, and so is its teardown
        with self._news:
            self.torn_down[g.token] += 1
            self._news.notify_all()

    def wait_torn_down(self, count):
        with self._news:
            assert self._news.wait_for(lambda: sum(self.torn_down.values()) >= count, TIMEOUT), self.torn_down

    def handler(self, door):
        answer = handler_for(self.app, door)

        def handle(exchange):
            if _cv_app.get(None) is not None:
                self.leaks.append(("before", exchange.head.target, _cv_app.get()))
            answer(exchange)
            if _cv_app.get(None) is not None:
                self.leaks.append(("after", exchange.head.target, _cv_app.get()))

        return handle


@pytest.fixture
def site():
    site = Site()
    yield site
    assert site.leaks == []
    assert _cv_app.get(None) is None


class TestAbandonedGenerators:
    """flask#6123: a generator that nobody finishes is finalised by the garbage collector, on whatever thread that runs."""

    @pytest.fixture
    def ends(self, site):
        """How the abandoned generators ended: (thread, token, had its context)."""
        ends = []

        def make_stream():
            token = request.args["token"]

            @stream_with_context
            def stream():
                try:
                    yield token
                    yield "never"
                finally:
                    ends.append((threading.get_ident(), token, "token" in g if has_app_context() else None))

            return stream()

        @site.app.get("/circle")
        def circle():
            circle = [make_stream()]
            circle.append(circle)
            return next(circle[0])

        site.held = []

        @site.app.get("/held")
        def held():
            site.held.append(make_stream())
            return next(site.held[-1])

        return ends

    @pytest.fixture
    def no_gc(self):
        gc.collect()
        gc.disable()
        yield
        gc.enable()

    def test_in_a_circle_of_objects(self, runner, door, site, ends, no_gc):
        with serving(site.handler(door), runner) as running, Client(running) as client:
            for number in range(5):
                assert client.get(f"/circle?token=t{number}").body == f"t{number}".encode()
            assert site.torn_down == {}, "it is only put off"
            gc.collect()
            assert not has_app_context(), "this thread, which ended them, got nothing of theirs"
            here = threading.get_ident()
            # The collector calls finalisers in any order: the generator's own may come before its context's.
            assert sorted(one[:2] for one in ends) == [(here, f"t{number}") for number in range(5)]
            assert site.torn_down == {f"t{number}": 1 for number in range(5)}
            assert client.get("/context").body == b"clean"

    def test_by_whoever_lets_go_last(self, runner, door, site, ends, no_gc):
        with serving(site.handler(door), runner) as running, Client(running) as client:
            for number in range(5):
                client.get(f"/held?token=t{number}")
            assert site.torn_down == {}
            site.held.clear()
            assert not has_app_context()
            here = threading.get_ident()
            assert sorted(ends) == [(here, f"t{number}", True) for number in range(5)], "in its own context"
            assert site.torn_down == {f"t{number}": 1 for number in range(5)}

    @pytest.mark.parametrize("how", ["circle", "held"])
    def test_on_a_thread_that_is_at_work_itself(self, runner, door, site, ends, no_gc, how):
        @site.app.get("/collect")
        def collect():
            g.mine = "still here"
            site.held.clear()
            gc.collect()
            return f"{g.mine} {request.path}"

        with serving(site.handler(door), runner) as running, Client(running) as client:
            client.get(f"/{how}?token=t")
            assert client.get("/collect").body == b"still here /collect"
            assert site.torn_down["t"] == 1
            assert [token for _, token, _ in ends] == ["t"]

    def test_the_client_goes_away(self, runner, door, site):
        @site.app.get("/endless")
        def endless():
            @stream_with_context
            def stream():
                while True:
                    yield request.args["token"].encode() * 10_000

            return stream()

        with serving(site.handler(door), runner) as running:
            for number in range(20):
                with Client(running) as client:
                    client.send(f"GET /endless?token=t{number} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
                    assert client.read_head()[0] == 200
            site.wait_torn_down(20)
        assert site.torn_down == {f"t{number}": 1 for number in range(20)}


class TestCopies:
    """flask#5252, #5396: one decorated function in many threads at once, each with a context of its own."""

    def test_map_of_a_pool(self, runner, door, site):
        with ThreadPoolExecutor(8) as pool:

            @site.app.get("/map")
            def in_pool():
                session["name"] = request.args["token"]

                @copy_current_request_context
                def work(number):
                    had = hasattr(g, "mine")
                    g.mine = number
                    time.sleep(0)
                    return f"{request.args['token']}-{session['name']}-{g.mine}-{had}"

                return ",".join(pool.map(work, range(50)))

            def ask(client, token):
                answer = client.get(f"/map?token={token}").body.decode()
                assert answer == ",".join(f"{token}-{token}-{number}-False" for number in range(50))

            with serving(site.handler(door), runner) as running:
                for round_number in range(5):
                    with Client(running) as first, Client(running) as second, ThreadPoolExecutor(2) as clients:
                        list(clients.map(ask, (first, second), (f"a{round_number}", f"b{round_number}")))
                # The pool's threads are as they were.
                assert not any(pool.map(lambda _: has_app_context(), range(50)))

    def test_it_goes_on_when_the_view_has_returned(self, runner, door, site):
        may_go_on = threading.Event()
        with ThreadPoolExecutor(2) as pool:
            later = []

            @site.app.get("/later")
            def view():
                @copy_current_request_context
                def work(number):
                    assert may_go_on.wait(TIMEOUT)
                    return f"{request.args['token']} {request.path} {number}"

                later.append(pool.map(work, range(4)))
                return "answered"

            with serving(site.handler(door), runner) as running, Client(running) as client:
                assert client.get("/later?token=t").body == b"answered"
                assert client.get("/context").body == b"clean"
                may_go_on.set()
                assert list(later[0]) == [f"t /later {number}" for number in range(4)]
            assert not any(pool.map(lambda _: has_app_context(), range(10)))

    def test_the_same_function_within_itself(self, runner, door, site):
        @site.app.get("/nested")
        def view():
            @copy_current_request_context
            def work(depth):
                g.mine = depth
                inner = work(depth - 1) if depth else ""
                return f"{inner}{g.mine}"

            with ThreadPoolExecutor(4) as pool:
                return " ".join([*pool.map(work, [3] * 4), work(2)])

        with serving(site.handler(door), runner) as running, Client(running) as client:
            assert client.get("/nested").body == b"0123 0123 0123 0123 012"


class TestLeftBehind:
    """What is pushed and not popped costs a line in the log, and no other request notices."""

    @pytest.mark.parametrize("kind", ["app_context", "test_request_context"])
    def test_by_a_view(self, runner, door, site, caplog, kind):
        @site.app.get("/careless")
        def careless():
            getattr(site.app, kind)().push()
            g.mine = "left over"
            return "x"

        with serving(site.handler(door), runner) as running, Client(running) as client:
            for _ in range(3):
                assert client.get("/careless").body == b"x"
                assert client.get("/context").body == b"clean"
        found = [record.getMessage() for record in caplog.records if "was not popped" in record.getMessage()]
        assert len(found) == 3
        assert all("test_travelling_contexts.py:" in message for message in found), "the place is named"

    def test_by_a_function_that_is_called_when_the_response_is_closed(self, runner, door, site, caplog):
        @site.app.get("/careless")
        def careless():
            response = site.app.make_response("x")
            response.call_on_close(lambda: site.app.app_context().push())
            return response

        with serving(site.handler(door), runner) as running, Client(running) as client:
            for _ in range(3):
                assert client.get("/careless").body == b"x"
                assert client.get("/context").body == b"clean"
        if door == "native":  # through WSGI the call has a contextvars.Context of its own, which is thrown away
            assert caplog.text.count("test_travelling_contexts.py:") == 3

    def test_by_a_generator_between_two_chunks(self, runner, door, site):
        """Its own `with` block spans chunks, which may be pulled on different threads."""

        ended = threading.Semaphore(0)
        site.app.teardown_appcontext(lambda error: ended.release() if "spans" in g else None)

        @site.app.get("/spans")
        def spans():
            def stream():
                with site.app.app_context():
                    g.spans = "many chunks"
                    for _ in range(60):
                        yield b"x" * 65536
                        assert g.spans == "many chunks"

            return stream()

        with serving(site.handler(door), runner, threads=4) as running:
            with Client(running) as slow, Client(running) as other:
                slow.send(b"GET /spans HTTP/1.1\r\nHost: test\r\n\r\n")
                for _ in range(20):
                    assert other.get("/context").body == b"clean"
                assert len(slow.read_answer("GET").body) == 60 * 65536
                assert ended.acquire(timeout=TIMEOUT)
            with Client(running) as gone:
                gone.send(b"GET /spans HTTP/1.1\r\nHost: test\r\n\r\n")
                gone.read_head()
            assert ended.acquire(timeout=TIMEOUT)
        assert not ended.acquire(blocking=False)


@pytest.mark.slow
def test_ten_thousand_abandoned_streams(runner, site):
    """A third of them in each runner: every one is torn down once, and no thread keeps anything."""
    count = 3334

    @site.app.get("/endless")
    def endless():
        @stream_with_context
        def stream():
            block = request.args["token"].encode() * 4000
            while True:
                yield block

        return stream()

    def abandon(numbers):
        for number in numbers:
            with running.connect() as sock:
                sock.sendall(f"GET /endless?token=t{number} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
                assert sock.recv(1000).startswith(b"HTTP/1.1 200")

    with serving(site.handler("native"), runner, threads=4) as running:
        with ThreadPoolExecutor(4) as clients:
            list(clients.map(abandon, [range(start, count, 4) for start in range(4)]))
        site.wait_torn_down(count)
        with ThreadPoolExecutor(8) as clients:

            def look(_):
                with Client(running) as client:
                    return client.get("/context").body

            assert set(clients.map(look, range(40))) == {b"clean"}
    assert site.torn_down.pop("/context") == 40
    assert len(site.torn_down) == count
    assert set(site.torn_down.values()) == {1}
