"""Laws of forwarding: whatever a client writes in front of what proxies add, it stays the client; and no text at all gives
an application what is no address, scheme, host or path."""

import re
from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st

from demijohn.http.forwarded import Node, parse_forwarded
from demijohn.http.options import quote_header_value
from demijohn.seam import Peer, RequestHead
from demijohn.serve.forwarding import Forwarding
from demijohn.serve.trust import TrustedPeers
from demijohn.wire import ProtocolReject
from demijohn.wire.h1.target import is_authority

PROXY = Peer(("10.0.0.1", 40000), ("10.0.0.9", 8000))
TRUSTED = TrustedPeers("10.0.0.0/8, fd00::/8")

proxies = st.one_of(
    st.ip_addresses(network="10.0.0.0/8").map(str), st.ip_addresses(network="fd00::/8").map(lambda ip: f"[{ip}]")
)
clients = st.one_of(
    st.ip_addresses(network="198.51.100.0/24").map(str),
    st.ip_addresses(network="2001:db8::/32").map(lambda ip: f"[{ip}]"),
    st.sampled_from(["unknown", "_hidden", "198.51.100.7:80", "[2001:db8::1]:80"]),
)
# What a field value may be made of (RFC 9110 §5.5), and what it looks like most of the time.
written = st.lists(
    st.one_of(
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f,"), max_size=8),
        proxies,
        clients,
    ),
    max_size=4,
)


def apply(family: str, lines: list[tuple[bytes, str]]) -> tuple[RequestHead, Peer]:
    fields = [(b"Host", b"inner"), *[(name, text.strip(" \t").encode("latin-1")) for name, text in lines]]
    return Forwarding(family, TRUSTED).for_peer(PROXY).apply(RequestHead("GET", "/x", (1, 1), fields))


def told(node: str) -> tuple[str, int]:
    parsed = Node.parse(node)
    return parsed.name, parsed.port or 0


@settings(max_examples=100, deadline=None)
@given(written, clients, st.lists(proxies, max_size=3), st.booleans())
def test_what_a_client_writes_does_not_change_who_it_is(forged, client, hops, in_lines):
    added = ", ".join([client, *hops])
    name = b"X-Forwarded-For"
    if in_lines:
        lines = [(name, ",".join(forged)), (name, added)]
    else:
        lines = [(name, ", ".join([*forged, added]))]
    head, peer = apply("x-forwarded", lines)
    assert peer.remote == told(client)
    # Nothing of the client's is left over.
    left = [member.strip() for member in head.get(b"x-forwarded-for").split(",")]
    assert list(filter(None, left)) == [client, *hops]


@settings(max_examples=100, deadline=None)
@given(written, clients, st.lists(proxies, max_size=3), st.sampled_from(["http", "https"]))
def test_a_well_formed_element_of_a_client_counts_no_more(forged, client, hops, scheme):
    elements = [f"for={quote_header_value(text, allow_token=False)};proto=gopher;host=evil" for text in forged]
    added = [f'for="{client}";proto={scheme};host=a.example', *[f'for="{hop}";proto=http;host=inner' for hop in hops]]
    head, peer = apply("rfc7239", [(b"Forwarded", ", ".join([*elements, *added]))])
    assert (peer.remote, peer.scheme, head.authority) == (told(client), scheme, "a.example")
    assert head.get(b"forwarded") == ", ".join(added)
    assert len(parse_forwarded(head.get(b"forwarded"))) == 1 + len(hops)


@settings(max_examples=100, deadline=None)
@given(written.map(", ".join), st.lists(proxies, max_size=2))
def test_a_client_never_gets_an_element_of_its_own_believed(forged, hops):
    """In a line before that of the proxy: quotes left open, commas, anything. It is refused, or the proxy's word counts."""
    added = ", ".join(['for="198.51.100.7";proto=https;host=a.example', *[f'for="{hop}"' for hop in hops]])
    for lines in ([(b"Forwarded", forged), (b"Forwarded", added)], [(b"Forwarded", f"{forged}, {added}")]):
        try:
            head, peer = apply("rfc7239", lines)
        except ProtocolReject as reject:
            assert reject.status == 400
        else:
            assert (peer.remote, peer.scheme, head.authority) == (("198.51.100.7", 0), "https", "a.example")


values = st.one_of(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=20),
    st.text('/%aA.2fe5c:[]1\\,? =";', max_size=12),
    st.sampled_from(["https", "http, https", "a:80", "a, b:1", "[::1]:8", "443", "80, 443", "/a", "/a/%C3%A9", "/, /b", "1.2.3.4"]),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["For", "Proto", "Host", "Port", "Prefix"]).map(lambda name: f"X-Forwarded-{name}".encode()),
        values,
    ),
    values,
)
def test_no_text_at_all_gives_what_cannot_be(said, forwarded):
    for family, lines in (("x-forwarded", list(said.items())), ("rfc7239", [(b"Forwarded", forwarded)])):
        try:
            head, peer = apply(family, lines)
        except ProtocolReject as reject:
            assert reject.status == 400
            continue
        name, port = peer.remote
        assert name == "unknown" or re.fullmatch(r"_[\w.-]+", name, re.ASCII) or ip_address(name)
        assert 0 <= port <= 65535
        assert peer.scheme in {"http", "https"}
        assert is_authority(head.authority.encode("ascii"))
        assert 0 <= peer.local[1] <= 65535
        root = peer.root_path
        assert root == "" or re.fullmatch(r"(/[^/\x00-\x1f\x7f\\]+)+", root)
        assert not {".", ".."} & set(root.split("/"))
