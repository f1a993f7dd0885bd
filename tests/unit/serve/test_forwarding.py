"""Whom a request is for, by what proxies say: who is believed, how far, and what is refused."""

import logging

import pytest

from demijohn.seam import Peer, RequestHead
from demijohn.serve.forwarding import Forwarding
from demijohn.serve.trust import TrustedPeers
from demijohn.wire import ProtocolReject

PROXY = Peer(("10.0.0.1", 40000), ("10.0.0.9", 8000), "http", is_multithread=True)
STRANGER = Peer(("203.0.113.66", 666), ("10.0.0.9", 8000))
UNIX = Peer(None, "/run/app.sock")
CLIENT = "198.51.100.7"


def forward(
    family: str, fields: dict[str, str] | list[tuple[str, str]], peer=PROXY, trusted="10.0.0.0/8", target="/x?y"
):
    """Return head and peer of a request, as they come out."""
    pairs = list(fields.items() if isinstance(fields, dict) else fields)
    lines = [("Host", "inner:8000"), *pairs, ("Accept", "*/*")]
    head = RequestHead("GET", target, (1, 1), [(name.encode(), value.encode("latin-1")) for name, value in lines])
    before = list(head.fields)
    result = Forwarding(family, TrustedPeers(trusted)).for_peer(peer).apply(head)
    assert list(head.fields) == before
    # What reads the index and what reads the lines see the same.
    assert RequestHead("", "", (1, 1), result[0].fields).index == result[0].index
    return result


def x(**fields: str):
    return {f"X-Forwarded-{name.title()}": value for name, value in fields.items() if name != "for_"} | (
        {"X-Forwarded-For": fields["for_"]} if "for_" in fields else {}
    )


# ---------------------------------------------------------------------- the walk


WALKS = [
    # X-Forwarded-For, Forwarded, the client, what is left of the list (X-Forwarded-For)
    (CLIENT, f"for={CLIENT}", (CLIENT, 0), CLIENT),
    (f"{CLIENT}:5123", f'for="{CLIENT}:5123"', (CLIENT, 5123), f"{CLIENT}:5123"),
    (f"1.1.1.1, {CLIENT}", f"for=1.1.1.1, for={CLIENT}", (CLIENT, 0), CLIENT),
    (f"10.0.0.5, {CLIENT}", f"for=10.0.0.5, for={CLIENT}", (CLIENT, 0), CLIENT),
    (f"1.1.1.1, {CLIENT}, 10.0.0.2", f"for=1.1.1.1, for={CLIENT}, for=10.0.0.2", (CLIENT, 0), f"{CLIENT}, 10.0.0.2"),
    (f"{CLIENT},10.0.0.3 ,\t10.0.0.2", f"for={CLIENT},for=10.0.0.3 ,\tfor=10.0.0.2", (CLIENT, 0), None),
    ("10.0.0.3, 10.0.0.2", "for=10.0.0.3, for=10.0.0.2", ("10.0.0.3", 0), "10.0.0.3, 10.0.0.2"),
    ("10.0.0.3", "for=10.0.0.3", ("10.0.0.3", 0), "10.0.0.3"),
    ("[2001:DB8::0:1]:443", 'for="[2001:DB8::0:1]:443"', ("2001:db8::1", 443), None),
    ("[2001:db8::1]", 'for="[2001:db8::1]"', ("2001:db8::1", 0), None),
    ("::ffff:198.51.100.7", 'for="[::ffff:198.51.100.7]"', (CLIENT, 0), None),
    (f"{CLIENT}, ::ffff:10.0.0.2", f'for={CLIENT}, for="[::ffff:10.0.0.2]"', (CLIENT, 0), None),
    ("unknown", "for=unknown", ("unknown", 0), None),
    ("1.1.1.1, unknown", "for=1.1.1.1, for=unknown", ("unknown", 0), "unknown"),
    ("Unknown, 10.0.0.2", "for=Unknown, for=10.0.0.2", ("unknown", 0), None),
    ("_hidden", "for=_hidden", ("_hidden", 0), None),
    ("_hidden:_port", 'for="_hidden:_port"', ("_hidden", 0), None),
    # The client may write what it likes, where nobody looks.
    (f"<script>, {CLIENT}", f'for="<script>", for={CLIENT}', (CLIENT, 0), CLIENT),
    (f"\xff\xfe, {CLIENT}", f"secret=x, for={CLIENT}", (CLIENT, 0), CLIENT),
    (f", ,{CLIENT}, ,", f", ,for={CLIENT}, ,", (CLIENT, 0), None),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "_", "client", "left"), WALKS)
