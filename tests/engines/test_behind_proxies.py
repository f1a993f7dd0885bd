"""Behind proxies, over real sockets, by both doors: whom the application believes to be its client, and who cannot forge it.

The proxy of these tests comes from 127.0.0.2, strangers come from 127.0.0.1.
"""

import json
import logging
import socket
import threading
import time

import pytest
from engines import certs
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, Response, request, url_for
from demijohn.doors.choose import handler_for
from demijohn.middleware.proxy_fix import ProxyFix
from demijohn.serve import Listener
from demijohn.wire import H1Limits
from demijohn.wire.proxyline import TLV_SSL, render_v1, render_v2

PROXY = "127.0.0.2"
CLIENT = "198.51.100.7"
TRUSTED = {"trusted_peers": (PROXY, "10.0.0.0/8")}

app = Demijohn(__name__)


@app.route("/seen/<name>", methods=["GET", "POST"])
def seen(name: str):
    environ = request.environ
    return {
        "remote_addr": request.remote_addr,
        "scheme": request.scheme,
        "host": request.host,
        "root_path": request.root_path,
        "path": request.path,
        "access_route": list(request.access_route),
        "url": request.url,
        "url_for": url_for("seen", name=name, _external=True),
        "body": request.get_data(as_text=True),
        "fields": {name.lower(): value for name, value in request.headers.items()},
        "environ": {key: value for key, value in environ.items() if isinstance(value, str) and key[:9] != "demijohn."},
    }


inner = Demijohn("inner")
inner.add_url_rule("/seen/<name>", "seen", seen, methods=["GET", "POST"])
app.mount("/inner", inner)


class From:
    """Connects from an address of one's choice."""

    def __init__(self, running, source: str) -> None:
        self.address = running.address
        self.source = source

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, TIMEOUT, source_address=(self.source, 0))


@pytest.fixture(params=["native", "wsgi"])
def handler(request):
    return handler_for(app, request.param)


def ask(client: Client, path: str = "/seen/x", **fields: str) -> dict:
    answer = client.get(path, **fields)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


X_FORWARDED = {
    "X_Forwarded_For": f"1.1.1.1, {CLIENT}:5123, 10.0.0.5",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Host": "shop.example:8443",
    "X_Forwarded_Prefix": "/shop",
}
RFC7239 = {
    "Forwarded": f'for=1.1.1.1, for="{CLIENT}:5123";proto=https;host="shop.example:8443", for=10.0.0.5;proto=http'
}


