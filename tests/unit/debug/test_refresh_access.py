import socket

import pytest

from demijohn.debug.refresh.access import Access
from demijohn.seam import RequestHead


def reason(access=None, target="/", **fields):
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return (access or Access()).reason_against(RequestHead("GET", target, (1, 1), lines))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:5000",
        "app.localhost:5000",
        "127.0.0.1:5000",
        "192.168.1.20:5000",
        "[::1]:5000",
        "[::1]",
        socket.gethostname(),
    ],
)
def test_names_that_are_surely_ours(host):
    assert reason(Host=host) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:5000", "127.0.0.1.evil.example", "localhost.evil.example", "[::1", "[::1]x", ""],
)
def test_a_name_that_may_point_here_by_rebinding_is_not_answered(host):
    assert "not known" in reason(Host=host)


def test_no_name_at_all():
    assert "not known" in reason()


def test_names_that_are_given():
    access = Access(["dev.example", ".test", ""])
    assert reason(access, Host="dev.example:5000") is None
    assert reason(access, Host="a.test") is None
    assert reason(access, Host="x.dev.example") is not None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_another_site_is_not_answered(site):
    assert "site" in reason(Host="localhost", Sec_Fetch_Site=site)


def test_another_origin_is_not_answered():
    for origin in ("http://evil.example", "null", "http://localhost:5001", "http://localhost:5000.evil.example"):
        assert "origin" in reason(Host="localhost:5000", Origin=origin)


def test_the_same_origin_is():
    assert reason(Host="localhost:5000", Sec_Fetch_Site="same-origin", Origin="http://localhost:5000") is None


def test_the_target_counts_before_the_field():
    assert "not known" in reason(target="http://evil.example/", Host="localhost")