def test_x_forwarded_for_is_walked_from_the_right(listed, _, client, left):
    head, peer = forward("x-forwarded", {"X-Forwarded-For": listed})
    assert peer.remote == client
    assert head.get(b"x-forwarded-for") == (listed if left is None else left)
    assert (peer.local, peer.scheme, peer.root_path, peer.is_multithread) == (PROXY.local, "http", "", True)
    assert head.get(b"host") == "inner:8000"


@pytest.mark.parametrize(("_", "listed", "client", "__"), WALKS)
def test_forwarded_is_walked_from_the_right(_, listed, client, __):
    _, peer = forward("rfc7239", {"Forwarded": listed})
    assert peer.remote == client


def test_bare_ipv6_has_no_port():
    _, peer = forward("x-forwarded", {"X-Forwarded-For": "2001:db8::1:443"})
    assert peer.remote == ("2001:db8::1:443", 0)


def test_lines_are_one_list():
    lines = [
        ("X-Forwarded-For", "1.1.1.1"),
        ("x-forwarded-for", f"{CLIENT}, 10.0.0.3"),
        ("X-FORWARDED-FOR", "10.0.0.2"),
    ]
    head, peer = forward("x-forwarded", lines)
    assert peer.remote == (CLIENT, 0)
    assert head.fields == [
        (b"Host", b"inner:8000"),
        (b"X-Forwarded-For", b"198.51.100.7, 10.0.0.3, 10.0.0.2"),
        (b"Accept", b"*/*"),
    ]
    lines = [
        ("Forwarded", "for=1.1.1.1"),
        ("forwarded", f"for={CLIENT};proto=https, for=10.0.0.3"),
        ("Forwarded", "For=10.0.0.2"),
    ]
    head, peer = forward("rfc7239", lines)
    assert (peer.remote, peer.scheme) == ((CLIENT, 0), "https")
    assert head.get(b"forwarded") == f"for={CLIENT};proto=https, for=10.0.0.3, For=10.0.0.2"


def test_a_unix_socket_is_a_hop_like_another():
    for peer, trusted, listed, expected in [
        (UNIX, "unix", CLIENT, (CLIENT, 0)),
        (UNIX, "10.0.0.0/8", CLIENT, None),
        (PROXY, "10.0.0.0/8,unix", f"{CLIENT}, unix:", (CLIENT, 0)),
        (PROXY, "10.0.0.0/8", f"{CLIENT}, unix:", None),
    ]:
        assert forward("x-forwarded", {"X-Forwarded-For": listed}, peer, trusted)[1].remote == expected


def test_where_everybody_is_trusted_the_first_of_all_is_the_client():
    assert forward("x-forwarded", {"X-Forwarded-For": f"1.1.1.1, {CLIENT}"}, STRANGER, "*")[1].remote == ("1.1.1.1", 0)
    assert forward("rfc7239", {"Forwarded": f"for=_a, for={CLIENT}"}, STRANGER, "*")[1].remote == ("_a", 0)


def test_a_long_list_takes_linear_time():
    """Each hop is looked at once: twenty times as many cost about twenty times as much, counted in calls."""
    import sys

    def calls(count: int) -> int:
        counted = 0

        def count_call(frame, event, arg) -> None:
            nonlocal counted
            counted += 1

        forwarding = Forwarding("x-forwarded", TrustedPeers("10.0.0.0/8")).for_peer(PROXY)
        head = RequestHead("GET", "/", (1, 1), [(b"X-Forwarded-For", b", ".join([b"10.0.0.3"] * count))])
        sys.setprofile(count_call)
        try:
            forwarding.apply(head)
        finally:
            sys.setprofile(None)
        return counted

    assert calls(2000) < 25 * calls(100)


# ---------------------------------------------------------------------- the rest of what is said


