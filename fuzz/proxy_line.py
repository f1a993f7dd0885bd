"""Harness: any bytes where a proxy's first line may stand.

INVARIANT: `ProxyLine` says the same of a line, leaves the same bytes behind it and refuses for the same reason, whether it comes
whole, byte by byte or cut in two, and whether a line is required or only may come. Nothing but `ProtocolReject` is raised. What
was read and is rendered again is read as the same.

The first byte says whether a line is required, the second where it is cut.
"""

from collections.abc import Iterator

from demijohn.wire import ProtocolReject
from demijohn.wire.proxyline import SIGNATURE, ProxyInfo, ProxyLine, render_v1, render_v2

MAX_LEN = 512

AFTER = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def check(data: bytes) -> None:
    if len(data) < 2:
        return
    is_required = bool(data[0] & 1)
    stream = data[2:]
    whole = read([stream], is_required=is_required)
    assert read([stream[at : at + 1] for at in range(len(stream))], is_required=is_required) == whole
    at = data[1] * len(stream) // 255
    assert read([stream[:at], stream[at:]], is_required=is_required) == whole
    info = whole[0]
    if (
        info is not None
        and info.version == 2
        and isinstance(info.source, tuple)
        and isinstance(info.destination, tuple)
    ):
        again, rest = read([render_v2(info.source, info.destination, info.tlvs) + AFTER], is_required=True)
        assert again == info
        assert rest == AFTER


def read(pieces: list[bytes], *, is_required: bool) -> tuple[ProxyInfo | None, bytes | str]:
    """Return what the line says and what is behind it, or the reason for which it is refused."""
    line = ProxyLine(is_required=is_required)
    for number, piece in enumerate(pieces):
        try:
            info = line.receive_data(piece)
        except ProtocolReject as reject:
            assert line.is_done
            return None, str(reject)
        if line.is_done:
            return info, line.take_buffered() + b"".join(pieces[number + 1 :])
        assert info is None
    return None, "more is needed"


def seeds() -> Iterator[bytes]:
    lines = [
        AFTER,
        SIGNATURE,
        b"PROXY TCP4 256.1.1.1 1.1.1.1 0 65536\r\n",
        render_v1(),
        render_v1(("192.0.2.1", 1), ("192.0.2.2", 65535)),
        render_v1(("2001:db8::1", 1), ("2001:db8::2", 2)),
        render_v2(),
        render_v2(is_local=True),
        render_v2("/a", "/b"),
    ]
    for with_checksum in (False, True):
        for ends in ((("192.0.2.1", 1), ("192.0.2.2", 2)), (("::1", 1), ("::2", 2))):
            for tlvs in ([], [(2, b"a.example")], [(0x20, b"\1\0\0\0\0"), (4, b"xx"), (0xEA, b"")]):
                lines.append(render_v2(*ends, tlvs, with_checksum=with_checksum))
    for line in lines:
        for required in (b"\0", b"\1"):
            yield required + b"\x80" + line
            yield required + b"\x40" + line + AFTER
