"""The PROXY protocol, versions 1 and 2, sans-IO: the line that a proxy sends before all else to say whom it connects for.

The specification is HAProxy's `proxy-protocol.txt` (2020/03/05), cited here as PROXY §2.1 and so on. `ProxyLine` reads one from
bytes in pieces of any size; `render_v1` and `render_v2` write one. Whom to believe is not decided here. SECURITY: a line is
taken whole or refused; nothing in it is guessed, and no byte behind it is touched. One thread at a time.
"""

import re
import socket
import struct
from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from .._base.record import record
from .reject import ProtocolReject

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
"""How version 2 begins (PROXY §2.2); no request does."""

V1_MAX_BYTES: Final = 107
"""The longest line of version 1, with its CRLF (PROXY §2.1)."""

V2_MAX_LENGTH: Final = 4096
"""What may follow the fixed 16 bytes of version 2, addresses and TLVs. It could be 65535; no proxy sends nearly as much."""

TLV_AUTHORITY: Final = 0x02
TLV_CRC32C: Final = 0x03
TLV_NOOP: Final = 0x04
TLV_SSL: Final = 0x20

_V1_START: Final = b"PROXY "
# PROXY §2.1: exactly one space between; numbers without leading zeros. Lengths are bounded, so nothing is looked at twice.
_V1: Final = re.compile(
    rb"PROXY (?:UNKNOWN(?: [ -~]*)?|"
    rb"TCP(?P<family>[46]) (?P<source>[0-9A-Fa-f:.]{2,39}) (?P<destination>[0-9A-Fa-f:.]{2,39})"
    rb" (?P<from>0|[1-9][0-9]{0,4}) (?P<to>0|[1-9][0-9]{0,4}))"
)
_HEAD: Final = struct.Struct("!12sBBH")
_FAMILIES: Final = {0x11: (socket.AF_INET, 4), 0x21: (socket.AF_INET6, 16)}
_UNIX: Final = 0x31
_UNIX_PATH_BYTES: Final = 108
_CLIENT_SSL: Final = 0x01

Address = tuple[str, int]


@record
class ProxyInfo:
    """What a line said."""

    version: int
    """1 or 2."""

    source: Address | str | None = None
    """Address and port of the client, or the path of a Unix socket (`""` if it has no name); `None` if the proxy does not say
    (UNKNOWN, UNSPEC), or speaks for itself (LOCAL: a health check). Then the connection's own ends count."""

    destination: Address | str | None = None
    """What the client connected to; of the same kind as `source`."""

    tlvs: tuple[tuple[int, bytes], ...] = ()
    """Version 2: type and value of each further item, in order; NOOP and CRC32C left out."""

    @property
    def is_ssl(self) -> bool:
        """The client's connection to the proxy is encrypted (PP2_TYPE_SSL with PP2_CLIENT_SSL)."""
        return any(kind == TLV_SSL and value[0] & _CLIENT_SSL for kind, value in self.tlvs)