@pytest.mark.parametrize(
    ("fields", "scheme", "host", "local", "root_path"),
    [
        (x(proto="https"), "https", "inner:8000", ("10.0.0.9", 8000), ""),
        (x(proto="HTTP"), "http", "inner:8000", ("10.0.0.9", 8000), ""),
        (x(proto="wss"), "https", "inner:8000", ("10.0.0.9", 8000), ""),
        (x(proto="ws"), "http", "inner:8000", ("10.0.0.9", 8000), ""),
        (x(host="example.org"), "http", "example.org", ("example.org", 80), ""),
        (x(host="example.org", proto="https"), "https", "example.org", ("example.org", 443), ""),
        (x(host="example.org:8443", proto="https"), "https", "example.org:8443", ("example.org", 8443), ""),
        (x(host="[2001:db8::1]:8443"), "http", "[2001:db8::1]:8443", ("2001:db8::1", 8443), ""),
        (x(host="[2001:db8::1]"), "http", "[2001:db8::1]", ("2001:db8::1", 80), ""),
        (x(host="example.org:"), "http", "example.org", ("example.org", 80), ""),
        (x(port="8080"), "http", "inner:8080", ("inner", 8080), ""),
        (x(port="443", proto="https"), "https", "inner", ("inner", 443), ""),
        (x(port="443"), "http", "inner:443", ("inner", 443), ""),
        (x(host="example.org", port="8443"), "http", "example.org:8443", ("example.org", 8443), ""),
        (x(host="example.org:1", port="8443"), "http", "example.org:8443", ("example.org", 8443), ""),
        (x(host="[::1]:1", port="8443"), "http", "[::1]:8443", ("::1", 8443), ""),
        (x(host="[::1]", port="80"), "http", "[::1]", ("::1", 80), ""),
        (x(prefix="/app"), "http", "inner:8000", ("10.0.0.9", 8000), "/app"),
        (x(prefix="/app/v1.0/"), "http", "inner:8000", ("10.0.0.9", 8000), "/app/v1.0"),
        (x(prefix="/"), "http", "inner:8000", ("10.0.0.9", 8000), ""),
        (x(prefix="/caf%C3%A9"), "http", "inner:8000", ("10.0.0.9", 8000), "/café"),
        (x(proto="", host=" ", port=",", prefix=""), "http", "inner:8000", ("10.0.0.9", 8000), ""),
    ],
)
def test_x_forwarded(fields, scheme, host, local, root_path):
    head, peer = forward("x-forwarded", fields)
    assert (peer.scheme, head.authority, peer.local, peer.root_path) == (scheme, host, local, root_path)
    assert peer.remote == PROXY.remote
    assert head.target == "/x?y"


@pytest.mark.parametrize(
    ("value", "scheme", "host"),
    [
        ("proto=https", "https", "inner:8000"),
        ("Proto=HTTPS;host=example.org", "https", "example.org"),
        ('host="example.org:8443";for=1.2.3.4', "http", "example.org:8443"),
        ('host="[::1]";by=_x;secret="a,b;c"', "http", "[::1]"),
        # Only the proxy that saw the client knows what it asked for.
        (f"for={CLIENT};proto=https;host=a.example, for=10.0.0.2;proto=http;host=inner.example", "https", "a.example"),
        (f"for={CLIENT}, for=10.0.0.2;proto=https;host=inner.example", "http", "inner:8000"),
        (f"for=1.1.1.1;proto=https;host=evil.example, for={CLIENT};host=a.example", "http", "a.example"),
        (f"for=1.1.1.1;proto=https, for={CLIENT};proto=http", "http", "inner:8000"),
        ("", "http", "inner:8000"),
        (", ,", "http", "inner:8000"),
    ],
)
def test_rfc7239(value, scheme, host):
    head, peer = forward("rfc7239", {"Forwarded": value})
    assert (peer.scheme, head.authority) == (scheme, host)


def test_an_element_without_a_client_ends_the_walk():
    head, peer = forward("rfc7239", {"Forwarded": "for=1.1.1.1;proto=http, proto=https"})
    assert (peer.remote, peer.scheme, head.get(b"forwarded")) == (PROXY.remote, "https", "proto=https")
    head, peer = forward("rfc7239", {"Forwarded": "for=1.1.1.1, proto=https, for=10.0.0.2"})
    assert (peer.remote, peer.scheme) == (("10.0.0.2", 0), "https")
    assert head.get(b"forwarded") == "proto=https, for=10.0.0.2"


