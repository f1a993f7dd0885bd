"""Certificates and their settings, the facts of a client's certificate, and threads for handshakes."""

import logging
import os
import socket
import ssl
import threading

import pytest
from engines import certs

from demijohn.serve.certificates import CertificateError, CertificateFiles, Certificates, TlsOptions
from demijohn.serve.handshakes import Handshakes
from demijohn.serve.tlsfacts import render_name
from demijohn.serve.tlssocket import TlsSocket
from demijohn.serve.watchdog import has_hung_up


@pytest.fixture
def site(tmp_path):
    return certs.Authority(str(tmp_path))


# ---------------------------------------------------------------- settings


FILES = CertificateFiles("cert.pem")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"client_verify": "maybe"}, "'none', 'optional' or 'required'"),
        ({"client_verify": "required"}, "needs client_ca"),
        ({"client_ca": "ca.pem"}, "of no use"),
        ({"minimum_version": "TLSv1"}, r"'TLSv1\.2' or 'TLSv1\.3'"),
        ({"reload_interval": -1}, "must not be negative"),
        ({"names": {"": FILES}}, "no host name"),
        ({"names": {"*": FILES}}, "no host name"),
        ({"names": {"a.*.b": FILES}}, "no host name"),
        ({"names": {"*.*.b": FILES}}, "no host name"),
    ],
)
def test_settings_that_make_no_sense(values, message):
    with pytest.raises(ValueError, match=message):
        TlsOptions(FILES, **values)


def test_the_defaults_are_safe():
    context = Certificates(TlsOptions(certs.server_files())).context
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.options & ssl.OP_NO_RENEGOTIATION
    weak = ("NULL", "RC4", "3DES", "EXP", "MD5", "ADH", "AECDH")
    assert not [cipher["name"] for cipher in context.get_ciphers() if cipher["name"].startswith(weak)]
    assert all(cipher["kea"] != "kx-rsa" for cipher in context.get_ciphers()), "without forward secrecy"


def test_ciphers_can_be_chosen():
    options = TlsOptions(certs.server_files(), ciphers="ECDHE-ECDSA-AES128-GCM-SHA256")
    names = {cipher["name"] for cipher in Certificates(options).context.get_ciphers()}
    assert {name for name in names if not name.startswith("TLS_")} == {"ECDHE-ECDSA-AES128-GCM-SHA256"}
    with pytest.raises(CertificateError, match="knows none of the ciphers 'NONSENSE'"):
        Certificates(TlsOptions(certs.server_files(), ciphers="NONSENSE"))


# ---------------------------------------------------------------- files that cannot be used


def test_files_that_cannot_be_used_are_named_with_the_reason(site):
    good = site.make("good", "good.test")
    other = site.make("other", "other.test")
    locked = site.make("locked", "locked.test", password="open sesame")
    empty = f"{site.path}/empty"
    certs.write(empty, b"")
    for files, message in [
        (CertificateFiles("/no/such.crt", good.keyfile), r"/no/such\.crt does not exist"),
        (CertificateFiles(good.certfile, "/no/such.key"), r"/no/such\.key does not exist"),
        (CertificateFiles(good.certfile, other.keyfile), "do not belong together"),
        (CertificateFiles(good.certfile), "wanted|pem"),
        (CertificateFiles(empty, good.keyfile), "PEM form"),
        (CertificateFiles(locked.certfile, locked.keyfile), "no password was given"),
        (CertificateFiles(locked.certfile, locked.keyfile, "wrong"), "password is wrong"),
        (CertificateFiles(site.path, good.keyfile), "directory"),
    ]:
        with pytest.raises(CertificateError, match=message) as caught:
            Certificates(TlsOptions(files))
        assert files.certfile in str(caught.value)
    Certificates(TlsOptions(locked))
    with pytest.raises(CertificateError, match=r"Cannot use the authorities in /no/ca\.pem"):
        Certificates(TlsOptions(good, client_verify="required", client_ca="/no/ca.pem"))


