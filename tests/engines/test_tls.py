"""TLS over real sockets: handshakes of every kind, certificates by name and their reload, and streams that are cut."""

import contextlib
import http.client
import logging
import os
import socket
import ssl
import threading

import pytest
from cryptography.x509.oid import NameOID
from engines import certs
from engines.oddities import JumpingClock, links, wait_until
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, request
from demijohn.doors.choose import handler_for
from demijohn.serve import Listener
from demijohn.serve.certificates import Certificates, GivenContext, TlsOptions
from demijohn.wire.proxyline import TLV_SSL, render_v2

GET = b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n"


def hello(exchange):
    exchange.body.read()
    exchange.respond("200 OK", [("Content-Type", "text/plain")], exchange.head.path.encode())


def tell(exchange):
    """Answer with what is known of the connection."""
    lines = [f"{name}={value}" for name, value in (exchange.peer.tls or {}).items()]
    exchange.respond("200 OK", [], "\n".join([f"scheme={exchange.peer.scheme}", *lines]).encode())


def facts_of(answer) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in answer.body.decode().split("\n") if "=" in line)


class Wrapped(Client):
    """A client with a context of its own."""

    def __init__(self, running, context: ssl.SSLContext, name: str = "localhost", session=None) -> None:
        self.running = running
        plain = running.connect_plain()
        try:
            self.sock = context.wrap_socket(plain, server_hostname=name, session=session)
        except BaseException:
            plain.close()
            raise
        self.file = self.sock.makefile("rb")


class Engineered:
    """The client's side of TLS in memory, so that a test decides which bytes go out."""

    def __init__(self) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = certs.client_context().wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def hello(self) -> bytes:
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    def handshake(self, sock: socket.socket) -> None:
        sock.sendall(self.hello())
        while True:
            self.incoming.write(sock.recv(65536))
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                continue
            sock.sendall(self.outgoing.read())
            return

    def encipher(self, data: bytes) -> bytes:
        self.tls.write(data)
        return self.outgoing.read()


# ---------------------------------------------------------------- handshakes


@pytest.mark.over_tls
def test_the_scheme_and_what_is_known_of_the_connection(runner):
    with serving(tell, runner) as running, Client(running) as client:
        answer = client.get("/")
        facts = facts_of(answer)
        if "+tls" not in runner:
            assert facts == {"scheme": "http"}
            return
        assert facts["scheme"] == "https"
        assert facts["HTTPS"] == "on"
        assert facts["SSL_PROTOCOL"] == client.sock.version() == "TLSv1.3"
        assert facts["SSL_CIPHER"] == client.sock.cipher()[0]
        assert facts["SSL_TLS_SNI"] == "localhost"
        assert facts["SSL_CLIENT_VERIFY"] == "NONE"
        assert running.server.stats.tls_handshakes == 1


@pytest.mark.parametrize("door", ["wsgi", "native"])
def test_an_application_sees_https(door):
    app = Demijohn(__name__)

    @app.get("/")
    def view():
        environ = request.environ
        return {
            "scheme": request.scheme,
            "secure": request.is_secure,
            "url": request.url,
            "url_scheme": environ["wsgi.url_scheme"],
            "protocol": environ["SSL_PROTOCOL"],
        }

    with serving(handler_for(app, door), "late+tls") as running, Client(running) as client:
        import json

        seen = json.loads(client.get("/").body)
        assert seen == {
            "scheme": "https",
            "secure": True,
            "url": "https://test/",
            "url_scheme": "https",
            "protocol": "TLSv1.3",
        }


def test_a_handshake_may_come_byte_by_byte():
    client = Engineered()
    with serving(hello, "late+tls") as running, running.connect_plain() as sock:
        for byte in client.hello():
            sock.sendall(bytes([byte]))
        while True:
            try:
                client.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.incoming.write(sock.recv(65536))
        for byte in client.outgoing.read() + client.encipher(GET % b"slow"):
            sock.sendall(bytes([byte]))
        data = b""
        while not data.endswith(b"/slow"):
            try:
                data += client.tls.read(65536)
            except ssl.SSLWantReadError:
                client.incoming.write(sock.recv(65536))
        assert data.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_request_that_comes_with_the_end_of_the_handshake_is_answered(runner):
    client = Engineered()
    with serving(hello, f"{runner}+tls") as running, running.connect_plain() as sock:
        sock.sendall(client.hello())
        while True:
            try:
                client.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.incoming.write(sock.recv(65536))
        client.tls.write(GET % b"at-once")
        sock.sendall(client.outgoing.read())
        data = b""
        while not data.endswith(b"/at-once"):
            try:
                data += client.tls.read(65536)
            except ssl.SSLWantReadError:
                client.incoming.write(sock.recv(65536))


