"""A small client's reader of HTTP/1.1 answers: independent of the package, and of what it thinks about framing."""

from dataclasses import dataclass


@dataclass
class Response:
    """One answer as a client understands it."""

    status: int
    reason: str
    fields: dict[str, str]
    lines: list[tuple[str, str]]
    body: bytes
    is_complete: bool


def parse_responses(data: bytes, methods: list[str]) -> list[Response]:
    """Parse the answers to requests of `methods`, in order; what follows them is an error."""
    responses = []
    for method in methods:
        response, data = parse_response(data, method)
        responses.append(response)
    assert data == b"", "bytes behind the last answer"
    return responses


def parse_response(data: bytes, method: str) -> tuple[Response, bytes]:
    """Parse one final answer, past interim ones; return it and what follows it."""
    while True:
        head, found, rest = data.partition(b"\r\n\r\n")
        assert found, "no end of the head"
        first, *lines = head.decode("latin-1").split("\r\n")
        version, code, reason = first.split(" ", 2)
        assert version == "HTTP/1.1"
        status = int(code)
        pairs = []
        for line in lines:
            name, colon, value = line.partition(": ")
            assert colon and name == name.strip() and name
            pairs.append((name, value))
        if status >= 200:
            break
        data = rest
    fields = {name.lower(): value for name, value in pairs}
    names = [name.lower() for name, _ in pairs]
    for single in ("content-length", "transfer-encoding", "connection", "date"):
        assert names.count(single) <= 1
    body, is_complete, rest = take_body(rest, method, status, fields)
    return Response(status, reason, fields, pairs, body, is_complete), rest


def take_body(rest: bytes, method: str, status: int, fields: dict[str, str]) -> tuple[bytes, bool, bytes]:
    """Take the content by the rules of RFC 9112 §6.3, in their order: (content, is complete, what follows)."""
    if method == "HEAD" or status in {204, 304}:
        return b"", True, rest
    if "transfer-encoding" in fields:
        assert fields["transfer-encoding"] == "chunked"
        assert "content-length" not in fields
        body = b""
        while True:
            size_line, found, rest = rest.partition(b"\r\n")
            if not found:
                return body, False, b""
            size = int(size_line, 16)
            if size == 0:
                assert rest[:2] == b"\r\n"
                return body, True, rest[2:]
            body += rest[:size]
            assert rest[size : size + 2] == b"\r\n"
            rest = rest[size + 2 :]
    if "content-length" in fields:
        length = int(fields["content-length"])
        return rest[:length], len(rest) >= length, rest[length:]
    assert fields.get("connection") == "close"
    return rest, True, b""
