import asyncio
import contextvars
import gc
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from demijohn import (
    Response,
    after_this_request,
    copy_current_request_context,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
    stream_with_context,
)
from demijohn.seam import ClientDisconnected
from demijohn.testing import RecordingExchange


def test_a_copied_context_serves_many_threads_at_once(app, client):
    barrier = threading.Barrier(8, timeout=10)

    @app.get("/")
    def view():
        session["user"] = "joe"

        @copy_current_request_context
        def work(number):
            g.number = number
            barrier.wait()
            return g.number == number and request.args["a"] == "b" and session["user"] == "joe"

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(work, range(8)))
            left_over = list(pool.map(lambda _: has_app_context(), range(8)))
        return {"results": results, "left_over": left_over}

    assert client.get("/?a=b").json == {"results": [True] * 8, "left_over": [False] * 8}


def test_a_copied_context_outlives_the_request(app, client):
    go = threading.Event()
    seen = []

    @app.get("/")
    def view():
        @copy_current_request_context
        def work():
            go.wait(10)
            seen.append(request.path)

        thread = threading.Thread(target=work)
        thread.start()
        seen.append(thread)
        return "-"

    client.get("/")
    go.set()
    seen[0].join()
    assert seen[1:] == ["/"]


def test_a_copied_context_in_tasks(app, client):
    @app.get("/")
    async def view():
        @copy_current_request_context
        async def work(number):
            g.number = number
            await asyncio.sleep(0)
            return [g.number, request.path]

        return await asyncio.gather(*(asyncio.create_task(work(number)) for number in range(3)))

    assert client.get("/").json == [[0, "/"], [1, "/"], [2, "/"]]


def test_a_copied_context_in_one_of_the_application_has_its_namespace(app):
    """Flask-Executor pushes one, with a copy of `g`, around the copied request."""
    torn = []
    app.teardown_appcontext(lambda error: torn.append(error))

    with app.test_request_context("/x"):
        read = copy_current_request_context(lambda: (g.value, request.path))

    def work():
        with app.app_context():
            g.value = 1
            return read(), read(), len(torn)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result() == ((1, "/x"), (1, "/x"), 1)
    assert torn == [None, None]


def test_a_coroutine_function_called_from_a_plain_thread_is_run(app):
    async def work():
        return request.path

    with app.test_request_context("/x"):
        wrapped = copy_current_request_context(work)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(wrapped).result() == "/x"


@pytest.mark.parametrize("use", [copy_current_request_context, after_this_request])
def test_there_has_to_be_a_request(app, use):
    with app.app_context(), pytest.raises(RuntimeError, match="outside of request context"):
        use(lambda: None)


def test_after_this_request_runs_once_and_first(app, client):
    app.after_request(lambda response: Response(response.get_data() + b" after"))

    @app.get("/")
    def view():
        if "extra" in request.args:
            after_this_request(lambda response: Response(response.get_data() + b" this"))
        return "view"

    assert client.get("/?extra").text == "view this after"
    assert client.get("/").text == "view after"


@pytest.fixture
def streaming(app):
    """An application that streams its path for as long as one asks, and what it noted about its end."""
    notes = []
    app.teardown_request(lambda error: notes.append(f"teardown {type(error).__name__}"))

    def chunks():
        try:
            while True:
                yield request.path
        finally:
            notes.append(f"end {has_request_context()}")

    app.add_url_rule("/s", "s", lambda: stream_with_context(chunks()))
    app.notes = notes
    return app


def run(app, path="/s"):
    """Call the application as a WSGI server does, and return its iterable."""
    from demijohn.testing import create_environ

    return app(create_environ(path), lambda status, headers, exc_info=None: None)


def test_a_stream_is_in_its_context_and_teardown_waits_for_its_end(streaming):
    body = run(streaming)
    iterator = iter(body)
    assert not has_app_context()
    assert [next(iterator), next(iterator)] == [b"/s", b"/s"]
    assert not has_app_context()
    assert streaming.notes == []
    body.close()
    assert streaming.notes == ["end True", "teardown NoneType"]
    body.close()
    assert len(streaming.notes) == 2


