"""Hosts, subdomains, methods and URLs of whole applications. Each case is one, asked for everything that matters."""

from differential.cases import Cases
from differential.plain import attempt
from differential.probes.setups import new_app

CASES = Cases()
case, run = CASES.add, CASES.run


def asked(app, paths, hosts=("localhost",), methods=("GET",), **options):
    """What each host answers for each path and method: status, and the body or where it redirects to."""
    client = app.test_client()
    found = []
    for host in hosts:
        for path in paths:
            for method in methods:
                answer = client.open(path, method=method, headers={"Host": host}, **options)
                body = answer.get_data(as_text=True) if answer.status_code < 300 else answer.location
                found.append([host, path, method, answer.status_code, sorted(answer.allow), body])
    return found


@case
def subdomains(lib):
    app = new_app(lib, subdomain_matching=True)
    app.config["SERVER_NAME"] = "ex.com:8000"

    def home():
        return lib.url_for("root") + lib.url_for("inner.index", lang="q") + lib.url_for("api", user="z")

    def api(user):
        return f"{user} {lib.url_for('root')} {lib.url_for('api', user='z')} {attempt(lib.url_for, 'api')}"

    app.add_url_rule("/", "root", home)
    app.add_url_rule("/", "api", api, subdomain="<user>.api")
    inner = lib.Blueprint("inner", "x", subdomain="<lang>")
    inner.add_url_rule("/", "index", lambda lang: f"{lang} {attempt(lib.url_for, '.index', lang='q')}")
    inner.add_url_rule("/own", "own", lambda lang=None: str(lang), subdomain="own")
    app.register_blueprint(inner)
    late = lib.Blueprint("late", "x")
    late.add_url_rule("/late", "late", lambda **values: str(values))
    app.register_blueprint(late, subdomain="one")
    app.register_blueprint(late, subdomain="two", name="again", url_prefix="/p")
    hosts = ["ex.com:8000", "EX.com:8000", "x.api.ex.com:8000", "de.ex.com:8000", "own.ex.com:8000", "one.ex.com:8000"]
    hosts += ["two.ex.com:8000", "ex.com", "other.org", "..ex.com:8000"]
    return asked(app, ["/", "/own", "/late", "/p/late"], hosts)


@case
def hosts(lib):
    app = new_app(lib, host_matching=True, static_host="static.ex.com", static_folder="nowhere")

    def a():
        return f"{lib.url_for('b', n='q')} {lib.url_for('a')} {lib.url_for('static', filename='x')}"

    app.add_url_rule("/", "a", a, host="a.ex.com")
    app.add_url_rule("/", "b", lambda n: lib.url_for("b", n=n) + lib.url_for("b", n="o"), host="<n>.ex.com:8000")
    app.add_url_rule("/any", "any", lambda: "any")
    return [
        asked(app, ["/", "/any", "/static/x"], ["a.ex.com", "z.ex.com:8000", "static.ex.com", "other.org"]),
        [
            attempt(new_app, lib, host_matching=True, static_folder="x"),
            attempt(new_app, lib, static_host="x", static_folder="x"),
        ],
    ]


@case
def environs(lib):
    table = lib.Map(
        [lib.Rule("/x", endpoint="e"), lib.Rule("/y", endpoint="f", subdomain="s")], default_subdomain="www"
    )
    found = []
    for host in [
        "ex.com",
        "www.ex.com",
        "s.ex.com",
        "ex.com:80",
        "ex.com:443",
        "s.ex.com:8080",
        "[::1]:5000",
        "bad host",
        "",
    ]:
        for server_name in [None, "ex.com", "ex.com:8080", "EX.COM:80"]:
            for scheme in ["http", "https"]:
                environ = {
                    "REQUEST_METHOD": "GET",
                    "SCRIPT_NAME": "/app",
                    "PATH_INFO": "/x",
                    "QUERY_STRING": "a=b",
                    "SERVER_NAME": "server",
                    "SERVER_PORT": "80",
                    "HTTP_HOST": host,
                    "wsgi.url_scheme": scheme,
                }
                found.append([host, server_name, scheme, attempt(bound, table, environ, server_name)])
    return found


