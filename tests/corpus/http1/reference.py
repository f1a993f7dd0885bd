"""A second reader of HTTP/1.1 requests, written from RFC 9112 alone: slow, strict, no expressions, nothing of the package.

It reads what a client sent until it ended its side, and says which requests are whole and whether all of it was right. The
package must agree on every input (`tests/laws/test_h1_reference.py`, `fuzz/`). Its limits and policies are the defaults; where the
package is stricter than the RFC (`wire/h1/README.md`), so is this.
"""

import socket
from dataclasses import dataclass, field

TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
UNRESERVED = frozenset(b"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
DIGITS = frozenset(b"0123456789")
HEX = frozenset(b"0123456789ABCDEFabcdef")
ONCE = (b"host", b"content-length", b"transfer-encoding", b"content-type")

NOT_IN_TRAILERS = frozenset(
    b"age authorization cache-control connection content-encoding content-length content-range content-type cookie date"
    b" expect expires forwarded host if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive"
    b" location max-forwards pragma proxy-authenticate proxy-authorization proxy-connection range retry-after set-cookie te"
    b" trailer transfer-encoding upgrade vary warning www-authenticate x-forwarded-for x-forwarded-host"
    b" x-forwarded-proto".split()
)


class Bad(Exception):
    """The input breaks a rule, or ends inside a request."""


@dataclass
class Request:
    """One whole request."""

    method: bytes
    target: bytes
    minor: int
    fields: list[tuple[bytes, bytes]]
    body: bytes = b""
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    keep_alive: bool = True

    def values(self, name: bytes) -> list[bytes]:
        return [value for each, value in self.fields if each.lower() == name]


def read_requests(data: bytes) -> tuple[list[Request], bool]:
    """Return the whole requests in `data`, which is all that comes, and whether nothing in it was wrong."""
    reader = Reader(data)
    requests: list[Request] = []
    try:
        while reader.at < len(data):
            if data.startswith(b"\r\n", reader.at):
                reader.at += 2  # RFC 9112 §2.2: one empty line
                if reader.at == len(data):
                    break
            request = reader.read_request()
            requests.append(request)
            if not request.keep_alive:
                break
    except Bad:
        return requests, False
    return requests, True


def demand(condition: object) -> None:
    if not condition:
        raise Bad


class Reader:
    """Reads from `data` at `at`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def line(self, limit: int) -> bytes:
        """Read one line; return it without its CRLF."""
        end = self.data.find(b"\n", self.at)
        demand(end > self.at)
        line = self.data[self.at : end]
        demand(line[-1] == 13 and 13 not in line[:-1] and len(line) - 1 <= limit)
        self.at = end + 1
        return line[:-1]

    def read_request(self) -> Request:
        parts = self.line(8190).split(b" ")
        demand(len(parts) == 3)
        method, target, version = parts
        demand(method and set(method) <= TOKEN)
        demand(target and all(0x20 < byte < 0x7F for byte in target))
        demand(len(version) == 8 and version.startswith(b"HTTP/1.") and version[7] in DIGITS)
        check_target(method, target)
        begin = self.at
        fields = self.field_lines(100)
        demand(self.at - 2 - begin <= 65_536)
        # Names that CGI cannot tell from others are as if they had not been sent.
        request = Request(method, target, version[7] - 48, [pair for pair in fields if b"_" not in pair[0]])
        self.judge(request)
        return request

    def field_lines(self, most: int) -> list[tuple[bytes, bytes]]:
        """Read field lines up to the empty one, and that."""
        fields: list[tuple[bytes, bytes]] = []
        while line := self.line(65_536):
            name, colon, value = line.partition(b":")
            demand(colon and name and set(name) <= TOKEN)
            demand(all(byte == 9 or (byte >= 32 and byte != 127) for byte in value))
            while value[:1] in (b" ", b"\t") and value:
                value = value[1:]
            while value[-1:] in (b" ", b"\t") and value:
                value = value[:-1]
            fields.append((name, value))
            demand(len(fields) <= most)
        return fields

    def judge(self, request: Request) -> None:
        """What a head means as a whole, and the content behind it."""
        for name in ONCE:
            demand(len(request.values(name)) <= 1)
        hosts = request.values(b"host")
        demand(hosts or request.minor == 0)
        demand(all(map(is_authority, hosts)))
        options = [
            option.strip(b" \t").lower() for value in request.values(b"connection") for option in value.split(b",")
        ]
        request.keep_alive = b"close" not in options and (request.minor > 0 or b"keep-alive" in options)
        expectations = request.values(b"expect")
        demand(request.minor == 0 or not expectations or [each.lower() for each in expectations] == [b"100-continue"])
        codings = request.values(b"transfer-encoding")
        lengths = request.values(b"content-length")
        if codings:
            demand(not lengths and request.minor > 0 and codings[0].lower() == b"chunked")
            request.body = self.chunks()
            begin = self.at
            request.trailers = self.field_lines(32)
            demand(self.at - 2 - begin <= 8192)
            demand(not {name.lower() for name, _ in request.trailers} & NOT_IN_TRAILERS)
        elif lengths:
            demand(lengths[0] and set(lengths[0]) <= DIGITS and len(lengths[0]) <= 18)
            request.body = self.take(int(lengths[0]))

    def take(self, count: int) -> bytes:
        demand(len(self.data) - self.at >= count)
        data = self.data[self.at : self.at + count]
        self.at += count
        return data

    def chunks(self) -> bytes:
        """Read chunks up to the last one's size line, and that (RFC 9112 §7.1)."""
        body = b""
        extension_bytes = 0
        while True:
            line = self.line(1024)
            digits = 0
            while digits < len(line) and line[digits] in HEX:
                digits += 1
            demand(1 <= digits <= 15)
            check_extensions(line[digits:])
            extension_bytes += len(line) - digits
            demand(extension_bytes <= 16_384)
            size = int(line[:digits], 16)
            if size == 0:
                return body
            body += self.take(size)
            demand(self.take(2) == b"\r\n")


def check_extensions(text: bytes) -> None:
    """RFC 9112 §7.1.1, with bad white space round `;` and `=`."""
    while text:
        text = text.lstrip(b" \t")
        demand(text[:1] == b";")
        text = behind_token(text[1:].lstrip(b" \t"))
        value = text.lstrip(b" \t")
        if value[:1] == b"=":
            value = value[1:].lstrip(b" \t")
            text = behind_quotes(value[1:]) if value[:1] == b'"' else behind_token(value)


def behind_token(text: bytes) -> bytes:
    length = 0
    while length < len(text) and text[length] in TOKEN:
        length += 1
    demand(length)
    return text[length:]


def behind_quotes(text: bytes) -> bytes:
    """Return what follows the closing quote (RFC 9110 §5.6.4)."""
    while text[:1] != b'"':
        if text[:1] == b"\\":
            text = text[1:]
        demand(text and (text[0] == 9 or (text[0] >= 32 and text[0] != 127)))
        text = text[1:]
    return text[1:]


def check_target(method: bytes, target: bytes) -> None:
    """RFC 9112 §3.2; no CONNECT, and no `https` without TLS."""
    demand(method != b"CONNECT" and b"#" not in target)
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return
    demand(target[:7].lower() == b"http://")
    demand(is_authority(target[7:].replace(b"?", b"/").split(b"/")[0]))


def is_authority(text: bytes) -> bool:
    """RFC 9110 §7.2: a host and perhaps a port, the host of unreserved characters or an IPv6 address."""
    if text.startswith(b"["):
        inner, bracket, port = text[1:].partition(b"]")
        try:
            socket.inet_pton(socket.AF_INET6, inner.decode("latin-1"))
        except (OSError, ValueError):
            return False
        if not bracket or (port and not port.startswith(b":")):
            return False
        port = port[1:]
    else:
        host, _, port = text.partition(b":")
        if not host or not set(host) <= UNRESERVED:
            return False
    return set(port) <= DIGITS and len(port) <= 5 and (not port or int(port) < 65_536)
