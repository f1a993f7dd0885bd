"""Who is at the other end, whatever kind of socket it came by: what the application sees and what the access log says."""

import json
import logging
import socket

import pytest
from engines.oddities import wait_until
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, request, url_for
from demijohn.doors.choose import handler_for
from demijohn.serve import Listener, ListenOptions
from demijohn.serve.listener import resolve
from demijohn.wire.proxyline import render_v1, render_v2

app = Demijohn(__name__)


@app.get("/seen")
def seen():
    environ = request.environ
    return {
        "remote_addr": request.remote_addr,
        "host": request.host,
        "url": url_for("seen", _external=True),
        "environ": {
            name: environ.get(name)
            for name in ("REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT", "HTTP_HOST")
        },
    }


@pytest.fixture(params=["native", "wsgi"])
def handler(request):
    return handler_for(app, request.param)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


def ask(client: Client, host: str) -> dict:
    client.send(f"GET /seen HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = client.read_answer()
    assert answer.status == 200
    return json.loads(answer.body)


def logged(caplog, count: int) -> list[str]:
    def lines() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "demijohn.access"]

    wait_until(lambda: len(lines()) == count)
    return lines()


class At:
    """A server's address, as a client of one's choice reaches it."""

    def __init__(self, host: str, port: int) -> None:
        self.address = host, port

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, TIMEOUT)


@ipv6
def test_ipv6(handler, runner, caplog):
    caplog.set_level(logging.INFO, "demijohn.access")
    listener = Listener.tcp("::1", 0)
    port = listener.address[1]
    assert listener.url == f"http://[::1]:{port}"
    with serving(handler, runner, listener=listener, access_log=True) as running, Client(running) as client:
        found = ask(client, f"[::1]:{port}")
        assert (found["remote_addr"], found["host"]) == ("::1", f"[::1]:{port}")
        assert found["url"] == f"http://[::1]:{port}/seen"
        environ = found["environ"]
        assert (environ["REMOTE_ADDR"], environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("::1", "::1", str(port))
        assert environ["REMOTE_PORT"] == str(client.sock.getsockname()[1])
        for bad in ("::1", "[::1", "[::1]x", "[1::2::3]", "[::1%25eth0]", "[v1.a]", "[]", "[::ffff:1.2.3.400]"):
            with Client(running) as other:
                other.send(f"GET /seen HTTP/1.1\r\nHost: {bad}\r\n\r\n".encode())
                assert other.read_answer().status == 400, bad
    assert {line.split()[0] for line in logged(caplog, 9)} == {"::1"}


@ipv6
def test_an_ipv4_client_of_a_dual_socket_is_known_by_its_ipv4_address(handler, runner, caplog):
    """`::ffff:127.0.0.1` is how the system writes it; nobody's lists, and no `trusted_peers`, are written like that."""
    caplog.set_level(logging.INFO, "demijohn.access")
    listener = Listener.at(resolve("::", 0)[0], ListenOptions(dual_stack=True))
    port = listener.address[1]
    options = {"access_log": True, "forwarded": "x-forwarded", "trusted_peers": "127.0.0.0/8"}
    with serving(handler, runner, listener=listener, **options):
        for address, host in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
            with Client(At(address, port)) as client:
                found = ask(client, f"{host}:{port}")
                assert found["remote_addr"] == found["environ"]["REMOTE_ADDR"] == address
                # Where it arrived, and not where the server listens.
                assert found["environ"]["SERVER_NAME"] == address
        with Client(At("127.0.0.1", port)) as client:
            client.send(b"GET /seen HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n")
            assert json.loads(client.read_answer().body)["remote_addr"] == "192.0.2.7"
    # In any order: a line comes behind its answer, and the next client need not wait for it.
    assert sorted(line.split()[0] for line in logged(caplog, 3)) == ["127.0.0.1", "192.0.2.7", "::1"]


@pytest.mark.over_tls
def test_a_unix_socket(handler, runner, caplog, tmp_path):
    caplog.set_level(logging.INFO)
    path = str(tmp_path / "s")
    listener = Listener.unix(path)
    try:
        with serving(handler, runner, listener=listener, access_log=True) as running:
            with Client(running) as client:
                found = ask(client, "example.com:81")
                environ = found["environ"]
                assert (found["remote_addr"], environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == (None, "", None)
                assert found["url"].endswith("://example.com:81/seen")
                client.send(b"NONSENSE\r\n\r\n")
                assert client.read_answer().status == 400
    finally:
        listener.unlink()
    assert [line.split()[0] for line in logged(caplog, 2)] == ["unix", "unix"]
    assert "Refused a request of a Unix socket: 400" in caplog.text


@pytest.mark.parametrize("trusted", ["unix", "127.0.0.1"])
def test_a_proxy_line_on_a_unix_socket(runner, trusted, tmp_path):
    """Its peer is trusted as `unix`, and only if that is listed."""
    ends = ("192.0.2.7", 5123), ("192.0.2.1", 443)
    for line in (render_v1(*ends), render_v2(*ends)):
        listener = Listener.unix(str(tmp_path / "s"))
        options = {"proxy_protocol": "required", "trusted_peers": trusted, "max_connections_per_client": 1}
        try:
            with serving(handler_for(app), runner, listener=listener, **options) as running, Client(running) as client:
                client.send(line)
                if trusted == "unix":
                    assert ask(client, "a")["remote_addr"] == "192.0.2.7"
                else:
                    client.send(b"GET /seen HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert client.read_answer().status == 400
        finally:
            listener.unlink()
