"""The PROXY protocol: what is taken, what is refused, and that no split changes either."""

import random
import struct

import pytest

from demijohn.wire import ProtocolReject
from demijohn.wire.proxyline import (
    SIGNATURE,
    TLV_AUTHORITY,
    TLV_CRC32C,
    TLV_NOOP,
    TLV_SSL,
    V1_MAX_BYTES,
    V2_MAX_LENGTH,
    ProxyInfo,
    ProxyLine,
    crc32c,
    render_v1,
    render_v2,
)

V4 = ("192.0.2.1", 56324), ("198.51.100.2", 443)
V6 = ("2001:db8::1", 1), ("2001:db8::2", 65535)
AFTER = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nPROXY \r\n\r\n\x00"


def read(pieces: list[bytes], *, is_required: bool = True) -> tuple[ProxyInfo | None, bytes]:
    """Return what the line says and the bytes behind it; what comes in pieces behind the end is passed by, as a server does."""
    line = ProxyLine(is_required=is_required)
    for at, piece in enumerate(pieces):
        info = line.receive_data(piece)
        if line.is_done:
            return info, line.take_buffered() + b"".join(pieces[at + 1 :])
        assert info is None
    raise EOFError("more is needed")


def outcome(pieces: list[bytes], *, is_required: bool = True) -> object:
    try:
        return read(pieces, is_required=is_required)
    except ProtocolReject as reject:
        return reject.reason
    except EOFError:
        return "more"


def splits(data: bytes) -> list[list[bytes]]:
    seeded = random.Random(data)
    found = [[data[at : at + 1] for at in range(len(data))]]
    for _ in range(10):
        cuts = sorted({0, len(data), *(seeded.randrange(len(data)) for _ in range(4))})
        found.append([data[a:b] for a, b in zip(cuts, cuts[1:], strict=False)])
    return found


def v2(command: int = 0x21, family: int = 0x11, body: bytes = b"", length: int | None = None) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(body) if length is None else length) + body


def tlv(kind: int, value: bytes, size: int | None = None) -> bytes:
    return struct.pack("!BH", kind, len(value) if size is None else size) + value


ADDRESSES = render_v2(*V4)[16:]

TAKEN = {
    "v1 IPv4": (render_v1(*V4), ProxyInfo(1, *V4)),
    "v1 IPv6": (render_v1(*V6), ProxyInfo(1, *V6)),
    "v1 addresses in their shortest form": (
        b"PROXY TCP6 2001:DB8:0:0:0:0:0:1 0:0:0:0:0:0:0:1 1 2\r\n",
        ProxyInfo(1, ("2001:db8::1", 1), ("::1", 2)),
    ),
    "v1 the longest with addresses": (
        b"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        ProxyInfo(1, *[("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535)] * 2),
    ),
    "v1 unknown": (b"PROXY UNKNOWN\r\n", ProxyInfo(1)),
    "v1 unknown, with what is to be ignored": (
        b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
        ProxyInfo(1),
    ),
    "v1 unknown, 107 bytes": (b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n", ProxyInfo(1)),
    "v2 IPv4": (render_v2(*V4), ProxyInfo(2, *V4)),
    "v2 IPv6": (render_v2(*V6), ProxyInfo(2, *V6)),
    "v2 Unix": (render_v2("/run/a", ""), ProxyInfo(2, "/run/a", "")),
    "v2 unspecified": (render_v2(), ProxyInfo(2)),
    "v2 local": (render_v2(is_local=True), ProxyInfo(2)),
    "v2 local, its family and addresses to be ignored": (v2(0x20, 0xFF, b"anything"), ProxyInfo(2)),
    "v2 items": (
        render_v2(*V4, [(TLV_AUTHORITY, b"example.org"), (TLV_NOOP, b"12"), (0xEA, b"")]),
        ProxyInfo(2, *V4, ((TLV_AUTHORITY, b"example.org"), (0xEA, b""))),
    ),
    "v2 unspecified, with items": (v2(0x21, 0, tlv(0xEA, b"x")), ProxyInfo(2, None, None, ((0xEA, b"x"),))),
    "v2 checksum": (render_v2(*V4, [(0xE0, b"x")], with_checksum=True), ProxyInfo(2, *V4, ((0xE0, b"x"),))),
    "v2 the longest": (
        v2(body=ADDRESSES + tlv(0xE0, b"x" * (V2_MAX_LENGTH - 15))),
        ProxyInfo(2, *V4, ((0xE0, b"x" * (V2_MAX_LENGTH - 15)),)),
    ),
}

