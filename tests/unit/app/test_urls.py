import pytest

from demijohn import Demijohn, request, url_for
from demijohn.routing import BuildError
from demijohn.testing import RecordingExchange


@pytest.fixture
def app(app):
    app.add_url_rule("/x/<int:number>", "x", lambda number: "x")
    app.add_url_rule("/", "index", lambda: "index")
    return app


@pytest.mark.parametrize(
    ("arguments", "url"),
    [
        ({"number": 1}, "/x/1"),
        ({"number": 1, "q": "a b", "none": None, "many": [1, 2]}, "/x/1?q=a+b&many=1&many=2"),
        ({"number": 1, "_anchor": "x y"}, "/x/1#x%20y"),
        ({"number": 1, "_external": True}, "http://localhost/x/1"),
        ({"number": 1, "_scheme": "https"}, "https://localhost/x/1"),
        ({"number": 1, "_method": "GET"}, "/x/1"),
    ],
)
def test_urls_of_endpoints(app, arguments, url):
    with app.test_request_context("/"):
        assert url_for("x", **arguments) == app.url_for("x", **arguments) == url


def test_a_mounted_application(app):
    with app.test_request_context("/", base_url="https://example.com:81/root/"):
        assert url_for("index") == "/root/"
        assert url_for("index", _external=True) == "https://example.com:81/root/"


def test_a_scheme_needs_an_absolute_url(app):
    with app.test_request_context("/"), pytest.raises(ValueError, match="_external"):
        url_for("index", _scheme="https", _external=False)


def test_outside_of_a_request_the_config_names_the_server(app):
    with app.app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
        url_for("index")
    app.config.update(SERVER_NAME="example.com", APPLICATION_ROOT="/root", PREFERRED_URL_SCHEME="https")
    with app.app_context():
        assert url_for("index") == "https://example.com/root/"
        assert url_for("index", _external=False) == "/root/"
    assert app.url_for("index") == "https://example.com/root/"


def test_build_errors_may_be_helped(app, client):
    asked = []

    def knows_fallback(error, endpoint, values):
        asked.append((type(error), endpoint, values["_external"]))
        return "/fallback" if endpoint == "fallback" else None

    def raises_again(error, endpoint, values):
        raise BuildError("again", {}, None)

    app.url_build_error_handlers += [lambda *args: None, raises_again, knows_fallback]
    with app.test_request_context("/"):
        assert url_for("fallback") == "/fallback"
        assert asked == [(BuildError, "fallback", False)]
        with pytest.raises(BuildError, match="again"):
            url_for("nothing")
    app.url_build_error_handlers.clear()
    with app.test_request_context("/"), pytest.raises(BuildError, match="nothing"):
        url_for("nothing")


def test_only_trusted_hosts_are_answered(app, client):
    app.config["TRUSTED_HOSTS"] = ["example.com", ".example.org"]
    assert client.get("/", base_url="http://evil.com").status_code == 400
    assert client.get("/", base_url="http://example.com").status_code == 200
    assert client.get("/", base_url="http://a.example.org:81").status_code == 200
    app.config["TRUSTED_HOSTS"] = None
    assert client.get("/", base_url="http://evil.com").status_code == 200
    app.request_class = type("Strict", (app.request_class,), {"trusted_hosts": ["example.com"]})
    assert client.get("/", base_url="http://evil.com").status_code == 400


@pytest.mark.parametrize("server_name", [None, "Example.com:80", "example.com:81"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("target", ["/x/1", "//x//?q=%C3%A9&a=b", "/%C3%A9", "/x/1?"])
@pytest.mark.parametrize("host", ["localhost", "EXAMPLE.com:80", "a b", "[::1]:8000"])
def test_the_adapter_is_the_same_with_and_without_an_environ(app, server_name, method, target, host):
    app.config["SERVER_NAME"] = server_name
    native = app.request_class.from_exchange(RecordingExchange(method, target, {"Host": host}))
    by_environ = app.request_class(
        app.request_class.from_exchange(RecordingExchange(method, target, {"Host": host})).environ
    )
    one, other = app.create_url_adapter(native), app.url_map.bind_to_environ(by_environ.environ, server_name, "")
    assert "environ" not in native.__dict__
    parts = "server_name script_name subdomain url_scheme default_method query_args websocket".split()
    assert [getattr(one, part) for part in parts] == [getattr(other, part) for part in parts]
    assert one.path_info.lstrip("/") == other.path_info.lstrip("/")


def test_the_page_for_an_untrusted_host_may_have_links(app, client):
    app.config["TRUSTED_HOSTS"] = ["example.com"]
    app.register_error_handler(400, lambda error: (url_for("x", number=1), 400))
    response = client.get("/", base_url="http://evil.com/root")
    assert (response.status_code, response.text) == (400, "/root/x/1")


def test_the_server_name_restricts_nothing_without_subdomain_matching(app, client):
    app.config["SERVER_NAME"] = "example.com"
    assert client.get("/", base_url="http://other.com").status_code == 200


def test_host_matching():
    app = Demijohn("x", host_matching=True, static_host="static.example.com")
    app.add_url_rule("/", "view", lambda name: name, host="<name>.example.com")
    client = app.test_client()
    assert client.get("/", base_url="http://joe.example.com").text == "joe"
    assert client.get("/", base_url="http://example.org").status_code == 404
    with app.test_request_context("/", base_url="http://joe.example.com"):
        assert url_for("static", filename="a") == "http://static.example.com/static/a"


def test_slashes_redirect(app, client):
    app.add_url_rule("/branch/", "branch", lambda: "branch")
    response = client.get("/branch?a=b")
    assert (response.status_code, response.location) == (308, "http://localhost/branch/?a=b")


@pytest.mark.parametrize("upgrade", ["websocket", "h2c"])
def test_requests_that_want_to_upgrade(app, client, upgrade):
    response = client.get("/", headers={"Connection": "Upgrade", "Upgrade": upgrade})
    assert response.status_code == (400 if upgrade == "websocket" else 200)


def test_a_customised_adapter_is_asked():
    class Prefixed(Demijohn):
        def create_url_adapter(self, request):
            adapter = super().create_url_adapter(request)
            adapter.path_info = adapter.path_info.removeprefix("/prefix")
            return adapter

    app = Prefixed("x")
    app.add_url_rule("/view", "view", lambda: request.path)
    assert app.test_client().get("/prefix/view").text == "/prefix/view"


def test_a_subclass_may_replace_the_defaults_of_urls():
    class Own(Demijohn):
        def inject_url_defaults(self, endpoint, values):
            values.setdefault("number", 7)

    app = Own(__name__)
    app.add_url_rule("/x/<int:number>", "x", lambda number: "x")
    with app.test_request_context():
        assert url_for("x") == "/x/7"


def test_a_failed_url_leaves_the_error_its_own_values(app):
    with app.test_request_context(), pytest.raises(BuildError) as caught:
        url_for("x", wrong=1)
    assert caught.value.values == {"wrong": 1}
