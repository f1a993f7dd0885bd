"""Published holes of web servers and frameworks that reach beyond one parser, over real sockets; `tests/corpus/holes.toml` has all.

Above all: what a client sends must not become another variable of the environ, another request or another file.
"""

import gzip
import json
import logging

import pytest

from demijohn import Demijohn, request
from demijohn.doors.choose import handler_for
from demijohn.doors.host_wsgi import wsgi_handler

from ..corpus.http1.responses import parse_response
from ..corpus.http1.swarm import talk
from .serving import serving

SPOOFED = [
    b"X_Forwarded_For: evil", b"X_FORWARDED_FOR: evil", b"x_forwarded-for: evil", b"Content_Length: 3", b"Content_Type: evil/x",
    b"Transfer_Encoding: chunked", b"CONTENT_LENGTH: 3", b"Host_: evil", b"_Host: evil", b"HTTP_HOST: evil", b"REMOTE_ADDR: evil",
    b"REMOTE_USER: evil", b"Remote-User: fine", b"SCRIPT_NAME: /evil", b"PATH_INFO: /evil", b"wsgi_url_scheme: evil", b"Proxy: evil",
    b"HTTPS: on", b"Auth_User: evil",
]  # fmt: skip
REAL = [b"X-Forwarded-For: 192.0.2.1", b"Content-Type: text/plain", b"Content-Length: 2"]

# What differs from one request to the next.
EACH_ITS_OWN = {"REMOTE_PORT", "demijohn.request_id"}


def show_environ(environ, start_response):
    body = environ["wsgi.input"].read()
    shown = {key: value for key, value in environ.items() if isinstance(value, str)}
    start_response("200 OK", [])
    return [json.dumps([shown, body.decode("latin-1")]).encode()]


app = Demijohn("holes")


@app.route("/body", methods=["GET", "POST"])
def body():
    return request.get_data()


@app.route("/cookies")
def cookies():
    return dict(request.cookies)


@app.post("/form")
def form():
    return f"{len(request.form)} {len(request.files)}"


@pytest.fixture(scope="module")
def wsgi():
    with serving(wsgi_handler(show_environ)) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    (root / "static").mkdir()
    (root / "static" / "a.txt").write_text("a")
    (root / "secret.txt").write_text("secret")
    app.static_folder = str(root / "static")
    with serving(handler_for(app)) as running:
        yield running


def environ_of(running, fields: list[bytes], body: bytes = b"hi") -> tuple[dict, str]:
    received = talk(running, b"\r\n".join([b"POST /p HTTP/1.1", b"Host: a", *fields, b"", b""]) + body)
    response, rest = parse_response(received, "POST")
    assert (response.status, rest) == (200, b"")
    return tuple(json.loads(response.body))


@pytest.mark.parametrize("spoofed", SPOOFED, ids=bytes.decode)
@pytest.mark.parametrize("order", ["before", "behind", "both"])
def test_no_field_becomes_another_variable(wsgi, spoofed, order):
    """A name with an underscore neither overrides a field, nor frames, nor joins its value, wherever it stands."""
    plain, _ = environ_of(wsgi, REAL)
    before = [spoofed] if order != "behind" else []
    behind = [spoofed] if order != "before" else []
    environ, body = environ_of(wsgi, [*before, *REAL, *behind])
    assert body == "hi"
    assert "evil" not in json.dumps(environ)
    changed = {key for key in environ.keys() | plain.keys() if environ.get(key) != plain.get(key)} - EACH_ITS_OWN
    assert changed <= {"HTTP_" + spoofed.partition(b":")[0].decode().replace("-", "_").upper()}
    if b"_" in spoofed.partition(b":")[0]:
        assert not changed


def test_an_underscore_alone_is_nothing_either(wsgi):
    for spoofed in SPOOFED:
        environ, body = environ_of(wsgi, [spoofed], b"")
        assert body == ""
        assert (
            not {"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_PROXY", "REMOTE_USER"}
            & environ.keys()
        )
        assert "evil" not in json.dumps(environ)


@pytest.mark.parametrize(
    "trailer",
    [b"X-Late: evil", b"X-Forwarded-Port: evil", b"X-Real-IP: evil", b"REMOTE_USER: evil", b"X_Forwarded_For: evil"],
)
def test_trailers_never_reach_the_environ(wsgi, trailer):
    fields = [b"Transfer-Encoding: chunked", b"X-Early: fine"]
    environ, body = environ_of(wsgi, fields, b"2\r\nhi\r\n0\r\n" + trailer + b"\r\n\r\n")
    assert (body, environ["HTTP_X_EARLY"]) == ("hi", "fine")
    assert "evil" not in json.dumps(environ)