REFUSED = {
    "v1 no transport": b"PROXY \r\n",
    "v1 other transport": b"PROXY UDP4 1.2.3.4 1.2.3.5 1 2\r\n",
    "v1 in lower case": b"PROXY tcp4 1.2.3.4 1.2.3.5 1 2\r\n",
    "v1 two spaces": b"PROXY TCP4  1.2.3.4 1.2.3.5 1 2\r\n",
    "v1 space at the end": b"PROXY TCP4 1.2.3.4 1.2.3.5 1 2 \r\n",
    "v1 tab": b"PROXY TCP4\t1.2.3.4 1.2.3.5 1 2\r\n",
    "v1 one address": b"PROXY TCP4 1.2.3.4 1 2\r\n",
    "v1 one port": b"PROXY TCP4 1.2.3.4 1.2.3.5 1\r\n",
    "v1 port with a zero in front": b"PROXY TCP4 1.2.3.4 1.2.3.5 01 2\r\n",
    "v1 port too high": b"PROXY TCP4 1.2.3.4 1.2.3.5 1 65536\r\n",
    "v1 port signed": b"PROXY TCP4 1.2.3.4 1.2.3.5 +1 2\r\n",
    "v1 octet with a zero in front": b"PROXY TCP4 01.2.3.4 1.2.3.5 1 2\r\n",
    "v1 octet too high": b"PROXY TCP4 256.2.3.4 1.2.3.5 1 2\r\n",
    "v1 IPv6 as TCP4": b"PROXY TCP4 ::1 ::2 1 2\r\n",
    "v1 IPv4 as TCP6": b"PROXY TCP6 1.2.3.4 1.2.3.5 1 2\r\n",
    "v1 brackets": b"PROXY TCP6 [::1] [::2] 1 2\r\n",
    "v1 a zone": b"PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n",
    "v1 a name": b"PROXY TCP4 localhost 1.2.3.4 1 2\r\n",
    "v1 no CR": b"PROXY TCP4 1.2.3.4 1.2.3.5 1 2\n",
    "v1 two CR": b"PROXY TCP4 1.2.3.4 1.2.3.5 1 2\r\r\n",
    "v1 NUL": b"PROXY TCP4 1.2.3.4\x00 1.2.3.5 1 2\r\n",
    "v1 other digits": "PROXY TCP4 1.2.3.4 1.2.3.5 1 \u0662\r\n".encode(),
    "v1 unknown, more in the word": b"PROXY UNKNOWNS\r\n",
    "v1 unknown, control character": b"PROXY UNKNOWN \x07\r\n",
    "v1 unknown, 108 bytes": b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n",
    "v1 without an end": b"PROXY " + b"x" * (V1_MAX_BYTES - 6),
    "a request": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01",
    "the signature, one byte wrong": SIGNATURE[:-1] + b"\r",
    "v2 version 1": v2(0x11, 0x11, ADDRESSES),
    "v2 version 3": v2(0x31, 0x11, ADDRESSES),
    "v2 other command": v2(0x22, 0x11, ADDRESSES),
    "v2 datagrams": v2(0x21, 0x12, ADDRESSES),
    "v2 Unix datagrams": v2(0x21, 0x32, b"\0" * 216),
    "v2 other family": v2(0x21, 0x41, ADDRESSES),
    "v2 other transport": v2(0x21, 0x13, ADDRESSES),
    "v2 IPv4 too short": v2(body=ADDRESSES[:-1]),
    "v2 IPv4 as IPv6": v2(family=0x21, body=ADDRESSES),
    "v2 IPv4 as Unix": v2(family=0x31, body=ADDRESSES),
    "v2 without addresses": v2(),
    "v2 too long": v2(length=V2_MAX_LENGTH + 1),
    "v2 local, too long": v2(0x20, 0, length=65535),
    "v2 item cut short": v2(body=ADDRESSES + b"\xe0\x00"),
    "v2 item longer than the header": v2(body=ADDRESSES + tlv(0xE0, b"abc", 4)),
    "v2 item of 65535 bytes": v2(body=ADDRESSES + tlv(0xE0, b"abc", 65535)),
    "v2 SSL item too short": v2(body=ADDRESSES + tlv(TLV_SSL, b"\x01\0\0\0")),
    "v2 checksum of another length": v2(body=ADDRESSES + tlv(TLV_CRC32C, b"\0" * 5)),
    "v2 wrong checksum": v2(body=ADDRESSES + tlv(TLV_CRC32C, b"\0" * 4)),
    "v2 two checksums": v2(body=render_v2(*V4, with_checksum=True)[16:] + tlv(TLV_CRC32C, b"\0" * 4)),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_line_is_taken_whole_and_nothing_behind_it(name):
    data, info = TAKEN[name]
    assert read([data]) == (info, b"")
    assert read([data + AFTER]) == (info, AFTER)
    for pieces in splits(data + AFTER):
        assert read(pieces) == (info, AFTER)


@pytest.mark.parametrize("name", TAKEN)
def test_a_line_is_not_taken_before_its_end(name):
    data, _ = TAKEN[name]
    for end in range(len(data)):
        assert outcome([data[:end]]) == "more"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_line_is_refused_at_any_split(name):
    data = REFUSED[name]
    line = ProxyLine(is_required=True)
    with pytest.raises(ProtocolReject) as caught:
        line.receive_data(data)
    assert line.is_done
    assert caught.value.status == 400
    assert caught.value.rfc.startswith("PROXY §2")
    for pieces in [*splits(data), [data + AFTER]]:
        assert outcome(pieces) == caught.value.reason


@pytest.mark.parametrize("name", REFUSED)
def test_where_no_line_is_required_only_what_begins_like_one_must_be_one(name):
    data = REFUSED[name]
    for pieces in [[data], *splits(data)]:
        if data.startswith((b"PROXY ", SIGNATURE)):
            assert outcome(pieces, is_required=False) == outcome([data])
        else:
            assert read(pieces, is_required=False) == (None, data)


def test_a_checksum_covers_every_byte():
    data = render_v2(*V4, [(0xE0, b"abc")], with_checksum=True)
    for at in set(range(16, len(data))) - {len(data) - 7}:  # the item's type: with another it is no checksum
        broken = bytearray(data)
        broken[at] ^= 0x10
        assert isinstance(outcome([bytes(broken)]), str), at


def test_crc32c_is_castagnolis():
    assert crc32c(b"123456789") == 0xE3069283  # the check value of the CRC catalogues
    assert crc32c(b"\0" * 32) == 0x8A9136AA  # RFC 3720 appendix B.4


@pytest.mark.parametrize(("flags", "is_ssl"), [(0, False), (1, True), (2, False), (7, True)])
def test_whether_the_client_spoke_tls(flags, is_ssl):
    item = (TLV_SSL, bytes([flags]) + b"\0\0\0\0" + tlv(0x21, b"TLSv1.3"))
    info, _ = read([render_v2(*V4, [item])])
    assert info is not None
    assert info.is_ssl is is_ssl
