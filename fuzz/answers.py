"""Harness: anything that an application may say in its answer.

INVARIANT: an answer is refused with `ValueError` before a byte of it was rendered, and a 500 can still be given; or it is exactly
one answer that a strict client reads (`tests/corpus/http1/responses.py`): status, fields and content as they were said, fields of
the framing as RFC 9112 §6.3 has them, nothing behind it, and `Connection: close` if and only if it will be closed.

The first byte chooses method, version and way of answering. Then come status, names and values, and parts of the content, as
UTF-8 separated by 0xFF; 0xFE begins the content.
"""

from collections.abc import Iterator

from tests.corpus.http1.responses import parse_response

from demijohn.wire import H1Limits
from demijohn.wire.h1 import H1Connection

MAX_LEN = 512

METHODS = ("GET", "HEAD", "POST")
SERVERS_OWN = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "content-length", "date", "server"}


def check(data: bytes) -> None:
    if not data:
        return
    choice = data[0]
    method = METHODS[choice % 3]
    said, _, content = data[1:].partition(b"\xfe")
    status, *texts = [part.decode("utf-8", "surrogateescape") for part in said.split(b"\xff")]
    headers = list(zip(texts[::2], texts[1::2], strict=False))
    parts = content.split(b"\xff")
    connection = asked(method, is_http10=bool(choice & 4))
    try:
        out = answer(connection, choice, status, headers, parts)
    except ValueError:
        assert not connection.has_started
        connection = asked(method, is_http10=bool(choice & 4))
        out = connection.render_response("500 X", [], b"", date=b"", server=b"")
        response, rest = parse_response(out, method)
        assert (response.status, rest) == (500, b"")
        return
    response, rest = parse_response(out, method)
    assert rest == b""
    assert f"{response.status:03d} {response.reason}" in {status, status + " "}
    own = [pair for pair in response.lines if pair[0].lower() not in SERVERS_OWN]
    assert own == [pair for pair in headers if pair[0].lower() not in SERVERS_OWN]
    whole = b"".join(parts)
    assert response.is_complete or connection.underrun
    assert whole.startswith(response.body)
    if connection.must_close and not connection.underrun:
        assert response.fields["connection"] == "close"
    if not connection.must_close:
        assert response.fields.get("connection") != "close"
        connection.start_next_cycle()


def asked(method: str, *, is_http10: bool) -> H1Connection:
    connection = H1Connection(H1Limits())
    version = "1.0\r\nConnection: keep-alive" if is_http10 else "1.1\r\nHost: a"
    connection.receive_data(f"{method} / HTTP/{version}\r\n\r\n".encode())
    connection.next_event()
    return connection


def answer(
    connection: H1Connection, choice: int, status: str, headers: list[tuple[str, str]], parts: list[bytes]
) -> bytes:
    """Answer whole, in parts of known length, or as a stream."""
    if choice & 8:
        return connection.render_response(status, headers, b"".join(parts), date=b"D", server=b"S")
    length = sum(map(len, parts)) if choice & 16 else None
    out = connection.render_head(status, headers, length, date=b"D", server=b"S", close=bool(choice & 32))
    return out + b"".join(map(connection.render_data, parts)) + connection.render_end()


def seeds() -> Iterator[bytes]:
    heads = [
        [b"200 OK"],
        [b"200 OK", b"Content-Type", b"text/plain", b"X", b"caf\xc3\xa9"],
        [b"204 No Content", b"Content-Length", b"5"],
        [b"304 Not Modified", b"Date", b"x", b"date", b"y"],
        [b"205 Reset Content", b"Server", b"x", b"server", b"y"],
        [b"103 Early Hints", b"Link", b"</a>"],
        [b"600 X"],
        [b"200 OK", b"Content-Length", b"5"],
        [b"200 OK", b"Content-Length", b"5", b"content-length", b"5"],
        [b"200 OK", b"Content-Length", b"5", b"content-length", b"6"],
        [b"200 OK", b"Transfer-Encoding", b"chunked"],
        [b"200 OK", b"Transfer-Encoding", b"gzip", b"Connection", b"a, close"],
        [b"426 Upgrade Required", b"Upgrade", b"websocket"],
        [b"200 O\r\nK", b"X", b"a\r\nb", b"Y:", b"\0"],
        [b"200 \xe2\x82\xac", b"X", b"\xc4\x8d\xc4\x8a", b"TE", b"trailers"],
    ]
    for head in heads:
        for choice in range(0, 64, 3):
            yield bytes([choice]) + b"\xff".join(head) + b"\xfehel\xfflo"
