"""Media types: which are text and get a charset, and which are JSON."""

from functools import lru_cache
from typing import Final

_TEXT_TYPES: Final = frozenset(
    {
        "application/ecmascript",
        "application/javascript",
        "application/sql",
        "application/xml",
        "application/xml-dtd",
        "application/xml-external-parsed-entity",
    }
)


@lru_cache(maxsize=256)
def get_content_type(mimetype: str, charset: str = "utf-8") -> str:
    """Return `mimetype` with a charset parameter if it is a kind of text: `text/*`, `*+xml` and a few more."""
    if mimetype.startswith("text/") or mimetype in _TEXT_TYPES or mimetype.endswith("+xml"):
        return f"{mimetype}; charset={charset}"
    return mimetype


def is_json_type(mimetype: str) -> bool:
    """Whether a media type, in lower case and without parameters, is JSON."""
    return mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))
