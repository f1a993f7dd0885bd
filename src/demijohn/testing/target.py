"""Where a test request goes: `Origin` (scheme, host, root) and `Query`, and the variables of an environ that tell of them.

Values without I/O. URLs come in as people write them, as IRIs; an environ has the bytes of their UTF-8 as latin-1 text.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes, urlsplit

from demijohn.http.multidict import MultiDict
from demijohn.http.urls import encode_query, iri_to_uri
from demijohn.message.environ import Environ

QueryPairs = Mapping[str, Any] | Iterable[tuple[str, Any]]  # Any: what `str` makes text of

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PATH_SAFE = "/:@!$&'()*+,;=~-._"


class Origin(NamedTuple):
    """What a base URL says: where an application lives."""

    scheme: str
    host: str
    """Host and port, as in a Host field."""
    root: str
    """The application's root, percent-encoded, without a slash at the end: `SCRIPT_NAME`."""

    @classmethod
    def parse(cls, url: str) -> "Origin":
        """Read a base URL.

        Raises:
            ValueError: it has a query or a fragment.
        """
        scheme, host, path, query, fragment = urlsplit(iri_to_uri(url))
        if query or fragment:
            raise ValueError(f"A base URL has neither a query string nor a fragment, as {url!r} has.")
        return cls(scheme, host, path.rstrip("/"))

    @classmethod
    def of_environ(cls, environ: Environ) -> "Origin":
        """Return the origin that a request came to: by its Host field, without one by the server's name and port."""
        scheme = environ["wsgi.url_scheme"]
        host = environ.get("HTTP_HOST")
        if not host:
            host = environ.get("SERVER_NAME", "localhost")
            port = environ.get("SERVER_PORT", "")
            if port and port != str(_DEFAULT_PORTS.get(scheme)):
                host = f"{host}:{port}"
        return cls(scheme, host, quote(environ.get("SCRIPT_NAME", "").encode("latin-1")).rstrip("/"))

    @property
    def url(self) -> str:
        """The base URL, with a slash at its end."""
        return f"{self.scheme}://{self.host}{self.root}/"

    @property
    def name(self) -> str:
        """The host without its port."""
        return urlsplit(f"//{self.host}").hostname or ""

    @property
    def port(self) -> int:
        """The host's port; where it has none, or no valid one, the scheme's."""
        try:
            given = urlsplit(f"//{self.host}").port
        except ValueError:
            given = None
        return _DEFAULT_PORTS.get(self.scheme, 80) if given is None else given

    def variables(self) -> Environ:
        """Return its part of an environ."""
        return {
            "SCRIPT_NAME": decode_path(self.root),
            "SERVER_NAME": self.name,
            "SERVER_PORT": str(self.port),
            "HTTP_HOST": self.host,
            "wsgi.url_scheme": self.scheme,
        }


class Query:
    """A query: finished text, or pairs that may still be changed."""

    __slots__ = ("_value",)

    def __init__(self, value: QueryPairs | str | None = None) -> None:
        """Take text as it is, a multi dict as the one to be changed, and anything else to make a multi dict of."""
        self._value: str | MultiDict[str, Any]  # Any: see QueryPairs
        if isinstance(value, str | MultiDict):
            self._value = value
        else:
            self._value = MultiDict(value or ())

    @property
    def text(self) -> str:
        """The query, encoded, without the question mark."""
        value = self._value
        return value if isinstance(value, str) else encode_query(value)

    @property
    def pairs(self) -> MultiDict[str, Any]:
        """The pairs.

        Raises:
            AttributeError: it is finished text.
        """
        if isinstance(self._value, str):
            raise AttributeError(  # noqa: TRY004  COMPAT
                "The query string was given as text, so there are no args to change."
            )
        return self._value


def split_path(path: str) -> tuple[str, str | None]:
    """Split a path, or a whole URL, into its encoded path and its query; `None` where there is no question mark."""
    parts = urlsplit(path)
    return iri_to_uri(parts.path), parts.query if "?" in path else None


def encode_text(text: str) -> str:
    """Return text as an environ has it: each character stands for one byte of its UTF-8."""
    return text.encode().decode("latin-1")


def decode_path(path: str) -> str:
    """Return an encoded path as an environ has it."""
    return unquote_to_bytes(path).decode("latin-1")


def encode_path(environ: Environ) -> str:
    """Return the path of an environ, percent-encoded: the way back from `decode_path`."""
    return quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=_PATH_SAFE)
