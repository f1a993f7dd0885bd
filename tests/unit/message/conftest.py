"""Requests and environs to test with."""

from types import SimpleNamespace

import pytest

from demijohn.message import Request
from demijohn.seam import BufferedBody, Peer, RequestHead

PEER = Peer(("10.0.0.7", 51234), ("192.0.2.1", 8080))


def make_exchange(method="GET", target="/", fields=(), body=b"", *, peer=PEER, version=(1, 1)):
    source = BufferedBody(body) if isinstance(body, bytes) else body
    return SimpleNamespace(
        head=RequestHead(method, target, version, list(fields)), body=source, peer=peer, request_id="id-1"
    )


@pytest.fixture
def exchange():
    return make_exchange


@pytest.fixture(params=["exchange", "environ"])
def make_request(request):
    """Make a request of a head and a body, once directly and once by way of a WSGI environ."""

    def make(*args, cls=Request, **kwargs):
        made = cls.from_exchange(make_exchange(*args, **kwargs))
        return made if request.param == "exchange" else cls(made.environ)

    return make


@pytest.fixture
def post(make_request):
    """Make a request with a body and its length."""

    def make(body, *fields, method="POST", target="/", cls=Request):
        length = (b"Content-Length", str(len(body)).encode())
        return make_request(method, target, [length, *fields], body, cls=cls)

    return make
