"""Applications in an application: which one answers, what it sees, URLs across; the same through WSGI and the native door."""

import pytest

from demijohn import Demijohn, Request, current_app, g, request, session, url_for
from demijohn.doors.choose import handler_for
from demijohn.routing import BuildError
from demijohn.testing.exchange import RecordingExchange
from demijohn.testing.run import create_environ, run_wsgi_app


def make(name, key="k"):
    app = Demijohn(name)
    app.secret_key = key

    @app.route("/")
    @app.route("/<path:rest>")
    def index(rest=""):
        seen = (current_app.name, request.script_root, request.path, request.url, getattr(g, "owner", None))
        assert seen[4] in {None, name}
        g.owner = name
        return "|".join(map(str, (*seen[:4], url_for("index"), url_for("index", rest="a b", _external=True))))

    return app


def native(app, target="/", host="localhost", **headers):
    done = RecordingExchange(target=target, headers={"Host": host, **headers}).run(handler_for(app, "native"))
    return done.status, done.body_sent.decode(), done.headers


def wsgi(app, target="/", host="localhost", **headers):
    path, _, query = target.partition("?")
    body, status, fields = run_wsgi_app(
        app, create_environ(path, f"http://{host}/", query_string=query, headers=headers)
    )
    return status, b"".join(body).decode(), list(fields)


def plain(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"plain|{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}|{environ['QUERY_STRING']}".encode()]


@pytest.fixture(params=[native, wsgi], ids=["native", "wsgi"])
def ask(request):
    return request.param


def test_who_answers(ask):
    outer = make("outer")
    outer.mount("/admin", make("admin"))
    outer.mount("/admin/deep", make("deep"))
    outer.mount("/plain", plain)
    outer.mount("/", make("host"), host="Shop.example.org")
    outer.mount("/admin", make("hostadmin"), host="shop.example.org")
    for host, target, expected in (
        ("localhost", "/", "outer||/"),
        ("localhost", "/administer", "outer||/administer"),
        ("localhost", "/admin", "admin|/admin|/|"),
        ("localhost", "/admin/x/y", "admin|/admin|/x/y|"),
        ("localhost", "/%61dmin/x", "admin|/admin|/x|"),
        ("localhost", "/admin/deeper", "admin|/admin|/deeper"),
        ("localhost", "/admin/deep/x", "deep|/admin/deep|/x|"),
        ("localhost", "/plain", "plain|/plain||"),
        ("localhost", "/plain/x%20y?a=b", "plain|/plain|/x y|a=b"),
        ("shop.example.org", "/", "host||/"),
        ("SHOP.example.org:8080", "/x", "host||/x"),
        ("shop.example.org", "/admin/x", "hostadmin|/admin|/x|"),
        ("other.example.org", "/x", "outer||/x"),
    ):
        status, text, _ = ask(outer, target, host)
        assert (status, text[: len(expected)]) == ("200 OK", expected), (host, target)


def test_urls_of_the_mounted_application(ask):
    outer = make("outer")
    outer.mount("/admin", make("admin"))
    _, text, _ = ask(outer, "/admin/x?q=1")
    assert text.split("|")[3:] == ["http://localhost/admin/x?q=1", "/admin/", "http://localhost/admin/a%20b"]


def test_mounts_in_mounts(ask):
    outer, middle, inner = make("outer"), make("middle"), make("inner")
    middle.mount("/in", inner)
    middle.mount("/plain", plain)
    outer.mount("/mid", middle)
    assert ask(outer, "/mid/in/x")[1].startswith("inner|/mid/in|/x|http://localhost/mid/in/x|/mid/in/")
    assert ask(outer, "/mid/plain/x")[1] == "plain|/mid/plain|/x|"
    assert ask(outer, "/mid/into")[1].startswith("middle|/mid|/into|")
    assert ask(middle, "/in/x")[1].startswith("inner|/in|/x|"), "it is an application of its own, too"


def test_a_name_that_is_not_ascii(ask):
    outer = make("outer")
    outer.mount("/größe", make("inner"))
    assert ask(outer, "/gr%C3%B6%C3%9Fe/x")[1].startswith("inner|/größe|/x|http://localhost/größe/x|/größe/")


def test_redirects_know_the_prefix(ask):
    inner = Demijohn("inner")
    inner.add_url_rule("/slash/", "slash", lambda: "")
    outer = make("outer")
    outer.mount("/in", inner)
    status, _, headers = ask(outer, "/in/slash")
    assert status.startswith("308")
    assert dict(headers)["Location"] == "http://localhost/in/slash/"


