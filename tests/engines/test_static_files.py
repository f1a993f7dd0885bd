"""Static files over real sockets: by whichever way they are served, sent by the system, and holding no thread."""

import io
import os
import select
import socket
import time

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn import Demijohn
from demijohn.doors import wsgi_handler
from demijohn.doors.choose import handler_for
from demijohn.middleware import SharedDataMiddleware

MIB = 1 << 20


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "mib.bin").write_bytes(os.urandom(MIB))
    (tmp_path / "static" / "small.txt").write_bytes(b"0123456789")
    (tmp_path / "static" / "empty.txt").write_bytes(b"")
    (tmp_path / "static" / "small.txt.gz").write_bytes(b"packed")
    return tmp_path


@pytest.fixture(params=["native", "wsgi", "middleware"])
def handler(request, folder):
    """Each way to serve the folder."""
    app = Demijohn("files", root_path=str(folder))
    app.add_url_rule("/fast", "fast", lambda: "fast")
    if request.param == "middleware":
        shared = SharedDataMiddleware(app.wsgi_app, {"/static": str(folder / "static")}, precompressed=True)
        return wsgi_handler(shared)
    return handler_for(app, request.param)


@pytest.fixture
def sends(monkeypatch):
    """The bytes that `os.sendfile` has sent, one number for each call."""
    counts = []
    real = os.sendfile

    def sendfile(*args):
        sent = real(*args)
        counts.append(sent)
        return sent

    monkeypatch.setattr(os, "sendfile", sendfile)
    return counts


def test_files_leave_by_sendfile(handler, runner, folder, sends):
    content = (folder / "static" / "mib.bin").read_bytes()
    with serving(handler, runner) as running, Client(running) as client:
        answer = client.get("/static/mib.bin")
        assert (answer.status, answer.body) == (200, content)
        part = client.get("/static/mib.bin", Range="bytes=1000-500999")
        assert (part.status, part.body) == (206, content[1000:501_000])
        assert part.headers["content-range"] == f"bytes 1000-500999/{MIB}"
        head = client.request("HEAD", "/static/mib.bin")
        assert (head.status, head.headers["content-length"], head.body) == (200, str(MIB), b"")
        same = client.get("/static/mib.bin", If_None_Match=answer.headers["etag"])
        assert (same.status, same.headers["etag"]) == (304, answer.headers["etag"])
        same = client.get("/static/mib.bin", If_Modified_Since=answer.headers["last-modified"])
        assert same.status == 304
        over = client.get("/static/mib.bin", Range=f"bytes={MIB}-")
        assert (over.status, over.headers["content-range"]) == (416, f"bytes */{MIB}")
        packed = client.get("/static/small.txt", Accept_Encoding="gzip")
        assert (packed.body, packed.headers["content-encoding"]) == (b"packed", "gzip")
        empty = client.get("/static/empty.txt")
        assert (empty.status, empty.headers["content-length"]) == (200, "0")
        assert client.get("/static/small.txt").body == b"0123456789"
        # Behind its answer on the same connection all that was sent before is counted.
        assert client.get("/fast").body == b"fast"
        # Small files are read, and leave with their heads.
        assert sum(sends) == MIB + 500_000


def test_a_foreign_applications_file_leaves_by_sendfile(runner, folder, sends):
    """`wsgi.file_wrapper`, from where the file stands; what is no plain file, or has less to give, is read."""
    path = str(folder / "static" / "mib.bin")
    content = (folder / "static" / "mib.bin").read_bytes()
    files = []

    class Own(io.FileIO):
        """It may read what it likes."""

    def application(environ, start_response):
        way = environ["PATH_INFO"][1:]
        start_response("200 OK", [("Content-Length", "1000")] if way == "part" else [])
        file = {"memory": lambda: io.BytesIO(content), "own": lambda: Own(path)}.get(way, lambda: open(path, "rb"))()
        files.append(file)
        if way == "behind":
            file.seek(1000)
        return environ["wsgi.file_wrapper"](file, 4096)

    with serving(wsgi_handler(application), runner) as running, Client(running) as client:
        for way, expected, by_system in [
            ("whole", content, MIB),
            ("part", content[:1000], 0),  # small: read
            ("behind", content[1000:], MIB - 1000),
            ("own", content, 0),
        ]:
            del sends[:]
            assert client.get(f"/{way}").body == expected
            assert client.get("/memory").body == content  # behind it all that was sent before is counted
            assert sum(sends) == by_system, way
        del sends[:]
        head = client.request("HEAD", "/whole")
        assert (head.status, head.headers["content-length"]) == (200, str(MIB))
        assert client.get("/memory").body == content
        assert sends == []
    assert len(files) == 10
    assert all(file.closed for file in files)


@pytest.mark.over_tls
def test_several_ranges_over_a_socket(handler, runner, folder):
    content = (folder / "static" / "mib.bin").read_bytes()
    with serving(handler, runner) as running, Client(running) as client:
        answer = client.get("/static/mib.bin", Range="bytes=500000-999999,0-9")
        assert answer.status == 206
        boundary = answer.headers["content-type"].partition("boundary=")[2].encode()
        _, first, second, end = answer.body.split(b"\r\n--" + boundary)
        assert first.endswith(b"\r\n\r\n" + content[500_000:1_000_000])
        assert second.endswith(b"Content-Range: bytes 0-9/1048576\r\n\r\n" + content[:10])
        assert end == b"--\r\n"
        assert client.get("/fast").body == b"fast"


