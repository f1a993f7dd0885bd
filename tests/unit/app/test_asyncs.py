import asyncio
import contextvars
import os
import signal
import threading
import warnings

import pytest

from demijohn import Blueprint, g, request
from demijohn.app import asyncs
from demijohn.app.views import MethodView, View

variable = contextvars.ContextVar("variable", default="unset")


@pytest.fixture(autouse=True)
def loop_ends_with_the_test():
    yield
    asyncs._loop_thread.stop()


def test_everything_may_be_async(app, client):
    trace = []

    @app.before_request
    async def before():
        await asyncio.sleep(0)
        g.seen = ["before"]

    @app.after_request
    async def after(response):
        response.headers["X-Seen"] = ",".join(g.seen)
        return response

    @app.teardown_request
    async def teardown(error):
        trace.append(f"teardown {type(error).__name__}")

    @app.teardown_appcontext
    async def app_teardown(error):
        trace.append("app teardown")

    @app.errorhandler(ZeroDivisionError)
    async def handler(error):
        return "handled", 400

    @app.context_processor
    async def variables():
        return {"x": 1}

    @app.get("/")
    async def view():
        g.seen.append(request.path)
        return "async"

    @app.get("/boom")
    async def boom():
        return 1 / 0

    response = client.get("/")
    assert (response.text, response.headers["X-Seen"]) == ("async", "before,/")
    assert client.get("/boom").text == "handled"
    assert trace == ["teardown NoneType", "app teardown"] * 2


def test_blueprints_and_class_based_views(app, client):
    blueprint = Blueprint("bp", __name__, url_prefix="/bp")

    @blueprint.before_request
    async def before():
        return "intercepted" if "stop" in request.args else None

    class Plain(View):
        async def dispatch_request(self):
            return "plain"

    class Methods(MethodView):
        async def get(self):
            return "get"

    blueprint.add_url_rule("/plain", view_func=Plain.as_view("plain"))
    blueprint.add_url_rule("/methods", view_func=Methods.as_view("methods"))
    app.register_blueprint(blueprint)
    assert [client.get(path).text for path in ("/bp/plain", "/bp/methods", "/bp/plain?stop")] == [
        "plain",
        "get",
        "intercepted",
    ]


def test_context_variables_go_in_and_come_back(app, client):
    @app.before_request
    async def before():
        assert variable.get() == "caller"
        variable.set("hook")

    app.add_url_rule("/", "view", lambda: variable.get())
    context = contextvars.copy_context()
    context.run(variable.set, "caller")
    assert context.run(client.get, "/").text == "hook"
    assert context[variable] == "hook"
    assert variable.get() == "unset"


def test_one_loop_serves_all_calls_and_background_tasks_survive(app, client):
    done = threading.Event()
    loops = []

    @app.get("/")
    async def view():
        loops.append(asyncio.get_running_loop())

        async def later():
            await asyncio.sleep(0)
            done.set()

        app.extensions["task"] = asyncio.create_task(later())
        return "-"

    client.get("/")
    assert done.wait(10)
    client.get("/")
    assert loops[0] is loops[1]


def test_requests_wait_beside_each_other(app):
    both = asyncio.Barrier(2)

    @app.get("/")
    async def view():
        await asyncio.wait_for(both.wait(), 10)
        return "met"

    results = []
    threads = [threading.Thread(target=lambda: results.append(app.test_client().get("/").text)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["met", "met"]


def test_waiting_on_the_loop_for_the_loop_is_refused(app):
    async def inner():
        return 1

    async def outer():
        return app.ensure_sync(inner)()

    with pytest.raises(RuntimeError, match="await it directly"):
        app.ensure_sync(outer)()


def test_a_cancelled_coroutine_raises(app):
    async def cancelled():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        app.async_to_sync(cancelled)()


def test_a_coroutine_that_nobody_waits_for_any_more_is_cancelled(app):
    """The waiting thread is interrupted, as by Ctrl-C."""
    ended = threading.Event()
    interrupted = threading.Event()

    def interrupt(number, frame):
        if not interrupted.is_set():
            interrupted.set()
            raise KeyboardInterrupt

    async def waiting():
        try:
            # Again and again: a signal does not wake a thread that is just about to sleep.
            while not interrupted.is_set():
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(0.01)
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.set()
            raise

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            app.async_to_sync(waiting)()
        assert ended.wait(10)
    finally:
        signal.signal(signal.SIGINT, before)


def test_stopping_the_loop_cancels_what_is_left(app):
    cancelled = []

    async def background():
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def start():
        app.extensions["task"] = asyncio.create_task(background())
        await asyncio.sleep(0)

    app.async_to_sync(start)()
    asyncs._loop_thread.stop()
    assert cancelled == [True]
    asyncs._loop_thread.stop()


def test_sync_functions_are_left_alone(app):
    def function():
        pass

    assert app.ensure_sync(function) is function


def test_a_child_process_gets_a_loop_of_its_own(app):
    async def answer():
        return 42

    assert app.async_to_sync(answer)() == 42
    read, write = os.pipe()
    with warnings.catch_warnings():
        # Newer versions warn of forking beside threads; that is what this is about.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:  # the child
        signal.alarm(20)
        try:
            os.write(write, str(app.async_to_sync(answer)()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as result:
        assert result.read() == "42"
    os.waitpid(pid, 0)