def test_a_stream_goes_on_in_other_threads_and_poisons_none(streaming):
    body = run(streaming)
    iterator = iter(body)
    next(iterator)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(next, iterator).result() == b"/s"
        assert not pool.submit(has_app_context).result()
        pool.submit(body.close).result()
        assert not pool.submit(has_app_context).result()
    assert streaming.notes == ["end True", "teardown NoneType"]


@pytest.mark.parametrize("steps", [0, 1])
def test_an_abandoned_stream_ends_wherever_it_is_collected(streaming, steps):
    holder = [run(streaming)]
    iterator = iter(holder[0])
    for _ in range(steps):
        next(iterator)
    holder.append(iterator)
    del iterator

    def drop():
        holder.clear()
        gc.collect()
        return has_app_context()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(drop).result() is False
    # A generator that was never started has no `finally` to run.
    assert streaming.notes == ["end True", "teardown NoneType"][1 - steps :]


def test_ten_thousand_abandoned_streams_leave_nothing_behind(streaming):
    for _ in range(10_000):
        next(iter(run(streaming)))
    gc.collect()
    assert not has_app_context()
    assert len(streaming.notes) == 20_000


def test_a_stream_that_fails_tears_down_too(app):
    torn = []
    app.teardown_request(torn.append)

    @app.get("/f")
    @stream_with_context
    def view():
        yield "a"
        raise KeyError(request.path)

    iterator = iter(run(app, "/f"))
    assert next(iterator) == b"a"
    with pytest.raises(KeyError, match="/f"):
        next(iterator)
    assert torn == [None]
    assert not has_app_context()


def test_a_stream_keeps_its_own_variables_between_steps(app):
    variable = contextvars.ContextVar("variable", default="outside")

    @app.get("/v")
    def view():
        def chunks():
            token = variable.set("inside")
            with app.app_context():
                g.x = "mine"
                yield variable.get()
                yield g.x
            variable.reset(token)
            yield variable.get()

        return stream_with_context(chunks())

    iterator = iter(run(app, "/v"))
    seen = []
    for _ in range(3):
        with ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(next, iterator).result())
        assert variable.get() == "outside"
        assert not has_app_context()
    assert seen == [b"inside", b"mine", b"outside"]


def test_a_decorated_generator_takes_arguments(app, client):
    @app.get("/<name>")
    def view(name):
        @stream_with_context
        def chunks(text):
            yield text
            yield request.path

        return chunks(name)

    assert client.get("/x").text == "x/x"


def test_a_stream_needs_a_request(app):
    with pytest.raises(RuntimeError, match="no context to keep(.|\n)*outside of request context"):
        stream_with_context(iter(()))


@pytest.mark.parametrize("way", ["whole", "gone", "head"])
def test_a_stream_through_the_native_door_tears_down_once(streaming, way):
    exchange = RecordingExchange("HEAD" if way == "head" else "GET", "/s", gone_after=4 if way == "gone" else None)
    if way == "whole":
        streaming.view_functions["s"] = lambda: stream_with_context(iter(["a", "b"]))
    try:
        streaming.exchange_handler()(exchange)
    except ClientDisconnected:
        assert way == "gone"
    assert streaming.notes[-1:] == ["teardown NoneType"]
    assert streaming.notes.count("teardown NoneType") == 1
    assert not has_app_context()


@pytest.mark.parametrize("path", ["/", "/json", "/missing", "/boom", "/session", "/s"])
@pytest.mark.parametrize("door", ["native", "wsgi"])
def test_requests_leave_no_work_for_the_garbage_collector(streaming, path, door):
    if sys.gettrace() is not None:
        pytest.skip("a tracer is at work; it keeps frames")
    app = streaming
    app.logger.disabled = True
    app.add_url_rule("/", "text", lambda: "text")
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)
    app.add_url_rule("/session", "session", lambda: str(session.get("a")))
    app.view_functions["s"] = lambda: stream_with_context(iter(["a", "b"]))

    def once():
        if door == "native":
            app.respond(app.request_class.from_exchange(RecordingExchange("GET", path))).close()
        else:
            body = run(app, path)
            list(body)
            body.close()

    once()
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            once()
        assert gc.collect() == 0
    finally:
        gc.enable()
        app.logger.disabled = False
