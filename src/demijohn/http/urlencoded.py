"""Bodies of type `application/x-www-form-urlencoded`, read whole: text has no other way to be a form. See `urls.decode_query`."""

from typing import IO

from .urls import decode_query

# PERF: a read of this size is one call for nearly every form.
_CHUNK_BYTES = 65536


def read_urlencoded(stream: IO[bytes]) -> list[tuple[str, str]]:
    """Read a body to its end and return its pairs in order. How long it may be is for the stream to say.

    Nothing in it is an error: what is not UTF-8 stays percent-encoded.
    """
    data = stream.read(_CHUNK_BYTES)
    if not data:
        return []
    parts = [data]
    while data := stream.read(_CHUNK_BYTES):
        parts.append(data)
    return decode_query(parts[0] if len(parts) == 1 else b"".join(parts))
