"""URLs as text: IRI to URI and back, percent quoting, query strings as pairs. No hosts here (`host`), no bodies (`urlencoded`).

Pure functions over `str`; any thread. What is not UTF-8 behind a percent sign stays percent-encoded; what UTF-8 cannot encode
(lone surrogates) is replaced, so that no URL a client sends raises while it is decoded.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, Final
from urllib.parse import SplitResult, quote, quote_plus, urlsplit, urlunsplit

URI_SAFE: Final = "%!#$&'()*+,/:;=?@"
"""What `iri_to_uri` leaves alone besides letters, digits and `-._~`: the reserved characters of RFC 3986 §2.2 (not the
brackets), and the percent sign, since the text may be encoded already."""

PATH_SAFE: Final = "%!$&'()*+,/:;=@"
"""What a path may contain unquoted (RFC 3986 §3.3), and the percent sign."""

QUERY_SAFE: Final = PATH_SAFE + "?"
"""What a query may contain unquoted (RFC 3986 §3.4), and the percent sign."""

# COMPAT: what Werkzeug leaves unquoted in a value that it puts into a query.
_VALUE_SAFE: Final = "!$'()*,/:;?@"

_PLAIN_PATH: Final = r"(?:/(?!/)[A-Za-z0-9._~!$&'()*+,/:;=@-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,/:;=@?-]+)?"
# PERF: nearly every URL a program makes is ASCII in normal form; one match says so.
_PLAIN_IRI: Final = re.compile(r"(?:https?://[a-z0-9.-]+(?::[1-9][0-9]{0,3})?)?" + _PLAIN_PATH)
_PLAIN_URI: Final = re.compile(r"(?:https?://[a-z0-9.-]+(?::[1-9][0-9]{0,3})?)?" + _PLAIN_PATH.replace("._~", "%._~"))

_is_uri_text: Final = re.compile(r"[A-Za-z0-9%!#$&'()*+,/:;=?@._~-]*").fullmatch

# The full stops that IDNA takes for one (RFC 3490 §3.1).
_LABEL_ENDS: Final = re.compile("[.\u3002\uff0e\uff61]").split

_ESCAPE_RUN: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+").sub

# What keeps a query from being decoded before it is split: escapes of `=`, and NUL.
_SEPARATOR_ESCAPE: Final = re.compile("\0|%00|%3[Dd]").search

_HEX: Final = "0123456789ABCDEFabcdef"
_BYTE_OF_ESCAPE: Final = {high + low: chr(int(high + low, 16)) for high in _HEX for low in _HEX}

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

# A run of bytes that are not UTF-8, as `surrogateescape` has them.
_UNDECODABLE: Final = re.compile("[\udc80-\udcff]+").sub


def decode_text(data: bytes) -> str:
    """Decode UTF-8; each byte that is not becomes a percent escape."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        # PERF: a codec error handler written in Python would be called for each byte.
        return _UNDECODABLE(_escape_run, data.decode("utf-8", "surrogateescape"))


def _escape_run(match: re.Match[str]) -> str:
    return "%" + match[0].encode("utf-8", "surrogateescape").hex("%").upper()