@pytest.mark.parametrize(
    "target",
    [
        b"/static/../secret.txt",
        b"/static/%2e%2e/secret.txt",
        b"/static/..%2fsecret.txt",
        b"/static/%2e%2e%2fsecret.txt",
        b"/static/..%5csecret.txt",
        b"/static/a.txt/../../secret.txt",
        b"/static//../secret.txt",
        b"/static/%00/../../secret.txt",
        b"/static/a.txt%00",
        b"/static/....//secret.txt",
        b"/static//etc/passwd",
        b"/static/%2fetc%2fpasswd",
        b"/static/../static/a.txt/../../secret.txt",
        b"http://a/static/../secret.txt",
        b"/static/~root/",
        b"/static/.",
        b"/static/..",
    ],
)
def test_no_file_from_outside(server, target):
    """Also: what is there and what is not are told apart by nobody."""
    while True:
        received = talk(server, b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        response, rest = parse_response(received, "GET")
        assert rest == b""
        if response.status != 308:
            break
        # Slashes that follow each other are one; the place it leads to must be here, and is asked for in turn.
        host, slash, path = response.fields["location"].removeprefix("http://").partition("/")
        assert host == "a"
        target = (slash + path).encode()
    assert response.status == 404
    missing, _ = parse_response(
        talk(server, b"GET /static/none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "GET"
    )
    assert response.body == missing.body


def test_the_file_that_is_inside_is_there(server):
    response, _ = parse_response(talk(server, b"GET /static/a.txt HTTP/1.1\r\nHost: a\r\n\r\n"), "GET")
    assert (response.status, response.body) == (200, b"a")


def test_content_is_not_unpacked(server):
    """A small body stays small, whatever its Content-Encoding says of it."""
    bomb = gzip.compress(bytes(10 << 20))
    received = talk(
        server,
        b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb,
    )
    response, _ = parse_response(received, "POST")
    assert response.body == bomb


@pytest.mark.parametrize("framing", [b"Content-Length: 46", b"Transfer-Encoding: chunked"])
def test_content_of_a_refused_websocket_is_not_the_next_request(framing):
    def echo(exchange):
        exchange.respond("200 OK", [], exchange.body.read() or exchange.head.target.encode())

    inner = b"GET /cookies HTTP/1.1\r\nHost: a\r\nX: 1234567\r\n\r\n"
    assert len(inner) == 46
    content = inner if b"Length" in framing else b"2e\r\n" + inner + b"\r\n0\r\n\r\n"
    upgrade = (
        b"GET /body HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    )
    following = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
    with serving(echo) as running:
        received = talk(running, upgrade + framing + b"\r\n\r\n" + content + following)
    first, rest = parse_response(received, "GET")
    assert (first.status, first.body) == (200, inner)
    second, rest = parse_response(rest, "GET")
    assert (second.body, rest) == (b"/next", b"")


def test_a_cookie_without_a_name_sets_no_other(server):
    received = talk(
        server, b"GET /cookies HTTP/1.1\r\nHost: a\r\nCookie: =__Host-a=evil; __Host-a=good; ==b=evil\r\n\r\n"
    )
    response, _ = parse_response(received, "GET")
    assert json.loads(response.body) == {"__Host-a": "good"}


PART = b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nx\r\n'
FORM = b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n"


def post(running, content: bytes):
    return parse_response(talk(running, FORM % len(content) + content), "POST")[0]


def test_a_form_has_a_thousand_parts(server):
    assert post(server, b"".join(PART % number for number in range(1000)) + b"--b--\r\n").body == b"1000 0"
    assert post(server, b"".join(PART % number for number in range(1001)) + b"--b--\r\n").status == 413


def test_the_size_of_a_form_is_that_of_all_its_fields(server):
    app.config["MAX_CONTENT_LENGTH"] = 20_000
    try:
        assert post(server, b"".join(PART % number for number in range(500)) + b"--b--\r\n").status == 413
    finally:
        app.config["MAX_CONTENT_LENGTH"] = None


def test_a_part_that_begins_like_a_boundary_takes_linear_time(server):
    """In quadratic time this would run into the limit of the suite."""
    content = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n\r'
        + b"\n" * (4 << 20)
        + b"\r\n--b--\r\n"
    )
    assert post(server, content).body == b"0 1"


def test_bad_input_does_not_fill_the_log(server, caplog):
    """One line for a request at the most, however much of it is wrong."""
    bad_cookies = b"; ".join(b'a%d="x' % number for number in range(5000))
    bad_parts = b"".join(
        b"--b\r\nContent-Disposition: evil; name\r\nX: %d\r\n\r\nx\r\n" % number for number in range(900)
    )
    with caplog.at_level(logging.DEBUG):
        talk(server, b"GET /cookies HTTP/1.1\r\nHost: a\r\nCookie: " + bad_cookies + b"\r\n\r\n")
        assert len(caplog.records) <= 1
        post(server, bad_parts + b"--b--\r\n")
        talk(server, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X\r\n" * 50 + b"\r\n")
    assert len(caplog.records) <= 3
