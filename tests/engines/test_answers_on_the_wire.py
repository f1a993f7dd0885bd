"""Whatever an application says in its answer, only valid HTTP/1.1 leaves the server: as an exchange's handler and by WSGI.

A raw client reads every byte; what is invalid is a 500 that shows nothing of it, and a line in the log.
"""

import enum

import pytest

from demijohn.doors.host_wsgi import wsgi_handler

from ..corpus.http1.responses import parse_response
from ..corpus.http1.swarm import talk
from .serving import serving

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Header(enum.StrEnum):
    """Prints as something else than it is."""

    EVIL = "fine"

    def __str__(self):
        return "x\r\nSet-Cookie: evil=1"

    __format__ = object.__format__


INVALID = {
    "status 099": ("099 X", []),
    "status 600": ("600 X", []),
    "status 999": ("999 X", []),
    "status of four digits": ("2000 X", []),
    "negative status": ("-200 X", []),
    "no status": ("", []),
    "status without a code": ("OK", []),
    "status of other digits": ("2\u0660\u0660 OK", []),
    "100 as the answer": ("100 Continue", []),
    "101 as the answer": ("101 Switching Protocols", []),
    "103 as the answer": ("103 Early Hints", []),
    "CRLF in the reason": ("200 OK\r\nSet-Cookie: evil=1", []),
    "NUL in the reason": ("200 O\0K", []),
    "escape in the reason": ("200 \x1b[31m", []),
    "DEL in the reason": ("200 \x7f", []),
    "reason that is no latin-1": ("200 \u20ac", []),
    "CR in a value": ("200 OK", [("X", "a\revil")]),
    "LF in a value": ("200 OK", [("X", "a\nevil: 1")]),
    "CRLF in a value": ("200 OK", [("X", "a\r\nevil: 1")]),
    "two CRLF in a value": ("200 OK", [("X", "a\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil")]),
    "fold in a value": ("200 OK", [("X", "a\r\n evil")]),
    "NUL in a value": ("200 OK", [("X", "evil\0")]),
    "bell in a value": ("200 OK", [("X", "evil\x07")]),
    "escape in a value": ("200 OK", [("X", "\x1b[31mevil")]),
    "DEL in a value": ("200 OK", [("X", "evil\x7f")]),
    "vertical tab in a value": ("200 OK", [("X", "evil\x0b")]),
    "value that is no latin-1": ("200 OK", [("X", "evil \u20ac")]),
    "line separator in a value": ("200 OK", [("X", "a\u2028evil: 1")]),
    "characters that become CR and LF where their high byte is cut": ("200 OK", [("X", "a\u010d\u010aevil: 1")]),
    "lone surrogate in a value": ("200 OK", [("X", "evil\udcff")]),
    "CRLF in a name": ("200 OK", [("X\r\nevil", "1")]),
    "colon in a name": ("200 OK", [("evil:", "1")]),
    "space in a name": ("200 OK", [("evil x", "1")]),
    "space behind a name": ("200 OK", [("evil ", "1")]),
    "empty name": ("200 OK", [("", "evil")]),
    "name that is no ASCII": ("200 OK", [("evil\xe9", "1")]),
    "NUL in a name": ("200 OK", [("evil\0", "1")]),
    "lengths that differ": ("200 OK", [("Content-Length", "2"), ("content-length", "3")]),
    "negative length": ("200 OK", [("Content-Length", "-2")]),
    "length with a sign": ("200 OK", [("Content-Length", "+2")]),
    "length as a list": ("200 OK", [("Content-Length", "2, 2")]),
    "length of other digits": ("200 OK", [("Content-Length", "\xb2")]),
    "length of 5,000 digits": ("200 OK", [("Content-Length", "2" * 5000)]),
    "empty length": ("200 OK", [("Content-Length", "")]),
    "unknown coding": ("200 OK", [("Transfer-Encoding", "gzip")]),
    "coding before chunked": ("200 OK", [("Transfer-Encoding", "gzip, chunked")]),
    "length and an unknown coding": ("200 OK", [("Content-Length", "2"), ("Transfer-Encoding", "evil")]),
    "TE": ("200 OK", [("TE", "trailers")]),
    "Trailer": ("200 OK", [("Trailer", "evil")]),
    "value of bytes": ("200 OK", [("X", b"evil")]),
    "value of a number": ("200 OK", [("X", 5)]),
    "value of None": ("200 OK", [("X", None)]),
    "name of bytes": ("200 OK", [(b"X", "evil")]),
}  # fmt: skip

