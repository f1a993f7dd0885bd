"""A real HAProxy in front, with the configuration in deploy/: who the client is, and connections that last."""

import http.client
import json
import ssl
from contextlib import closing
from pathlib import Path

import pytest
from engines import certs
from services import HAProxy, Node, deployed, need, own_address

pytestmark = pytest.mark.slow

CLIENT = "127.9.8.7"


@pytest.fixture(scope="module")
def proxy(module_place):
    """Both nodes are the same one."""
    need("haproxy")
    place = module_place
    node = Node(place, "node1", "--threads", 4, "--proxy-protocol", "required", "--trusted-peers", "127.0.0.0/8")
    address = own_address()
    files = certs.Authority(certs.folder(), "HAProxy Authority").make("haproxy", "localhost")
    pem = place.directory / "both.pem"
    pem.write_text("".join(Path(path).read_text() for path in (files.certfile, files.keyfile)))
    text = deployed(
        "haproxy/haproxy.cfg",
        {
            "maxconn 20000": "maxconn 500",
            "bind :80\n": f"bind {address}:8000\n    bind {address}:8443 ssl crt {pem}\n",
            "192.0.2.11:8000": f"{node.address}:8000",
            "192.0.2.12:8000": f"{node.address}:8000",
        },
    )
    node.wait_ready()
    process = HAProxy(place, text).process
    place.wait_listening(process, (address, 8000))
    return address


def ask(connection, path="/seen", **fields):
    connection.request("GET", path, headers=fields)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return json.loads(body)


def test_the_client_reaches_the_application(proxy):
    forged = {"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Proto": "https", "Forwarded": "for=1.1.1.1"}
    with closing(http.client.HTTPConnection(proxy, 8000, timeout=20, source_address=(CLIENT, 0))) as connection:
        connection.connect()
        here = connection.sock.getsockname()
        for door in ("", "/wsgi", "", "/wsgi"):
            seen = ask(connection, f"{door}/seen", Host="shop.example", **forged)
            assert seen == {
                "remote_addr": CLIENT, "remote_port": str(here[1]), "scheme": "http", "host": "shop.example",
                "url": f"http://shop.example{door}/seen", "forwarded": [],
            }  # fmt: skip
            # The client's connection lasts.
            assert connection.sock.getsockname() == here


def test_clients_do_not_share_an_address_because_haproxy_keeps_connections(proxy):
    for client in (CLIENT, "127.9.8.6", CLIENT):
        with closing(http.client.HTTPConnection(proxy, 8000, timeout=20, source_address=(client, 0))) as connection:
            assert ask(connection)["remote_addr"] == client


def test_https_in_front(proxy):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with closing(
        http.client.HTTPSConnection(proxy, 8443, timeout=20, source_address=(CLIENT, 0), context=context)
    ) as connection:
        for door in ("", "/wsgi"):
            seen = ask(connection, f"{door}/seen", Host="shop.example")
            assert (seen["remote_addr"], seen["url"]) == (CLIENT, f"https://shop.example{door}/seen")
