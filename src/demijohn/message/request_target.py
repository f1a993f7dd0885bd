"""`RequestTarget`: what a request asks for: arguments, URLs, host, and where it came from."""

from demijohn.http.host import MAX_KEPT_CHARACTERS, get_current_url, get_host, known_host
from demijohn.http.multidict import MultiDict
from demijohn.http.urls import decode_query

from .properties import cached_property
from .request_base import RequestBase


class RequestTarget(RequestBase):
    """The URL of a request, as a whole and in its parts."""

    def __repr__(self) -> str:
        try:
            url = self.url
        except Exception as error:  # noqa: BLE001  a repr is wanted most when the request is broken
            url = f"(invalid URL: {error})"
        return f"<{type(self).__name__} {url!r} [{self.method}]>"

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The arguments of the query string; `parameter_storage_class` is their class. What is not UTF-8 stays escaped."""
        return self.parameter_storage_class(decode_query(self.query_string))

    @cached_property
    def full_path(self) -> str:
        """Path and query string, always with a `?` between them."""
        return f"{self.path}?{self.query_string.decode('utf-8', 'replace')}"

    @property
    def is_secure(self) -> bool:
        """Whether the scheme is `https` or `wss`."""
        return self.scheme in {"https", "wss"}

    @cached_property
    def host(self) -> str:
        """The host the client asked for, with its port if it is not the scheme's; empty if it is not well-formed.

        Raises:
            demijohn.http.errors.SecurityError: it is none of `trusted_hosts`.
        """
        if self._made_from_environ:
            named = self.environ.get("HTTP_HOST")
        else:
            # RFC 9112 §3.2.2: the authority of an absolute target goes before Host.
            head = self._head
            named = head.get(b"host") if head.target[:1] == "/" else head.authority
        if named is not None and len(named) <= MAX_KEPT_CHARACTERS and not self.trusted_hosts:
            return known_host(self.scheme, named)
        return get_host(self.scheme, named, self.server if named is None else None, self.trusted_hosts)

    @cached_property
    def url(self) -> str:
        """The whole URL as an IRI, with the query string."""
        return get_current_url(self.scheme, self.host, self.root_path, self.path, self.query_string)

    @cached_property
    def base_url(self) -> str:
        """The whole URL without the query string."""
        return get_current_url(self.scheme, self.host, self.root_path, self.path)

    @cached_property
    def root_url(self) -> str:
        """Scheme, host and root path, with a slash at the end."""
        return get_current_url(self.scheme, self.host, self.root_path)

    @cached_property
    def url_root(self) -> str:
        """The same as `root_url`."""
        return self.root_url

    @cached_property
    def host_url(self) -> str:
        """Scheme and host, with a slash at the end."""
        return get_current_url(self.scheme, self.host)

    @property
    def script_root(self) -> str:
        """The same as `root_path`."""
        return self.root_path
