"""Functions of the start and the end of serving: order, contexts, errors; and under a server that does not know of them."""

import threading

import pytest

from demijohn import Demijohn, current_app, g


@pytest.fixture
def app():
    return Demijohn(__name__)


def recorded(app):
    seen = []
    app.on_startup(lambda: seen.append("startup"))
    app.on_worker_start(lambda: seen.append("worker start"))
    app.on_worker_stop(lambda: seen.append("worker stop"))
    app.on_shutdown(lambda: seen.append("shutdown"))
    return seen


def pass_through(lifecycle):
    lifecycle.startup()
    lifecycle.before_fork()
    lifecycle.worker_start()
    lifecycle.worker_stop()
    lifecycle.shutdown()


def test_each_moment_has_its_functions(app):
    seen = recorded(app)
    pass_through(app.lifecycle)
    assert seen == ["startup", "worker start", "worker stop", "shutdown"]


def test_a_moment_comes_once_until_the_end(app):
    seen = recorded(app)
    app.lifecycle.startup()
    app.lifecycle.startup()
    app.lifecycle.worker_start()
    app.lifecycle.worker_start()
    assert seen == ["startup", "worker start"]
    app.lifecycle.worker_stop()
    app.lifecycle.worker_stop()
    app.lifecycle.shutdown()
    app.lifecycle.shutdown()
    assert seen == ["startup", "worker start", "worker stop", "shutdown"]
    pass_through(app.lifecycle)
    assert seen[4:] == seen[:4], "serving may begin again"


def test_the_end_does_not_come_without_the_beginning(app):
    seen = recorded(app)
    app.lifecycle.worker_stop()
    app.lifecycle.shutdown()
    assert seen == []


def test_beginnings_in_order_ends_in_reverse(app):
    seen = []
    for number in range(3):
        app.on_startup(lambda number=number: seen.append(number))
        app.on_shutdown(lambda number=number: seen.append(-number))
    pass_through(app.lifecycle)
    assert seen == [0, 1, 2, -2, -1, 0]


def test_they_are_decorators(app):
    @app.on_startup
    def prepare():
        return "itself"

    assert prepare() == "itself"


def test_each_runs_in_a_context_of_its_own(app):
    seen = []

    @app.teardown_appcontext
    def tear_down(error):
        seen.append(("torn down", g.pop("mark", None)))

    def function():
        seen.append((current_app.name, "mark" in g))
        g.mark = True

    app.on_startup(function)
    app.on_startup(function)
    app.lifecycle.startup()
    assert seen == [(app.name, False), ("torn down", True)] * 2


def test_async_functions(app):
    seen = []

    async def begin():
        seen.append(current_app.name)

    app.on_startup(begin)
    app.on_shutdown(begin)
    pass_through(app.lifecycle)
    assert seen == [app.name] * 2


def test_before_fork_ends_the_thread_of_the_event_loop(app):
    @app.on_startup
    async def begin():
        pass

    app.lifecycle.startup()
    assert any(thread.name == "demijohn-async" for thread in threading.enumerate())
    app.lifecycle.before_fork()
    assert not any(thread.name == "demijohn-async" for thread in threading.enumerate())
    app.lifecycle.shutdown()


@pytest.mark.parametrize("moment", ["startup", "worker_start"])
def test_an_error_at_the_beginning_is_the_callers(app, moment):
    seen = []

    def fail():
        raise LookupError("no database")

    getattr(app, f"on_{moment}")(fail)
    getattr(app, f"on_{moment}")(lambda: seen.append("not reached"))
    with pytest.raises(LookupError, match="no database"):
        getattr(app.lifecycle, moment)()
    assert seen == []


def test_an_error_at_the_end_is_logged_and_keeps_nobody(app, caplog):
    seen = recorded(app)

    @app.on_worker_stop
    def fail():
        raise LookupError("cannot be closed")

    @app.on_shutdown
    def leave():
        raise SystemExit(4)

    pass_through(app.lifecycle)
    assert seen == ["startup", "worker start", "worker stop", "shutdown"]
    assert [record.exc_info[0] for record in caplog.records] == [LookupError, SystemExit]
    assert "worker_stop" in caplog.text


