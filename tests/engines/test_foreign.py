"""WSGI in both directions: applications nobody here wrote on our engine, and our application under servers of others."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from engines.serving import TIMEOUT, Client, serving

from demijohn.doors.choose import handler_for

APP = "engines.foreign_app:app"
TESTS = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def django_site():
    """A Django site in this process: a form with CSRF protection, cookies, streaming, an error page."""
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
    from django.middleware.csrf import get_token
    from django.urls import path

    def form(request):
        if request.method == "POST":
            return HttpResponse(f"hello {request.POST['name']}, {len(request.FILES['upload'].read())} bytes")
        return HttpResponse(get_token(request))

    def stream(request):
        return StreamingHttpResponse(f"{number}\n" for number in range(100))

    def boom(request):
        raise ValueError("a fault of the site")

    def where(request, what):
        return JsonResponse({"path": request.path, "scheme": request.scheme, "host": request.get_host()})

    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=(
                path("form", form),
                path("stream", stream),
                path("boom", boom),
                path("where/<slug:what>/", where),
            ),
            SECRET_KEY="k",
            ALLOWED_HOSTS=["*"],
            MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
            USE_TZ=True,
        )
        django.setup()
    return get_wsgi_application()


def test_a_django_site_works(runner, django_site):
    with serving(handler_for(django_site), runner) as running, Client(running) as client:
        page = client.get("/form")
        token = page.body.decode()
        cookie = page.headers["set-cookie"].partition(";")[0]
        body = (
            '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nzoë\r\n'
            '--b\r\nContent-Disposition: form-data; name="upload"; filename="f.bin"\r\n\r\n'
            + "x" * 100_000
            + "\r\n--b--\r\n"
        ).encode()
        kind = "multipart/form-data; boundary=b"
        assert client.request("POST", "/form", body, Content_Type=kind).status == 403
        answer = client.request("POST", "/form", body, Content_Type=kind, Cookie=cookie, X_CSRFToken=token)
        assert answer.body.decode() == "hello zoë, 100000 bytes"
        assert client.get("/stream").body == "".join(f"{number}\n" for number in range(100)).encode()
        assert client.get("/where/a-b").headers["location"] == "/where/a-b/"
        assert client.get("/where/a-b/").body == b'{"path": "/where/a-b/", "scheme": "http", "host": "test"}'
        assert client.get("/boom").status == 500
        assert client.request("HEAD", "/stream").body == b""
        assert client.get("/nowhere").status == 404


def test_webdav_works(threaded_runner, tmp_path):
    """wsgidav: unusual methods, chunked uploads, ranges, file answers, XML."""
    from wsgidav.fs_dav_provider import FilesystemProvider
    from wsgidav.wsgidav_app import WsgiDAVApp

    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": FilesystemProvider(str(tmp_path))},
            "simple_dc": {"user_mapping": {"*": True}},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    with serving(handler_for(app), threaded_runner) as running, Client(running) as client:
        assert client.request("MKCOL", "/folder").status == 201
        client.send(b"PUT /folder/file.txt HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send(b"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n")
        assert client.read_answer().status == 201
        assert (tmp_path / "folder" / "file.txt").read_bytes() == b"hello world"
        assert client.get("/folder/file.txt").body == b"hello world"
        part = client.get("/folder/file.txt", Range="bytes=6-")
        assert (part.status, part.body) == (206, b"world")
        listing = client.request("PROPFIND", "/folder/", b"", Depth="1")
        assert listing.status == 207
        found = {node.text for node in ET.fromstring(listing.body).iter("{DAV:}href")}
        assert found == {"/folder/", "/folder/file.txt"}
        assert client.request("MOVE", "/folder/file.txt", Destination="http://test/folder/new.txt").status == 201
        assert client.request("LOCK", "/folder/new.txt", b"").status in (200, 400)
        assert client.request("DELETE", "/folder/").status == 204
        assert client.get("/folder/new.txt").status == 404


def check_application(client: Client) -> None:
    assert client.get("/hello/zoe?greeting=hi").body == b"hi zoe"
    answer = client.request("POST", "/echo", b"a=1&b=2", Content_Type="application/x-www-form-urlencoded")
    assert answer.body == b'{"form":{"a":"1","b":"2"}}\n'
    cookie = client.get("/count").headers["set-cookie"].partition(";")[0]
    assert client.get("/count", Cookie=cookie).body == b"2"
    assert client.get("/stream").body == b"0,1,2,3,4,5,6,7,8,9,"
    # Whoever may not keep the connection after a stream of unknown length opens a new one.
    client.reconnect()
    assert client.get("/missing").status == 404
    assert client.get("/boom").status == 500
    assert client.request("HEAD", "/hello/x").headers["content-length"] == "7"


def test_our_application_on_our_own_server(runner):
    from engines.foreign_app import app

    with serving(handler_for(app), runner) as running, Client(running) as client:
        check_application(client)


class Elsewhere:
    """A server that is not ours."""

    def __init__(self, address) -> None:
        self.address = address

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=TIMEOUT)


def test_our_application_under_waitress():
    from engines.foreign_app import app
    from waitress.server import create_server

    server = create_server(app, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with Client(Elsewhere(("127.0.0.1", int(server.effective_port)))) as client:
            check_application(client)
    finally:
        server.task_dispatcher.shutdown()

        def stop() -> None:
            """In the thread that waits for its sockets: nobody closes one under it, and with none left it ends."""
            for channel in list(server.active_channels.values()):
                channel.handle_close()  # its own stop leaves them to the garbage collector
            server.close()

        server.trigger.pull_trigger(stop)
        thread.join(TIMEOUT)
        assert not thread.is_alive()


@pytest.mark.slow
def test_our_application_under_gunicorn(tmp_path):
    path = tmp_path / "socket"
    log = tmp_path / "log"
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    config = tmp_path / "config.py"
    config.write_text(f"def when_ready(server):\n    open({str(ready)!r}, 'w').close()\n")
    command = [sys.executable, "-m", "gunicorn", "-c", config, "-b", f"unix:{path}", "-k", "gthread", "--threads", "2"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--no-control-socket", APP],
            cwd=TESTS,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONPATH": str(TESTS), "SAY_MOMENTS": "1"},
        )
    try:
        opener = threading.Thread(target=lambda: ready.open().close(), daemon=True)
        opener.start()
        opener.join(TIMEOUT)
        assert not opener.is_alive(), log.read_text()

        class Unix:
            def connect(self) -> socket.socket:
                sock = socket.socket(socket.AF_UNIX)
                sock.settimeout(TIMEOUT)
                sock.connect(str(path))
                return sock

        with contextlib.closing(Client(Unix())) as client:
            check_application(client)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
    moments = [line.split()[1:] for line in log.read_text().splitlines() if line.startswith("moment ")]
    names = [name for name, _ in moments]
    assert names[:3] == ["on_startup", "on_worker_start", "after"], "gunicorn knows of none of these"
    assert names[-2:] == ["on_worker_stop", "on_shutdown"]
    assert set(names[2:-2]) == {"after"}
    assert len({pid for _, pid in moments}) == 1
