"""Cookies: parse the `Cookie` field, render a `Set-Cookie` field (RFC 6265bis). Jars are not here."""

import re
import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
from time import time
from typing import Any, Final, TypeVar, overload
from urllib.parse import quote

from demijohn._base.clock import format_http_date

from .dates import http_date
from .multidict_base import MultiDict

M = TypeVar("M", bound=MultiDict[str, str])

# A quoted value: what `dump_cookie` writes, any backslash pair inside. Possessive: linear.
_quoted_body = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL).fullmatch
_escape = re.compile(r"\\([0-3][0-7]{2}|.)", re.DOTALL).sub

_needs_quotes = re.compile(r"[^!#$%&'()*+\-./0-9:<=>?@A-Z\[\]\^_`a-z{|}~]").search
_unsafe = re.compile(rb'[\x00-\x19",;\\\x7f-\xff]').sub
_invalid_name = re.compile(r"[\x00-\x1f\x7f;=]").search
_invalid_attribute = re.compile(r"[\x00-\x1f\x7f;]").search

_LAST_SECOND: Final = 253402300799  # of the year 9999

_PATH_SAFE: Final = "%!$&'()*+,/:=@"
_SAME_SITE: Final = frozenset({"Strict", "Lax", "None"})


@overload
def parse_cookie(header: Mapping[str, Any] | str | None) -> MultiDict[str, str]: ...  # Any: environs hold anything
@overload
def parse_cookie(header: Mapping[str, Any] | str | None, cls: type[M]) -> M: ...
def parse_cookie(header: Mapping[str, Any] | str | None, cls: type[Any] | None = None) -> Any:
    """Parse a `Cookie` field value, or that of a WSGI environ, into a multi dict (or `cls`, built from pairs).

    Text that is UTF-8 read as latin-1 (as WSGI has it) is repaired. A value in double quotes is unescaped. What is no
    cookie is left out: no name, white space in name or value, a stray double quote. Never raises on text.
    """
    text = header if header is None or isinstance(header, str) else header.get("HTTP_COOKIE")
    make: Any = MultiDict if cls is None else cls  # Any: a constructor of pairs
    if not text:
        return make()
    if not text.isascii():
        text = _repair(text)
    if '"' not in text and "\t" not in text and text.count("; ") == text.count(";") == text.count(" "):
        # PERF: what browsers send. All white space is where it belongs, so nothing is left to look for.
        return make([(name, value) for part in text.split("; ") for name, _, value in (part.partition("="),) if name])
    pairs = []
    # SECURITY: a semicolon ends a cookie even within quotes (RFC 6265bis §4.1.1 has none there; browsers do not know
    # quotes), or one cookie could swallow the next ones ("cookie sandwich").
    for part in text.split(";"):
        name, _, value = part.partition("=")
        name = name.strip(" \t")
        value = value.strip(" \t")
        if '"' in value:
            value = _unquote(value)
            if value is None:
                continue
        elif " " in value or "\t" in value:
            continue
        if name and '"' not in name and " " not in name and "\t" not in name:
            pairs.append((name, value))
    return make(pairs)


def _repair(text: str) -> str:
    try:
        return text.encode("latin-1").decode(errors="replace")
    except UnicodeEncodeError:
        return text


