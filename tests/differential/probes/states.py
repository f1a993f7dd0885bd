"""What lives from one request to the next, and what bodies say: sessions, the test client, results, errors, limits, JSON."""

import datetime
import decimal
import io
import re
import uuid

from differential.cases import Cases
from differential.plain import attempt, plain
from differential.probes.setups import new_app

CASES = Cases()
case, run = CASES.add, CASES.run


def with_key(lib):
    app = new_app(lib)
    app.secret_key = "secret"
    return app


SESSION_USES = {
    "in": lambda session: "a" in session,
    "get": lambda session: session.get("a"),
    "iterate": list,
    "len": len,
    "bool": bool,
    "keys": lambda session: list(session.keys()),
    "read permanent": lambda session: session.permanent,
    "make permanent": lambda session: setattr(session, "permanent", True),
    "new": lambda session: session.new,
    "flags": lambda session: [session.modified, session.accessed],
    "set": lambda session: session.update(a=1),
    "setdefault": lambda session: session.setdefault("a", 5),
    "pop": lambda session: session.pop("a", None),
    "clear": lambda session: session.clear(),
    "nothing": lambda session: None,
    "unmodified": lambda session: (session.update(b=1), setattr(session, "modified", False)),
    "repr": lambda session: repr(session) and None,
}
SESSION_CONFIGS = [
    {},
    {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_DOMAIN": "ex.com"},
    {"SERVER_NAME": "ex.com", "SESSION_COOKIE_PATH": "/p"},
    {"APPLICATION_ROOT": "/root"},
    {"SESSION_REFRESH_EACH_REQUEST": False},
]


@case
def session_uses(lib):
    """Every way to touch a session: is there a cookie, and does the answer vary by it?"""
    found = []
    for config in SESSION_CONFIGS:
        app = with_key(lib)
        app.config.update(config)

        @app.get("/<use>")
        def view(use):
            return {"seen": SESSION_USES[use](lib.session._get_current_object() if use == "nothing" else lib.session)}

        for before in ([], ["set"], ["make permanent", "set"]):
            for use in SESSION_USES:
                client = app.test_client()
                for each in before:
                    client.get(f"/{each}")
                answer = client.get(f"/{use}")
                cookies = [
                    re.sub("session=[^;]{5,};|Expires=[^;]*", "", one) for one in answer.headers.getlist("Set-Cookie")
                ]
                found.append([before, use, answer.get_json(), answer.headers.getlist("Vary"), cookies])
    return found


@case
def key_rotation(lib):
    app = with_key(lib)
    app.add_url_rule("/set", "set", lambda: str(lib.session.update(a=1)))
    app.add_url_rule("/touch", "touch", lambda: str(lib.session.update(b=1)))
    app.add_url_rule("/get", "get", lambda: str(lib.session.get("a")))
    client = app.test_client()
    client.get("/set")
    old = client.get_cookie("session").value
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["other", "secret"])
    found = [client.get("/get").text]
    client.get("/touch")
    app.config["SECRET_KEY_FALLBACKS"] = None
    found.append(client.get("/get").text)
    client.set_cookie("session", old)
    found.append(client.get("/get").text)
    app.config["SECRET_KEY"] = None
    found += [client.get("/get").text, client.get("/set").status]
    for cookie in ("", "x", "a.b.c", ".", "e30.e30.e30"):
        app.config["SECRET_KEY"] = "new"
        client.set_cookie("session", cookie)
        answer = client.get("/get")
        found.append([answer.text, answer.headers.get("Set-Cookie")])
    return found


@case
def session_transactions(lib):
    app = with_key(lib)
    app.add_url_rule("/get", "get", lambda: lib.jsonify(dict(lib.session), lib.session.permanent))
    client, found = app.test_client(), []

    def transaction(client, *arguments, **options):
        with client.session_transaction(*arguments, **options) as session:
            session["a"] = session.get("a", 0) + 1
            session.permanent = True

    transaction(client)
    found.append(client.get("/get").get_json())
    transaction(client, "/get", base_url="http://ex.com")
    found += [client.get("/get", base_url="http://ex.com").get_json(), client.get("/get").get_json()]
    found.append(attempt(transaction, app.test_client(use_cookies=False)))
    app.secret_key = None
    found.append(attempt(transaction, client))
    return found


