"""The logs over real sockets: a line for each answer and refusal, ids of requests, and a log that takes no lines."""

import json
import logging
import os
import socket
import threading

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn, RequestIdFilter, request, request_id
from demijohn.doors.choose import handler_for
from demijohn.seam import ClientDisconnected
from demijohn.serve import JSONFormatter, Listener, Server, ServerOptions
from demijohn.wire.limits import H1Limits

TEXT = [("Content-Type", "text/plain")]


@pytest.fixture
def log(tmp_path):
    """The settings of a JSON log in a file, and what it holds."""
    return JSONLog(tmp_path / "access.log")


class JSONLog:
    def __init__(self, path) -> None:
        self.path = path
        self.options = {"access_log": True, "access_log_file": str(path), "access_log_format": "json"}

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def say(self, *names) -> list[tuple]:
        return [tuple(line[name] for name in names) for line in self.lines()]


def test_somebody_is_told_of_every_answer(runner, log):
    """`on_answered`: with a log and without, of refusals, too; True means that the log has nothing to say."""

    def handler(exchange):
        exchange.respond("200 OK", TEXT, b"x")

    def tell(answered):
        told.append((answered.status, answered.body_bytes > 0, answered.exchange is None))
        if answered.head is not None and answered.head.path == "/fails":
            raise ZeroDivisionError
        return answered.head is not None and answered.head.path == "/seen-to"

    for options in ({}, log.options):
        told = []
        with serving(handler, runner, on_answered=tell, **options) as running:
            with Client(running) as client:
                for path in ("/seen-to", "/", "/fails"):
                    client.get(path)
            with Client(running) as client:
                client.send(b"GARBAGE\r\n\r\n")
                assert client.read_answer().status == 400
        assert sorted(told) == [("200", True, False)] * 3 + [("400", True, True)]
    assert set(log.say("path", "status")) == {("/", 200), ("/fails", 200), (None, 400)}


