"""Actors that look at everything a context holds, step by step, and tell what is not as they left it; and an application of them.

An actor is a thread, a call in a pool, a task, a greenlet, or the view itself. What each does is drawn from the request's seed;
how their steps fall between those of all other requests is up to the machine.
"""

import asyncio
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import greenlet

from demijohn import (
    Demijohn,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    request,
    session,
    stream_with_context,
)
from demijohn.local import Local, LocalStack, release_local

STEPS = 6


class Shared:
    """What all requests and all their actors have in common."""

    def __init__(self):
        self.local = Local()
        self.stack = LocalStack()
        self.pool = ThreadPoolExecutor(4)
        self.other = Demijohn("other")
        self.other.add_url_rule("/<name>", "any", lambda name: name)

    def release(self):
        release_local(self.local)
        release_local(self.stack)


class Actor:
    """One that has a piece of a request's work. `play` is a generator: whoever runs it lets others run at each `yield`.

    `inherits` is the actor in whose Local and stack it begins, `owns_g` says that nobody else writes to its `g`.
    """

    def __init__(self, shared, app, token, name, seed, strange, inherits=None, owns_g=True):
        self.shared, self.app, self.token, self.name, self.strange = shared, app, token, name, strange
        self.random = random.Random(f"{seed} {name}")
        self.owns_g = owns_g
        self.values = {}
        self.locals = dict(inherits.locals) if inherits else {}
        self.items = list(inherits.items) if inherits else []
        self.looks = 0

    def play(self):
        self.look()
        entered = None
        for step in range(STEPS):
            kind = self.random.choice(["g", "g", "local", "local", "push", "push", "pop", "enter", "leave"])
            value = f"{self.token} {self.name} {step}"
            if kind == "g" and entered is None:
                setattr(g, self.name, value)
                self.values[self.name] = value
            elif kind == "local":
                self.shared.local.x = value
                self.locals["x"] = value
            elif kind == "push":
                self.shared.stack.push(value)
                self.items.append(value)
            elif kind == "pop" and self.items:
                self.compare("popped", self.shared.stack.pop(), self.items.pop())
            elif kind == "enter" and entered is None:
                entered = self.shared.other.test_request_context(f"/{self.name}")
                entered.push()
            elif kind == "leave" and entered is not None:
                entered.pop()
                entered = None
            yield
            self.look(is_elsewhere=entered is not None)
        if entered is not None:
            entered.pop()
        self.look()

    def look(self, is_elsewhere=False):
        self.looks += 1
        self.compare("local", dict(self.shared.local), self.locals)
        self.compare("top", self.shared.stack.top, self.items[-1] if self.items else None)
        if is_elsewhere:
            self.compare("path", request.path, f"/{self.name}")
            self.compare("app", current_app._get_current_object(), self.shared.other)
            return
        self.compare("app", current_app._get_current_object(), self.app)
        self.compare("args", request.args["token"], self.token)
        self.compare("field", request.headers["X-Token"], self.token)
        self.compare("session", session["token"], self.token)
        self.compare("g", dict(vars(g)) if self.owns_g else {self.name: g.get(self.name)}, self.values or self.no_g())

    def no_g(self):
        return {} if self.owns_g else {self.name: None}

    def compare(self, what, seen, expected):
        if seen != expected:
            self.strange.append(f"{self.name}: {what} is {seen!r} and not {expected!r}")

    # ------------------------------------------------------------------ the ways to run it

    def run(self):
        """In a thread, whatever else it does."""
        try:
            for _ in self.play():
                time.sleep(0)
        except Exception as error:
            self.strange.append(f"{self.name}: {error!r}")
        self.shared.release()

    async def run_as_task(self):
        try:
            for _ in self.play():
                await asyncio.sleep(0)
        except Exception as error:
            self.strange.append(f"{self.name}: {error!r}")

    def run_as_greenlet(self):
        try:
            for _ in self.play():
                greenlet.getcurrent().parent.switch()
        except Exception as error:
            self.strange.append(f"{self.name}: {error!r}")