def test_stalled_handshakes_hold_nobody_up_and_are_dropped(caplog):
    """Two hundred clients send half a hello, or nothing; others work as if they were not there."""
    caplog.set_level(logging.INFO, logger="demijohn.error")
    clock = JumpingClock()
    half = Engineered().hello()[:100]
    with (
        serving(hello, "late+tls", clock, threads=1, tls_handshake_threads=1) as running,
        contextlib.ExitStack() as stack,
    ):
        stalled = [stack.enter_context(running.connect_plain()) for _ in range(200)]
        for sock in stalled[:150]:
            sock.sendall(half)
        wait_until(lambda: len(links(running)) == 200)
        for number in range(20):
            with Client(running) as client:
                assert client.get(f"/{number}").status == 200
        clock.jump(12, running)
        for sock in stalled:
            assert sock.recv(1) == b""
        wait_until(lambda: not links(running))
        assert running.server.stats.connections_open == 0
        with Client(running) as client:
            assert client.get("/after").status == 200
    assert caplog.text.count("No TLS with 127.0.0.1: it took too long") == 150


def test_a_handshake_on_a_thread_is_not_the_deadlines_to_end():
    """The deadline passes while a step runs: the socket stays open until the step has ended."""
    entered, go = threading.Event(), threading.Event()

    class Slow(GivenContext):
        def wrap(self, sock):
            entered.set()
            assert go.wait(TIMEOUT)
            return super().wrap(sock)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs.server_files().certfile, certs.server_files().keyfile)
    clock = JumpingClock()
    with serving(hello, "late", clock, Slow(context)) as running, running.connect_plain() as sock:
        sock.sendall(Engineered().hello())
        assert entered.wait(TIMEOUT)
        clock.jump(12, running)
        wait_until(lambda: links(running)[0]._is_unwanted)
        go.set()
        while sock.recv(65536):
            pass
        wait_until(lambda: not links(running))


@pytest.mark.parametrize("sent", ["nothing", "half", "all"])
def test_a_server_that_stops_lets_a_handshake_end(sent):
    """Who has said nothing is closed at once; a hello that came is answered, a bad one is no reason to wait."""
    client = Engineered()
    hello_bytes = client.hello()
    with serving(hello, "late+tls") as running, running.connect_plain() as sock:
        if sent == "half":
            sock.sendall(hello_bytes[:60])
            wait_until(lambda: any(isinstance(getattr(one, "_sock", None), ssl.SSLSocket) for one in links(running)))
        else:
            wait_until(lambda: links(running))
            if sent == "all":
                client = Engineered()
                client.handshake(sock)
        running.server.shutdown()
        if sent == "half":
            sock.sendall(b"\0" * 600)  # no hello any more
            sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while sock.recv(65536):
                pass
        running.thread.join(5)
        assert not running.thread.is_alive()


def test_plain_http_on_a_tls_port_is_told_so(runner, caplog):
    caplog.set_level(logging.INFO, logger="demijohn.error")
    with serving(hello, f"{runner}+tls") as running:
        with running.connect_plain() as sock:
            sock.sendall(GET % b"plain")
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            assert answer.status == 400
            assert answer.getheader("Connection") == "close"
            assert b"HTTPS" in answer.read()
            assert sock.recv(1) == b""
        with Client(running) as client:
            assert client.get("/").status == 200
        wait_until(lambda: not links(running))
        assert running.server.stats.tls_failures == 1
    assert "No TLS with 127.0.0.1: it sent plain HTTP, and was told so" in caplog.text