def bound(table, environ, server_name):
    urls = table.bind_to_environ(environ, server_name)
    return [
        [urls.server_name, urls.subdomain, urls.script_name, urls.path_info, urls.query_args, urls.url_scheme],
        [attempt(urls.match), attempt(urls.match, "/y"), attempt(urls.build, "e"), attempt(urls.build, "f")],
        attempt(urls.build, "e", {}, None, True),
    ]


@case
def trusted_hosts(lib):
    found = []
    for trusted in [None, [], ["ex.com"], [".ex.com"], ["ex.com:8000"], [".ex.com", "other.org"], ["*"]]:
        app = new_app(lib)
        app.config["TRUSTED_HOSTS"] = trusted
        app.add_url_rule(
            "/", "index", lambda: lib.url_for("index", _external=True) + lib.request.host + lib.request.url
        )
        app.register_error_handler(400, lambda error: (type(error).__name__, 200))
        names = ["ex.com", "a.ex.com", "ex.com:8000", "evil.com", "other.org:99", "", "ex.com:abc", "a b"]
        found.append([trusted, asked(app, ["/"], names)])
    return found


@case
def redirects(lib):
    app = new_app(lib)
    app.add_url_rule("/branch/", "branch", lambda: "branch", methods=["GET", "POST"])
    app.add_url_rule("/pages/", "pages", defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages", lambda page: str(page))
    app.add_url_rule("/to", "to", redirect_to="/branch/")
    app.add_url_rule("/new", "aliased", lambda: "aliased")
    app.add_url_rule("/old", "aliased", alias=True)
    paths = ["/branch", "/pages", "/pages/1", "/pages/2", "/to", "/old", "//branch", "/branch//", f"/pages/{'9' * 30}"]
    return [asked(app, paths, methods=["GET", "POST"], query_string=query) for query in ("", "a=1&b=%20")]


@case
def websockets(lib):
    app = new_app(lib)
    app.add_url_rule("/socket", "socket", lambda: "socket", websocket=True)
    app.add_url_rule("/plain", "plain", lambda: lib.url_for("socket"))
    client = app.test_client()
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    return [client.get(path, headers=fields).status for path in ("/socket", "/plain") for fields in (upgrade, {})]


@case
def methods(lib):
    app = new_app(lib)

    def view():
        return lib.request.method

    def demanding():
        return lib.request.method

    def own_options():
        return "own"

    demanding.methods, demanding.required_methods, demanding.provide_automatic_options = ["DELETE"], ["LOCK"], False
    own_options.required_methods = {"OPTIONS"}
    app.add_url_rule("/a", "a1", view, methods=["GET"])
    app.add_url_rule("/a", "a2", view, methods=["POST", "OPTIONS"])
    app.add_url_rule("/b", "b1", view, methods=["GET"])
    app.add_url_rule("/b", "b2", view, methods=["PUT"], provide_automatic_options=False)
    app.add_url_rule("/demanding", view_func=demanding)
    app.add_url_rule("/own", view_func=own_options)
    every = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "LOCK"]
    found = [asked(app, ["/a", "/b", "/demanding", "/own"], methods=every)]
    app = new_app(lib)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/without", "without", view)
    app.add_url_rule("/with", "with", view, provide_automatic_options=True)
    return [*found, asked(app, ["/without", "/with"], methods=["OPTIONS", "POST"])]


@case
def doubles(lib):
    """Of rules for the same requests, the first counts."""
    app = new_app(lib)
    for number, (rule, options) in enumerate(
        [("/", {}), ("/", {}), ("/p", {"methods": ["POST"]}), ("/p", {}), ("/<x>", {}), ("/<y>", {}), ("/<int:z>", {})]
    ):
        app.add_url_rule(rule, f"e{number}", lambda **values: f"{lib.request.endpoint} {values}", **options)
    return asked(app, ["/", "/p", "/q", "/5"], methods=["GET", "POST"])


