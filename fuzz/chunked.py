"""Harness: any bytes as a chunked body.

INVARIANT: `ChunkedDecoder` gives the same content, the same trailers, the same fault and the same count of bytes consumed,
whether the body comes whole, byte by byte or in pieces of some length. Nothing but `ProtocolReject` is raised. Content is
never longer than the limit, trailers never more than theirs.

The first byte is the length of the pieces.
"""

from collections.abc import Iterator

from tests.corpus.http1.cases import load

from demijohn.wire import H1Limits, ProtocolReject
from demijohn.wire.h1.chunked import ChunkedDecoder

MAX_LEN = 2048

LIMITS = H1Limits(chunk_line=40, extension_bytes_total=100, trailer_bytes=200, trailer_count=4, body_bytes=1000)


def check(data: bytes) -> None:
    if len(data) < 2:
        return
    body = data[1:]
    whole = decode(body, len(body))
    assert decode(body, 1) == whole
    assert decode(body, data[0] + 1) == whole


def decode(body: bytes, step: int) -> tuple[bytes, list[tuple[bytes, bytes]], str, int | None]:
    """Return content, trailers, the fault, and where the body ended, if it did."""
    decoder = ChunkedDecoder(LIMITS)
    content = b""
    buffer = bytearray()
    dropped = 0
    fault = ""
    try:
        for start in range(0, len(body), step):
            buffer += body[start : start + step]
            while not decoder.is_done:
                part, at = decoder.decode(buffer, 0)
                del buffer[:at]
                dropped += at
                content += part
                if not part:
                    break
            if decoder.is_done:
                break
    except ProtocolReject as reject:
        fault = str(reject)
    assert len(content) <= 1000
    assert len(decoder.trailers) <= 4
    assert sum(len(name) + len(value) for name, value in decoder.trailers) <= 200
    return content, decoder.trailers, fault, dropped if decoder.is_done else None


def seeds() -> Iterator[bytes]:
    for case in (*load("accept"), *load("reject")):
        head, found, body = case.data.partition(b"\r\n\r\n")
        if found and b"hunked" in head and 0 < len(body) < MAX_LEN - 1:
            yield b"\6" + body
