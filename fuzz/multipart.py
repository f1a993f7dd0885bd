"""Harness: any bytes as a form.

INVARIANT: `parse_form` and `iter_parts` either give fields and files or raise an `HTTPException` of 400 or 413, and nothing else.
The parts, or the fault's status, are the same whether the body comes whole, byte by byte or in pieces of some length.
Every file that was opened is closed again after a fault.

The first byte is the length of the pieces.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path

from demijohn.http.errors import HTTPException
from demijohn.http.forms import parse_form
from demijohn.http.multipart import iter_parts
from demijohn.http.options import parse_options_header

MAX_LEN = 1024

CORPUS = Path(__file__).parents[1] / "tests" / "corpus" / "multipart"


def check(data: bytes) -> None:
    if not data:
        return
    body = data[1:]
    whole = parts_of(body, 1 << 16)
    assert parts_of(body, 1) == whole
    assert parts_of(body, data[0] + 1) == whole
    opened: list[io.BytesIO] = []
    try:
        _, fields, files = parse_form(
            io.BytesIO(body), "multipart/form-data; boundary=b", len(body), stream_factory=lambda **_: keep(opened)
        )
    except HTTPException as error:
        assert error.code in {400, 413}
        assert all(file.closed for file in opened)
        return
    assert isinstance(whole, list)
    assert len(list(fields.items(multi=True))) + len(list(files.items(multi=True))) == len(whole)


def keep(opened: list[io.BytesIO]) -> io.BytesIO:
    opened.append(io.BytesIO())
    return opened[-1]


def parts_of(body: bytes, size: int) -> list[tuple[str, str | None, list[tuple[str, str]], bytes]] | int | None:
    """Return the parts, or the status of the fault."""
    parts = []
    try:
        for part in iter_parts(io.BytesIO(body), "b", max_parts=50, chunk_bytes=size):
            parts.append((part.name, part.filename, list(part.headers), part.read(1 << 20)))
    except HTTPException as error:
        assert error.code in {400, 413}
        return error.code
    return parts


def seeds() -> Iterator[bytes]:
    for capture in json.loads((CORPUS / "captures.json").read_text(encoding="ascii")):
        boundary = parse_options_header(capture["content_type"])[1]["boundary"].encode()
        body = (CORPUS / capture["body"]).read_bytes().replace(boundary, b"b")
        if len(body) < MAX_LEN:
            yield b"\6" + body
    yield b"\2--b\r\nContent-Disposition: form-data; name*=utf-8''%e2%82%ac; filename*0=a; filename*1=b\r\n\r\nx\r\n--b--\r\n"