@pytest.mark.parametrize(
    ("hops", "values", "scheme", "left"),
    [
        # One proxy: the right-most value is its.
        (CLIENT, "http, https", "https", "https"),
        (CLIENT, "x\x7f, https", "https", "https"),
        (f"1.1.1.1, {CLIENT}", "http, https", "https", "https"),
        # Two: the outer one is believed, who saw the client.
        (f"{CLIENT}, 10.0.0.2", "https, http", "https", "https, http"),
        (f"1.1.1.1, {CLIENT}, 10.0.0.2", "gopher, https, http", "https", "https, http"),
        # Passed on.
        (f"{CLIENT}, 10.0.0.2", "https", "https", "https"),
        (f"{CLIENT}, 10.0.0.3, 10.0.0.2", "https, https", "https", "https, https"),
    ],
)
def test_of_several_values_as_many_count_as_there_are_proxies(hops, values, scheme, left):
    head, peer = forward("x-forwarded", {"X-Forwarded-For": hops, "X-Forwarded-Proto": values})
    assert (peer.scheme, head.get(b"x-forwarded-proto")) == (scheme, left)


def test_hosts_ports_and_prefixes_are_lists_too():
    fields = x(
        for_=f"1.1.1.1, {CLIENT}", host="evil.example, a.example", port="1, 443", prefix="/evil, /app", proto="https"
    )
    head, peer = forward("x-forwarded", fields)
    assert (head.get(b"host"), peer.root_path, peer.local) == ("a.example", "/app", ("a.example", 443))
    assert "evil" not in str(head.fields)


def test_values_that_fit_no_number_of_proxies_are_refused():
    with pytest.raises(ProtocolReject, match="X-Forwarded-Proto has several values"):
        forward("x-forwarded", x(for_=f"{CLIENT}, 10.0.0.3, 10.0.0.2", proto="https, http"))


def test_x_real_ip_is_the_client():
    head, _ = forward("x-forwarded", {"X-Real-IP": "1.1.1.1", "X-Forwarded-For": CLIENT})
    assert head.get(b"x-real-ip") == CLIENT
    head, peer = forward("x-forwarded", {"X-Real-IP": "1.1.1.1"})
    assert (head.get(b"x-real-ip"), peer) == ("1.1.1.1", PROXY)


def test_a_new_host_goes_before_an_absolute_target():
    for target, expected in [
        ("http://inner/x?y", "/x?y"),
        ("http://inner/x", "/x"),
        ("http://inner?y", "/?y"),
        ("http://inner", "/"),
        ("/x?http://inner/", "/x?http://inner/"),
    ]:
        head, _ = forward("x-forwarded", x(host="example.org"), target=target)
        assert (head.target, head.authority) == (expected, "example.org")
    head, _ = forward("x-forwarded", x(proto="https"), target="http://inner/x")
    assert head.target == "http://inner/x"


def test_http10_may_get_a_host():
    forwarding = Forwarding("x-forwarded", TrustedPeers("10.0.0.0/8")).for_peer(PROXY)
    head, _ = forwarding.apply(RequestHead("GET", "/", (1, 0), [(b"X-Forwarded-Host", b"example.org")]))
    assert head.fields[-1] == (b"Host", b"example.org")
    head, peer = forwarding.apply(RequestHead("GET", "/", (1, 0), [(b"X-Forwarded-Port", b"81")]))
    assert (head.authority, peer.local) == (None, PROXY.local)


# ---------------------------------------------------------------------- refused, ignored, taken away


@pytest.mark.parametrize(
    "fields",
    [
        {"X-Forwarded-For": "example.org"},
        {"X-Forwarded-For": f"{CLIENT}, 10.0.0"},
        {"X-Forwarded-For": f"{CLIENT}, x, 10.0.0.2"},
        {"X-Forwarded-For": "1.2.3.4:65536"},
        {"X-Forwarded-For": "1.2.3.4:"},
        {"X-Forwarded-For": "01.2.3.4"},
        {"X-Forwarded-For": "[::1"},
        {"X-Forwarded-For": "::1]:80"},
        {"X-Forwarded-For": '"1.2.3.4"'},
        {"X-Forwarded-For": "fe80::1%eth0"},
        {"X-Forwarded-For": "1.2.3.4\x80"},
        x(proto="ftp"),
        x(proto="https://"),
        x(proto="javascript"),
        x(host="a b"),
        x(host="a/b"),
        x(host="a@b"),
        x(host="caf\xe9"),
        x(host="a:99999"),
        x(host="[::1"),
        x(host="1::2"),
        x(port="0"),
        x(port="65536"),
        x(port="-1"),
        x(port="8 0"),
        x(port="\xb2"),
        x(port="123456"),
        x(prefix="app"),
        x(prefix="//evil.example"),
        x(prefix="/a//b"),
        x(prefix="/a/../b"),
        x(prefix="/.."),
        x(prefix="/a/."),
        x(prefix="/%2e%2e/b"),
        x(prefix="/a%2fb"),
        x(prefix="/a%5cb"),
        x(prefix="/a\\b"),
        x(prefix="/a%0d%0ab"),
        x(prefix="/a%00"),
        x(prefix="/a%ff"),
        x(prefix="/a%2"),
        x(prefix="/a b"),
        x(prefix="/a?b"),
        x(prefix="/a#b"),
        x(prefix="/caf\xe9"),
        x(prefix="https://evil.example/"),
    ],
)
def test_what_cannot_be_is_refused_from_a_trusted_peer_only(fields):
    with pytest.raises(ProtocolReject) as caught:
        forward("x-forwarded", fields)
    assert caught.value.status == 400
    assert caught.value.reason.startswith("X-Forwarded-")
    head, peer = forward("x-forwarded", fields, STRANGER)
    assert (peer, len(head.fields)) == (STRANGER, 2)


