"""`run_simple` and `make_server`: arguments, the server object, and what is said at the start."""

import contextlib
import http.client
import logging
import os
import socket
import threading
from pathlib import Path

import pytest
from services import free_port, own_address

from demijohn import Demijohn
from demijohn.manage.appserver import AppServer
from demijohn.manage.binding import BindError
from demijohn.manage.devserver import make_server, run_simple
from demijohn.manage.startup import announce
from demijohn.middleware import SharedDataMiddleware


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def get(server, path="/"):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def in_thread(server):
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    return thread


@pytest.mark.parametrize("threaded", [False, True])
def test_a_server_in_a_thread(threaded):
    with make_server("127.0.0.1", 0, hello, threaded=threaded) as server:
        assert server.port == server.server_port == server.server_address[1] > 0
        assert server.host == "127.0.0.1"
        assert server.multithread is threaded
        assert server.multiprocess is False
        thread = in_thread(server)
        assert get(server) == (200, b"hello")
        server.shutdown()
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.parametrize("moment", ["on_startup", "on_worker_start"])
def test_middleware_that_the_start_puts_around_the_application_is_not_served_past(moment):
    app = Demijohn(__name__)
    app.add_url_rule("/", "index", lambda: "index")

    @getattr(app, moment)
    def begin():
        app.wsgi_app = hello

    with make_server("127.0.0.1", 0, app) as server:
        thread = in_thread(server)
        assert get(server) == (200, b"hello")
        server.shutdown()
        thread.join(20)


def test_shutdown_before_and_after_serving():
    with make_server("127.0.0.1", 0, hello) as server:
        server.shutdown()
        server.serve_forever()  # returns at once
        server.shutdown()


def test_shutdown_waits_until_the_request_in_flight_is_answered():
    started, release = threading.Event(), threading.Event()

    def slow(environ, start_response):
        started.set()
        assert release.wait(20)
        return hello(environ, start_response)

    with make_server("127.0.0.1", 0, slow, threads=2) as server:
        thread = in_thread(server)
        answers = []
        client = threading.Thread(target=lambda: answers.append(get(server)))
        client.start()
        assert started.wait(20)
        stopper = threading.Thread(target=server.shutdown)
        stopper.start()
        release.set()
        stopper.join(20)
        client.join(20)
        thread.join(20)
        assert answers == [(200, b"hello")]


def test_a_server_serves_once_at_a_time():
    with make_server("127.0.0.1", 0, hello) as server:
        thread = in_thread(server)
        assert get(server) == (200, b"hello")
        with pytest.raises(RuntimeError, match="already"):
            server.serve_forever()
        server.shutdown()
        thread.join(20)


def test_a_keyboard_interrupt_ends_serving():
    def interrupt(environ, start_response):
        raise KeyboardInterrupt

    def visit():
        with contextlib.suppress(http.client.HTTPException, OSError):
            get(server)  # whether it still gets an answer is not the point

    with make_server("127.0.0.1", 0, interrupt) as server:
        client = threading.Thread(target=visit)
        client.start()
        server.serve_forever()
        client.join(20)


@pytest.mark.parametrize(
    ("arguments", "mode", "flags"),
    [
        ({}, "one thread, multiplexed", (False, False)),
        ({"threads": 1, "threaded": True}, "one thread, multiplexed", (False, False)),
        ({"threaded": True}, "1 process x 16 threads, late promotion", (True, False)),
        ({"threads": 4}, "1 process x 4 threads, late promotion", (True, False)),
        ({"threads": 4, "runner": "pool"}, "1 process x 4 threads, a pool", (True, False)),
        ({"processes": 2}, "2 processes with one thread each, multiplexed", (False, True)),
        ({"processes": 3, "threaded": True}, "3 processes x 16 threads, late promotion", (True, True)),
    ],
)
def test_two_knobs(arguments, mode, flags):
    with make_server("127.0.0.1", 0, hello, **arguments) as server:
        assert server.mode == mode
        assert (server.multithread, server.multiprocess) == flags


@pytest.mark.parametrize("arguments", [{"threads": 0}, {"processes": 0}, {"threads": -1}])
def test_knobs_out_of_range(arguments):
    with pytest.raises(ValueError, match="at least 1"):
        make_server("127.0.0.1", 0, hello, **arguments)


def test_a_port_that_is_no_int():
    with pytest.raises(TypeError, match="must be an integer"):
        run_simple("127.0.0.1", "5000", hello)


def test_make_server_raises_and_run_simple_exits_when_the_port_is_taken(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BindError):
            make_server("127.0.0.1", port, hello)
        with pytest.raises(SystemExit) as caught:
            run_simple("127.0.0.1", port, hello)
    assert caught.value.code == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def test_a_bad_application_leaves_no_socket_behind():
    address = own_address()
    port = free_port(address)
    with pytest.raises(TypeError):
        make_server(address, port, 7)
    make_server(address, port, hello).server_close()


def test_an_inherited_socket():
    with socket.socket() as outer:
        outer.bind(("127.0.0.1", 0))
        outer.listen()
        with make_server("ignored", 0, hello, fd=os.dup(outer.fileno())) as server:
            assert server.server_address == outer.getsockname()
            thread = in_thread(server)
            assert get(server) == (200, b"hello")
            server.shutdown()
            thread.join(20)


