"""A URL in parts: `URL`, which is a tuple as in `urllib.parse`, with what Werkzeug's had beside."""

from typing import Any, NamedTuple, Self
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from demijohn.compat.older.urls import url_decode, url_join
from demijohn.http.urls import iri_to_uri, uri_to_iri


class _Parts(NamedTuple):
    scheme: str
    netloc: str
    path: str
    query: str
    fragment: str


class URL(_Parts):
    """Scheme, netloc, path, query and fragment."""

    __slots__ = ()

    @property
    def _split(self) -> SplitResult:
        return SplitResult(*self)

    @property
    def host(self) -> str | None:
        """The host without the port; IPv6 addresses without brackets."""
        host = self.netloc.rpartition("@")[2]
        if host.startswith("["):
            return host[1:].partition("]")[0]
        return host.partition(":")[0] or None

    @property
    def ascii_host(self) -> str | None:
        """The host in ASCII."""
        host = self.host
        if host is None or host.isascii():
            return host
        return host.encode("idna").decode()

    @property
    def port(self) -> int | None:
        """The port; `None` if there is none, or none that is possible."""
        try:
            return self._split.port
        except ValueError:
            return None

    @property
    def auth(self) -> str | None:
        """What stands before the @ of the netloc."""
        auth, at, _ = self.netloc.rpartition("@")
        return auth if at else None

    @property
    def raw_username(self) -> str | None:
        """The user, quoted."""
        return None if self.auth is None else self.auth.partition(":")[0]

    @property
    def raw_password(self) -> str | None:
        """The password, quoted."""
        _, colon, password = (self.auth or "").partition(":")
        return password if colon else None

    @property
    def username(self) -> str | None:
        """The user."""
        return None if self.raw_username is None else unquote(self.raw_username)

    @property
    def password(self) -> str | None:
        """The password."""
        return None if self.raw_password is None else unquote(self.raw_password)

    def replace(self, **kwargs: str) -> Self:
        """Return a URL with other parts."""
        return self._replace(**kwargs)

    def join(self, *args: Any, **kwargs: Any) -> "URL":
        """Return another one, relative to this; as `url_join`."""
        return url_parse(url_join(self.to_url(), *args, **kwargs))

    def decode_query(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the query says; as `url_decode`."""
        return url_decode(self.query, *args, **kwargs)

    def decode_netloc(self) -> str:
        """Return the netloc for people."""
        return urlsplit(uri_to_iri(self.to_url())).netloc

    def encode_netloc(self) -> str:
        """Return the netloc in ASCII."""
        return urlsplit(iri_to_uri(self.to_url())).netloc

    def to_uri_tuple(self) -> "URL":
        """Return it in ASCII."""
        return url_parse(iri_to_uri(self.to_url()))

    def to_iri_tuple(self) -> "URL":
        """Return it for people."""
        return url_parse(uri_to_iri(self.to_url()))

    def to_url(self) -> str:
        """Return it as text."""
        return urlunsplit(self)

    def __str__(self) -> str:
        return self.to_url()


def url_parse(url: str | bytes, scheme: str | None = None, allow_fragments: bool = True) -> URL:
    """Return the parts of a URL; `scheme` is for one that has none."""
    text = url.decode() if isinstance(url, bytes) else url
    return URL(*urlsplit(text, scheme or "", allow_fragments))


def url_unparse(components: Any) -> str:  # Any: five parts
    """Return parts as a URL."""
    text: str = urlunsplit(tuple(components))
    return text