@pytest.mark.parametrize(
    "value",
    [
        "for",
        "for=example.org",
        "for=1.2.3.4;for=1.2.3.5",
        'for="1.2.3.4',
        "for=1.2.3.4;proto=gopher",
        'for=1.2.3.4;host="a b"',
        'for=1.2.3.4;host=""',
        "for=1.2.3.4;host=caf\xe9",
        "for=1.1.1.1, for=x, for=10.0.0.2",
        # A quote that the client leaves open: there is no telling what the proxy wrote.
        'for="1.1.1.1, for=1.2.3.4',
    ],
)
def test_a_malformed_forwarded_is_refused_from_a_trusted_peer_only(value):
    with pytest.raises(ProtocolReject) as caught:
        forward("rfc7239", {"Forwarded": value})
    assert (caught.value.status, "Forwarded" in caught.value.reason) == (400, True)
    head, peer = forward("rfc7239", {"Forwarded": value}, STRANGER)
    assert (peer, len(head.fields)) == (STRANGER, 2)


EVERYTHING = {
    "X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil", "X-Real-IP": CLIENT, "X-Forwarded-Ssl": "on", "Forwarded": f"for={CLIENT};proto=https;host=evil.example",
}  # fmt: skip


@pytest.mark.parametrize("family", ["x-forwarded", "rfc7239"])
@pytest.mark.parametrize("name", [*EVERYTHING, None])
def test_a_stranger_is_not_believed_and_what_it_says_goes_no_further(family, name):
    said = EVERYTHING if name is None else {name: EVERYTHING[name]}
    head, peer = forward(family, said, STRANGER)
    assert peer is STRANGER
    assert head.fields == [(b"Host", b"inner:8000"), (b"Accept", b"*/*")]


def test_the_other_family_is_taken_away():
    head, peer = forward("x-forwarded", EVERYTHING)
    assert (peer.remote, peer.scheme, peer.root_path, head.get(b"forwarded")) == ((CLIENT, 0), "https", "/evil", None)
    head, peer = forward("rfc7239", {**EVERYTHING, "Forwarded": "for=192.0.2.1"})
    assert (peer.remote, peer.scheme, peer.root_path, peer.local) == (("192.0.2.1", 0), "http", "", PROXY.local)
    assert [name for name, _ in head.fields] == [b"Host", b"Forwarded", b"Accept"]


def test_what_says_nothing_costs_nothing():
    head = RequestHead("GET", "/", (1, 1), [(b"Host", b"a")])
    for peer in (PROXY, STRANGER):
        result = Forwarding("x-forwarded", TrustedPeers("10.0.0.0/8")).for_peer(peer).apply(head)
        assert result[0] is head
        assert result[1] is peer


def test_a_stranger_who_may_be_a_forgotten_proxy_is_named_once(caplog):
    forwarding = Forwarding("x-forwarded", TrustedPeers("10.0.0.0/8"))
    head = RequestHead("GET", "/", (1, 1), [(b"X-Forwarded-Proto", b"https\x80")])
    with caplog.at_level(logging.WARNING, "demijohn.error"):
        for _ in range(3):
            forwarding.for_peer(STRANGER).apply(head)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "x-forwarded-proto came from 203.0.113.66, which is none of trusted_peers"
    ]