@pytest.mark.slow
def test_300_slow_readers_hold_no_thread(handler, runner, folder):
    """On one thread: each has asked for 1 MiB and takes nothing; others are answered at once; then all get theirs."""
    content = (folder / "static" / "mib.bin").read_bytes()
    with serving(handler, runner, threads=1, max_connections=400, write_timeout=6 * TIMEOUT) as running:
        readers = []
        for _ in range(300):
            sock = socket.socket()
            # So that hardly any of the file fits into the system's buffers.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(TIMEOUT)
            sock.connect(running.address)
            sock.sendall(b"GET /static/mib.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            readers.append(sock)
        for sock in readers:
            assert sock.recv(15) == b"HTTP/1.1 200 OK"
        with Client(running) as client:
            for _ in range(50):
                assert client.get("/fast").body == b"fast"
                assert client.get("/static/small.txt").body == b"0123456789"
        for sock in readers[10:]:
            sock.close()
        for sock in readers[:10]:
            with sock, sock.makefile("rb") as file:
                assert file.read().endswith(b"\r\n\r\n" + content)


def test_a_file_that_shrinks_cuts_the_connection(handler, runner, folder, caplog):
    path = folder / "static" / "large.bin"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
    with serving(handler, runner) as running:
        sock = running.connect()
        with sock, sock.makefile("rb") as file:
            sock.sendall(b"GET /static/large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            assert file.readline() == b"HTTP/1.1 200 OK\r\n"
            os.truncate(path, 1000)
            got = 0
            try:
                while data := file.read1(MIB):
                    got += len(data)
            except ConnectionResetError:
                pass
            assert got < 64 * MIB
        with Client(running) as client:
            assert client.get("/fast").body == b"fast"
    assert "large.bin ended" in caplog.text


def test_a_file_that_is_replaced_arrives_as_it_was(handler, runner, folder):
    path = folder / "static" / "large.bin"
    with path.open("wb") as file:
        file.truncate(16 * MIB)
    with serving(handler, runner) as running, Client(running) as client:
        client.send(b"GET /static/large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        status, headers = client.read_head()
        (folder / "new").write_bytes(b"new")
        os.replace(folder / "new", path)
        body = client.file.read(int(headers["content-length"]))
        assert body == bytes(16 * MIB)
        assert client.get("/static/large.bin").body == b"new"


def test_files_above_4_gib(handler, runner, folder):
    path = folder / "static" / "huge.bin"
    size = (5 << 30) + 3
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size - 4)
        file.write(b"last")
    with serving(handler, runner) as running, Client(running) as client:
        assert client.request("HEAD", "/static/huge.bin").headers["content-length"] == str(size)
        part = client.get("/static/huge.bin", Range=f"bytes={(1 << 32) + 5}-{(1 << 32) + 9}")
        assert (part.status, part.body) == (206, bytes(5))
        part = client.get("/static/huge.bin", Range="bytes=-4")
        assert (part.body, part.headers["content-range"]) == (b"last", f"bytes {size - 4}-{size - 1}/{size}")
        client.send(b"GET /static/huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_head()[1]["content-length"] == str(size)
        assert client.file.read(MIB) == bytes(MIB)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/..%5capp.py",
        "/static/%2fetc/passwd",
        "/static//etc/passwd",
        "/static/small.txt%00",
        "/static/%252e%252e/app.py",
        "/static/.hidden",
        "/static/",
        "/static/sub",
        "/static/fifo",
        "/static/" + "x" * 300,
        "/static/%ff%fe",
    ],
)
def test_nothing_else_is_served(handler, folder, path):
    (folder / "app.py").write_text("secret")
    (folder / "static" / ".hidden").write_text("secret")
    (folder / "static" / "sub").mkdir()
    os.mkfifo(folder / "static" / "fifo")
    with serving(handler) as running, Client(running) as client:
        answer = client.get(path)
        assert answer.status in (404, 308)
        assert b"secret" not in answer.body
        assert client.get("/fast").body == b"fast"


def test_nothing_stays_open(handler, runner, folder):
    with serving(handler, runner) as running:
        with Client(running) as client:
            client.get("/fast")
        before = open_files(folder)
        for _ in range(5):
            sock = running.connect()
            sock.sendall(b"GET /static/mib.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=0-900000,950000-\r\n\r\n")
            assert sock.recv(12) == b"HTTP/1.1 206"
            sock.close()
            with Client(running) as client:
                for fields in ({"Range": "bytes=9999999-"}, {"Range": "bytes=0-1"}, {"If_None_Match": "*"}):
                    client.get("/static/mib.bin", **fields)
                client.request("HEAD", "/static/mib.bin")
        deadline = time.monotonic() + TIMEOUT
        while open_files(folder) > before and time.monotonic() < deadline:
            select.select([], [], [], 0.01)
        assert open_files(folder) == before


def open_files(folder) -> int:
    """How many files of the folder this process has open."""
    found = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{number}").startswith(str(folder))
        except OSError:
            continue
    return found
