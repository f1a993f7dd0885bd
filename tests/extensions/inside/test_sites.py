"""The tutorial's application, a shop with three extensions, and httpbin, on every runner over real sockets."""

import base64
import json
import re
import threading

import pytest


@pytest.fixture(scope="module")
def flaskr(serve, command, tmp_path_factory):
    place = tmp_path_factory.mktemp("flaskr")
    factory = f"flaskr:create_app({{'SECRET_KEY': 'x', 'DATABASE': '{place}/flaskr.sqlite'}})"
    command(factory, "init-db")
    return serve(factory)


def test_flaskr(flaskr):
    browser = flaskr.browser()
    assert browser.open("/hello").text == "Hello, World!"
    assert browser.open("/create").url.endswith("/auth/login")
    assert browser.post("/auth/register", username="ada", password="x").url.endswith("/auth/login")
    assert "User ada is already registered." in browser.post("/auth/register", username="ada", password="x").text
    assert "Incorrect password." in browser.post("/auth/login", username="ada", password="y").text
    answer = browser.post("/auth/login", username="ada", password="x")
    assert answer.url == flaskr.base + "/"
    assert "<span>ada</span>" in answer.text
    page = browser.post("/create", title="First <post>", body="of all").text
    assert "First &lt;post&gt;" in page and "by ada on 2" in page
    assert "Title is required." in browser.post("/1/update", title="", body="b").text
    assert "changed" in browser.post("/1/update", title="T", body="changed").text
    other = flaskr.browser()
    other.post("/auth/register", username="bob", password="x")
    other.post("/auth/login", username="bob", password="x")
    assert other.open("/1/update").status == 403
    assert other.open("/7/update").status == 404
    assert "changed" not in browser.open("/1/delete", b"").text
    assert "Log In" in browser.open("/auth/logout").text
    assert browser.open("/static/style.css").headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.fixture(scope="module")
def shop(serve, command, tmp_path_factory):
    environ = {"SHOP_DATABASE": f"sqlite:///{tmp_path_factory.mktemp('shop')}/shop.sqlite"}
    command("shop:create_app", "fill", **environ)
    return serve("shop:create_app()", **environ)


def token_of(page):
    return re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]


def log_in(browser, password="lovelace", query=""):
    token = token_of(browser.open("/login").text)
    return browser.post(f"/login{query}", name="ada", password=password, csrf_token=token)


def test_shop_takes_what_it_should(shop):
    browser = shop.browser()
    assert "/login?next=%2Fbasket" in browser.open("/basket").url
    assert browser.post("/login", name="ada", password="lovelace").status == 400
    assert "wrong password" in log_in(browser, "babbage").text
    assert json.loads(log_in(browser).text) == {"user": "ada", "total": 0, "items": []}
    token = token_of(browser.open("/login").text)
    assert browser.post("/basket", item="tea").status == 400
    for item in ("tea", "milk", "sugar", "bread"):
        answer = browser.post("/basket", item=item, csrf_token=token)
    assert json.loads(answer.text) == {"user": "ada", "total": 4, "items": ["tea", "milk", "sugar"]}
    assert json.loads(browser.open("/basket?page=2").text)["items"] == ["bread"]
    assert browser.open("/item/2").text == "milk"
    assert "There is no item 9." in browser.open("/item/9").text
    assert browser.open("/logout").text == "bye"
    assert "/login" in browser.open("/basket").url


def test_shop_remembers_and_takes_files(shop):
    browser = shop.browser()
    log_in(browser, query="?remember=1")
    session = next(cookie for cookie in browser.cookies if cookie.name == "session")
    browser.cookies.clear(session.domain, session.path, session.name)
    assert json.loads(browser.open("/basket").text)["user"] == "ada"
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\ntea\nmilk\r\n--x--\r\n'
    answer = browser.open("/list", body, Content_Type="multipart/form-data; boundary=x")
    assert json.loads(answer.text) == {"name": "a.txt", "lines": ["tea", "milk"]}
    assert browser.post("/list", other="x").status == 400


def test_shop_from_many_threads(shop):
    seen = []

    def visit():
        browser = shop.browser()
        log_in(browser)
        seen.extend(json.loads(browser.open("/basket").text)["user"] for _ in range(5))

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["ada"] * 20


def test_httpbin(serve):
    site = serve("httpbin:app")
    browser = site.browser()

    def data(*args, **kwargs):
        answer = browser.open(*args, **kwargs)
        assert answer.status == 200, (args, answer.text)
        return json.loads(answer.text)

    assert data("/get?a=1&a=2", X_Thing="t")["args"] == {"a": ["1", "2"]}
    assert data("/post", b"k=v")["form"] == {"k": "v"}
    assert data("/put", b'{"j": [1]}', method="PUT", Content_Type="application/json")["json"] == {"j": [1]}
    assert data("/delete", method="DELETE")["url"] == f"{site.base}/delete"
    assert data("/anything/x/y", method="PATCH")["method"] == "PATCH"
    assert browser.open("/gzip").headers["Content-Encoding"] == "gzip"
    assert data("/cookies/set?a=b")["cookies"] == {"a": "b"}
    assert data("/redirect/3")["url"] == f"{site.base}/get"
    assert data("/response-headers?X-A=1")["X-A"] == "1"
    assert data("/basic-auth/u/p", Authorization="Basic " + base64.b64encode(b"u:p").decode())["authenticated"]
    assert data("/bearer", Authorization="Bearer t")["token"] == "t"
    assert browser.open("/basic-auth/u/p").headers["WWW-Authenticate"] == 'Basic realm="Fake Realm"'
    assert browser.open("/digest-auth/auth/u/p").headers["WWW-Authenticate"].startswith("Digest ")
    assert browser.open("/status/418").status == 418
    assert browser.open("/status/204").data == b""
    assert browser.open("/etag/e", If_None_Match='"e"').status == 304
    assert browser.open("/range/100", Range="bytes=10-19").data == b"klmnopqrst"
    assert len(browser.open("/stream/20").text.splitlines()) == 20
    assert len(browser.open("/stream-bytes/3000?chunk_size=7").data) == 3000
    assert browser.open("/drip?numbytes=5&duration=0.1").data == b"*****"
    assert browser.open("/image/png").data.startswith(b"\x89PNG")
    assert browser.open("/html").headers["Content-Type"] == "text/html; charset=utf-8"
    assert browser.open("/get", method="POST").status == 405
    assert browser.open("/bytes/10").headers["Access-Control-Allow-Origin"] == "*"
    assert browser.open("/").status == 200