def test_a_request_class_with_an_init(ask):
    class Own(Request):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)

    inner = make("inner")
    inner.request_class = Own
    outer = make("outer")
    outer.mount("/in", inner)
    assert ask(outer, "/in/x")[1].startswith("inner|/in|/x|")


def test_middleware_of_the_mounted_application_is_kept(ask):
    inner = make("inner")
    inner.wsgi_app = lambda environ, start_response: plain(environ, start_response)
    outer = make("outer")
    outer.mount("/in", inner)
    assert ask(outer, "/in/x")[1] == "plain|/in|/x|"


def test_middleware_of_the_outer_application_sees_all():
    outer = make("outer")
    outer.mount("/in", make("inner"))
    wrapped = outer.wsgi_app
    outer.wsgi_app = lambda environ, start_response: wrapped({**environ, "wsgi.url_scheme": "https"}, start_response)
    assert "https://localhost/in/x" in wsgi(outer, "/in/x")[1]
    assert outer.exchange_handler() is None


def test_sessions_are_apart(ask):
    outer, inner = Demijohn("outer"), Demijohn("inner")
    for app in (outer, inner):
        app.secret_key = app.name
        app.add_url_rule("/", "index", lambda: session.setdefault("name", current_app.name))
    outer.mount("/in", inner)
    path = dict(part.partition("=")[::2] for part in dict(ask(outer, "/in/")[2])["Set-Cookie"].split("; "))["Path"]
    assert path == "/in"
    assert "Path=/;" in dict(ask(outer, "/")[2])["Set-Cookie"] + ";"
    inner.config["SESSION_COOKIE_PATH"] = "/own"
    assert "Path=/own" in dict(ask(outer, "/in/")[2])["Set-Cookie"]
    client = outer.test_client()
    assert [client.get(where).text for where in ("/", "/in/", "/", "/in/")] == ["outer", "inner", "outer", "inner"]


def test_labels_tell_the_applications_apart():
    from demijohn.seam import RequestHead

    outer, inner = make("outer"), make("inner")
    inner.mount("/deep", make("deep"))
    outer.mount("/in", inner)
    outer.mount("/plain", plain)
    handler = handler_for(outer, "native")
    labels = [
        handler.label(RequestHead("GET", path, (1, 1), [(b"Host", b"localhost")]))
        for path in ("/x", "/in/x", "/in/deep/x", "/plain/x", "/in")
    ]
    assert labels == ["index", "in::index", "in::deep::index", "/plain/x", "in::index"]


class TestSetup:
    def test_a_place_is_given_once(self):
        outer = make("outer")
        outer.mount("/in", make("inner"))
        outer.mount("/in", make("inner"), host="a.org")
        with pytest.raises(ValueError, match="mounted at '/in' already"):
            outer.mount("/in/", plain, name="other")
        with pytest.raises(ValueError, match="mounted at 'a.org/in' already"):
            outer.mount("/in", plain, host="A.org", name="other")

    def test_a_name_is_given_once(self):
        outer = make("outer")
        outer.mount("/in", plain)
        with pytest.raises(ValueError, match="called 'in' already"):
            outer.mount("/other", plain, name="in")

    @pytest.mark.parametrize("path", ["", "in", "/", "//", "/a//b", "/<name>"])
    def test_impossible_paths(self, path):
        with pytest.raises(ValueError, match="path"):
            make("outer").mount(path, plain)

    @pytest.mark.parametrize("host", ["", "*.example.org", "a/b"])
    def test_impossible_hosts(self, host):
        with pytest.raises(ValueError, match="host"):
            make("outer").mount("/in", plain, host=host)

    @pytest.mark.parametrize("name", ["", "a::b"])
    def test_impossible_names(self, name):
        with pytest.raises(ValueError, match="name"):
            make("outer").mount("/in", plain, name=name)

    def test_no_application(self):
        with pytest.raises(ValueError, match="no application"):
            make("outer").mount("/in", "inner")

    def test_circles(self):
        outer, inner = make("outer"), make("inner")
        with pytest.raises(ValueError, match="in itself"):
            outer.mount("/in", outer)
        outer.mount("/in", inner)
        with pytest.raises(ValueError, match="in itself"):
            inner.mount("/out", outer)

    def test_too_late(self):
        served, asked = make("outer"), make("outer")
        handler_for(served)
        with pytest.raises(AssertionError, match="has a server already"):
            served.mount("/in", plain)
        asked.test_client().get("/")
        with pytest.raises(AssertionError, match="first request"):
            asked.mount("/in", plain)

    def test_they_are_listed(self):
        outer = make("outer")
        assert list(outer.iter_mounts()) == []
        outer.mount("/a", plain)
        outer.mount("/a/b", plain)
        assert [mount.name for mount in outer.iter_mounts()] == ["a/b", "a"]