def test_one_name_that_is_broken_does_not_keep_the_others_from_being_read(site, caplog):
    caplog.set_level(logging.INFO, "demijohn.error")
    files = {name: site.make(name, name) for name in ("a.test", "b.test", "c.test")}
    certificates = Certificates(TlsOptions(files["a.test"], names=files))
    before = {name: pair.context for name, pair in certificates._names.items()}
    certs.write(files["b.test"].keyfile, b"broken")
    site.make("c.test", "c.test")
    assert certificates.reload() is False
    assert certificates._names["b.test"].context is before["b.test"]
    assert certificates._names["c.test"].context is not before["c.test"]
    assert certificates.context is certificates._default.context
    assert f"Read the changed certificate {files['c.test'].certfile}" in caplog.text
    assert certificates.reload() is True, "nothing has changed since"


def test_files_are_looked_at_at_most_once_in_the_interval(site, monkeypatch):
    looks = []
    certificates = Certificates(TlsOptions(site.make("server", "a.test"), reload_interval=5))
    monkeypatch.setattr(Certificates, "_signature", lambda self, files: looks.append(files) or ())
    now = [certificates._looked_at]
    monkeypatch.setattr("demijohn.serve.certificates.time.monotonic", lambda: now[0])
    for passed in (1, 3, 1.5, 1, 1, 5):
        now[0] += passed
        one, two = socket.socketpair()
        with two, certificates.wrap(one):
            pass
    assert len(looks) == 2


# ---------------------------------------------------------------- distinguished names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ((), ""),
        (((("countryName", "DE"),), (("organizationName", "A"),), (("commonName", "b"),)), "CN=b,O=A,C=DE"),
        (((("commonName", "a"), ("userId", "b")),), "CN=a+UID=b"),
        (((("commonName", "x,O=Admin"),),), "CN=x\\,O=Admin"),
        (((("commonName", 'a+b"c\\d<e>f;'),),), 'CN=a\\+b\\"c\\\\d\\<e\\>f\\;'),
        (((("commonName", "#a"),),), "CN=\\#a"),
        (((("commonName", " a "),),), "CN=\\ a\\ "),
        (((("commonName", " "),),), "CN=\\ "),
        (((("commonName", "é\r\n\0"),),), "CN=\\C3\\A9\\0D\\0A\\00"),
        (((("emailAddress", "a@b"),),), "emailAddress=a@b"),
    ],
)
def test_names_are_written_so_that_no_value_looks_like_two_parts(name, text):
    assert render_name(name) == text


# ---------------------------------------------------------------- threads


def test_steps_are_run_in_order_on_few_threads():
    handshakes = Handshakes(1)
    names, over = [], threading.Event()
    for number in range(5):
        handshakes.submit(lambda number=number: names.append((number, threading.current_thread().name)))
    handshakes.submit(over.set)
    assert over.wait(20)
    handshakes.stop()
    assert [number for number, _ in names] == list(range(5))
    assert len({name for _, name in names}) == 1
    handshakes.stop()  # of nothing


def test_steps_that_have_not_begun_are_dropped_at_the_end():
    handshakes = Handshakes(1)
    entered, go, ran = threading.Event(), threading.Event(), []
    handshakes.submit(lambda: (entered.set(), go.wait(20)))
    assert entered.wait(20)
    handshakes.submit(lambda: ran.append(True))
    stopper = threading.Thread(target=handshakes.stop)
    stopper.start()
    while not handshakes._is_stopped:
        pass
    go.set()
    stopper.join(20)
    assert not stopper.is_alive()
    assert ran == []


# ---------------------------------------------------------------- the socket


@pytest.fixture
def pair():
    """A server's TlsSocket and a client's socket with the handshake done, over small buffers."""
    ours, theirs = socket.socketpair()
    for sock in (ours, theirs):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_000)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_000)
    ours.setblocking(False)
    server = certs.certificates().wrap(ours)
    theirs.settimeout(20)
    client = certs.client_context().wrap_socket(
        theirs, server_hostname="localhost", do_handshake_on_connect=False, suppress_ragged_eofs=False
    )
    thread = threading.Thread(target=client.do_handshake)
    thread.start()
    while True:
        try:
            server.do_handshake()
            break
        except ssl.SSLWantReadError:
            threading.Event().wait(0.001)
    thread.join(20)
    with server, client:
        yield server, client


