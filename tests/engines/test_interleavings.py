"""Isolation laws inside of every runner: threads, pools, tasks and greenlets of concurrent requests, in any order, never meet.

Each view starts actors (actors.py) that read `request`, `session`, `g`, `current_app`, a Local and a LocalStack at every step.
"""

import asyncio
import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from engines.actors import STEPS, Shared, make_app
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, g, has_app_context, request
from demijohn.app.asyncs import stop_loop
from demijohn.app.globals import _cv_app
from demijohn.doors.choose import handler_for

CLIENTS = 5
ROUNDS = 4


@pytest.fixture(params=["native", "wsgi"])
def door(request):
    return request.param


@pytest.fixture(autouse=True)
def loop_ends_with_the_test():
    yield
    stop_loop()


def handler_of(app, door, leaks):
    answer = handler_for(app, door)

    def handle(exchange):
        leaks.append(_cv_app.get(None))
        answer(exchange)
        leaks.append(_cv_app.get(None))

    return handle


def visit(running, number):
    """One client's requests, in an order of its own; returns what was strange, and how often somebody looked."""
    chance = random.Random(number)
    strange, looks = [], 0
    with Client(running) as client:
        for turn in range(ROUNDS):
            token = f"c{number}r{turn}"
            cookie = client.get(f"/login/{token}").headers["set-cookie"].partition(";")[0]
            for path in chance.sample(["threads", "tasks", "stream"], 3):
                target = f"/{path}?token={token}&seed={number}-{turn}-{path}"
                answer = client.get(target, X_Token=token, Cookie=cookie)
                assert answer.status == 200, (target, answer.body)
                if path == "stream":
                    last = answer.body.rpartition(b"x\n")[2].decode().split("\n")
                    looks += int(last[0].removesuffix(" looks"))
                    found = last[1:]
                else:
                    told = json.loads(answer.body)
                    looks += told["looks"]
                    found = told["strange"]
                strange += [f"{target} {each}" for each in found]
    return strange, looks


@pytest.mark.slow
def test_nothing_is_ever_seen_of_another_one(runner, door, eager_switching):
    shared, leaks = Shared(), []
    with shared.pool:
        app = make_app(shared)
        with (
            serving(handler_of(app, door, leaks), runner, threads=4) as running,
            ThreadPoolExecutor(CLIENTS) as clients,
        ):
            results = list(clients.map(visit, [running] * CLIENTS, range(CLIENTS), timeout=TIMEOUT * 3))
        assert not any(shared.pool.map(lambda _: has_app_context() or dict(shared.local), range(20)))
    assert "\n".join(each for strange, _ in results for each in strange) == ""
    assert sum(looks for _, looks in results) > CLIENTS * ROUNDS * 12 * STEPS, "hardly anything was looked at"
    assert set(leaks) == {None}


class TestOneLoop:
    """One event loop for all requests of a process; what a view leaves on it goes on."""

    def test_all_requests_run_on_it(self, runner, door):
        app = Demijohn("loop", static_folder=None)

        @app.before_request
        async def before():
            g.loop = id(asyncio.get_running_loop())

        @app.get("/")
        async def view():
            return f"{g.loop} {id(asyncio.get_running_loop())}"

        with serving(handler_for(app, door), runner) as running:
            found = set()
            for _ in range(3):
                with Client(running) as one, Client(running) as other:
                    found |= {word for client in (one, other) for word in client.get("/").body.split()}
        assert len(found) == 1

    def test_a_background_task_survives_its_request(self, runner, door):
        app = Demijohn("background", static_folder=None)
        torn_down = []
        app.teardown_request(lambda error: torn_down.append(request.path))
        tasks = {}

        @app.get("/start/<name>")
        async def start(name):
            go_on = asyncio.Event()

            async def later():
                await go_on.wait()
                return f"{name} {request.path} {g.name}"

            g.name = name
            tasks[name] = go_on, asyncio.create_task(later())
            return "started"

        @app.get("/finish/<name>")
        async def finish(name):
            go_on, task = tasks.pop(name)
            assert not task.done()
            go_on.set()
            return await asyncio.wait_for(task, TIMEOUT)

        with serving(handler_for(app, door), runner) as running, Client(running) as client:
            for name in "abc":
                assert client.get(f"/start/{name}").body == b"started"
            assert torn_down == ["/start/a", "/start/b", "/start/c"], "they are over"
            for name in "cab":
                assert client.get(f"/finish/{name}").body.decode() == f"{name} /start/{name} {name}"

    def test_requests_wait_beside_each_other(self, threaded_runner, door):
        app = Demijohn("beside", static_folder=None)
        met = asyncio.Barrier(3)

        @app.get("/")
        async def view():
            await asyncio.wait_for(met.wait(), TIMEOUT)
            return "met"

        with serving(handler_for(app, door), threaded_runner, threads=3) as running:
            clients = [Client(running) for _ in range(3)]
            for client in clients:
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert [client.read_answer().body for client in clients] == [b"met"] * 3
            for client in clients:
                client.close()