@pytest.mark.parametrize(
    ("family", "fields", "prefix"), [("x-forwarded", X_FORWARDED, "/shop"), ("rfc7239", RFC7239, "")]
)
def test_the_application_sees_the_client(handler, runner, family, fields, prefix):
    other = RFC7239 if family == "x-forwarded" else X_FORWARDED
    with serving(handler, runner, forwarded=family, **TRUSTED) as running, Client(From(running, PROXY)) as client:
        found = ask(client, "/seen/x?q=1", **fields, **other)
        assert found["remote_addr"] == CLIENT
        assert (found["scheme"], found["host"], found["root_path"]) == ("https", "shop.example:8443", prefix)
        assert found["path"] == "/seen/x"
        assert found["url_for"] == f"https://shop.example:8443{prefix}/seen/x"
        assert found["url"] == found["url_for"] + "?q=1"
        assert [hop.partition(":")[0] for hop in found["access_route"]] == [CLIENT, "10.0.0.5"]
        environ = found["environ"]
        assert (environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == (CLIENT, "5123")
        assert (environ["wsgi.url_scheme"], environ["HTTP_HOST"]) == ("https", "shop.example:8443")
        assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("shop.example", "8443")
        assert (environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["REQUEST_URI"]) == (
            prefix,
            "/seen/x",
            "/seen/x?q=1",
        )
        assert not set(map(str.lower, other)) & {name.replace("-", "_") for name in found["fields"]}
        assert "1.1.1.1" not in json.dumps(found)


def test_each_request_of_a_connection_has_its_own_client(handler, runner):
    with (
        serving(handler, runner, forwarded="x-forwarded", **TRUSTED) as running,
        Client(From(running, PROXY)) as client,
    ):
        for number in range(3):
            found = ask(client, X_Forwarded_For=f"198.51.100.{number}", X_Forwarded_Proto="https")
            assert (found["remote_addr"], found["scheme"]) == (f"198.51.100.{number}", "https")
        found = ask(client)
        assert (found["remote_addr"], found["scheme"], found["host"]) == (PROXY, "http", "test")
        answer = client.request("POST", "/seen/x", b"a body", X_Forwarded_For=CLIENT)
        found = json.loads(answer.body)
        assert (found["remote_addr"], found["body"]) == (CLIENT, "a body")


def test_mounts_are_below_the_prefix(handler):
    with serving(handler, forwarded="x-forwarded", **TRUSTED) as running, Client(From(running, PROXY)) as client:
        # The proxy has cut the prefix off; what looks like it again is the application's.
        found = ask(client, "/inner/seen/inner", X_Forwarded_Prefix="/inner")
        assert (found["root_path"], found["path"]) == ("/inner/inner", "/seen/inner")
        assert (found["environ"]["SCRIPT_NAME"], found["environ"]["PATH_INFO"]) == ("/inner/inner", "/seen/inner")
        assert found["url_for"] == "http://test/inner/inner/seen/inner"
        found = ask(client, "/seen/seen", X_Forwarded_Prefix="/seen")
        assert (found["root_path"], found["path"]) == ("/seen", "/seen/seen")
        found = ask(client, "/seen/x", X_Forwarded_Prefix="/caf%C3%A9")
        assert (found["root_path"], found["environ"]["SCRIPT_NAME"]) == ("/café", "/caf\xc3\xa9")


FORGED = {
    **X_FORWARDED, **RFC7239, "X_Forwarded_Port": "666", "X_Real_IP": CLIENT, "X_Forwarded_Ssl": "on", "X_Forwarded_Server": "evil",
}  # fmt: skip


@pytest.mark.parametrize("family", ["x-forwarded", "rfc7239"])
def test_a_stranger_forges_nothing(handler, family):
    with serving(handler, forwarded=family, **TRUSTED) as running, Client(running) as client:
        plain = ask(client)
        assert (plain["remote_addr"], plain["scheme"], plain["host"]) == ("127.0.0.1", "http", "test")
        for name, value in FORGED.items():
            assert ask(client, **{name: value}) == plain, name
        assert ask(client, **FORGED) == plain


def test_unless_it_is_asked_for_nothing_is_believed_of_anybody(handler):
    """And the fields are passed on, for `ProxyFix`."""
    with serving(handler) as running, Client(running) as client:
        found = ask(client, **FORGED)
        assert (found["remote_addr"], found["scheme"], found["host"], found["root_path"]) == (
            "127.0.0.1",
            "http",
            "test",
            "",
        )
        for name, value in FORGED.items():
            assert found["fields"][name.lower().replace("_", "-")] == value


def test_proxy_fix_agrees_with_the_server():
    fixed = Demijohn("fixed")
    fixed.add_url_rule("/seen/<name>", "seen", seen)
    fixed.wsgi_app = ProxyFix(fixed.wsgi_app, x_for=2, x_proto=1, x_host=1, x_prefix=1)
    with (
        serving(handler_for(fixed), forwarded="x-forwarded", **TRUSTED) as running,
        Client(From(running, PROXY)) as client,
    ):
        found = ask(
            client,
            X_Forwarded_For=f"1.1.1.1, {CLIENT}, 10.0.0.5",
            X_Forwarded_Proto="https",
            X_Forwarded_Host="a.example",
        )
        assert (found["remote_addr"], found["url"]) == (CLIENT, "https://a.example/seen/x")
        with Client(running) as stranger:
            found = ask(stranger, **FORGED)
            assert (found["remote_addr"], found["url"]) == ("127.0.0.1", "http://test/seen/x")


@pytest.mark.parametrize(
    ("family", "fields"),
    [
        ("x-forwarded", {"X_Forwarded_For": "nobody"}),
        ("x-forwarded", {"X_Forwarded_Host": "a b"}),
        ("x-forwarded", {"X_Forwarded_Prefix": "//evil"}),
        ("rfc7239", {"Forwarded": "for=nobody"}),
    ],
)
def test_a_trusted_proxy_that_talks_nonsense_is_told(handler, runner, family, fields, caplog):
    caplog.set_level(logging.INFO, "demijohn.error")
    with serving(handler, runner, forwarded=family, **TRUSTED) as running, Client(From(running, PROXY)) as client:
        ask(client, **X_FORWARDED if family == "x-forwarded" else RFC7239)
        answer = client.request("POST", "/seen/x", b"never read", Expect="100-continue", **fields)
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert b"Forwarded" in answer.body
        assert client.is_closed()
    refusals = [record.getMessage() for record in caplog.records if record.getMessage().startswith("Refused")]
    # Of the proxy, not of the client before.
    assert len(refusals) == 1
    assert refusals[0].startswith(f"Refused a request of {PROXY}: 400")


def wait_for(condition) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def logged(caplog, count: int) -> list[str]:
    """Wait for lines of the access log: they follow the answers."""

    def lines() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "demijohn.access"]

    wait_for(lambda: len(lines()) >= count)
    return lines()


