"""Client: calling a WSGI application, its cookies and redirects."""

import io

import pytest

from demijohn.message.redirect import redirect
from demijohn.message.request import Request
from demijohn.message.response import Response
from demijohn.testing import Client, ClientRedirectError, EnvironBuilder, TestResponse, run_wsgi_app


@Request.application
def app(request):
    name = request.path.strip("/")
    if name.isdigit():
        request.get_data()
        return redirect("/echo", int(name))
    match name:
        case "twice":
            return redirect("/307", 307)
        case "rel/x":
            return redirect("y?z=1")
        case "circle":
            return redirect("/circle")
        case "external":
            return redirect("http://other.com/")
        case "subdomain":
            return redirect("http://sub.localhost/echo")
        case "https":
            return redirect("https://localhost/echo")
        case "stay":
            return redirect(request.root_url + "echo")
        case "set":
            response = Response()
            response.set_cookie("a", "b c;é")
            response.set_cookie("p", "1", path="/p")
            response.set_cookie("d", "1", domain="localhost")
            response.headers.add("Set-Cookie", "raw=1")
            return response
        case "delete":
            response = Response()
            response.delete_cookie("a")
            return response
    headers = {"X-Method": request.method, "X-Cookie": request.headers.get("Cookie", ""), "X-URL": request.url}
    headers["X-Type"] = request.headers.get("Content-Type", "")
    return Response(request.get_data(), headers=headers)


@pytest.fixture
def client():
    return Client(app)


def test_methods(client):
    for method in ("get", "post", "put", "delete", "patch", "options", "trace"):
        assert getattr(client, method)("/").headers["X-Method"] == method.upper()
    assert client.head("/").headers["X-Method"] == "HEAD"
    assert client.open("/").headers["X-Method"] == "GET"


def test_open_takes_builder_environ_and_request(client):
    def builder():
        return EnvironBuilder("/x", method="PUT", data="z")

    for given in (builder(), builder().get_environ(), builder().get_request()):
        response = client.open(given)
        assert (response.headers["X-Method"], response.text) == ("PUT", "z")
    assert client.open(path="/x", base_url="http://h/").headers["X-URL"] == "http://h/x"


def test_response_has_its_request(client):
    response = client.get("/x?a=b")
    assert isinstance(response, TestResponse)
    assert response.request.args["a"] == "b"
    assert response.history == ()
    assert response.text == ""


def test_response_wrapper():
    class Mine(Response):
        extra = 1

    response = Client(app, Mine).get("/")
    assert isinstance(response, TestResponse)
    assert response.extra == 1
    assert type(Client(app, Response).get("/")) is TestResponse

    class Own(TestResponse):
        pass

    assert type(Client(app, Own).get("/")) is Own


def test_content_type_is_the_applications_alone():
    def bare(environ, start_response):
        start_response("200 OK", [])
        return [b""]

    assert Client(bare).get("/").content_type is None


# ---- cookies


def test_cookies_come_back_where_they_belong(client):
    client.get("/set")
    assert client.get("/").headers["X-Cookie"] == r'a="b c\073\303\251"; d=1; raw=1'
    assert "p=1" in client.get("/p").headers["X-Cookie"]
    assert "p=1" in client.get("/p/x").headers["X-Cookie"]
    assert "p=1" not in client.get("/px").headers["X-Cookie"]
    assert client.get("/", "http://sub.localhost/").headers["X-Cookie"] == "d=1"
    assert client.get("/", "http://notlocalhost/").headers["X-Cookie"] == ""
    assert client.get_cookie("a").decoded_value == "b c;é"
    client.get("/delete")
    assert client.get_cookie("a") is None


def test_default_path_of_a_cookie():
    def application(environ, start_response):
        start_response("200 OK", [("Set-Cookie", "x=1"), ("X-Cookie", environ.get("HTTP_COOKIE", ""))])
        return []

    client = Client(application)
    client.get("/a/b")
    assert client.get_cookie("x", path="/a").value == "1"
    assert client.get("/a/c").headers["X-Cookie"] == "x=1"
    assert client.get("/").headers["X-Cookie"] == ""


def test_set_and_delete_cookies(client):
    client.set_cookie("q", "v", domain="x.com", path="/z", httponly=True, samesite="lax", max_age=5)
    cookie = client.get_cookie("q", "x.com", "/z")
    assert (cookie.value, cookie.http_only, cookie.same_site, cookie.max_age) == ("v", True, "Lax", 5)
    assert cookie.origin_only
    assert cookie.expires is not None
    client.delete_cookie("q", domain="x.com", path="/z")
    client.delete_cookie("never set")
    assert client.get_cookie("q", "x.com", "/z") is None
    client.set_cookie("s", "1", origin_only=False)
    assert client.get("/", "http://sub.localhost").headers["X-Cookie"] == "s=1"
    client.set_cookie("s", max_age=0)
    assert client.get_cookie("s") is None


def test_cookies_disabled():
    client = Client(app, use_cookies=False)
    for call in (client.get_cookie, client.set_cookie, client.delete_cookie):
        with pytest.raises(TypeError, match="use_cookies=True"):
            call("x")
    client.get("/set")
    assert client.get("/", headers={"Cookie": "mine=1"}).headers["X-Cookie"] == "mine=1"


