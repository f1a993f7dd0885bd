"""Which peers are trusted: addresses, networks, Unix sockets, everybody, nobody."""

import pytest

from demijohn.serve.trust import TrustedPeers


@pytest.mark.parametrize(
    ("entries", "trusted", "others"),
    [
        ((), [], ["127.0.0.1", "::1", None, "unknown", ""]),
        (("10.0.0.7",), ["10.0.0.7", "::ffff:10.0.0.7"], ["10.0.0.8", "010.0.0.7", "10.0.0.7 ", "::a00:7", None]),
        (("10.0.0.0/8",), ["10.0.0.0", "10.255.255.255", "::ffff:10.1.1.1"], ["11.0.0.0", "::", "10.0.0", "167772160"]),
        (("::1", "fe80::/10"), ["::1", "0:0:0:0:0:0:0:1", "fe80::1%eth0", "FE80::2"], ["::2", "127.0.0.1", "[::1]"]),
        (("::ffff:10.0.0.0/104",), ["10.1.2.3", "::ffff:10.1.2.3"], ["11.0.0.1"]),
        (("::ffff:10.0.0.7",), ["10.0.0.7"], ["10.0.0.8"]),
        (("unix",), [None], ["127.0.0.1", "unix", ""]),
        (("*",), [None, "203.0.113.9", "::2", "unknown", "_hidden"], []),
        ("10.0.0.7, ::1 ,unix", ["10.0.0.7", "::1", None], ["10.0.0.8"]),
        ("", [], ["127.0.0.1", None]),
    ],
)
def test_a_list_has_what_it_says_and_nothing_else(entries, trusted, others):
    peers = TrustedPeers(entries)
    assert [address for address in trusted if not peers.has(address)] == []
    assert [address for address in others if peers.has(address)] == []


def test_by_default_this_machine_is_trusted():
    peers = TrustedPeers()
    assert [peers.has(address) for address in ("127.0.0.1", "::1", None)] == [True] * 3
    assert not peers.has("127.0.0.2")
    assert not peers.has("192.168.0.1")


@pytest.mark.parametrize(
    "entry", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "", "10.0.0", "[::1]", "1.2.3.4:80", "10.0.0.*"]
)
def test_what_is_no_entry_is_named(entry):
    with pytest.raises(ValueError, match="trusted_peers has") as caught:
        TrustedPeers([entry])
    assert repr(entry) in str(caught.value)


def test_an_address_is_judged_once():
    peers = TrustedPeers("10.0.0.0/8")
    for _ in range(5):
        assert peers.has("10.0.0.1")
    assert peers.has.cache_info().misses == 1