def test_tls_on_a_plain_port_is_refused_and_named(caplog):
    caplog.set_level(logging.INFO, logger="demijohn.error")
    with serving(hello, "late") as running, running.connect_plain() as sock:
        sock.sendall(Engineered().hello())
        assert sock.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert "a TLS handshake came on a plain HTTP connection" in caplog.text


@pytest.mark.parametrize(
    "data", [b"\0" * 50, b"\x16\x03\x01\0\x05hello", b"\x16" + os.urandom(500), b"\x80\x2e\x01\x03\x01"]
)
def test_what_is_neither_is_dropped(data, caplog):
    caplog.set_level(logging.INFO, logger="demijohn.error")
    with serving(hello, "late+tls", linger_timeout=0.2) as running:
        with running.connect_plain() as sock:
            sock.sendall(data)
            with contextlib.suppress(OSError):  # it may be closed already
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
        wait_until(lambda: running.server.stats.tls_failures == 1 and not links(running))
        with Client(running) as client:
            assert client.get("/").status == 200
    assert "No TLS with 127.0.0.1" in caplog.text


def test_clients_that_go_before_or_within_the_handshake_leave_nothing_behind(runner, caplog):
    half = Engineered().hello()[:60]
    with serving(hello, f"{runner}+tls") as running:
        for data in (b"", half, Engineered().hello()):
            for ending in ("end", "reset"):
                sock = running.connect_plain()
                sock.sendall(data)
                if ending == "reset":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                sock.close()
        wait_until(lambda: running.server.stats.connections_accepted == 6 and not links(running))
        assert running.server.stats.connections_open == 0
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_old_versions_are_refused():
    context = ssl.create_default_context(cafile=certs.authority().ca_file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(hello, "late+tls") as running, pytest.raises(ssl.SSLError, match="(?i)protocol version|unsupported"):
        Wrapped(running, context)


def test_tls_1_2_is_served_and_may_be_switched_off():
    context = ssl.create_default_context(cafile=certs.authority().ca_file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving(tell, "late+tls") as running, Wrapped(running, context) as client:
        assert facts_of(client.get("/"))["SSL_PROTOCOL"] == "TLSv1.2"
        assert client.sock.compression() is None
    only_new = Certificates(TlsOptions(certs.server_files(), minimum_version="TLSv1.3"))
    with serving(tell, "late", certificates=only_new) as running, pytest.raises(ssl.SSLError):
        Wrapped(running, context)


def test_the_protocol_is_agreed_on():
    context = ssl.create_default_context(cafile=certs.authority().ca_file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with serving(hello, "late+tls") as running, Wrapped(running, context) as client:
        assert client.sock.selected_alpn_protocol() == "http/1.1"


def test_a_session_is_resumed():
    context = ssl.create_default_context(cafile=certs.authority().ca_file)
    with serving(tell, "late+tls") as running:
        with Wrapped(running, context) as client:
            assert facts_of(client.get("/"))["SSL_SESSION_RESUMED"] == "Initial"
            session = client.sock.session
        with Wrapped(running, context, session=session) as client:
            assert facts_of(client.get("/"))["SSL_SESSION_RESUMED"] == "Resumed"


def test_a_thread_of_handshakes_that_dies_is_replaced(caplog):
    with serving(hello, "late+tls", tls_handshake_threads=1) as running:

        def die() -> None:
            raise SystemExit

        running.server._handshakes.submit(die)
        for _ in range(3):
            with Client(running) as client:
                assert client.get("/").status == 200
    assert "A thread for TLS handshakes died" in caplog.text


# ---------------------------------------------------------------- the stream and its end


def test_the_end_is_said_and_a_cut_is_not(runner):
    def handler(exchange):
        if exchange.head.path == "/cut":
            exchange.stream("200 OK", [], iter([b"part", 7]))
        else:
            exchange.stream("200 OK", [], iter([b"whole"]))

    with serving(handler, f"{runner}+tls") as running:
        for path in (b"whole", b"cut"):
            with Client(running) as client:
                client.send(b"GET /%b HTTP/1.0\r\n\r\n" % path)
                if path == b"whole":
                    # Nothing but the end of the stream tells that the body is whole.
                    assert client.read_answer().body == b"whole"
                else:
                    with pytest.raises((ConnectionResetError, AssertionError)):
                        client.read_answer()


def test_a_truncated_stream_never_passes_for_a_whole_body(runner):
    ran = []

    def handler(exchange):
        ran.append(exchange.body.read())
        exchange.respond("200 OK", [], b"")

    head = b"POST / HTTP/1.1\r\nHost: a\r\n"
    bodies = [
        b"Content-Length: 10\r\n\r\n12345",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        b"Content-Length: 10\r\n",
    ]
    with serving(handler, f"{runner}+tls") as running:
        for body in bodies:
            for says_end in (False, True):
                client = Engineered()
                with running.connect_plain() as sock:
                    client.handshake(sock)
                    sock.sendall(client.encipher(head + body))
                    if says_end:
                        with contextlib.suppress(ssl.SSLWantReadError):
                            client.tls.unwrap()
                        sock.sendall(client.outgoing.read())
                    sock.shutdown(socket.SHUT_WR)
                    with contextlib.suppress(ConnectionResetError):
                        while sock.recv(65536):
                            pass
        wait_until(lambda: not links(running))
        assert running.server.stats.tls_handshakes == 6
    assert ran == []


@pytest.mark.parametrize("cut", [1, 5, 30, -1])
def test_a_record_that_is_cut_or_changed_is_no_request(cut, caplog):
    with serving(hello, "late+tls") as running:
        for change in (False, True):
            client = Engineered()
            with running.connect_plain() as sock:
                client.handshake(sock)
                record = bytearray(client.encipher(GET % b"x"))
                if change:
                    record[cut] ^= 1
                    sock.sendall(record)
                else:
                    sock.sendall(record[:cut])
                    sock.shutdown(socket.SHUT_WR)
                with contextlib.suppress(OSError):  # it may be closed already
                    if change and cut == 1:
                        sock.shutdown(socket.SHUT_WR)
                    while sock.recv(65536):
                        pass
        wait_until(lambda: not links(running))
        assert running.server.stats.requests == 0
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_client_that_ends_only_its_side_is_answered(threaded_runner):
    """`close_notify` and FIN behind a request, while its handler runs."""
    entered, go = threading.Event(), threading.Event()

    def handler(exchange):
        entered.set()
        assert go.wait(TIMEOUT)
        exchange.respond("200 OK", [], b"for whom it may concern")

    client = Engineered()
    with serving(handler, f"{threaded_runner}+tls") as running, running.connect_plain() as sock:
        client.handshake(sock)
        sock.sendall(client.encipher(GET % b"x"))
        assert entered.wait(TIMEOUT)
        with contextlib.suppress(ssl.SSLWantReadError):
            client.tls.unwrap()
        sock.sendall(client.outgoing.read())
        sock.shutdown(socket.SHUT_WR)
        wait_until(lambda: links(running)[0].exchange.disconnected)
        go.set()
        size = 0
        while data := sock.recv(65536):
            size += len(data)
        # What a client in this state can make of it is its business; it is there.
        assert size > 500


@pytest.mark.slow
def test_large_bodies_both_ways_through_small_buffers(runner):
    """Records that do not go whole are sent on exactly where they stopped."""
    data = os.urandom(2_000_000)

    def echo(exchange):
        exchange.respond("200 OK", [], exchange.body.read())

    with serving(echo, f"{runner}+tls") as running, Client(running) as client:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20_000)
        assert client.request("POST", "/", data).body == data


# ---------------------------------------------------------------- certificates


@pytest.fixture
def site(tmp_path):
    """An authority with a folder of its own, whose files may be changed."""
    return certs.Authority(str(tmp_path))


def trusting(authority, *names) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.ca_file)


def shown_to(running, authority, name: str | None) -> list[str]:
    """The names of the certificate that a client is shown which asks for `name`."""
    context = trusting(authority)
    context.check_hostname = False
    with running.connect_plain() as plain, context.wrap_socket(plain, server_hostname=name) as sock:
        return [value for _, value in sock.getpeercert()["subjectAltName"]]


def test_each_name_has_its_certificate(site):
    certificates = Certificates(
        TlsOptions(
            site.make("default", "fallback.test"),
            names={
                "one.test": site.make("one", "one.test"),
                "Two.Test": site.make("two", "two.test"),
                "*.wild.test": site.make("wild", "*.wild.test", "*.another.test"),
                "own.wild.test": site.make("own", "own.wild.test"),
            },
        )
    )
    wild = ["*.wild.test", "*.another.test"]
    with serving(tell, "late", certificates=certificates) as running:
        for asked, shown in [
            ("one.test", ["one.test"]),
            ("ONE.test", ["one.test"]),
            ("two.test", ["two.test"]),
            ("a.wild.test", wild),
            ("own.wild.test", ["own.wild.test"]),
            ("a.b.wild.test", ["fallback.test"]),
            ("wild.test", ["fallback.test"]),
            ("unknown.test", ["fallback.test"]),
            (None, ["fallback.test"]),
        ]:
            assert shown_to(running, site, asked) == shown, asked


def test_client_certificates_required(site):
    good = site.make(
        "client", "ada", subject=[(NameOID.ORGANIZATION_NAME, "Engines, Inc"), (NameOID.COMMON_NAME, "Ada")]
    )
    os.mkdir(f"{site.path}/other")
    stranger = certs.Authority(f"{site.path}/other", "Stranger").make("client", "eve")
    certificates = Certificates(
        TlsOptions(site.make("server", "localhost"), client_verify="required", client_ca=site.ca_file)
    )

    def showing(files):
        context = trusting(site)
        if files is not None:
            context.load_cert_chain(files.certfile, files.keyfile)
        return context

    with serving(tell, "late", certificates=certificates) as running:
        with Wrapped(running, showing(good)) as client:
            facts = facts_of(client.get("/"))
            assert facts["SSL_CLIENT_VERIFY"] == "SUCCESS"
            assert facts["SSL_CLIENT_S_DN"] == "CN=Ada,O=Engines\\, Inc"
            assert facts["SSL_CLIENT_I_DN"] == "CN=Test Authority"
        for files in (None, stranger):
            # In TLS 1.3 a client learns of the refusal when it reads.
            with pytest.raises((ssl.SSLError, ConnectionError)), Wrapped(running, showing(files)) as client:
                client.get("/")
        wait_until(lambda: running.server.stats.tls_failures == 2)
        assert running.server.stats.requests == 1


def test_a_host_need_not_be_the_name_of_the_handshake_because_all_names_ask_the_same(site):
    """421 (RFC 9110 §15.5.20) would be for names that ask more of their clients than others do; here none can.

    So a connection may be used for every host of its certificate, and no name is a way round the client's certificate.
    """
    files = site.make("both", "one.test", "two.test")
    options = TlsOptions(
        site.make("other", "localhost"),
        {"one.test": files, "two.test": files},
        client_verify="required",
        client_ca=site.ca_file,
    )
    good = trusting(site)
    ada = site.make("client", "ada")
    good.load_cert_chain(ada.certfile, ada.keyfile)
    with serving(tell, certificates=Certificates(options)) as running:
        for name in ("one.test", "two.test", "localhost"):
            with Wrapped(running, good, name) as client:
                for host in (b"one.test", b"two.test", b"elsewhere.test"):
                    client.send(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host)
                    facts = facts_of(client.read_answer())
                    assert (facts["SSL_CLIENT_VERIFY"], facts["SSL_TLS_SNI"]) == ("SUCCESS", name)
            with (
                pytest.raises((ssl.SSLError, ConnectionError)),
                Wrapped(running, trusting(site), name) as client,
            ):
                client.get("/")
        assert running.server.stats.requests == 9


def test_client_certificates_optional(site, caplog):
    caplog.set_level(logging.INFO, logger="demijohn.error")
    certificates = Certificates(
        TlsOptions(site.make("server", "localhost"), client_verify="optional", client_ca=site.ca_file)
    )
    os.mkdir(f"{site.path}/other")
    stranger = certs.Authority(f"{site.path}/other", "Stranger").make("client", "eve")
    with serving(tell, "late", certificates=certificates) as running:
        with Wrapped(running, trusting(site)) as client:
            assert facts_of(client.get("/"))["SSL_CLIENT_VERIFY"] == "NONE"
        context = trusting(site)
        context.load_cert_chain(stranger.certfile, stranger.keyfile)
        with pytest.raises((ssl.SSLError, ConnectionError)), Wrapped(running, context) as client:
            client.get("/")
        wait_until(lambda: running.server.stats.tls_failures == 1)
    assert "the client's certificate is refused" in caplog.text


def test_changed_certificates_are_used_for_new_connections_and_broken_ones_are_not(site, caplog):
    files = site.make("server", "before.test")
    other = site.make("other", "other.test")
    certificates = Certificates(TlsOptions(files, names={"other.test": other}, reload_interval=0.000_001))
    with serving(hello, "late", certificates=certificates) as running:
        assert shown_to(running, site, None) == ["before.test"]
        with Wrapped(running, trusting(site), "before.test") as kept:
            assert kept.get("/").status == 200
            site.make("server", "after.test")
            assert shown_to(running, site, None) == ["after.test"]
            assert shown_to(running, site, "other.test") == ["other.test"]
            certs.write(files.certfile, b"not a certificate")
            assert shown_to(running, site, None) == ["after.test"]
            assert shown_to(running, site, None) == ["after.test"]
            assert caplog.text.count("Cannot use the certificate") == 1  # said once, not for each client
            assert "stays in use" in caplog.text
            os.unlink(files.certfile)
            assert shown_to(running, site, None) == ["after.test"]
            assert f"{files.certfile} does not exist" in caplog.text
            site.make("server", "again.test")
            assert shown_to(running, site, None) == ["again.test"]
            assert kept.get("/").status == 200


def test_a_reload_on_demand(site):
    files = site.make("server", "before.test")
    certificates = Certificates(TlsOptions(files, reload_interval=0))
    with serving(hello, "late", certificates=certificates) as running:
        site.make("server", "after.test")
        assert shown_to(running, site, None) == ["before.test"]
        assert certificates.reload() is True
        assert shown_to(running, site, None) == ["after.test"]
        certs.write(files.keyfile, b"")
        assert certificates.reload() is False
        assert shown_to(running, site, None) == ["after.test"]


@pytest.mark.slow
def test_a_reload_under_load_fails_no_request(site):
    certificates = Certificates(TlsOptions(site.make("server", "localhost"), reload_interval=0.000_001))
    over = threading.Event()
    counts, errors = [], []

    def visit(running, keeps: bool) -> None:
        count = 0
        try:
            client = Wrapped(running, trusting(site))
            while not over.is_set():
                assert client.get("/x").body == b"/x"
                count += 1
                if not keeps:
                    client.close()
                    client = Wrapped(running, trusting(site))
            client.close()
        except BaseException as error:
            errors.append(error)
        counts.append(count)

    with serving(hello, "late", certificates=certificates, threads=4) as running:
        threads = [threading.Thread(target=visit, args=(running, number % 2 == 0)) for number in range(4)]
        for thread in threads:
            thread.start()
        for number in range(10):
            site.make("server", "localhost", f"generation-{number}.test")
            handshakes = running.server.stats.tls_handshakes
            wait_until(lambda: errors or running.server.stats.tls_handshakes > handshakes + 5)
        over.set()
        for thread in threads:
            thread.join(TIMEOUT)
        assert shown_to(running, site, None) == ["localhost", "generation-9.test"]
    assert errors == []
    assert min(counts) > 5


# ---------------------------------------------------------------- the redirect


@pytest.fixture
def redirecting(runner):
    with serving(hello, runner) as running:
        running.listener.redirect_port = 8443
        yield running


def test_everything_is_redirected_to_the_same_place_by_https(redirecting):
    with Client(redirecting) as client:
        for method, target, host, location in [
            ("GET", "/", "example.com", "https://example.com:8443/"),
            ("HEAD", "/a/b?c=d&e=%20?", "example.com:80", "https://example.com:8443/a/b?c=d&e=%20?"),
            ("POST", "//evil.test/x", "[::1]:80", "https://[::1]:8443//evil.test/x"),
            ("DELETE", "http://other.test:8080/p?q", "example.com", "https://other.test:8443/p?q"),
            ("GET", "/x?", "1.2.3.4", "https://1.2.3.4:8443/x?"),
        ]:
            body = "Content-Length: 4\r\n\r\nbody" if method == "POST" else "\r\n"
            client.send(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{body}".encode())
            answer = client.read_answer(method)
            assert (answer.status, answer.headers["location"]) == (308, location)
    assert redirecting.server.stats.requests == 5


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
    ],
)
def test_no_redirect_leads_nowhere(redirecting, data):
    with Client(redirecting) as client:
        client.send(data)
        answer = client.read_answer()
        assert answer.status == 400
        assert "location" not in answer.headers


