"""What requests and responses had in Werkzeug 0.14 to 2.x: it works, and warns. No class-level state; any thread."""

from typing import Any

from .._base.older import warn_older


def _charset(owner: str) -> property:
    def get(self: Any) -> str:
        warn_older(f"'{owner}.charset' was removed in Werkzeug 3.0. It is always UTF-8.")
        return "utf-8"

    return property(get, doc="The charset: UTF-8.")


class OlderRequestNames:
    """Names that were removed from requests."""

    headers: Any
    charset: Any = _charset("request")
    url_charset: Any = _charset("request")

    @property
    def encoding_errors(self) -> str:
        """What becomes of bytes that are no text."""
        warn_older("'request.encoding_errors' was removed in Werkzeug 3.0. It is always 'replace'.")
        return "replace"

    @property
    def is_xhr(self) -> bool:
        """Whether a JavaScript library says that it has made the request."""
        warn_older("'request.is_xhr' was removed in Werkzeug 1.0. Read the field 'X-Requested-With'.")
        return str(self.headers.get("X-Requested-With", "")).lower() == "xmlhttprequest"


class OlderResponseNames:
    """Names that were removed from responses."""

    charset: Any = _charset("response")
