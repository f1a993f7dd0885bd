"""ProxyMiddleware against a small HTTP server on the loopback interface."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from demijohn.middleware import ProxyMiddleware
from demijohn.testing import Client


class Target(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        length = self.headers.get("Content-Length")
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(length)) if length else b""
        self.send_response(201, "Made")
        self.send_header("X-Path", self.path)
        self.send_header("X-Host", self.headers["Host"])
        self.send_header("X-Extra", self.headers.get("X-Extra", ""))
        self.send_header("X-Client", self.headers.get("X-Client", ""))
        self.send_header("Keep-Alive", "timeout=5")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def target():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Target)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fallback(environ, start_response):
    start_response("200 OK", [])
    return [b"application"]


def client(target, **options):
    return Client(ProxyMiddleware(fallback, {"/p/": {"target": f"http://{target}/base/", **options}}))


def test_request_and_answer_pass_through(target):
    response = client(target).post("/p/x%20y?a=b%20c", data=b"body", headers={"X-Client": "mine"}, buffered=True)
    assert response.status == "201 Made"
    assert response.text == "body"
    assert response.headers["X-Path"] == "/base/p/x%20y?a=b%20c"
    assert response.headers["X-Host"] == target
    assert response.headers["X-Client"] == "mine"
    assert response.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert "Keep-Alive" not in response.headers


def test_options(target):
    options = {"remove_prefix": True, "host": "h", "headers": {"X-Extra": "e"}}
    response = client(target, **options).get("/p/x", buffered=True)
    assert response.headers["X-Path"] == "/base/x"
    assert response.headers["X-Host"] == "h"
    assert response.headers["X-Extra"] == "e"
    assert client(target, host=None).get("/p/x", "http://mine/", buffered=True).headers["X-Host"] == "mine"


def test_body_of_unknown_length_is_sent_in_chunks(target):
    import io

    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    response = client(target).post(
        "/p/x",
        input_stream=io.BytesIO(b"x" * 40_000),
        environ_overrides={**environ, "CONTENT_LENGTH": ""},
        buffered=True,
    )
    assert response.data == b"x" * 40_000


@pytest.mark.parametrize("path", ["/", "/p", "/px"])
def test_other_paths_go_to_the_application(target, path):
    assert client(target).get(path).text == "application"


def test_target_that_is_not_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        assert client(f"127.0.0.1:{port}").get("/p/").status_code == 502


def test_target_of_another_scheme():
    proxy = ProxyMiddleware(fallback, {"/p": {"target": "ftp://x/"}})
    with pytest.raises(ValueError, match="ftp"):
        Client(proxy).get("/p/")
