"""Quoting, queries and links, as Werkzeug had them before it left them to `urllib.parse`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any
from urllib.parse import quote, quote_plus, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from demijohn.http.multidict import MultiDict

_SAFE = "/:"


def _text_of(value: Any, charset: str) -> bytes:  # Any: numbers, too
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    return str(value).encode(charset)


def _str(value: str | bytes, charset: str = "utf-8") -> str:
    return value.decode(charset) if isinstance(value, bytes) else value


def url_quote(
    string: Any, charset: str = "utf-8", errors: str = "strict", safe: str | bytes = _SAFE, unsafe: str | bytes = ""
) -> str:
    """Return text, or the text of anything, with percent signs for what is not `safe`."""
    kept = set(_str(safe)) - set(_str(unsafe))
    return quote(_text_of(string, charset), safe="".join(sorted(kept)))


def url_quote_plus(string: Any, charset: str = "utf-8", errors: str = "strict", safe: str | bytes = "") -> str:
    """The same with a plus sign for a space."""
    return quote_plus(_text_of(string, charset), safe=_str(safe))


def url_unquote(
    s: str | bytes, charset: str | None = "utf-8", errors: str = "replace", unsafe: str | bytes = ""
) -> Any:  # Any: bytes if there is no charset
    """Undo `url_quote`; escapes of `unsafe` characters stay. Without a charset return bytes."""
    data = s.encode(charset or "utf-8") if isinstance(s, str) else s
    for character in _str(unsafe).encode():
        for digits in (f"%{character:02X}", f"%{character:02x}"):
            data = data.replace(digits.encode(), b"%25" + digits[1:].encode())
    raw = unquote_to_bytes(data)
    return raw if charset is None else raw.decode(charset, errors)


def url_unquote_plus(s: str | bytes, charset: str | None = "utf-8", errors: str = "replace") -> Any:
    """The same, with a space for a plus sign."""
    return url_unquote(s.replace("+", " ") if isinstance(s, str) else s.replace(b"+", b" "), charset, errors)


def _pairs(obj: Any) -> Iterator[tuple[Any, Any]]:  # Any: a mapping, a MultiDict or pairs
    if isinstance(obj, MultiDict):
        yield from obj.items(multi=True)
        return
    for key, value in obj.items() if isinstance(obj, Mapping) else obj:
        for each in value if isinstance(value, list | tuple) and isinstance(obj, Mapping) else (value,):
            yield key, each


def _encoded(obj: Any, charset: str, sort: bool, key: Callable[[Any], Any] | None) -> Iterator[str]:
    pairs: Iterable[tuple[Any, Any]] = sorted(_pairs(obj), key=key) if sort else _pairs(obj)
    for name, value in pairs:
        if value is not None:
            yield f"{url_quote_plus(name, charset)}={url_quote_plus(value, charset)}"


def url_encode(
    obj: Any, charset: str = "utf-8", sort: bool = False, key: Callable[[Any], Any] | None = None, separator: str = "&"
) -> str:
    """Return a mapping or pairs as a query; values that are `None` are left out, lists are several."""
    return separator.join(_encoded(obj, charset, sort, key))


def url_encode_stream(
    obj: Any,
    stream: IO[str] | None = None,
    charset: str = "utf-8",
    sort: bool = False,
    key: Callable[[Any], Any] | None = None,
    separator: str = "&",
) -> Iterator[str] | None:
    """Write a query to a stream, or without one return its parts."""
    parts = _encoded(obj, charset, sort, key)
    if stream is None:
        return parts
    stream.write(separator.join(parts))
    return None


def url_decode(
    s: str | bytes,
    charset: str = "utf-8",
    include_empty: bool = True,
    errors: str = "replace",
    separator: str = "&",
    cls: Any = None,  # Any: a kind of dict
) -> Any:
    """Return what a query says, as a `MultiDict` or a `cls`."""
    pairs = _decoded(_str(s, charset if isinstance(s, str) else "latin1"), charset, include_empty, errors, separator)
    return (cls or MultiDict)(pairs)


def _decoded(
    text: str, charset: str, include_empty: bool, errors: str, separator: str | bytes
) -> Iterator[tuple[str, str]]:
    for pair in text.split(_str(separator)):
        name, equals, value = pair.partition("=")
        if pair and (equals or include_empty):
            yield _unquoted(name, charset, errors), _unquoted(value, charset, errors)


def _unquoted(text: str, charset: str, errors: str) -> str:
    return str(url_unquote_plus(text, charset, errors))


def url_decode_stream(
    stream: IO[bytes],
    charset: str = "utf-8",
    include_empty: bool = True,
    errors: str = "replace",
    separator: str | bytes = "&",
    cls: Any = None,  # Any: a kind of dict
    limit: int | None = None,
) -> Any:
    """Return what a query in a stream says, of which at most `limit` bytes are read."""
    text = stream.read(-1 if limit is None else limit).decode("latin1")
    return (cls or MultiDict)(_decoded(text, charset, include_empty, errors, separator))


def url_join(base: str | bytes, url: str | bytes, allow_fragments: bool = True) -> str:
    """Return a URL that may be relative as an absolute one."""
    return urljoin(_str(base), _str(url), allow_fragments)


def url_fix(s: str | bytes, charset: str = "utf-8") -> str:
    """Return what somebody typed as a URL: spaces and other characters escaped, what is escaped left."""
    parts = urlsplit(_str(s, charset).replace("\\", "/"))
    host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    path = url_quote(parts.path, charset, safe="/%+$!*'(),")
    query = url_quote_plus(parts.query, charset, safe=":&%=+$!*'(),")
    fragment = url_quote_plus(parts.fragment, charset, safe=":&%=+$!*'(),")
    return urlunsplit((parts.scheme, host, path, query, fragment))


class Href:
    """Makes URLs below a base: `Href("/wiki")("page", action="edit")` is `/wiki/page?action=edit`."""

    def __init__(
        self, base: str = "./", charset: str = "utf-8", sort: bool = False, key: Callable[[Any], Any] | None = None
    ) -> None:
        self.base = base or "./"
        self.charset = charset
        self.sort = sort
        self.key = key

    def __getattr__(self, name: str) -> "Href":
        if name[:2] == "__":
            raise AttributeError(name)
        return type(self)(self._joined(name), self.charset, self.sort, self.key)

    def _joined(self, name: str) -> str:
        return urljoin(self.base.rstrip("/") + "/", name)

    def __call__(self, *path: Any, **query: Any) -> str:
        """Return a URL: path segments, of which the last may be a dict that is the query, and the query by keywords."""
        values = query
        if path and isinstance(path[-1], Mapping):
            if query:
                raise TypeError("keyword arguments and query-dicts can't be combined")
            path, values = path[:-1], dict(path[-1])
        else:
            # A name that is a keyword of Python ends with an underscore.
            values = {name.removesuffix("_"): value for name, value in query.items()}
        joined = "/".join(url_quote(part, self.charset) for part in path if part is not None).lstrip("/")
        url = self.base
        if joined:
            url = urljoin(url.rstrip("/") + "/", "./" + joined)
        return f"{url}?{url_encode(values, self.charset, self.sort, self.key)}" if values else url
