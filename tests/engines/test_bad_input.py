"""Bad input over real sockets, on every runner: a right status or a closed connection, a log line, and the server goes on."""

import logging
import socket

import pytest
from engines.serving import Client, serving

from demijohn.wire.limits import H1Limits

GOOD = b"GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"


def handler(exchange):
    exchange.body.read()
    exchange.respond("200 OK", [("Content-Type", "text/plain")], exchange.head.path.encode())


REJECTED = [
    (b"GET /\r\n\r\n", {400, 505}),
    (b"NOT A REQUEST\r\n\r\n", {400}),
    (b"GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n", {400}),
    (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", {400}),
    (b"GET / HTTP/1.1\r\n\r\n", {400}),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", {400}),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", {400, 505}),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", {400}),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", {400}),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", {400, 501}),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nXYZ\r\n", {400}),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n", {400}),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", {400}),
    (b"POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 1\r\n\r\n", {417}),
    (b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {414}),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", {431}),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", {431}),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 32, {400}),
]


@pytest.mark.parametrize(("data", "statuses"), REJECTED, ids=[repr(data[:60]) for data, _ in REJECTED])
def test_a_rejected_request_gets_its_status_and_nothing_behind_it_is_answered(runner, data, statuses, caplog):
    with caplog.at_level(logging.INFO, logger="demijohn.error"):
        with serving(handler, runner) as running:
            with Client(running) as client:
                client.send(GOOD)
                assert client.read_answer().body == b"/ok"
                client.send(data + GOOD)
                answer = client.read_answer()
                assert answer.status in statuses
                assert answer.headers["connection"] == "close"
                assert client.is_closed()
            with Client(running) as other:
                assert other.get("/next").body == b"/next"
            assert running.server.stats.rejects == 1
            assert running.server.stats.requests == 2
    assert "Refused a request of 127.0.0.1" in caplog.text
    assert "RFC" in caplog.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            b"\x16\x03\x01\x00\xc5\x01\x00\x00\xc1\x03\x03" + b"\0" * 32,
            "a TLS handshake came on a plain HTTP connection",
        ),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + GOOD, "a PROXY protocol header came where a request was expected"),
        (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\0" * 12, "or a PROXY protocol header"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "an HTTP/2 preface came on an HTTP/1.1 connection"),
    ],
    ids=["TLS", "PROXY 1", "PROXY 2", "HTTP/2"],
)
def test_other_protocols_are_named_in_the_log(data, said, caplog):
    with caplog.at_level(logging.INFO, logger="demijohn.error"):
        with serving(handler, "inline") as running, Client(running) as client:
            client.send(data)
            assert client.read_answer().status in {400, 505}
            assert client.is_closed()
    (line,) = [record.getMessage() for record in caplog.records if "Refused a request" in record.getMessage()]
    assert said in line


@pytest.mark.parametrize(("way", "status"), [("inline", 421), ("inline+tls", 200)])
def test_https_may_be_asked_for_over_tls_only(way, status):
    """RFC 9110 §7.4: an origin server must not serve an https target that came in the clear."""
    with serving(handler, way) as running, Client(running) as client:
        client.send(b"GET https://a/secure HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_answer().status == status


def test_a_body_over_the_limit_is_refused_before_it_is_sent(runner):
    with serving(handler, runner, limits=H1Limits(body_bytes=1000)) as running:
        with Client(running) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n")
            assert client.read_answer().status == 413
            assert client.is_closed()
        with Client(running) as client:
            client.send(
                b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n" + b"x" * 1000 + b"\r\n"
            )
            client.send(b"1\r\nx\r\n")
            assert client.read_answer().status == 413


def test_a_client_that_goes_away_in_the_middle_of_a_request_disturbs_nobody(runner):
    with serving(handler, runner) as running:
        for data in (b"GET", b"GET / HTTP/1.1\r\nHo", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"):
            client = Client(running)
            client.send(data)
            client.close()
        with Client(running) as client:
            assert client.get("/still").body == b"/still"
        assert running.server.stats.requests == 1


def test_a_reset_disturbs_nobody(runner):
    with serving(handler, runner) as running:
        for data in (b"", b"GET / HTTP/1.1\r\nHost: a\r\n", GOOD * 50):
            client = Client(running)
            client.send(data)
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        with Client(running) as client:
            assert client.get("/still").body == b"/still"


def test_a_half_closed_client_gets_its_answers(runner):
    with serving(handler, runner) as running, Client(running) as client:
        client.send(GOOD * 3)
        client.sock.shutdown(socket.SHUT_WR)
        assert [client.read_answer().body for _ in range(3)] == [b"/ok"] * 3
        assert client.is_closed()


def test_the_answer_to_a_refused_upload_is_not_lost_to_a_reset(runner):
    """The client still sends when the server has refused: it must be able to read why (RFC 9112 §9.6)."""
    with serving(handler, runner, limits=H1Limits(body_bytes=10)) as running, Client(running) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
        client.send(b"x" * 500_000)
        assert client.read_answer().status == 413


def test_deadlines_close_what_is_slow(runner):
    options = {"head_timeout": 0.2, "body_timeout": 0.2, "keep_alive": 0.2}
    with serving(handler, runner, **options) as running:
        with Client(running) as idle, Client(running) as head, Client(running) as body, Client(running) as kept:
            head.send(b"GET / HTTP/1.1\r\n")
            body.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx")
            assert kept.get("/a").body == b"/a"
            assert idle.is_closed()
            assert kept.is_closed()
            assert head.read_answer().status == 408
            assert body.read_answer().status == 408
            assert head.is_closed()
            assert body.is_closed()