def read_all(client, count) -> bytes:
    data = b""
    while len(data) < count:
        data += client.recv(65536)
    return data


def test_what_does_not_go_now_is_sent_on_exactly_where_it_stopped(pair):
    server, client = pair
    assert type(server) is TlsSocket
    data = os.urandom(300_000)
    view = memoryview(data)
    received = []
    reader = threading.Thread(target=lambda: received.append(read_all(client, len(data))))
    sent = 0
    with pytest.raises(BlockingIOError):
        while True:
            sent += server.send(view[sent:])
    assert sent < len(data)
    reader.start()
    while sent < len(data):
        try:
            # The rest in other pieces than before: small buffers in front, a large one behind.
            rest = view[sent:]
            pieces = [rest[:100], rest[100:5000], rest[5000:40_000], rest[40_000:]]
            sent += server.sendmsg([piece for piece in pieces if piece])
        except BlockingIOError:
            threading.Event().wait(0.001)
    reader.join(20)
    assert received == [data]


def test_parts_of_files_are_sent_from_where_they_are(pair, tmp_path):
    server, client = pair
    content = os.urandom(200_000)
    path = tmp_path / "f"
    path.write_bytes(content)
    received = []
    reader = threading.Thread(target=lambda: received.append(read_all(client, 150_000)))
    reader.start()
    with path.open("rb") as file:
        file.seek(7)
        at, end = 10_000, 160_000
        while at < end:
            try:
                at += server.send_segment(file, at, end - at)
            except BlockingIOError:
                threading.Event().wait(0.001)
        assert file.tell() == 7, "another answer may use the same file"
        assert server.send_segment(file, 200_000, 5) == 0
    reader.join(20)
    assert received == [content[10_000:160_000]]


def test_nothing_is_left_where_the_selector_cannot_see_it(pair):
    server, client = pair
    client.sendall(b"x" * 10_000)
    assert len(server.recv(1)) == 10_000
    assert server.pending() == 0
    with pytest.raises(BlockingIOError):
        server.recv(65536)


def test_a_look_at_a_connection_that_another_thread_owns(pair):
    server, client = pair
    with pytest.raises(BlockingIOError):
        server.recv(1, socket.MSG_PEEK)
    client.sendall(b"GET / ")
    assert server.recv(1, socket.MSG_PEEK) != b""
    assert server.recv(65536) == b"GET / "
    client.settimeout(0)
    with pytest.raises(ssl.SSLWantReadError):
        client.unwrap()
    assert len(server.recv(1, socket.MSG_PEEK)) == 1, "close_notify, as it seems from outside"
    assert not has_hung_up(server)
    client.close()
    assert has_hung_up(server)
    assert server.recv(65536) == b""


def test_an_end_is_said_once_and_a_reset_is_not_announced(pair):
    server, client = pair
    server.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
    server.close()
    server.close()


def test_a_reset_says_nothing(pair):
    server, client = pair
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    server.close()
    with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
        client.recv(1)


def test_a_close_says_the_end(pair):
    server, client = pair
    server.close()
    assert client.recv(1) == b""


def test_the_end_waits_for_room(pair):
    """As long as the client takes nothing the end cannot be said; the caller is told to come again."""
    server, client = pair
    data = b"x" * 400_000
    sent = 0
    with pytest.raises(BlockingIOError):
        while True:
            sent += server.send(memoryview(data)[sent:])
    client_side = threading.Thread(target=lambda: received.append(read_to_end(client)))
    received = []
    # What OpenSSL holds must go before the end: the record that did not go whole.
    with pytest.raises(BlockingIOError):
        server.send(memoryview(data)[sent:])
    client_side.start()
    while sent < len(data):
        try:
            sent += server.send(memoryview(data)[sent:])
        except BlockingIOError:
            threading.Event().wait(0.001)
    while True:
        try:
            server.shutdown(socket.SHUT_WR)
            break
        except BlockingIOError:
            threading.Event().wait(0.001)
    client_side.join(20)
    assert received == [data]


def read_to_end(client) -> bytes:
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)