def _unquote(value: str) -> str | None:
    """Unescape a value in double quotes; `None` if the quotes are not one pair around it."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"' or not _quoted_body(value, 1, len(value) - 1):
        return None
    value = value[1:-1]
    if "\\" not in value:
        return value
    # Octal escapes are bytes of UTF-8; latin-1 stands for them while the text is put together.
    raw = _escape(_unescape_one, value.encode(errors="surrogatepass").decode("latin-1"))
    return raw.encode("latin-1").decode(errors="replace")


def _unescape_one(match: re.Match[str]) -> str:
    found = match[1]
    return chr(int(found, 8)) if len(found) == 3 else found


def _octal(match: re.Match[bytes]) -> bytes:
    found = match[0]
    if found in b'"\\':
        return b"\\" + found
    return b"\\%03o" % found[0]


def quote_cookie_value(value: str) -> str:
    """Render a cookie value: as it is where RFC 6265bis allows, else in quotes with octal escapes of its UTF-8 bytes."""
    if _needs_quotes(value) is None:
        return value
    return f'"{_unsafe(_octal, value.encode()).decode("ascii")}"'


def dump_cookie(
    key: str,
    value: str = "",
    max_age: timedelta | int | None = None,
    expires: str | datetime | float | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    sync_expires: bool = True,
    max_size: int = 4093,
    samesite: str | None = None,
    partitioned: bool = False,
) -> str:
    """Render a `Set-Cookie` field value (RFC 6265bis §4.1).

    Args:
        key: name; written as the latin-1 reading of its UTF-8 bytes.
        value: any text; escaped where needed, in a way that `parse_cookie` undoes.
        max_age: seconds or timedelta the cookie is kept for; `None` for as long as the browser runs.
        expires: date, timestamp, or finished text.
        path: limits the cookie to a path; `None` to that of the request.
        domain: also sends it to subdomains; a port and leading dots are dropped, other scripts IDNA-encoded.
        secure: only over HTTPS.
        httponly: not for scripts.
        sync_expires: add `Expires` to `Max-Age` for old clients.
        max_size: warn if the field is longer, as browsers drop such cookies silently; 0 for no check.
        samesite: `Strict`, `Lax` or `None`, in any case.
        partitioned: CHIPS; implies `secure`.

    Raises:
        ValueError: an unknown `samesite`; a key, domain or expires that would break out of its place.
    """
    if not key or _invalid_name(key):
        raise ValueError("A cookie's name must not be empty nor contain '=', ';' or control characters.")
    if samesite is not None:
        samesite = samesite.title()
        if samesite not in _SAME_SITE:
            raise ValueError("SameSite is 'Strict', 'Lax' or 'None'.")
    cookie = f"{key if key.isascii() else key.encode().decode('latin-1')}={quote_cookie_value(value)}"
    value_size = len(cookie)
    if domain is not None:
        cookie += f"; Domain={_attribute('domain', _domain(domain))}"
    if isinstance(max_age, timedelta):
        max_age = int(max_age.total_seconds())
    if expires is not None:
        cookie += f"; Expires={_attribute('expires', expires if isinstance(expires, str) else http_date(expires))}"
    elif max_age is not None and sync_expires:
        cookie += f"; Expires={_in_seconds(max_age)}"
    if max_age is not None:
        cookie += f"; Max-Age={max_age}"
    if secure or partitioned:
        cookie += "; Secure"
    if httponly:
        cookie += "; HttpOnly"
    if path is not None:
        # PERF: most cookies are for the whole site.
        cookie += "; Path=/" if path == "/" else f"; Path={quote(path, safe=_PATH_SAFE)}"
    if samesite is not None:
        cookie += f"; SameSite={samesite}"
    if partitioned:
        cookie += "; Partitioned"
    if max_size and len(cookie) > max_size:
        warnings.warn(
            f"The {key!r} cookie is too large: {len(cookie)} bytes ({value_size} of name and value), where"
            f" the limit is {max_size} bytes. Browsers may ignore it without a word.",
            stacklevel=2,
        )
    return cookie


render_cookie = dump_cookie
"""The name of the pair `parse_cookie` / `render_cookie`."""


def _domain(domain: str) -> str:
    """Drop the port and leading dots (RFC 6265bis §5.6.3 ignores one), and encode as IDNA."""
    name = domain.partition(":")[0].lstrip(".")
    return name if name.isascii() and len(name) < 64 else name.encode("idna").decode("ascii")


def _attribute(name: str, value: str) -> str:
    # SECURITY: the value of one attribute must not begin another.
    if _invalid_attribute(value):
        raise ValueError(f"A cookie's {name} must not contain ';' or control characters.")
    return value


def _in_seconds(max_age: float) -> str:
    """Render the date that many seconds from now, the last one that can be written if it is later than that."""
    return format_http_date(max(0, min(time() + max_age, _LAST_SECOND)))