def test_the_announcement(caplog):
    caplog.set_level(logging.INFO, "demijohn.manage")
    with make_server("127.0.0.1", 0, hello, threads=4) as server:
        announce(server)
        assert caplog.messages == [
            f" * Running on http://127.0.0.1:{server.port}",
            " * 1 process x 4 threads, late promotion",
            "Press CTRL+C to quit",
        ]


def test_a_wildcard_address_is_spelt_out(caplog):
    caplog.set_level(logging.INFO, "demijohn.manage")
    with make_server("0.0.0.0", 0, hello) as server:
        announce(server)
        assert f" * Running on http://0.0.0.0:{server.port} (all addresses)" in caplog.messages
        assert f" * Running on http://127.0.0.1:{server.port}" in caplog.messages


def test_a_unix_socket_is_removed_at_the_end(tmp_path, caplog):
    caplog.set_level(logging.INFO, "demijohn.manage")
    path = str(tmp_path / "s")
    with make_server(f"unix://{path}", 0, hello) as server:
        assert (server.server_address, server.host, server.port) == (path, path, 0)
        announce(server)
        assert f" * Running on unix:{path}" in caplog.messages
        thread = in_thread(server)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(path)
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert client.recv(15) == b"HTTP/1.1 200 OK"
        server.shutdown()
        thread.join(20)
    assert not os.path.exists(path)


def run_briefly(monkeypatch, **options):
    """`run_simple` with a server that does not serve; returns it."""
    servers = []
    monkeypatch.setattr(AppServer, "serve_until_signalled", lambda server, on_start: servers.append(server))
    run_simple("127.0.0.1", 0, hello, **options)
    return servers[0]


def test_static_files_are_served(monkeypatch):
    assert isinstance(run_briefly(monkeypatch, static_files={"/static": "/tmp"}).app, SharedDataMiddleware)


def test_the_exit_code_of_the_supervisor_is_the_process_s(monkeypatch):
    def fail(server, on_start):
        server.exit_code = 3

    monkeypatch.setattr(AppServer, "serve_until_signalled", fail)
    with pytest.raises(SystemExit) as caught:
        run_simple("127.0.0.1", 0, hello, processes=2)
    assert caught.value.code == 3


def test_request_lines_are_logged_when_asked(caplog):
    caplog.set_level(logging.INFO, "demijohn.access")
    with make_server("127.0.0.1", 0, hello) as server:
        thread = in_thread(server)
        get(server, "/here")
        server.shutdown()
        thread.join(20)
    assert any('"GET /here HTTP/1.1" 200 5' in message for message in caplog.messages)


def test_log_writes_at_the_named_level(caplog):
    caplog.set_level(logging.INFO, "demijohn.manage")
    with make_server("127.0.0.1", 0, hello) as server:
        server.log("warning", "%s is full", "the disk")
        server.log("strange", "noted")
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "the disk is full"),
        ("INFO", "noted"),
    ]


def make_briefly(**options):
    with make_server("127.0.0.1", 0, hello, **options) as server:
        return server


class TestSettings:
    def test_any_setting_is_a_keyword(self):
        keywords = {"keep_alive": "2m", "limit_request_line": 4096, "workers": 2, "backlog": 7, "graceful_timeout": 5}
        assert make_briefly(processes="auto", threads="auto")._options.threads >= 16
        with make_server("127.0.0.1", 0, hello, threaded=True, **keywords) as server:
            options = server._options
            assert (options.keep_alive, options.limits.request_line, options.drain_timeout) == (120, 4096, 5)
            assert (options.threads, options.is_multiprocess, server.multiprocess) == (16, True, True)

    @pytest.mark.parametrize("serve", [run_simple, make_server])
    def test_errors(self, serve):
        with pytest.raises(TypeError, match=r"unexpected keyword argument 'keep_alife'\. Did you mean keep_alive\?"):
            serve("127.0.0.1", 0, hello, keep_alife=5)
        with pytest.raises(ValueError, match=r"keep_alive=\.\.\.\): keep_alive is 'soon'; it must be"):
            serve("127.0.0.1", 0, hello, keep_alive="soon")
        with pytest.raises(TypeError, match="processes and workers, which are the same"):
            serve("127.0.0.1", 0, hello, processes=2, workers=3)

    def test_by_app_run(self, monkeypatch):
        from demijohn import Demijohn

        servers = []
        monkeypatch.setattr(AppServer, "serve_until_signalled", lambda server, on_start: servers.append(server))
        Demijohn("x").run(port=0, keep_alive=3, access_log_skip=["/healthz"])
        assert (servers[0]._options.keep_alive, servers[0]._options.threads) == (3, 16)
        with pytest.raises(TypeError, match="Did you mean threads"):
            Demijohn("x").run(port=0, thread=3)

    def test_risks_are_told_at_the_start(self, monkeypatch, caplog):
        caplog.set_level(logging.INFO, "demijohn")
        run_briefly(monkeypatch, limit_body_bytes=None, extra_files=[Path("x")], reloader_interval=0.5)
        assert any(message.startswith(" * Warning: limit_body_bytes is none") for message in caplog.messages)

    def test_what_standard_error_has_already_is_not_written_twice(self, monkeypatch):
        monkeypatch.setattr("demijohn.manage.serving.own_handler", lambda: None)
        assert run_briefly(monkeypatch, error_log_file="-")._options.error_log_file == "-"
        monkeypatch.setattr("demijohn.manage.serving.own_handler", object)
        assert run_briefly(monkeypatch, error_log_file="-")._options.error_log_file is None
