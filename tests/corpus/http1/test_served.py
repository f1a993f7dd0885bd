"""The corpus against a whole server on a socket: the same outcome as without one, and a connection that is closed."""

import contextlib
import socket

import pytest

from ...engines.serving import serving
from .cases import Case, load
from .responses import parse_response

FOLLOWING = b"GET /smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n"

# Limits are the server's own here; and while the server lingers for what is still under way, a large case may lose its answer.
CASES = {
    kind: [case for case in load(kind) if "limits" not in case.expected and len(case.data) < 32_000]
    for kind in ("accept", "reject")
}


def echo(exchange) -> None:
    exchange.respond("200 OK", [("X-Target", exchange.head.target)], exchange.body.read())


@pytest.fixture(scope="module", params=["inline", "late"])
def server(request):
    with serving(echo, runner=request.param) as running:
        yield running


def converse(server, data: bytes, *, ends: bool) -> bytes:
    """Send everything and read until the server closes."""
    with server.connect() as sock:
        with contextlib.suppress(ConnectionError):  # refused before all of it was sent
            sock.sendall(data)
            if ends:
                sock.shutdown(socket.SHUT_WR)
        received = []
        while part := sock.recv(65_536):
            received.append(part)
        return b"".join(received)


@pytest.mark.parametrize("case", CASES["reject"], ids=repr)
def test_reject(server, case: Case):
    at_eof = case.expected.get("at_eof", False)
    rest = converse(server, case.data + (b"" if at_eof else FOLLOWING), ends=at_eof)
    assert b"smuggled" not in rest
    for _ in range(case.expected.get("served", 0)):
        response, rest = parse_response(rest, "GET")
        assert response.status == 200
    if rest.startswith(b"HTTP/1.1 100 "):
        rest = rest.partition(b"\r\n\r\n")[2]
    method = case.data.lstrip().partition(b" ")[0].decode("latin-1")
    response, rest = parse_response(rest, method)
    assert response.status == case.expected["status"]
    assert response.fields["connection"] == "close"
    assert rest == b""


@pytest.mark.parametrize("case", CASES["accept"], ids=repr)
def test_accept(server, case: Case):
    rest = converse(server, case.data, ends=True)
    seen = []
    for expected in case.expected["requests"]:
        method = expected.get("method") or case.data.lstrip().partition(b" ")[0].decode("latin-1")
        response, rest = parse_response(rest, method)
        assert response.status == 200
        if "target" in expected:
            assert response.fields["x-target"] == expected["target"]
        if "body" in expected and method != "HEAD":
            assert response.body == expected["body"].encode("latin-1")
        seen.append(response)
    assert rest == b""