def test_the_usual_port_is_left_out():
    with serving(hello, "late") as running:
        running.listener.redirect_port = 443
        with Client(running) as client:
            assert client.get("/x").headers["location"] == "https://test/x"


def echo(exchange):
    where = f"{exchange.peer.scheme} {exchange.head.path} {exchange.body.read().decode()}"
    exchange.respond("200 OK", [("Content-Type", "text/plain")], where.encode())


@pytest.mark.parametrize(
    ("family", "name", "value"),
    [("x-forwarded", "X-Forwarded-Proto", "https"), ("rfc7239", "Forwarded", "for=192.0.2.7;proto=https")],
)
def test_what_a_trusted_proxy_took_tls_off_is_served_and_not_sent_round_in_circles(runner, family, name, value):
    with serving(echo, runner, forwarded=family) as running:
        running.listener.redirect_port = 443
        with Client(running) as client:
            for _ in range(2):
                answer = client.request("POST", "/x", b"body", **{name: value})
                assert (answer.status, answer.body) == (200, b"https /x body")
                assert client.get("/x").headers["location"] == "https://test/x"
                answer = client.get("/x", **{name: value.replace("https", "http")})
                assert answer.headers["location"] == "https://test/x"


def test_what_a_proxy_line_says_came_by_tls_is_served(runner):
    ends = ("192.0.2.7", 5123), ("192.0.2.1", 443)
    with serving(echo, runner, proxy_protocol="required") as running:
        running.listener.redirect_port = 443
        for line, status in (
            (render_v2(*ends, [(TLV_SSL, b"\x01\0\0\0\0")]), 200),
            (render_v2(*ends), 308),
        ):
            with Client(running) as client:
                client.send(line)
                assert client.get("/x").status == status


