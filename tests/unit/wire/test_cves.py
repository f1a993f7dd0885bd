"""One test for each published hole of a Python (or Rust) HTTP/1.1 parser whose kind this package could have had."""

import pytest

from demijohn.wire import H1Limits
from demijohn.wire.h1 import H1Connection

from ...corpus.http1.cases import drive

POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
ADMIN = b"GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED = {
    "CVE-2019-16785 waitress: LF as a line end": b"GET / HTTP/1.1\r\nHost: a\nContent-Length: 34\r\n\r\n" + ADMIN,
    "CVE-2019-16786 waitress: unknown codings fall back to Content-Length": POST
    + b"Content-Length: 4\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    + ADMIN,
    "CVE-2019-16789 waitress: control characters trimmed from a value": POST
    + b"Content-Length: 4\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"
    + ADMIN,
    "CVE-2019-16792 waitress: two Content-Length fields": POST
    + b"Content-Length: 0\r\nContent-Length: 34\r\n\r\n"
    + ADMIN,
    "CVE-2020-5236 waitress: a field that makes an expression backtrack": b"GET / HTTP/1.1\r\nHost: a\r\nX: "
    + b"a " * 30_000
    + b"\x10\r\n\r\n",
    "CVE-2022-24761 waitress: sign in a chunk size": CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n" + ADMIN,
    "CVE-2022-24761 waitress: 0x in a chunk size": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n" + ADMIN,
    "CVE-2022-24761 waitress: invalid extension": CHUNKED + b'5;a="\r\nhello\r\n0\r\n\r\n' + ADMIN,
    "CVE-2024-49768 waitress: a request behind a rejected one": b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n" + ADMIN,
    "CVE-2024-1135 gunicorn: codings not checked": POST
    + b"Transfer-Encoding: chunked, gzip\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"
    + ADMIN,
    "CVE-2024-6827 gunicorn: coding not exactly chunked": POST
    + b"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"
    + ADMIN,
    "CVE-2020-10108 twisted: two Content-Length fields": POST
    + b"Content-Length: 34\r\nContent-Length: 0\r\n\r\n"
    + ADMIN,
    "CVE-2020-10109 twisted: length and coding": POST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + ADMIN,
    "CVE-2022-24801 twisted: sign in a length": POST + b"Content-Length: +0\r\n\r\n" + ADMIN,
    "CVE-2022-24801 twisted: white space inside a coding": POST
    + b"Transfer-Encoding:  \x0cchunked\r\n\r\n0\r\n\r\n"
    + ADMIN,
    "CVE-2022-24801 twisted: space before a colon": POST + b"Content-Length : 34\r\n\r\n" + ADMIN,
    "CVE-2021-32714 hyper: chunk size overflows": CHUNKED + b"f0000000000000003\r\nabc\r\n0\r\n\r\n" + ADMIN,
    "CVE-2021-32715 hyper: plus sign in a length": POST + b"Content-Length: +3\r\n\r\nabc" + ADMIN,
    "CVE-2023-47627 aiohttp: underscore in a length": POST + b"Content-Length: 1_0\r\n\r\n" + ADMIN,
    "CVE-2023-47627 aiohttp: superscript digit in a length": POST + b"Content-Length: \xb2\r\n\r\n" + ADMIN,
    "CVE-2023-47627 aiohttp: name with a NUL": POST + b"Transfer-Encoding\x00: chunked\r\n\r\n" + ADMIN,
    "CVE-2023-47641 aiohttp: length and coding": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
    + ADMIN,
    "CVE-2023-37276 aiohttp: CR as a line end": b"GET / HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n",
    "CVE-2024-23829 aiohttp: version with a sign or more digits": b"GET / HTTP/1.+1\r\nHost: a\r\n\r\n",
    "CVE-2024-52304 aiohttp: LF in a chunk extension": CHUNKED + b"5;\nxx\r\nhello\r\n0\r\n\r\n" + ADMIN,
    "CVE-2025-53643 aiohttp: trailers that are not read": CHUNKED + b"0\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "CVE-2025-43859 h11: any two bytes behind chunk data": CHUNKED + b"5\r\nhelloXX0\r\n\r\n" + ADMIN,
    "CVE-2026-48710 starlette: Host with a path": b"GET / HTTP/1.1\r\nHost: a/evil?\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    outcome = drive([REFUSED[name]])
    assert outcome.reject is not None
    assert not [seen for seen in outcome.requests if seen.is_complete]


def test_cve_2022_29361_werkzeug_content_nobody_read():
    """Content that the application leaves alone is not the next request."""
    connection = H1Connection(H1Limits())
    connection.receive_data(POST + b"Content-Length: %d\r\n\r\n" % len(ADMIN) + ADMIN)
    connection.next_event()
    connection.render_response("200 OK", [], b"", date=b"", server=b"")
    with pytest.raises(RuntimeError):
        connection.start_next_cycle()


@pytest.mark.parametrize(
    ("status", "name", "value"),
    [("200 OK", "X", "y\r\nSet-Cookie: z"), ("200 OK", "X\r\nSet-Cookie", "z"), ("200 OK\r\nSet-Cookie: z", "X", "y")],
)
def test_cve_2018_1000164_gunicorn_and_2020_7695_uvicorn_split_answers(status, name, value):
    connection = H1Connection(H1Limits())
    connection.receive_data(ADMIN)
    connection.next_event()
    with pytest.raises(ValueError):
        connection.render_head(status, [(name, value)], 0, date=b"", server=b"")


def test_cve_2020_7694_uvicorn_log_injection():
    """No target holds a byte that an access log or a terminal would act on."""
    for byte in (*range(0x21), *range(0x7F, 0x100)):
        outcome = drive([b"GET /" + bytes([byte]) + b" HTTP/1.1\r\nHost: a\r\n\r\n"])
        assert outcome.reject is not None