def test_the_access_log_names_the_client(runner, caplog):
    caplog.set_level(logging.INFO, "demijohn.access")
    handler = handler_for(app)
    with serving(handler, runner, forwarded="rfc7239", access_log=True, **TRUSTED) as running:
        with Client(From(running, PROXY)) as client:
            ask(client, Forwarded=f"for={CLIENT}")
            ask(client, Forwarded="for=_hidden")
            client.send(b"NONSENSE\r\n\r\n")  # nobody knows whose
            assert client.read_answer().status == 400
        assert {line.split()[0] for line in logged(caplog, 3)} == {CLIENT, "_hidden", PROXY}


def test_a_unix_socket_is_a_peer_like_another(handler, tmp_path):
    for trusted, expected in [(("unix",), CLIENT), ((PROXY,), None)]:
        listener = Listener.unix(str(tmp_path / "socket"))
        options = {"forwarded": "x-forwarded", "trusted_peers": trusted}
        with serving(handler, listener=listener, **options) as running, Client(running) as client:
            found = ask(client, X_Forwarded_For=CLIENT)
            assert (found["remote_addr"], found["environ"]["REMOTE_ADDR"]) == (expected, expected or "")
            assert found["environ"].get("REMOTE_PORT") is None
        listener.unlink()


def test_ipv6(handler):
    try:
        listener = Listener.tcp("::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    options = {"forwarded": "rfc7239", "trusted_peers": "::1, 2001:db8::/32"}
    with serving(handler, listener=listener, **options) as running, Client(running) as client:
        found = ask(client, Forwarded='for="[2001:DB9::7]:5123";host="[::7]:81", for="[2001:db8::1]"')
        assert (found["remote_addr"], found["environ"]["REMOTE_PORT"]) == ("2001:db9::7", "5123")
        assert found["url"] == "http://[::7]:81/seen/x"
        assert found["access_route"] == ["2001:db9::7", "2001:db8::1"]


# ---------------------------------------------------------------------- names with underscores, trailers


@pytest.mark.parametrize("order", [1, -1])
def test_underscores_override_nothing_and_frame_nothing(handler, runner, order):
    lines = [
        f"X-Forwarded-For: {CLIENT}", "X_Forwarded_For: 1.1.1.1", "X-Forwarded_Proto: https", "Host: test", "Ho_st: evil",
        "Content-Length: 5", "Content_Length: 0", "Transfer_Encoding: chunked", "Content-Type: text/plain", "Content_Type: x/evil",
        "SCRIPT_NAME: /evil", "REMOTE_ADDR: 1.1.1.1", "X_Other: 1",
    ][::order]  # fmt: skip
    head = "\r\n".join(["POST /seen/x HTTP/1.1", *lines]).encode() + b"\r\n\r\nhello"
    with (
        serving(handler, runner, forwarded="x-forwarded", **TRUSTED) as running,
        Client(From(running, PROXY)) as client,
    ):
        for _ in range(2):
            client.send(head)
            found = json.loads(client.read_answer().body)
            assert (found["remote_addr"], found["scheme"], found["host"]) == (CLIENT, "http", "test")
            assert (found["body"], found["root_path"]) == ("hello", "")
            assert set(found["fields"]) == {"x-forwarded-for", "host", "content-length", "content-type"}
            environ = found["environ"]
            assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/plain", "5")
            names = {"HTTP_HOST", "HTTP_X_FORWARDED_FOR"}
            assert {key for key in environ if key.startswith("HTTP_")} == names


def test_underscores_may_be_refused_or_kept(handler):
    with serving(handler, limits=H1Limits(underscore_headers="refuse")) as running, Client(running) as client:
        client.send(b"GET /seen/x HTTP/1.1\r\nHost: test\r\nX_A: b\r\n\r\n")
        assert client.read_answer().status == 400
        assert client.is_closed()
    with serving(handler, limits=H1Limits(underscore_headers="keep")) as running, Client(running) as client:
        client.send(b"GET /seen/x HTTP/1.1\r\nHost: test\r\nX_A: b\r\nX_B: c\r\nX-B: d\r\nX_Real_IP: e\r\n\r\n")
        environ = json.loads(client.read_answer().body)["environ"]
        assert {key: environ[key] for key in environ if key.startswith("HTTP_")} == {
            "HTTP_HOST": "test",
            "HTTP_X_A": "b",
            "HTTP_X_B": "d",
        }


def test_trailers_reach_no_application(handler, runner):
    with (
        serving(handler, runner, forwarded="x-forwarded", **TRUSTED) as running,
        Client(From(running, PROXY)) as client,
    ):
        client.send(
            b"POST /seen/x HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
            b"X-Real-IP: 1.1.1.1\r\nX_Forwarded_For: 1.1.1.1\r\nX-Late: evil\r\nSCRIPT_NAME: /evil\r\n\r\n"
        )
        found = json.loads(client.read_answer().body)
        assert (found["remote_addr"], found["body"], found["root_path"]) == (PROXY, "hello", "")
        assert not {"x-late", "x-real-ip", "script-name", "x-forwarded-for"} & set(found["fields"])
        assert "1.1.1.1" not in json.dumps(found)
        assert "evil" not in json.dumps(found)
        client.send(
            b"POST /seen/x HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n"
        )
        assert client.read_answer().status == 400


# ---------------------------------------------------------------------- PROXY protocol


class Forwarder:
    """A TCP proxy on loopback that begins each connection with bytes of its own. Its own end is 127.0.0.2."""

    def __init__(self, running, greeting: bytes) -> None:
        self.running = running
        self.greeting = greeting
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(TIMEOUT)
        self.threads: list[threading.Thread] = []
        self.socks: list[socket.socket] = []

    def connect(self) -> socket.socket:
        client = socket.create_connection(self.listener.getsockname(), TIMEOUT)
        inner, _ = self.listener.accept()
        inner.settimeout(TIMEOUT)
        outer = From(self.running, PROXY).connect()
        outer.sendall(self.greeting)
        self.socks += [inner, outer]
        for source, target in ((inner, outer), (outer, inner)):
            thread = threading.Thread(target=self._pump, args=(source, target))
            thread.start()
            self.threads.append(thread)
        return client

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one side has gone; the test says what that means

    def __enter__(self):
        return self

    def __exit__(self, *exc) -> None:
        self.listener.close()
        for thread in self.threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive()
        for sock in self.socks:
            sock.close()


ENDS = (CLIENT, 5123), ("192.0.2.1", 443)
ENDS6 = ("2001:db9::7", 5123), ("2001:db9::1", 443)


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_a_proxy_line_names_the_client(handler, runner, mode):
    with serving(handler, runner, proxy_protocol=mode, **TRUSTED) as running:
        for line, ends in [
            (render_v1(*ENDS), ENDS),
            (render_v1(*ENDS6), ENDS6),
            (render_v2(*ENDS), ENDS),
            (render_v2(*ENDS6, [(0xE0, b"x" * 500)], with_checksum=True), ENDS6),
        ]:
            with Forwarder(running, line) as forwarder, Client(forwarder) as client:
                for _ in range(2):
                    found = ask(client)
                    environ = found["environ"]
                    assert (found["remote_addr"], environ["REMOTE_PORT"]) == (ends[0][0], "5123")
                    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == (ends[1][0], "443")
                    assert (found["scheme"], found["host"]) == ("http", "test")
        for line in (render_v1(), render_v2(), render_v2(is_local=True)):
            with Forwarder(running, line) as forwarder, Client(forwarder) as client:
                assert ask(client)["remote_addr"] == PROXY
        ssl = render_v2(*ENDS, [(TLV_SSL, b"\x01\0\0\0\0")])
        with Forwarder(running, ssl) as forwarder, Client(forwarder) as client:
            assert ask(client)["url"] == "https://test/seen/x"
        unix = render_v2("/run/a", "/run/b")
        with Forwarder(running, unix) as forwarder, Client(forwarder) as client:
            assert ask(client)["remote_addr"] is None
    assert running.server.stats.connections_open == 0


@pytest.mark.parametrize("line", [render_v1(*ENDS), render_v2(*ENDS)], ids=["v1", "v2"])
def test_a_proxy_line_may_come_in_pieces_and_with_requests_behind_it(runner, line):
    request_ = b"GET /seen/x HTTP/1.1\r\nHost: test\r\n\r\n"
    with serving(handler_for(app), runner, proxy_protocol="required", **TRUSTED) as running:
        for pieces in (
            [line + request_ * 2],
            [line, request_, request_],
            [line[:1], line[1:7], line[7:-1], line[-1:] + request_[:4], request_[4:] + request_],
        ):
            with Client(From(running, PROXY)) as client:
                for piece in pieces:  # that they arrive as such is seen to in tests/unit/serve/test_proxied.py
                    client.send(piece)
                for _ in range(2):
                    assert json.loads(client.read_answer().body)["remote_addr"] == CLIENT


def test_where_no_line_is_required_a_request_may_come_at_once(runner):
    with serving(handler_for(app), runner, proxy_protocol="auto", **TRUSTED) as running:
        with Client(From(running, PROXY)) as client:
            assert ask(client)["remote_addr"] == PROXY
        with Client(From(running, PROXY)) as client:
            client.send(b"P")  # it may be the beginning of a line
            client.send(b"OST /seen/x HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi")
            found = json.loads(client.read_answer().body)
            assert (found["remote_addr"], found["body"]) == (PROXY, "hi")
        with Client(From(running, PROXY)) as client:
            client.send(b"\r\n")  # of an empty line, or of the signature
            assert ask(client)["remote_addr"] == PROXY


@pytest.mark.parametrize(
    ("mode", "sent", "reason"),
    [
        ("required", b"GET /seen/x HTTP/1.1\r\nHost: test\r\n\r\n", "must begin with a PROXY protocol line"),
        ("required", b"\x16\x03\x01", "must begin with a PROXY protocol line"),
        ("required", b"PROXY TCP4 1.2.3.4 nobody 1 2\r\n", "invalid PROXY line"),
        ("auto", b"PROXY TCP4 1.2.3.4 nobody 1 2\r\n", "invalid PROXY line"),
        ("auto", render_v2(*ENDS)[:13] + b"\x55", "unknown address family"),
    ],
)
def test_a_trusted_peer_that_keeps_no_protocol_is_closed(runner, mode, sent, reason, caplog):
    with serving(handler_for(app), runner, proxy_protocol=mode, **TRUSTED) as running:
        with Client(From(running, PROXY)) as client:
            client.send(sent)
            assert client.is_closed()
        assert running.server.stats.requests == 0
    assert [record.levelname for record in caplog.records if reason in record.getMessage()] == ["WARNING"]
    assert PROXY in caplog.text


def test_a_line_of_a_stranger_is_no_line(handler):
    for mode in ("off", "auto", "required"):
        with serving(handler, proxy_protocol=mode, **TRUSTED) as running:
            with Client(running) as client:
                assert ask(client)["remote_addr"] == "127.0.0.1"
            for line in (render_v1(*ENDS), render_v2(*ENDS)):
                with Client(running) as client:
                    client.send(line + b"GET /seen/x HTTP/1.1\r\nHost: test\r\n\r\n")
                    assert client.read_answer().status == 400
                    assert client.is_closed()


def test_without_the_setting_a_line_of_the_proxy_is_refused(handler):
    with serving(handler, **TRUSTED) as running, Client(From(running, PROXY)) as client:
        client.send(render_v1(*ENDS))
        assert client.read_answer().status == 400


def test_a_second_line_is_refused(handler):
    """A client behind the proxy cannot add one."""
    with serving(handler, proxy_protocol="required", **TRUSTED) as running:
        with Forwarder(running, render_v1(*ENDS)) as forwarder, Client(forwarder) as client:
            client.send(render_v1(("1.1.1.1", 1), ("1.1.1.1", 1)) + b"GET /seen/x HTTP/1.1\r\nHost: test\r\n\r\n")
            assert client.read_answer().status == 400


@pytest.mark.over_tls
def test_clients_behind_lines_are_counted_each(runner):
    """Of the proxy any number; of each of its clients so many, whether TLS comes next or not; and places are given back."""
    handler = handler_for(app)
    options = {"proxy_protocol": "required", "max_connections_per_client": 1}
    with serving(handler, runner, **TRUSTED, **options) as running:

        def come(line: bytes) -> Client:
            """Be a proxy that passes a client's connection on."""
            plain = From(running, PROXY).connect()
            plain.sendall(line)
            return Client(_Accepted(running, plain))

        with come(render_v1(*ENDS)) as first, come(render_v2(*ENDS6)) as other:
            assert ask(first)["remote_addr"] == CLIENT
            assert ask(other)["remote_addr"] == ENDS6[0][0]
            with socket.create_connection(running.address, TIMEOUT, (PROXY, 0)) as second:
                second.sendall(render_v2(*ENDS))
                assert second.recv(1) == b""
            with come(render_v2(is_local=True)) as proxy, come(render_v1()) as again:
                assert ask(proxy)["remote_addr"] == ask(again)["remote_addr"] == PROXY
            assert ask(first)["remote_addr"] == CLIENT
        clients = running.server._engine.clients
        wait_for(lambda: not clients._counts)
        with come(render_v1(*ENDS)) as later:
            assert ask(later)["remote_addr"] == CLIENT
        assert running.server._engine.refusals.snapshot() == {"max_connections_per_client": 1}
        wait_for(lambda: not running.server.stats.connections_open)


class _Accepted:
    """A connection that has begun already; the rest of it as the server expects it."""

    def __init__(self, running, plain: socket.socket) -> None:
        self.running = running
        self.plain = plain

    def connect(self) -> socket.socket:
        if self.running.listener.certificates is None:
            return self.plain
        return certs.client_context().wrap_socket(self.plain, server_hostname="localhost")


def test_a_stop_does_not_wait_for_a_client_that_was_turned_away(runner):
    """The last connection of a server that stops is one that its client may not have."""
    options = {"proxy_protocol": "required", "max_connections_per_client": 1, "drain_idle_grace": 100}
    with serving(handler_for(app), runner, **TRUSTED, **options) as running, Client(From(running, PROXY)) as client:
        engine = running.server._engine
        wait_for(lambda: engine.connections)
        engine.clients.enter(object(), ENDS[0])
        running.server.shutdown()
        client.send(render_v1(*ENDS))
        assert client.is_closed()
        running.thread.join(TIMEOUT)
        assert not running.thread.is_alive()


def test_a_line_and_fields_together(handler):
    """The line says who the HTTP proxy is; whether that is trusted decides about its fields."""
    options = {"proxy_protocol": "required", "forwarded": "x-forwarded", **TRUSTED}
    with serving(handler, **options) as running:
        for source, expected in (("10.0.0.8", CLIENT), ("203.0.113.9", "203.0.113.9")):
            line = render_v2((source, 1), ("192.0.2.1", 80))
            with Forwarder(running, line) as forwarder, Client(forwarder) as client:
                assert ask(client, X_Forwarded_For=CLIENT)["remote_addr"] == expected


def test_a_line_goes_before_the_tls_handshake(handler):
    options = {"proxy_protocol": "required", "certificates": certs.certificates(), **TRUSTED}
    with serving(handler, **options) as running, Forwarder(running, render_v2(*ENDS)) as forwarder:

        class Tls:
            @staticmethod
            def connect():
                return certs.client_context().wrap_socket(forwarder.connect(), server_hostname="localhost")

        with Client(Tls()) as client:
            found = ask(client)
            assert (found["remote_addr"], found["scheme"]) == (CLIENT, "https")


def test_who_begins_like_a_line_and_speaks_no_tls_is_told(handler):
    options = {"proxy_protocol": "auto", "certificates": certs.certificates(), **TRUSTED}
    with serving(handler, **options) as running, Client(From(running, PROXY)) as client:
        client.send(b"P")
        client.send(b"OST / HTTP/1.1\r\nHost: test\r\n\r\n")
        answer = client.read_answer()
        assert (answer.status, b"HTTPS" in answer.body) == (400, True)


@pytest.mark.slow
def test_who_does_not_send_its_line_in_time_is_closed(caplog):
    with serving(handler_for(app), proxy_protocol="required", head_timeout=0.1, **TRUSTED) as running:
        with Client(From(running, PROXY)) as client:
            client.send(b"PROXY TCP4 ")
            assert client.is_closed()
    assert running.server.stats.connections_open == 0
    assert "its PROXY protocol line took too long" in caplog.text


def test_a_proxy_that_only_looks_whether_somebody_listens_is_no_news(caplog):
    with serving(handler_for(app), proxy_protocol="required", **TRUSTED) as running:
        From(running, PROXY).connect().close()
        stats = running.server.stats
        wait_for(lambda: stats.connections_accepted and not stats.connections_open)
        sock = From(running, PROXY).connect()
        sock.sendall(b"PROXY")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
        sock.close()
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
        "it ended inside its PROXY protocol line"
    ]


