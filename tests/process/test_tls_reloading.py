"""A reload with another certificate, under load over TLS: no request fails, and new handshakes see the new one."""

import http.client
import signal
import ssl
import time

import pytest
from bench.ledger import APPLICATION, Load
from engines.certs import Authority, write

pytestmark = pytest.mark.slow


class Handshakes:
    """Connections of a load; when each was begun, and which certificate it saw."""

    def __init__(self, authority, port):
        self.port = port
        self.context = ssl.create_default_context(cafile=authority.ca_file)
        self.seen = []

    def connect(self):
        handshakes = self

        class Connection(http.client.HTTPSConnection):
            def connect(self):
                began = time.monotonic()
                super().connect()
                handshakes.seen.append((began, self.sock.getpeercert()["serialNumber"]))

        return Connection("127.0.0.1", self.port, timeout=60, context=self.context)

    def since(self, moment):
        return {serial for began, serial in self.seen if began >= moment}


def test_a_certificate_is_changed_by_a_reload_and_no_request_is_lost(start, tmp_path, until):
    authority = Authority(str(tmp_path))
    files = authority.make("site", "127.0.0.1")
    (tmp_path / "app.py").write_text(APPLICATION)
    book = tmp_path / "book"
    # They are read by reloads only.
    options = ("--tls-reload-interval", 0, "--workers", 2, "--threads", 4, "--port", 0)
    options = ("--certfile", files.certfile, "--keyfile", files.keyfile, *options)
    server = start("-m", "demijohn", "run", tmp_path / "app.py", *options, LEDGER=str(book))
    server.workers(2)
    port = int(server.wait_for(r"Running on https://127\.0\.0\.1:(\d+)")[0][1])
    handshakes = Handshakes(authority, port)
    load = Load(port, 4, connect=handshakes.connect)

    def wait_for_more(count=20):
        moment, before = time.monotonic(), load.answered
        until(lambda: load.answered >= before + count and handshakes.since(moment))
        return moment

    try:
        wait_for_more()
        (old,) = handshakes.since(0)
        authority.make("site", "127.0.0.1")
        server.send(signal.SIGHUP)
        server.wait_for("Reloaded: generation 2 takes over")
        server.wait_for(r"Worker \d+ exited with code 0", 2)
        (new,) = handshakes.since(wait_for_more())
        assert new != old
        write(files.certfile, b"no certificate")
        server.send(signal.SIGHUP)
        server.wait_for(r"The reload came to nothing; what served before goes on.*site\.crt")
        assert handshakes.since(wait_for_more()) == {new}
    finally:
        load.finish()
        load.join()
    server.stop()
    result = load.close(book)
    assert (result.failed, result.lost, result.duplicated) == ([], 0, 0), str(result)
    assert result.answers == result.requests
    assert result.on_kept > 10
    assert result.on_new > 10
