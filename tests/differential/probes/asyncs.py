"""Async views, hooks, handlers, signals and what else may be a coroutine function. Each case is a small application."""

import asyncio
import contextvars

from differential.cases import Cases
from differential.probes.setups import answers, new_app

CASES = Cases()
case, run = CASES.add, CASES.run
variable = contextvars.ContextVar("variable", default="unset")


@case
def views(lib):
    app = new_app(lib)

    class Plain(lib.View):
        async def dispatch_request(self):
            await asyncio.sleep(0)
            return "plain"

    class Methods(lib.MethodView):
        decorators = [lambda view: view]

        async def get(self, n):
            return f"get {n} {lib.request.method}"

        def post(self, n):
            return f"post {n}", 201

    @app.route("/results/<kind>", methods=["GET", "POST"])
    async def results(kind):
        await asyncio.sleep(0)
        return {"text": "t", "pair": ("p", 202), "dict": {"a": 1}, "none": None, "headers": ("h", 203, {"X-A": "b"})}[
            kind
        ]

    app.add_url_rule("/plain", view_func=Plain.as_view("plain"))
    app.add_url_rule("/methods/<int:n>", view_func=Methods.as_view("methods"))
    paths = [f"/results/{kind}" for kind in ("text", "pair", "dict", "none", "headers", "missing")]
    client = app.test_client()
    return [
        answers(app, *paths, "/plain", "/methods/1"),
        [client.open("/methods/1", method=method).status for method in ("HEAD", "POST", "PUT", "OPTIONS")],
    ]


@case
def everything(lib):
    app = new_app(lib)
    app.secret_key = "s"
    log = []
    kept = []

    def note(name, answer=None):
        async def call(*arguments, **options):
            await asyncio.sleep(0)
            what = type(arguments[0]).__name__ if arguments else None
            log.append([name, "application" if arguments[:1] == (app,) else what])
            return answer if answer is not None else (arguments[0] if name.startswith("after") else None)

        return call

    app.before_request(note("before"))
    app.after_request(note("after"))
    app.teardown_request(note("teardown"))
    app.teardown_appcontext(note("app teardown"))
    app.register_error_handler(404, note("404", ("no such page", 404)))
    app.register_error_handler(ZeroDivisionError, note("zero", ("zero", 418)))
    app.register_error_handler(500, note("500", ("five hundred", 500)))
    app.context_processor(note("processor", {"given": "by processor"}))
    for name in (
        "request_started",
        "request_finished",
        "got_request_exception",
        "request_tearing_down",
        "template_rendered",
    ):
        kept.append(note(name))
        getattr(lib.flask, name).connect(kept[-1], app)

    @app.get("/")
    async def index():
        lib.session["a"] = 1
        lib.g.x = await asyncio.sleep(0, "g")
        lib.after_this_request(note("after this"))
        return lib.render_template_string("{{ given }} {{ g.x }} {{ session.a }} {{ request.path }}")

    @app.get("/zero")
    async def zero():
        return 1 / 0

    @app.get("/key")
    async def key():
        raise KeyError

    @app.get("/abort")
    async def abort():
        lib.flask.abort(404)

    return answers(app, "/", "/zero", "/key", "/abort", "/missing"), log


@case
def context_variables(lib):
    """What a view sets is seen by the hooks behind it, sync or async."""
    app = new_app(lib)

    @app.before_request
    async def before():
        variable.set("before")

    @app.get("/")
    async def view():
        seen = variable.get()
        variable.set("view")
        return seen

    @app.after_request
    def after(response):
        response.headers["X-Seen"] = variable.get()
        variable.set("unset")
        return response

    answer = app.test_client().get("/")
    return answer.get_data(as_text=True), answer.headers["X-Seen"]


@case
def gathered(lib):
    app = new_app(lib)

    @app.get("/<name>")
    async def view(name):
        async def part(number):
            lib.g.seen = [*lib.g.get("seen", []), number]
            await asyncio.sleep(0)
            return f"{number}{lib.request.path}"

        return ",".join(await asyncio.gather(*map(part, range(3)))) + str(lib.g.seen)

    return answers(app, "/a", "/b")


@case
def wrapped_by_hand(lib):
    app = new_app(lib)

    async def double(x):
        return x * 2

    def plain(x):
        return x

    return [app.ensure_sync(double)(4), app.async_to_sync(double)(5), app.ensure_sync(plain) is plain]


@case
def ensure_sync_of_an_application(lib):
    """An application may bring its own way to run coroutine functions."""

    class Own(lib.Flask):
        def ensure_sync(self, func):
            if not asyncio.iscoroutinefunction(func):
                return func

            def call(*arguments, **options):
                return f"own {asyncio.run(func(*arguments, **options))}"

            return call

    app = Own("own", static_folder=None)

    @app.get("/")
    async def view():
        return "view"

    return answers(app, "/")


@case
def decorated(lib):
    """A decorator that calls the view has to ask `ensure_sync` itself."""
    app = new_app(lib)

    def shouting(view):
        def call(**values):
            return lib.flask.current_app.ensure_sync(view)(**values).upper()

        return call

    @app.get("/")
    @shouting
    async def view():
        return "view"

    return answers(app, "/")


@case
def streams(lib):
    app = new_app(lib)

    @app.get("/generator")
    async def generator():
        return (piece for piece in ("a", "b"))

    @app.get("/with-context")
    async def with_context():
        @lib.stream_with_context
        def pieces():
            yield lib.request.path

        return pieces()

    @app.get("/async-generator")
    async def async_generator():
        async def pieces():
            yield "a"

        return pieces()

    return answers(app, "/generator", "/with-context", "/async-generator")


@case
def commands(lib):
    app = new_app(lib)

    @app.cli.command("say")
    def say():
        async def word():
            return lib.flask.current_app.name

        print(lib.flask.current_app.async_to_sync(word)())

    return app.test_cli_runner().invoke(args=["say"]).output