def test_client_owns_the_cookie_field(client):
    assert client.get("/", headers={"Cookie": "mine=1"}).headers["X-Cookie"] == ""


# ---- redirects


def test_redirects_are_followed_only_when_asked(client):
    assert client.get("/302").status_code == 302
    response = client.get("/302", follow_redirects=True)
    assert response.status_code == 200
    assert [r.status_code for r in response.history] == [302]
    assert [r.request.path for r in response.history] == ["/302"]
    assert response.request.path == "/echo"


@pytest.mark.parametrize("code", [301, 302, 303, 305])
def test_redirect_turns_into_get_without_body(client, code):
    response = client.put(f"/{code}", data={"a": "b"}, follow_redirects=True)
    assert (response.headers["X-Method"], response.headers["X-Type"], response.text) == ("GET", "", "")
    assert client.head(f"/{code}", follow_redirects=True).headers["X-Method"] == "HEAD"


@pytest.mark.parametrize("path", ["/307", "/308", "/twice"])
def test_redirect_that_keeps_method_and_body(client, path):
    response = client.put(path, data={"a": "b"}, follow_redirects=True)
    assert (response.headers["X-Method"], response.text) == ("PUT", "a=b")
    assert response.headers["X-Type"] == "application/x-www-form-urlencoded"


def test_upload_survives_redirects_and_is_closed_at_the_end(client):
    data = {"f": (io.BytesIO(b"x" * 600_000), "f.bin")}
    response = client.post("/twice", data=data, follow_redirects=True)
    assert b"x" * 600_000 in response.data
    stream = response.request.environ["wsgi.input"]
    assert not stream.closed
    response.close()
    assert stream.closed


def test_upload_is_closed_where_a_redirect_drops_it(client):
    response = client.post("/302", data={"f": (io.BytesIO(b"x" * 600_000), "f.bin")}, follow_redirects=True)
    assert response.history[0].request.environ["wsgi.input"].closed


def test_history_of_several(client):
    response = client.post("/twice", follow_redirects=True)
    assert [r.status_code for r in response.history] == [307, 307]
    assert [len(r.history) for r in response.history] == [0, 1]


def test_relative_redirect_is_resolved_against_the_request(client):
    assert client.get("/rel/x", follow_redirects=True).headers["X-URL"] == "http://localhost/rel/y?z=1"


def test_redirect_out_of_and_into_the_root(client):
    response = client.get("/302", "http://localhost/root", follow_redirects=True)
    assert response.request.root_url == "http://localhost/"
    response = client.get("/stay", "http://localhost/root", follow_redirects=True)
    assert (response.request.root_url, response.request.path) == ("http://localhost/root/", "/echo")


def test_redirect_to_another_scheme(client):
    assert client.get("/https", follow_redirects=True).headers["X-URL"] == "https://localhost/echo"


def test_circle(client):
    with pytest.raises(ClientRedirectError, match="302 to /circle"):
        client.get("/circle", follow_redirects=True)


def test_other_hosts(client):
    with pytest.raises(RuntimeError, match="another host"):
        client.get("/external", follow_redirects=True)
    with pytest.raises(RuntimeError, match="allow_subdomain_redirects"):
        client.get("/subdomain", follow_redirects=True)
    response = Client(app, allow_subdomain_redirects=True).get("/subdomain", follow_redirects=True)
    assert response.headers["X-URL"] == "http://sub.localhost/echo"


def test_redirects_carry_cookies():
    @Request.application
    def application(request):
        if request.path == "/":
            response = redirect("/next")
            response.set_cookie("k", "v")
            return response
        return Response(request.cookies.get("k", ""))

    assert Client(application).get("/", follow_redirects=True).text == "v"


def test_body_of_a_followed_redirect_is_read_to_its_end_before_the_next_request():
    order = []

    def application(environ, start_response):
        order.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/":
            start_response("302 FOUND", [("Location", "/next")])
            yield b"x"
            order.append("rest")
        else:
            start_response("200 OK", [])
            yield b"y"

    assert Client(application).get("/", follow_redirects=True).text == "y"
    assert order == ["/", "rest", "/next"]


# ---- run_wsgi_app


class Body:
    def __init__(self):
        self.pulled = 0
        self.closed = False

    def __iter__(self):
        for chunk in (b"a", b"b"):
            self.pulled += 1
            yield chunk

    def close(self):
        self.closed = True


@pytest.mark.parametrize("buffered", [False, True])
def test_run_wsgi_app(buffered):
    result = Body()

    def application(environ, start_response):
        environ["changed"] = True
        start_response("200 OK", [("X-A", "1")])
        return result

    environ = {}
    chunks, status, headers = run_wsgi_app(application, environ, buffered=buffered)
    assert (result.pulled, result.closed) == ((2, True) if buffered else (0, False))
    assert (status, headers["X-A"]) == ("200 OK", "1")
    assert b"".join(chunks) == b"ab"
    assert environ == {}
    if not buffered:
        chunks.close()
    assert result.closed


def test_streamed_response_is_pulled_as_it_is_read():
    result = Body()

    def application(environ, start_response):
        start_response("200 OK", [])
        return result

    response = Client(application).get("/")
    assert response.is_streamed
    assert result.pulled == 0
    assert response.text == "ab"
    response.close()
    assert result.closed
