"""DemijohnClient, AppEnvironBuilder and DemijohnCliRunner: testing an application from within."""

import click
import pytest

from demijohn import (
    Demijohn,
    current_app,
    g,
    has_request_context,
    jsonify,
    redirect,
    request,
    session,
    stream_with_context,
    url_for,
)
from demijohn.testing import EnvironBuilder
from demijohn.testing.builder import AppEnvironBuilder


@pytest.fixture
def torn():
    return []


@pytest.fixture
def app(torn):
    app = Demijohn(__name__)
    app.secret_key = "key"
    app.testing = True
    app.teardown_request(lambda error: torn.append((request.path, error)))

    @app.route("/")
    def index():
        session["count"] = session.get("count", 0) + 1
        g.x = request.args.get("x")
        return "index"

    @app.route("/redirect")
    def to_index():
        session["redirected"] = True
        return redirect(url_for("index", x="r"))

    @app.post("/json")
    def json():
        return jsonify(request.get_json())

    @app.route("/error")
    def error():
        raise ZeroDivisionError

    @app.route("/url")
    def url():
        return f"{request.url} {request.remote_addr} {request.headers.get('X-A')}"

    @app.route("/stream")
    def stream():
        return stream_with_context(request.path for _ in range(2))

    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_context_is_gone_after_a_request(client, torn):
    assert client.get("/").text == "index"
    assert not has_request_context()
    assert torn == [("/", None)]


def test_context_stays_in_a_with_block_until_the_next_request(client, torn):
    with client:
        client.get("/?x=1")
        assert (request.path, g.x, session["count"]) == ("/", "1", 1)
        assert torn == []
        client.get("/url")
        assert request.path == "/url"
        assert torn == [("/", None)]
    assert not has_request_context()
    assert torn == [("/", None), ("/url", None)]


def test_after_redirects_the_last_context_stays(client, torn):
    with client:
        response = client.get("/redirect", follow_redirects=True)
        assert response.text == "index"
        assert (request.path, g.x) == ("/", "r")
        assert dict(session) == {"redirected": True, "count": 1}
        assert torn == [("/redirect", None)]
    assert torn == [("/redirect", None), ("/", None)]


def test_context_stays_after_an_error(client, torn):
    with client:
        with pytest.raises(ZeroDivisionError):
            client.get("/error")
        assert request.path == "/error"
    assert len(torn) == 1
    assert not has_request_context()


def test_streamed_response_in_a_with_block(client):
    with client:
        assert client.get("/stream").text == "/stream/stream"
        assert request.path == "/stream"
    assert not has_request_context()


def test_with_blocks_do_not_nest(client):
    with client, pytest.raises(RuntimeError, match="nest"):
        client.__enter__()
    with client:
        pass


def test_with_block_can_be_entered_again(client):
    for _ in range(2):
        with client:
            client.get("/")
            assert request.path == "/"


def test_session_transaction(client):
    with client.session_transaction() as opened:
        assert dict(opened) == {}
        opened["count"] = 41
    assert not has_request_context()
    client.get("/")
    with client.session_transaction() as opened:
        assert opened["count"] == 42


def test_session_transaction_for_another_host(client):
    with client.session_transaction(base_url="http://other/") as opened:
        opened["count"] = 7
    assert client.get_cookie("session") is None
    assert client.get_cookie("session", "other") is not None
    with client:
        client.get("/", "http://other/")
        assert session["count"] == 8


def test_session_transaction_that_changes_nothing_sets_nothing(client):
    with client.session_transaction():
        pass
    assert client.get_cookie("session") is None


def test_session_transaction_without_cookies_or_secret(app, client):
    with pytest.raises(TypeError, match="use_cookies=True"), app.test_client(use_cookies=False).session_transaction():
        pass
    app.secret_key = None
    with pytest.raises(RuntimeError, match="SECRET_KEY"), client.session_transaction():
        pass


def test_environ_base(client):
    assert client.get("/url").text == "http://localhost/url 127.0.0.1 None"
    client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    client.environ_base["HTTP_X_A"] = "a"
    assert client.get("/url").text == "http://localhost/url 192.0.2.1 a"
    assert client.get("/url", headers={"X-A": "b"}).text.endswith("b")
    assert client.get("/url", environ_base={"REMOTE_ADDR": "192.0.2.2"}).text.endswith("192.0.2.2 a")
    assert client.open(EnvironBuilder("/url")).text.endswith("192.0.2.1 a")
    assert client.open(EnvironBuilder("/url").get_environ()).text.endswith("192.0.2.1 a")


def test_contexts_are_kept_for_builders_too(client):
    with client:
        client.open(EnvironBuilder("/url"))
        assert request.path == "/url"


def test_json_goes_through_the_application(app, client):
    class Odd:
        pass

    app.json.default = lambda value: "odd" if isinstance(value, Odd) else None
    response = client.post("/json", json={"a": Odd()})
    assert response.json == {"a": "odd"}
    assert response.json_module is app.json


def test_defaults_come_from_the_config(app, client):
    app.config.update(SERVER_NAME="example.com:8080", APPLICATION_ROOT="/root", PREFERRED_URL_SCHEME="https")
    assert client.get("/url").text.startswith("https://example.com:8080/root/url ")
    assert client.get("/url", url_scheme="http").text.startswith("http://example.com:8080/")
    builder = AppEnvironBuilder(app, "/a?b=c", subdomain="api")
    assert (builder.base_url, builder.path, builder.query_string) == ("https://api.example.com:8080/root/", "/a", "b=c")
    assert client.get("/url", "http://h/").text.startswith("http://h/url")
    with pytest.raises(ValueError, match="base URL"):
        client.get("/", base_url="http://h/", url_scheme="https")


def test_whole_url_as_path(client):
    assert client.get("http://h:81/url?a=b").text.startswith("http://h:81/url?a=b ")


def test_responses_are_of_the_applications_class(app, client):
    assert isinstance(client.get("/"), app.response_class)


def test_upload_is_closed_by_the_application(app, client):
    import io

    seen = []

    @app.post("/upload")
    def upload():
        seen.extend(request.files.values())
        return seen[0].read()

    response = client.post("/upload", data={"f": (io.BytesIO(b"data"), "f.txt")})
    assert response.text == "data"
    assert seen[0].stream.closed


def test_cli_runner(app):
    @app.cli.command("hello")
    @click.argument("name")
    def hello(name):
        click.echo(f"hello {name} from {current_app.name}")

    runner = app.test_cli_runner()
    for result in (
        runner.invoke(args=["hello", "you"]),
        runner.invoke(hello, ["you"]),
        runner.invoke(args="hello you"),
    ):
        assert result.exit_code == 0
        assert result.output == f"hello you from {__name__}\n"
    assert runner.invoke(args=["nope"]).exit_code == 2


def test_cli_runner_takes_its_own_obj(app):
    @click.command()
    @click.pass_obj
    def command(obj):
        click.echo(obj)

    assert app.test_cli_runner().invoke(command, obj="mine").output == "mine\n"