def test_too_late_to_be_called(app):
    recorded(app)
    app.lifecycle.startup()
    with pytest.raises(AssertionError, match="has had its startup already"):
        app.on_startup(print)
    app.on_worker_start(lambda: None)
    app.lifecycle.worker_start()
    with pytest.raises(AssertionError, match="worker_start"):
        app.on_worker_start(print)
    app.lifecycle.worker_stop()
    app.lifecycle.shutdown()


class TestUnderAnotherServer:
    @pytest.fixture
    def at_exit(self, monkeypatch):
        functions = []
        monkeypatch.setattr("atexit.register", functions.append)
        return functions

    def test_before_the_first_request(self, app, at_exit):
        seen = recorded(app)
        app.add_url_rule("/", "index", lambda: " ".join(seen))
        client = app.test_client()
        assert client.get("/").text == "startup worker start"
        assert client.get("/").text == "startup worker start"
        (end,) = at_exit
        end()
        assert seen == ["startup", "worker start", "worker stop", "shutdown"]

    def test_a_child_of_the_process_leaves_the_end_to_it(self, app, at_exit, monkeypatch):
        seen = recorded(app)
        app.test_client().get("/")
        monkeypatch.setattr("os.getpid", lambda: 1)
        at_exit[0]()
        assert seen == ["startup", "worker start"]

    def test_other_threads_wait_for_it(self, app, at_exit):
        is_starting, may_end = threading.Event(), threading.Event()
        seen = []

        @app.on_startup
        def begin():
            is_starting.set()
            assert may_end.wait(20)
            seen.append("started")

        app.add_url_rule("/", "index", lambda: seen.append("request") or "")
        threads = [threading.Thread(target=app.test_client().get, args=("/",)) for _ in range(3)]
        threads[0].start()
        assert is_starting.wait(20)
        for thread in threads[1:]:
            thread.start()
        may_end.set()
        for thread in threads:
            thread.join(20)
        assert seen == ["started", "request", "request", "request"]

    def test_a_failed_start_is_tried_again(self, app, at_exit):
        attempts = []

        @app.on_startup
        def begin():
            attempts.append(None)
            if len(attempts) == 1:
                raise LookupError("not there yet")

        app.add_url_rule("/", "index", lambda: "here")
        with pytest.raises(LookupError, match="not there yet"):
            app.test_client().get("/")
        assert app.test_client().get("/").text == "here"
        assert len(attempts) == 2

    def test_a_start_may_ask_its_own_application(self, app, at_exit):
        answers = []
        app.add_url_rule("/", "index", lambda: "warm")
        app.on_startup(lambda: answers.append(app.test_client().get("/").text))
        assert app.test_client().get("/").text == "warm"
        assert answers == ["warm"]

    def test_a_server_that_knows_is_not_doubled(self, app, at_exit):
        seen = recorded(app)
        app.add_url_rule("/", "index", lambda: "")
        app.lifecycle.startup()
        app.lifecycle.worker_start()
        app.test_client().get("/")
        assert seen == ["startup", "worker start"]
        assert at_exit == []


def test_mounted_applications_begin_and_end_with_the_outer_one(app):
    inner = Demijohn("inner")
    seen = recorded(app)
    inner.on_startup(lambda: seen.append("inner startup"))
    inner.on_worker_start(lambda: seen.append("inner worker start"))
    inner.on_worker_stop(lambda: seen.append("inner worker stop"))
    inner.on_shutdown(lambda: seen.append("inner shutdown"))
    app.mount("/inner", inner)
    app.mount("/again", inner)
    pass_through(app.lifecycle)
    assert seen == [
        "startup", "inner startup", "worker start", "inner worker start",
        "inner worker stop", "worker stop", "inner shutdown", "shutdown",
    ]  # fmt: skip