class Team:
    """All actors of one request."""

    def __init__(self, shared, app):
        self.shared, self.app = shared, app
        self.token, self.seed = request.args["token"], request.args["seed"]
        self.random = random.Random(self.seed)
        self.strange = []
        self.actors = []

    def actor(self, kind, **options):
        name = f"{kind}{len(self.actors)}"
        made = Actor(self.shared, self.app, self.token, name, self.seed, self.strange, **options)
        self.actors.append(made)
        return made

    def actors_of(self, kind, **options):
        return [self.actor(kind, **options) for _ in range(self.random.randrange(1, 4))]

    def result(self):
        return {"strange": self.strange, "looks": sum(actor.looks for actor in self.actors)}

    def outsider(self):
        """A thread that nobody gave a context has none, and gets none."""
        if has_app_context() or dict(self.shared.local) or self.shared.stack.top is not None:
            self.strange.append("a plain thread has something")

    def begin(self):
        """The view's own actor, which has a Local and an item that tasks inherit and threads do not."""
        view = self.actor("view", owns_g=False)
        self.shared.local.x = view.locals["x"] = self.token
        self.shared.stack.push(self.token)
        view.items.append(self.token)
        return view

    def work(self):
        """Threads, a pool and greenlets, with the view's own steps between them."""
        view = self.begin()
        # All copies are made here: once the view plays, another application's request may be the current one.
        copied = copy_current_request_context
        threads = [threading.Thread(target=copied(actor.run)) for actor in self.actors_of("thread")]
        threads.append(threading.Thread(target=self.outsider))
        self.random.shuffle(threads)
        run = copied(lambda actor: actor.run())
        running = [greenlet.greenlet(copied(actor.run_as_greenlet)) for actor in self.actors_of("greenlet")]
        play = view.play()
        for thread in threads:
            thread.start()
            next(play, None)
        pooled = self.shared.pool.map(run, self.actors_of("pooled"))
        while running:
            chosen = self.random.choice(running)
            chosen.switch()
            running = [each for each in running if not each.dead]
            next(play, None)
        list(pooled)
        for thread in threads:
            thread.join()
        for _ in play:
            pass
        return view

    async def work_async(self):
        """Tasks, some with a context of their own, and threads that tasks wait for."""
        view = self.begin()
        run_copied = copy_current_request_context(self.run_copied)
        waiting = [
            *(actor.run_as_task() for actor in self.actors_of("task", inherits=view, owns_g=False)),
            *(run_copied(actor) for actor in self.actors_of("copied", inherits=view)),
            *(
                asyncio.to_thread(copy_current_request_context(actor.run))
                for actor in self.actors_of("threaded", inherits=view)
            ),
        ]
        self.random.shuffle(waiting)
        tasks = [asyncio.create_task(each) for each in waiting]
        for _ in view.play():
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return view

    @staticmethod
    async def run_copied(actor):
        await actor.run_as_task()


def make_app(shared):
    """The application: `/login`, and one view for each way to work; each answer lists what was strange."""
    app = Demijohn("actors", static_folder=None)
    app.secret_key = "a secret"

    @app.get("/login/<token>")
    def login(token):
        session["token"] = token
        return token

    @app.get("/threads")
    def threads():
        team = Team(shared, app)
        team.work()
        return team.result()

    @app.get("/tasks")
    async def tasks():
        team = Team(shared, app)
        await team.work_async()
        return team.result()

    @app.get("/stream")
    def stream():
        team = Team(shared, app)
        view = team.work()

        @stream_with_context
        def lines():
            # A stream goes on where the view was, on whatever thread pulls it.
            for _ in range(4):
                for _ in view.play():
                    yield ""
                yield "x" * 20_000 + "\n"
            yield "\n".join([f"{view.looks} looks", *team.strange])

        return lines()

    @app.teardown_request
    def teardown(error):
        shared.release()

    return app