VALID = {
    "date and server of the application": (
        [("Date", "1"), ("Server", "2")],
        {"date": "1", "server": "2"},
    ),
    "two dates": ([("Date", "1"), ("date", "2")], {"date": "1"}),
    "two servers": ([("Server", "1"), ("SERVER", "2")], {"server": "1"}),
    "equal lengths": ([("Content-Length", "2"), ("Content-Length", "2")], {"content-length": "2"}),
    "chunked by the application": ([("Transfer-Encoding", "chunked")], {}),
    "chunked and a length": ([("Transfer-Encoding", "Chunked"), ("Content-Length", "2")], {"content-length": "2"}),
    "keep-alive": ([("Connection", "keep-alive"), ("Keep-Alive", "timeout=5")], {}),
    "latin-1": ([("X", "caf\xe9")], {"x": "caf\xe9"}),
    "tab": ([("X", "a\tb")], {"x": "a\tb"}),
    "a megabyte": ([("X", "y" * (1 << 20))], {"x": "y" * (1 << 20)}),
    "ten thousand fields": ([(f"X{number}", "y") for number in range(10_000)], {"x9999": "y"}),
    "a text that prints as something else": ([("X", Header.EVIL)], {"x": "fine"}),
}

CASES = {**INVALID, **{name: ("200 OK", headers) for name, (headers, _) in VALID.items()}}


def from_handler(exchange):
    status, headers = current
    exchange.respond(status, headers, b"ok")


def from_stream(exchange):
    status, headers = current
    exchange.stream(status, headers, iter([b"o", b"k"]))


def from_start(exchange):
    status, headers = current
    exchange.start(status, headers)
    exchange.write(b"ok")
    exchange.finish()


def from_wsgi(environ, start_response):
    start_response(*current)
    return [b"ok"]


def from_wsgi_stream(environ, start_response):
    start_response(*current)
    yield b"o"
    yield b"k"


def from_wsgi_write(environ, start_response):
    start_response(*current)(b"ok")
    return []


current = ("200 OK", [])
DOORS = {
    "respond": from_handler,
    "stream": from_stream,
    "start": from_start,
    "wsgi": wsgi_handler(from_wsgi),
    "wsgi stream": wsgi_handler(from_wsgi_stream),
    "wsgi write": wsgi_handler(from_wsgi_write),
}


@pytest.fixture(scope="module", params=DOORS)
def server(request):
    with serving(DOORS[request.param], runner="inline") as running:
        yield running


def ask(server, name: str, data: bytes = GET) -> bytes:
    """Send requests and end; return every byte of the answers."""
    global current
    current = CASES[name]
    return talk(server, data)


@pytest.mark.parametrize("name", INVALID)
def test_what_is_invalid_is_a_500_and_logged(server, name, caplog):
    rest = ask(server, name, GET + GET)
    assert b"evil" not in rest
    for _ in range(2):
        response, rest = parse_response(rest, "GET")
        assert response.status == 500
        assert response.is_complete
    assert rest == b""
    assert caplog.text.count("GET /: error in the application") == 2


@pytest.mark.parametrize("name", VALID)
def test_what_is_valid_is_one_answer(server, name):
    rest = ask(server, name, GET + GET)
    for _ in range(2):
        response, rest = parse_response(rest, "GET")
        assert response.status == 200
        assert response.body == b"ok"
        assert response.is_complete
        assert VALID[name][1].items() <= response.fields.items()
    assert rest == b""


