"""Which header fields of a response go away with its body."""

from demijohn.http.headers import Headers

_ENTITY_FIELDS = frozenset(
    {
        "allow",
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-range",
        "content-type",
        "last-modified",
    }
)


def remove_entity_headers(headers: Headers) -> None:
    """Remove what describes a body from the headers of a 304; Expires and Content-Location stay (RFC 9110 §15.4.5)."""
    headers._list[:] = [line for line in headers._list if line[0].lower() not in _ENTITY_FIELDS]