def test_draining_before_a_line(runner):
    with serving(handler_for(app), runner, proxy_protocol="required", **TRUSTED) as running:
        silent = From(running, PROXY).connect()
        wait_for(lambda: running.server.stats.connections_open)
    assert silent.recv(1) == b""
    silent.close()


def test_a_foreign_application_sees_the_same(runner):
    def foreign(environ, start_response):
        keys = (
            "REMOTE_ADDR",
            "REMOTE_PORT",
            "wsgi.url_scheme",
            "HTTP_HOST",
            "SERVER_NAME",
            "SERVER_PORT",
            "SCRIPT_NAME",
            "PATH_INFO",
        )
        body = json.dumps({key: environ.get(key) for key in keys}).encode()
        return Response(body, mimetype="application/json")(environ, start_response)

    with (
        serving(handler_for(foreign), runner, forwarded="x-forwarded", **TRUSTED) as running,
        Client(From(running, PROXY)) as client,
    ):
        assert json.loads(client.get("/x", **X_FORWARDED).body) == {
            "REMOTE_ADDR": CLIENT,
            "REMOTE_PORT": "5123",
            "wsgi.url_scheme": "https",
            "HTTP_HOST": "shop.example:8443",
            "SERVER_NAME": "shop.example",
            "SERVER_PORT": "8443",
            "SCRIPT_NAME": "/shop",
            "PATH_INFO": "/x",
        }