def encode_text(text: str) -> bytes:
    """Encode as UTF-8; each lone surrogate becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text).encode()


def quote_text(text: str, safe: str = PATH_SAFE) -> str:
    """Percent-encode what is neither a letter, a digit, one of `-._~` nor in `safe`; what UTF-8 cannot encode becomes U+FFFD."""
    return quote(encode_text(text), safe=safe)


def iri_to_uri(iri: str) -> str:
    """Return the URI of an IRI (RFC 3987 §3.1): the host in IDNA, everything else percent-encoded; safe to call twice.

    Raises:
        ValueError: the host or the port is not valid.
    """
    if _PLAIN_URI.fullmatch(iri):
        return iri
    parts = urlsplit(iri)
    scheme, netloc, path, query, fragment = parts
    if netloc:
        netloc = _convert_netloc(parts, _encode_idna, _quote_user)
    # PERF: mostly one part of the three has something to quote.
    path, query, fragment = (
        part if _is_uri_text(part) else quote_text(part, URI_SAFE) for part in (path, query, fragment)
    )
    return _join(SplitResult(scheme, netloc, path, query, fragment), iri)


def uri_to_iri(uri: str) -> str:
    """Return the IRI of a URI, to show it: what stays encoded is what would change the meaning, or is not UTF-8 or not visible.

    Raises:
        ValueError: the port is not valid, or a bracket of an IPv6 address is missing.
    """
    if "xn--" not in uri and _PLAIN_IRI.fullmatch(uri):
        return uri
    parts = urlsplit(uri)
    scheme, netloc, path, query, fragment = parts
    if netloc:
        netloc = _convert_netloc(parts, decode_idna, _unquote_user)
    path = _escapes_except("#/?")(_decode_run, path)
    query = _escapes_except("#&+=")(_decode_run, query)
    fragment = _escapes_except("")(_decode_run, fragment)
    return _join(SplitResult(scheme, netloc, path, query, fragment), uri)


def _join(parts: SplitResult, source: str) -> str:
    # COMPAT: these URLs of an app store have no authority, yet their slashes must stay.
    if parts.scheme == "itms-services" and not parts.netloc and source[14:16] == "//":
        rest = urlunsplit(parts._replace(scheme=""))
        return f"{parts.scheme}://{rest.removeprefix('//')}"
    if not parts.netloc and parts.path.startswith("//"):
        # SECURITY: a path of two slashes must not turn into an authority: `////evil.example` is a path.
        rest = urlunsplit(parts._replace(scheme="", path=""))
        return f"{parts.scheme}{':' if parts.scheme else ''}//{parts.path}{rest}"
    return urlunsplit(parts)


def _convert_netloc(parts: SplitResult, convert_host: Callable[[str], str], convert_user: Callable[[str], str]) -> str:
    netloc = parts.netloc
    if "@" not in netloc and ":" not in netloc and "[" not in netloc and "%" not in netloc:
        return convert_host(netloc.lower())
    host = convert_host(parts.hostname) if parts.hostname else ""
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    if port is not None:
        host = f"{host}:{port}"
    if parts.username is not None:
        user = convert_user(parts.username)
        if parts.password is not None:
            user = f"{user}:{convert_user(parts.password)}"
        host = f"{user}@{host}"
    return host


def _encode_idna(host: str) -> str:
    if host.isascii():
        return host
    # SECURITY: the codec takes quadratic time, and no label is longer than this (RFC 1035 §2.3.4).
    if any(len(label) > 63 for label in _LABEL_ENDS(host)):
        raise UnicodeError("a label of the host is too long")
    return _encode_known_host(host) if len(host) <= 253 else host.encode("idna").decode("ascii")


# PERF: the codec is Python, and an application has few hosts. Nothing longer than a name can be is kept (RFC 1035 §2.3.4).
@lru_cache(maxsize=256)
def _encode_known_host(host: str) -> str:
    return host.encode("idna").decode("ascii")


def decode_idna(host: str) -> str:
    """Return a host with its IDNA labels as text; a label that is not valid stays as it is."""
    if "xn--" not in host.lower():
        return host
    return ".".join(map(_decode_label, host.split(".")))


def _decode_label(label: str) -> str:
    # SECURITY: the codec takes quadratic time, and no label is longer than this (RFC 1035 §2.3.4).
    if len(label) > 63 or not label.isascii():
        return label
    return _decode_known_label(label)


@lru_cache(maxsize=256)
def _decode_known_label(label: str) -> str:
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def _quote_user(text: str) -> str:
    return quote_text(text, "%!$&'()*+,;=")


def _decode_run(match: re.Match[str]) -> str:
    return decode_text(bytes.fromhex(match[0].replace("%", "")))


@cache  # PERF: they take long to compile, and few programs decode URLs
def _escapes_except(keep: str) -> Callable[[Callable[[re.Match[str]], str], str], str]:
    """Return the `sub` of a pattern: runs of percent escapes, none of them of `keep`, a control, a space or `%`."""
    kept = "|".join(f"{byte:02X}|{byte:02x}" for byte in (*range(0x21), *b"%\x7f", *keep.encode("ascii")))
    return re.compile(rf"(?:%(?!{kept})[0-9A-Fa-f]{{2}})+").sub


def _unquote_user(text: str) -> str:
    return _escapes_except("#/:?@")(_decode_run, text)


def decode_query(query: bytes | str) -> list[tuple[str, str]]:
    """Return the pairs of a query string or an urlencoded body in order; empty fields are left out, empty values kept.

    Never raises: what is not UTF-8 stays percent-encoded (`%FF`), a percent sign that begins no escape stays.
    """
    try:
        text = query.decode() if isinstance(query, bytes) else query
    except UnicodeDecodeError:
        text = decode_text(query)  # type: ignore[arg-type]  # only bytes are decoded
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        fields = text.split("&")
    elif _SEPARATOR_ESCAPE(text) is None:
        # PERF: decoding all fields in one go takes half the time. NUL takes the place of the separator meanwhile, since an
        # escape may stand for that.
        fields = unquote(text.replace("&", "\0")).split("\0")
    else:
        pairs = [field.partition("=") for field in text.split("&") if field]
        return [(unquote(name), unquote(value)) for name, _, value in pairs]
    return [(name, value) for field in fields if field for name, _, value in (field.partition("="),)]


def unquote(text: str) -> str:
    """Decode every percent escape as UTF-8; bytes that are not UTF-8 stay escaped."""
    if "%" not in text:
        return text
    if not text.isascii():
        return _ESCAPE_RUN(_decode_run, text)
    # PERF: text that is split and joined takes half the time of the standard library's bytes.
    first, *rest = text.split("%")
    parts = [first]
    try:
        for part in rest:
            parts += (_BYTE_OF_ESCAPE[part[:2]], part[2:])
    except KeyError:
        # PERF: a percent sign that begins no escape costs next to nothing here.
        return _ESCAPE_RUN(_decode_run, text)
    decoded = "".join(parts)
    return decoded if decoded.isascii() else decode_text(decoded.encode("latin-1"))


# Any: a value is what `str` makes text of.
def encode_query(query: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    """Return a query string of pairs, of a mapping (a list or tuple as its value gives one field for each item) or a multi dict.

    Fields whose value is `None` are left out; values that are not text or bytes become text.
    """
    return "&".join(f"{_encode_field(name)}={_encode_field(value)}" for name, value in _iter_pairs(query))


def _iter_pairs(query: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Any]]:
    lists = getattr(query, "lists", None)
    if lists is not None:
        items: Iterable[tuple[str, Any]] = lists()
    elif isinstance(query, Mapping):
        items = query.items()
    else:
        return ((name, value) for name, value in query if value is not None)
    return (
        (name, item)
        for name, value in items
        for item in (value if isinstance(value, (list, tuple, set)) else (value,))
        if item is not None
    )


def _encode_field(value: Any) -> str:
    return quote_plus(value if isinstance(value, bytes) else encode_text(str(value)), safe=_VALUE_SAFE)
