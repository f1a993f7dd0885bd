"""A real nginx in front, with the configuration in deploy/: who the client is, connections that last, and large bodies."""

import hashlib
import http.client
import json
from contextlib import closing

import pytest
from services import Nginx, Node, deployed, need, own_address

pytestmark = pytest.mark.slow

CLIENT = "127.9.8.7"
BLOCK = bytes(range(256)) * 256


@pytest.fixture(params=["x-forwarded", "rfc7239"])
def proxy(request, place):
    need("nginx")
    family = request.param
    socket = place.directory / "node.sock"
    node = Node(place, "node1", "--threads", 4, "--forwarded", family, bind=f"unix:{socket}")
    address = own_address()
    included = place.directory / "forwarded.conf"
    included.write_text(
        deployed("nginx/demijohn-x-forwarded.conf" if family == "x-forwarded" else "nginx/demijohn-forwarded.conf", {})
    )
    text = deployed("nginx/demijohn-forwarded-map.conf", {}) + deployed(
        "nginx/demijohn.conf",
        {
            "unix:/run/demijohn.sock max": f"unix:{socket} max",
            "listen 80;": f"listen {address}:8000;",
            "/etc/nginx/demijohn-x-forwarded.conf": str(included),
        },
    )
    process = Nginx(place, text).process
    place.wait_listening(process, (address, 8000))
    node.wait_ready()
    return address


def ask(connection, method="GET", path="/seen", body=None, **fields):
    connection.request(method, path, body, fields)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    return content


def test_behind_nginx(proxy):
    forged = {
        "X-Forwarded-For": "1.1.1.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/x",
        "Forwarded": "for=1.1.1.1",
    }
    with closing(http.client.HTTPConnection(proxy, 8000, timeout=20, source_address=(CLIENT, 0))) as connection:
        connection.connect()
        here = connection.sock.getsockname()
        for door in ("", "/wsgi", "", "/wsgi"):
            seen = json.loads(ask(connection, path=f"{door}/seen", Host="shop.example:8080", **forged))
            assert seen["remote_addr"] == CLIENT
            assert seen["url"] == f"http://shop.example:8080{door}/seen"
            assert "x-forwarded-prefix" not in seen["forwarded"]

        # 20 MiB in, by length and in chunks, and out.
        for door in ("", "/wsgi"):
            for body in (BLOCK * 320, (BLOCK for _ in range(320))):
                told = json.loads(ask(connection, "POST", f"{door}/upload", body))
                assert told == {"size": 320 << 16, "sha256": hashlib.sha256(BLOCK * 320).hexdigest()}
            assert ask(connection, path=f"{door}/download/320") == BLOCK * 320
        # All of that on one connection.
        assert connection.sock.getsockname() == here

        # What lets clients keep files gets through.
        status, fields, style = exchange(connection, "/static/page.css")
        assert (status, style[:4]) == (200, b"body")
        assert exchange(connection, "/static/page.css", If_None_Match=fields["ETag"])[::2] == (304, b"")
        assert exchange(connection, "/static/page.css", If_Range=fields["ETag"], Range="bytes=0-3")[::2] == (
            206,
            b"body",
        )
        assert connection.sock.getsockname() == here


def exchange(connection, path, **fields):
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in fields.items()})
    with connection.getresponse() as answer:
        return answer.status, answer.headers, answer.read()