class ProxyLine:
    """Reads the line at the beginning of one connection."""

    __slots__ = ("_buffer", "_is_required", "is_done")

    def __init__(self, *, is_required: bool) -> None:
        """Expect a line. Unless it `is_required`, a connection may begin with anything else; two bytes tell most of the time."""
        self._buffer = bytearray()
        self._is_required = is_required
        self.is_done = False
        """`receive_data` has returned the outcome, or raised."""

    def receive_data(self, data: bytes) -> ProxyInfo | None:
        """Take the next bytes. `None` means that more are needed, or once `is_done`, that there is no line.

        Raises:
            ProtocolReject: 400: it begins like a line and is none, or there is none and one is required.
        """
        buffer = self._buffer
        buffer += data
        try:
            if buffer.startswith(SIGNATURE):
                return self._read_v2()
            if buffer.startswith(_V1_START):
                return self._read_v1()
            if SIGNATURE.startswith(buffer) or _V1_START.startswith(buffer):
                return None
        except ProtocolReject:
            self.is_done = True
            raise
        self.is_done = True
        if self._is_required:
            raise ProtocolReject(400, "the connection must begin with a PROXY protocol line", "PROXY §2")
        return None

    def take_buffered(self) -> bytes:
        """Remove and return the bytes that do not belong to the line: what follows it, or all if there is none."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def _finish(self, size: int) -> None:
        del self._buffer[:size]
        self.is_done = True

    def _read_v1(self) -> ProxyInfo | None:
        end = self._buffer.find(b"\n", 0, V1_MAX_BYTES)
        if end < 0:
            if len(self._buffer) >= V1_MAX_BYTES:
                raise ProtocolReject(400, "the PROXY line is too long", "PROXY §2.1")
            return None
        line = bytes(self._buffer[: end + 1])
        info = parse_v1(line)
        self._finish(end + 1)
        return info

    def _read_v2(self) -> ProxyInfo | None:
        buffer = self._buffer
        if len(buffer) < _HEAD.size:
            # What is there already may be wrong already.
            check_v2_head(buffer[12] if len(buffer) > 12 else 0x20, buffer[13] if len(buffer) > 13 else 0, 0)
            return None
        _, command, family, length = _HEAD.unpack_from(buffer)
        check_v2_head(command, family, length)
        if len(buffer) < _HEAD.size + length:
            return None
        info = parse_v2(bytes(buffer[: _HEAD.size + length]))
        self._finish(_HEAD.size + length)
        return info


def parse_v1(line: bytes) -> ProxyInfo:
    """Parse a line of version 1 with its CRLF.

    Raises:
        ProtocolReject: 400.
    """
    match = _V1.fullmatch(line.removesuffix(b"\r\n"))
    if match is None or not line.endswith(b"\r\n") or len(line) > V1_MAX_BYTES:
        raise ProtocolReject(400, "invalid PROXY line", "PROXY §2.1")
    family, source, destination, source_port, destination_port = match.groups()
    if family is None:
        return ProxyInfo(1)
    kind = IPv4Address if family == b"4" else IPv6Address
    try:
        ends = [str(kind(text.decode("ascii"))) for text in (source, destination)]
    except AddressValueError:
        raise ProtocolReject(400, "invalid address in a PROXY line", "PROXY §2.1") from None
    ports = int(source_port), int(destination_port)
    if max(ports) > 65535:
        raise ProtocolReject(400, "invalid port in a PROXY line", "PROXY §2.1")
    return ProxyInfo(1, (ends[0], ports[0]), (ends[1], ports[1]))


def check_v2_head(command: int, family: int, length: int) -> None:
    """Check the three numbers behind the signature.

    Raises:
        ProtocolReject: 400.
    """
    if command >> 4 != 2:
        raise ProtocolReject(400, "unknown version of the PROXY protocol", "PROXY §2.2")
    if command & 0x0F > 1:
        raise ProtocolReject(400, "unknown command in a PROXY header", "PROXY §2.2")
    # Of LOCAL the family is to be ignored. Datagrams do not come by a connection.
    if command & 0x0F and family and family not in _FAMILIES and family != _UNIX:
        raise ProtocolReject(400, "unknown address family or transport in a PROXY header", "PROXY §2.2")
    if length > V2_MAX_LENGTH:
        raise ProtocolReject(400, "the PROXY header is too long", "PROXY §2.2")


def parse_v2(data: bytes) -> ProxyInfo:
    """Parse a whole header of version 2, from its signature to its last TLV.

    Raises:
        ProtocolReject: 400.
    """
    _, command, family, length = _HEAD.unpack_from(data)
    check_v2_head(command, family, length)
    if not command & 0x0F:
        return ProxyInfo(2)  # LOCAL: what follows is to be skipped
    rest = data[_HEAD.size :]
    source: Address | str | None = None
    destination: Address | str | None = None
    size = 0
    if family == _UNIX:
        size = 2 * _UNIX_PATH_BYTES
        _check_room(rest, size)
        source, destination = _unix_path(rest[:_UNIX_PATH_BYTES]), _unix_path(rest[_UNIX_PATH_BYTES:size])
    elif family:
        kind, width = _FAMILIES[family]
        size = 2 * width + 4
        _check_room(rest, size)
        ports = struct.unpack_from("!HH", rest, 2 * width)
        source = socket.inet_ntop(kind, rest[:width]), ports[0]
        destination = socket.inet_ntop(kind, rest[width : 2 * width]), ports[1]
    return ProxyInfo(2, source, destination, tuple(_read_tlvs(data, _HEAD.size + size)))


def _check_room(rest: bytes, size: int) -> None:
    if len(rest) < size:
        raise ProtocolReject(400, "the PROXY header is too short for its addresses", "PROXY §2.2")


def _unix_path(field: bytes) -> str:
    return field.rstrip(b"\0").decode("utf-8", "backslashreplace")


def _read_tlvs(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Read what follows the addresses, checking every length, and the checksum where there is one (PROXY §2.2.3)."""
    has_checksum = False
    while at < len(data):
        if len(data) - at < 3:
            raise ProtocolReject(400, "a TLV of a PROXY header is cut short", "PROXY §2.2")
        kind, size = struct.unpack_from("!BH", data, at)
        at += 3
        value = data[at : at + size]
        if len(value) < size:
            raise ProtocolReject(400, "a TLV of a PROXY header is longer than the header", "PROXY §2.2")
        if kind == TLV_CRC32C:
            if size != 4 or has_checksum:
                raise ProtocolReject(400, "invalid checksum TLV in a PROXY header", "PROXY §2.2.3")
            has_checksum = True
            if crc32c(data[:at] + b"\0\0\0\0" + data[at + 4 :]) != int.from_bytes(value):
                raise ProtocolReject(400, "the checksum of a PROXY header is wrong", "PROXY §2.2.3")
        elif kind == TLV_SSL and size < 5:
            raise ProtocolReject(400, "invalid SSL TLV in a PROXY header", "PROXY §2.2.5")
        elif kind != TLV_NOOP:
            yield kind, value
        at += size


