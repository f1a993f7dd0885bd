"""Werkzeug's server classes and request handlers, as people use them."""

import contextlib
import http.client
import inspect
import logging
import socket
import threading
import urllib.request

import pytest
from engines import certs

import demijohn.serving
from demijohn import Demijohn
from demijohn.serving import (
    BaseWSGIServer,
    ForkingWSGIServer,
    ThreadedWSGIServer,
    WSGIRequestHandler,
    make_server,
    run_simple,
    select_address_family,
)

TIMEOUT = 20


def hello(environ, start_response):
    if environ["PATH_INFO"] == "/broken":
        raise ZeroDivisionError("broken")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def get(server, path="/", **fields):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


@contextlib.contextmanager
def serving(server):
    """In a thread, until the end of the block."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(TIMEOUT)
        assert not thread.is_alive()


@contextlib.contextmanager
def asking(*calls):
    """Call each in a thread of its own; what they return is in the list at the end of the block."""
    answers = []

    def ask(call):
        with contextlib.suppress(OSError, http.client.HTTPException):
            answers.append(call())

    threads = [threading.Thread(target=ask, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    yield answers
    for thread in threads:
        thread.join(TIMEOUT)


class TestServers:
    @pytest.mark.parametrize(
        ("kind", "flags"),
        [(BaseWSGIServer, (False, False)), (ThreadedWSGIServer, (True, False))],
    )
    def test_made_as_werkzeugs(self, kind, flags):
        server = kind("127.0.0.1", 0, hello, WSGIRequestHandler, False, None, None)
        assert (server.multithread, server.multiprocess) == flags
        assert server.socket.getsockname() == server.server_address == (server.host, server.port)
        assert server.fileno() == server.socket.fileno()
        assert server.address_family == select_address_family("127.0.0.1", 0) == socket.AF_INET
        assert (server.app, server.ssl_context, server.passthrough_errors) == (hello, None, False)
        assert server.RequestHandlerClass is WSGIRequestHandler
        with serving(server):
            assert get(server)[:2] == (200, b"hello")
        assert server.socket.fileno() == -1, "closed at the end of serve_forever"

    @pytest.mark.slow
    def test_forking(self):
        server = ForkingWSGIServer("127.0.0.1", 0, hello, 2)
        assert (server.multithread, server.multiprocess, server.max_children) == (False, True, 2)
        with serving(server):
            assert get(server)[:2] == (200, b"hello")

    def test_forty_processes_unless_said(self):
        assert inspect.signature(ForkingWSGIServer).parameters["processes"].default == 40

    @pytest.mark.parametrize(
        ("arguments", "kind"),
        [
            ({}, BaseWSGIServer),
            ({"threaded": True}, ThreadedWSGIServer),
            ({"threads": 2}, ThreadedWSGIServer),
            ({"processes": 2}, ForkingWSGIServer),
            ({"threaded": True, "processes": 2}, ForkingWSGIServer),
        ],
    )
    def test_make_server_chooses(self, arguments, kind):
        with make_server("127.0.0.1", 0, hello, **arguments) as server:
            assert type(server) is kind

    @pytest.mark.parametrize("kind", [BaseWSGIServer, ThreadedWSGIServer, ForkingWSGIServer])
    def test_wrong_arguments(self, kind):
        with pytest.raises(TypeError, match="must be an integer"):
            kind("127.0.0.1", "5000", hello)
        with pytest.raises(TypeError, match=rf"{kind.__name__}\(\) got an unexpected keyword argument 'keep_alife'"):
            kind("127.0.0.1", 0, hello, keep_alife=1)
        with pytest.raises(TypeError, match="cannot be served"):
            kind("127.0.0.1", 0, 7)

    def test_settings_are_keywords(self):
        with ThreadedWSGIServer("127.0.0.1", 0, hello, threads=3, keep_alive=0) as server:
            assert server.mode == "1 process x 3 threads, late promotion"
            assert server._options.keep_alive == 0

    def test_a_live_server_as_tests_have_it(self):
        """What pytest plugins do: make it in one place, serve in a thread, ask for the port, stop, and use the port again."""
        app = Demijohn(__name__)
        app.add_url_rule("/", "index", lambda: "index")
        server = make_server("localhost", 0, app, threaded=True)
        port = server.server_port
        with serving(server):
            assert get(server)[:2] == (200, b"index")
        with make_server("127.0.0.1", port, app) as again:
            assert again.port == port

    def test_the_application_may_be_exchanged_before_serving(self):
        server = make_server("127.0.0.1", 0, lambda environ, start_response: None)
        server.app = hello
        with serving(server):
            assert get(server)[:2] == (200, b"hello")

    def test_what_is_overridden_in_vain_is_named(self, caplog):
        class Mine(BaseWSGIServer):
            def process_request(self, request, client_address):
                raise AssertionError

        Mine("127.0.0.1", 0, hello).server_close()
        assert len(caplog.messages) == 1
        assert "Mine overrides process_request, which this server never calls" in caplog.text

    def test_log_startup(self, caplog):
        caplog.set_level(logging.INFO, "demijohn.manage")
        with make_server("127.0.0.1", 0, hello) as server:
            server.log_startup()
            assert caplog.messages == [
                f" * Running on http://127.0.0.1:{server.port}",
                " * one thread, multiplexed",
                "Press CTRL+C to quit",
            ]


class TestHandleRequest:
    def test_one_after_another(self):
        with make_server("127.0.0.1", 0, hello) as server, asking(lambda: get(server), lambda: get(server)) as answers:
            server.handle_request()
            server.handle_request()
        assert [answer[:2] for answer in answers] == [(200, b"hello")] * 2
        assert answers[0][2]["Connection"] == "close"

    def test_over_tls(self):
        def ask():
            connection = http.client.HTTPSConnection(
                "localhost", server.port, timeout=TIMEOUT, context=certs.client_context()
            )
            connection.request("GET", "/")
            try:
                return connection.getresponse().read()
            finally:
                connection.close()

        files = certs.server_files()
        with make_server("127.0.0.1", 0, hello, ssl_context=(files.certfile, files.keyfile)) as server:
            server.timeout = TIMEOUT
            for _ in range(2):
                with asking(ask) as answers:
                    server.handle_request()
                assert answers == [b"hello"]

    def test_on_a_unix_socket(self, tmp_path):
        def ask():
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(TIMEOUT)
                sock.connect(f"{tmp_path}/s")
                sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                return sock.recv(12)

        with make_server(f"unix://{tmp_path}/s", 0, hello) as server:
            assert server.address_family == socket.AF_UNIX
            for _ in range(2):
                with asking(ask) as answers:
                    server.handle_request()
                assert answers == [b"HTTP/1.1 200"]

    def test_a_refusal_counts(self):
        def garble():
            with socket.create_connection((server.host, server.port), timeout=TIMEOUT) as sock:
                sock.sendall(b"GARBAGE\r\n\r\n")
                return sock.recv(12)

        with make_server("127.0.0.1", 0, hello) as server, asking(garble) as answers:
            server.handle_request()
        assert answers == [b"HTTP/1.1 400"]

    def test_nobody_comes(self):
        class Patient(BaseWSGIServer):
            timeout = 0.01
            timeouts = 0

            def handle_timeout(self):
                self.timeouts += 1

        with Patient("127.0.0.1", 0, hello) as server:
            server.handle_request()
            assert server.timeouts == 1

    def test_shutdown_ends_the_wait(self):
        with make_server("127.0.0.1", 0, hello) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            server.shutdown()
            thread.join(TIMEOUT)
            assert not thread.is_alive()

    def test_the_application_starts_and_ends_once(self):
        events = []
        app = Demijohn(__name__)
        app.add_url_rule("/", "index", lambda: "index")
        app.on_startup(lambda: events.append("startup"))
        app.on_shutdown(lambda: events.append("shutdown"))
        with make_server("127.0.0.1", 0, app) as server:
            for _ in range(2):
                with asking(lambda: get(server)):
                    server.handle_request()
            assert events == ["startup"]
        assert events == ["startup", "shutdown"]


def stream(environ, start_response):
    start_response("200 OK", [])
    yield b"begun"
    raise ZeroDivisionError("in the middle")


class TestPassthroughErrors:
    @pytest.mark.parametrize("threads", [1, 2])
    def test_serve_forever_raises(self, threads):
        server = make_server("127.0.0.1", 0, hello, threads=threads, passthrough_errors=True)
        with asking(lambda: get(server, "/broken")), pytest.raises(ZeroDivisionError) as caught:
            server.serve_forever()
        assert caught.traceback[-1].name == "hello", "a debugger is where it happened"
        assert server.socket.fileno() == -1

    def test_handle_request_raises(self):
        with make_server("127.0.0.1", 0, hello, passthrough_errors=True) as server:
            with asking(lambda: get(server)):
                server.handle_request()
            with asking(lambda: get(server, "/broken")), pytest.raises(ZeroDivisionError):
                server.handle_request()

    def test_an_error_of_the_body(self):
        server = make_server("127.0.0.1", 0, stream, passthrough_errors=True)
        with asking(lambda: get(server)), pytest.raises(ZeroDivisionError, match="in the middle"):
            server.serve_forever()

    def test_an_error_of_the_client_is_none(self):
        def read(environ, start_response):
            environ["wsgi.input"].read()
            return hello(environ, start_response)

        def cut():
            with socket.create_connection((server.host, server.port), timeout=TIMEOUT) as sock:
                sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab")
                sock.shutdown(socket.SHUT_WR)
                return sock.recv(12)

        with serving(make_server("127.0.0.1", 0, read, passthrough_errors=True, stream_bodies=True)) as server:
            with asking(cut):
                pass
            assert get(server)[0] == 200

    def test_run_simple(self, caplog):
        class Herald(logging.Handler):
            def emit(self, record):
                if "Running on" in record.getMessage():
                    urls.append(record.getMessage().rpartition(" ")[2])
                    is_up.set()

        def visit():
            assert is_up.wait(TIMEOUT)
            with urllib.request.urlopen(f"{urls[0]}/broken", timeout=TIMEOUT):
                raise AssertionError

        urls, is_up, herald = [], threading.Event(), Herald()
        caplog.set_level(logging.INFO, "demijohn.manage")
        logging.getLogger("demijohn.manage").addHandler(herald)
        try:
            with asking(visit), pytest.raises(ZeroDivisionError):
                run_simple("127.0.0.1", 0, hello, passthrough_errors=True)
        finally:
            logging.getLogger("demijohn.manage").removeHandler(herald)

    def test_with_processes_it_is_said(self, caplog):
        make_server("127.0.0.1", 0, hello, processes=2, passthrough_errors=True).server_close()
        assert "passthrough_errors has no effect" in caplog.text


class TestRequestHandler:
    def test_log_request(self):
        seen = []

        class Handler(WSGIRequestHandler):
            def log_request(self, code="-", size="-"):
                seen.append((self.command, self.path, self.requestline, self.headers["X-Tenant"], code, size))
                seen.append((self.client_address[0], self.server.port, self.environ["QUERY_STRING"]))

        with serving(make_server("127.0.0.1", 0, hello, request_handler=Handler)) as server:
            get(server, "/a?b=c", **{"X-Tenant": "t"})
        assert seen == [
            ("GET", "/a?b=c", "GET /a?b=c HTTP/1.1", "t", 200, 5),
            ("127.0.0.1", server.port, "b=c"),
        ]

    def test_a_native_application_keeps_its_door(self):
        class Handler(WSGIRequestHandler):
            def log(self, type, message, *args):
                lines.append((type, message % args))

        lines, environs = [], []
        app = Demijohn(__name__)
        app.add_url_rule("/", "index", lambda: "index")
        app.before_request(lambda: environs.append("WSGI" if "environ" in vars(app) else "native"))
        with serving(make_server("127.0.0.1", 0, app, request_handler=Handler)) as server:
            get(server)
        assert lines == [("info", '"GET / HTTP/1.1" 200 5')]

    def test_the_default_line_is_werkzeugs(self, caplog):
        caplog.set_level(logging.INFO, "demijohn.access")

        class Handler(WSGIRequestHandler):
            def address_string(self):
                return f"somebody:{self.port_integer() > 0}"

            def log_date_time_string(self):
                return "now"

        with serving(make_server("127.0.0.1", 0, hello, request_handler=Handler)) as server:
            get(server, "/%22?a=%0a")
        assert caplog.messages == ['somebody:True - - [now] "GET /%22?a=%0a HTTP/1.1" 200 5']

    def test_a_refusal_is_an_error(self):
        lines = []

        class Handler(WSGIRequestHandler):
            def log(self, type, message, *args):
                lines.append((type, message % args))

        with (
            serving(make_server("127.0.0.1", 0, hello, request_handler=Handler)) as server,
            socket.create_connection((server.host, server.port), timeout=TIMEOUT) as sock,
        ):
            sock.sendall(b"GARBAGE\r\n\r\n")
            assert sock.recv(12) == b"HTTP/1.1 400"
        (error, info) = lines
        assert error == ("error", "code 400, message Bad Request")
        assert info[0] == "info"
        assert info[1].startswith('"" 400 ')

    def test_what_a_log_method_raises_is_logged(self, caplog):
        class Handler(WSGIRequestHandler):
            def log_request(self, code="-", size="-"):
                raise ZeroDivisionError

        with serving(make_server("127.0.0.1", 0, hello, request_handler=Handler)) as server:
            assert get(server)[0] == get(server)[0] == 200
        assert "on_answered failed" in caplog.text

    def test_make_environ_and_state_of_a_request(self):
        class Handler(WSGIRequestHandler):
            def __init__(self, request, client_address, server):
                super().__init__(request, client_address, server)
                self.tag = f"tag of {self.path}"

            def make_environ(self):
                environ = super().make_environ()
                environ["my.tag"] = self.tag
                environ["REMOTE_ADDR"] = "192.0.2.7"
                return environ

            def log_request(self, code="-", size="-"):
                seen.append((self.tag, self.address_string()))

        def app(environ, start_response):
            seen.append((environ["my.tag"], environ["REMOTE_ADDR"]))
            return hello(environ, start_response)

        seen = []
        with serving(make_server("127.0.0.1", 0, app, request_handler=Handler)) as server:
            get(server, "/x")
        assert not server._hooks._handlers, "nothing is kept"
        assert seen == [("tag of /x", "192.0.2.7")] * 2

    @pytest.mark.parametrize("own", [False, True])
    def test_fields_of_the_answer(self, own):
        class Handler(WSGIRequestHandler):
            server_version = "Mine/1"
            sys_version = "Sys"

            def date_time_string(self, timestamp=None):
                return "Thu, 01 Jan 1970 00:00:00 GMT"

        def app(environ, start_response):
            start_response("200 OK", [("server", "its own"), ("Date", "Fri, 02 Jan 1970 00:00:00 GMT")] if own else [])
            return [b"x"]

        with serving(make_server("127.0.0.1", 0, app, request_handler=Handler)) as server:
            fields = get(server)[2]
        assert fields.get_all("Server") == ["its own" if own else "Mine/1 Sys"]
        assert len(fields.get_all("Date")) == 1
        assert own or fields["Date"] == "Thu, 01 Jan 1970 00:00:00 GMT"

    def test_http_1_0_closes(self):
        class Handler(WSGIRequestHandler):
            protocol_version = "HTTP/1.0"

        with serving(make_server("127.0.0.1", 0, hello, request_handler=Handler)) as server:
            assert get(server)[2]["Connection"] == "close"

    def test_the_client_has_gone(self):
        dropped = threading.Event()

        class Handler(WSGIRequestHandler):
            def connection_dropped(self, error, environ=None):
                assert environ["PATH_INFO"] == "/gone"
                dropped.set()

        def endless(environ, start_response):
            start_response("200 OK", [])
            while not dropped.is_set():
                yield b"x" * 65536

        with serving(make_server("127.0.0.1", 0, endless, threads=2, request_handler=Handler)) as server:
            with socket.create_connection((server.host, server.port), timeout=TIMEOUT) as sock:
                sock.sendall(b"GET /gone HTTP/1.1\r\nHost: x\r\n\r\n")
                assert sock.recv(100)
            assert dropped.wait(TIMEOUT)

    def test_the_application_s_start_and_end_are_seen_through_it(self):
        class Handler(WSGIRequestHandler):
            def make_environ(self):
                return super().make_environ()

        events = []
        app = Demijohn(__name__)
        app.on_startup(lambda: events.append("startup"))
        app.on_shutdown(lambda: events.append("shutdown"))
        with serving(make_server("127.0.0.1", 0, app, request_handler=Handler)) as server:
            assert get(server)[0] == 404
        assert events == ["startup", "shutdown"]

    def test_what_is_not_called_is_named_once(self, caplog):
        class Handler(WSGIRequestHandler):
            timeout = 5

            def handle_one_request(self):
                raise AssertionError

            def run_wsgi(self):
                raise AssertionError

        with serving(make_server("127.0.0.1", 0, hello, request_handler=Handler)) as server:
            get(server)
        assert len(caplog.messages) == 1
        assert "Handler overrides handle_one_request, run_wsgi, timeout, which this server never calls" in caplog.text

    def test_a_class_for_another_server(self, caplog):
        from http.server import BaseHTTPRequestHandler

        with serving(make_server("127.0.0.1", 0, hello, request_handler=BaseHTTPRequestHandler)) as server:
            assert get(server)[0] == 200
        assert "is made for another server; nothing of it is called" in caplog.text

    @pytest.mark.slow
    def test_in_worker_processes(self, tmp_path):
        class Handler(WSGIRequestHandler):
            def log_request(self, code="-", size="-"):
                (tmp_path / "log").write_text(f"{self.path} {code}")

        with serving(make_server("127.0.0.1", 0, hello, processes=2, request_handler=Handler)) as server:
            get(server, "/here")
        assert (tmp_path / "log").read_text() == "/here 200"


class TestAddresses:
    """Measured with Werkzeug 3.1.9."""

    @pytest.mark.parametrize(
        ("host", "family", "address"),
        [
            ("127.0.0.1", socket.AF_INET, ("127.0.0.1", 1)),
            ("localhost", socket.AF_INET, ("127.0.0.1", 1)),
            ("::1", socket.AF_INET6, ("::1", 1, 0, 0)),
            ("unix:///tmp/x", socket.AF_UNIX, "/tmp/x"),
            ("no such name", socket.AF_INET, ("no such name", 1)),
        ],
    )
    def test_an_address(self, host, family, address):
        assert demijohn.serving.select_address_family(host, 1) == family
        assert demijohn.serving.get_sockaddr(host, 1, family) == address

    def test_a_relative_unix_socket(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        assert demijohn.serving.get_sockaddr("unix://x.sock", 0, socket.AF_UNIX) == str(tmp_path / "x.sock")

    def test_the_address_of_this_machine(self):
        address = demijohn.serving.get_interface_ip(socket.AF_INET)
        with socket.socket() as sock:
            sock.bind((address, 0))  # it is ours


def test_the_reloader_s_child_knows_what_it_is(monkeypatch):
    monkeypatch.delenv("WERKZEUG_RUN_MAIN", raising=False)
    assert not demijohn.serving.is_running_from_reloader()
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    assert demijohn.serving.is_running_from_reloader()