def test_every_answer_is_one_line(runner, log):
    def handler(exchange):
        path = exchange.head.path
        if path == "/stream":
            exchange.stream("200 OK", TEXT, iter([b"abc"] * 1000))
        elif path == "/pushed":
            exchange.inform("103 Early Hints", [("Link", "</a>")])
            exchange.start("200 OK", TEXT)
            exchange.write(b"pushed")
            exchange.finish()
        elif path == "/boom":
            raise ValueError
        elif path == "/short":
            exchange.respond("200 OK", [("Content-Length", "10")], b"short")
        else:
            exchange.respond("404 Not Found", TEXT, exchange.body.read() + b"!")

    with serving(handler, runner, **log.options) as running:
        with Client(running) as client:
            client.get("/stream?a=b")
            client.request("HEAD", "/stream")
            client.request("POST", "/echo", b"x" * 1234)
            client.send(b"GET /pushed HTTP/1.1\r\nHost: a\r\n\r\nGET /piped HTTP/1.1\r\nHost: a\r\n\r\n")
            assert [client.read_answer().status for _ in range(3)] == [103, 200, 404]
            client.get("/boom", User_Agent='a"b')
        with Client(running) as client:
            client.send(b"GET /short HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.file.read().endswith(b"short")
        with Client(running) as client:
            client.send(b"nonsense\r\n\r\n")
            client.read_answer()
    names = "method", "path", "query", "status", "bytes", "bytes_in", "connection_request", "cut"
    lines = {line["path"]: line for line in log.lines()}
    # The lines of one connection are in order; those of another may come between.
    assert sorted(log.say(*names), key=lambda said: (said[0] is None, said[1] == "/short")) == [
        ("GET", "/stream", "a=b", 200, 3000, 0, 1, False),
        ("HEAD", "/stream", "", 200, 0, 0, 2, False),
        ("POST", "/echo", "", 404, 1235, 1234, 3, False),
        ("GET", "/pushed", "", 200, 6, 0, 4, False),
        ("GET", "/piped", "", 404, 1, 0, 5, False),
        ("GET", "/boom", "", 500, lines["/boom"]["bytes"], 0, 6, False),
        ("GET", "/short", "", 200, 5, 0, 1, True),
        (None, None, None, 400, lines[None]["bytes"], 0, None, False),
    ]
    assert lines["/boom"]["user_agent"] == 'a"b'
    assert lines["/boom"]["bytes"] > 200
    lines = log.lines()
    assert {line["remote"] for line in lines} == {"127.0.0.1"}
    assert all(line["duration_ms"] >= line["queue_ms"] >= 0 for line in lines)
    assert len({line["request_id"] for line in lines}) == 8


def test_an_answer_that_did_not_arrive_is_one_line_and_says_so(runner, log):
    def handler(exchange):
        path = exchange.head.path
        if path == "/abort":
            exchange.abort()
        elif path == "/cut":
            exchange.stream("200 OK", TEXT, iter([b"a", b"b", None]))
        elif path == "/gone":
            # As reading a body does, when its client goes.
            raise ClientDisconnected
        else:
            exchange.stream("200 OK", TEXT, iter([b"x" * 65536] * 10_000))

    with serving(handler, runner, **log.options) as running:
        for path in ("/abort", "/cut", "/gone"):
            with Client(running) as client:
                client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                try:
                    while client.sock.recv(65536):
                        pass
                except ConnectionResetError:
                    pass
        with Client(running) as client:
            client.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            client.sock.recv(10)
    assert log.say("path", "status", "cut") == [
        ("/abort", 444, True),
        ("/cut", 200, True),
        ("/gone", 444, True),
        ("/endless", 200, True),
    ]
    assert log.lines()[1]["bytes"] == 2


def test_a_client_that_went_before_the_answer_is_499(threaded_runner, log):
    entered, left = threading.Event(), threading.Event()

    def handler(exchange):
        entered.set()
        while not exchange.disconnected:
            assert not left.wait(0.005)
        raise ClientDisconnected

    with serving(handler, threaded_runner, **log.options) as running:
        client = Client(running)
        client.send(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        assert entered.wait(TIMEOUT)
        client.close()
    assert log.say("path", "status", "cut", "bytes") == [("/wait", 499, True, 0)]


def test_the_time_in_the_queue_is_told_apart(log):
    entered, go = threading.Semaphore(0), threading.Event()

    def handler(exchange):
        entered.release()
        assert go.wait(TIMEOUT)
        exchange.respond("200 OK", TEXT, b"")

    with serving(handler, "pool", threads=1, **log.options) as running:
        with Client(running) as first, Client(running) as second:
            first.send(b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
            assert entered.acquire(timeout=TIMEOUT)
            second.send(b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
            while running.server.stats.requests < 2:
                assert not go.wait(0.005)
            assert not go.wait(0.05)
            go.set()
            first.read_answer()
            second.read_answer()
    one, two = log.lines()
    assert one["queue_ms"] < one["duration_ms"]
    assert 50 <= two["queue_ms"] <= two["duration_ms"]


def test_paths_that_are_not_logged(runner, log):
    def handler(exchange):
        status = "503 Service Unavailable" if exchange.head.query else "200 OK"
        exchange.respond(status, TEXT, b"")

    options = log.options | {"access_log_skip": ("/healthz", "/static/")}
    with serving(handler, runner, **options) as running, Client(running) as client:
        for target in ("/healthz", "/healthz?down", "/healthz2", "/static/a/b.css", "/static", "/"):
            client.get(target)
    assert log.say("path", "query") == [("/healthz", "down"), ("/healthz2", ""), ("/static", ""), ("/", "")]


def test_a_function_that_chooses_and_one_that_fails(runner, log, caplog):
    def skip(head, status):
        if head.path == "/boom":
            raise LookupError("no such")
        return status == 200

    def handler(exchange):
        exchange.respond("404 Not Found" if exchange.head.path == "/no" else "200 OK", TEXT, b"")

    options = log.options | {"access_log_skip": skip}
    with serving(handler, runner, **options) as running, Client(running) as client:
        for target in ("/yes", "/no", "/boom"):
            client.get(target)
    assert log.say("path") == [("/no",), ("/boom",)]
    assert "access_log_skip failed for GET /boom" in caplog.text


# ---------------------------------------------------------------- ids of requests


def identified(exchange) -> None:
    fields = [("x-request-id", "the application's")] if exchange.head.path == "/own" else TEXT
    if exchange.head.path == "/stream":
        exchange.stream("200 OK", fields, iter([exchange.request_id.encode()]))
    elif exchange.head.path == "/boom":
        raise ValueError("a\r\nb")
    else:
        exchange.respond("200 OK", fields, exchange.request_id.encode())


def test_answers_say_their_id(runner, log, caplog):
    with serving(identified, runner, request_id_header="X-Request-ID", **log.options) as running:
        with Client(running) as client:
            answers = [client.get(path, X_Request_ID="forged") for path in ("/a", "/stream", "/own", "/boom")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert ids[0].encode() == answers[0].body
    assert ids[1].encode() == answers[1].body
    assert ids[2] == "the application's"
    assert ids[3].encode() in answers[3].body
    (error,) = (record for record in caplog.records if record.name == "demijohn.error")
    assert error.request_id == ids[3]
    assert (error.method, error.target, error.remote, error.status) == ("GET", "/boom", "127.0.0.1", 500)
    assert error.getMessage() == f"GET /boom: error in the application [{ids[3]}]"
    logged = [line["request_id"] for line in log.lines()]
    assert logged == [ids[0], ids[1], answers[2].body.decode(), ids[3]]
    assert "forged" not in log.path.read_text()


@pytest.mark.over_tls
def test_a_refusal_has_its_id_its_rule_and_its_time(runner, log, caplog):
    """In the answer, in both logs the same; at INFO, since it is a client's fault and anybody can make many."""
    caplog.set_level(logging.INFO, "demijohn.error")
    options = log.options | {"request_id_header": "X-Request-ID", "limits": H1Limits(body_bytes=10)}
    refused = [
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "RFC 9112 §3.2", None, 0),
        (
            b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n",
            413,
            "RFC 9110 §15.5.14",
            "/x",
            5,
        ),
    ]
    with serving(identified, runner, **options) as running:
        ids = []
        for data, status, rule, _, _ in refused:
            with Client(running) as client:
                client.send(data)
                answer = client.read_answer()
                assert answer.status == status
                assert rule in answer.body.decode()
                ids.append(answer.headers["x-request-id"])
    assert len(set(ids)) == 2
    lines = [line for line in log.lines() if line["status"] >= 400]
    for line, request_id_, (_, status, rule, path, size) in zip(lines, ids, refused, strict=True):
        assert (line["request_id"], line["status"], line["path"]) == (request_id_, status, path)
        assert line["bytes_in"] == size
        assert 0 <= line["duration_ms"] < 1000 * TIMEOUT
        (record,) = (record for record in caplog.records if getattr(record, "request_id", None) == request_id_)
        assert record.levelno == logging.INFO
        assert record.getMessage().endswith(f"({rule}) [{request_id_}]")
        assert (record.remote, record.status) == ("127.0.0.1", status)


def test_a_refusal_takes_a_trusted_id_if_its_head_could_be_read(runner, log):
    options = log.options | {"request_id_header": "X-Request-ID", "trust_request_id": True}
    with serving(identified, runner, limits=H1Limits(body_bytes=10), **options) as running:
        for number, rest in enumerate([b"Transfer-Encoding: chunked\r\n\r\nB\r\n", b"Bad Name: x\r\n\r\n"]):
            with Client(running) as client:
                client.send(b"POST / HTTP/1.1\r\nHost: a\r\nX-Request-ID: given\r\n" + rest)
                assert (client.read_answer().headers["x-request-id"] == "given") is (number == 0)


def test_a_trusted_client_may_choose_the_id(runner):
    with serving(identified, runner, request_id_header="X-Request-ID", trust_request_id=True) as running:
        with Client(running) as client:
            assert client.get("/", X_Request_ID="given-1").headers["x-request-id"] == "given-1"
            for bad in ('"', "a b", "a" * 129, "a,b", "ä", ""):
                answer = client.get("/", X_Request_ID=bad)
                assert answer.headers["x-request-id"].encode() == answer.body != bad.encode()
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: one\r\nX-Request-ID: two\r\n\r\n")
            assert b"one" not in client.read_answer().body


def test_nothing_is_added_unless_asked_for(runner):
    with serving(identified, runner) as running, Client(running) as client:
        answer = client.get("/", X_Request_ID="given")
        assert "x-request-id" not in answer.headers
        assert answer.body != b"given"


@pytest.mark.parametrize("door", ["native", "wsgi"])
def test_an_application_and_all_its_log_lines_know_the_id(runner, door, log, caplog):
    app = Demijohn("with_ids")

    @app.get("/")
    def index():
        app.logger.warning("from the view")
        return request_id() if door == "native" else request.environ["demijohn.request_id"]

    @app.get("/boom")
    def boom():
        raise ValueError

    caplog.handler.addFilter(filter := RequestIdFilter())
    try:
        options = log.options | {"request_id_header": "X-Id", "access_log_fields": {"endpoint": "endpoint"}}
        with serving(handler_for(app, door), runner, **options) as running, Client(running) as client:
            answers = [client.get("/"), client.get("/boom")]
    finally:
        caplog.handler.removeFilter(filter)
    ids = [answer.headers["x-id"] for answer in answers]
    assert answers[0].body.decode() == ids[0]
    assert [record.request_id for record in caplog.records if record.name == "with_ids"] == ids
    assert log.say("request_id", "status") == [(ids[0], 200), (ids[1], 500)]
    if door == "native":
        assert log.say("endpoint") == [("index",), ("boom",)]


# ---------------------------------------------------------------- a log that takes nothing


@pytest.mark.parametrize("target", ["pipe", "/dev/full"])
def test_requests_are_answered_whatever_the_logs_do(runner, target, tmp_path, caplog):
    descriptor = None
    if target == "pipe":
        target = str(tmp_path / "pipe")
        os.mkfifo(target)
        descriptor = os.open(target, os.O_RDWR)  # nobody reads

    def handler(exchange):
        if exchange.head.path.endswith("7"):
            raise ValueError("x" * 1000)
        exchange.respond("200 OK", TEXT, b"ok")

    options = {"access_log": True, "access_log_file": target, "error_log_file": target, "log_queue_bytes": 5000}
    try:
        with serving(handler, runner, **options) as running, Client(running) as client:
            for number in range(500):
                client.send(f"GET /{'a' * 400}{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            for number in range(500):
                assert client.read_answer().status == (500 if number % 10 == 7 else 200)
            if descriptor is not None:
                # So that the stop need not wait in vain: the pipe is read from now on.
                reader = threading.Thread(target=drain, args=(descriptor, running))
                reader.start()
    finally:
        if descriptor is not None:
            os.write(descriptor, END)
            reader.join(TIMEOUT)
            os.close(descriptor)
    assert ("No space left" in caplog.text) == (target == "/dev/full")
    assert "were dropped" in caplog.text


END = b"\0\0\0"


def drain(descriptor, running) -> None:
    while not os.read(descriptor, 65536).endswith(END):
        pass


def test_the_error_log_file(runner, tmp_path, caplog):
    paths = {"text": tmp_path / "error.log", "json": tmp_path / "error.json"}
    for name, path in paths.items():
        with (
            serving(identified, runner, error_log_file=str(path), log_format=name) as running,
            Client(running) as client,
        ):
            client.get("/boom")
            logging.getLogger("demijohn.access").warning("not for here")
    first, *more = paths["text"].read_text().splitlines()
    assert " ERROR GET /boom: error in the application [" in first
    assert all(line.startswith("    ") for line in more)
    (line,) = paths["json"].read_text().splitlines()
    said = json.loads(line)
    assert said["logger"] == "demijohn.error"
    assert said["target"] == "/boom"
    assert said["exception"].endswith("ValueError: a\r\nb")
    assert logging.getLogger("demijohn").handlers == []


def test_a_log_that_cannot_be_opened_is_said_at_the_start(tmp_path):
    listener = Listener.tcp("127.0.0.1", 0)
    path = str(tmp_path / "no" / "log")
    with pytest.raises(FileNotFoundError):
        Server(identified, [listener], ServerOptions(access_log=True, access_log_file=path))
    with pytest.raises(FileNotFoundError):
        Server(identified, [listener], ServerOptions(error_log_file=path)).serve_forever()
    listener.close()


@pytest.mark.slow
def test_no_byte_of_a_request_leaves_its_line(runner, tmp_path):
    path = tmp_path / "log"
    format = '"%(r)s" "%(a)s" "%(f)s" "%(u)s" "%({x-odd}i)s" "%(host)s"'
    sent = 0
    with serving(identified, runner, access_log=True, access_log_file=str(path), access_log_format=format) as running:
        for byte in range(256):
            odd = b"a" + bytes([byte]) + b"b"
            for request in (
                b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: %b\r\nReferer: %b\r\nX-Odd: %b\r\n\r\n" % (odd, odd, odd),
                b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % odd,
                b"G%bT / HTTP/1.1\r\nHost: a\r\n\r\n" % odd,
            ):
                with socket.create_connection(running.address, timeout=TIMEOUT) as sock:
                    sock.sendall(request)
                    sock.shutdown(socket.SHUT_WR)
                    sent += b"HTTP/1.1 " in sock.makefile("rb").read()
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == sent > 700
    assert all(line.isascii() and line.decode().isprintable() and line.count(b'"') == 12 for line in lines)
    assert any(b'"a\\x22b"' in line for line in lines)
    assert JSONFormatter is not None
