"""`RequestHead`: what stood before the body of a request, as it was sent.

No parsing of meaning here: percent signs stay, field values stay bytes. Immutable by agreement: nobody assigns to one
after it was built, so it may be read from any thread.
"""

from collections.abc import Sequence

Fields = Sequence[tuple[bytes, bytes]]
"""Field lines in the order they were sent: (name as sent, value without surrounding white space)."""


class RequestHead:
    """Method, request target, version and field lines of one request (RFC 9112 §3, §5)."""

    __slots__ = ("_index", "fields", "method", "target", "version")

    method: str
    """As sent; methods are case-sensitive (RFC 9110 §9.1)."""

    target: str
    """The raw request target, ASCII: origin form `/a%20b?c`, absolute form, `host:port` of CONNECT, or `*`."""

    version: tuple[int, int]
    """`(1, 1)` or `(1, 0)`; `(2, 0)` for HTTP/2."""

    fields: Fields
    """Every field line in order, duplicates and case kept."""

    def __init__(
        self,
        method: str,
        target: str,
        version: tuple[int, int],
        fields: Fields,
        index: dict[bytes, bytes] | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
        self._index = index

    @property
    def index(self) -> dict[bytes, bytes]:
        """Lower-case name -> value; repeated fields joined with `, ` (`; ` for cookie, RFC 9113 §8.2.3). Do not change it."""
        index = self._index
        if index is None:
            index = self._index = index_fields(self.fields)
        return index

    def get(self, name: bytes) -> str | None:
        """Return the joined value of field `name`, given in lower case, decoded as latin-1; `None` if absent."""
        value = self.index.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def path(self) -> str:
        """The raw path of an origin-form or absolute-form target, still percent-encoded; `*` and authorities as they are."""
        return self._split()[1]

    @property
    def query(self) -> str:
        """The raw query behind the first `?`, without it; empty if there is none."""
        return self._split()[2]

    @property
    def authority(self) -> str | None:
        """Host and port the client asked for: of an absolute-form target, else of `Host` (RFC 9112 §3.2.2); `None` if neither."""
        return self._split()[0] or self.get(b"host")

    def _split(self) -> tuple[str, str, str]:
        """(authority or "", path, query) of the target."""
        target = self.target
        authority = ""
        if not target.startswith("/"):
            scheme, found, rest = target.partition("://")
            if found and scheme.isalnum():
                # RFC 9112 §3.2.2: absolute form; an empty path is "/" (RFC 9110 §4.2.3).
                end = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
                authority, target = rest[:end], rest[end:]
                if not target.startswith("/"):
                    target = "/" + target
        path, _, query = target.partition("?")
        return authority, path, query

    def __repr__(self) -> str:
        return f"<RequestHead {self.method} {self.target} HTTP/{self.version[0]}.{self.version[1]}>"


def index_fields(fields: Fields) -> dict[bytes, bytes]:
    """Build `RequestHead.index`, in time linear in the number of fields."""
    index: dict[bytes, bytes] = {}
    repeated: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        key = name.lower()
        if key in repeated:
            repeated[key].append(value)
        elif key in index:
            repeated[key] = [index[key], value]
        else:
            index[key] = value
    for key, values in repeated.items():
        index[key] = (b"; " if key == b"cookie" else b", ").join(values)
    return index
