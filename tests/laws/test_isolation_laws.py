"""Whatever threads, tasks and greenlets do in whatever order, each sees what it did itself, and a copied context's beginning.

Each law runs a random schedule over actors (a thread, a task, a greenlet) and compares every observation with a model: one
plain dict and list for each actor, copied where the language copies a context.
"""

import asyncio
import contextvars
import queue
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import greenlet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demijohn import Demijohn, has_request_context, request
from demijohn.local import Local, LocalStack, release_local

NAMES = ("a", "b")

app = Demijohn(__name__)
app.add_url_rule("/<path:path>", "any", lambda path: path)


class World:
    """What all actors share."""

    def __init__(self):
        self.local = Local()
        self.stack = LocalStack()
        self.proxies = {name: self.local(name) for name in NAMES}
        self.top = self.stack()

    def do(self, own, op, *args):
        """Do one thing in the calling context; return what can be seen of it. `own` holds contexts that this actor pushed."""
        local, stack = self.local, self.stack
        if op == "set":
            setattr(local, *args)
        elif op == "delete":
            try:
                delattr(local, *args)
            except AttributeError:
                return "missing"
        elif op == "push":
            return list(stack.push(*args))
        elif op == "pop":
            return stack.pop()
        elif op == "release":
            release_local(local)
            release_local(stack)
        elif op == "enter":
            context = app.test_request_context(*args)
            context.push()
            own.append(context)
        elif op == "leave":
            if own:
                own.pop().pop()
        return self.look()

    def look(self):
        """All that the calling context holds, asked for in every way there is."""
        values = dict(self.local)
        for name in NAMES:
            assert getattr(self.local, name, None) == values.get(name)
            assert bool(self.proxies[name]) is (name in values)
            if name in values:
                assert self.proxies[name] == values[name]
        assert list(self.local.__storage__.values()) == ([values] if values else [])
        assert (self.top == self.stack.top) or not self.top
        return values, self.stack.top, request.path if has_request_context() else None


class Model:
    """What one actor should see."""

    def __init__(self, parent=None):
        self.values = dict(parent.values) if parent else {}
        self.items = list(parent.items) if parent else []
        self.inherited = parent.path if parent else None
        self.entered = []

    @property
    def path(self):
        return self.entered[-1] if self.entered else self.inherited

    def do(self, op, *args):
        if op == "set":
            self.values[args[0]] = args[1]
        elif op == "delete":
            if args[0] not in self.values:
                return "missing"
            del self.values[args[0]]
        elif op == "push":
            self.items.append(args[0])
            return list(self.items)
        elif op == "pop":
            return self.items.pop() if self.items else None
        elif op == "release":
            self.values.clear()
            self.items.clear()
        elif op == "enter":
            self.entered.append(args[0])
        elif op == "leave" and self.entered:
            self.entered.pop()
        return dict(self.values), self.items[-1] if self.items else None, self.path


class ThreadActor:
    def __init__(self, world):
        self.inbox, self.outbox = queue.SimpleQueue(), queue.SimpleQueue()
        self.thread = threading.Thread(target=self.run, args=(world,), daemon=True)
        self.thread.start()
        self.model = Model()

    def run(self, world):
        own = []
        while (step := self.inbox.get()) is not None:
            try:
                self.outbox.put(world.do(own, *step))
            except BaseException as error:
                self.outbox.put(error)

    async def do(self, step):
        self.inbox.put(step)
        return self.outbox.get(timeout=10)

    async def stop(self):
        self.inbox.put(None)
        self.thread.join(10)
        assert not self.thread.is_alive()


class GreenletActor:
    def __init__(self, world):
        self.greenlet = greenlet.greenlet(self.run)
        self.greenlet.switch(world)
        self.model = Model()

    def run(self, world):
        own = []
        result = None
        while (step := greenlet.getcurrent().parent.switch(result)) is not None:
            try:
                result = world.do(own, *step)
            except BaseException as error:
                result = error

    async def do(self, step):
        # Whoever steps it is its parent for that time.
        self.greenlet.parent = greenlet.getcurrent()
        return self.greenlet.switch(step)

    async def stop(self):
        self.greenlet.parent = greenlet.getcurrent()
        self.greenlet.switch(None)
        assert self.greenlet.dead


class TaskActor:
    def __init__(self, world, parent_model=None):
        self.inbox, self.outbox = asyncio.Queue(), asyncio.Queue()
        self.task = asyncio.create_task(self.run(world))
        self.model = Model(parent_model)

    async def run(self, world):
        own = []
        while (step := await self.inbox.get()) is not None:
            try:
                if step[0] == "child":
                    result = TaskActor(world, self.model)
                elif step[0] == "to_thread":
                    result = await asyncio.to_thread(self.steps, world, step[1])
                elif step[0] == "copied":
                    result = contextvars.copy_context().run(self.steps, world, step[1])
                else:
                    result = world.do(own, *step)
            except BaseException as error:
                result = error
            await self.outbox.put(result)

    @staticmethod
    def steps(world, steps):
        return [world.do([], *step) for step in steps]

    async def do(self, step):
        await self.inbox.put(step)
        return await self.outbox.get()

    async def stop(self):
        await self.inbox.put(None)
        await self.task