class TestUrlsAcross:
    @pytest.fixture
    def apps(self):
        outer, shop, blog = Demijohn("outer"), Demijohn("shop"), Demijohn("blog")
        for app in (outer, shop, blog):
            app.add_url_rule("/", "index", self.view)
            app.add_url_rule("/item/<int:number>", "item", self.view)
        outer.mount("/shop", shop)
        outer.mount("/", blog, host="blog.example.org", name="blog")
        shop.mount("/wiki", plain)
        return outer, shop, blog

    @staticmethod
    def view(**values):
        options = {"number": 3} if "item" in request.args["e"] else {}
        return url_for(request.args["e"], **options)

    def ask(self, ask, app, path, endpoint, host="example.org"):
        return ask(app, f"{path}?e={endpoint}", host)[1]

    def test_in(self, ask, apps):
        outer, _, _ = apps
        assert self.ask(ask, outer, "/", "shop::index") == "/shop/"
        assert self.ask(ask, outer, "/", "shop::item") == "/shop/item/3"
        assert self.ask(ask, outer, "/", "shop::wiki::/a page") == "/shop/wiki/a%20page"
        assert self.ask(ask, outer, "/", "shop::/x") == "/shop/x"

    def test_out_and_over(self, ask, apps):
        outer, _, _ = apps
        assert self.ask(ask, outer, "/shop/", "index") == "/shop/"
        assert self.ask(ask, outer, "/shop/", "::index") == "/"
        assert self.ask(ask, outer, "/shop/", "::item") == "/item/3"
        assert self.ask(ask, outer, "/shop/", "::shop::item") == "/shop/item/3"
        assert self.ask(ask, outer, "/shop/", "wiki::/") == "/shop/wiki/"

    def test_other_hosts(self, ask, apps):
        outer, _, _ = apps
        assert self.ask(ask, outer, "/", "blog::item") == "http://blog.example.org/item/3"
        assert self.ask(ask, outer, "/", "blog::item", "localhost:5000") == "http://blog.example.org:5000/item/3"
        assert self.ask(ask, outer, "/", "::blog::item", "blog.example.org") == "/item/3"
        outer.config["SERVER_NAME"] = "example.org"
        assert self.ask(ask, outer, "/", "::shop::item", "blog.example.org") == "http://example.org/shop/item/3"

    def test_behind_a_prefix(self, apps):
        outer, _, _ = apps
        environ = create_environ("/shop/", "http://example.org/base", query_string={"e": "::item"})
        body, _, _ = run_wsgi_app(outer, environ)
        assert b"".join(body) == b"/base/item/3"

    def test_what_does_not_exist(self, apps):
        outer, shop, _ = apps
        with outer.test_request_context("/"):
            for endpoint in ("nobody::index", "shop::nothing", "shop::item", "::index", "shop::wiki::page"):
                with pytest.raises(BuildError):
                    url_for(endpoint)
            outer.url_build_error_handlers.append(lambda error, endpoint, values: f"handled {endpoint}")
            assert url_for("nobody::index") == "handled nobody::index"

    def test_values_and_options(self, apps):
        outer, shop, _ = apps
        shop.url_defaults(lambda endpoint, values: values.setdefault("lang", "en"))
        with outer.test_request_context("/"):
            assert url_for("shop::item", number=1, q="a b", _anchor="x") == "/shop/item/1?q=a+b&lang=en#x"
            assert url_for("shop::index", _external=True) == "http://localhost/shop/?lang=en"
            assert url_for("shop::index", _scheme="https") == "https://localhost/shop/?lang=en"
            assert url_for("shop::/x", q=[1, 2], n=None) == "/shop/x?q=1&q=2"
            with pytest.raises(ValueError, match="absolute"):
                url_for("shop::index", _scheme="https", _external=False)

    def test_outside_of_a_request(self, apps):
        outer, shop, _ = apps
        with outer.app_context():
            with pytest.raises(RuntimeError, match="SERVER_NAME"):
                url_for("shop::index")
            outer.config["SERVER_NAME"] = "example.org"
            outer.config["APPLICATION_ROOT"] = "/base"
            assert url_for("shop::item", number=1) == "http://example.org/base/shop/item/1"
            assert url_for("blog::index") == "http://blog.example.org/base/"
        with shop.app_context():
            assert url_for("::item", number=1) == "http://example.org/base/item/1"
            assert url_for("::shop::index") == "http://example.org/base/shop/"

    def test_an_endpoint_of_ones_own_comes_first(self, apps):
        outer, _, _ = apps
        outer.add_url_rule("/own", "shop::index", self.view)
        assert outer.test_client().get("/?e=shop::index").text == "/own"