@pytest.mark.parametrize(
    "status", ["200 OK", "204 No Content", "205 Reset Content", "304 Not Modified", "404 Not Found"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("length", [None, "2", "9"])
def test_content_is_where_it_may_be(server, status, method, length):
    """RFC 9110 §6.4.1, §8.6, §15.3.5, §15.3.6, §15.4.5; a length that is wrong shows, by the end of the connection."""
    CASES["now"] = (status, [] if length is None else [("Content-Length", length)])
    rest = ask(server, "now", b"%b / HTTP/1.1\r\nHost: a\r\n\r\n" % method.encode() + GET)
    response, rest = parse_response(rest, method)
    assert response.status == int(status[:3])
    has_content = method == "GET" and status[0] in "24" and status[:3] not in {"204", "205"}
    assert response.body == (b"ok" if has_content else b"")
    if status[:3] == "204":
        assert not {"content-length", "transfer-encoding"} & response.fields.keys()
    elif status[:3] == "205":
        assert response.fields["content-length"] == "0"
    elif length is not None:
        assert response.fields["content-length"] == length
    if has_content and length == "9":
        assert not response.is_complete
        assert rest == b""
    else:
        response, rest = parse_response(rest, "GET")
        assert rest == b""


def test_an_answer_known_to_be_too_short_says_that_the_connection_is_closed():
    """RFC 9112 §9.6."""

    def handler(exchange):
        exchange.respond("200 OK", [("Content-Length", "9")], b"short")

    with serving(handler, runner="inline") as running:
        response, rest = parse_response(talk(running, GET + GET), "GET")
        assert response.fields["connection"] == "close"
        assert (response.body, response.is_complete, rest) == (b"short", False, b"")


# ---- interim answers -------------------------------------------------------------------------------------------------

HINTS = {
    "good": [("Link", "</a.css>; rel=preload"), ("Link", "</b.js>; rel=preload")],
    "CRLF": [("Link", "</a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil")],
    "NUL": [("Link", "evil\0")],
    "name": [("evil x", "1")],
    "no latin-1": [("Link", "evil \u20ac")],
    "length": [("Content-Length", "4")],
    "coding": [("Transfer-Encoding", "evil")],
}


def hint_by_exchange(exchange):
    exchange.inform("103 Early Hints", HINTS[exchange.head.path[1:].replace("-", " ")])
    exchange.respond("200 OK", [], b"ok")


def hint_by_wsgi(environ, start_response):
    environ["wsgi.early_hints"](HINTS[environ["PATH_INFO"][1:].replace("-", " ")])
    start_response("200 OK", [])
    return [b"ok"]


@pytest.fixture(scope="module", params=[hint_by_exchange, wsgi_handler(hint_by_wsgi)], ids=["exchange", "wsgi"])
def hinting(request):
    with serving(request.param, runner="inline") as running:
        yield running


@pytest.mark.parametrize("name", HINTS)
def test_early_hints(hinting, name):
    """RFC 8297: before the answer, and only what is valid."""
    received = talk(hinting, b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % name.replace(" ", "-").encode())
    assert b"evil" not in received
    if name == "good":
        hints, _, received = received.partition(b"\r\n\r\n")
        assert hints == b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload"
    response, rest = parse_response(received, "GET")
    assert response.status == (200 if name == "good" else 500)
    assert rest == b""


def test_no_early_hints_for_http_1_0(hinting):
    assert talk(hinting, b"GET /good HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("door", ["exchange", "wsgi"])
def test_early_hints_behind_the_answer_are_refused(door, caplog):
    """RFC 9110 §15.2: no interim answer behind the final one; what has been sent stays what it was."""

    def handler(exchange):
        exchange.start("200 OK", [("Content-Length", "2")])
        exchange.write(b"ok")
        exchange.inform("103 Early Hints", [("Link", "evil")])

    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "2")])(b"ok")
        environ["wsgi.early_hints"]([("Link", "evil")])
        return []

    with serving(handler if door == "exchange" else wsgi_handler(application), runner="inline") as running:
        with running.connect() as sock:
            sock.sendall(GET + GET)
            received = b""
            try:
                while part := sock.recv(1 << 16):
                    received += part
            except ConnectionResetError:
                pass  # an answer that was not finished is cut
    assert b"evil" not in received
    assert received.count(b"HTTP/1.1") <= 1
    assert "must come before the final one" in caplog.text