names = st.sampled_from(NAMES)
numbers = st.integers(1, 99)
plain = st.one_of(
    st.tuples(st.just("set"), names, numbers),
    st.tuples(st.just("delete"), names),
    st.tuples(st.just("push"), numbers),
    st.tuples(st.just("pop")),
    st.tuples(st.just("release")),
)
paths = st.sampled_from(["/1", "/2", "/3"])
steps = st.one_of(
    plain,
    st.tuples(st.just("enter"), paths),
    st.tuples(st.just("leave")),
    st.tuples(st.sampled_from(["child", "thread", "greenlet"])),
    st.tuples(st.sampled_from(["to_thread", "copied"]), st.lists(plain, max_size=3)),
)
# Begun so that there is something to inherit, and somebody who has inherited it.
BEGIN = [(0, ("set", "a", 1)), (0, ("push", 1)), (0, ("enter", "/1")), (0, ("child",))]
schedules = st.lists(st.tuples(st.integers(0, 7), steps), min_size=5, max_size=40).map(BEGIN.__add__)


def checked(seen, expected):
    if isinstance(seen, BaseException):
        raise seen
    assert seen == expected


async def play(schedule):
    world = World()
    actors = [TaskActor(world), TaskActor(world), ThreadActor(world), GreenletActor(world)]
    for number, step in schedule:
        actor = actors[number % len(actors)]
        kind = step[0]
        if kind == "thread":
            actors.append(ThreadActor(world))
        elif kind == "greenlet":
            actors.append(GreenletActor(world))
        elif kind in {"child", "to_thread", "copied"} and not isinstance(actor, TaskActor):
            continue
        elif kind == "child":
            actors.append(await actor.do(step))
        elif kind in {"to_thread", "copied"}:
            model = Model(actor.model)
            checked(await actor.do(step), [model.do(*one) for one in step[1]])
        else:
            checked(await actor.do(step), actor.model.do(*step))
    for actor in actors:
        checked(await actor.do(("look",)), actor.model.do("look"))
        while actor.model.entered:
            checked(await actor.do(("leave",)), actor.model.do("leave"))
    # The first actors end first: what their children inherited stays.
    for actor in actors:
        await actor.stop()
    assert world.look() == ({}, None, None)


@settings(deadline=None, max_examples=60)
@given(schedule=schedules)
def test_law_each_actor_sees_its_own_past_only(schedule):
    asyncio.run(play(schedule))
    assert not has_request_context()


def test_gathered_tasks_do_not_see_each_other():
    world = World()

    async def task(number):
        world.local.a = number
        world.stack.push(number)
        with app.test_request_context(f"/{number}"):
            for _ in range(3):
                await asyncio.sleep(0)
                assert world.proxies["a"] == number
                assert world.top == number
                assert request.path == f"/{number}"
        await asyncio.sleep(0)
        assert not has_request_context()
        assert world.stack.pop() == number
        assert world.stack.top == "parent"

    async def main():
        world.local.a = "parent"
        world.stack.push("parent")
        await asyncio.gather(*map(task, range(100)))
        assert world.proxies["a"] == "parent"

    asyncio.run(main())


@pytest.fixture
def eager_switching():
    """The interpreter changes threads as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_threads_of_a_pool_do_not_see_each_other(eager_switching):
    world = World()
    start = threading.Barrier(8)

    def work(number):
        if number < 8:
            start.wait(10)
        assert world.look() == ({}, None, None)
        with app.test_request_context(f"/{number}"):
            for step in range(20):
                world.local.a = world.local.b = (number, step)
                world.stack.push((number, step))
                assert world.look() == (
                    {"a": (number, step), "b": (number, step)},
                    (number, step),
                    f"/{number}",
                )
        release_local(world.local)
        release_local(world.stack)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(64)))
    assert world.look() == ({}, None, None)


def test_run_in_executor_sees_the_workers_context_and_to_thread_the_callers():
    world = World()

    async def main():
        world.local.a = 1
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            assert await loop.run_in_executor(pool, world.do, [], "set", "b", 2) == ({"b": 2}, None, None)
            # A pool's thread keeps what it was left with; that is what release_local is for.
            assert await loop.run_in_executor(pool, world.do, [], "release") == ({}, None, None)
        assert await asyncio.to_thread(world.do, [], "set", "b", 3) == ({"a": 1, "b": 3}, None, None)
        assert world.look() == ({"a": 1}, None, None)

    asyncio.run(main())


def test_child_task_and_parent_part_ways():
    world = World()

    async def child(started, go_on):
        assert world.look()[0] == {"a": 1}
        world.local.b = 2
        started.set()
        await go_on.wait()
        assert world.look()[0] == {"a": 1, "b": 2}

    async def main():
        world.local.a = 1
        started, go_on = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(child(started, go_on))
        await started.wait()
        assert world.look()[0] == {"a": 1}
        del world.local.a
        release_local(world.local)
        go_on.set()
        await task

    asyncio.run(main())