@case
def clients_in_blocks(lib):
    app, found, torn_down = with_key(lib), [], []
    app.testing = True
    app.teardown_request(lambda error: torn_down.append(lib.request.path))

    @app.get("/first")
    def first():
        lib.session["a"] = 1
        lib.g.where = "first"
        return lib.flask.redirect("/second")

    @app.get("/second")
    def second():
        lib.session["b"] = lib.session.get("a")
        lib.g.where = "second"
        return "second"

    with app.test_client() as client:
        client.get("/first", follow_redirects=True)
        found.append([dict(lib.session), lib.request.path, lib.g.where])
        client.get("/first")
        found.append([dict(lib.session), lib.request.path, lib.g.where])
        with client.session_transaction() as session:
            found.append(dict(session))
        found.append(attempt(client.__enter__))
    return [*found, attempt(lambda: lib.request.path), torn_down[0]]


@case
def results(lib):
    app, Response, found = new_app(lib), lib.flask.Response, []
    makers = [
        *(
            lambda value=value: value
            for value in ("a", b"a", {"a": 1}, [1], (1, 2), ("a",), (), ("a", 1, 2, 3), None, 1, 1.5, True)
        ),
        *(
            lambda rest=rest: ("a", *rest)
            for rest in [
                (200,),
                ("201 X",),
                ({"X": "y"},),
                ([("X", "y"), ("X", "z")],),
                (201, {"X": "y"}),
                (201, [("X", "z")]),
                (None,),
                (None, None),
                (200, None),
                (99,),
                ("abc",),
                (True,),
                ((("X", "y"),),),
                (200, ("X", "y")),
            ]
        ),
        lambda: (None, 200),
        lambda: bytearray(b"a"),
        lambda: (Response("q", headers={"X": "1"}), 201, {"X": "2", "Y": "3"}),
        lambda: (Response("q"), "299 Q"),
        lambda: (Response("q"), {"Content-Type": "a/b"}),
        lambda: lib.Response("w", headers={"Z": "1"}),
        lambda: (lib.Response("w"), 201),
        lambda: (lambda environ, start: (start("202 C", [("A", "b")]), [b"z"])[1], 203),
        lambda: (iter(["a"]), 202),
        lambda: ({"a": 1}, 201),
        lambda: ([1], {"X": "y"}),
        lambda: ("a", lib.Headers({"X": "y"})),
        lambda: {1, 2},
        object,
    ]

    def made(value):
        response = app.make_response(value)
        return [type(response).__name__, response.status, sorted(response.headers), plain(response.get_data())]

    for make in makers:
        with app.test_request_context("/"):
            found.append(attempt(lambda make=make: made(make())))
    return found


class OwnError(Exception):
    pass


class NarrowError(OwnError):
    pass


def raised(lib):
    """Every kind of error that a view may raise."""

    class OwnHTTP(lib.HTTPException):
        code = 402

    class OwnNotFound(lib.NotFound):
        pass

    def throw(error):
        raise error

    views = [
        lambda: lib.flask.abort(404),
        lambda: throw(NarrowError()),
        lambda: throw(OwnHTTP()),
        lambda: throw(OwnNotFound()),
        lambda: {}["x"],
        lambda: lib.request.form["x"],
        lambda: lib.flask.abort(500),
        lambda: lib.flask.abort(lib.make_response("answer", 418)),
        lambda: throw(lib.HTTPException(response=lib.flask.Response("own", 499))),
    ]
    return views, OwnHTTP, OwnNotFound


@case
def error_handlers(lib):
    """Which of several handlers an error gets."""
    views, OwnHTTP, OwnNotFound = raised(lib)
    together = [
        [404],
        [lib.HTTPException],
        [Exception],
        [404, Exception],
        [lib.HTTPException, Exception],
        [500],
        [lib.InternalServerError],
        [500, Exception],
        [OwnError],
        [OwnError, NarrowError],
        [OwnHTTP],
        [404, OwnNotFound],
        [lib.HTTPException, 404, OwnHTTP],
        [KeyError, LookupError],
    ]
    found = []
    for config in ({}, {"TRAP_HTTP_EXCEPTIONS": True}, {"TRAP_BAD_REQUEST_ERRORS": True}, {"DEBUG": True}):
        for keys in together:
            app = new_app(lib)
            app.config.update(config)
            for key in keys:
                name = getattr(key, "__name__", key)

                def handle(error, name=name):
                    return (
                        f"{name} {type(error).__name__} {type(getattr(error, 'original_exception', None)).__name__}",
                        299,
                    )

                app.register_error_handler(key, handle)
            for number, view in enumerate(views):
                app.add_url_rule(f"/{number}", f"e{number}", view)
            client = app.test_client()

            def ask(path, method="GET", client=client):
                answer = client.open(path, method=method)
                return [answer.status_code, answer.text if answer.status_code in (299, 418, 499) else ""]

            found.append([attempt(ask, f"/{number}") for number in range(len(views))])
            found.append([attempt(ask, "/none"), attempt(ask, "/1", "POST")])
    return found