@case
def suggestions(lib):
    table = lib.Map([lib.Rule("/a/<int:x>", endpoint="alpha"), lib.Rule("/b", endpoint="beta", methods=["POST"])])
    found = []
    for arguments in [("alpa", {}), ("alpha", {}), ("beta", {}, "GET"), ("alpha", {"y": 1}), ("zzzzz", {})]:
        try:
            table.bind("h").build(*arguments)
        except lib.BuildError as error:
            found.append([error.endpoint, error.values, error.method, error.suggested and error.suggested.endpoint])
    return found


@case
def paths(lib):
    app = new_app(lib)
    for name, rule in {
        "path": "/<path:x>",
        "int": "/int/<int(min=3,max=5):x>",
        "float": "/float/<float:x>",
        "two": "/two/<string(length=2):x>",
        "any": "/any/<any(a,'b c',\"d\"):x>",
        "uuid": "/uuid/<uuid:x>",
        "branch": "/branch/<x>/",
    }.items():
        app.add_url_rule(rule, name, lambda x: f"{lib.request.endpoint} {x} {lib.request.path}")
    asks = "/a/b /a%2Fb /%E4 /\u00e4 /int/3 /int/6 /int/03 /float/1.5 /float/1 /two/ab /two/abc /any/a /any/b%20c /branch/x"
    asks += " /branch/a%20b?q=%20 /branch// /./x /a/../b /;x /a%00b /%2e%2e/x /? /int/4?x /branch/x%2Fy"
    return asked(app, [*asks.split(), f"/uuid/{'12345678' * 4}"])


@case
def built(lib):
    app = new_app(lib)
    app.config["SERVER_NAME"] = "ex.com"
    for rule, endpoint in [("/a/<x>", "a"), ("/a/", "a0"), ("/s/<float:f>/<path:p>", "s")]:
        app.add_url_rule(rule, endpoint, lambda **values: "")
    app.add_url_rule("/m", "m", lambda: "", methods=["POST"])
    app.add_url_rule("/w", "w", lambda: "", websocket=True)
    blueprint = lib.Blueprint("b", "x", url_prefix="/b")
    blueprint.add_url_rule("/i", "i", lambda: "")
    app.register_blueprint(blueprint)
    asks = [
        ("a", {"x": "y z/\u00fc"}),
        ("a", {"x": "y", "_anchor": "a b#"}),
        ("a", {"x": "y", "q": [1, 2], "n": None}),
        ("a", {}),
        ("a", {"x": None}),
        ("a0", {"_external": True}),
        ("a0", {"_scheme": "https"}),
        ("a0", {"_scheme": "https", "_external": False}),
        ("a0", {"_scheme": "", "_external": True}),
        ("a0", {"_anchor": ""}),
        ("a0", {"x": "\u00fc", "y": True, "z": 1.0}),
        ("m", {"_method": "POST"}),
        ("m", {"_method": "GET"}),
        ("s", {"f": 1.5, "p": "a/b c"}),
        ("s", {"f": 1, "p": "x"}),
        ("w", {}),
        ("w", {"_scheme": "wss"}),
        (".i", {}),
        ("b.i", {}),
        ("nope", {}),
    ]
    places = [
        lambda: app.test_request_context("/b/i"),
        lambda: app.test_request_context("/a/q", base_url="https://o.org:8/root"),
        app.app_context,
    ]
    found = []
    for place in places:
        with place():
            found.append([attempt(lib.url_for, endpoint, **values) for endpoint, values in asks])
    app.url_build_error_handlers.append(
        lambda error, endpoint, values: f"{endpoint} {sorted(values)}" if endpoint == "nope" else None
    )
    with app.test_request_context():
        found += [attempt(lib.url_for, "nope", a=1), attempt(lib.url_for, "none", _anchor="x", a=1)]
    return found