def _make_crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_CRC_TABLE: Final = _make_crc_table()


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli, RFC 9260 appendix A) of a few kilobytes."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _CRC_TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def render_v1(source: Address | None = None, destination: Address | None = None) -> bytes:
    """Render a line of version 1; `UNKNOWN` without addresses. Both are of one family."""
    if source is None or destination is None:
        return b"PROXY UNKNOWN\r\n"
    family = "TCP6" if ":" in source[0] else "TCP4"
    return f"PROXY {family} {source[0]} {destination[0]} {source[1]} {destination[1]}\r\n".encode("ascii")


def render_v2(
    source: Address | str | None = None,
    destination: Address | str | None = None,
    tlvs: Iterable[tuple[int, bytes]] = (),
    *,
    is_local: bool = False,
    with_checksum: bool = False,
) -> bytes:
    """Render a header of version 2; UNSPEC without addresses. Both are of one family."""
    family, addresses = 0, b""
    if isinstance(source, str) and isinstance(destination, str):
        family = _UNIX
        addresses = b"".join(path.encode().ljust(_UNIX_PATH_BYTES, b"\0") for path in (source, destination))
    elif isinstance(source, tuple) and isinstance(destination, tuple):
        family = 0x21 if ":" in source[0] else 0x11
        kind = _FAMILIES[family][0]
        addresses = socket.inet_pton(kind, source[0]) + socket.inet_pton(kind, destination[0])
        addresses += struct.pack("!HH", source[1], destination[1])
    body = addresses + b"".join(struct.pack("!BH", kind, len(value)) + value for kind, value in tlvs)
    if with_checksum:
        body += struct.pack("!BHI", TLV_CRC32C, 4, 0)
    data = _HEAD.pack(SIGNATURE, 0x20 if is_local else 0x21, family, len(body)) + body
    return data[:-4] + crc32c(data).to_bytes(4) if with_checksum else data