@case
def limits(lib):
    """Those of the configuration, and those that a hook sets for one request. (Of multipart memory: see the deviations.)"""
    found = []
    for config in ({}, {"MAX_CONTENT_LENGTH": 10}, {"MAX_FORM_MEMORY_SIZE": 3}, {"MAX_FORM_PARTS": 1}):
        for limited in ({}, {"max_content_length": 5}, {"max_content_length": None}, {"max_form_parts": 5}):
            app = new_app(lib)
            app.config.update(config)

            @app.before_request
            def limit(limited=limited):
                for name, value in limited.items():
                    setattr(lib.request, name, value)

            @app.post("/")
            def view():
                request = lib.request
                set_to = [request.max_content_length, request.max_form_memory_size, request.max_form_parts]
                return {"form": request.form.to_dict(), "set": set_to, "data": len(request.get_data())}

            client = app.test_client()
            for data, kind in [
                ({"a": "1"}, None),
                ({"a": "123456"}, None),
                ({"a": "1", "b": "2"}, None),
                ("12345678901234", "text/plain"),
                *([({"a": "1", "b": "2"}, "multipart/form-data")] if "MAX_FORM_MEMORY_SIZE" not in config else []),
            ]:
                answer = client.post("/", data=data, content_type=kind)
                found.append([str(data), answer.status_code, answer.get_json(silent=True)])
    return found


def written(lib, value):
    answer = lib.jsonify(value)
    return [answer.get_data(as_text=True), answer.mimetype]


@case
def json_of_every_kind(lib):
    class Html:
        def __html__(self):
            return "<h>"

    values = [
        datetime.date(2020, 1, 2),
        datetime.datetime(2020, 1, 2, 3, 4, 5),
        datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        uuid.UUID(int=5),
        decimal.Decimal("1.10"),
        Html(),
        {"b": 1, "a": 2},
        {1: 2},
        {"\u00fc": "\u2028<&'"},
        {1, 2},
        b"x",
        float("nan"),
        "<x>",
    ]
    found = []
    for ascii_only in (True, False):
        for compact in (None, True, False):
            app = new_app(lib)
            app.json.ensure_ascii, app.json.compact, app.json.sort_keys, app.debug = (
                ascii_only,
                compact,
                ascii_only,
                not ascii_only,
            )
            app.json.mimetype = "application/own"
            with app.test_request_context():
                found += [attempt(written, lib, value) for value in values]
                found.append(lib.flask.json.dumps({"b": values[0], "a": 1}, indent=1))
    found += [attempt(lib.flask.json.dumps, {"b": 1, "a": values[4]}), attempt(lib.flask.json.dumps, {1})]
    return found


@case
def json_that_comes(lib):
    app = new_app(lib)

    @app.post("/")
    def view():
        request = lib.request
        asks = [lambda: request.json, request.get_json, lambda: request.get_json(force=True)]
        return {"is": request.is_json, "silent": request.get_json(silent=True), "asked": [attempt(ask) for ask in asks]}

    client = app.test_client()
    return [
        [kind, client.post("/", data=data, content_type=kind).get_data(as_text=True)]
        for kind in ("application/json", "application/x+json; charset=latin1", "text/plain", None)
        for data in (b"{}", b"", b"{", b'"\xff"', "\u00fc".encode("utf-16"), b"[1]")
    ]


@case
def files_that_are_missing(lib):
    """Debug mode explains a form that sent no files."""
    app = new_app(lib)
    app.debug = True
    app.add_url_rule("/", "files", lambda: lib.request.files["f"].filename, methods=["POST"])

    def ask(**options):
        try:
            answer = app.test_client().post("/", **options)
        except KeyError as error:
            return [isinstance(error, AssertionError), "multipart/form-data" in str(error)]
        return answer.get_data(as_text=True)

    return [
        ask(data={"f": "index.txt"}),
        ask(data={"f": (io.BytesIO(b"x"), "n.txt")}),
        attempt(ask, data={"x": "y"}),
        attempt(ask, data={"x": "y"}, content_type="multipart/form-data"),
    ]