@pytest.mark.parametrize(
    "fields",
    [
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Proto": "http, HTTPS"},
        {"Forwarded": "for=192.0.2.7;proto=https"},
        {"Forwarded": 'for=192.0.2.7; Proto="https"'},
    ],
)
def test_a_proxy_that_is_not_known_is_told_instead_of_being_sent_round_in_circles(runner, fields):
    with serving(echo, runner) as running:
        running.listener.redirect_port = 443
        with Client(running) as client:
            answer = client.get("/x", **fields)
            assert answer.status == 400
            assert b"trusted_peers" in answer.body
            assert "location" not in answer.headers
            assert client.get("/x").status == 308
    # Where such fields count, a stranger's mean nothing at all.
    with serving(echo, runner, forwarded="x-forwarded", trusted_peers="192.0.2.1") as running:
        running.listener.redirect_port = 443
        with Client(running) as client:
            assert client.get("/x", **fields).status == 308


# ---------------------------------------------------------------- Unix sockets


def test_tls_on_a_unix_socket(tmp_path):
    from demijohn.serve import Server, ServerOptions

    listener = Listener.unix(str(tmp_path / "s"))
    listener.certificates = certs.certificates()
    server = Server(tell, [listener], ServerOptions())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with socket.socket(socket.AF_UNIX) as plain:
            plain.settimeout(TIMEOUT)
            plain.connect(str(tmp_path / "s"))
            with certs.client_context().wrap_socket(plain, server_hostname="localhost") as sock:
                sock.sendall(GET % b"x")
                assert b"SSL_PROTOCOL=TLSv1.3" in sock.recv(65536)
    finally:
        server.shutdown()
        thread.join(TIMEOUT)
        listener.close()
        listener.unlink()
